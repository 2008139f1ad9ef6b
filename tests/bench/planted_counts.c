/* Answers as conv4 does, with known numbers of instructions. With -DPLANTED, op b and the step have
 * one more. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef PLANTED
#define EXTRA "nop\n"
#else
#define EXTRA ""
#endif

typedef void op_fn(void);
int c4_op_subject_count(op_fn *op);

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
        c4_op_subject_count(ops[i].call);
        printf("%s{\"name\": \"%s\"}", i ? ", " : "", ops[i].name);
    }
    puts("]}");
}

static void train(long steps) {
    for (long i = 0; i < steps; i++) op_b();
    puts("trained");
}

int main(int count, char **word) {
    if (count < 3) return 2;
    if (strcmp(word[1], "doctor") == 0) puts("{\"step\": \"plain\"}");
    if (strcmp(word[1], "bench") == 0 && strcmp(word[2], "ops") == 0) bench_ops();
    if (strcmp(word[1], "train") == 0 && count > 3) train(strtol(word[3], NULL, 10));
    return 0;
}
