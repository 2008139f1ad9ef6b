/* Holm's adjustment against known values. */
#include "tests/harness/unit.h"

#include <math.h>
#include <stddef.h>

#include "core/stats/holm.h"

static void near(double got, double want, double tolerance) {
    if (!(fabs(got - want) <= tolerance)) fail_msg("%.17g instead of %.17g", got, want);
}

static void holm_steps_down(void **state) {
    (void)state;
    /* Sorted .005 .01 .03 .04: times 4, 3, 2, 1 = .02 .03 .06 .04, then never below the last. */
    const double p[5] = {0.01, 0.04, NAN, 0.03, 0.005};
    const double want[5] = {0.03, 0.06, NAN, 0.06, 0.02};
    double adjusted[5];
    c4_holm(p, 5, adjusted);
    for (int i = 0; i < 5; i++) {
        if (isnan(want[i]))
            assert_true(isnan(adjusted[i]));
        else
            near(adjusted[i], want[i], 1e-15);
    }
    double one[2] = {0.9, 0.8};
    c4_holm(one, 2, one);
    assert_true(one[0] == 1 && one[1] == 1);
}

/* More than any table of claims holds; zeros and equal values; p is left alone. */
static void any_number_of_tests(void **state) {
    (void)state;
    enum { COUNT = 1500 }; /* 500 of each kind */
    static double p[COUNT], adjusted[COUNT];
    for (int i = 0; i < COUNT; i++) p[i] = i % 3 == 0 ? 0 : i % 3 == 1 ? 1e-4 : NAN;
    c4_holm(p, COUNT, adjusted);
    for (int i = 0; i < COUNT; i++) {
        if (i % 3 == 2) {
            assert_true(isnan(adjusted[i]) && isnan(p[i]));
        } else if (i % 3 == 0) {
            assert_true(adjusted[i] == 0 && !signbit(adjusted[i]) && p[i] == 0);
        } else {
            near(adjusted[i], 500 * 1e-4, 1e-15);
            assert_true(p[i] == 1e-4);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(holm_steps_down),
        cmocka_unit_test(any_number_of_tests),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
