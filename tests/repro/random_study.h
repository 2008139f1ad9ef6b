/* Small random studies and machines for tests of the scheduler; the same seed makes the same. */
#ifndef C4_TESTS_REPRO_RANDOM_STUDY_H
#define C4_TESTS_REPRO_RANDOM_STUDY_H

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "repro/planning/simulation.h"

enum { RANDOM_RUNS = 40, RANDOM_PLACES = 128 };

struct random_study {
    struct c4_run run[RANDOM_RUNS];
    int after[RANDOM_RUNS];
    double seconds[RANDOM_RUNS], segment[RANDOM_RUNS];
    struct c4_schedule schedule;
    struct c4_sched_place place[RANDOM_PLACES];
    int places;
    struct c4_team_speeds speeds;
};

/* Uniform in [0, 1). */
static double random_part(uint64_t *state) {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return (double)(*state >> 11) * 0x1p-53;
}

/* Uniform in low .. high. */
static int random_in(uint64_t *state, int low, int high) {
    return low + (int)(random_part(state) * (high - low + 1));
}

/* Up to three nodes of up to four L3 domains of up to nine places; half of the machines have all
 * domains alike, and in some the last places of a node are another kind of core. */
static void random_machine(uint64_t *state, struct random_study *study) {
    int nodes = random_in(state, 1, 3), domains = random_in(state, 1, 4), l3 = 0;
    int alike = random_part(state) < .5 ? random_in(state, 1, 9) : 0;
    bool hybrid = random_part(state) < .2;
    study->places = 0;
    for (int node = 0; node < nodes; node++)
        for (int d = 0; d < domains; d++, l3++) {
            int size = alike ? alike : random_in(state, 1, 9);
            for (int i = 0; i < size; i++)
                study->place[study->places++] =
                    (struct c4_sched_place){l3, node, hybrid && d == domains - 1};
        }
}

/* A third of the runs starts from another one, which may stand behind it in the list. */
static void random_study_make(uint64_t seed, struct random_study *study) {
    uint64_t state = seed * 0x9E3779B97F4A7C15u + 1;
    int runs = random_in(&state, 1, RANDOM_RUNS), shift = random_in(&state, 0, runs - 1);
    memset(study, 0, sizeof *study);
    random_machine(&state, study);
    for (int i = 0; i < runs; i++) {
        /* Each after one that comes earlier in a rotated order, so there is no circle. */
        int at = (i + shift) % runs;
        snprintf(study->run[at].key, sizeof study->run[at].key, "run%d", at);
        study->run[at].seed = (uint64_t)random_in(&state, 1, 3);
        study->after[at] = i > 0 && random_part(&state) < 1. / 3
                               ? (random_in(&state, 0, i - 1) + shift) % runs
                               : -1;
        double size = random_part(&state);
        study->seconds[at] = 1 + 500 * size * size * size;
        study->segment[at] = study->seconds[at] / random_in(&state, 1, 40);
    }
    study->schedule = (struct c4_schedule){.count = runs, .run = study->run, .after = study->after};
    study->speeds.of_ideal[0] = 1;
    for (int k = 1; k < C4_TEAM_SIZES; k++)
        study->speeds.of_ideal[k] =
            study->speeds.of_ideal[k - 1] * (0.45 + 0.55 * random_part(&state));
}

static struct c4_simulation_input random_input(const struct random_study *study, int widest) {
    return (struct c4_simulation_input){.schedule = &study->schedule,
                                        .seconds = study->seconds,
                                        .segment_seconds = study->segment,
                                        .place = study->place,
                                        .places = study->places,
                                        .speeds = &study->speeds,
                                        .widest = widest};
}

#endif
