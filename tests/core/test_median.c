/* The median's interval: by hand, and what it covers. */
#include "core/base/rng.h"
#include "core/stats/median.h"
#include "tests/harness/unit.h"

#include <math.h>

static void known(void **state) {
    double values[1000];
    struct c4_interval i;
    (void)state;
    for (int k = 0; k < 1000; k++) values[k] = (k * 389) % 1000 + 1; /* a permutation of 1..1000 */
    assert_int_equal(c4_median_interval(values, 1000, .05, &i), C4_OK);
    assert_true(i.estimate == 500.5 && i.low == 469 && i.high == 532);
    /* 2 P(B <= 2) = .0129, 2 P(B <= 3) = .0574 for n = 14. */
    const double few[] = {14, 2, 3, 13, 5, 6, 7, 8, 9, 10, 11, 12, 4, 1};
    assert_int_equal(c4_median_interval(few, 14, .05, &i), C4_OK);
    assert_true(i.estimate == 7.5 && i.low == 3 && i.high == 12);
    assert_true(few[0] == 14); /* not sorted */
    /* 2 P(B = 0) = 2^(1 - n) is .0625 for n = 5, .03125 for n = 6. */
    assert_int_equal(c4_median_interval(few, 5, .05, &i), C4_OK);
    assert_true(i.estimate == 5 && isinf(i.low) && i.low < 0 && isinf(i.high));
    assert_int_equal(c4_median_interval(few, 6, .05, &i), C4_OK);
    assert_true(i.estimate == 5.5 && i.low == 2 && i.high == 14);
    assert_int_equal(c4_median_interval(few, 1, .05, &i), C4_OK);
    assert_true(i.estimate == 14 && isinf(i.high));
}

static void covers(void **state) {
    enum { N = 14, TRIES = 4000 };
    int covered = 0;
    (void)state;
    for (uint32_t t = 0; t < TRIES; t++) {
        double values[N];
        struct c4_interval i;
        for (int k = 0; k < N; k++) { /* exponential: its median is log 2 */
            struct c4_rng_block word = c4_rng_draw(5, C4_RNG_TEST, t, (uint64_t)k);
            values[k] = -log1p(-c4_rng_unit(word.word[0]));
        }
        assert_int_equal(c4_median_interval(values, N, .05, &i), C4_OK);
        covered += i.low <= log(2) && log(2) <= i.high;
    }
    assert_in_range(covered, TRIES * .983, TRIES * .991); /* 1 - .0129, and 4 standard errors */
}

static void bad(void **state) {
    const double values[] = {1, (double)NAN};
    struct c4_interval i;
    (void)state;
    assert_int_equal(c4_median_interval(values, 0, .05, &i), C4_ERR_USAGE);
    assert_int_equal(c4_median_interval(values, 1, 0, &i), C4_ERR_USAGE);
    assert_int_equal(c4_median_interval(values, 1, 1, &i), C4_ERR_USAGE);
    assert_int_equal(c4_median_interval(values, 2, .05, &i), C4_ERR_DATA);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(known), cmocka_unit_test(covers),
                                       cmocka_unit_test(bad)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
