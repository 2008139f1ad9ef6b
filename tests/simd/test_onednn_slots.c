/* The op slots of the oneDNN backend: odd sizes, margins, thread teams. */
#include "tests/simd/test_onednn.h"

#ifdef C4_HAVE_ONEDNN

/* A slot's buffers, 64-byte aligned, with margins on both sides that must stay unchanged. */
enum { MARGIN = 16 };

static float *buffer(size_t count, uint32_t stream) {
    size_t padded = (count + 2 * MARGIN + 15) / 16 * 16;
    float *memory = aligned_alloc(64, padded * sizeof *memory);
    assert_non_null(memory);
    for (size_t i = 0; i < padded; i++)
        memory[i] = stream ? (float)uniform(9, stream, i, -1, 1) : 12345.0F;
    if (!stream)
        for (size_t i = 0; i < count; i++) memory[MARGIN + i] = NAN;
    return memory + MARGIN;
}

static void same_output(const float *got, const float *want, size_t count, const char *what,
                        const struct c4_conv_shape *shape) {
    double difference = 0, norm = 0;
    for (size_t i = 0; i < count; i++) {
        difference += ((double)got[i] - (double)want[i]) * ((double)got[i] - (double)want[i]);
        norm += (double)want[i] * (double)want[i];
    }
    if (!(sqrt(difference) <= 2e-6 * sqrt(norm)))
        print_error("%s of %dx%dx%dx%d: %.1e\n", what, shape->n, shape->h, shape->w, shape->ci,
                    sqrt(difference / norm));
    assert_true(sqrt(difference) <= 2e-6 * sqrt(norm));
    for (size_t i = 0; i < MARGIN; i++) {
        assert_true(got[-1 - (ptrdiff_t)i] == 12345.0F);
        assert_true(got[count + i] == 12345.0F);
    }
}

static void slots(void **state) {
    (void)state;
    static const struct c4_conv_shape shapes[] = {
        {1, 1, 1, 64}, {2, 3, 5, 64},  {1, 1, 9, 64}, {3, 16, 16, 64}, {4, 4, 4, 64},
        {1, 1, 1, 3},  {2, 32, 32, 3}, {3, 7, 2, 3},  {5, 8, 8, 64},   {1, 33, 17, 3},
    };
    struct c4_dispatch dnn, ref;
    ok(c4_dispatch("onednn", &dnn));
    ok(c4_dispatch("ref", &ref));
    const enum c4_op_slot own[] = {C4_SLOT_conv_fwd_direct, C4_SLOT_conv_bwd_data_direct,
                                   C4_SLOT_conv_bwd_weights_direct};
    ok(c4_dispatch_strict(&dnn, true, own, 3));
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
        const struct c4_conv_shape *shape = &shapes[s];
        size_t pixels = (size_t)shape->n * (size_t)shape->h * (size_t)shape->w;
        size_t narrow = pixels * (size_t)shape->ci, wide = pixels * C,
               filters = 9 * (size_t)shape->ci * C;
        float *x = buffer(narrow, 20), *dy = buffer(wide, 21), *w = buffer(filters, 22);
        float *y[2] = {buffer(wide, 0), buffer(wide, 0)};
        float *dx[2] = {buffer(narrow, 0), buffer(narrow, 0)};
        float *dw[2] = {buffer(filters, 0), buffer(filters, 0)};
        const struct c4_backend *backend[2] = {&dnn.backend, &ref.backend};
        int threads = omp_get_max_threads();
        for (int i = 0; i < 2; i++) {
            backend[i]->conv_fwd_direct(shape, x, w, y[i]);
            backend[i]->conv_bwd_data_direct(shape, dy, w, dx[i]);
            backend[i]->conv_bwd_weights_direct(shape, x, dy, dw[i]);
        }
        assert_int_equal(omp_get_max_threads(), threads);
        same_output(y[0], y[1], wide, "forward", shape);
        same_output(dx[0], dx[1], narrow, "data gradient", shape);
        same_output(dw[0], dw[1], filters, "weight gradient", shape);
        float *const all[] = {x, dy, w, y[0], y[1], dx[0], dx[1], dw[0], dw[1]};
        for (size_t i = 0; i < sizeof all / sizeof *all; i++) free(all[i] - MARGIN);
    }
}

/* The caller splits images over threads. */
static void slots_in_a_team(void **state) {
    (void)state;
    struct c4_dispatch dnn;
    ok(c4_dispatch("onednn", &dnn));
    enum { IMAGES = 4 };
    const struct c4_conv_shape shape = {1, 8, 8, 64};
    size_t image = 64 * C;
    float *x = buffer(IMAGES * image, 30), *w = buffer((size_t)9 * 64 * C, 31);
    float *alone = buffer(IMAGES * image, 0), *team = buffer(IMAGES * image, 0);
    for (size_t i = 0; i < IMAGES; i++)
        dnn.backend.conv_fwd_direct(&shape, x + i * image, w, alone + i * image);
#pragma omp parallel for num_threads(2)
    for (size_t i = 0; i < IMAGES; i++)
        dnn.backend.conv_fwd_direct(&shape, x + i * image, w, team + i * image);
    same_output(team, alone, IMAGES * image, "forward in a team", &shape);
    float *const all[] = {x, w, alone, team};
    for (size_t i = 0; i < 4; i++) free(all[i] - MARGIN);
}

/* Against a sum in double, added to what was there; elements beyond a block stay unchanged. */
static void gram_blocks(void **state) {
    (void)state;
    enum { PANEL = C4_GRAM_PANEL };
    static const struct {
        size_t rows_x, panels_y, features;
    } cases[] = {{1, 1, 1},     {3, 2, 256}, {7, 1, 257}, {48, 3, 300},
                 {33, 2, 1024}, {4, 4, 0},   {0, 3, 8},   {3, 0, 8}};
    struct c4_dispatch dnn;
    ok(c4_dispatch("onednn", &dnn));
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        const size_t rows = cases[k].rows_x, features = cases[k].features,
                     columns = cases[k].panels_y * PANEL, stride = features * PANEL + 32,
                     wide = columns + 2, panels = (rows + PANEL - 1) / PANEL;
        float *x = buffer(panels * stride + 1, 40), *y = buffer(cases[k].panels_y * stride + 1, 41);
        double *gram = room(rows * wide + 1, sizeof *gram);
        for (size_t i = 0; i < rows * wide; i++) gram[i] = 7;
        dnn.backend.gram_block(x, y, rows, cases[k].panels_y, features, stride, gram, wide, NULL);
        for (size_t i = 0; i < rows; i++)
            for (size_t j = 0; j < wide; j++) {
                double want = 7, size = 7;
                for (size_t f = 0; j < columns && f < features; f++) {
                    double term = (double)x[i / PANEL * stride + f * PANEL + i % PANEL] *
                                  (double)y[j / PANEL * stride + f * PANEL + j % PANEL];
                    want += term;
                    size += fabs(term);
                }
                near(fabs(gram[i * wide + j] - want), j < columns ? 0x1p-20 * size : 0, "gram",
                     (int)k);
            }
        free(gram);
        free(x - MARGIN);
        free(y - MARGIN);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slots),
        cmocka_unit_test(slots_in_a_team),
        cmocka_unit_test(gram_blocks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

/* Makes it visible in the summary that a build without the library has not tested it. */
static void onednn_is_not_part_of_this_build(void **state) {
    (void)state;
    struct c4_dispatch dispatch;
    assert_int_equal(c4_dispatch("onednn", &dispatch), C4_ERR_ENVIRONMENT);
    skip();
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(onednn_is_not_part_of_this_build)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#endif
