/* Max pooling as a selection of raw values. */
#include "simd/ref/ref_ops.h"

enum { C = C4_CHANNELS };

void C4_REF(c4_pool_select)(int n, int h, int w, const c4_real *y, const c4_real *gamma,
                            c4_real *selected, uint8_t *arg) {
    for (int image = 0; image < n; image++)
        for (int i = 0; i < h / 2; i++)
            for (int j = 0; j < w / 2; j++) {
                int64_t out = (((int64_t)image * (h / 2) + i) * (w / 2) + j) * C;
                const c4_real *window = y + (((int64_t)image * h + 2 * i) * w + 2 * j) * C;
                for (int c = 0; c < C; c++) {
                    c4_real best = window[c];
                    uint8_t winner = 0;
                    for (uint8_t k = 1; k < 4; k++) {
                        c4_real v = window[((int64_t)(k / 2) * w + k % 2) * C + c];
                        if (0 > gamma[c] ? best > v : v > best) {
                            best = v;
                            winner = k;
                        }
                    }
                    selected[out + c] = best;
                    arg[out + c] = winner;
                }
            }
}
