/* The error of float convolutions against double: Winograd with the points {0, +-3/4, +-3/2,
 * infinity} and direct, at the size of block 2.
 *
 * The expected errors were measured for this form and these points by a small program (relative
 * norm over 2,000 to 3,000 tiles); a test passes within 1.5 times these. The textbook points would
 * have twice the error. Every native backend has the reference's bits, so the best one represents
 * all. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/rng.h"
#include "simd/dispatch.h"
#include "tests/harness/unit.h"

enum { C = C4_CHANNELS, SIDE = 16, IMAGES = 128, MAP = SIDE * SIDE * C, FILTERS = 9 * C * C };
enum { POSITIONS = C4_WINOGRAD_POSITIONS };

static const struct c4_conv_shape shape = {IMAGES, SIDE, SIDE, C};

static void *room(size_t count, size_t size) {
    void *p = aligned_alloc(64, (count * size + 63) / 64 * 64);
    assert_non_null(p);
    memset(p, 0, count * size);
    return p;
}

/* Normally distributed numbers of this scale. */
static void fill(uint32_t stream, double scale, float *to, size_t count) {
    for (size_t i = 0; i < count; i += 2) {
        struct c4_rng_block block = c4_rng_draw(1, C4_RNG_TEST, stream, i);
        double radius = scale * sqrt(-2 * log(1 - c4_rng_unit(block.word[0])));
        double angle = 2 * 3.14159265358979323846 * c4_rng_unit(block.word[1]);
        to[i] = (float)(radius * cos(angle));
        to[i + 1] = (float)(radius * sin(angle));
    }
}

/* --- the same sums in double, by definition --- */

/* Runs `code` for each pair of a pixel of y and a pixel of x that a tap connects. */
#define FOR_EACH_TAP(code)                                                                         \
    for (ptrdiff_t image = 0; image < IMAGES; image++)                                             \
        for (ptrdiff_t i = 0; i < SIDE; i++)                                                       \
            for (ptrdiff_t j = 0; j < SIDE; j++)                                                   \
                for (ptrdiff_t tap = 0; tap < 9; tap++) {                                          \
                    ptrdiff_t row = i + tap / 3 - 1, col = j + tap % 3 - 1;                        \
                    if (row < 0 || row >= SIDE || col < 0 || col >= SIDE) continue;                \
                    ptrdiff_t out = ((image * SIDE + i) * SIDE + j) * C;                           \
                    ptrdiff_t in = ((image * SIDE + row) * SIDE + col) * C;                        \
                    code                                                                           \
                }

static void forward(const float *x, const float *w, double *y) {
    FOR_EACH_TAP(for (ptrdiff_t ci = 0; ci < C; ci++) {
        const double a = (double)x[in + ci];
        const float *row_of_w = w + (tap * C + ci) * C;
        for (ptrdiff_t co = 0; co < C; co++) y[out + co] += a * (double)row_of_w[co];
    })
}

static void backward_data(const float *dy, const float *wt, double *dx) {
    FOR_EACH_TAP(for (ptrdiff_t co = 0; co < C; co++) {
        const double a = (double)dy[out + co];
        const float *row_of_w = wt + (tap * C + co) * C;
        for (ptrdiff_t ci = 0; ci < C; ci++) dx[in + ci] += a * (double)row_of_w[ci];
    })
}

static void backward_weights(const float *x, const float *dy, double *dw) {
    FOR_EACH_TAP(for (ptrdiff_t ci = 0; ci < C; ci++) {
        const double a = (double)x[in + ci];
        double *row_of_dw = dw + (tap * C + ci) * C;
        for (ptrdiff_t co = 0; co < C; co++) row_of_dw[co] += a * (double)dy[out + co];
    })
}

static double error(const float *got, const double *want, size_t count) {
    double difference = 0, norm = 0;
    for (size_t i = 0; i < count; i++) {
        difference += ((double)got[i] - want[i]) * ((double)got[i] - want[i]);
        norm += want[i] * want[i];
    }
    assert_true(norm > 0);
    return sqrt(difference / norm);
}

static void expect(const char *what, double direct, double direct_expected, double winograd,
                   double winograd_expected) {
    printf("%-36s direct %.2e (%.2f of the expected), winograd %.2e (%.2f), ratio %.2f\n", what,
           direct, direct / direct_expected, winograd, winograd / winograd_expected,
           winograd / direct);
    assert_true(direct < 1.5 * direct_expected);
    assert_true(winograd < 1.5 * winograd_expected);
}

struct arrays {
    struct c4_dispatch use;
    float *x, *dy, *w, *wt, *u, *got, *scratch;
    double *want;
};

static int set_up(void **state) {
    struct arrays *a = calloc(1, sizeof *a);
    assert_non_null(a);
    *state = a;
    assert_int_equal(c4_dispatch("auto", &a->use), C4_OK);
    if (!a->use.backend.bit_exact) assert_int_equal(c4_dispatch("ref", &a->use), C4_OK);
    a->x = room((size_t)IMAGES * MAP, sizeof *a->x);
    a->dy = room((size_t)IMAGES * MAP, sizeof *a->dy);
    a->got = room((size_t)IMAGES * MAP, sizeof *a->got);
    a->want = room((size_t)IMAGES * MAP, sizeof *a->want);
    a->w = room(FILTERS, sizeof *a->w);
    a->wt = room(FILTERS, sizeof *a->wt);
    a->u = room((size_t)POSITIONS * C * C, sizeof *a->u);
    a->scratch = room(C4_WINOGRAD_SCRATCH, sizeof *a->scratch);
    fill(1, 1, a->x, (size_t)IMAGES * MAP);
    fill(2, 1, a->dy, (size_t)IMAGES * MAP);
    fill(3, sqrt(2.0 / (9 * C)), a->w, FILTERS);
    for (size_t tap = 0; tap < 9; tap++)
        for (size_t ci = 0; ci < C; ci++)
            for (size_t co = 0; co < C; co++)
                a->wt[(tap * C + co) * C + ci] = a->w[(tap * C + ci) * C + co];
    return 0;
}

static int tear_down(void **state) {
    struct arrays *a = *state;
    void *all[] = {a->x, a->dy, a->got, a->want, a->w, a->wt, a->u, a->scratch, a};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) free(all[i]);
    return 0;
}

static void check_forward(struct arrays *a, const char *what, double direct_expected,
                          double winograd_expected) {
    memset(a->want, 0, sizeof *a->want * IMAGES * MAP);
    forward(a->x, a->w, a->want);
    a->use.backend.conv_fwd_direct(&shape, a->x, a->w, a->got);
    double direct = error(a->got, a->want, (size_t)IMAGES * MAP);
    a->use.backend.winograd_weights(a->w, a->u);
    a->use.backend.conv_fwd_winograd(&shape, a->x, a->u, a->got, a->scratch);
    expect(what, direct, direct_expected, error(a->got, a->want, (size_t)IMAGES * MAP),
           winograd_expected);
}

static void forward_is_as_exact_as_expected(void **state) {
    struct arrays *a = *state;
    check_forward(a, "forward, normal input", 4.3e-7, 8.2e-7);
    for (size_t i = 0; i < (size_t)IMAGES * MAP; i++) a->x[i] = 0 > a->x[i] ? 0 : a->x[i];
    check_forward(a, "forward, its ReLU", 3.1e-7, 6.8e-7);
}

/* The adjoint of the forward pass, with its error. */
static void backward_data_is_as_exact_as_forward(void **state) {
    struct arrays *a = *state;
    backward_data(a->dy, a->wt, a->want);
    a->use.backend.conv_bwd_data_direct(&shape, a->dy, a->wt, a->got);
    double direct = error(a->got, a->want, (size_t)IMAGES * MAP);
    a->use.backend.winograd_weights(a->wt, a->u);
    a->use.backend.conv_bwd_data_winograd(&shape, a->dy, a->u, a->got, a->scratch);
    expect("backward data, normal gradient", direct, 4.3e-7,
           error(a->got, a->want, (size_t)IMAGES * MAP), 8.2e-7);
}

/* One slice of 2,048 tiles. */
static void backward_weights_is_as_exact_as_expected(void **state) {
    struct arrays *a = *state;
    float *dw = room(FILTERS, sizeof *dw);
    backward_weights(a->x, a->dy, a->want);
    a->use.backend.conv_bwd_weights_direct(&shape, a->x, a->dy, dw);
    double direct = error(dw, a->want, FILTERS);
    a->use.backend.conv_bwd_weights_winograd(&shape, a->x, a->dy, a->u, dw, a->scratch);
    expect("backward weights, normal input", direct, 3.7e-6, error(dw, a->want, FILTERS), 4.5e-6);
    free(dw);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(forward_is_as_exact_as_expected, set_up, tear_down),
        cmocka_unit_test_setup_teardown(backward_data_is_as_exact_as_forward, set_up, tear_down),
        cmocka_unit_test_setup_teardown(backward_weights_is_as_exact_as_expected, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
