/* A stand-in for conv4 whose training step takes as many instructions as STEP_ROUNDS says, in a
 * project of its own (cli_bench_gate.sh). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef STEP_ROUNDS
#define STEP_ROUNDS 100000
#endif

void c4_interrupted(void);
void c4_train_batches_run(long steps);

/* What is counted is found by these names (bench/exact). */
__attribute__((noinline)) void c4_interrupted(void) {
    __asm__ volatile("" ::: "memory");
}

__attribute__((noinline)) void c4_train_batches_run(long steps) {
    for (long step = 0; step < steps; step++) {
        volatile int sum = 0;
        for (int i = 0; i < STEP_ROUNDS; i++) sum += i;
        c4_interrupted();
    }
}

static const char *value_of(int argc, char **argv, const char *option) {
    for (int i = 1; i + 1 < argc; i++)
        if (strcmp(argv[i], option) == 0) return argv[i + 1];
    return "0";
}

static int has(int argc, char **argv, const char *word) {
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], word) == 0) return 1;
    return 0;
}

int main(int argc, char **argv) {
    if (has(argc, argv, "--selftest")) {
        printf("{\"selftest_training\": \"%064d\"}\n", 7);
    } else if (has(argc, argv, "doctor")) {
        printf("{\"step\": \"avx2\"}\n");
    } else if (has(argc, argv, "train")) {
        c4_train_batches_run(strtol(value_of(argc, argv, "--batches"), NULL, 10));
    } else if (has(argc, argv, "step")) {
        printf(
            "{\"benchmark\": \"step\", \"steps\": [{\"backend\": \"avx2\", \"images_per_s\": 1000, "
            "\"plan_bytes\": %d}]}\n",
            STEP_ROUNDS / 1000);
    } else {
        return 2;
    }
    return 0;
}
