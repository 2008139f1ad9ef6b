#include "core/op/gram.h"
#include "simd/ref/ref_name.h"

enum { PANEL = C4_GRAM_PANEL, CHUNK = C4_GRAM_CHUNK };

c4_gram_pack_fn C4_REF(c4_gram_pack);
c4_gram_block_fn C4_REF(c4_gram_block);

void C4_REF(c4_gram_pack)(const c4_real *x, size_t rows, size_t features, size_t stride,
                          const c4_real *shift, c4_real scale, c4_real *panel) {
    for (size_t f = 0; f < features; f++)
        for (size_t i = 0; i < PANEL; i++)
            panel[f * PANEL + i] = i < rows ? (x[i * stride + f] - shift[f]) * scale : 0;
}

/* One chunk of a row x, which is a column of its panel, with a panel y. */
static void row_by_panel(size_t count, const c4_real *restrict x, const c4_real *restrict y,
                         double *restrict gram) {
    c4_real chain[PANEL] = {0};
    for (size_t f = 0; f < count; f++)
        for (size_t j = 0; j < PANEL; j++)
            chain[j] = c4_fma(x[f * PANEL], y[f * PANEL + j], chain[j]);
    for (size_t j = 0; j < PANEL; j++) gram[j] += (double)chain[j];
}

void C4_REF(c4_gram_block)(const c4_real *x, const c4_real *y, size_t rows_x, size_t panels_y,
                           size_t features, size_t stride, double *gram, size_t stride_gram,
                           struct c4_gram_ahead *ahead) {
    (void)ahead;
    for (size_t f = 0; f < features; f += CHUNK) {
        size_t count = features - f < CHUNK ? features - f : CHUNK;
        for (size_t i = 0; i < rows_x; i++) {
            const c4_real *row = x + i / PANEL * stride + f * PANEL + i % PANEL;
            for (size_t p = 0; p < panels_y; p++)
                row_by_panel(count, row, y + p * stride + f * PANEL,
                             gram + i * stride_gram + p * PANEL);
        }
    }
}
