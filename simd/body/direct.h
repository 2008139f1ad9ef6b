/* Direct 3x3 convolution: taps outside the image are skipped, never multiplied by zeros. */
#ifndef C4_SIMD_BODY_DIRECT_H
#define C4_SIMD_BODY_DIRECT_H

#include "simd/body/body.h"

enum { INPUT_BLOCK = 16 }; /* of the chain's order: [input block][tap][input in block] */

/* A row of pixels in each of one or two images, to be computed from up to three rows of inputs. */
struct direct_row {
    int width;
    int first_tap_row, last_tap_row;   /* rows of the 3x3 that lie inside the image */
    bool reversed;                     /* weight tap 8 - t: backward data */
    ptrdiff_t x_row, x_image, y_image; /* floats between rows of x, between images */
    const float *x;                    /* pixel (i - 1, -1) of the input, which may not exist */
    const float *w;                    /* [9, inputs, 64] */
    float *y;                          /* [width, 64] */
};

/* One tap and input block of `pixels` adjacent pixels in each image; the tap lies inside the image
 * for [first, last). */
INLINE void direct_tap(int images, int pixels, int first, int last, int inputs, const float *x,
                       ptrdiff_t x_image, const float *w, tile_acc acc) {
    enum { STEPS = 4 };
    if (inputs != C) { /* the stem: unrolling its three steps costs registers */
        for (int k = 0; k < inputs; k++) acc_step(first, last, x + k, inputs, w + k * C, acc);
        return;
    }
    for (int k = 0; k < INPUT_BLOCK; k += STEPS)
        UNROLL for (int u = 0; u < STEPS; u++) UNROLL for (int image = 0; image < images; image++)
            acc_step(first, last, x + image * x_image + k + u, C, w + (k + u) * C,
                     acc + image * pixels);
}

/* `pixels` adjacent pixels from column j on, one panel of NR channels. */
INLINE void direct_tile(int images, int pixels, int inputs, const struct direct_row *at, int j,
                        int column) {
    const bool left = j == 0, right = j + pixels == at->width;
    const int step = inputs < INPUT_BLOCK ? inputs : INPUT_BLOCK;
    const ptrdiff_t next = (at->reversed ? -1 : 1) * (ptrdiff_t)inputs * C;
    tile_acc acc;
    acc_zero(images * pixels, acc);
#define TAP(first, last)                                                                           \
    direct_tap(images, pixels, first, last, inputs, x, at->x_image, w, acc), x += inputs, w += next
    for (int block = 0; block < inputs; block += step)
        for (int r = at->first_tap_row; r <= at->last_tap_row; r++) {
            const int tap = at->reversed ? 8 - 3 * r : 3 * r;
            const float *x = at->x + r * at->x_row + (ptrdiff_t)j * inputs + block;
            const float *w = at->w + ((ptrdiff_t)tap * inputs + block) * C + column;
            if (left)
                TAP(1, pixels);
            else
                TAP(0, pixels);
            TAP(0, pixels);
            if (right)
                TAP(0, pixels - 1);
            else
                TAP(0, pixels);
        }
#undef TAP
    float *y = at->y + (ptrdiff_t)j * C + column;
    for (int image = 0; image < images; image++)
        acc_store(pixels, acc + image * pixels, y + image * at->y_image, C);
}

/* In narrow maps, half a row is too short a tile for weights that are read four vectors per step;
 * two images share them there. */
enum { PAIRED_WIDTH = 8, PAIRS = MR == 6 && NR_VECS == 4 };

/* Tiles of a pair have half as many pixels; larger ones do not occur and are not compiled. */
INLINE void direct_rows(int images, int inputs, const struct direct_row *at) {
    for (int column = 0; column < C; column += NR)
        for (int j = 0; j < at->width;) {
            int pixels = next_part(at->width - j, MR / images);
#define CALL(n) direct_tile(images, (n)*images > MR ? 1 : (n), inputs, at, j, column)
            WITH_MR(pixels, CALL)
#undef CALL
            j += pixels;
        }
}

/* Row i of one or two images: x points to the first image, y to its row. */
static void direct_image_row(int images, int h, int inputs, const float *x, int i, float *y,
                             struct direct_row *at) {
    at->first_tap_row = i == 0 ? 1 : 0;
    at->last_tap_row = i == h - 1 ? 1 : 2;
    at->x = x + (i - 1) * at->x_row - inputs;
    at->y = y;
    if (images == 2)
        direct_rows(PAIRS ? 2 : 1, C, at);
    else if (inputs == C)
        direct_rows(1, C, at);
    else
        direct_rows(1, inputs, at);
}

/* y [n, h, w, 64] of n images x [n, h, w, inputs]; reversed: dx from dy, with wt for w. */
static void direct_images(int n, int h, int w, int inputs, bool reversed, const float *x,
                          const float *weights, float *y) {
    struct direct_row at = {.width = w,
                            .reversed = reversed,
                            .x_row = (ptrdiff_t)w * inputs,
                            .x_image = (ptrdiff_t)h * w * inputs,
                            .y_image = (ptrdiff_t)h * w * C,
                            .w = weights};
    const bool paired = PAIRS && inputs == C && w <= PAIRED_WIDTH;
    for (int image = 0, images; image < n; image += images) {
        images = paired && n - image > 1 ? 2 : 1;
        for (int i = 0; i < h; i++)
            direct_image_row(images, h, inputs, x + image * at.x_image, i,
                             y + image * at.y_image + (ptrdiff_t)i * w * C, &at);
    }
}

/* --- weight gradient --- */

/* Images, or rows of one image, whose products are added while a tile's sums stay in registers:
 * about 64 pixels, so that their inputs and gradients stay in the cache. */
struct direct_chunk {
    int images, h, w, inputs;
    int first_row, last_row; /* of dy */
    const float *x, *dy;     /* of the first image */
};

/* The input channels of a tile, pixel by pixel from row first_row on. */
struct direct_inputs {
    const float *x;
    ptrdiff_t pixel, image; /* floats from one to the next */
    int first_row;
};

/* Pixels of 64 channels are 256 bytes apart and share a quarter of the cache sets; a few channels
 * packed together do not. */
enum { CHUNK_PIXELS = 64, PACKED_PIXELS = 3 * CHUNK_PIXELS, PACKED_CHANNELS = 8 };

INLINE struct direct_inputs direct_pack(int rows, const struct direct_chunk *at, int input,
                                        float *packed) {
    const int first = at->first_row > 0 ? at->first_row - 1 : 0;
    const int last = at->last_row < at->h ? at->last_row + 1 : at->h;
    const int pixels = (last - first) * at->w;
    const ptrdiff_t image = (ptrdiff_t)at->h * at->w * at->inputs;
    const float *x = at->x + (ptrdiff_t)first * at->w * at->inputs + input;
    if (at->images * pixels > PACKED_PIXELS)
        return (struct direct_inputs){x, at->inputs, image, first};
    float *to = packed;
    for (int i = 0; i < at->images; i++)
        for (int p = 0; p < pixels; p++, to += PACKED_CHANNELS)
            memcpy(to, x + i * image + (ptrdiff_t)p * at->inputs, (size_t)rows * sizeof *to);
    return (struct direct_inputs){packed, PACKED_CHANNELS, (ptrdiff_t)pixels * PACKED_CHANNELS,
                                  first};
}

INLINE void direct_weights_tile(int rows, const struct direct_chunk *at,
                                const struct direct_inputs *from, int tap, bool first, int column,
                                const float *next, float *dw) {
    const int r = tap / 3 - 1, s = tap % 3 - 1;
    const int left = s < 0 ? 1 : 0, right = s > 0 ? at->w - 1 : at->w;
    const int top = at->first_row + r < 0 ? -r : at->first_row;
    const int bottom = at->last_row + r > at->h ? at->h - r : at->last_row;
    tile_acc acc;
    if (first)
        acc_zero(rows, acc);
    else
        acc_load(rows, dw, C, acc);
    for (int row = 0; row < rows; row++)
        for (int v = 0; v < NR; v += 16) PREFETCH_NEXT(next + row * C + v);
    for (int image = 0; image < at->images; image++)
        for (int i = top; i < bottom; i++) {
            const float *x = from->x + image * from->image +
                             ((ptrdiff_t)(i + r - from->first_row) * at->w + s) * from->pixel;
            const float *dy = at->dy + (((ptrdiff_t)image * at->h + i) * at->w) * C + column;
            for (int j = left; j < right; j++)
                acc_outer(rows, x + j * from->pixel, dy + (ptrdiff_t)j * C, acc);
        }
    acc_store(rows, acc, dw, C);
}

/* All taps of one group of input channels; prefetches the next tap's sums meanwhile. */
INLINE void direct_weights_taps(int rows, const struct direct_chunk *at, bool first, int input,
                                float *dw) {
    _Alignas(64) float packed[PACKED_PIXELS * PACKED_CHANNELS];
    const struct direct_inputs from = direct_pack(rows, at, input, packed);
    for (int column = 0; column < C; column += NR)
        for (int tap = 0; tap < 9; tap++) {
            float *out = dw + ((ptrdiff_t)tap * at->inputs + input) * C + column;
            const float *next = tap < 8 ? out + (ptrdiff_t)at->inputs * C : out;
            direct_weights_tile(rows, at, &from, tap, first, column, next, out);
        }
}

static void direct_weights_chunk(const struct direct_chunk *at, bool first, float *dw) {
    for (int input = 0; input < at->inputs;) {
        int rows = next_mr(at->inputs - input);
#define CALL(n) direct_weights_taps(n, at, first, input, dw)
        WITH_MR(rows, CALL)
#undef CALL
        input += rows;
    }
}

/* dw [9, inputs, 64] of n images; continues the sums in dw unless `first`. */
static void direct_weights(int n, int h, int w, int inputs, bool first, const float *x,
                           const float *dy, float *dw) {
    struct direct_chunk at = {.h = h, .w = w, .inputs = inputs};
    int images = h * w < CHUNK_PIXELS ? CHUNK_PIXELS / (h * w) : 1;
    int rows = h * w <= CHUNK_PIXELS ? h : w < CHUNK_PIXELS ? CHUNK_PIXELS / w : 1;
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
