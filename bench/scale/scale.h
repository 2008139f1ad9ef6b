/* How this machine scales: conv4 train in many processes at once, beside what the cores and the
 * memory can do, and beside what conv4 plan predicts. */
#ifndef C4_BENCH_SCALE_SCALE_H
#define C4_BENCH_SCALE_SCALE_H

#include <jansson.h>

#include "bench/scale/gains.h"
#include "bench/scale/rows.h"
#include "bench/scale/seen.h"

enum { C4_SCALE_ROUNDS = 200 };

/* Values of rounds are NaN where nothing was measured. */
struct c4_scale_row {
    int workers, threads;
    struct c4_text name;         /* "4 workers" */
    const int *pu;               /* [workers][threads], of the shape */
    bool failed;                 /* the row is void: it has no values */
    struct c4_text reason;       /* why */
    struct c4_seen *seen;        /* [workers], of the last window */
    struct c4_text elsewhere;    /* the first thread that was not where it was asked to be */
    struct c4_text roofs_reason; /* why there is no peak and no triad any more */
    struct c4_text plan_reason;  /* why there is no prediction any more */
    struct c4_text loop;         /* of the peak */
    double triad_bytes;
    double images_per_s[C4_SCALE_ROUNDS];  /* of all workers together */
    double outside[C4_SCALE_ROUNDS];       /* share of their time that was no training */
    double gflops[C4_SCALE_ROUNDS];        /* FMA peak of as many threads in the same places */
    double gbytes_per_s[C4_SCALE_ROUNDS];  /* and their triad */
    double planned_per_s[C4_SCALE_ROUNDS]; /* images/s that conv4 plan predicts; of workers only */
};

struct c4_scale_bench {
    const char *program; /* this one's path */
    const char *backend; /* as for train */
    int batch;
    int rounds;
    double seconds; /* of a window */
    bool plans;     /* conv4 plan is asked, too */
    /* Called after each measurement with how many there are so far; may be NULL. */
    void (*tick)(void *context, int done);
    void *context;
    struct c4_scale_shapes shapes;
    struct c4_scale_row *row; /* [shapes.count] */
    int rounds_done;          /* whole ones */
    struct c4_text folder;    /* temporary */
};

/* Makes the rows for shapes that the caller has made, without values, and the folder. Before the
 * call everything but the members above `row` is 0; call c4_scale_bench_free() in every case. */
enum c4_status c4_scale_bench_start(struct c4_scale_bench *bench);
void c4_scale_bench_free(struct c4_scale_bench *bench);

/* How many measurements c4_scale_bench_run() takes, and for how long, about. */
int c4_scale_bench_count(const struct c4_scale_bench *bench);
double c4_scale_bench_seconds(const struct c4_scale_bench *bench);

/* Measures round by round, in each round all rows, every second round backwards: peak and triad in
 * a process; the workers in new processes, timed within a common window; and the prediction. What
 * fails makes the row void, or leaves it without peak or prediction, with the reason.
 * C4_ERR_FAILED at the end: something failed (the first reason). c4_interrupted()'s status after a
 * signal, with the processes ended and the values so far kept; errors of the temporary folder, and
 * C4_ERR_MEMORY. */
enum c4_status c4_scale_bench_run(struct c4_scale_bench *bench);

/* One window of a row's workers: starts them, waits until all train, counts, reads their places
 * back, ends them. Sets the row's values of this round. C4_ERR_FAILED or C4_ERR_DATA: a worker
 * died, did not begin, or wrote something else. */
enum c4_status c4_scale_window(const struct c4_scale_bench *bench, struct c4_scale_row *row,
                               int round);

/* What conv4 plan predicts for this number of workers: that times its images/s of one. *per_s is
 * set. C4_ERR_FAILED: it failed, or planned for another number. */
enum c4_status c4_scale_plan(const struct c4_scale_bench *bench, int workers, double *per_s);

/* A row's summary over its rounds; NaN where there is none. */
struct c4_scale_summary {
    double images_per_s, low, high, gflops, gbytes_per_s, planned_per_s; /* medians */
    struct c4_interval gain, peak_gain, triad_gain; /* to the first row, one worker */
    struct c4_interval of_peak;                     /* gain / peak_gain */
    struct c4_interval of_plan;                     /* images_per_s / planned_per_s */
};
enum c4_status c4_scale_summarise(const struct c4_scale_bench *bench,
                                  const struct c4_scale_row *row, struct c4_scale_summary *summary);

/* Tables on stdout; and members of bench/results/scale.schema.json, added to an object. Errors of
 * c4_scale_summarise(), C4_ERR_MEMORY. */
enum c4_status c4_scale_bench_print(const struct c4_scale_bench *bench);
enum c4_status c4_scale_bench_json(const struct c4_scale_bench *bench, json_t *object);

#endif
