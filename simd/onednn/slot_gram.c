/* Gram blocks by the library's matrix product: float within 256 features, double across. */
#include <math.h>
#include <omp.h>
#include <stdlib.h>

#include "simd/onednn/shim.h"
#include "simd/onednn/slots.h"

enum { TILE = 128, CHUNK = 256 };

static size_t least(size_t a, size_t b) {
    return a < b ? a : b;
}

/* One tile of at most TILE x TILE elements over all features; `product` has room for one. */
static void tile(const float *x, const float *y, size_t rows_x, size_t rows_y, size_t features,
                 size_t stride_x, size_t stride_y, double *gram, size_t stride_gram,
                 float *product) {
    for (size_t f = 0; f < features; f += CHUNK) {
        dnnl_status_t status =
            dnnl_sgemm('N', 'T', (dnnl_dim_t)rows_x, (dnnl_dim_t)rows_y,
                       (dnnl_dim_t)least(CHUNK, features - f), 1.0F, x + f, (dnnl_dim_t)stride_x,
                       y + f, (dnnl_dim_t)stride_y, 0.0F, product, TILE);
        for (size_t i = 0; i < rows_x; i++)
            for (size_t j = 0; j < rows_y; j++)
                gram[i * stride_gram + j] +=
                    status == dnnl_success ? (double)product[i * TILE + j] : (double)NAN;
    }
}

void c4_dnn_gram_block(const float *x, const float *y, size_t rows_x, size_t rows_y,
                       size_t features, size_t stride_x, size_t stride_y, double *gram,
                       size_t stride_gram) {
    int threads = omp_get_max_threads();
    float *product = malloc(sizeof *product * TILE * TILE); /* too big for a thread's stack */
    for (size_t i = 0; i < rows_x; i++)
        for (size_t j = 0; j < rows_y; j++) gram[i * stride_gram + j] = product ? 0 : (double)NAN;
    if (!product) return;
    omp_set_num_threads(1);
    for (size_t i = 0; i < rows_x; i += TILE)
        for (size_t j = 0; j < rows_y; j += TILE)
            tile(x + i * stride_x, y + j * stride_y, least(TILE, rows_x - i),
                 least(TILE, rows_y - j), features, stride_x, stride_y, gram + i * stride_gram + j,
                 stride_gram, product);
    free(product);
    omp_set_num_threads(threads);
}
