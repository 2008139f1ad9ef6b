/* Readings of /proc on made-up machines, and what two of them tell. */
#include "core/file/file.h"
#include "core/host/cgroup.h"
#include "core/host/conditions.h"
#include "tests/core/made_up_system.h"
#include "tests/harness/unit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static double get(const json_t *object, const char *member) {
    const json_t *value = json_object_get(object, member);
    return json_is_number(value) ? json_number_value(value) : (double)NAN;
}

static bool notes_of(const json_t *conditions, const char *words) {
    const json_t *notes = json_object_get(conditions, "notes");
    for (size_t i = 0; i < json_array_size(notes); i++)
        if (strstr(json_string_value(json_array_get(notes, i)), words)) return true;
    return false;
}

static void readings(void **state) {
    (void)state;
    json_t *r = c4_conditions_read(root);
    assert_true(isnan(get(r, "busy_seconds")) && isnan(get(r, "throttled_seconds")));
    assert_true(get(r, "at_seconds") > 0 && get(r, "own_seconds") > 0);
    json_decref(r);
    double tick = 1.0 / (double)sysconf(_SC_CLK_TCK);
    put("/proc/stat", "cpu  100 20 30 4000 500 6 7 80 9 0\ncpu0 1 1 1 1 1 1 1 1 1 1\n");
    put("/proc/loadavg", "1.25 0.20 0.10 1/100 99\n");
    put("/sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq", "2450000\n");
    put("/proc/self/cgroup", "0::/a/b\n");
    put("/sys/fs/cgroup/a/cpu.stat", "usage_usec 9\nthrottled_usec 2500000\n");
    put("/sys/fs/cgroup/a/b/cpu.stat", "usage_usec 9\n");
    r = c4_conditions_read(root);
    assert_true(fabs(get(r, "busy_seconds") - 163 * tick) < 1e-9);
    assert_true(fabs(get(r, "steal_seconds") - 80 * tick) < 1e-9);
    assert_true(get(r, "load_1min") == 1.25 && get(r, "clock_mhz") == 2450);
    assert_true(get(r, "throttled_seconds") == 2.5);
    json_decref(r);
    double seconds;
    put("/proc/self/cgroup", "4:cpu,cpuacct:/c\n");
    assert_false(c4_cgroup_throttled(root, &seconds));
    put("/sys/fs/cgroup/cpu,cpuacct/c/cpu.stat", "nr_throttled 3\nthrottled_time 1500000000\n");
    assert_true(c4_cgroup_throttled(root, &seconds) && seconds == 1.5);
}

static json_t *reading(double at, double busy, double steal, double own, double throttled,
                       double mhz) {
    return json_pack("{s:f, s:f, s:f, s:f, s:f, s:f, s:f}", "at_seconds", at, "busy_seconds", busy,
                     "steal_seconds", steal, "own_seconds", own, "throttled_seconds", throttled,
                     "load_1min", 0.0, "clock_mhz", mhz);
}

static json_t *between(json_t *begin, json_t *end) {
    json_t *conditions = c4_conditions_of(begin, end, 2);
    json_decref(begin);
    json_decref(end);
    return conditions;
}

static void doubts(void **state) {
    (void)state;
    json_t *c = between(reading(10, 100, 1, 2, 0, 2000), reading(20, 110, 1, 12, 0, 2000));
    assert_true(get(c, "seconds") == 10 && get(c, "steal_share") == 0);
    assert_true(get(c, "others_cpus") == 0 && get(c, "throttled_seconds") == 0);
    assert_int_equal(json_array_size(json_object_get(c, "notes")), 0);
    json_decref(c);
    c = between(reading(10, 100, 1, 2, 0, 2000), reading(20, 117, 1.5, 12, 4, 1800));
    assert_true(get(c, "steal_share") == .025 && fabs(get(c, "others_cpus") - .7) < 1e-12);
    assert_true(notes_of(c, "2.5 % of the CPUs' time"));
    assert_true(notes_of(c, "0.70 of 2 CPUs"));
    assert_true(notes_of(c, "for 4.00 of 10.00 seconds"));
    assert_true(notes_of(c, "2000 MHz before and 1800 MHz after"));
    json_decref(c);
    /* What the system does not say is null, and no reason for doubt. */
    c = between(json_pack("{s:f}", "at_seconds", 1.0), json_pack("{s:f}", "at_seconds", 3.0));
    assert_true(get(c, "seconds") == 2 && json_is_null(json_object_get(c, "others_cpus")));
    assert_true(json_is_null(json_object_get(c, "steal_share")));
    assert_int_equal(json_array_size(json_object_get(c, "notes")), 0);
    json_decref(c);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(readings), cmocka_unit_test(doubts)};
    return cmocka_run_group_tests(tests, make_root, remove_root);
}
