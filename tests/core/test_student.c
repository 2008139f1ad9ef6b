/* Student's t and paired intervals against known values. */
#include "tests/harness/unit.h"

#include <math.h>
#include <stddef.h>

#include "core/stats/student.h"

static void near(double got, double want, double tolerance) {
    if (!(fabs(got - want) <= tolerance)) fail_msg("%.17g instead of %.17g", got, want);
}

/* One and two degrees of freedom have closed forms; the others are from printed tables. */
static void known_probabilities(void **state) {
    (void)state;
    const double pi = acos(-1);
    for (int i = 0; i < 136; i++) {
        double t = 0.37 * i;
        near(c4_student_p(t, 1), 1 - 2 / pi * atan(t), 1e-12);
        near(c4_student_p(-t, 2), 1 - t / sqrt(2 + t * t), 1e-12);
        /* df 4: 1 - s (1 + (1 - s^2) / 2), s = t / sqrt(t^2 + 4) */
        double s = t / sqrt(t * t + 4);
        near(c4_student_p(t, 4), 1 - s * (1 + (1 - s * s) / 2), 1e-12);
    }
    near(c4_student_p(0, 7), 1, 0);
    near(c4_student_p(INFINITY, 3), 0, 0);
    assert_true(isnan(c4_student_p(NAN, 3)));
    near(c4_student_p(1.959963984540054, 1e7), 0.05, 1e-7); /* nearly normal */
}

static void known_quantiles(void **state) {
    (void)state;
    static const struct {
        double level, df, t;
    } cases[] = {{0.95, 1, 12.706204736432095}, {0.95, 2, 4.302652729911275},
                 {0.95, 4, 2.776445105198655},  {0.95, 9, 2.262157162740992},
                 {0.99, 4, 4.604094871415897},  {0.50, 1, 1}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        near(c4_student_quantile(cases[i].level, cases[i].df), cases[i].t, 1e-9);
}

static void estimates(void **state) {
    (void)state;
    /* mean 3, standard error sqrt(2.5 / 5), t = 3 / 0.70711 = 4.2426, df 4. */
    const double values[6] = {1, 2, NAN, 3, 4, 5};
    struct c4_estimate e = c4_estimate_of(values, 6, 0.95, 0);
    assert_int_equal(e.n, 5);
    assert_int_equal(e.positive, 5);
    near(e.mean, 3, 0);
    near(e.standard_error, sqrt(0.5), 1e-15);
    near(e.low, 3 - 2.776445105198655 * sqrt(0.5), 1e-9);
    near(e.high, 3 + 2.776445105198655 * sqrt(0.5), 1e-9);
    near(e.p, 1 - sqrt(18 / 22.0) * (1 + (1 - 18 / 22.0) / 2), 1e-12); /* closed form for df 4 */
    e = c4_estimate_of(values, 6, 0.95, 3);
    near(e.p, 1, 0);
    assert_int_equal(e.positive, 2);

    const double same[3] = {0.1, 0.1, 0.1};
    e = c4_estimate_of(same, 3, 0.95, 0);
    assert_true(e.mean == 0.1 && e.low == 0.1 && e.high == 0.1 && e.p == 0);
    assert_true(c4_estimate_of(same, 3, 0.95, 0.1).p == 1);

    e = c4_estimate_of(same, 1, 0.95, 0);
    assert_true(e.n == 1 && e.mean == 0.1 && isnan(e.low) && isnan(e.p));
    e = c4_estimate_of(values + 2, 1, 0.95, 0);
    assert_true(e.n == 0 && isnan(e.mean));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_probabilities),
        cmocka_unit_test(known_quantiles),
        cmocka_unit_test(estimates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
