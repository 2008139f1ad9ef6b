#include "core/data/synthetic_draw.h"

static int32_t smaller(int32_t a, int32_t b) {
    return a < b ? a : b;
}
static int32_t larger(int32_t a, int32_t b) {
    return a > b ? a : b;
}
static int32_t size_of(int32_t a) {
    return a < 0 ? -a : a;
}

/* A fraction of a length, in 1/256. */
static int32_t part(int32_t length, int32_t of_256) {
    return length * of_256 / 256;
}

/* Signed distance to a circle around (x, y), correct near its edge and clamped to one pixel:
 * (r^2 - d^2) / 2r. */
struct circle {
    int32_t x, y, square, most, inverse;
};
static struct circle circle(int32_t x, int32_t y, int32_t r) {
    return (struct circle){x, y, r * r, 128 * r, (1 << 15) / (2 * r)};
}
static int32_t in_circle(const struct circle *c, int32_t u, int32_t v) {
    u -= c->x;
    v -= c->y;
    int32_t excess = c->square - u * u - v * v;
    return smaller(larger(excess, -c->most), c->most) * c->inverse >> 15;
}

static int32_t in_box(int32_t u, int32_t v, int32_t half_u, int32_t half_v) {
    return smaller(half_u - size_of(u), half_v - size_of(v));
}

/* Corners at distance r, one of them at the top. */
static int32_t in_triangle(int32_t u, int32_t v, int32_t r) {
    return smaller(r / 2 - v, r / 2 + v / 2 - (size_of(u) * 14189 >> 14));
}

/* A pentagram: inside at least four of five half-planes, so the second smallest distance counts. */
static int32_t in_star(int32_t u, int32_t v, int32_t apothem) {
    static const int32_t normal[5][2] = {
        {0, 16384}, {15582, 5063}, {9630, -13255}, {-9630, -13255}, {-15582, 5063}};
    int32_t first = INT32_MAX, second = INT32_MAX;
    for (int k = 0; k < 5; k++) {
        int32_t d = apothem - ((u * normal[k][0] + v * normal[k][1]) >> 14);
        second = smaller(second, larger(first, d));
        first = smaller(first, d);
    }
    return second;
}

/* Distance to the nearest edge of stripes of width `period` / 2, positive in every other stripe. */
static int32_t in_stripe(int32_t u, int32_t period) {
    int32_t place = u % period;
    if (place < 0) place += period;
    return period / 4 - size_of(place - period / 2);
}

struct shape {
    int32_t r;
    struct circle outer, inner;
};

static inline int32_t shape_distance(int class, const struct shape *s, int32_t u, int32_t v) {
    int32_t r = s->r;
    switch (class) {
    case 0:
        return in_circle(&s->outer, u, v);
    case 1:
    case 6:
        return smaller(in_circle(&s->outer, u, v), -in_circle(&s->inner, u, v));
    case 2:
        return in_box(u, v, part(r, 205), part(r, 205));
    case 3:
        return in_triangle(u, v, part(r, 282));
    case 4:
        return larger(in_box(u, v, r, part(r, 77)), in_box(u, v, part(r, 77), r));
    case 5:
        return in_star(u, v, part(r, 92));
    case 7:
        return in_box(u, v, part(r, 282), part(r, 90));
    case 8:
        return in_circle(&s->outer, u, v);
    default:
        return in_box(u, v, part(r, 215), part(r, 215));
    }
}

static struct shape shape_of(int class, int32_t r) {
    struct shape s = {.r = r};
    s.outer = circle(0, 0, class == 6 ? r : part(r, 240));
    s.inner = class == 6 ? circle(part(r, 130), 0, part(r, 215)) : circle(0, 0, part(r, 140));
    return s;
}

/* One loop per class, so that the compiler can specialise shape_distance(). */
#define FILL(class)                                                                                \
    case class:                                                                                    \
        for (int i = 0; i < C4_PLANE_BYTES; i++) {                                                 \
            coverage[i] = c4_edge(shape_distance(class, &s, u[i], v[i]));                          \
        }                                                                                          \
        break
static void shape_coverage(int class, int32_t r, const int32_t *u, const int32_t *v,
                           uint16_t *coverage) {
    struct shape s = shape_of(class, r);
    switch (class) {
        FILL(0);
        FILL(1);
        FILL(2);
        FILL(3);
        FILL(4);
        FILL(5);
        FILL(6);
        FILL(7);
        FILL(8);
        FILL(9);
    default:
        break;
    }
}
#undef FILL

/* Each pixel's position in the shape's own, rotated coordinates. */
static void own_coordinates(struct c4_point centre, struct c4_rotation turn, int32_t *u,
                            int32_t *v) {
    for (int32_t y = 0; y < C4_IMAGE_SIDE; y++) {
        int32_t py = y * 64 + 32 - centre.y;
        for (int32_t x = 0; x < C4_IMAGE_SIDE; x++) {
            int32_t px = x * 64 + 32 - centre.x;
            u[y * C4_IMAGE_SIDE + x] = (px * turn.cosine + py * turn.sine) >> 14;
            v[y * C4_IMAGE_SIDE + x] = (py * turn.cosine - px * turn.sine) >> 14;
        }
    }
}

/* A second colour inside the shape: stripes (class 8) or chequers (class 9). */
static void texture_coverage(int class, int32_t r, int32_t phase, const int32_t *u,
                             const int32_t *v, uint16_t *coverage) {
    int32_t period = class == 8 ? part(r, 170) : part(r, 215);
    for (int i = 0; i < C4_PLANE_BYTES; i++) {
        int32_t a = in_stripe(u[i] + phase, period), b = in_stripe(v[i], period);
        int32_t d = class == 8 ? a : larger(smaller(a, b), smaller(-a, -b));
        coverage[i] = (uint16_t)(coverage[i] * c4_edge(d) >> 8);
    }
}

static void draw_line(struct c4_draws *draws, const struct c4_paint *paint, uint8_t *image) {
    int32_t squared[C4_PLANE_BYTES];
    uint16_t coverage[C4_PLANE_BYTES];
    struct c4_point a = {c4_draw(draws, 0, 2047), c4_draw(draws, 0, 2047)};
    struct c4_point b = {a.x + c4_draw(draws, -768, 768), a.y + c4_draw(draws, -768, 768)};
    int32_t half = c4_draw(draws, 36, 110);
    for (int i = 0; i < C4_PLANE_BYTES; i++) squared[i] = C4_STROKE_FAR;
    c4_stroke_segment(squared, a, b, half + 32);
    c4_stroke_coverage(squared, half, 32, coverage);
    c4_paint_over(image, paint, coverage);
}

void c4_draw_background(struct c4_draws *draws, int clutter, struct c4_paint *paint,
                        uint8_t image[C4_IMAGE_BYTES]) {
    c4_draw_paint(draws, c4_draw(draws, 0, 255), paint);
    c4_paint_all(image, paint);
    for (int k = 0; k < clutter; k++) {
        struct c4_paint other;
        c4_draw_contrast(draws, paint, 24, &other);
        draw_line(draws, &other, image);
    }
}

void c4_draw_object(struct c4_draws *draws, int class, uint8_t image[C4_IMAGE_BYTES]) {
    int32_t u[C4_PLANE_BYTES], v[C4_PLANE_BYTES];
    uint16_t coverage[C4_PLANE_BYTES] = {0};
    struct c4_paint background, paint, second;
    c4_draw_background(draws, c4_draw(draws, 1, 3), &background, image);

    int32_t r = c4_draw(draws, 560, 900);
    struct c4_point centre = {c4_draw(draws, 768, 1280), c4_draw(draws, 768, 1280)};
    own_coordinates(centre, c4_rotation_of(c4_draw(draws, -12, 12)), u, v);
    c4_draw_contrast(draws, &background, 56, &paint);
    c4_draw_contrast(draws, &paint, 56, &second);
    shape_coverage(class, r, u, v, coverage);
    c4_paint_over(image, &paint, coverage);
    int32_t phase = c4_draw(draws, 0, 1023);
    if (class >= 8) {
        texture_coverage(class, r, phase, u, v, coverage);
        c4_paint_over(image, &second, coverage);
    }
    if (c4_draw(draws, 0, 5) == 0) draw_line(draws, &second, image); /* partly hides it */
    c4_add_noise(image, draws, c4_draw(draws, 2, 24));
}
