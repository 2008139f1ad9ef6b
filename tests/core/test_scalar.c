/* The scalar mathematics of a step: exp and log against libm, softmax, BN coefficients. */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/op/scalar.h"
#include "tests/harness/check.h"
#include "tests/harness/unit.h"

/* Distance in units in the last place; both values are finite and of one sign. */
static double ulps(double got, double want) {
    int64_t a, b;
    memcpy(&a, &got, sizeof a);
    memcpy(&b, &want, sizeof b);
    return fabs((double)(a - b));
}

/* libm and c4_exp are each within one unit of the true value, so within two of each other, or three
 * where a subnormal result rounds twice. Worst cases are printed. */
static void exp_is_within_two_units_of_libm(void **state) {
    (void)state;
    double worst = 0, at = 0;
    for (int i = -70830; i <= 70970; i++) {
        double x = i * 0.01 + 1e-5 * (i % 7);
        double distance = ulps(c4_exp(x), exp(x));
        if (distance > worst) worst = distance, at = x;
    }
    struct c4_check_rng rng = c4_check_rng_start(c4_check_seed(), "exp");
    for (int i = 0; i < 200000; i++) { /* softmax's range */
        double x = -40 * c4_check_rng_unit(&rng);
        double distance = ulps(c4_exp(x), exp(x));
        if (distance > worst) worst = distance, at = x;
    }
    printf("exp: at most %g units in the last place from libm, at %.17g\n", worst, at);
    assert_true(worst <= 2);
    for (int i = -74510; i < -70830; i++) { /* subnormal results */
        double x = i * 0.01;
        assert_true(fabs(c4_exp(x) - exp(x)) <= 2 * 0x1p-1074 + 2 * DBL_EPSILON * exp(x));
    }
}

static void exp_of_special_values(void **state) {
    (void)state;
    assert_true(c4_exp(0.0) == 1.0 && c4_exp(-0.0) == 1.0);
    assert_true(c4_exp(-746) == 0.0 && !signbit(c4_exp(-746)));
    assert_true(c4_exp(-1e300) == 0.0 && c4_exp(-INFINITY) == 0.0);
    assert_true(c4_exp(710) == INFINITY && c4_exp(1e300) == INFINITY);
    assert_true(c4_exp(INFINITY) == INFINITY);
    assert_true(isnan(c4_exp(NAN)));
    assert_true(c4_exp(-745.0) == 0x1p-1074);
    assert_true(isfinite(c4_exp(709.78)) && c4_exp(709.78) > 1e308);
}

static void log_is_within_two_units_of_libm(void **state) {
    (void)state;
    double worst = 0, at = 0;
    struct c4_check_rng rng = c4_check_rng_start(c4_check_seed(), "log");
    for (int i = 0; i < 200000; i++) {
        double x = i < 100000 ? 1 + 9 * c4_check_rng_unit(&rng) /* sums of ten exponentials */
                              : ldexp(1 + c4_check_rng_unit(&rng),
                                      c4_check_rng_between(&rng, -1074, 1022));
        double distance = ulps(c4_log(x), log(x));
        if (distance > worst) worst = distance, at = x;
    }
    printf("log: at most %g units in the last place from libm, at %.17g\n", worst, at);
    assert_true(worst <= 2);
    /* Near 1 the result is as small as x - 1: the error must be relative there, too. */
    for (int k = 1; k <= 52; k++) {
        assert_true(ulps(c4_log(1 + ldexp(1, -k)), log(1 + ldexp(1, -k))) <= 2);
        assert_true(ulps(c4_log(1 - ldexp(1, -k - 1)), log(1 - ldexp(1, -k - 1))) <= 2);
    }
}

static void log_of_special_values(void **state) {
    (void)state;
    assert_true(c4_log(1.0) == 0.0);
    assert_true(c4_log(0.0) == -INFINITY && c4_log(-0.0) == -INFINITY);
    assert_true(isnan(c4_log(-1.0)) && isnan(c4_log(-INFINITY)) && isnan(c4_log(NAN)));
    assert_true(c4_log(INFINITY) == INFINITY);
    assert_true(ulps(c4_log(DBL_MAX), log(DBL_MAX)) <= 1);
    assert_true(ulps(c4_log(0x1p-1074), log(0x1p-1074)) <= 1);
    assert_true(ulps(c4_log(2.0), log(2.0)) <= 1);
}

static void softmax_gradient_sums_to_zero(void **state) {
    (void)state;
    struct c4_check_rng rng = c4_check_rng_start(c4_check_seed(), "softmax");
    for (int trial = 0; trial < 1000; trial++) {
        double logits[C4_CLASSES], d[C4_CLASSES], sum = 0, norm = 0, expected = 0;
        int label = c4_check_rng_between(&rng, 0, 9), n = c4_check_rng_between(&rng, 1, 64), hit;
        double largest = -INFINITY;
        for (int o = 0; o < C4_CLASSES; o++) {
            logits[o] = 20 * c4_check_rng_unit(&rng) - 10;
            largest = fmax(largest, logits[o]);
            norm += exp(logits[o]);
        }
        double loss = c4_softmax_xent(logits, label, n, d, &hit);
        for (int o = 0; o < C4_CLASSES; o++) {
            sum += d[o];
            expected = (exp(logits[o]) / norm - (o == label)) / n;
            assert_true(fabs(d[o] - expected) <= 1e-15);
        }
        assert_true(fabs(sum) <= 1e-15);
        assert_true(fabs(loss - (log(norm) - logits[label])) <= 1e-13);
        assert_int_equal(hit, logits[label] == largest);
        int hit_again; /* without a gradient: the same loss */
        assert_true(loss == c4_softmax_xent(logits, label, n, NULL, &hit_again));
        assert_int_equal(hit, hit_again);
    }
}

static void softmax_of_equal_logits(void **state) {
    (void)state;
    double logits[C4_CLASSES] = {0}, d[C4_CLASSES];
    int hit;
    double loss = c4_softmax_xent(logits, 0, 1, d, &hit);
    assert_int_equal(hit, 1); /* the first wins a tie */
    assert_true(fabs(loss - log(10)) <= 1e-15);
    assert_true(fabs(d[0] + 0.9) <= 1e-15 && fabs(d[9] - 0.1) <= 1e-15);
    c4_softmax_xent(logits, 9, 1, d, &hit);
    assert_int_equal(hit, 0);
}

static void tiny_softmax_gradients_become_zero(void **state) {
    (void)state;
    double logits[C4_CLASSES], d[C4_CLASSES];
    int hit;
    const double limit = 64 * log(2); /* exp(-limit) = 2^-64 */
    for (int o = 0; o < C4_CLASSES; o++) logits[o] = -limit - 0.5;
    logits[3] = 0;
    logits[4] = -limit + 0.5;
    double loss = c4_softmax_xent(logits, 3, 1, d, &hit);
    for (int o = 0; o < C4_CLASSES; o++)
        if (o != 4 && o != 3) assert_true(d[o] == 0 && !signbit(d[o]));
    assert_true(d[4] >= 0x1p-64 && d[4] < 0x1p-63);
    assert_true(loss >= 0 && loss < 1e-18);
    /* The division by n comes before the rule for small values. */
    c4_softmax_xent(logits, 3, 2, d, &hit);
    assert_true(d[4] == 0);
}

static void softmax_of_non_finite_logits_has_no_finite_loss(void **state) {
    (void)state;
    double logits[C4_CLASSES] = {0}, d[C4_CLASSES];
    int hit;
    logits[2] = NAN;
    assert_false(isfinite(c4_softmax_xent(logits, 0, 1, d, &hit)));
    logits[2] = INFINITY;
    assert_false(isfinite(c4_softmax_xent(logits, 0, 1, d, &hit)));
    logits[2] = -INFINITY; /* probability 0 is fine unless it is the label's */
    assert_true(isfinite(c4_softmax_xent(logits, 0, 1, d, &hit)));
    assert_false(isfinite(c4_softmax_xent(logits, 2, 1, d, &hit)));
}

static void bn_coefficients_of_a_known_channel(void **state) {
    (void)state;
    /* Values 1, 2, 3, 6: mean 3, biased variance 3.5. */
    struct c4_bn_channel bn = c4_bn_from_sums(12, 50, 4, 2, 0.25);
    double inv_std = 1 / sqrt(3.5 + C4_BN_EPSILON);
    assert_true(bn.mean == 3 && bn.var == 3.5);
    assert_true(ulps(bn.inv_std, inv_std) <= 1);
    assert_true(ulps(bn.scale, 2 * inv_std) <= 1);
    assert_true(fabs(bn.shift - (0.25 - 6 * inv_std)) <= 1e-15);
    /* A constant channel whose sums cancel badly has variance 0, not a negative one. */
    bn = c4_bn_from_sums(0.3, 0.03 - 1e-12, 3, 1, 0);
    assert_true(bn.var == 0 && ulps(bn.inv_std, 1 / sqrt(1e-5)) <= 1);
    assert_true(isnan(c4_bn_from_sums(NAN, 1, 3, 1, 0).scale));
}

static void bn_gradient_of_a_known_channel(void **state) {
    (void)state;
    /* The textbook form: dy = gamma inv_std (ds - mean(ds) - yhat mean(ds yhat)). */
    const double y[4] = {1, 2, 3, 6}, ds[4] = {0.5, -1, 0, 2}, gamma = 2;
    struct c4_bn_channel bn = c4_bn_from_sums(12, 50, 4, gamma, 0);
    double sum_ds = 0, sum_ds_y = 0, sum_ds_yhat = 0, sum_dy = 0;
    for (int i = 0; i < 4; i++) {
        sum_ds += ds[i];
        sum_ds_y += ds[i] * y[i];
        sum_ds_yhat += ds[i] * (y[i] - 3) * bn.inv_std;
    }
    struct c4_bn_gradient g = c4_bn_backward(&bn, gamma, sum_ds, sum_ds_y, 4);
    assert_true(g.dbeta == 1.5);
    assert_true(fabs(g.dgamma - sum_ds_yhat) <= 1e-15);
    for (int i = 0; i < 4; i++) {
        double yhat = (y[i] - 3) * bn.inv_std;
        double want = gamma * bn.inv_std * (ds[i] - sum_ds / 4 - yhat * sum_ds_yhat / 4);
        double got = g.c0 * ds[i] + g.c1 + g.c2 * y[i];
        assert_true(fabs(got - want) <= 1e-15);
        sum_dy += got;
    }
    assert_true(fabs(sum_dy) <= 1e-15); /* a shift of y changes nothing */
}

static void running_statistics_move_by_a_tenth(void **state) {
    (void)state;
    assert_true(fabs(c4_bn_running(1, 2) - 1.1) <= 1e-15);
    assert_true(c4_bn_running(0, 0) == 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exp_is_within_two_units_of_libm),
        cmocka_unit_test(exp_of_special_values),
        cmocka_unit_test(log_is_within_two_units_of_libm),
        cmocka_unit_test(log_of_special_values),
        cmocka_unit_test(softmax_gradient_sums_to_zero),
        cmocka_unit_test(softmax_of_equal_logits),
        cmocka_unit_test(tiny_softmax_gradients_become_zero),
        cmocka_unit_test(softmax_of_non_finite_logits_has_no_finite_loss),
        cmocka_unit_test(bn_coefficients_of_a_known_channel),
        cmocka_unit_test(bn_gradient_of_a_known_channel),
        cmocka_unit_test(running_statistics_move_by_a_tenth),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
