/* Faults planted around reference kernels: the harness must report each one, as the right kind. */
#include <fenv.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/harness/check_memory.h"
#include "tests/harness/check_ops.h"
#include "tests/harness/unit.h"

/* All faults sit in bn_apply, on maps of 64 pixels: whole pages. */
static void reference(int64_t pixels, bool relu, const float *selected, const float *scale,
                      const float *shift, float *p) {
    c4_backend_ref.bn_apply(pixels, relu, selected, scale, shift, p);
}

#define FAULTY(name)                                                                               \
    static void name(int64_t pixels, bool relu, const float *selected, const float *scale,         \
                     const float *shift, float *p)

FAULTY(one_wrong_element) {
    reference(pixels, relu, selected, scale, shift, p);
    p[pixels * 32] += 1;
}

FAULTY(one_unit_in_the_last_place) {
    reference(pixels, relu, selected, scale, shift, p);
    int64_t i = 0;
    while (!(p[i] > 0)) i++;
    p[i] = nextafterf(p[i], 2 * p[i]);
}

FAULTY(nan_result) {
    reference(pixels, relu, selected, scale, shift, p);
    p[pixels * 64 - 1] = NAN;
}

FAULTY(write_after) {
    reference(pixels, relu, selected, scale, shift, p);
    p[pixels * 64] = 0;
}

FAULTY(write_before) {
    reference(pixels, relu, selected, scale, shift, p);
    p[-1] = 0;
}

FAULTY(read_after) {
    volatile float beyond = selected[pixels * 64];
    (void)beyond;
    reference(pixels, relu, selected, scale, shift, p);
}

FAULTY(read_before) {
    volatile float before = selected[-1];
    (void)before;
    reference(pixels, relu, selected, scale, shift, p);
}

FAULTY(last_element_unwritten) {
    float last = p[pixels * 64 - 1];
    reference(pixels, relu, selected, scale, shift, p);
    p[pixels * 64 - 1] = last;
}

FAULTY(nothing_written) {
    (void)pixels, (void)relu, (void)selected, (void)scale, (void)shift, (void)p;
}

FAULTY(added_instead_of_stored) {
    float *sum = malloc((size_t)pixels * 64 * sizeof *sum);
    if (!sum) return;
    reference(pixels, relu, selected, scale, shift, sum);
    for (int64_t i = 0; i < pixels * 64; i++) p[i] += sum[i];
    free(sum);
}

FAULTY(rounding_mode) {
    reference(pixels, relu, selected, scale, shift, p);
    fesetround(FE_UPWARD);
}

FAULTY(flush_to_zero) {
    reference(pixels, relu, selected, scale, shift, p);
    struct c4_fp_control control = c4_fp_control_get();
#if defined(__x86_64__)
    control.word |= 0x8000; /* FTZ */
#else
    control.word |= 1u << 24; /* FZ */
#endif
    c4_fp_control_set(control);
}

FAULTY(flushes_inside) {
    struct c4_fp_control control = c4_fp_control_get(), flushing = control;
#if defined(__x86_64__)
    flushing.word |= 0x8040; /* FTZ and DAZ */
#else
    flushing.word |= 1u << 24;
#endif
    c4_fp_control_set(flushing);
    reference(pixels, relu, selected, scale, shift, p);
    c4_fp_control_set(control);
}

FAULTY(input_modified) {
    reference(pixels, relu, selected, scale, shift, p);
    memset((void *)(shift + 63), 0, sizeof *shift);
}

FAULTY(state_between_calls) {
    static int calls;
    reference(pixels, relu, selected, scale, shift, p);
    if (++calls % 2 == 0) p[5] += 1;
}

FAULTY(illegal_instruction) {
    reference(pixels, relu, selected, scale, shift, p);
#if defined(__x86_64__)
    __asm__ volatile("ud2");
#elif defined(__aarch64__)
    __asm__ volatile("udf #0");
#else
    raise(SIGILL);
#endif
}

static void no_fault_case(struct c4_check_case *c, enum c4_check_data data) {
    int size = 0;
    const struct c4_check_op *op = c4_check_op(C4_SLOT_bn_apply);
    while (op->sizes[size][0] < 16 || op->sizes[size][1]) size++; /* 16 pages, no ReLU */
    assert_true(c4_check_make(c, C4_SLOT_bn_apply, size, data, 1));
    c->backend = "planted";
    assert_true(c4_check_expect(c, c4_op_function(&c4_backend_ref, C4_SLOT_bn_apply)));
}

static struct planted {
    const char *name;
    c4_bn_apply_fn *kernel;
    enum c4_check_fault fault;
} planted[] = {
    {"one wrong element", one_wrong_element, C4_CHECK_VALUE},
    {"one unit in the last place", one_unit_in_the_last_place, C4_CHECK_VALUE},
    {"NaN result", nan_result, C4_CHECK_VALUE},
    {"write after", write_after, C4_CHECK_SIGNAL},
    {"write before", write_before, C4_CHECK_BAND},
    {"read after", read_after, C4_CHECK_SIGNAL},
    {"read before", read_before, C4_CHECK_SIGNAL},
    {"last element unwritten", last_element_unwritten, C4_CHECK_UNWRITTEN},
    {"nothing written", nothing_written, C4_CHECK_UNWRITTEN},
    {"added instead of stored", added_instead_of_stored, C4_CHECK_VALUE},
    {"rounding mode", rounding_mode, C4_CHECK_CONTROL},
    {"flush to zero", flush_to_zero, C4_CHECK_CONTROL},
    {"input modified", input_modified, C4_CHECK_INPUT},
    {"state between calls", state_between_calls, C4_CHECK_STATE},
    {"illegal instruction", illegal_instruction, C4_CHECK_SIGNAL},
};

static void planted_fault_is_reported(void **state) {
    const struct planted *p = *state;
    struct c4_check_case c;
    struct c4_check_result result;
    struct c4_check_tally tally = {0, 0};
    no_fault_case(&c, C4_CHECK_REALS);
    struct c4_fp_control before = c4_fp_control_get();
    assert_false(c4_check_run(&c, (c4_op_fn *)p->kernel, &result));
    c4_check_count(&tally, &result, stdout);
    struct c4_fp_control after = c4_fp_control_get();
    assert_int_equal(result.fault, p->fault);
    assert_non_null(strstr(result.text, "C4_CHECK_SEED=1 C4_CHECK_ONLY=planted/bn_apply"));
    assert_false(c4_check_passed(&tally));
    assert_true(before.word == after.word && before.rounding == after.rounding);
    /* The harness is unharmed: the true kernel still passes. */
    assert_true(c4_check_run(&c, (c4_op_fn *)reference, &result));
    c4_check_free(&c);
}

static void flushing_shows_in_extreme_values_only(void **state) {
    (void)state;
    struct c4_check_case c;
    struct c4_check_result result;
    no_fault_case(&c, C4_CHECK_REALS);
    assert_true(c4_check_run(&c, (c4_op_fn *)flushes_inside, &result));
    c4_check_free(&c);
    no_fault_case(&c, C4_CHECK_EXTREMES);
    assert_false(c4_check_run(&c, (c4_op_fn *)flushes_inside, &result));
    assert_int_equal(result.fault, C4_CHECK_VALUE);
    c4_check_free(&c);
}

static void a_tolerance_lets_small_errors_pass_only(void **state) {
    (void)state;
    struct c4_check_case c;
    struct c4_check_result result;
    no_fault_case(&c, C4_CHECK_REALS);
    c.tolerance = 1e-5;
    assert_true(c4_check_run(&c, (c4_op_fn *)one_unit_in_the_last_place, &result));
    assert_false(c4_check_run(&c, (c4_op_fn *)one_wrong_element, &result));
    assert_int_equal(result.fault, C4_CHECK_VALUE);
    assert_false(c4_check_run(&c, (c4_op_fn *)nan_result, &result));
    assert_int_equal(result.fault, C4_CHECK_VALUE);
    c.tolerance = 0.5; /* as large as the signal */
    assert_false(c4_check_run(&c, (c4_op_fn *)reference, &result));
    assert_int_equal(result.fault, C4_CHECK_VACUOUS);
    c4_check_free(&c);
}

static void too_many_zeros_prove_nothing(void **state) {
    (void)state;
    struct c4_check_case c;
    struct c4_check_result result;
    no_fault_case(&c, C4_CHECK_REALS);
    for (int i = 0; i < c.array_count; i++)
        if (c.array[i].spec.role == C4_OP_IN)
            memset(c.array[i].content, 0, c.array[i].spec.count * 4);
    assert_true(c4_check_expect(&c, (c4_op_fn *)reference));
    assert_false(c4_check_run(&c, (c4_op_fn *)reference, &result));
    assert_int_equal(result.fault, C4_CHECK_VACUOUS);
    c4_check_free(&c);
}

static void differences_are_counted_and_few_are_shown(void **state) {
    (void)state;
    struct c4_check_case c;
    struct c4_check_result result;
    no_fault_case(&c, C4_CHECK_REALS);
    assert_false(c4_check_run(&c, (c4_op_fn *)nothing_written, &result));
    char want[64];
    size_t count = c.array[c.array_count - 1].spec.count;
    snprintf(want, sizeof want, "in %zu of %zu elements, first at 0", count, count);
    assert_non_null(strstr(result.text, want));
    int lines = 0;
    for (const char *at = result.text; *at; at++) lines += *at == '\n';
    assert_int_equal(lines, 8);
    c4_check_free(&c);
}

static void naive_loops_notice_a_wrong_reference(void **state) {
    (void)state;
    struct c4_check_case c;
    struct c4_check_result result;
    no_fault_case(&c, C4_CHECK_REALS);
    assert_true(c4_check_naive(&c, C4_SLOT_bn_apply, C4_CHECK_REALS, &result));
    assert_true(c4_check_expect(&c, (c4_op_fn *)one_wrong_element));
    assert_false(c4_check_naive(&c, C4_SLOT_bn_apply, C4_CHECK_REALS, &result));
    assert_int_equal(result.fault, C4_CHECK_VALUE);
    assert_true(c4_check_expect(&c, (c4_op_fn *)nan_result));
    assert_false(c4_check_naive(&c, C4_SLOT_bn_apply, C4_CHECK_REALS, &result));
    c4_check_free(&c);
}

static void no_case_is_a_failure(void **state) {
    (void)state;
    struct c4_check_tally tally = {0, 0};
    struct c4_check_result result = {.fault = C4_CHECK_PASSED};
    assert_false(c4_check_passed(&tally));
    c4_check_count(&tally, &result, stdout);
    assert_true(c4_check_passed(&tally));
    struct c4_check_case empty = {.backend = "none", .data = "none"};
    assert_false(c4_check_run(&empty, (c4_op_fn *)reference, &result));
    assert_int_equal(result.fault, C4_CHECK_SETUP);
}

static void seed_changes_inputs_and_repeats_them(void **state) {
    (void)state;
    struct c4_check_case a, b, other;
    assert_true(c4_check_make(&a, C4_SLOT_gram_block, 8, C4_CHECK_REALS, 1));
    assert_true(c4_check_make(&b, C4_SLOT_gram_block, 8, C4_CHECK_REALS, 1));
    assert_true(c4_check_make(&other, C4_SLOT_gram_block, 8, C4_CHECK_REALS, 2));
    size_t bytes = a.array[0].spec.count * sizeof(float);
    assert_memory_equal(a.array[0].content, b.array[0].content, bytes);
    assert_memory_not_equal(a.array[0].content, other.array[0].content, bytes);
    c4_check_free(&a);
    c4_check_free(&b);
    c4_check_free(&other);
}

int main(void) {
    enum { PLANTED = sizeof planted / sizeof *planted };
    const struct CMUnitTest others[] = {
        cmocka_unit_test(flushing_shows_in_extreme_values_only),
        cmocka_unit_test(a_tolerance_lets_small_errors_pass_only),
        cmocka_unit_test(too_many_zeros_prove_nothing),
        cmocka_unit_test(differences_are_counted_and_few_are_shown),
        cmocka_unit_test(naive_loops_notice_a_wrong_reference),
        cmocka_unit_test(no_case_is_a_failure),
        cmocka_unit_test(seed_changes_inputs_and_repeats_them),
    };
    struct CMUnitTest tests[PLANTED + sizeof others / sizeof *others];
    for (int i = 0; i < PLANTED; i++)
        tests[i] = (struct CMUnitTest){planted[i].name, planted_fault_is_reported, NULL, NULL,
                                       &planted[i]};
    memcpy(tests + PLANTED, others, sizeof others);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
