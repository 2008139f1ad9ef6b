/* What starts, goes on and is cut before a time limit. */
#include <math.h>

#include "repro/planning/time_limit.h"
#include "tests/harness/unit.h"

static struct c4_time_limit limit_of(double end, double asked) {
    struct c4_time_limit limit = c4_time_limit_none(0);
    if (end > 0) limit.end = end;
    if (asked > 0) limit.asked = asked;
    return limit;
}

static void without_a_limit_nothing_ends(void **state) {
    const struct c4_time_limit limit = c4_time_limit_none(7);
    (void)state;
    assert_int_equal(limit.start_ns, 7);
    assert_false(c4_time_limit_is_set(&limit));
    assert_false(c4_time_limit_is_closed(&limit, 1e9));
    assert_true(c4_time_limit_may_start(&limit, 1e9, 1e9));
    assert_false(c4_time_limit_cuts(&limit, 1e9, 0, 1e9, 0));
    assert_false(c4_time_limit_cuts(&limit, 1e9, 0, 1e9, 1));
}

/* The marks: 10 s and a tenth of the limit at most are kept in reserve. */
static void marks(void **state) {
    static const struct {
        double end, asked, closing, cutting, over;
    } rows[] = {
        {3600, 0, 3590, 3595, 3600}, {100, 0, 90, 95, 100},   {10, 0, 9, 9.5, 10},
        {0, 40, 94, 97, 100},        {3600, 40, 94, 97, 100}, {3600, 3550, 3594, 3597, 3600},
        {20, 15, 18, 19, 20},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct c4_time_limit limit = limit_of(rows[i].end, rows[i].asked);
        assert_true(c4_time_limit_is_set(&limit));
        assert_true(fabs(c4_time_limit_closing(&limit) - rows[i].closing) < 1e-9);
        assert_true(fabs(c4_time_limit_cutting(&limit) - rows[i].cutting) < 1e-9);
        assert_true(fabs(c4_time_limit_end(&limit) - rows[i].over) < 1e-9);
    }
}

static void what_starts_ends_in_time(void **state) {
    const struct c4_time_limit limit = limit_of(100, 0), early = limit_of(100, 40);
    (void)state;
    assert_true(c4_time_limit_may_start(&limit, 50, 40));
    assert_false(c4_time_limit_may_start(&limit, 50, 40.1));
    assert_false(c4_time_limit_may_start(&limit, 90, 0));
    assert_false(c4_time_limit_is_closed(&limit, 89.9));
    assert_true(c4_time_limit_is_closed(&limit, 90));
    /* After SIGUSR1 nothing starts, however short. */
    assert_true(c4_time_limit_is_closed(&early, 40));
    assert_false(c4_time_limit_may_start(&early, 40, 0));
    /* Something is tried only as long as nothing is done, and not after SIGUSR1. */
    assert_true(c4_time_limit_may_try(&limit, 99, 0));
    assert_false(c4_time_limit_may_try(&limit, 99, 1));
    assert_false(c4_time_limit_may_try(&limit, 100, 0));
    assert_false(c4_time_limit_may_try(&early, 40, 0));
}

static void what_is_cut(void **state) {
    const struct c4_time_limit limit = limit_of(100, 0), early = limit_of(0, 40);
    (void)state;
    /* By --max-time: what takes longer than predicted has half of the reserve; the first segment
     * has all of it. */
    assert_false(c4_time_limit_cuts(&limit, 94.9, 50, 30, 1));
    assert_true(c4_time_limit_cuts(&limit, 95, 50, 30, 1));
    assert_false(c4_time_limit_cuts(&limit, 99.9, 50, 300, 0));
    assert_true(c4_time_limit_cuts(&limit, 100, 50, 300, 0));
    /* By SIGUSR1 at 40: at once if it is predicted to end behind 94, or else at 97. */
    assert_true(c4_time_limit_cuts(&early, 40, 35, 60, 1));
    assert_true(c4_time_limit_cuts(&early, 40, 35, 60, 0));
    assert_false(c4_time_limit_cuts(&early, 40, 35, 59, 1));
    assert_false(c4_time_limit_cuts(&early, 96.9, 35, 59, 1));
    assert_true(c4_time_limit_cuts(&early, 97, 35, 59, 0));
}

static void pace(void **state) {
    (void)state;
    assert_true(c4_time_limit_pace(0, 0) == 1);
    assert_true(c4_time_limit_pace(10, 5) == 1);
    assert_true(c4_time_limit_pace(10, 25) == 2.5);
}

/* A place that works on equal segments: when the last one was over, and how many were committed. */
static double work(const struct c4_time_limit *limit, double start, double predicted, double actual,
                   int *committed) {
    double now = start, predictions = 0, truth = 0;
    *committed = 0;
    for (;;) {
        double seconds = predicted * c4_time_limit_pace(predictions, truth), begun = now;
        if (!c4_time_limit_may_start(limit, now, seconds) &&
            !c4_time_limit_may_try(limit, now, *committed))
            return now;
        while (now < begun + actual) {
            if (c4_time_limit_cuts(limit, now, begun, seconds, *committed)) return now;
            now += 0.125;
        }
        predictions += predicted;
        truth += now - begun;
        ++*committed;
    }
}

/* Whatever is predicted, a limit beyond the start-up and one segment makes progress; when
 * something is cut, it is over by the end. With right predictions, nothing is cut but a first
 * segment. */
static void a_limit_beyond_a_segment_makes_progress(void **state) {
    (void)state;
    for (int i = 0; i < 8 * 10 * 9 * 7; i++) {
        double start = 2.5 * (i % 8), actual = ldexp(0.25, i / 8 % 10);
        double wrong = ldexp(0.0625, i / 80 % 9), more = ldexp(0.25, 2 * (i / 720));
        const struct c4_time_limit limit = limit_of(start + actual + more, 0);
        int committed;
        double over = work(&limit, start, wrong * actual, actual, &committed);
        if (committed == 0)
            fail_msg("start %g, segment %g, predicted %g, limit %g", start, actual, wrong * actual,
                     limit.end);
        assert_true(over < limit.end + 0.125);
        if (wrong >= 1 && committed > 1) assert_true(over <= c4_time_limit_closing(&limit));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_limit_nothing_ends),
        cmocka_unit_test(marks),
        cmocka_unit_test(what_starts_ends_in_time),
        cmocka_unit_test(what_is_cut),
        cmocka_unit_test(pace),
        cmocka_unit_test(a_limit_beyond_a_segment_makes_progress),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
