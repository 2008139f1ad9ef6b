/* Single decisions of the scheduler: what starts now, and on which places. */
#include "tests/harness/unit.h"
#include "tests/repro/random_study.h"

#include "repro/planning/forecast.h"

enum { RUNS = 128, PLACES = 128 };

/* A state of a study of equal runs without predecessors on L3 domains of eight places. */
struct scene {
    struct c4_run run[RUNS];
    int after[RUNS];
    double seconds[RUNS];
    enum c4_run_state state[RUNS];
    struct c4_schedule schedule;
    struct c4_sched_place place[PLACES];
    struct c4_sched_seat seat[PLACES];
    struct c4_team_speeds speeds;
    struct c4_assignment assignment[PLACES];
    struct c4_sched_input input;
};

static struct scene *scene_of(int runs, int places) {
    static struct scene scene;
    memset(&scene, 0, sizeof scene);
    for (int i = 0; i < runs; i++) {
        scene.after[i] = -1;
        scene.seconds[i] = 100;
        scene.state[i] = C4_RUN_PLANNED;
    }
    for (int p = 0; p < places; p++) {
        scene.place[p] = (struct c4_sched_place){p / 8, p / 32, 0};
        scene.seat[p].run = -1;
    }
    scene.schedule = (struct c4_schedule){.count = runs, .run = scene.run, .after = scene.after};
    scene.speeds = (struct c4_team_speeds){{1, .95, .88, .75}};
    scene.input =
        (struct c4_sched_input){&scene.schedule, scene.seconds, scene.state,   scene.place,
                                scene.seat,      places,        &scene.speeds, 8};
    return &scene;
}

/* Seats a run; it is in mid-segment unless `between`. */
static void seat(struct scene *scene, int run, int first, int count, bool between) {
    scene->state[run] = C4_RUN_RUNNING;
    for (int p = first; p < first + count; p++)
        scene->seat[p] = (struct c4_sched_seat){.run = run,
                                                .leader = first,
                                                .between = between,
                                                .segment_seconds = between ? 0 : 1,
                                                .has_seed = true,
                                                .seed = scene->run[run].seed};
}

static int decide(struct scene *scene) {
    int count = -1;
    assert_int_equal(c4_scheduler_decide(&scene->input, scene->assignment, &count), C4_OK);
    return count;
}

/* What starts for a run; count 0: nothing. */
static struct c4_assignment of(const struct scene *scene, int count, int run) {
    for (int i = 0; i < count; i++)
        if (scene->assignment[i].run == run) return scene->assignment[i];
    return (struct c4_assignment){run, -1, 0};
}

static void assert_starts(const struct scene *scene, int count, int run, int first, int places) {
    struct c4_assignment one = of(scene, count, run);
    assert_int_equal(one.count, places);
    if (places > 0) assert_int_equal(one.first, first);
}

/* 25 runs on 64 places: as many fours as there are places for, and pairs. */
static void start_as_pairs_and_fours(void **state) {
    (void)state;
    struct scene *scene = scene_of(25, 64);
    int with[9] = {0}, count = decide(scene);
    assert_int_equal(count, 25);
    for (int i = 0; i < count; i++) {
        const struct c4_assignment *one = &scene->assignment[i];
        with[one->count]++;
        assert_int_equal(one->first / 8, (one->first + one->count - 1) / 8);
    }
    assert_int_equal(with[2], 18);
    assert_int_equal(with[4], 7);
}

/* The longest chain of runs gets the widest team. */
static void critical_path_first(void **state) {
    (void)state;
    struct scene *scene = scene_of(5, 8);
    scene->after[4] = 1; /* not ready: 1 has 100 + 300 before it */
    scene->seconds[4] = 300;
    int count = decide(scene);
    assert_int_equal(count, 4);
    for (int run = 0; run < 4; run++)
        assert_int_equal(of(scene, count, run).count, run == 1   ? 4
                                                      : run == 3 ? 1
                                                      : run == 0 ? 2
                                                                 : 1);
    assert_int_equal(of(scene, count, 4).count, 0);
}

/* With as many ready runs as places, one place each, in the order of c4_forecast_next(). */
static void no_teams_without_room(void **state) {
    (void)state;
    struct scene *scene = scene_of(20, 16);
    for (int i = 0; i < 20; i++) scene->seconds[i] = 100 + i;
    int count = decide(scene);
    assert_int_equal(count, 16);
    for (int i = 0; i < 16; i++) assert_starts(scene, count, 19 - i, i, 1);
    scene->input.widest = 1;
    scene->schedule.count = 3;
    assert_int_equal(decide(scene), 3);
    for (int i = 0; i < 3; i++) assert_starts(scene, 3, 2 - i, i, 1);
}

/* Random studies with widest = 1 take the places, at the times, of a plain list schedule. */
static void list_schedule(const struct random_study *study, int *place_of, double *begin) {
    double until[RANDOM_PLACES] = {0}, now = 0;
    int runs = study->schedule.count, at[RANDOM_PLACES], before[RANDOM_PLACES];
    enum c4_run_state state[RANDOM_RUNS] = {C4_RUN_PLANNED};
    double tail[RANDOM_RUNS];
    c4_schedule_tails(&study->schedule, study->seconds, tail);
    for (int i = 0; i < runs; i++) state[i] = C4_RUN_PLANNED;
    for (int p = 0; p < study->places; p++) at[p] = before[p] = -1;
    for (;;) {
        int first = -1;
        for (int p = 0; p < study->places; p++) {
            const uint64_t *seed = before[p] >= 0 ? &study->run[before[p]].seed : NULL;
            int next = at[p] >= 0
                           ? -1
                           : c4_forecast_next(&study->schedule, study->seconds, tail, state, seed);
            if (next >= 0) {
                at[p] = before[p] = next;
                state[next] = C4_RUN_RUNNING;
                place_of[next] = p;
                begin[next] = now;
                until[p] = now + study->seconds[next];
            }
            if (at[p] >= 0 && (first < 0 || until[p] < until[first])) first = p;
        }
        if (first < 0) return;
        now = until[first];
        state[at[first]] = C4_RUN_DONE;
        at[first] = -1;
    }
}

static void singles_are_a_list_schedule(void **state) {
    (void)state;
    static struct random_study study;
    int place[RANDOM_RUNS];
    double begin[RANDOM_RUNS];
    for (uint64_t seed = 1; seed <= 500; seed++) {
        struct c4_simulation simulation;
        random_study_make(seed, &study);
        list_schedule(&study, place, begin);
        struct c4_simulation_input input = random_input(&study, 1);
        input.segment_seconds = NULL;
        assert_int_equal(c4_simulation_make(&input, &simulation), C4_OK);
        assert_int_equal(simulation.stays, study.schedule.count);
        for (int i = 0; i < simulation.stays; i++) {
            const struct c4_stay *stay = &simulation.stay[i];
            assert_int_equal(stay->first, place[stay->run]);
            assert_int_equal(stay->count, 1);
            assert_true(stay->begin == begin[stay->run]);
        }
        c4_simulation_free(&simulation);
    }
}

/* Only runs between two segments start; where nothing changed they stay as they are. */
static void keeps_what_is(void **state) {
    (void)state;
    struct scene *scene = scene_of(3, 8);
    seat(scene, 0, 0, 4, false);
    seat(scene, 1, 4, 2, true);
    seat(scene, 2, 6, 2, false);
    assert_int_equal(decide(scene), 1);
    assert_starts(scene, 1, 1, 4, 2);
    /* A pair that is somewhat behind the four is not worth a move; one that is far behind gets
     * them. */
    scene->seconds[0] = 85;
    assert_int_equal(decide(scene), 1);
    assert_starts(scene, 1, 1, 4, 2);
    scene->seconds[0] = 30;
    seat(scene, 0, 0, 4, true);
    int count = decide(scene);
    assert_int_equal(count, 2);
    assert_starts(scene, count, 0, 0, 2);
    assert_starts(scene, count, 1, 4, 2);
    /* Next the other pair leaves for what is free, and then the first one grows in place. */
    seat(scene, 0, 0, 2, false);
    scene->seat[2].run = scene->seat[3].run = -1;
    seat(scene, 1, 4, 2, false);
    seat(scene, 2, 6, 2, true);
    scene->seconds[2] = 90;
    count = decide(scene);
    assert_int_equal(count, 1);
    assert_starts(scene, count, 2, 2, 2);
    seat(scene, 2, 2, 2, false);
    scene->seat[6].run = scene->seat[7].run = -1;
    seat(scene, 1, 4, 2, true);
    count = decide(scene);
    assert_int_equal(count, 1);
    assert_starts(scene, count, 1, 4, 4);
}

/* A team gives up places when more runs are ready, at the end of its segment and not before. */
static void shrinks_for_ready_runs(void **state) {
    (void)state;
    struct scene *scene = scene_of(4, 8);
    seat(scene, 0, 0, 8, false);
    assert_int_equal(decide(scene), 0);
    seat(scene, 0, 0, 8, true);
    int count = decide(scene);
    assert_int_equal(count, 4);
    for (int run = 0; run < 4; run++) assert_int_equal(of(scene, count, run).count, 2);
    assert_starts(scene, count, 0, 0, 2);
    scene = scene_of(12, 8);
    seat(scene, 11, 0, 8, true);
    count = decide(scene);
    assert_int_equal(count, 8);
    assert_starts(scene, count, 11, 0, 1);
    for (int run = 0; run < 7; run++) assert_starts(scene, count, run, run + 1, 1);
}

/* A run that grows keeps its neighbourhood, and one in its way goes to places that are idle. */
static void grows_around_its_leader(void **state) {
    (void)state;
    struct scene *scene = scene_of(2, 16);
    seat(scene, 0, 8, 1, true);
    seat(scene, 1, 9, 1, false);
    int count = decide(scene);
    assert_int_equal(count, 1);
    assert_starts(scene, count, 0, 0, 8); /* around 8 is another run, and 0 to 7 are idle */
    seat(scene, 1, 0, 1, false);
    seat(scene, 0, 9, 1, true);
    scene->seat[8].run = -1;
    count = decide(scene);
    assert_starts(scene, count, 0, 8, 8);
}

/* A ready run goes where its seed's references are. */
static void prefers_its_seed(void **state) {
    (void)state;
    struct scene *scene = scene_of(2, 16);
    scene->run[0].seed = 4;
    scene->run[1].seed = 5;
    scene->seat[8] = (struct c4_sched_seat){.run = -1, .has_seed = true, .seed = 4};
    scene->seat[0] = (struct c4_sched_seat){.run = -1, .has_seed = true, .seed = 5};
    int count = decide(scene);
    assert_starts(scene, count, 0, 8, 8);
    assert_starts(scene, count, 1, 0, 8);
}

/* Teams lie in an L3 domain, or in a node whose domains are smaller; not across nodes or kinds. */
static void lies_in_a_domain(void **state) {
    (void)state;
    struct scene *scene = scene_of(1, 32);
    assert_starts(scene, decide(scene), 0, 0, 8);
    for (int p = 0; p < 32; p++) scene->place[p] = (struct c4_sched_place){p / 6, 0, 0};
    assert_starts(scene, decide(scene), 0, 0, 8); /* L3 domains of six */
    for (int p = 0; p < 32; p++) scene->place[p].node = p / 6;
    assert_starts(scene, decide(scene), 0, 0, 4); /* each of them a node */
    for (int p = 0; p < 32; p++) scene->place[p].kind = p % 6 >= 2;
    scene->seat[2].away = true;
    assert_starts(scene, decide(scene), 0, 8, 4); /* the first place of the second kind is away */
    scene->input.widest = 2;
    assert_int_equal(of(scene, decide(scene), 0).count, 2);
}

/* Teams that do not train faster are not made. */
static void no_team_without_gain(void **state) {
    (void)state;
    struct scene *scene = scene_of(1, 8);
    scene->speeds = (struct c4_team_speeds){{1, .9, .45, .2}};
    assert_starts(scene, decide(scene), 0, 0, 2);
    scene->speeds.of_ideal[1] = .5;
    assert_starts(scene, decide(scene), 0, 0, 1);
}

/* Whoever has no place goes on as soon as there is one, also a run that lost its worker. */
static void lost_workers(void **state) {
    (void)state;
    struct scene *scene = scene_of(2, 2);
    scene->seat[0].away = scene->seat[1].away = true;
    assert_int_equal(decide(scene), 0);
    scene->seat[1].away = false;
    assert_int_equal(decide(scene), 1);
    assert_starts(scene, 1, 0, 1, 1);
    scene->state[1] = C4_RUN_RUNNING; /* without a seat */
    seat(scene, 0, 1, 1, true);
    scene->seat[0].away = false;
    assert_int_equal(decide(scene), 2);
    assert_starts(scene, 2, 0, 1, 1);
    assert_starts(scene, 2, 1, 0, 1);
    scene->state[1] = C4_RUN_FAILED;
    assert_int_equal(decide(scene), 1);
    assert_starts(scene, 1, 0, 0, 2);
}

/* A team that has turned out slower than half of its places, on a machine that others use, too. */
static void shrinks_when_teams_are_slow(void **state) {
    (void)state;
    struct scene *scene = scene_of(1, 8);
    seat(scene, 0, 0, 4, true);
    scene->speeds = (struct c4_team_speeds){{1, .9, .4, .2}};
    assert_starts(scene, decide(scene), 0, 0, 2);
    scene->speeds = (struct c4_team_speeds){{1, .45, .22, .1}};
    assert_starts(scene, decide(scene), 0, 0, 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(start_as_pairs_and_fours),
        cmocka_unit_test(critical_path_first),
        cmocka_unit_test(no_teams_without_room),
        cmocka_unit_test(singles_are_a_list_schedule),
        cmocka_unit_test(keeps_what_is),
        cmocka_unit_test(shrinks_for_ready_runs),
        cmocka_unit_test(grows_around_its_leader),
        cmocka_unit_test(prefers_its_seed),
        cmocka_unit_test(lies_in_a_domain),
        cmocka_unit_test(no_team_without_gain),
        cmocka_unit_test(lost_workers),
        cmocka_unit_test(shrinks_when_teams_are_slow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
