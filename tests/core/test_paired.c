/* Intervals of paired ratios against tests/reference/make_stats.py, and what they promise. */
#include "tests/core/stats_fixture.h"

#include "core/stats/paired.h"

static void known_intervals(void **state) {
    (void)state;
    static struct fixture f;
    static double r[FIXTURE_LIST];
    fixture_open(&f, "stats_paired.csv", 8);
    while (fixture_row(&f, 8)) {
        int n = fixture_list(f.field[7], r);
        double alpha = atof(f.field[1]), tolerance = 0;
        struct c4_interval i;
        if (f.field[0][0] == 'w') {
            assert_int_equal(c4_paired_interval(r, n, alpha, &i), C4_OK);
        } else if (f.field[0][0] == 't') {
            /* Whose level is 1 - alpha, a number with an absolute error. */
            tolerance = fmax(1e-10, 1e-15 / alpha);
            assert_int_equal(c4_paired_t(r, n, alpha, &i), C4_OK);
        } else {
            tolerance = 1e-11;
            uint64_t seed = strtoull(f.field[2], NULL, 10);
            assert_int_equal(c4_paired_bca(r, n, alpha, seed, atoi(f.field[3]), &i), C4_OK);
        }
        fixture_near(i.estimate, atof(f.field[4]), tolerance, 1e-2, "estimate", f.rows);
        fixture_near(i.low, atof(f.field[5]), tolerance, 1e-2, "low", f.rows);
        fixture_near(i.high, atof(f.field[6]), tolerance, 1e-2, "high", f.rows);
    }
    fclose(f.file);
    assert_int_equal(f.rows, 164);
}

static void fewest_pairs(void **state) {
    (void)state;
    assert_int_equal(c4_paired_min_pairs(0.05), 6);
    assert_int_equal(c4_paired_min_pairs(0.0625), 5); /* 2^-4 exactly */
    assert_int_equal(c4_paired_min_pairs(0.01 / 60), 14);
    assert_int_equal(c4_paired_min_pairs(1.7e-4), 14);
    assert_int_equal(c4_paired_min_pairs(0.999), 2);
    assert_int_equal(c4_paired_min_pairs(0), 0);
    assert_int_equal(c4_paired_min_pairs(1), 0);
    assert_int_equal(c4_paired_min_pairs(NAN), 0);
    double r[64];
    for (int i = 0; i < 64; i++) r[i] = i * i;
    for (int step = 1; step < 150; step++) {
        double alpha = pow(0.83, step);
        int n = c4_paired_min_pairs(alpha);
        struct c4_interval i;
        assert_int_equal(c4_paired_interval(r, n, alpha, &i), C4_OK);
        assert_true(i.low == r[0] && i.high == r[n - 1]);
        assert_int_equal(c4_paired_interval(r, n - 1, alpha, &i), C4_OK);
        assert_true(isinf(i.low) && i.low < 0 && isinf(i.high) && i.high > 0);
        assert_true(isfinite(i.estimate));
    }
}

/* 4, 5, 6: Walsh averages 4, 4.5, 5, 5, 5.5, 6. P(T <= 0) = 1/8, P(T <= 1) = 2/8. */
static void by_hand(void **state) {
    (void)state;
    const double r[3] = {5, 6, 4};
    struct c4_interval i;
    assert_int_equal(c4_paired_interval(r, 3, 0.25, &i), C4_OK);
    assert_true(i.estimate == 5 && i.low == 4 && i.high == 6);
    assert_int_equal(c4_paired_interval(r, 3, 0.5, &i), C4_OK);
    assert_true(i.estimate == 5 && i.low == 4.5 && i.high == 5.5);
    assert_int_equal(c4_paired_interval(r, 3, 0.2499, &i), C4_OK);
    assert_true(i.estimate == 5 && isinf(i.low) && isinf(i.high));
}

typedef enum c4_status (*interval_fn)(const double *, int, double, struct c4_interval *);

static enum c4_status bca(const double *r, int n, double alpha, struct c4_interval *i) {
    return c4_paired_bca(r, n, alpha, 5, 500, i);
}

static const interval_fn methods[3] = {c4_paired_interval, bca, c4_paired_t};

/* Adding a constant moves them, a change of sign mirrors all but the bootstrap's draws, order
 * changes nothing, and the same call gives the same bits. */
static void follow_the_values(void **state) {
    (void)state;
    enum { N = 17 };
    double r[N], moved[N], reversed[N], negative[N];
    for (int i = 0; i < N; i++) {
        r[i] = sin(i * i) / 64;
        moved[i] = r[i] + 0.25;
        reversed[N - 1 - i] = r[i];
        negative[i] = -r[i];
    }
    for (int m = 0; m < 3; m++) {
        struct c4_interval a, b;
        assert_int_equal(methods[m](r, N, 0.02, &a), C4_OK);
        assert_true(a.low < a.estimate && a.estimate < a.high);
        assert_int_equal(methods[m](r, N, 0.02, &b), C4_OK);
        assert_memory_equal(&a, &b, sizeof a);
        assert_int_equal(methods[m](moved, N, 0.02, &b), C4_OK);
        fixture_near(b.estimate, a.estimate + 0.25, 1e-14, 1, "estimate", m);
        fixture_near(b.low, a.low + 0.25, 1e-14, 1, "low", m);
        fixture_near(b.high, a.high + 0.25, 1e-14, 1, "high", m);
        assert_int_equal(methods[m](reversed, N, 0.02, &b), C4_OK);
        fixture_near(b.low, a.low, 1e-14, 1, "low", m);
        fixture_near(b.high, a.high, 1e-14, 1, "high", m);
        if (m == 1) continue;
        assert_int_equal(methods[m](negative, N, 0.02, &b), C4_OK);
        fixture_near(-b.high, a.low, 1e-14, 1, "low", m);
        fixture_near(-b.low, a.high, 1e-14, 1, "high", m);
    }
}

static void special_cases(void **state) {
    (void)state;
    const double same[8] = {0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1}, bad[2] = {1, INFINITY};
    static double many[C4_PAIRED_MOST + 1];
    struct c4_interval i;
    for (int m = 0; m < 3; m++) {
        assert_int_equal(methods[m](same, 8, 0.05, &i), C4_OK);
        assert_true(i.estimate == 0.1 && i.low == 0.1 && i.high == 0.1);
        assert_int_equal(methods[m](same, 1, 0.05, &i), C4_OK);
        assert_true(i.estimate == 0.1 && isinf(i.low) && isinf(i.high));
        assert_int_equal(methods[m](same, 0, 0.05, &i), C4_ERR_USAGE);
        assert_int_equal(methods[m](same, 8, 0, &i), C4_ERR_USAGE);
        assert_int_equal(methods[m](same, 8, 1, &i), C4_ERR_USAGE);
        assert_int_equal(methods[m](same, 8, NAN, &i), C4_ERR_USAGE);
        assert_int_equal(methods[m](bad, 2, 0.05, &i), C4_ERR_DATA);
        assert_int_equal(methods[m](many, C4_PAIRED_MOST, 0.05, &i), C4_OK);
        assert_int_equal(methods[m](many, C4_PAIRED_MOST + 1, 0.05, &i), C4_ERR_USAGE);
    }
    assert_int_equal(c4_paired_bca(same, 8, 0.05, 1, 0, &i), C4_ERR_USAGE);
    assert_int_equal(c4_paired_bca(same, 8, 0.05, 1, 1, &i), C4_OK);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_intervals), cmocka_unit_test(fewest_pairs),
        cmocka_unit_test(by_hand),         cmocka_unit_test(follow_the_values),
        cmocka_unit_test(special_cases),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
