/* The stem: bytes to input, patch sums, and conv1's gradient from the selected pixels. */
#include "tests/harness/check_ops.h"

enum { SIDE = C4_IMAGE_SIDE, PIXELS = SIDE * SIDE, C = C4_CHANNELS, POOLED = PIXELS / 4 };

static const int batch_sizes[][C4_CHECK_MAX_SIZES] = {{1}, {2}, {3}, {5}};

static struct c4_op_size batch_size(const int *v) {
    return (struct c4_op_size){.n = v[0]};
}

/* In INTEGERS the first image is constant, the second black and white. */
static void adjust_images(struct c4_check_case *c, enum c4_check_data data,
                          struct c4_check_rng *rng) {
    uint8_t *images = c->array[0].content;
    (void)rng;
    if (data != C4_CHECK_INTEGERS) return;
    for (size_t i = 0; i < C4_IMAGE_BYTES; i++) images[i] = 255;
    for (size_t i = C4_IMAGE_BYTES; c->size.n > 1 && i < 2 * C4_IMAGE_BYTES; i++)
        images[i] = images[i] < 128 ? 0 : 255;
}

static void naive_input(const struct c4_check_case *c, double *const *want) {
    const uint8_t *images = c->array[0].content;
    for (size_t i = 0; i < c->array[0].spec.count; i++) {
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
    .size = batch_size,
    .adjust = adjust_images,
    .naive = naive_input,
};

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
    for (size_t n = 0; n < (size_t)c->size.n; n++)
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
    .size = batch_size,
    .adjust = adjust_images,
    .naive = naive_moments,
};

static void naive_select_grad(const struct c4_check_case *c, double *const *want) {
    const float *x = c->array[0].content, *ds = c->array[1].content;
    const uint8_t *arg = c->array[2].content;
    for (size_t i = 0; i < c->array[1].spec.count; i++) {
        size_t position = i / C % POOLED, image = i / C / POOLED;
        size_t row = position / (SIDE / 2) * 2 + arg[i] / 2;
        size_t col = position % (SIDE / 2) * 2 + arg[i] % 2;
        for (size_t k = 0; k < C4_PATCH; k++) {
            size_t y = row + k / 9, z = col + k / 3 % 3; /* one more than the pixel's position */
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
    .size = batch_size,
    .naive = naive_select_grad,
};
