#include "core/data/raster.h"

static int32_t smaller(int32_t a, int32_t b) {
    return a < b ? a : b;
}
static int32_t larger(int32_t a, int32_t b) {
    return a > b ? a : b;
}
static int32_t clamp(int32_t value, int32_t low, int32_t high) {
    return smaller(larger(value, low), high);
}

void c4_draws_begin(struct c4_draws *draws, uint64_t seed, uint32_t stream, uint32_t image) {
    *draws = (struct c4_draws){
        .seed = seed, .stream = stream, .index = (uint64_t)image << 16, .used = 4};
}

static uint32_t next_word(struct c4_draws *draws) {
    if (draws->used == 4) {
        draws->block = c4_rng_draw(draws->seed, C4_RNG_SYNTHETIC, draws->stream, draws->index++);
        draws->used = 0;
    }
    return draws->block.word[draws->used++];
}

int32_t c4_draw(struct c4_draws *draws, int32_t low, int32_t high) {
    return low + (int32_t)c4_rng_below(next_word(draws), (uint32_t)(high - low) + 1);
}

struct c4_rotation c4_rotation_of(int32_t k) {
    int32_t square = k * k, whole = 4096 + square;
    return (struct c4_rotation){(4096 - square) * 16384 / whole, 128 * k * 16384 / whole};
}

/* Mirrored at the ends of 0..255. */
static int32_t fold(int32_t level) {
    return level < 0 ? -level : level > 255 ? 510 - level : level;
}

void c4_draw_paint(struct c4_draws *draws, int32_t grey, struct c4_paint *out) {
    out->grey = grey;
    for (int c = 0; c < 3; c++) out->level[c] = fold(grey + c4_draw(draws, -48, 48));
    out->across = c4_draw(draws, -24, 24);
    out->down = c4_draw(draws, -24, 24);
}

void c4_draw_contrast(struct c4_draws *draws, const struct c4_paint *other, int32_t contrast,
                      struct c4_paint *out) {
    c4_draw_paint(draws, (other->grey + c4_draw(draws, contrast, 256 - contrast)) & 255, out);
}

void c4_paint_all(uint8_t *image, const struct c4_paint *paint) {
    uint16_t coverage[C4_PLANE_BYTES];
    for (int i = 0; i < C4_PLANE_BYTES; i++) coverage[i] = 256;
    c4_paint_over(image, paint, coverage);
}

/* 16-bit arithmetic is enough (255 * 256 < 2^16) and twice as fast. */
static void paint_row(uint8_t *restrict row, int16_t level, int16_t start, int16_t across,
                      const uint16_t *restrict coverage) {
    for (int16_t x = 0; x < C4_IMAGE_SIDE; x++) {
        int16_t colour = (int16_t)(level + ((int16_t)(start + x * across) >> 4));
        colour = (int16_t)(colour < 0 ? 0 : colour);
        colour = (int16_t)(colour > 255 ? 255 : colour);
        uint16_t under = (uint16_t)(row[x] * (uint16_t)(256 - coverage[x]));
        uint16_t over = (uint16_t)((uint16_t)colour * coverage[x]);
        row[x] = (uint8_t)((uint16_t)(under + over) >> 8);
    }
}

void c4_paint_over(uint8_t *image, const struct c4_paint *paint, const uint16_t *coverage) {
    for (int32_t y = 0; y < C4_IMAGE_SIDE; y++, coverage += C4_IMAGE_SIDE) {
        uint16_t any = 0;
        for (int x = 0; x < C4_IMAGE_SIDE; x++) any |= coverage[x];
        if (any == 0) continue;
        int16_t start = (int16_t)((y - 16) * paint->down - 16 * paint->across);
        for (int c = 0; c < 3; c++) {
            paint_row(image + c * C4_PLANE_BYTES + y * C4_IMAGE_SIDE, (int16_t)paint->level[c],
                      start, (int16_t)paint->across, coverage);
        }
    }
}

/* floor(sqrt(n)), digit by digit. */
static int32_t root(int32_t n) {
    int32_t result = 0;
    for (int32_t bit = 1 << 28; bit > 0; bit >>= 2) {
        if (n >= result + bit) {
            n -= result + bit;
            result = (result >> 1) + bit;
        } else {
            result >>= 1;
        }
    }
    return result;
}

void c4_stroke_segment(int32_t *squared, struct c4_point a, struct c4_point b, int32_t reach) {
    int32_t dx = b.x - a.x, dy = b.y - a.y;
    int32_t length = larger(root(dx * dx + dy * dy), 1);
    int32_t along_x = dx * 16384 / length, along_y = dy * 16384 / length;
    int32_t left = clamp((smaller(a.x, b.x) - reach) >> 6, 0, C4_IMAGE_SIDE);
    int32_t right = clamp(((larger(a.x, b.x) + reach) >> 6) + 1, 0, C4_IMAGE_SIDE);
    int32_t top = clamp((smaller(a.y, b.y) - reach) >> 6, 0, C4_IMAGE_SIDE);
    int32_t bottom = clamp(((larger(a.y, b.y) + reach) >> 6) + 1, 0, C4_IMAGE_SIDE);
    for (int32_t y = top; y < bottom; y++) {
        int32_t py = y * 64 + 32 - a.y;
        int32_t *row = squared + y * C4_IMAGE_SIDE;
        for (int32_t x = left; x < right; x++) {
            int32_t px = x * 64 + 32 - a.x;
            int32_t along = (px * along_x + py * along_y) >> 14;
            int32_t across = (py * along_x - px * along_y) >> 14;
            int32_t beyond = along - clamp(along, 0, length);
            row[x] = smaller(row[x], across * across + beyond * beyond);
        }
    }
}

void c4_stroke_coverage(const int32_t *squared, int32_t half, int32_t soft, uint16_t *coverage) {
    int32_t outer = (half + soft) * (half + soft);
    int32_t ramp = 4 * half * soft; /* outer minus (half - soft)^2 */
    int32_t inverse = (256 << 14) / ramp;
    for (int i = 0; i < C4_PLANE_BYTES; i++) {
        int32_t inside = (clamp(outer - squared[i], 0, ramp) * inverse + (1 << 13)) >> 14;
        coverage[i] = (uint16_t)smaller(inside, 256);
    }
}

void c4_add_noise(uint8_t *image, struct c4_draws *draws, int32_t amplitude) {
    for (int i = 0; i < C4_IMAGE_BYTES; i += 16) {
        struct c4_rng_block block =
            c4_rng_draw(draws->seed, C4_RNG_SYNTHETIC, draws->stream, draws->index++);
        uint8_t bytes[16];
        for (int j = 0; j < 16; j++) bytes[j] = (uint8_t)(block.word[j / 4] >> (j % 4 * 8));
        for (int j = 0; j < 16; j++) {
            int16_t noise = (int16_t)((bytes[j] & 15) - (bytes[j] >> 4));
            noise = (int16_t)((int16_t)(noise * (int16_t)amplitude) >> 4);
            int16_t sum = (int16_t)(image[i + j] + noise);
            sum = (int16_t)(sum < 0 ? 0 : sum);
            image[i + j] = (uint8_t)(sum > 255 ? 255 : sum);
        }
    }
}
