/* Mean, standard error and count over seeds, some of which are missing. */
#include <math.h>

#include "core/stats/summary.h"
#include "tests/harness/unit.h"

static void summary_known_answers(void **state) {
    (void)state;
    /* Columns: four seeds; two of four; one; none. */
    const double values[4][4] = {
        {1, 5, NAN, NAN}, {2, NAN, 3, NAN}, {3, 7, NAN, INFINITY}, {4, NAN, NAN, NAN}};
    double mean[4], error[4];
    int n[4];
    c4_summary(&values[0][0], 4, 4, mean, error, n);
    assert_int_equal(n[0], 4);
    assert_true(mean[0] == 2.5);
    assert_true(fabs(error[0] - 0.645497224367902809) < 1e-15); /* sqrt(5/3)/2 */
    assert_int_equal(n[1], 2);
    assert_true(mean[1] == 6 && fabs(error[1] - 1) < 1e-15);
    assert_int_equal(n[2], 1);
    assert_true(mean[2] == 3 && isnan(error[2]));
    assert_int_equal(n[3], 0);
    assert_true(isnan(mean[3]) && isnan(error[3]));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(summary_known_answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
