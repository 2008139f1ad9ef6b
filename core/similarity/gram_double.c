#include "core/similarity/gram_double.h"

#include "core/op/gram.h"

enum { LANES = 16, CHUNK = C4_GRAM_CHUNK };

static double chunk_value(const double *x, const double *y, size_t count) {
    double lane[LANES] = {0};
    size_t f = 0;
    for (; f + LANES <= count; f += LANES)
        for (size_t l = 0; l < LANES; l++) lane[l] += x[f + l] * y[f + l];
    for (size_t l = 0; f + l < count; l++) lane[l] += x[f + l] * y[f + l];
    for (size_t width = LANES / 2; width > 0; width /= 2)
        for (size_t l = 0; l < width; l++) lane[l] += lane[l + width];
    return lane[0];
}

void c4_gram_block_double(const double *x, const double *y, size_t rows_x, size_t rows_y,
                          size_t features, size_t stride_x, size_t stride_y, double *gram,
                          size_t stride_gram) {
    for (size_t i = 0; i < rows_x; i++)
        for (size_t j = 0; j < rows_y; j++) gram[i * stride_gram + j] = 0;
    for (size_t f = 0; f < features; f += CHUNK) {
        size_t count = features - f < CHUNK ? features - f : CHUNK;
        for (size_t i = 0; i < rows_x; i++)
            for (size_t j = 0; j < rows_y; j++)
                gram[i * stride_gram + j] +=
                    chunk_value(x + i * stride_x + f, y + j * stride_y + f, count);
    }
}
