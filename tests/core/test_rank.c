/* Rank tests against SciPy (tests/reference/make_stats.py) and against counting. */
#include "tests/core/stats_fixture.h"

#include "core/stats/rank.h"

static void values_of_scipy(void **state) {
    (void)state;
    static struct fixture f;
    static double x[FIXTURE_LIST], y[FIXTURE_LIST];
    fixture_open(&f, "stats_rank.csv", 6);
    while (fixture_row(&f, 6)) {
        int n = fixture_list(f.field[4], x), m = fixture_list(f.field[5], y);
        bool exact = !strcmp(f.field[1], "exact");
        enum c4_rank_method method = exact ? C4_RANK_EXACT : C4_RANK_NORMAL;
        struct c4_rank_test test, chosen;
        if (f.field[0][0] == 'u') {
            assert_int_equal(c4_mann_whitney(x, n, y, m, method, &test), C4_OK);
            assert_int_equal(c4_mann_whitney(x, n, y, m, C4_RANK_AUTO, &chosen), C4_OK);
        } else {
            assert_int_equal(c4_signed_rank(x, n, method, &test), C4_OK);
            assert_int_equal(c4_signed_rank(x, n, C4_RANK_AUTO, &chosen), C4_OK);
        }
        assert_true(test.exact == exact && test.statistic == chosen.statistic);
        assert_true(!exact || (chosen.exact && chosen.p == test.p));
        fixture_near(test.statistic, atof(f.field[2]), 0, 0, "statistic", f.rows);
        fixture_near(test.p, atof(f.field[3]), 1e-12, 0, "p", f.rows);
    }
    fclose(f.file);
    assert_int_equal(f.rows, 201);
}

/* All C(9, 4) orders and all 2^9 signs, one by one. */
static void counted_one_by_one(void **state) {
    (void)state;
    enum { N = 4, M = 5, K = N + M, WHICH = 1 << K };
    int orders = 0, of_u[N * M + 1] = {0}, of_t[K * (K + 1) / 2 + 1] = {0};
    static double x[WHICH][N], y[WHICH][M];
    for (int which = 0; which < WHICH; which++) {
        int n = 0, m = 0, u = 0, t = 0;
        for (int i = 0; i < K; i++)
            if (which >> i & 1) {
                if (n < N) x[orders][n] = i;
                n++, u += m, t += i + 1;
            } else {
                if (m < M) y[orders][m] = i;
                m++;
            }
        of_t[t]++;
        if (n == N) of_u[u]++, orders++;
    }
    for (int order = 0; order < orders; order++) {
        struct c4_rank_test test;
        assert_int_equal(c4_mann_whitney(x[order], N, y[order], M, C4_RANK_AUTO, &test), C4_OK);
        int below = 0, u = (int)test.statistic;
        for (int i = 0; i <= (u < N * M - u ? u : N * M - u); i++) below += of_u[i];
        fixture_near(test.p, fmin(1, 2.0 * below / orders), 1e-15, 0, "U", order);
    }
    double probability[K * (K + 1) / 2 + 3];
    c4_signed_rank_distribution(K, K * (K + 1) / 2 + 3, probability);
    for (int t = 0; t <= K * (K + 1) / 2; t++)
        assert_true(probability[t] == of_t[t] / (double)WHICH);
    assert_true(probability[K * (K + 1) / 2 + 1] == 0 && probability[K * (K + 1) / 2 + 2] == 0);
}

static void many_signed_ranks(void **state) {
    (void)state;
    enum { N = 1000, COUNT = N * (N + 1) / 4 };
    double *probability = malloc(COUNT * sizeof *probability), sum = 0;
    assert_non_null(probability);
    c4_signed_rank_distribution(N, COUNT, probability);
    assert_true(probability[0] == ldexp(1, -N));
    for (int t = 0; t < COUNT; t++) sum += probability[t];
    /* P(T < 250250), the middle of an even number of values: half of what the middle leaves. */
    double deviation = sqrt(N * (N + 1.0) * (2 * N + 1.0) / 24);
    fixture_near(sum, 0.5 - 0.5 / (deviation * sqrt(2 * acos(-1))), 1e-7, 0, "half", 0);
    free(probability);
}

static void special_cases(void **state) {
    (void)state;
    const double same[3] = {2, 2, 2}, mixed[4] = {0, 1.5, -0.5, -0.0}, bad[2] = {1, NAN};
    struct c4_rank_test test;
    assert_int_equal(c4_mann_whitney(same, 3, same, 3, C4_RANK_AUTO, &test), C4_OK);
    assert_true(!test.exact && test.p == 1 && test.statistic == 4.5);
    assert_int_equal(c4_signed_rank(mixed, 1, C4_RANK_AUTO, &test), C4_OK);
    assert_true(!test.exact && test.p == 1 && test.statistic == 0);
    assert_int_equal(c4_signed_rank(mixed, 4, C4_RANK_AUTO, &test), C4_OK);
    assert_true(!test.exact && test.statistic == 2); /* both zeros are dropped */

    assert_int_equal(c4_mann_whitney(same, 3, mixed, 0, C4_RANK_AUTO, &test), C4_ERR_USAGE);
    assert_int_equal(c4_mann_whitney(same, 0, mixed, 1, C4_RANK_AUTO, &test), C4_ERR_USAGE);
    assert_int_equal(c4_mann_whitney(same, 3, mixed, 2, C4_RANK_EXACT, &test), C4_ERR_USAGE);
    assert_int_equal(c4_mann_whitney(mixed, 2, bad, 2, C4_RANK_AUTO, &test), C4_ERR_DATA);
    assert_int_equal(c4_mann_whitney(bad, 2, mixed, 2, C4_RANK_AUTO, &test), C4_ERR_DATA);
    assert_int_equal(c4_signed_rank(same, 0, C4_RANK_AUTO, &test), C4_ERR_USAGE);
    assert_int_equal(c4_signed_rank(same, 3, C4_RANK_EXACT, &test), C4_ERR_USAGE);
    assert_int_equal(c4_signed_rank(mixed, 2, C4_RANK_EXACT, &test), C4_ERR_USAGE);
    assert_int_equal(c4_signed_rank(bad, 2, C4_RANK_AUTO, &test), C4_ERR_DATA);
}

/* Where exact p-values end. */
static void sizes(void **state) {
    (void)state;
    double x[51], y[51];
    for (int i = 0; i < 51; i++) {
        x[i] = i + 1;
        y[i] = i + 1.5;
    }
    struct c4_rank_test test;
    assert_int_equal(c4_mann_whitney(x, 25, y, 40, C4_RANK_EXACT, &test), C4_OK);
    assert_true(test.exact);
    assert_int_equal(c4_mann_whitney(x, 26, y, 39, C4_RANK_AUTO, &test), C4_OK);
    assert_true(!test.exact);
    assert_int_equal(c4_mann_whitney(x, 26, y, 39, C4_RANK_EXACT, &test), C4_ERR_USAGE);
    assert_int_equal(c4_signed_rank(x, 50, C4_RANK_AUTO, &test), C4_OK);
    assert_true(test.exact && test.p == ldexp(1, -49));
    assert_int_equal(c4_signed_rank(x, 51, C4_RANK_AUTO, &test), C4_OK);
    assert_true(!test.exact);
    assert_int_equal(c4_signed_rank(x, 51, C4_RANK_EXACT, &test), C4_ERR_USAGE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_of_scipy),
        cmocka_unit_test(counted_one_by_one),
        cmocka_unit_test(many_signed_ranks),
        cmocka_unit_test(special_cases),
        cmocka_unit_test(sizes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
