/* Predicted time of a study: the cost of each run on this machine, and the order of runs on places.
 */
#ifndef C4_REPRO_PLANNING_FORECAST_H
#define C4_REPRO_PLANNING_FORECAST_H

#include "repro/run/run.h"

/* Speed of this machine, measured in a trial of a few seconds. A plain value. */
struct c4_speed {
    double train_seconds, evaluate_seconds; /* per image */
    double cka_seconds;                     /* to prepare one network over cka_images */
    double cka_flops;                       /* of that preparation */
    double segment_seconds;                 /* to write a checkpoint and commit rows */
    double train_bytes; /* per image: traffic beyond a core's L2 cache, by the backend's count; 0:
                           unknown */
};

/* FLOPs to prepare a network for the protocol's measures of similarity, over n images. */
double c4_forecast_prepare_flops(const struct c4_protocol *protocol, uint32_t n);

/* seconds[i] = predicted time of run i after epoch done[i] (-1 or `done` NULL: from the beginning),
 * with its share of the references, which are prepared once for all runs. */
void c4_forecast_runs(const struct c4_runner *runner, const struct c4_schedule *schedule,
                      const int64_t *done, const struct c4_speed *speed, double *seconds);

/* segment[i] = the part of seconds[i] that a segment of run i takes (c4_run_segment_epochs()). */
void c4_forecast_segments(const struct c4_runner *runner, const struct c4_schedule *schedule,
                          const int64_t *done, const double *seconds, double *segment);

/* Bytes that are still to be written to the study's folder until all runs are done, after epochs
 * done[i] (-1 or `done` NULL: from the beginning): checkpoints, rows, `figures` figures (each
 * version counts) and the report. `places` processes have one more checkpoint each while they write
 * it. */
uint64_t c4_forecast_disk_bytes(const struct c4_runner *runner, const struct c4_schedule *schedule,
                                const int64_t *done, int figures, int places);

/* The run to start next: of those whose predecessor is done, the one with the most work in itself
 * and the longest chain of runs after it (tail[i], of c4_schedule_tails(); the first of equals); -1
 * if none can start. A place that has prepared the references of a seed (`seed`; NULL: none) stays
 * with that seed while one of its runs has at least half of the most work. */
int c4_forecast_next(const struct c4_schedule *schedule, const double *seconds, const double *tail,
                     const enum c4_run_state *state, const uint64_t *seed);

#endif
