#include "simd/onednn/sums.h"

enum { C = C4_CHANNELS, LANES = 8 };

/* Every stride-th group of eight values: each group meets the same channels. */
static void sums_of_lanes(const float *y, size_t groups, size_t stride, double sum[LANES],
                          double sum_sq[LANES]) {
    double s[LANES] = {0}, q[LANES] = {0};
    for (size_t i = 0; i < groups; i++, y += stride)
#pragma omp simd
        for (int lane = 0; lane < LANES; lane++) {
            s[lane] += (double)y[lane];
            q[lane] += (double)y[lane] * (double)y[lane];
        }
    for (int lane = 0; lane < LANES; lane++) {
        sum[lane] = s[lane];
        sum_sq[lane] = q[lane];
    }
}

/* The `inner` channels of one run. Fewer than eight channels share the lanes of several pixels. */
static void sums_of_run(const struct c4_dnn_map *map, const float *y, double *sum, double *sum_sq) {
    size_t inner = map->inner, width = inner < LANES ? LANES : inner;
    size_t groups = map->pixels * inner / width;
    for (size_t c = 0; c < inner; c++) sum[c] = sum_sq[c] = 0;
    for (size_t first = 0; first < width; first += LANES) {
        double s[LANES], q[LANES];
        sums_of_lanes(y + first, groups, width, s, q);
        for (size_t lane = 0; lane < LANES; lane++) {
            sum[(first + lane) % inner] += s[lane];
            sum_sq[(first + lane) % inner] += q[lane];
        }
    }
}

void c4_dnn_channel_sums(const struct c4_dnn_map *map, const float *y, double *partial,
                         double sum[C4_CHANNELS], double sum_sq[C4_CHANNELS]) {
    size_t blocks = C / map->inner;
#pragma omp parallel for schedule(static)
    for (size_t run = 0; run < map->images * blocks; run++) {
        size_t image = run / blocks, block = run % blocks;
        double *s = partial + image * 2 * C + block * map->inner;
        sums_of_run(map, y + image * map->image_stride + block * map->block_stride, s, s + C);
    }
    for (size_t c = 0; c < C; c++) sum[c] = sum_sq[c] = 0;
    for (size_t image = 0; image < map->images; image++)
        for (size_t c = 0; c < C; c++) {
            sum[c] += partial[image * 2 * C + c];
            sum_sq[c] += partial[image * 2 * C + C + c];
        }
}
