/* Direct 3x3 convolution: taps outside the image are skipped, never multiplied by zeros. */
#ifndef C4_SIMD_BODY_DIRECT_H
#define C4_SIMD_BODY_DIRECT_H

#include "simd/body/body.h"

enum { INPUT_BLOCK = 16 }; /* of the chain's order: [input block][tap][input in block] */

/* One row of pixels to be computed from up to three rows of inputs. */
struct direct_row {
    int width, inputs;
    int first_tap_row, last_tap_row; /* rows of the 3x3 that lie in the image */
    bool reversed;                   /* weight tap 8 - t: backward data */
    ptrdiff_t row;                   /* floats between rows of x */
    const float *x;                  /* pixel (i - 1, -1) of the input, which may not exist */
    const float *w;                  /* [9, inputs, 64] */
};

/* `rows` neighbouring pixels from column j on, one panel of MK_COLUMNS channels. */
INLINE void direct_tile(int rows, const struct direct_row *at, int j, int column, float *y) {
    const bool left = j == 0, right = j + rows == at->width;
    const int inputs = at->inputs, step = inputs < INPUT_BLOCK ? inputs : INPUT_BLOCK;
    tile_acc acc;
    acc_zero(rows, acc);
    for (int block = 0; block < inputs; block += step)
        for (int r = at->first_tap_row; r <= at->last_tap_row; r++) {
            const float *x = at->x + r * at->row + (ptrdiff_t)j * inputs + block;
            const int tap = at->reversed ? 8 - 3 * r : 3 * r, turn = at->reversed ? -1 : 1;
            const float *w = at->w + ((ptrdiff_t)tap * inputs + block) * C + column;
            const ptrdiff_t next = (ptrdiff_t)turn * inputs * C;
            if (left)
                for (int k = 0; k < step; k++) acc_step(1, rows, x + k, inputs, w + k * C, acc);
            else
                for (int k = 0; k < step; k++) acc_step(0, rows, x + k, inputs, w + k * C, acc);
            x += inputs, w += next;
            for (int k = 0; k < step; k++) acc_step(0, rows, x + k, inputs, w + k * C, acc);
            x += inputs, w += next;
            if (right)
                for (int k = 0; k < step; k++) acc_step(0, rows - 1, x + k, inputs, w + k * C, acc);
            else
                for (int k = 0; k < step; k++) acc_step(0, rows, x + k, inputs, w + k * C, acc);
        }
    acc_store(rows, acc, y + (ptrdiff_t)j * C + column, C);
}

/* y [h, w, 64] of one image x [h, w, inputs]; reversed: dx from dy, with wt for w. */
static void direct_image(int h, int w, int inputs, bool reversed, const float *x,
                         const float *weights, float *y) {
    struct direct_row at = {
        .width = w, .inputs = inputs, .reversed = reversed, .row = (ptrdiff_t)w * inputs};
    at.w = weights;
    for (int i = 0; i < h; i++) {
        at.first_tap_row = i == 0 ? 1 : 0;
        at.last_tap_row = i == h - 1 ? 1 : 2;
        at.x = x + (i - 1) * at.row - inputs;
        float *out = y + (ptrdiff_t)i * w * C;
        for (int column = 0; column < C; column += MK_COLUMNS)
            for (int j = 0; j < w;) {
                int rows = next_rows(w - j);
#define CALL(n) direct_tile(n, &at, j, column, out)
                WITH_ROWS(rows, CALL)
#undef CALL
                j += rows;
            }
    }
}

/* --- weight gradient --- */

/* Images or rows of images whose products are added while a tile's sums stay in registers: about
 * 64 pixels, so that their inputs and gradients stay close. */
struct direct_chunk {
    int images, h, w, inputs;
    int first_row, last_row; /* of dy */
    const float *x, *dy;     /* of the first image */
};

INLINE void direct_weights_tile(int rows, const struct direct_chunk *at, int tap, bool first,
                                ptrdiff_t stride, int input, int column, float *dw) {
    const int r = tap / 3 - 1, s = tap % 3 - 1;
    const int from = s < 0 ? 1 : 0, to = s > 0 ? at->w - 1 : at->w;
    const int top = at->first_row + r < 0 ? -r : at->first_row;
    const int bottom = at->last_row + r > at->h ? at->h - r : at->last_row;
    tile_acc acc;
    if (first)
        acc_zero(rows, acc);
    else
        acc_load(rows, dw, stride, acc);
    for (int image = 0; image < at->images; image++)
        for (int i = top; i < bottom; i++) {
            ptrdiff_t out = ((ptrdiff_t)image * at->h + i) * at->w;
            const float *x = at->x + (out + r * at->w + s) * at->inputs + input;
            const float *dy = at->dy + out * C + column;
            for (int j = from; j < to; j++)
                acc_outer(rows, x + (ptrdiff_t)j * at->inputs, dy + (ptrdiff_t)j * C, acc);
        }
    acc_store(rows, acc, dw, stride);
}

static void direct_weights_chunk(const struct direct_chunk *at, bool first, float *dw) {
    for (int tap = 0; tap < 9; tap++)
        for (int column = 0; column < C; column += MK_COLUMNS)
            for (int input = 0; input < at->inputs;) {
                int rows = next_rows(at->inputs - input);
                float *out = dw + ((ptrdiff_t)tap * at->inputs + input) * C + column;
#define CALL(n) direct_weights_tile(n, at, tap, first, C, input, column, out)
                WITH_ROWS(rows, CALL)
#undef CALL
                input += rows;
            }
}

/* dw [9, inputs, 64] of n images, continued from what is there unless `first`. */
static void direct_weights(int n, int h, int w, int inputs, bool first, const float *x,
                           const float *dy, float *dw) {
    enum { PIXELS = 64 };
    struct direct_chunk at = {.h = h, .w = w, .inputs = inputs};
    int images = h * w < PIXELS ? PIXELS / (h * w) : 1;
    int rows = h * w <= PIXELS ? h : w < PIXELS ? PIXELS / w : 1;
    for (int image = 0; image < n; image += images)
        for (int i = 0; i < h; i += rows) {
            at.images = n - image < images ? n - image : images;
            at.first_row = i;
            at.last_row = i + rows < h ? i + rows : h;
            at.x = x + (ptrdiff_t)image * h * w * inputs;
            at.dy = dy + (ptrdiff_t)image * h * w * C;
            direct_weights_chunk(&at, first, dw);
            first = false;
        }
}

#endif
