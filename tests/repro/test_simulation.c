/* Scratch */
#include "tests/harness/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "repro/workers/forecast.h"
#include "repro/workers/simulation.h"

static void x(void **state) {
    (void)state;
    static struct c4_study study;
    struct c4_schedule schedule;
    double all[256], seg[256];
    assert_int_equal(c4_study_load(NULL, &study), C4_OK);
    const struct c4_scale *scale = c4_study_scale(&study, getenv("SCALE") ? getenv("SCALE") : "paper");
    const struct c4_runner runner = {.protocol = &study.protocol, .scale = scale};
    assert_int_equal(c4_schedule_make(&study, scale, NULL, &schedule), C4_OK);
    const struct c4_speed speed = {1 / 2500., 1 / 8000., 0.1, 0, 0.03};
    c4_forecast_runs(&runner, &schedule, NULL, &speed, all);
    double jitter = getenv("JITTER") ? atof(getenv("JITTER")) : 0;
    srand(1);
    for (int i = 0; i < schedule.count; i++) {
        all[i] *= 1 + jitter * (rand() / (double)RAND_MAX - .5);
        seg[i] = all[i] * c4_run_segment_epochs(&runner, &schedule.run[i]) / (schedule.run[i].epochs + 1);
    }
    const struct c4_team_speeds speeds = {{1, .95, .88, .75}};
    int list[] = {1, 2, 4, 8, 16, 25, 32, 48, 64, 96, 100, 128};
    int only = getenv("ONLY") ? atoi(getenv("ONLY")) : 0;
    int l3 = getenv("L3") ? atoi(getenv("L3")) : 8;
    struct c4_sched_place place[256];
    for (int p = 0; p < 256; p++) place[p] = (struct c4_sched_place){p / l3, p / 64, 0};
    for (unsigned k = 0; k < sizeof list / sizeof *list; k++) {
        if (only && list[k] != only) continue;
        for (int widest = 1; widest <= 8; widest *= 8) {
            struct c4_simulation s;
            struct c4_simulation_input in = {&schedule, all, seg, place, list[k], &speeds, widest, NULL, 0};
            assert_int_equal(c4_simulation_make(&in, &s), C4_OK);
            printf("%4d widest %d: %9.0f s busy %.1f %% bound %.0f (busy %.1f) stays %d\n", list[k], widest, s.makespan, 100 * s.busy, s.bound, 100 * s.work / s.bound / list[k], s.stays);
            if (only && widest > 1)
                for (int i = 0; i < s.stays; i++)
                    printf("%8.0f %8.0f %3d+%d %s\n", s.stay[i].begin, s.stay[i].end, s.stay[i].first, s.stay[i].count, schedule.run[s.stay[i].run].key);
            c4_simulation_free(&s);
        }
    }
    c4_schedule_free(&schedule);
}
int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(x)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
