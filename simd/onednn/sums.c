#include "simd/onednn/sums.h"

enum { C = C4_CHANNELS, LANES = C4_SUM_LANES };

/* The `inner` channels of one run. If there are fewer than sixteen, several pixels share the
 * lanes. */
static void sums_of_run(const struct c4_dnn_map *map, c4_lane_sums_fn *lane_sums, const float *y,
                        double *sum, double *sum_sq) {
    size_t inner = map->inner, width = inner < LANES ? LANES : inner, count = map->pixels * inner;
    for (size_t c = 0; c < inner; c++) sum[c] = sum_sq[c] = 0;
    for (size_t first = 0; first < width; first += LANES) {
        double s[LANES], q[LANES];
        lane_sums(y + first, count / width, width, s, q);
        for (size_t lane = 0; lane < LANES; lane++) {
            sum[(first + lane) % inner] += s[lane];
            sum_sq[(first + lane) % inner] += q[lane];
        }
    }
    for (size_t i = count / width * width; i < count; i++) {
        sum[i % inner] += (double)y[i];
        sum_sq[i % inner] += (double)y[i] * (double)y[i];
    }
}

void c4_dnn_channel_sums(const struct c4_dnn_map *map, c4_lane_sums_fn *lane_sums, const float *y,
                         double *partial, double sum[C4_CHANNELS], double sum_sq[C4_CHANNELS]) {
    size_t blocks = C / map->inner;
#pragma omp parallel for schedule(static)
    for (size_t run = 0; run < map->images * blocks; run++) {
        size_t image = run / blocks, block = run % blocks;
        double *s = partial + image * 2 * C + block * map->inner;
        sums_of_run(map, lane_sums, y + image * map->image_stride + block * map->block_stride, s,
                    s + C);
    }
    for (size_t c = 0; c < C; c++) sum[c] = sum_sq[c] = 0;
    for (size_t image = 0; image < map->images; image++)
        for (size_t c = 0; c < C; c++) {
            sum[c] += partial[image * 2 * C + c];
            sum_sq[c] += partial[image * 2 * C + C + c];
        }
}
