/* The OpenMP team of a place: started once, bound thread by thread, and read back. */
#ifndef C4_HOST_TEAM_H
#define C4_HOST_TEAM_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/status.h"

struct c4_team {
    int threads;
    bool bound;            /* read back: every thread is confined to a core of its own */
    bool from_environment; /* an OpenMP variable sets the binding, which was only verified */
    int fpenv_reset;       /* threads whose floating-point control state had to be corrected */
    int *pu;               /* OS index of the PU each thread was last seen on, -1 = unknown */
    char reason[256];      /* why it is not bound, or what bound it; "" if as requested */
};

/* Starts a team of `threads` OpenMP threads, the calling thread being number 0, and binds thread i
 * to PU pu[i] (OS index). pu = NULL: the threads are left where they are. Call it once, from the
 * thread that will open the parallel regions, before memory is first touched: the OpenMP runtime
 * keeps its threads, and later regions of the same width find them bound. A wider region would
 * crowd its further threads onto the caller's PU, so the team also sets the default width
 * (omp_set_num_threads) and switches off dynamic and nested widths.
 *
 * *team reports what was read back, not what was requested. A machine that cannot bind threads
 * (containers, other systems) is not an error: the masks are restored, `bound` is false, `reason` a
 * sentence. If OMP_PROC_BIND, OMP_PLACES or GOMP_CPU_AFFINITY is set, that binding stays and is
 * verified. Each thread's floating-point control state is corrected if necessary, and checked.
 *
 * Overwrites *team, which c4_team_free() releases. Errors: C4_ERR_USAGE (no threads, a PU twice),
 * C4_ERR_ENVIRONMENT (stacks too small, fewer threads than requested, or a thread that does not
 * compute as IEEE 754 says), C4_ERR_MEMORY. */
enum c4_status c4_team_start(const int *pu, int threads, struct c4_team *team);

/* C4_ERR_ENVIRONMENT if OMP_STACKSIZE (or GOMP_STACKSIZE) makes the stacks of a team's threads too
 * small. c4_team_start() checks this for several threads. */
enum c4_status c4_team_check_stacks(void);

/* c4_team_start() on the cores that this process may use: if `threads` is their number, each thread
 * is bound to a core's first PU; any other number stays unbound, for the system to place beside
 * other programs. *l2_bytes = the L2 cache of a core, 0 = unknown. */
enum c4_status c4_team_start_on_cores(int threads, struct c4_team *team, size_t *l2_bytes);

/* Examines a started team again: updates team->pu, and team->bound and team->reason if a thread has
 * lost its binding; fails with C4_ERR_ENVIRONMENT if a thread no longer computes as IEEE 754 says.
 */
enum c4_status c4_team_verify(struct c4_team *team);

/* Releases what *team holds; the OpenMP threads stay with the runtime. */
void c4_team_free(struct c4_team *team);

/* A sensible number of threads for a single run: the cores that this process may use, or fewer if
 * its control group's CPU quota is smaller (rounded up); at least 1. */
int c4_team_threads_default(void);

/* Confines the calling thread, and the threads and processes that it creates later, to `count` PUs
 * (OS indices): a coordinator calls it before it starts a place's worker. The mask is read back.
 * Errors: C4_ERR_ENVIRONMENT if this machine cannot bind threads or this process may not use the
 * PUs; C4_ERR_MEMORY. */
enum c4_status c4_bind_thread(const int *pu, int count);

#endif
