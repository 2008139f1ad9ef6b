/* Rows that may be wrong because of a bug in an earlier version.
 *
 * Version 0.1.0, native backends, bn-relu, batch statistics: when test accuracy was measured over
 * more images than CKA forwards, the images after those were normalised with the patch sums of the
 * first ones. Nothing else was affected: neither training, nor CKA, nor training accuracy. */
#ifndef C4_REPRO_RESULTS_SUSPECTS_H
#define C4_REPRO_RESULTS_SUSPECTS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/op/step.h"

/* What decides whether a row is suspect. */
struct c4_row_facts {
    const char *quantity, *statistics;  /* as in table result */
    const char *code_version, *backend; /* as in table provenance */
    int64_t n;                          /* images that the value was measured on */
    int64_t forwarded;                  /* images that the run forwards for CKA */
    enum c4_order order;
};

bool c4_row_is_suspect(const struct c4_row_facts *row);

/* Number of suspect rows, and of runs that have some. */
struct c4_suspects {
    int64_t rows;
    int runs;
};

/* Reason for users: completes "12 rows of 3 runs are suspect: ". */
extern const char c4_suspects_reason[];

#endif
