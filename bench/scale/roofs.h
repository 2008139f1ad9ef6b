/* What a number of threads could do at most: multiply-adds, and bytes of memory. */
#ifndef C4_BENCH_SCALE_ROOFS_H
#define C4_BENCH_SCALE_ROOFS_H

#include <jansson.h>

#include "core/base/text.h"

struct c4_roofs {
    double gflops;       /* FMA peak in single precision, of all threads together */
    struct c4_text loop; /* its name */
    double gbytes_per_s; /* triad (bench/scale/bandwidth.h) */
    double bytes;        /* of its arrays */
    bool bound;          /* each thread was on a PU of its own */
    struct c4_text pu;   /* in ascending order: "0 2" */
};

/* In this process, on the cores that it may use: starts a team of `threads`, runs the loop that is
 * fastest here for about `seconds`, and the triad for as long, each thread without waiting for
 * another. *object is a new {"threads", "bound", "pus", "loop", "gflops", "triad_gbytes_per_s",
 * "triad_bytes"}. Errors of c4_team_start() and c4_triad_measure(). */
enum c4_status c4_roofs_measure(int threads, double seconds, json_t **object);

/* The same in a process of its own, "PROGRAM bench scale --roofs N", confined to `count` PUs, one
 * thread on each. `log` takes its errors. A failure has its last sentence; interrupted as
 * c4_children_wait(). *roofs is overwritten; release with c4_roofs_free(), also after an error. */
enum c4_status c4_roofs_run(const char *program, const int *pu, int count, double seconds,
                            const char *log, struct c4_roofs *roofs);
void c4_roofs_free(struct c4_roofs *roofs);

#endif
