/* Forecasts of when worker slots are busy: made-up schedules with known ends. */
#include "tests/harness/unit.h"

#include <stdio.h>
#include <string.h>

#include "repro/planning/forecast.h"
#include "repro/planning/simulation.h"

enum { RUNS = 6, PLACES = 64 };

/* A schedule of made-up runs; run i starts from after[i]. */
static struct c4_schedule schedule_of(struct c4_run *run, const int *after, int count) {
    memset(run, 0, (size_t)count * sizeof *run);
    for (int i = 0; i < count; i++) snprintf(run[i].key, sizeof run[i].key, "run%d", i);
    return (struct c4_schedule){.count = count, .run = run, .after = (int *)after};
}

/* When and where a run is done; place -1: nothing to do. */
struct slot {
    int place;
    double start_seconds, end_seconds;
};

/* Every place takes the next run as soon as it is free; returns the end of the last. */
static double simulate(const struct c4_schedule *schedule, const double *seconds, int places,
                       struct slot *slot) {
    static const struct c4_team_speeds single = {{1, 1, 1, 1}};
    static const struct c4_sched_place place[PLACES];
    struct c4_simulation simulation;
    const struct c4_simulation_input input = {.schedule = schedule,
                                              .seconds = seconds,
                                              .place = place,
                                              .places = places,
                                              .speeds = &single,
                                              .widest = 1};
    assert_in_range(places, 1, PLACES);
    for (int i = 0; i < RUNS; i++) slot[i] = (struct slot){.place = -1};
    assert_int_equal(c4_simulation_make(&input, &simulation), C4_OK);
    for (int i = 0; i < simulation.stays; i++) {
        const struct c4_stay *stay = &simulation.stay[i];
        slot[stay->run] = (struct slot){stay->first, stay->begin, stay->end};
    }
    double end = simulation.makespan;
    c4_simulation_free(&simulation);
    return end;
}

static double end_of(const int *after, const double *seconds, int count, int places,
                     struct slot *slot) {
    struct c4_run run[RUNS];
    struct c4_schedule schedule = schedule_of(run, after, count);
    return simulate(&schedule, seconds, places, slot);
}

static void one_place_takes_all(void **state) {
    (void)state;
    struct slot slot[RUNS];
    const int after[] = {-1, -1, 0};
    const double seconds[] = {3, 5, 1};
    assert_true(end_of(after, seconds, 3, 1, slot) == 9);
    /* The longest run first: 5 alone against 3 + 1. */
    assert_true(slot[1].start_seconds == 0 && slot[0].start_seconds == 5);
    assert_true(slot[2].start_seconds == 8 && slot[2].end_seconds == 9);
    for (int i = 0; i < 3; i++) assert_int_equal(slot[i].place, 0);
}

/* A run that others wait for begins first, although it is short itself. */
static void long_chains_first(void **state) {
    (void)state;
    struct slot slot[RUNS];
    const int after[] = {-1, -1, -1, 2};
    const double seconds[] = {4, 4, 1, 6};
    assert_true(end_of(after, seconds, 4, 2, slot) == 8);
    assert_true(slot[2].start_seconds == 0);
    assert_true(slot[3].start_seconds == 1 || slot[3].start_seconds == 4);
}

static void followers_wait(void **state) {
    (void)state;
    struct slot slot[RUNS];
    const int after[] = {-1, 0, 0, 1};
    const double seconds[] = {2, 3, 3, 1};
    assert_true(end_of(after, seconds, 4, 4, slot) == 6);
    assert_true(slot[1].start_seconds == 2 && slot[2].start_seconds == 2);
    assert_true(slot[3].start_seconds == 5);
    assert_true(slot[1].place != slot[2].place);
}

/* Finished runs occupy no slot and delay nothing. */
static void done_runs(void **state) {
    (void)state;
    struct slot slot[RUNS];
    const int after[] = {-1, 0};
    const double seconds[] = {0, 3}, nothing[] = {0, 0};
    assert_true(end_of(after, seconds, 2, 2, slot) == 3);
    assert_int_equal(slot[0].place, -1);
    assert_true(slot[1].start_seconds == 0);
    assert_true(end_of(after, nothing, 2, 2, slot) == 0);
}

/* More slots never end later on these schedules, and no two runs share a slot at a time. */
static void places_are_not_shared(void **state) {
    (void)state;
    struct slot slot[RUNS];
    const int after[] = {-1, -1, 0, 0, 1, -1};
    const double seconds[] = {7, 2, 4, 4, 3, 5};
    double before = 1e9;
    for (int places = 1; places <= 6; places++) {
        double end = end_of(after, seconds, RUNS, places, slot);
        assert_true(end <= before);
        before = end;
        for (int i = 0; i < RUNS; i++) {
            assert_true(slot[i].place >= 0 && slot[i].place < places);
            assert_true(slot[i].end_seconds - slot[i].start_seconds == seconds[i]);
            if (after[i] >= 0) assert_true(slot[i].start_seconds >= slot[after[i]].end_seconds);
            for (int k = 0; k < i; k++)
                assert_true(slot[i].place != slot[k].place ||
                            slot[i].start_seconds >= slot[k].end_seconds ||
                            slot[k].start_seconds >= slot[i].end_seconds);
        }
    }
    assert_true(before == 11);
}

/* Seconds of a run and of the longest chain of runs that start from it. */
static double behind(const struct c4_schedule *schedule, const double *seconds, int index) {
    double longest = 0;
    for (int i = 0; i < schedule->count; i++) {
        double one = schedule->after[i] == index ? behind(schedule, seconds, i) : 0;
        if (one > longest) longest = one;
    }
    return seconds[index] + longest;
}

/* c4_forecast_next() with tails, which are those of the plain recursion. */
static int next_of(const struct c4_schedule *schedule, const double *seconds,
                   const enum c4_run_state *state, const uint64_t *seed) {
    double tail[RUNS];
    c4_schedule_tails(schedule, seconds, tail);
    for (int i = 0; i < schedule->count; i++)
        assert_true(seconds[i] + tail[i] == behind(schedule, seconds, i));
    return c4_forecast_next(schedule, seconds, tail, state, seed);
}

static void next_run(void **state) {
    (void)state;
    struct c4_run run[RUNS];
    const int after[] = {-1, 0, -1};
    const double seconds[] = {1, 9, 5};
    struct c4_schedule schedule = schedule_of(run, after, 3);
    enum c4_run_state s[] = {C4_RUN_PLANNED, C4_RUN_PLANNED, C4_RUN_PLANNED};
    assert_int_equal(next_of(&schedule, seconds, s, NULL), 0);
    s[0] = C4_RUN_RUNNING;
    assert_int_equal(next_of(&schedule, seconds, s, NULL), 2);
    s[2] = C4_RUN_RUNNING;
    assert_int_equal(next_of(&schedule, seconds, s, NULL), -1);
    s[0] = C4_RUN_DONE;
    assert_int_equal(next_of(&schedule, seconds, s, NULL), 1);
    s[0] = C4_RUN_FAILED;
    assert_int_equal(next_of(&schedule, seconds, s, NULL), -1);
}

/* A slot keeps its seed as long as that does not postpone much longer runs. */
static void seeds_stay_together(void **state) {
    (void)state;
    struct c4_run run[RUNS];
    const int after[] = {-1, -1, -1};
    double seconds[] = {10, 6, 4};
    struct c4_schedule schedule = schedule_of(run, after, 3);
    const enum c4_run_state s[] = {C4_RUN_PLANNED, C4_RUN_PLANNED, C4_RUN_PLANNED};
    const uint64_t seed = 7, other = 8;
    run[1].seed = run[2].seed = seed;
    assert_int_equal(next_of(&schedule, seconds, s, NULL), 0);
    assert_int_equal(next_of(&schedule, seconds, s, &seed), 1);
    assert_int_equal(next_of(&schedule, seconds, s, &other), 0);
    seconds[0] = 13;
    assert_int_equal(next_of(&schedule, seconds, s, &seed), 0);
}

static struct c4_runner runner_of(const struct c4_study *study, const struct c4_scale *scale) {
    return (struct c4_runner){.protocol = &study->protocol, .scale = scale};
}

/* Predictions add up images and CKA, and shrink as work is done. */
static void predictions(void **state) {
    (void)state;
    struct c4_study study;
    struct c4_schedule schedule;
    double all[64], training[64], rest[64];
    int64_t done[64];
    assert_int_equal(c4_study_load(NULL, &study), C4_OK);
    const struct c4_scale *scale = c4_study_scale(&study, "quick");
    const struct c4_runner runner = runner_of(&study, scale);
    assert_int_equal(c4_schedule_make(&study, scale, NULL, &schedule), C4_OK);
    const struct c4_speed speed = {1e-3, 3e-4, 0.1, 0, 0.02, 0}, train_only = {1e-3, 0, 0, 0, 0, 0};
    c4_forecast_runs(&runner, &schedule, NULL, &speed, all);
    c4_forecast_runs(&runner, &schedule, NULL, &train_only, training);
    double sum = 0;
    for (int i = 0; i < schedule.count; i++) {
        sum += training[i];
        done[i] = schedule.run[i].epochs / 2;
        assert_true(all[i] > training[i]);
    }
    assert_true(sum > 804.9599 && sum < 804.9601); /* the scale's training images, in ms */
    c4_forecast_runs(&runner, &schedule, done, &speed, rest);
    for (int i = 0; i < schedule.count; i++) {
        assert_true(rest[i] > 0 && rest[i] < all[i]);
        done[i] = schedule.run[i].epochs;
    }
    c4_forecast_runs(&runner, &schedule, done, &speed, rest);
    for (int i = 0; i < schedule.count; i++) assert_true(rest[i] == 0);
    /* Two checkpoints of each run; what is done already is not needed again. */
    uint64_t whole = c4_forecast_disk_bytes(&runner, &schedule, NULL, 0, 0);
    assert_true(whole > 2 * 935000.0 * schedule.count);
    assert_true(whole < 2 * 935000.0 * schedule.count + 20e6);
    assert_int_equal(c4_forecast_disk_bytes(&runner, &schedule, NULL, 2, 3),
                     whole + 2 * 225000 + 3 * 935000);
    uint64_t nothing = c4_forecast_disk_bytes(&runner, &schedule, done, 0, 0);
    assert_true(nothing < 1000000);
    done[0] = schedule.run[0].epochs - 1;
    uint64_t some = c4_forecast_disk_bytes(&runner, &schedule, done, 0, 0);
    done[0] = -1;
    uint64_t one = c4_forecast_disk_bytes(&runner, &schedule, done, 0, 0);
    assert_true(one > nothing + 2 * 935000 && one < nothing + 4 * 935000);
    assert_true(some > nothing && some < one);
    c4_schedule_free(&schedule);
}

/* Segments end at fixed epochs, wherever a run resumes. */
static void segments(void **state) {
    (void)state;
    struct c4_study study;
    struct c4_run run;
    assert_int_equal(c4_study_load(NULL, &study), C4_OK);
    const struct c4_scale *scale = c4_study_scale(&study, "quick");
    const struct c4_runner runner = runner_of(&study, scale);
    assert_true(c4_run_describe(&study, scale, "size-64", 1, &run));
    uint32_t each = c4_run_segment_epochs(&runner, &run);
    assert_true(each > 1 && each < run.epochs);
    assert_int_equal(c4_run_segment_end(&runner, &run, -1), each);
    for (uint32_t done = 0; done < run.epochs; done++) {
        uint32_t end = c4_run_segment_end(&runner, &run, done);
        assert_true(end > done && end - done <= each);
        assert_true(end % each == 0 || end == run.epochs);
    }
    assert_true(c4_run_describe(&study, scale, "pretrain-d0", 1, &run));
    assert_int_equal(c4_run_segment_epochs(&runner, &run), 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_place_takes_all),
        cmocka_unit_test(long_chains_first),
        cmocka_unit_test(followers_wait),
        cmocka_unit_test(done_runs),
        cmocka_unit_test(next_run),
        cmocka_unit_test(places_are_not_shared),
        cmocka_unit_test(predictions),
        cmocka_unit_test(segments),
        cmocka_unit_test(seeds_stay_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
