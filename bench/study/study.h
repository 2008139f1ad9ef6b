/* A fixed study, whole, timed: `conv4 repro` as a child process, read back through its files; and
 * the same study by a peer. */
#ifndef C4_BENCH_STUDY_STUDY_H
#define C4_BENCH_STUDY_STUDY_H

#include <jansson.h>
#include <stdio.h>

#include "bench/peers/peer_state.h"
#include "bench/study/agree.h"

struct c4_study_peer {
    bool asked;
    const char *python;
    double patience_seconds; /* for the whole study */
    enum c4_peer_state state;
    struct c4_text reason; /* why, unless measured */
    struct c4_text origin; /* "torch 2.13.0, ...; eager, channels_last; memory kept" */
    json_t *ready;         /* its first line; NULL: none came */
    double seconds;        /* from request to answer */
    double core_seconds[C4_STUDY_WORK];
    bool compared; /* there is an agreement */
    struct c4_study_agreement agreement;
};

struct c4_study_bench {
    const char *program; /* this one's path */
    const char *data;    /* NULL: synthetic images */
    const char *scale, *seeds, *backend;
    bool quick;           /* fewer images and epochs than the scale's */
    int workers, threads; /* threads: of each worker */
    struct c4_text folder;
    struct c4_study_tables tables;
    json_t *summary; /* what the child printed */
    double seconds;  /* of the child, from its start to its end */
    double core_seconds[C4_STUDY_KINDS];
    struct c4_study_peer peer;
};

/* Makes a temporary folder and does the study in it. The child's failure has its exit status
 * (C4_ERR_ENVIRONMENT where it said 6, and so on) and its last sentence; a signal ends the child.
 * Before the call everything but the options is 0; call c4_study_bench_free() in every case. */
enum c4_status c4_study_bench_run(struct c4_study_bench *bench);

/* Does the same study with PyTorch (bench/study/peers), in as many processes as our study had
 * threads in all, and compares its rows with ours. Its own failures go into its state. Errors: no
 * process, no memory, no room for its files, a signal. */
enum c4_status c4_study_bench_run_peer(struct c4_study_bench *bench);

/* Ends what runs, removes the folder. */
void c4_study_bench_free(struct c4_study_bench *bench);

/* Core seconds of all kinds of work. */
double c4_study_work(const double *core_seconds);

/* A table, and how many times the peer's core seconds ours are. `cpu` names the CPU. */
void c4_study_bench_print(const struct c4_study_bench *bench, const char *cpu);

/* Adds its members to an object (bench/results/study.schema.json). */
void c4_study_bench_json(const struct c4_study_bench *bench, json_t *object);

#endif
