/* One run of what bench cka times, by a backend. */
#ifndef C4_BENCH_CKA_SUBJECT_H
#define C4_BENCH_CKA_SUBJECT_H

#include "bench/cka/arrays.h"
#include "bench/cka/cka.h"

/* Compares the row's backend with `reference` on the first C4_CKA_CHECK_ROWS examples; a row that
 * differs becomes void, with its reason. Errors of c4_cka() and of c4_gram_product(). */
enum c4_status c4_cka_subject_check(struct c4_cka_row *row, const struct c4_backend *reference,
                                    const struct c4_cka_arrays *arrays);

/* One run by the row's backend. Its seconds are added to *sample. values[0..*count-1] are those of
 * c4_cka_peer_check(). */
enum c4_status c4_cka_subject_run(const struct c4_cka_row *row, const struct c4_cka_arrays *arrays,
                                  struct c4_cka_sample *sample, double values[C4_CKA_PEER_VALUES],
                                  int *count);

/* Whether values of a peer are within C4_PEER_TOLERANCE of those wanted; if not, the reason. */
bool c4_cka_subject_agrees(const struct c4_cka_row *row, const double *got, int got_count,
                           const double *want, int want_count, struct c4_text *reason);

/* "value" or "product". */
const char *c4_cka_subject_name(enum c4_cka_subject subject);

#endif
