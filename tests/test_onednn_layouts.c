/* The oneDNN backend where the library's kernels are few: on SSE4.1 alone it takes other layouts,
 * so that maps must change theirs between operations. */
#include "tests/test_onednn.h"

#ifdef C4_HAVE_ONEDNN

#include "simd/onednn/describe.h"

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
    free(in);
}

int main(void) {
    if (setenv("ONEDNN_MAX_CPU_ISA", "SSE41", 1) != 0)
        return 1; /* read at the library's first use */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(another_layout_gives_the_same_step),
        cmocka_unit_test(kernels_are_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

/* Visible in the summary: a build without the library has not tested it. */
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
