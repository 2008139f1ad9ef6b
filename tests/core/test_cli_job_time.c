/* Time limits in Slurm's forms, and what is none. */
#include <string.h>

#include "core/cli/job_time.h"
#include "tests/harness/unit.h"

static void every_form(void **state) {
    static const struct {
        const char *text;
        double seconds;
    } good[] = {{"1", 60},
                {"90", 5400},
                {"007", 420},
                {"0:01", 1},
                {"3:50", 230},
                {"90:00", 5400},
                {"0:0:1", 1},
                {"12:00:00", 43200},
                {"100:00:05", 360005},
                {"1-0", 86400},
                {"0-1", 3600},
                {"2-23", 255600},
                {"1-12:30", 131400},
                {"0-0:1", 60},
                {"1-12:30:09", 131409},
                {"0-00:00:01", 1},
                {"366-0", 366 * 86400.0},
                {"527040", 366 * 86400.0}};
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        double seconds = -1;
        if (c4_job_time_read("max-time", good[i].text, &seconds) != C4_OK)
            fail_msg("%s", c4_error());
        if (seconds != good[i].seconds) fail_msg("%s is %g seconds", good[i].text, seconds);
    }
}

static void anything_else(void **state) {
    static const char *const bad[] = {
        /* nothing, zero, less */
        "", "0", "0:00", "0:00:00", "0-0", "0-0:0:0", "-1", "-1:00", "1:-1", "1-", "-", "1--2",
        "1-1-1",
        /* too many parts, too few, too large ones */
        "1:2:3:4", "1-1:2:3:4", ":", "1:", ":1", "1::2", "1-:2", "1:60", "1:60:00", "1:00:60",
        "1-24", "1-0:60", "1-0:00:60", "1:2-3",
        /* not whole numbers */
        "1.5", "1h", "90s", "1:2.5", "+1", " 1", "1 ", "0x10", "1e3", "inf", "nan", "UNLIMITED",
        "infinite", "\xc2\xb2",
        /* overflow */
        "527041", "367-0", "366-0:00:01", "9999999999", "18446744073709551617",
        "0:18446744073709551617", "99999999999999999999-0", "1-99999999999999999999", "999999999-0",
        "999999999:00:00"};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        double seconds = -1;
        if (c4_job_time_read("max-time", bad[i], &seconds) != C4_ERR_USAGE)
            fail_msg("'%s' is a time limit of %g seconds", bad[i], seconds);
        assert_true(seconds == -1);
        assert_non_null(strstr(c4_error(), "--max-time '"));
        assert_non_null(strstr(c4_error(), "days-hours:minutes:seconds"));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_form),
                                       cmocka_unit_test(anything_else)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
