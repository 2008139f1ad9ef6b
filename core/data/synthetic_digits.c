#include "core/data/synthetic_draw.h"

/* Ten digits as polylines in a box of -32..32 across and -48..48 down. UP lifts the pen; UP twice
 * ends the digit. */
#define UP 127
static const signed char glyphs[10][64] = {
    {-10, -48, 10,  -48, 24,  -38, 32,  -16, 32,  16,  24,  38,  10, 48,
     -10, 48,  -24, 38,  -32, 16,  -32, -16, -24, -38, -10, -48, UP, UP},
    {-18, -30, 4, -48, 4, 48, UP, UP},
    {-30, -26, -24, -40, -8, -48, 10, -48, 26, -40, 30, -24, 24, -8, -30, 48, 32, 48, UP, UP},
    {-28, -36, -14, -46, 8,  -48, 24, -40, 28, -24, 20,  -8, 2,   -3, -8, -3,
     2,   -3,  22,  4,   31, 22,  25, 38,  8,  48,  -14, 47, -30, 36, UP, UP},
    {14, 48, 14, -48, -32, 20, 32, 20, UP, UP},
    {28, -48, -22, -48, -27, -5, -8,  -14, 10,  -13, 26, -2,
     31, 16,  25,  36,  8,   47, -12, 47,  -30, 36,  UP, UP},
    {22, -46, 2,  -44, -18, -30, -29, -6, -31, 18, -24, 38, -8,  48, 10, 48,
     26, 38,  31, 20,  26,  2,   10,  -8, -8,  -8, -24, 2,  -31, 18, UP, UP},
    {-32, -48, 32, -48, 4, 0, -8, 48, UP, UP},
    {-8,  -48, 8,   -48, 24,  -40, 27,  -24, 20,  -9, 0, -3, -20, -9, -27,
     -24, -24, -40, -8,  -48, UP,  0,   0,   -3,  22, 5, 31, 22,  24, 40,
     8,   48,  -8,  48,  -24, 40,  -31, 22,  -22, 5,  0, -3, UP,  UP},
    {-22, 46,  -2,  44,  18,  30, 29,  6, 31, -18, 24, -38, 8,  -48, -10, -48,
     -26, -38, -31, -20, -26, -2, -10, 8, 8,  8,   24, -2,  31, -18, UP,  UP},
};

/* Glyph units to Q6 pixels: x = (xx gx + xy gy) / 16384 + x0, y likewise. */
struct affine {
    int32_t xx, xy, yx, yy, x0, y0;
};

static struct c4_point place(const struct affine *map, const signed char *glyph) {
    return (struct c4_point){((map->xx * glyph[0] + map->xy * glyph[1]) >> 14) + map->x0,
                             ((map->yx * glyph[0] + map->yy * glyph[1]) >> 14) + map->y0};
}

static void trace(int32_t *squared, int digit, const struct affine *map, int32_t reach) {
    const signed char *glyph = glyphs[digit];
    while (glyph[0] != UP) {
        struct c4_point a = place(map, glyph);
        for (glyph += 2; glyph[0] != UP; glyph += 2) {
            struct c4_point b = place(map, glyph);
            c4_stroke_segment(squared, a, b, reach);
            a = b;
        }
        if (glyph[1] == UP) return;
        glyph += 2;
    }
}

/* Size, slant and rotation of the writing, the same for all digits of an image, as in a house
 * number. */
static struct affine draw_writing(struct c4_draws *draws) {
    int32_t height = c4_draw(draws, 13, 19); /* Q6 pixels per glyph unit, here in Q4 */
    int32_t width = height * c4_draw(draws, 150, 260) >> 8;
    struct c4_rotation turn = c4_rotation_of(c4_draw(draws, -8, 8));
    int32_t shear = c4_draw(draws, -80, 80); /* in 1/256 */
    struct affine map;
    map.xx = turn.cosine * width;
    map.yx = turn.sine * width;
    map.xy = (turn.cosine * shear / 256 - turn.sine) * height;
    map.yy = (turn.sine * shear / 256 + turn.cosine) * height;
    map.x0 = 1024 + c4_draw(draws, -160, 160);
    map.y0 = 1024 + c4_draw(draws, -160, 160);
    return map;
}

void c4_draw_digit(struct c4_draws *draws, int digit, uint8_t image[C4_IMAGE_BYTES]) {
    int32_t squared[C4_PLANE_BYTES];
    uint16_t coverage[C4_PLANE_BYTES];
    struct c4_paint background, paint;
    c4_draw_background(draws, c4_draw(draws, 0, 2), &background, image);
    c4_draw_contrast(draws, &background, 64, &paint);

    struct affine map = draw_writing(draws);
    int32_t half = c4_draw(draws, 70, 170), soft = c4_draw(draws, 32, 64);
    for (int i = 0; i < C4_PLANE_BYTES; i++) squared[i] = C4_STROKE_FAR;
    trace(squared, digit, &map, half + soft);
    for (int side = -1; side <= 1; side += 2) {
        int32_t neighbour = c4_draw(draws, 0, 9), gap = c4_draw(draws, 76, 96);
        if (c4_draw(draws, 0, 2) == 0) continue;
        struct affine beside = map;
        beside.x0 += side * (map.xx * gap >> 14);
        beside.y0 += side * (map.yx * gap >> 14);
        trace(squared, neighbour, &beside, half + soft);
    }
    c4_stroke_coverage(squared, half, soft, coverage);
    c4_paint_over(image, &paint, coverage);
    c4_add_noise(image, draws, c4_draw(draws, 2, 24));
}
