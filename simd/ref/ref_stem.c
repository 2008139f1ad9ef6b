/* Bytes to input, patch sums, and the sums over selected pixels from which c4_stem_weight_grad()
 * (core/op/scalar.h) makes conv1's weight gradient. */
#include <string.h>

#include "simd/ref/ref_ops.h"

enum { SIDE = C4_IMAGE_SIDE, PIXELS = SIDE * SIDE, POOLED = SIDE / 2, C = C4_CHANNELS };

void C4_REF(c4_stem_input)(int n, const uint8_t *images, c4_real *x) {
    for (int image = 0; image < n; image++)
        for (int pixel = 0; pixel < PIXELS; pixel++)
            for (int channel = 0; channel < C4_IMAGE_CHANNELS; channel++) {
                int byte = images[(int64_t)image * C4_IMAGE_BYTES + channel * PIXELS + pixel];
                x[((int64_t)image * PIXELS + pixel) * C4_IMAGE_CHANNELS + channel] =
                    (c4_real)(2 * byte - 255) / 255;
            }
}

/* The 27 values 2 * byte - 255 around one pixel, 0 outside the image. */
static void integer_patch(const uint8_t *image, int i, int j, int32_t patch[C4_PATCH]) {
    for (int tap = 0; tap < 9; tap++)
        for (int channel = 0; channel < C4_IMAGE_CHANNELS; channel++) {
            int row = i + tap / 3 - 1, col = j + tap % 3 - 1;
            int inside = row >= 0 && row < SIDE && col >= 0 && col < SIDE;
            patch[3 * tap + channel] =
                inside ? 2 * image[channel * PIXELS + row * SIDE + col] - 255 : 0;
        }
}

void C4_REF(c4_stem_moments)(int n, const uint8_t *images, int64_t *first, int64_t *second) {
    memset(first, 0, C4_PATCH * sizeof *first);
    memset(second, 0, (size_t)C4_PATCH * C4_PATCH * sizeof *second);
    for (int image = 0; image < n; image++) {
        int32_t m[C4_PATCH] = {0}, g[C4_PATCH][C4_PATCH] = {{0}}; /* below 2^27: cannot overflow */
        for (int i = 0; i < SIDE; i++)
            for (int j = 0; j < SIDE; j++) {
                int32_t patch[C4_PATCH];
                integer_patch(images + (int64_t)image * C4_IMAGE_BYTES, i, j, patch);
                for (int k = 0; k < C4_PATCH; k++) {
                    m[k] += patch[k];
                    for (int l = 0; l < C4_PATCH; l++) g[k][l] += patch[k] * patch[l];
                }
            }
        for (int k = 0; k < C4_PATCH; k++) {
            first[k] += m[k];
            for (int l = 0; l < C4_PATCH; l++) second[k * C4_PATCH + l] += g[k][l];
        }
    }
}

void C4_REF(c4_stem_select_grad)(int n, const c4_real *x, const c4_real *ds, const uint8_t *arg,
                                 c4_real *restrict r, c4_real *scratch) {
    (void)scratch;
    memset(r, 0, (size_t)C4_PATCH * C * sizeof *r);
    for (int image = 0; image < n; image++)
        for (int i = 0; i < POOLED; i++)
            for (int j = 0; j < POOLED; j++) {
                /* The window's four patches; a channel then picks its winner's. */
                c4_real patch[C4_PATCH][4];
                for (int k = 0; k < C4_PATCH; k++)
                    for (int winner = 0; winner < 4; winner++) {
                        int row = 2 * i + winner / 2 + k / 9 - 1;
                        int col = 2 * j + winner % 2 + k / 3 % 3 - 1;
                        int inside = row >= 0 && row < SIDE && col >= 0 && col < SIDE;
                        int64_t at = ((int64_t)image * PIXELS + row * SIDE + col) * 3 + k % 3;
                        patch[k][winner] = inside ? x[at] : 0;
                    }
                int64_t at = (((int64_t)image * POOLED + i) * POOLED + j) * C;
                for (int k = 0; k < C4_PATCH; k++)
                    for (int c = 0; c < C; c++)
                        r[k * C + c] = c4_fma(patch[k][arg[at + c]], ds[at + c], r[k * C + c]);
            }
}
