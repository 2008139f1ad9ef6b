/* Gram blocks by the library's matrix product: float within 256 features, double across. */
#include <math.h>
#include <omp.h>

#include "simd/onednn/shim.h"
#include "simd/onednn/slots.h"

enum { PANEL = C4_GRAM_PANEL, CHUNK = C4_GRAM_CHUNK };

void c4_dnn_gram_pack(const float *x, size_t rows, size_t features, size_t stride,
                      const float *shift, float scale, float *panel) {
    for (size_t f = 0; f < features; f++)
        for (size_t i = 0; i < PANEL; i++)
            panel[f * PANEL + i] = i < rows ? (x[i * stride + f] - shift[f]) * scale : 0;
}

/* One chunk of a panel x, of which `rows` rows count, with a panel y. */
static void panels(const float *x, const float *y, size_t rows, size_t count, double *gram,
                   size_t stride_gram) {
    float product[PANEL * PANEL];
    const dnnl_status_t status = dnnl_sgemm('T', 'N', PANEL, PANEL, (dnnl_dim_t)count, 1.0F, x,
                                            PANEL, y, PANEL, 0.0F, product, PANEL);
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < PANEL; j++)
            gram[i * stride_gram + j] +=
                status == dnnl_success ? (double)product[i * PANEL + j] : (double)NAN;
}

static size_t least(size_t a, size_t b) {
    return a < b ? a : b;
}

void c4_dnn_gram_block(const float *x, const float *y, size_t rows_x, size_t panels_y,
                       size_t features, size_t stride, double *gram, size_t stride_gram,
                       struct c4_gram_ahead *ahead) {
    (void)ahead;
    int threads = omp_get_max_threads();
    omp_set_num_threads(1);
    for (size_t f = 0; f < features; f += CHUNK)
        for (size_t i = 0; i < rows_x; i += PANEL)
            for (size_t p = 0; p < panels_y; p++)
                panels(x + i / PANEL * stride + f * PANEL, y + p * stride + f * PANEL,
                       least(PANEL, rows_x - i), least(CHUNK, features - f),
                       gram + i * stride_gram + p * PANEL, stride_gram);
    omp_set_num_threads(threads);
}
