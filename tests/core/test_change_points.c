/* Change points against Apache Otava 0.8.0 (tests/reference/make_stats.py). */
#include "tests/core/stats_fixture.h"

#include "core/stats/change_points.h"

static const struct c4_change_options defaults = {0.001, 50, 0};

static void points_of_otava(void **state) {
    (void)state;
    static struct fixture f;
    static double values[FIXTURE_LIST], index[FIXTURE_LIST], before[FIXTURE_LIST];
    static double after[FIXTURE_LIST], p[FIXTURE_LIST];
    static struct c4_change_point point[FIXTURE_LIST];
    int n = 0, points = 0;
    fixture_open(&f, "stats_change_points.csv", 9);
    while (fixture_row(&f, 9)) {
        if (f.field[8][0]) n = fixture_list(f.field[8], values);
        int want = fixture_list(f.field[4], index), count;
        assert_int_equal(fixture_list(f.field[5], before), want);
        assert_int_equal(fixture_list(f.field[6], after), want);
        assert_int_equal(fixture_list(f.field[7], p), want);
        struct c4_change_options options = {atof(f.field[1]), atoi(f.field[2]), atof(f.field[3])};
        assert_int_equal(c4_change_points(values, n, &options, point, &count), C4_OK);
        if (count != want) fail_msg("row %d: %d points instead of %d", f.rows, count, want);
        for (int i = 0; i < count; i++) {
            assert_int_equal(point[i].index, (int)index[i]);
            fixture_near(point[i].before, before[i], 1e-15, 0, "before", f.rows);
            fixture_near(point[i].after, after[i], 1e-15, 0, "after", f.rows);
            /* Absolutely where constants differ: 1e-250 or 0 hang on a mean's last bit. */
            fixture_near(p[i] < 1e-50 ? 0 : point[i].p, p[i] < 1e-50 ? 0 : p[i], 1e-10, 0, "p",
                         f.rows);
        }
        points += count;
    }
    fclose(f.file);
    assert_int_equal(f.rows, 114);
    assert_true(points > 500);
}

static void short_and_wrong(void **state) {
    (void)state;
    const double values[3] = {1, 2, NAN};
    struct c4_change_point point[2];
    int count = 9;
    assert_int_equal(c4_change_points(values, 0, &defaults, point, &count), C4_OK);
    assert_int_equal(count, 0);
    assert_int_equal(c4_change_points(values, 1, &defaults, point, &count), C4_OK);
    assert_int_equal(c4_change_points(values, 2, &defaults, point, &count), C4_OK);
    assert_int_equal(count, 0);
    assert_int_equal(c4_change_points(values, 3, &defaults, point, &count), C4_ERR_DATA);
    assert_int_equal(c4_change_points(values, -1, &defaults, point, &count), C4_ERR_USAGE);
    const struct c4_change_options wrong[] = {{0, 50, 0},      {1, 50, 0},      {NAN, 50, 0},
                                              {0.001, 1, 0},   {0.001, -50, 0}, {0.001, 50, -1},
                                              {0.001, 50, NAN}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(c4_change_points(values, 2, &wrong[i], point, &count), C4_ERR_USAGE);
}

/* Ten thousand values with a step at every thousandth; and windows wider than the history. */
static void long_history(void **state) {
    (void)state;
    enum { N = 10000, EVERY = 1000 };
    static double values[N];
    static struct c4_change_point point[N];
    uint32_t draw = 1;
    for (int i = 0; i < N; i++) {
        draw = draw * 1664525 + 1013904223;
        int level = 100 + i / EVERY * 10;
        values[i] = level + (draw >> 16) / 65536.0;
    }
    int count;
    assert_int_equal(c4_change_points(values, N, &defaults, point, &count), C4_OK);
    int found = 0;
    for (int i = 0; i < count; i++) {
        found += point[i].index % EVERY == 0;
        if (point[i].index % EVERY == 0) assert_true(point[i].after > point[i].before + 9);
        assert_true(i == 0 || point[i].index > point[i - 1].index);
    }
    assert_int_equal(found, N / EVERY - 1);
    const struct c4_change_options large = {0.001, 50, 0.03}, wide = {1e-6, INT32_MAX, 0.05};
    assert_int_equal(c4_change_points(values, N, &large, point, &count), C4_OK);
    assert_int_equal(count, N / EVERY - 1);
    assert_int_equal(c4_change_points(values, EVERY + 50, &wide, point, &count), C4_OK);
    assert_true(count == 1 && point[0].index == EVERY);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(points_of_otava),
        cmocka_unit_test(short_and_wrong),
        cmocka_unit_test(long_history),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
