/* The oneDNN backend where the library has few kernels: with only SSE4.1 it uses other layouts, so
 * maps must be reordered between operations. */
#include "tests/simd/test_onednn.h"

#ifdef C4_HAVE_ONEDNN

#include "simd/onednn/describe.h"
#include "simd/onednn/sums.h"

static void another_layout_gives_the_same_step(void **state) {
    (void)state;
    compare_steps(C4_BN_RELU, C4_WINOGRAD, 5, 2, SEEDS, 1);
    compare_steps(C4_RELU_BN, C4_WINOGRAD, 5, 1, SEEDS, 1);
}

static void kernels_are_others(void **state) {
    (void)state;
    struct input *in = room(1, sizeof *in);
    draw(1, C4_BN_RELU, in);
    struct plan p = open_plan("onednn", C4_BN_RELU, C4_DIRECT, 1, in);
    const struct c4_batch batch = batch_of(in, 2);
    struct c4_step_result result;
    ok(p.api->step(p.plan, &batch, NULL, &result));
    assert_null(strstr(c4_onednn_describe(p.plan), "avx"));
    close_plan(&p);
    assert_false(has_winograd());
    free(in);
}

/* Sums in every kind of layout, whichever the library chooses on this CPU, with the same bits for
 * any number of threads. */
static void sums_in_all_layouts(void **state) {
    (void)state;
    enum { IMAGES = 3, PIXELS = 16, COUNT = IMAGES * PIXELS * C };
    float *y = room(COUNT, sizeof *y);
    double partial[IMAGES * 2 * C];
    for (size_t i = 0; i < COUNT; i++) y[i] = (float)uniform(1, 1, i, -1, 2);
    for (size_t inner = 1; inner <= C; inner *= 2) {
        const struct c4_dnn_map map = {IMAGES, PIXELS, inner, PIXELS * inner, PIXELS * C};
        double want[C] = {0}, want_sq[C] = {0}, sum[2][2 * C];
        for (size_t i = 0; i < COUNT; i++) {
            size_t c = i % (PIXELS * C) / (PIXELS * inner) * inner + i % inner;
            want[c] += (double)y[i];
            want_sq[c] += (double)y[i] * (double)y[i];
        }
        int threads = omp_get_max_threads();
        for (int i = 0; i < 2; i++) {
            omp_set_num_threads(1 + 4 * i);
            c4_dnn_channel_sums(&map, c4_dispatch_lane_sums(), y, partial, sum[i], sum[i] + C);
        }
        omp_set_num_threads(threads);
        assert_memory_equal(sum[0], sum[1], sizeof sum[0]);
        near(distance(sum[0], want, C), 1e-14, "sums, inner", (int)inner);
        near(distance(sum[0] + C, want_sq, C), 1e-14, "squares, inner", (int)inner);
    }
    free(y);
}

static void plain_layouts_as_maps(void **state) {
    (void)state;
    struct c4_dnn dnn;
    ok(c4_dnn_open(&dnn));
    const int dims[4] = {2, C, 4, 6}, odd[4] = {2, C, 3, 3};
    static const struct c4_dnn_map want[] = {
        [C4_DNN_NCHW] = {2, 24, 1, 24, 24 * C}, [C4_DNN_NHWC] = {2, 24, C, 0, 24 * C}};
    for (int i = 0; i < 2; i++) {
        enum c4_dnn_format format = i ? C4_DNN_NHWC : C4_DNN_NCHW;
        dnnl_memory_t memory;
        struct c4_dnn_map map;
        ok(c4_dnn_plain_memory(&dnn, format, dims, NULL, &memory));
        ok(c4_dnn_map_of(c4_dnn_memory_layout(memory), &map));
        assert_memory_equal(&map, &want[format], sizeof map);
        dnnl_memory_destroy(memory);
    }
    static const enum c4_dnn_format others[] = {C4_DNN_NCHW, C4_DNN_HWIO, C4_DNN_VECTOR};
    for (int i = 0; i < 3; i++) {
        dnnl_memory_t memory;
        struct c4_dnn_map map;
        ok(c4_dnn_plain_memory(&dnn, others[i], odd, NULL, &memory));
        assert_int_equal(c4_dnn_map_of(c4_dnn_memory_layout(memory), &map), C4_ERR_ENVIRONMENT);
        dnnl_memory_destroy(memory);
    }
    c4_dnn_close(&dnn);
}

int main(void) {
    if (setenv("ONEDNN_MAX_CPU_ISA", "SSE41", 1) != 0)
        return 1; /* read at the library's first use */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(another_layout_gives_the_same_step),
        cmocka_unit_test(kernels_are_others),
        cmocka_unit_test(sums_in_all_layouts),
        cmocka_unit_test(plain_layouts_as_maps),
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
