/* Channel sums, and batch norm before and after the pooling selection. */
#include "simd/ref/ref_ops.h"

enum { C = C4_CHANNELS, TILE = 4 };

/* One 4x4 tile: within a row (0+1)+(2+3), rows likewise; pixels beyond the border are zeros. */
static double tile_sum(double v[TILE][TILE]) {
    double row[TILE];
    for (int i = 0; i < TILE; i++) row[i] = (v[i][0] + v[i][1]) + (v[i][2] + v[i][3]);
    return (row[0] + row[1]) + (row[2] + row[3]);
}

void C4_REF(c4_channel_sums)(int n, int h, int w, const c4_real *a, const c4_real *b, double *sum_a,
                             double *sum_ab) {
    for (int c = 0; c < C; c++) sum_a[c] = sum_ab[c] = 0.0;
    for (int image = 0; image < n; image++)
        for (int row = 0; row < h; row += TILE)
            for (int col = 0; col < w; col += TILE)
                for (int c = 0; c < C; c++) {
                    double va[TILE][TILE] = {{0}}, vab[TILE][TILE] = {{0}};
                    for (int i = 0; i < TILE && row + i < h; i++)
                        for (int j = 0; j < TILE && col + j < w; j++) {
                            int64_t at = (((int64_t)image * h + row + i) * w + col + j) * C + c;
                            va[i][j] = (double)a[at];
                            vab[i][j] = (double)a[at] * (double)b[at];
                        }
                    sum_a[c] += tile_sum(va);
                    sum_ab[c] += tile_sum(vab);
                }
}

void C4_REF(c4_bias_relu)(int64_t pixels, const c4_real *y, const c4_real *bias, c4_real *r) {
    for (int64_t p = 0; p < pixels; p++)
        for (int c = 0; c < C; c++) {
            c4_real v = y[p * C + c] + bias[c];
            r[p * C + c] = 0 > v ? 0 : v;
        }
}

void C4_REF(c4_bn_apply)(int64_t pixels, bool relu, const c4_real *selected, const c4_real *scale,
                         const c4_real *shift, c4_real *p) {
    for (int64_t i = 0; i < pixels; i++)
        for (int c = 0; c < C; c++) {
            c4_real v = c4_fma(scale[c], selected[i * C + c], shift[c]);
            p[i * C + c] = relu && 0 > v ? 0 : v;
        }
}

void C4_REF(c4_relu_mask)(int64_t pixels, const c4_real *p, const c4_real *dp, c4_real *ds) {
    for (int64_t i = 0; i < pixels * C; i++) ds[i] = p[i] > 0 ? dp[i] : 0;
}

void C4_REF(c4_bn_rebuild)(int n, int h, int w, bool relu, const c4_real *y, const c4_real *ds,
                           const uint8_t *arg, const c4_real *c0, const c4_real *c1,
                           const c4_real *c2, c4_real *dy) {
    for (int image = 0; image < n; image++)
        for (int i = 0; i < h; i++)
            for (int j = 0; j < w; j++) {
                int64_t at = (((int64_t)image * h + i) * w + j) * C;
                int64_t pooled = (((int64_t)image * (h / 2) + i / 2) * (w / 2) + j / 2) * C;
                int me = 2 * (i % 2) + j % 2;
                for (int c = 0; c < C; c++) {
                    c4_real t = c4_fma(c2[c], y[at + c], c1[c]);
                    c4_real won = c4_fma(c0[c], ds[pooled + c], t);
                    c4_real d = arg[pooled + c] == me ? won : t;
                    dy[at + c] = relu && !(y[at + c] > 0) ? 0 : d;
                }
            }
}
