/* Direct 3x3 convolution: lanes are the innermost channels, one fma chain per output. */
#include <string.h>

#include "simd/ref/ref_ops.h"

enum { BLOCK = 16 }; /* channels of one k block; the stem's three form one block */

/* acc[lane] runs k = [block of 16 channels][tap][channel in block] over the 3x3 neighbourhood of
 * pixel (i, j) in `in` [h, w, channels]; taps that fall outside add nothing. w [9, channels, 64]
 * with tap t at w[t] or, flipped, at w[8 - t]. */
static void accumulate(const c4_real *in, int h, int width, int channels, int i, int j,
                       const c4_real *w, int flip, c4_real *restrict acc, int lanes) {
    for (int block = 0; block < channels; block += BLOCK) {
        int end = block + BLOCK < channels ? block + BLOCK : channels;
        for (int tap = 0; tap < 9; tap++) {
            int y = i + tap / 3 - 1, x = j + tap % 3 - 1;
            if (y < 0 || y >= h || x < 0 || x >= width) continue;
            const c4_real *pixel = in + ((int64_t)y * width + x) * channels;
            const c4_real *panel = w + (int64_t)(flip ? 8 - tap : tap) * channels * lanes;
            for (int c = block; c < end; c++)
                for (int lane = 0; lane < lanes; lane++)
                    acc[lane] = c4_fma(pixel[c], panel[c * lanes + lane], acc[lane]);
        }
    }
}

void C4_REF(c4_conv_fwd_direct)(const struct c4_conv_shape *s, const c4_real *x, const c4_real *w,
                                c4_real *y) {
    int64_t plane = (int64_t)s->h * s->w;
    for (int n = 0; n < s->n; n++)
        for (int i = 0; i < s->h; i++)
            for (int j = 0; j < s->w; j++) {
                c4_real acc[C4_CHANNELS] = {0};
                accumulate(x + n * plane * s->ci, s->h, s->w, s->ci, i, j, w, 0, acc, C4_CHANNELS);
                memcpy(y + (n * plane + (int64_t)i * s->w + j) * C4_CHANNELS, acc, sizeof acc);
            }
}

void C4_REF(c4_conv_bwd_data_direct)(const struct c4_conv_shape *s, const c4_real *dy,
                                     const c4_real *wt, c4_real *dx) {
    int64_t plane = (int64_t)s->h * s->w;
    for (int n = 0; n < s->n; n++)
        for (int i = 0; i < s->h; i++)
            for (int j = 0; j < s->w; j++) {
                c4_real acc[C4_CHANNELS] = {0};
                accumulate(dy + n * plane * C4_CHANNELS, s->h, s->w, C4_CHANNELS, i, j, wt, 1, acc,
                           s->ci);
                memcpy(dx + (n * plane + (int64_t)i * s->w + j) * s->ci, acc,
                       (size_t)s->ci * sizeof *acc);
            }
}

void C4_REF(c4_conv_bwd_weights_direct)(const struct c4_conv_shape *s, const c4_real *x,
                                        const c4_real *dy, c4_real *restrict dw) {
    int64_t plane = (int64_t)s->h * s->w;
    memset(dw, 0, (size_t)9 * (size_t)s->ci * C4_CHANNELS * sizeof *dw);
    for (int n = 0; n < s->n; n++)
        for (int i = 0; i < s->h; i++)
            for (int j = 0; j < s->w; j++) {
                const c4_real *g = dy + (n * plane + (int64_t)i * s->w + j) * C4_CHANNELS;
                for (int tap = 0; tap < 9; tap++) {
                    int row = i + tap / 3 - 1, col = j + tap % 3 - 1;
                    if (row < 0 || row >= s->h || col < 0 || col >= s->w) continue;
                    const c4_real *pixel = x + (n * plane + (int64_t)row * s->w + col) * s->ci;
                    c4_real *d = dw + (int64_t)tap * s->ci * C4_CHANNELS;
                    for (int c = 0; c < s->ci; c++)
                        for (int o = 0; o < C4_CHANNELS; o++)
                            d[c * C4_CHANNELS + o] = c4_fma(pixel[c], g[o], d[c * C4_CHANNELS + o]);
                }
            }
}
