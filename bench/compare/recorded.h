/* Two recorded results instead of two programs. */
#ifndef C4_BENCH_COMPARE_RECORDED_H
#define C4_BENCH_COMPARE_RECORDED_H

#include "bench/compare/pairs.h"
#include "bench/exact/exact.h"
#include "bench/history/history.h"

/* What one file holds. */
struct c4_recorded {
    const char *path;
    char *machine; /* on what it was measured, for people */
    char key[13];  /* of what has to agree: bench/results/machines.h; "": unknown */
    char *commit;  /* NULL: unknown */
    struct c4_exact exact;
    struct c4_history
        history; /* its lines, to which the exact values point; empty if it has none */
};

/* Whether a word on the command line is a file of results rather than a program: a file that cannot
 * be executed and begins with "{". */
bool c4_is_recorded(const char *word);

/* Adds the times of a file to one side of the comparison, and says in *recorded what they are of,
 * and its exact values. The file has lines of "bench record" of one commit, or the JSON output of
 * one process of "bench step, ops, cka" or of Google Benchmark. C4_ERR_DATA: none of these, several
 * commits or machines, more times of a row than C4_PAIRS_MOST, or a name that is too long.
 * C4_ERR_MEMORY. c4_recorded_free() in every case. */
enum c4_status c4_recorded_read(const char *path, enum c4_side side,
                                struct c4_comparison *comparison, struct c4_recorded *recorded);

/* Reads both files and judges the rows. comparison->apart is set, and comparison->mute unless both
 * files are of the same machine, compiler and flags. Errors as above. */
enum c4_status c4_compare_recorded(const char *const path[C4_SIDES],
                                   struct c4_comparison *comparison,
                                   struct c4_recorded recorded[C4_SIDES]);

void c4_recorded_free(struct c4_recorded *recorded);

#endif
