/* The engine: all inner products of rows of float features, as a symmetric product on packed panels
 * (a rank-k update). */
#ifndef C4_SIMILARITY_GRAM_PRODUCT_H
#define C4_SIMILARITY_GRAM_PRODUCT_H

#include "core/similarity/centring.h"

/* Seconds of all threads together in packing and in products with their folding into double. */
struct c4_gram_times {
    double pack_seconds, product_seconds;
};

/* tiles = the lower triangle, in tiles of C4_CKA_TILE in order, of the products of all pairs of
 * rows of the features, shifted and scaled; diagonal tiles are whole, elements of absent rows 0.
 * `times` is added to. Reads the features once. C4_ERR_MEMORY. */
enum c4_status c4_gram_product(const struct c4_centring *x, const struct c4_gram_slots *slots,
                               int threads, double *tiles, struct c4_gram_times *times);

#endif
