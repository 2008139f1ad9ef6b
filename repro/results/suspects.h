/* Rows that a fault of an earlier version may have made wrong.
 *
 * Version 0.1.0, native backends, bn-relu, statistics of the batch: a test accuracy over more
 * images than CKA forwards was measured with images behind those normalised by the patch sums of
 * the first ones. Nothing else was touched: neither training, nor CKA, nor training accuracy. */
#ifndef C4_REPRO_RESULTS_SUSPECTS_H
#define C4_REPRO_RESULTS_SUSPECTS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/op/step.h"

/* What decides about a row. */
struct c4_row_facts {
    const char *quantity, *statistics;  /* as in table result */
    const char *code_version, *backend; /* as in table provenance */
    int64_t n;                          /* images behind the value */
    int64_t forwarded;                  /* images that the run forwards for CKA */
    enum c4_order order;
};

bool c4_row_is_suspect(const struct c4_row_facts *row);

/* How many rows, of how many runs. */
struct c4_suspects {
    int64_t rows;
    int runs;
};

/* What is wrong with them, for people: completes "12 rows of 3 runs are suspect: ". */
extern const char c4_suspects_reason[];

#endif
