/* Random features of two sides. */
#ifndef C4_BENCH_CKA_ARRAYS_H
#define C4_BENCH_CKA_ARRAYS_H

#include "core/similarity/cka.h"

struct c4_cka_arrays {
    float *side[2]; /* [n, p]; of one side side[1] is NULL */
    size_t n, p;
    int sides;
};

/* Independent, uniform in -1..1, the same in every run. c4_cka_arrays_free() in every case.
 * C4_ERR_MEMORY. */
enum c4_status c4_cka_arrays_make(struct c4_cka_arrays *arrays, size_t n, size_t p, int sides);
void c4_cka_arrays_free(struct c4_cka_arrays *arrays);

/* Borrows the first n examples of a side. */
struct c4_features c4_cka_arrays_features(const struct c4_cka_arrays *arrays, int side, size_t n);

/* Writes x.npy and, of two sides, y.npy to the folder. Errors of c4_npy_write(), C4_ERR_MEMORY. */
enum c4_status c4_cka_arrays_write(const struct c4_cka_arrays *arrays, const char *folder);

#endif
