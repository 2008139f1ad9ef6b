/* Gram blocks: inner products of rows, the expensive part of similarity. Rows are first packed in
 * panels; a panel's rows are then both the lanes of a vector and the factors that are broadcast.
 *
 * A panel holds up to 16 rows, feature by feature: panel[f * 16 + i] belongs to row i. Panels begin
 * on 64-byte boundaries. All slots are single-threaded and cannot fail.
 *
 * Arithmetic, version 2 (C4_SIMILARITY_VERSION in core/similarity/similarity.h). The features of a
 * call are cut into chunks of 256, the last one shorter. A chunk's value is one chain over its
 * features in order: +0, then chain = fma(x, y, chain), in c4_real. The values are converted to
 * double and added to the element in order. No sum crosses lanes. Since fma commutes in its
 * factors, the block of (y, x) is the transpose of the block of (x, y), bit for bit. */
#ifndef C4_OP_GRAM_H
#define C4_OP_GRAM_H

#include <stddef.h>

#include "core/op/real.h"

#define C4_GRAM_PANEL 16
#define C4_GRAM_CHUNK 256

/* Packs rows with a shift and a scale:
 *   panel[f * 16 + i] = (x[i * stride + f] - shift[f]) * scale   for i < rows, each rounded once
 *                     = +0                                       for rows <= i < 16
 * for f < features. rows: 0..16; stride: in elements, at least `features`. x and shift need only
 * their type's alignment. Nothing beyond the last feature of a row is read. */
typedef void c4_gram_pack_fn(const c4_real *x, size_t rows, size_t features, size_t stride,
                             const c4_real *shift, c4_real scale, c4_real *panel);

/* Memory that calls after this one will read, in the order of need: spans of bytes. A block fetches
 * it into the L2 cache, a line at a time between its multiply-adds, as far as it gets: spans that
 * it is through with are counted in `done`, and of the next one `begin` moves on. It may pass the
 * end of a span by 2 KB. Only a hint: nothing of it is read, results do not depend on it, and slots
 * may leave it alone. No span is empty. */
#define C4_GRAM_AHEAD_SPANS 24
struct c4_gram_ahead {
    struct c4_gram_span {
        const char *begin, *end;
    } span[C4_GRAM_AHEAD_SPANS];
    int spans, done;
};

/* Adds inner products:
 *   gram[i * stride_gram + j] += sum over f of x_i[f] * y_j[f]
 * for i < rows_x, j < 16 * panels_y, f < features. x is ceil(rows_x / 16) panels, y is panels_y,
 * each `stride` elements after the one before it, at least 16 * features and a multiple of 16. x
 * and y may be the same or overlap; gram overlaps neither. Any size may be 0. Rows of x beyond
 * rows_x and elements of gram beyond those above are left alone. ahead: NULL, or what to prefetch.
 */
typedef void c4_gram_block_fn(const c4_real *x, const c4_real *y, size_t rows_x, size_t panels_y,
                              size_t features, size_t stride, double *gram, size_t stride_gram,
                              struct c4_gram_ahead *ahead);

/* Both slots of one backend. */
struct c4_gram_slots {
    c4_gram_pack_fn *pack;
    c4_gram_block_fn *block;
};

#endif
