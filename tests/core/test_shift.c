/* The shift between two samples: by hand, against the test that it inverts, and what it covers. */
#include "core/base/rng.h"
#include "core/stats/rank.h"
#include "core/stats/shift.h"
#include "tests/harness/unit.h"

#include <math.h>

static void known(void **state) {
    struct c4_interval i;
    (void)state;
    /* Differences 7 8 8 9 9 9 10 10 11. */
    const double x[] = {1, 2, 3}, y[] = {10, 11, 12};
    assert_int_equal(c4_shift_interval(x, 3, y, 3, .1, &i), C4_OK);
    assert_true(i.estimate == 9 && i.low == 7 && i.high == 11); /* 2 / C(6, 3) = .1 */
    assert_int_equal(c4_shift_interval(x, 3, y, 3, .099, &i), C4_OK);
    assert_true(i.estimate == 9 && isinf(i.low) && i.low < 0 && isinf(i.high));
    assert_true(c4_shift_is_finite(3, 3, .1) && !c4_shift_is_finite(3, 3, .099));
    assert_false(c4_shift_is_finite(0, 3, .5));
    assert_int_equal(c4_shift_interval(x, 1, y, 1, .5, &i), C4_OK);
    assert_true(i.estimate == 9 && isinf(i.high));
}

static double drawn(uint32_t epoch, int index) {
    return c4_rng_unit(c4_rng_draw(11, C4_RNG_TEST, epoch, (uint64_t)index).word[0]);
}

/* A shift just outside is rejected, one just inside is not. 33 x 32 is beyond the exact counts. */
static void inverts_the_test(void **state) {
    static const int sizes[][2] = {{14, 14}, {5, 20}, {31, 32}, {33, 32}};
    (void)state;
    for (uint32_t s = 0; s < 4; s++) {
        int n = sizes[s][0], m = sizes[s][1];
        double x[64], y[64], moved[64];
        struct c4_interval interval;
        for (int i = 0; i < n; i++) x[i] = drawn(s, i);
        for (int j = 0; j < m; j++) y[j] = 3 + drawn(s, 100 + j);
        assert_int_equal(c4_shift_interval(x, n, y, m, .05, &interval), C4_OK);
        const double ends[] = {interval.low, interval.high}, out[] = {-1e-9, 1e-9};
        for (int e = 0; e < 2; e++)
            for (int inside = 0; inside < 2; inside++) {
                struct c4_rank_test test;
                for (int j = 0; j < m; j++)
                    moved[j] = y[j] - (ends[e] + (inside ? -out[e] : out[e]));
                assert_int_equal(c4_mann_whitney(x, n, moved, m, C4_RANK_AUTO, &test), C4_OK);
                assert_int_equal(test.exact, n * m <= C4_MANN_WHITNEY_EXACT);
                if ((test.p > .05) != inside) fail_msg("%d x %d, end %d: p %g", n, m, e, test.p);
            }
    }
}

static void covers(void **state) {
    enum { TRIES = 2000 };
    int covered = 0;
    (void)state;
    for (uint32_t t = 0; t < TRIES; t++) {
        double x[14], y[14];
        struct c4_interval i;
        for (int k = 0; k < 14; k++) {
            x[k] = -log1p(-drawn(1000 + t, k));
            y[k] = 1 - log1p(-drawn(1000 + t, 100 + k));
        }
        assert_int_equal(c4_shift_interval(x, 14, y, 14, .05, &i), C4_OK);
        covered += i.low <= 1 && 1 <= i.high;
    }
    /* 2 P(U <= 55) = .0498 of 14 x 14; 4 standard errors. */
    assert_in_range(covered, TRIES * .930, TRIES * .970);
}

static void bad(void **state) {
    const double values[] = {1, (double)INFINITY};
    struct c4_interval i;
    (void)state;
    assert_int_equal(c4_shift_interval(values, 0, values, 1, .5, &i), C4_ERR_USAGE);
    assert_int_equal(c4_shift_interval(values, 1, values, 1001, .5, &i), C4_ERR_USAGE);
    assert_int_equal(c4_shift_interval(values, 1, values, 1, 0, &i), C4_ERR_USAGE);
    assert_int_equal(c4_shift_interval(values, 1, values, 2, .5, &i), C4_ERR_DATA);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(known), cmocka_unit_test(inverts_the_test),
                                       cmocka_unit_test(covers), cmocka_unit_test(bad)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
