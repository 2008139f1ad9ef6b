/* The OpenMP team of a place: started once, bound thread by thread, and read back. */
#ifndef C4_HOST_TEAM_H
#define C4_HOST_TEAM_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/caches.h"
#include "core/base/status.h"

enum { C4_TEAM_REASON_SIZE = 256 };

struct c4_team {
    int threads;
    bool bound;            /* read back: every thread is confined to a core of its own */
    bool from_environment; /* an OpenMP variable sets the binding, which was only verified */
    int fpenv_reset;       /* threads whose floating-point control state had to be corrected */
    void *before; /* for c4_team_release(): the calling thread's mask before it was bound */
    int *pu;      /* OS index of the PU each thread was last seen on, -1 = unknown */
    /* Why it is not bound, or what bound it; "" if as requested. */
    char reason[C4_TEAM_REASON_SIZE];
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

/* When c4_team_start_on_cores() binds the threads. */
enum c4_pinning {
    C4_PIN_WHOLE,  /* if they are as many as the cores; others are left to the system, to be placed
                      beside other programs, since two programs would choose the same cores */
    C4_PIN_ALWAYS, /* for a program that has the machine to itself, such as a benchmark */
    C4_PIN_NEVER
};

/* c4_team_start() on the cores that this process may use: each thread is bound to the first PU of a
 * core, the first cores of the fastest kind, neighbours, before others (c4_placement_make(), one
 * compact place); to second PUs only if there are more threads than cores, and not at all, with a
 * reason, if there are more than PUs. *caches: those of a core. */
enum c4_status c4_team_start_on_cores(int threads, enum c4_pinning pinning, struct c4_team *team,
                                      struct c4_caches *caches);

/* Gives the threads of a team that was bound the mask that the calling thread had before, so that
 * another team can be started on other PUs, and releases what *team holds. */
void c4_team_release(struct c4_team *team);

/* Examines a started team again: updates team->pu, and team->bound and team->reason if a thread has
 * lost its binding; fails with C4_ERR_ENVIRONMENT if a thread no longer computes as IEEE 754 says.
 */
enum c4_status c4_team_verify(struct c4_team *team);

/* Releases what *team holds; the OpenMP threads stay with the runtime. */
void c4_team_free(struct c4_team *team);

/* A sensible number of threads for a single run: what c4_allowance_read() (allowance.h) grants, or
 * what the OpenMP runtime sees if the machine cannot be read; at least 1. */
int c4_team_threads_default(void);

/* Confines the calling thread, and the threads and processes that it creates later, to `count` PUs
 * (OS indices): a coordinator calls it before it starts a place's worker. The mask is read back.
 * Errors: C4_ERR_ENVIRONMENT if this machine cannot bind threads or this process may not use the
 * PUs; C4_ERR_MEMORY. */
enum c4_status c4_bind_thread(const int *pu, int count);

#endif
