/* The stem: bytes to input, patch sums, and conv1's gradient from the selected pixels. */
#include "tests/harness/check_ops.h"

enum { SIDE = C4_IMAGE_SIDE, PIXELS = SIDE * SIDE, C = C4_CHANNELS, POOLED = PIXELS / 4 };

static const int batch_sizes[][C4_CHECK_MAX_SIZES] = {{1}, {2}, {3}, {5}};

/* Bytes: all alike in INTEGERS' first image, black and white in its second, else random. */
static uint8_t *add_images(struct c4_check_case *c, enum c4_check_data data,
                           struct c4_check_rng *rng) {
    size_t count = (size_t)c->sizes[0] * C4_IMAGE_BYTES;
    uint8_t *images = c4_check_add(c, "images", C4_CHECK_U8, C4_CHECK_IN, count, 1);
    for (size_t i = 0; images && i < count; i++) {
        size_t image = i / C4_IMAGE_BYTES;
        int byte = c4_check_rng_between(rng, 0, 255);
        if (data == C4_CHECK_INTEGERS && image == 0) byte = 255;
        if (data == C4_CHECK_INTEGERS && image == 1) byte = byte < 128 ? 0 : 255;
        images[i] = (uint8_t)byte;
    }
    return images;
}

static void make_input(struct c4_check_case *c, enum c4_check_data data, struct c4_check_rng *rng) {
    add_images(c, data, rng);
    c4_check_floats(c, "x", C4_CHECK_OUT, (size_t)c->sizes[0] * C4_IMAGE_BYTES, data, rng);
}

static void call_input(c4_check_fn *f, const int *v, void *const *p) {
    ((c4_stem_input_fn *)f)(v[0], p[0], p[1]);
}

static void naive_input(const struct c4_check_case *c, double *const *want) {
    const uint8_t *images = c->array[0].content;
    for (size_t i = 0; i < c->array[0].count; i++) {
        size_t image = i / C4_IMAGE_BYTES, channel = i / PIXELS % 3, pixel = i % PIXELS;
        double v = 2.0 * images[i] - 255.0;
        want[1][(image * PIXELS + pixel) * 3 + channel] = (double)(float)(v / 255.0);
    }
}

/* Bytes have no infinities and no denormals. */
enum { BYTES = 1 << C4_CHECK_INTEGERS | 1 << C4_CHECK_REALS };

const struct c4_check_op c4_check_stem_input = {
    .size_names = "n",
    C4_CHECK_SIZES(batch_sizes),
    .data = BYTES,
    .max_zeros = 0.5,
    .make = make_input,
    .call = call_input,
    .naive = naive_input,
};

static void make_moments(struct c4_check_case *c, enum c4_check_data data,
                         struct c4_check_rng *rng) {
    add_images(c, data, rng);
    c4_check_add(c, "first", C4_CHECK_I64, C4_CHECK_OUT, C4_PATCH, 8);
    c4_check_add(c, "second", C4_CHECK_I64, C4_CHECK_OUT, (size_t)C4_PATCH * C4_PATCH, 8);
}

static void call_moments(c4_check_fn *f, const int *v, void *const *p) {
    ((c4_stem_moments_fn *)f)(v[0], p[0], p[1], p[2]);
}

/* v at (row - 1, col - 1) of a plane with a border of zeros. */
static double padded(const uint8_t *plane, size_t row, size_t col) {
    if (row < 1 || row > SIDE || col < 1 || col > SIDE) return 0;
    return 2.0 * plane[(row - 1) * SIDE + col - 1] - 255.0;
}

static double patch_value(const uint8_t *image, size_t pixel, size_t k) {
    size_t tap = k / 3, channel = k % 3;
    return padded(image + channel * PIXELS, pixel / SIDE + tap / 3, pixel % SIDE + tap % 3);
}

static void naive_moments(const struct c4_check_case *c, double *const *want) {
    const uint8_t *images = c->array[0].content;
    for (size_t n = 0; n < (size_t)c->sizes[0]; n++)
        for (size_t k = 0; k < C4_PATCH; k++)
            for (size_t pixel = 0; pixel < PIXELS; pixel++) {
                const uint8_t *image = images + n * C4_IMAGE_BYTES;
                double v = patch_value(image, pixel, k);
                want[1][k] += v;
                for (size_t l = 0; l < C4_PATCH; l++)
                    want[2][k * C4_PATCH + l] += v * patch_value(image, pixel, l);
            }
}

const struct c4_check_op c4_check_stem_moments = {
    .size_names = "n",
    C4_CHECK_SIZES(batch_sizes),
    .data = BYTES,
    .max_zeros = 0.5,
    .make = make_moments,
    .call = call_moments,
    .naive = naive_moments,
};

static void make_select_grad(struct c4_check_case *c, enum c4_check_data data,
                             struct c4_check_rng *rng) {
    size_t n = (size_t)c->sizes[0], pooled = n * POOLED * C;
    c4_check_floats(c, "x", C4_CHECK_IN, n * C4_IMAGE_BYTES, data, rng);
    float *ds = c4_check_floats(c, "ds", C4_CHECK_IN, pooled, data, rng);
    c4_fill_factor(ds, pooled, data, rng);
    uint8_t *arg = c4_check_add(c, "arg", C4_CHECK_U8, C4_CHECK_IN, pooled, 64);
    for (size_t i = 0; arg && i < pooled; i++) {
        arg[i] = (uint8_t)c4_check_rng_between(rng, 0, 3);
        if (ds && c4_check_rng_between(rng, 0, 1)) ds[i] = 0; /* half of them, as behind a ReLU */
    }
    c4_check_floats(c, "r", C4_CHECK_OUT, (size_t)C4_PATCH * C, data, rng);
    c4_check_floats(c, "scratch", C4_CHECK_SCRATCH, C4_STEM_SCRATCH, data, rng);
}

static void call_select_grad(c4_check_fn *f, const int *v, void *const *p) {
    ((c4_stem_select_grad_fn *)f)(v[0], p[0], p[1], p[2], p[3], p[4]);
}

static void naive_select_grad(const struct c4_check_case *c, double *const *want) {
    const float *x = c->array[0].content, *ds = c->array[1].content;
    const uint8_t *arg = c->array[2].content;
    for (size_t i = 0; i < c->array[1].count; i++) {
        size_t position = i / C % POOLED, image = i / C / POOLED;
        size_t row = position / (SIDE / 2) * 2 + arg[i] / 2;
        size_t col = position % (SIDE / 2) * 2 + arg[i] % 2;
        for (size_t k = 0; k < C4_PATCH; k++) {
            size_t y = row + k / 9, z = col + k / 3 % 3; /* one more than the pixel's place */
            if (y < 1 || y > SIDE || z < 1 || z > SIDE) continue;
            size_t at = ((image * SIDE + y - 1) * SIDE + z - 1) * 3 + k % 3;
            want[3][k * C + i % C] += (double)x[at] * (double)ds[i];
        }
    }
}

const struct c4_check_op c4_check_stem_select_grad = {
    .size_names = "n",
    C4_CHECK_SIZES(batch_sizes),
    .data = C4_CHECK_ALL_DATA,
    .max_zeros = 0.5,
    .make = make_select_grad,
    .call = call_select_grad,
    .naive = naive_select_grad,
};
