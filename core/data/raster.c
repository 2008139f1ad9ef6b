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

struct c4_rotation c4_draw_rotation(struct c4_draws *draws) {
    struct c4_rotation quarter = c4_rotation_of(c4_draw(draws, 0, 63)), out = quarter;
    switch (c4_draw(draws, 0, 3)) {
    case 1:
        out = (struct c4_rotation){-quarter.sine, quarter.cosine};
        break;
    case 2:
        out = (struct c4_rotation){-quarter.cosine, -quarter.sine};
        break;
    case 3:
        out = (struct c4_rotation){quarter.sine, -quarter.cosine};
        break;
    default:
        break;
    }
    return out;
}

void c4_draw_contrast(struct c4_draws *draws, const struct c4_paint *other, int32_t contrast,
                      struct c4_paint *out) {
    for (int c = 0; c < 3; c++) {
        out->level[c] = (other->level[c] + c4_draw(draws, contrast, 256 - contrast)) & 255;
    }
    out->across = c4_draw(draws, -24, 24);
    out->down = c4_draw(draws, -24, 24);
}

void c4_paint_all(uint8_t *image, const struct c4_paint *paint) {
    int32_t coverage[C4_PLANE_BYTES];
    for (int i = 0; i < C4_PLANE_BYTES; i++) coverage[i] = 256;
    c4_paint_over(image, paint, coverage);
}

void c4_paint_over(uint8_t *image, const struct c4_paint *paint, const int32_t *coverage) {
    for (int c = 0; c < 3; c++) {
        uint8_t *plane = image + c * C4_PLANE_BYTES;
        for (int32_t y = 0; y < C4_IMAGE_SIDE; y++) {
            uint8_t *row = plane + y * C4_IMAGE_SIDE;
            const int32_t *cover = coverage + y * C4_IMAGE_SIDE;
            for (int32_t x = 0; x < C4_IMAGE_SIDE; x++) {
                int32_t slope = ((x - 16) * paint->across + (y - 16) * paint->down) >> 4;
                int32_t colour = clamp(paint->level[c] + slope, 0, 255);
                row[x] = (uint8_t)((row[x] * (256 - cover[x]) + colour * cover[x]) >> 8);
            }
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

void c4_stroke_coverage(const int32_t *squared, int32_t half, int32_t soft, int32_t *coverage) {
    int32_t outer = (half + soft) * (half + soft);
    int32_t ramp = 4 * half * soft; /* outer minus (half - soft)^2 */
    int32_t inverse = (256 << 14) / ramp;
    for (int i = 0; i < C4_PLANE_BYTES; i++) {
        coverage[i] =
            smaller((clamp(outer - squared[i], 0, ramp) * inverse + (1 << 13)) >> 14, 256);
    }
}

void c4_add_noise(uint8_t *image, struct c4_draws *draws, int32_t amplitude) {
    for (int i = 0; i < C4_IMAGE_BYTES; i += 16) {
        struct c4_rng_block block =
            c4_rng_draw(draws->seed, C4_RNG_SYNTHETIC, draws->stream, draws->index++);
        for (int j = 0; j < 16; j++) {
            int32_t byte = (int32_t)(block.word[j / 4] >> (j % 4 * 8)) & 255;
            int32_t noise = ((byte & 15) - (byte >> 4)) * amplitude >> 4;
            image[i + j] = (uint8_t)clamp(image[i + j] + noise, 0, 255);
        }
    }
}
