#include "core/host/conditions.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/file/json.h"
#include "core/host/cgroup.h"
#include "core/host/clock.h"
#include "core/host/sysfile.h"

/* --- a reading --- */

/* Of the line "cpu user nice system idle iowait irq softirq steal ...", in ticks. Guests' time is
 * part of user. */
static void read_ticks(const char *root, double *busy_seconds, double *steal_seconds) {
    struct c4_text line = {0};
    double ticks[8], per_second = (double)sysconf(_SC_CLK_TCK);
    *busy_seconds = *steal_seconds = (double)NAN;
    c4_sysfile_line(root, "/proc/stat", &line);
    int read = sscanf(c4_text_string(&line), "cpu %lf %lf %lf %lf %lf %lf %lf %lf", &ticks[0],
                      &ticks[1], &ticks[2], &ticks[3], &ticks[4], &ticks[5], &ticks[6], &ticks[7]);
    c4_text_free(&line);
    if (read != 8 || !(per_second > 0)) return;
    *busy_seconds = (ticks[0] + ticks[1] + ticks[2] + ticks[5] + ticks[6]) / per_second;
    *steal_seconds = ticks[7] / per_second;
}

static double seconds_of(const struct timeval *time) {
    return (double)time->tv_sec + 1e-6 * (double)time->tv_usec;
}

static double own_seconds(void) {
    struct rusage self, children;
    if (getrusage(RUSAGE_SELF, &self) != 0 || getrusage(RUSAGE_CHILDREN, &children) != 0)
        return (double)NAN;
    return seconds_of(&self.ru_utime) + seconds_of(&self.ru_stime) +
           seconds_of(&children.ru_utime) + seconds_of(&children.ru_stime);
}

/* The number that a file begins with. */
static double number_in(const char *root, const char *path) {
    struct c4_text line = {0};
    char *end;
    c4_sysfile_line(root, path, &line);
    const char *begin = c4_text_string(&line);
    double value = strtod(begin, &end);
    if (end == begin) value = (double)NAN;
    c4_text_free(&line);
    return value;
}

json_t *c4_conditions_read(const char *root) {
    double busy, steal, throttled = (double)NAN;
    read_ticks(root, &busy, &steal);
    if (!c4_cgroup_throttled(root, &throttled)) throttled = (double)NAN;
    double khz = number_in(root, "/sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq");
    return json_pack(
        "{s:f, s:o, s:o, s:o, s:o, s:o, s:o}", "at_seconds", 1e-9 * (double)c4_clock_ns(),
        "busy_seconds", c4_json_real(busy), "steal_seconds", c4_json_real(steal), "own_seconds",
        c4_json_real(own_seconds()), "throttled_seconds", c4_json_real(throttled), "load_1min",
        c4_json_real(number_in(root, "/proc/loadavg")), "clock_mhz", c4_json_real(khz * 1e-3));
}

/* --- two readings --- */

static double value_of(const json_t *reading, const char *member) {
    const json_t *value = json_object_get(reading, member);
    return json_is_number(value) ? json_number_value(value) : (double)NAN;
}

static double difference(const json_t *begin, const json_t *end, const char *member) {
    return value_of(end, member) - value_of(begin, member);
}

/* Of whatever is known to be bad; NaN is no reason for doubt. */
static json_t *notes_of(double steal, double others, int cpus, double throttled, double seconds,
                        double mhz, double mhz_end) {
    json_t *notes = json_array();
    if (steal > .01)
        json_array_append_new(
            notes, json_sprintf(
                       "The hypervisor gave %.1f %% of the CPUs' time to other machines meanwhile.",
                       100 * steal));
    if (others > .1)
        json_array_append_new(
            notes,
            json_sprintf("Other programs kept %.2f of %d CPUs busy meanwhile.", others, cpus));
    if (throttled > 0)
        json_array_append_new(
            notes, json_sprintf("A CPU quota stopped this program for %.2f of %.2f seconds.",
                                throttled, seconds));
    if (fabs(mhz_end - mhz) > .05 * mhz)
        json_array_append_new(
            notes, json_sprintf("The clock was %.0f MHz before and %.0f MHz after.", mhz, mhz_end));
    return notes;
}

json_t *c4_conditions_of(const json_t *begin, const json_t *end, int cpus) {
    double seconds = difference(begin, end, "at_seconds");
    double steal = difference(begin, end, "steal_seconds") / (seconds * cpus);
    double others =
        (difference(begin, end, "busy_seconds") - difference(begin, end, "own_seconds")) / seconds;
    if (others < 0) others = 0; /* the two clocks tick apart; NaN stays NaN */
    double throttled = difference(begin, end, "throttled_seconds");
    double mhz = value_of(begin, "clock_mhz"), mhz_end = value_of(end, "clock_mhz");
    json_t *notes = notes_of(steal, others, cpus, throttled, seconds, mhz, mhz_end);
    return json_pack("{s:O, s:O, s:o, s:o, s:o, s:o, s:o}", "begin", begin, "end", end, "seconds",
                     c4_json_real(seconds), "steal_share", c4_json_real(steal), "others_cpus",
                     c4_json_real(others), "throttled_seconds", c4_json_real(throttled), "notes",
                     notes);
}
