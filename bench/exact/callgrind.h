/* Programs under valgrind's callgrind. */
#ifndef C4_BENCH_EXACT_CALLGRIND_H
#define C4_BENCH_EXACT_CALLGRIND_H

#include <stdbool.h>

#include "bench/measure/child.h"

struct c4_callgrind {
    struct c4_child child; /* what the program has printed */
    char *parts;           /* callgrind's file, for c4_callgrind_totals() */
};

/* What is counted: the instructions that `collect` ("--toggle-collect=FUNCTION") and what it calls
 * execute, in parts that begin and end where `dump` ("--dump-before=FUNCTION",
 * "--dump-after=FUNCTION") says. `without_heap` leaves out the C library's malloc() and its like,
 * whose instructions depend on the addresses that they happen to find; only for parts that begin
 * and end inside of `collect`, as those outside of it would be counted instead. */
struct c4_callgrind_scope {
    const char *collect, *dump;
    bool without_heap;
};

/* Runs a program with its arguments, up to a NULL, to its end and counts its instructions.
 * C4_ERR_FAILED with a sentence: the program could not be run, or ended with another status than
 * 0. C4_ERR_MEMORY; c4_interrupted()'s status after a signal. Temporary files are removed in every
 * case, and c4_callgrind_free() is to be called. */
enum c4_status c4_callgrind_run(const struct c4_callgrind_scope *scope, const char *const *program,
                                struct c4_callgrind *run);
void c4_callgrind_free(struct c4_callgrind *run);

/* Calls take(context, k, total) for the k-th part, from 0, that `dump` has ended. Returns the
 * number of such parts, or -1 if one has no total, as in a file whose end is missing. */
int c4_callgrind_totals(const char *parts, void (*take)(void *context, int k, double total),
                        void *context);

#endif
