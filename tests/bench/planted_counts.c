/* Answers as conv4 does, with known numbers of instructions. With -DPLANTED, op b and the step have
 * one more. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef PLANTED
#define EXTRA "nop\n"
#else
#define EXTRA ""
#endif

typedef void op_fn(void);
int c4_op_subject_count(op_fn *op);
void c4_train_batches_run(long steps);
void c4_interrupted(void);

static void op_a(void) {
    __asm__ volatile(".rept 1000\nnop\n.endr\n");
}

static void op_b(void) {
    __asm__ volatile(".rept 2000\nnop\n.endr\n" EXTRA);
}

static void op_c(void) {
    __asm__ volatile(".rept 3000\nnop\n.endr\n");
}

static const struct {
    const char *name;
    op_fn *call;
} ops[] = {{"a", op_a}, {"b", op_b}, {"c", op_c}};

enum { OPS = sizeof ops / sizeof *ops };

__attribute__((noinline)) int c4_op_subject_count(op_fn *op) {
    op();
    __asm__ volatile("" ::: "memory");
    return 0;
}

static void bench_ops(void) {
    printf("{\"rows\": [");
    for (int i = 0; i < OPS; i++) {
        free(malloc((size_t)getpid() % 5000 + 1)); /* between the calls: not counted either */
        c4_op_subject_count(ops[i].call);
        printf("%s{\"name\": \"%s\"}", i ? ", " : "", ops[i].name);
    }
    puts("]}");
}

__attribute__((noinline)) void c4_interrupted(void) {
    __asm__ volatile("" ::: "memory");
}

/* The heap is not counted; how it is used differs from run to run. */
__attribute__((noinline)) void c4_train_batches_run(long steps) {
    static void *kept[64];
    for (long i = 0; i < steps; i++) {
        op_b();
        for (int k = 0; k < 64; k++) {
            free(kept[k]);
            kept[k] = malloc((size_t)(1 + (getpid() * (k + 1)) % 5000));
        }
        c4_interrupted();
    }
    for (int k = 0; k < 64; k++) free(kept[k]);
}

int main(int count, char **word) {
    if (count < 3) return 2;
    if (strcmp(word[1], "doctor") == 0) puts("{\"step\": \"plain\"}");
    if (strcmp(word[1], "bench") == 0 && strcmp(word[2], "ops") == 0) bench_ops();
    if (strcmp(word[1], "train") == 0 && count > 3) c4_train_batches_run(strtol(word[3], NULL, 10));
    return 0;
}
