/* Exact values of a conv4 program: they need no repetition, and any change is real. */
#ifndef C4_BENCH_EXACT_EXACT_H
#define C4_BENCH_EXACT_EXACT_H

#include <stdbool.h>

#include "core/base/status.h"

/* row               benchmark  unit          batch  threads
 * size              program    bytes                         code and data that the program loads
 * arena/BACKEND     step       bytes            32        1  memory that the step's plan lays out
 * step/BACKEND      step       instructions      8        1  of one training step
 * SLOT/SHAPE/BACKEND ops       instructions      1        1  of one call of an op
 *
 * Instructions are those that valgrind executes; a step's are without those of the C library's
 * heap, in which the OpenMP library keeps its team, and native ops use none. They depend on the
 * program, the C library, the CPU's kind and cache sizes, and valgrind, but not on the machine's
 * load, the cores allowed, the working folder, the environment's variables or where the program
 * lies. BACKEND is the one that was counted. */
struct c4_exact_value {
    char *row;
    const char *benchmark;
    const char *unit;
    int batch, threads; /* 0: none */
    double value;
};

struct c4_exact {
    struct c4_exact_value *value;
    int count;
    char canonical_hash[65]; /* of training, as the program computes it, right or wrong; "": unknown
                              */
    char *counter;           /* of instructions: "valgrind-3.19.0"; NULL: none were counted */
    char *note;              /* sentences on what is missing and why, a line each; NULL: none */
};

struct c4_exact_request {
    const char *program; /* a path, or a name that is found by PATH */
    const char *backend; /* as --backend has it, without "all"; "auto" is each run's own choice */
    bool ops;            /* also count the instructions of single ops */
    const char *filter;  /* of ops: a regular expression as bench ops has it; NULL: all */
    void (*tick)(void *context, int done, int of); /* after each part of the work; may be NULL */
    void *context;
};

/* Finds the values of a program: all but the ops in some 15 seconds, the ops of avx2 in as much
 * again. What cannot be found is left out, and `note` says why: no valgrind, an older program
 * without the needed options, a script instead of an ELF file, a part that fails. valgrind has no
 * AVX-512: where avx512 or avx512m is asked for, the best backend that it can run is counted, and
 * `note` says so. C4_ERR_DATA: the program does not exist or cannot be run. C4_ERR_MEMORY.
 * c4_interrupted()'s status after a signal, with all processes ended and temporary files removed.
 * c4_exact_free() in every case. */
enum c4_status c4_exact_measure(const struct c4_exact_request *request, struct c4_exact *exact);

void c4_exact_free(struct c4_exact *exact);

#endif
