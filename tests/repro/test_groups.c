/* Groups of runs and their division among machines: of the built-in study, and of made-up ones. */
#include "tests/harness/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "repro/run/run.h"
#include "repro/study/groups.h"

enum { MADE_UP = 40 };

/* A scale's runs, their work and groups. */
struct world {
    struct c4_study study;
    struct c4_schedule schedule;
    struct c4_groups groups;
    uint64_t *work;
    int *shard; /* [groups] */
};

static struct world *world_of(const char *scale_name) {
    struct world *world = calloc(1, sizeof *world);
    assert_non_null(world);
    assert_int_equal(c4_study_load(NULL, &world->study), C4_OK);
    const struct c4_scale *scale = c4_study_scale(&world->study, scale_name);
    assert_non_null(scale);
    assert_int_equal(c4_schedule_make(&world->study, scale, NULL, &world->schedule), C4_OK);
    size_t runs = (size_t)world->schedule.count;
    const struct c4_runner runner = {.protocol = &world->study.protocol, .scale = scale};
    world->work = calloc(runs, sizeof *world->work);
    world->shard = calloc(runs, sizeof *world->shard);
    assert_non_null(world->work);
    assert_non_null(world->shard);
    for (size_t i = 0; i < runs; i++)
        world->work[i] = c4_run_work(&runner, &world->schedule.run[i]);
    assert_int_equal(c4_groups_make(&world->schedule, world->work, &world->groups), C4_OK);
    return world;
}

static void end_of(struct world *world) {
    c4_groups_free(&world->groups);
    c4_schedule_free(&world->schedule);
    free(world->work);
    free(world->shard);
    free(world);
}

/* A pre-training has all fine-tunings of its seed, which nothing else has. */
static void groups_of_the_paper(void **state) {
    (void)state;
    struct world *world = world_of("paper");
    const struct c4_schedule *schedule = &world->schedule;
    const struct c4_groups *groups = &world->groups;
    int runs = 0, large = 0, last = -1;
    uint64_t work = 0, of_runs = 0;
    for (int i = 0; i < schedule->count; i++) {
        const struct c4_run *run = &schedule->run[i];
        const struct c4_group *group = &groups->group[groups->of[i]];
        assert_true(groups->of[i] <= last + 1); /* in the order of their first runs */
        if (groups->of[i] > last) last = groups->of[i];
        assert_string_equal(group->key, run->from[0] ? run->from : run->key);
        of_runs += world->work[i];
    }
    assert_int_equal(last + 1, groups->count);
    for (int g = 0; g < groups->count; g++) {
        runs += groups->group[g].runs;
        work += groups->group[g].work;
        if (groups->group[g].runs == 1) continue;
        large++;
        assert_int_equal(groups->group[g].runs, 12); /* five degrees on both sets, and shifted */
    }
    assert_int_equal(runs, 105);
    assert_int_equal(large, 5);
    assert_int_equal(groups->count, 5 * (1 + 4 + 4 + 1));
    assert_true(work == of_runs);
    end_of(world);
}

/* A trained image is worth three, and each epoch and the beginning are measured. */
static void work_of_a_run(void **state) {
    (void)state;
    struct c4_study study;
    assert_int_equal(c4_study_load(NULL, &study), C4_OK);
    struct c4_scale scale = *c4_study_scale(&study, "smoke");
    struct c4_run run;
    const struct c4_runner runner = {.protocol = &study.protocol, .scale = &scale};
    scale.control_images.count = 0;
    assert_true(c4_run_describe(&study, &scale, "size-64", 1, &run));
    /* 512 images for CKA and accuracy, 64 of training; 12 epochs. */
    assert_int_equal(c4_run_work(&runner, &run), 12 * 3 * 64 + 13 * (64 + 512));
}

static uint64_t largest(const struct world *world, int shards) {
    uint64_t *load = calloc((size_t)shards + 1, sizeof *load), most = 0;
    assert_non_null(load);
    for (int g = 0; g < world->groups.count; g++) {
        load[world->shard[g]] += world->groups.group[g].work;
        if (load[world->shard[g]] > most) most = load[world->shard[g]];
    }
    free(load);
    return most;
}

/* Every group is in exactly one shard, and of more shards than groups as many have one. */
static void any_number_of_shards(void **state) {
    (void)state;
    static const char *const scales[] = {"smoke", "quick", "paper"};
    for (int k = 0; k < 3; k++) {
        struct world *world = world_of(scales[k]);
        int groups = world->groups.count;
        for (int shards = 1; shards <= 2 * groups; shards++) {
            int *used = calloc((size_t)shards + 1, sizeof *used), some = 0;
            assert_non_null(used);
            for (int g = 0; g < groups; g++) world->shard[g] = 0;
            assert_int_equal(c4_groups_shard(&world->groups, shards, world->shard), C4_OK);
            for (int g = 0; g < groups; g++) {
                assert_in_range(world->shard[g], 1, shards);
                some += used[world->shard[g]]++ == 0;
            }
            assert_int_equal(some, shards < groups ? shards : groups);
            free(used);
        }
        assert_int_equal(c4_groups_shard(&world->groups, C4_SHARDS_MAX, world->shard), C4_OK);
        for (int g = 0; g < groups; g++) assert_in_range(world->shard[g], 1, groups);
        end_of(world);
    }
}

static void shards_are_balanced(void **state) {
    (void)state;
    static const int numbers[] = {2, 4, 8, 16};
    struct world *world = world_of("paper");
    uint64_t all = 0, one = 0;
    for (int g = 0; g < world->groups.count; g++) {
        uint64_t work = world->groups.group[g].work;
        all += work;
        if (work > one) one = work;
    }
    for (int i = 0; i < 4; i++) {
        assert_int_equal(c4_groups_shard(&world->groups, numbers[i], world->shard), C4_OK);
        double mean = (double)all / numbers[i], most = (double)largest(world, numbers[i]);
        if (most > 1.34 * mean && most > (double)one)
            fail_msg("%d shards: the largest has %.2f of the mean", numbers[i], most / mean);
    }
    end_of(world);
}

/* The largest first, to the shard that has the least; equal ones in their order. */
static void known_division(void **state) {
    (void)state;
    static const uint64_t work[] = {3, 7, 2, 5, 5};
    static const int order[] = {1, 3, 4, 0, 2}, want[] = {2, 1, 3, 2, 3};
    struct c4_group group[5];
    struct c4_groups groups = {.count = 5, .group = group};
    int got[5];
    for (int i = 0; i < 5; i++) group[i] = (struct c4_group){.runs = 1, .work = work[i]};
    c4_groups_by_work(&groups, got);
    for (int i = 0; i < 5; i++) assert_int_equal(got[i], order[i]);
    /* 7 to 1, 5 to 2, 5 to 3, 3 to 2, 2 to 3. */
    assert_int_equal(c4_groups_shard(&groups, 3, got), C4_OK);
    for (int i = 0; i < 5; i++) assert_int_equal(got[i], want[i]);
}

/* Chains, and runs that start from one behind which others lie. */
static void chains_and_parts(void **state) {
    (void)state;
    struct c4_run run[MADE_UP];
    int after[MADE_UP];
    uint64_t work[MADE_UP];
    memset(run, 0, sizeof run);
    for (int i = 0; i < MADE_UP; i++) {
        snprintf(run[i].key, sizeof run[i].key, "run%d", i);
        after[i] = i % 4 == 3 ? i - 3 : i % 8 == 5 ? i - 2 : -1; /* run 5 behind 3 behind 0 */
        work[i] = (uint64_t)i + 1;
    }
    const struct c4_schedule schedule = {.count = MADE_UP, .run = run, .after = after};
    struct c4_groups groups;
    struct c4_schedule part;
    bool keep[MADE_UP];
    assert_int_equal(c4_groups_make(&schedule, work, &groups), C4_OK);
    assert_int_equal(groups.of[3], groups.of[0]);
    assert_int_equal(groups.of[5], groups.of[0]);
    assert_int_equal(groups.group[groups.of[5]].work, 1 + 4 + 6);
    assert_string_equal(groups.group[groups.of[5]].key, "run0");
    int kept = 0, *was = calloc(MADE_UP, sizeof *was);
    assert_non_null(was);
    for (int i = 0; i < MADE_UP; i++)
        if ((keep[i] = groups.of[i] % 2 == 0)) was[kept++] = i;
    assert_int_equal(c4_schedule_part(&schedule, keep, &part), C4_OK);
    assert_int_equal(part.count, kept);
    assert_in_range(kept, 1, MADE_UP - 1);
    for (int i = 0; i < part.count; i++) {
        assert_string_equal(part.run[i].key, run[was[i]].key);
        assert_int_equal(part.after[i] >= 0, after[was[i]] >= 0);
        if (part.after[i] >= 0)
            assert_string_equal(part.run[part.after[i]].key, run[after[was[i]]].key);
    }
    free(was);
    c4_schedule_free(&part);
    c4_groups_free(&groups);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(groups_of_the_paper),  cmocka_unit_test(work_of_a_run),
        cmocka_unit_test(any_number_of_shards), cmocka_unit_test(shards_are_balanced),
        cmocka_unit_test(known_division),       cmocka_unit_test(chains_and_parts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
