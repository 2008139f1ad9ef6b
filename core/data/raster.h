/* A small rasteriser for the synthetic images. Integers only, so every machine gives the same bits.
 *
 * Lengths are in 1/64 pixel (Q6); pixel x covers 64x .. 64x+63 and is sampled at its centre
 * 64x + 32. Directions are in 1/16384 (Q14). A pixel's coverage ranges from 0 to 256. All
 * coordinates passed in must lie within +-4096 (64 pixels) of the image's, so that 32 bits suffice.
 */
#ifndef C4_DATA_RASTER_H
#define C4_DATA_RASTER_H

#include "core/base/rng.h"
#include "core/data/dataset.h"

#include <limits.h>

/* ---- draws ---- */

/* The random words of one image, in order: Philox index = image * 65536 + block. */
struct c4_draws {
    uint64_t seed;
    uint64_t index;
    uint32_t stream;
    int used; /* words of `block` already drawn */
    struct c4_rng_block block;
};

void c4_draws_begin(struct c4_draws *draws, uint64_t seed, uint32_t stream, uint32_t image);

/* The next word as an integer from low to high, both included. */
int32_t c4_draw(struct c4_draws *draws, int32_t low, int32_t high);

/* ---- geometry ---- */

/* cos and sin of an angle of 2 atan(k / 64), |k| <= 64, in Q14: (64^2 - k^2, 128 k) / (64^2 + k^2).
 */
struct c4_rotation {
    int32_t cosine, sine;
};
struct c4_rotation c4_rotation_of(int32_t k);

struct c4_point {
    int32_t x, y;
};

/* ---- painting ---- */

/* A colour that changes linearly over the image: level[c] + ((x - 16) across + (y - 16) down) / 16,
 * clamped to 0..255. |across|, |down| <= 64. */
struct c4_paint {
    int32_t grey; /* the levels lie around it */
    int32_t level[3];
    int32_t across, down;
};

/* A colour around a grey of 0..255: each channel up to 48 away from it, with a slight slope. */
void c4_draw_paint(struct c4_draws *draws, int32_t grey, struct c4_paint *out);

/* A colour whose grey is at least `contrast` (<= 128) away from `other`'s modulo 256, so that light
 * on dark and dark on light are equally likely. */
void c4_draw_contrast(struct c4_draws *draws, const struct c4_paint *other, int32_t contrast,
                      struct c4_paint *out);

/* Paints the whole image. */
void c4_paint_all(uint8_t *image, const struct c4_paint *paint);

/* Blends paint over the image: out = in + (paint - in) coverage / 256. */
void c4_paint_over(uint8_t *image, const struct c4_paint *paint, const uint16_t *coverage);

/* Coverage of a shape from its signed distance (inside positive, Q6) with an edge one pixel wide.
 */
static inline uint16_t c4_edge(int32_t distance) {
    int32_t coverage = (distance + 32) * 4;
    return (uint16_t)(coverage < 0 ? 0 : coverage > 256 ? 256 : coverage);
}

/* ---- strokes ---- */

#define C4_STROKE_FAR (INT32_MAX / 2)

/* Adds a segment to each pixel's squared distance (Q12) to the strokes so far; fill `squared` with
 * C4_STROKE_FAR first.
 * Pixels farther than `reach` from the segment a..b keep their value. */
void c4_stroke_segment(int32_t *squared, struct c4_point a, struct c4_point b, int32_t reach);

/* Coverage of strokes of half-width `half` with an edge of half-width `soft` (32..half). The
 * segments' `reach` must have been half + soft. */
void c4_stroke_coverage(const int32_t *squared, int32_t half, int32_t soft, uint16_t *coverage);

/* ---- noise ---- */

/* Adds triangular noise to every byte: at most 15/16 of `amplitude` (0..64) up or down. */
void c4_add_noise(uint8_t *image, struct c4_draws *draws, int32_t amplitude);

#endif
