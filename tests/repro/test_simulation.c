/* Studies on a simulated clock: random ones, whose stays have to obey every rule, and the paper's.
 */
#include "tests/harness/unit.h"
#include "tests/repro/random_study.h"

#include <math.h>
#include <stdlib.h>

#include "repro/planning/forecast.h"

static double most_of(const double *value, int count) {
    double most = 0;
    for (int i = 0; i < count; i++) most = value[i] > most ? value[i] : most;
    return most;
}

/* A team of 1, 2, 4 or 8 in an L3 domain, or in a node if none of its domains is that wide. */
static void check_team(const struct c4_simulation_input *input, const struct c4_stay *stay) {
    assert_true(stay->count == 1 || stay->count == 2 || stay->count == 4 || stay->count == 8);
    assert_true(stay->count <= input->widest);
    assert_true(stay->first >= 0 && stay->first + stay->count <= input->places);
    const struct c4_sched_place *place = input->place, *first = &place[stay->first];
    bool one_l3 = true;
    for (int p = stay->first; p < stay->first + stay->count; p++) {
        assert_int_equal(place[p].node, first->node);
        assert_int_equal(place[p].kind, first->kind);
        one_l3 = one_l3 && place[p].l3 == first->l3;
    }
    for (int p = 0, width = 0; !one_l3 && p < input->places; p++) {
        bool same = place[p].node == first->node && place[p].kind == first->kind;
        width = p > 0 && place[p].l3 == place[p - 1].l3 ? width + same : same;
        assert_true(width < stay->count);
    }
}

/* Nothing twice at the same time; predecessors first; teams where they may be; all work done. */
static void check_stays(const struct c4_simulation_input *input,
                        const struct c4_simulation *simulation) {
    const struct c4_schedule *schedule = input->schedule;
    double begin[RANDOM_RUNS], end[RANDOM_RUNS], done[RANDOM_RUNS];
    for (int i = 0; i < schedule->count; i++) {
        begin[i] = -1;
        end[i] = done[i] = 0;
    }
    for (int i = 0; i < simulation->stays; i++) {
        const struct c4_stay *stay = &simulation->stay[i];
        check_team(input, stay);
        assert_true(stay->end >= stay->begin && stay->begin >= end[stay->run]);
        assert_true(stay->end <= simulation->makespan);
        /* A run under way never waits. */
        assert_true(begin[stay->run] < 0 || input->outages > 0 || stay->begin == end[stay->run]);
        if (begin[stay->run] < 0) begin[stay->run] = stay->begin;
        end[stay->run] = stay->end;
        done[stay->run] +=
            (stay->end - stay->begin) / c4_team_seconds(input->speeds, stay->count, 1);
        for (int j = 0; j < i; j++) {
            const struct c4_stay *other = &simulation->stay[j];
            bool apart = other->first + other->count <= stay->first ||
                         stay->first + stay->count <= other->first;
            assert_true(apart || other->end <= stay->begin || stay->end <= other->begin);
        }
    }
    for (int i = 0; i < schedule->count; i++) {
        assert_true(begin[i] >= 0);
        if (input->outages == 0)
            assert_true(done[i] > .999999 * input->seconds[i] &&
                        done[i] < 1.000001 * input->seconds[i]);
        else
            assert_true(done[i] > .999999 * input->seconds[i]);
        if (schedule->after[i] >= 0) assert_true(begin[i] >= end[schedule->after[i]]);
    }
}

static void check_same(const struct c4_simulation *a, const struct c4_simulation *b) {
    assert_int_equal(a->stays, b->stays);
    for (int i = 0; i < a->stays; i++) {
        assert_int_equal(a->stay[i].run, b->stay[i].run);
        assert_int_equal(a->stay[i].first, b->stay[i].first);
        assert_int_equal(a->stay[i].count, b->stay[i].count);
        assert_true(a->stay[i].begin == b->stay[i].begin && a->stay[i].end == b->stay[i].end);
    }
}

/* Teams are never slower than one place for each run by more than one segment of the longest ones,
 * which is what a ready run may wait for a team to shrink. */
static void random_studies(void **state) {
    (void)state;
    static struct random_study study;
    double faster = 0;
    enum { STUDIES = 2000 };
    for (uint64_t seed = 1; seed <= STUDIES; seed++) {
        struct c4_simulation single, team, again;
        random_study_make(seed, &study);
        const struct c4_simulation_input one = random_input(&study, 1),
                                         many = random_input(&study, C4_TEAM_WIDEST);
        assert_int_equal(c4_simulation_make(&one, &single), C4_OK);
        assert_int_equal(c4_simulation_make(&many, &team), C4_OK);
        assert_int_equal(c4_simulation_make(&many, &again), C4_OK);
        check_stays(&one, &single);
        check_stays(&many, &team);
        check_same(&team, &again);
        double segment = most_of(study.segment, study.schedule.count);
        assert_true(team.makespan <= single.makespan + segment);
        assert_true(single.bound <= single.makespan * 1.000001);
        assert_true(team.bound <= team.makespan * 1.000001);
        faster += team.makespan / single.makespan / STUDIES;
        c4_simulation_free(&single);
        c4_simulation_free(&team);
        c4_simulation_free(&again);
    }
    assert_true(faster < .7);
}

/* Workers that die and come back: their segments are lost, and every run is still done. */
static void lost_workers(void **state) {
    (void)state;
    static struct random_study study;
    enum { OUTAGES = 6 };
    for (uint64_t seed = 1; seed <= 1000; seed++) {
        struct c4_outage outage[OUTAGES];
        struct c4_simulation whole, simulation;
        uint64_t random = seed * 0x9E3779B97F4A7C15u;
        random_study_make(seed, &study);
        struct c4_simulation_input input = random_input(&study, seed % 4 ? C4_TEAM_WIDEST : 1);
        assert_int_equal(c4_simulation_make(&input, &whole), C4_OK);
        for (int i = 0; i < OUTAGES; i++) {
            double begin = whole.makespan * random_part(&random);
            outage[i] = (struct c4_outage){random_in(&random, 0, study.places - 1), begin,
                                           begin + whole.makespan * random_part(&random) / 4};
        }
        input.outage = outage;
        input.outages = OUTAGES;
        assert_int_equal(c4_simulation_make(&input, &simulation), C4_OK);
        check_stays(&input, &simulation);
        for (int i = 0; i < simulation.stays; i++)
            for (int j = 0; j < OUTAGES; j++) {
                const struct c4_stay *stay = &simulation.stay[i];
                assert_true(outage[j].place < stay->first ||
                            outage[j].place >= stay->first + stay->count ||
                            stay->end <= outage[j].begin || stay->begin >= outage[j].end);
            }
        c4_simulation_free(&whole);
        c4_simulation_free(&simulation);
    }
    /* A place that never comes back, and no other. */
    random_study_make(1, &study);
    study.places = 1;
    struct c4_simulation_input input = random_input(&study, 1);
    const struct c4_outage gone = {0, .5, INFINITY};
    struct c4_simulation simulation;
    input.outage = &gone;
    input.outages = 1;
    assert_int_equal(c4_simulation_make(&input, &simulation), C4_ERR_FAILED);
    assert_null(simulation.stay);
}

/* The paper's study on a machine with L3 domains of eight cores, at the speeds of a made-up core.
 */
static double paper_busy(int places, int widest, double *bound) {
    static struct c4_study study;
    static struct c4_sched_place place[RANDOM_PLACES];
    struct c4_schedule schedule;
    const struct c4_speed speed = {1 / 2500., 1 / 8000., 0.1, 0, 0.03, 0};
    const struct c4_team_speeds speeds = {{1, .95, .88, .75}};
    struct c4_simulation simulation;
    assert_int_equal(c4_study_load(NULL, &study), C4_OK);
    const struct c4_scale *scale = c4_study_scale(&study, "paper");
    const struct c4_runner runner = {.protocol = &study.protocol, .scale = scale};
    assert_int_equal(c4_schedule_make(&study, scale, NULL, &schedule), C4_OK);
    double *seconds = calloc((size_t)schedule.count, sizeof *seconds);
    double *segment = calloc((size_t)schedule.count, sizeof *segment);
    assert_non_null(seconds);
    assert_non_null(segment);
    c4_forecast_runs(&runner, &schedule, NULL, &speed, seconds);
    c4_forecast_segments(&runner, &schedule, NULL, seconds, segment);
    for (int p = 0; p < places; p++) place[p] = (struct c4_sched_place){p / 8, p / 64, 0};
    const struct c4_simulation_input input = {.schedule = &schedule,
                                              .seconds = seconds,
                                              .segment_seconds = segment,
                                              .place = place,
                                              .places = places,
                                              .speeds = &speeds,
                                              .widest = widest};
    assert_int_equal(c4_simulation_make(&input, &simulation), C4_OK);
    double busy = simulation.busy;
    *bound = simulation.work / (places * simulation.bound);
    c4_simulation_free(&simulation);
    free(segment);
    free(seconds);
    c4_schedule_free(&schedule);
    return busy;
}

static void paper_scale(void **state) {
    (void)state;
    double bound;
    assert_true(paper_busy(25, C4_TEAM_WIDEST, &bound) >= .95);
    assert_true(paper_busy(64, C4_TEAM_WIDEST, &bound) >= .85);
    assert_true(paper_busy(96, C4_TEAM_WIDEST, &bound) >= .8);
    assert_true(paper_busy(128, C4_TEAM_WIDEST, &bound) >= .70);
    assert_true(bound > .999);
    /* Without teams the longest chain of runs is the limit. */
    double busy = paper_busy(64, 1, &bound);
    assert_true(busy > .40 && busy < .45 && busy <= bound * 1.000001 && bound < .45);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_studies),
        cmocka_unit_test(lost_workers),
        cmocka_unit_test(paper_scale),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
