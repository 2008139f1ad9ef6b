/* How long a study takes: what a run costs on this machine, and how runs fill the places. */
#ifndef C4_REPRO_WORKERS_FORECAST_H
#define C4_REPRO_WORKERS_FORECAST_H

#include "repro/run/run.h"

/* Seconds on this machine, measured in a few seconds of trial. A plain value. */
struct c4_speed {
    double train_seconds, evaluate_seconds; /* per image */
    double cka_seconds;                     /* to prepare one network over cka_images */
    double cka_flops;                       /* that this took */
    double segment_seconds;                 /* to write a checkpoint */
};

/* FLOPs to prepare a network for the protocol's measures of similarity, over n images. */
double c4_forecast_prepare_flops(const struct c4_protocol *protocol, uint32_t n);

/* Measures: a plan that is thrown away takes some steps and evaluations; CKA of noise; a checkpoint
 * is written to the study's folder and removed. */
enum c4_status c4_speed_measure(const struct c4_runner *runner, struct c4_speed *speed);

/* seconds[i] = what run i takes from after epoch done[i] (-1: from the beginning) with `places`
 * processes, which each prepare the references of the runs that they do. */
void c4_forecast_runs(const struct c4_runner *runner, const struct c4_schedule *schedule,
                      const int64_t *done, const struct c4_speed *speed, int places,
                      double *seconds);

/* Bytes that the runs' checkpoints and rows take when all is done. */
uint64_t c4_forecast_disk_bytes(const struct c4_runner *runner, const struct c4_schedule *schedule);

/* The run to begin next: among those whose predecessor has ended, the one with the most work on it
 * and behind it (the first of equals); -1 if none can begin. A place that already prepared the
 * references of a seed (`seed`, NULL for none) stays with that seed while there is a run of it with
 * at least half of the most work. */
int c4_forecast_next(const struct c4_schedule *schedule, const double *seconds,
                     const enum c4_run_state *state, const uint64_t *seed);

/* When and where each run is made if every place takes the next one as soon as it is free. */
struct c4_forecast_slot {
    int place; /* -1: nothing to do */
    double start_seconds, end_seconds;
};

/* Fills slot[0 .. schedule->count) and *seconds, the end of the last. Runs with seconds[i] <= 0
 * count as ended. Pure; C4_ERR_MEMORY. */
enum c4_status c4_forecast_make(const struct c4_schedule *schedule, const double *seconds,
                                int places, struct c4_forecast_slot *slot, double *end_seconds);

#endif
