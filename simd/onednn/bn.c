#include "simd/onednn/bn.h"

enum { C = C4_CHANNELS, LANES = 8 };

/* Every stride-th group of eight values: a group meets the same channels each time. */
static void sums_of_lanes(const float *restrict a, const float *restrict b, size_t groups,
                          size_t stride, double *restrict sum_a, double *restrict sum_ab) {
    double total[LANES] = {0}, product[LANES] = {0};
    for (size_t i = 0; i < groups; i++, a += stride, b += stride)
        for (int lane = 0; lane < LANES; lane++) {
            total[lane] += (double)a[lane];
            product[lane] += (double)a[lane] * (double)b[lane];
        }
    for (int lane = 0; lane < LANES; lane++) {
        sum_a[lane] = total[lane];
        sum_ab[lane] = product[lane];
    }
}

/* One run: `inner` channels of one image, pixel by pixel. Fewer than eight channels share the lanes
 * of several pixels. */
static void sums_of_run(const struct c4_dnn_map *map, const float *a, const float *b, double *sum_a,
                        double *sum_ab) {
    size_t inner = map->inner, width = inner < LANES ? LANES : inner;
    size_t groups = map->pixels * inner / width;
    for (size_t c = 0; c < width; c += LANES) {
        double lane_a[LANES], lane_ab[LANES];
        sums_of_lanes(a + c, b + c, groups, width, lane_a, lane_ab);
        for (size_t i = 0; i < LANES && i < inner; i++) sum_a[c + i] = sum_ab[c + i] = 0;
        for (size_t i = 0; i < LANES; i++) {
            sum_a[c + i % inner] += lane_a[i];
            sum_ab[c + i % inner] += lane_ab[i];
        }
    }
}

void c4_dnn_channel_sums(const struct c4_dnn_map *map, const float *a, const float *b,
                         double *partial, double sum_a[C4_CHANNELS], double sum_ab[C4_CHANNELS]) {
    size_t blocks = C / map->inner;
#pragma omp parallel for schedule(static)
    for (size_t run = 0; run < map->images * blocks; run++) {
        size_t image = run / blocks, block = run % blocks;
        size_t at = image * map->image_stride + block * map->block_stride;
        double *sums = partial + image * 2 * C + block * map->inner;
        sums_of_run(map, a + at, b + at, sums, sums + C);
    }
    for (size_t c = 0; c < C; c++) {
        sum_a[c] = sum_ab[c] = 0;
        for (size_t image = 0; image < map->images; image++) {
            sum_a[c] += partial[image * 2 * C + c];
            sum_ab[c] += partial[image * 2 * C + C + c];
        }
    }
}
