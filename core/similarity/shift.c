#include "core/similarity/shift.h"

#include <stdlib.h>

enum { LANES = 8, COLUMNS = 256 };

static double squared_norm(const float *row, size_t features) {
    double lane[LANES] = {0};
    size_t f = 0;
    for (; f + LANES <= features; f += LANES)
        for (size_t l = 0; l < LANES; l++) lane[l] += (double)row[f + l] * (double)row[f + l];
    for (size_t l = 0; f + l < features; l++) lane[l] += (double)row[f + l] * (double)row[f + l];
    for (size_t width = LANES / 2; width > 0; width /= 2)
        for (size_t l = 0; l < width; l++) lane[l] += lane[l + width];
    return lane[0];
}

static int compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Marks the rows that count. At least half of them do, unless norms are not finite. */
static size_t choose(const double *norm, size_t rows, bool *taken) {
    double sorted[C4_SHIFT_ROWS];
    size_t count = 0;
    for (size_t i = 0; i < rows; i++) sorted[i] = norm[i];
    qsort(sorted, rows, sizeof *sorted, compare);
    for (size_t i = 0; i < rows; i++) {
        taken[i] = norm[i] <= 16 * sorted[(rows - 1) / 2];
        count += taken[i];
    }
    return count;
}

void c4_shift_of(const struct c4_features *features, float *shift) {
    const float *x = features->data;
    const size_t p = features->features,
                 rows = features->rows < C4_SHIFT_ROWS ? features->rows : C4_SHIFT_ROWS;
    double norm[C4_SHIFT_ROWS], sum[COLUMNS];
    bool taken[C4_SHIFT_ROWS];
    for (size_t i = 0; i < rows; i++) norm[i] = squared_norm(x + i * p, p);
    const size_t chosen = choose(norm, rows, taken);
    for (size_t f = 0; f < p; f += COLUMNS) {
        const size_t count = p - f < COLUMNS ? p - f : COLUMNS;
        for (size_t c = 0; c < count; c++) sum[c] = 0;
        for (size_t i = 0; i < rows; i++)
            for (size_t c = 0; taken[i] && c < count; c++) sum[c] += (double)x[i * p + f + c];
        for (size_t c = 0; c < count; c++)
            shift[f + c] = chosen ? (float)(sum[c] / (double)chosen) : 0;
    }
}
