/* What pairs of a program with itself tell, on ratios that are known. */
#include "bench/compare/aa.h"
#include "tests/harness/unit.h"

#include <math.h>
#include <stdio.h>

/* Adds `pairs` pairs of a row whose ratio is 1 + center, give or take up to `spread`. */
static void add(struct c4_comparison *comparison, const char *name, int pairs, double center,
                double spread) {
    struct c4_compared_row *row;
    assert_int_equal(c4_comparison_row(comparison, name, &row), C4_OK);
    row->in[C4_OLD] = row->in[C4_NEW] = true;
    for (int i = 0; i < pairs; i++) {
        double off = spread * ((i * 7) % 20 - 9.5) / 9.5; /* symmetric over 20 pairs */
        row->seconds[C4_OLD][i] = 1;
        row->seconds[C4_NEW][i] = exp(center + off);
    }
    row->count[C4_OLD] = row->count[C4_NEW] = pairs;
}

static struct c4_aa aa_of(double center, double spread, int pairs, int later) {
    struct c4_comparison comparison = {.min_effect = .02};
    struct c4_aa aa;
    add(&comparison, "row", pairs, center, spread);
    assert_int_equal(c4_aa_of(&comparison, later, &aa), C4_OK);
    assert_int_equal(aa.count, 1);
    aa.row[0].row = NULL; /* it goes with the comparison */
    c4_comparison_free(&comparison);
    return aa;
}

static void grades(void **state) {
    (void)state;
    static const struct {
        double spread;
        char grade;
    } cases[] = {{.005, 'A'}, {.02, 'B'}, {.06, 'C'}, {.2, 'D'}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct c4_aa aa = aa_of(0, cases[i].spread, 60, 60);
        assert_int_equal(aa.grade, cases[i].grade);
        /* 60 ratios with 20 values of |off|, two of each three times: rank 57 is the largest. */
        assert_true(fabs(aa.within - expm1(cases[i].spread)) < 1e-12);
        assert_true(aa.row[0].within == aa.within);
        assert_int_equal(aa.comparisons, 60 / 14);
        assert_int_equal(aa.alarms, 0);
        assert_int_equal(aa.equal + aa.unknown, aa.comparisons);
        c4_aa_free(&aa);
    }
}

static void smallest_changes(void **state) {
    (void)state;
    struct c4_aa quiet = aa_of(0, .002, 60, 30), few = aa_of(0, .1, 60, 20),
                 more = aa_of(0, .1, 60, 120), none = aa_of(0, .1, 60, 13);
    assert_true(quiet.row[0].smallest == .02); /* nothing below --min-effect is told */
    assert_true(few.row[0].smallest > more.row[0].smallest && more.row[0].smallest > .02);
    assert_true(few.row[0].smallest < .2);
    assert_true(isinf(none.row[0].smallest));
    /* A center other than 1 is not noise. */
    struct c4_aa moved = aa_of(.5, .1, 60, 20);
    assert_true(fabs(moved.row[0].smallest - few.row[0].smallest) < 1e-3);
    c4_aa_free(&quiet);
    c4_aa_free(&few);
    c4_aa_free(&more);
    c4_aa_free(&none);
    c4_aa_free(&moved);
}

/* A detector that errs is seen: a comparison counts once, however many of its rows are wrong. */
static void false_alarms_are_counted(void **state) {
    struct c4_comparison comparison = {.min_effect = .02};
    struct c4_aa aa;
    (void)state;
    add(&comparison, "good", 28, 0, .001);
    add(&comparison, "bad", 28, .1, .001);
    add(&comparison, "also bad", 28, -.1, .001);
    struct c4_compared_row *row;
    assert_int_equal(c4_comparison_row(&comparison, "of one side", &row), C4_OK);
    row->in[C4_OLD] = true;
    assert_int_equal(c4_aa_of(&comparison, 28, &aa), C4_OK);
    assert_int_equal(aa.count, 3);
    assert_int_equal(aa.comparisons, 2);
    assert_int_equal(aa.alarms, 2);
    assert_int_equal(aa.wrong, 4);
    assert_int_equal(aa.equal, 2);
    assert_int_equal(aa.unknown, 0);
    c4_aa_free(&aa);
    c4_comparison_free(&comparison);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(grades), cmocka_unit_test(smallest_changes),
                                       cmocka_unit_test(false_alarms_are_counted)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
