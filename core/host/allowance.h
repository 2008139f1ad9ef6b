/* How many threads this process should run at the same time, and who says so. */
#ifndef C4_HOST_ALLOWANCE_H
#define C4_HOST_ALLOWANCE_H

#include "core/base/status.h"
#include "core/base/text.h"

struct c4_allowance {
    int threads;        /* at least 1 */
    const char *source; /* who grants them, such as "this machine", to follow "that ... grants" */
};

/* The smallest of
 * - the cores that the process's CPU mask and its control group's set of CPUs leave of the machine
 *   (c4_topology_load(); what the OpenMP runtime sees where that cannot read the machine),
 * - the control group's CPU quota, rounded up,
 * - SLURM_CPUS_PER_TASK, a number, which Slurm sets if --cpus-per-task is given,
 * - HQ_CPUS, the list of a HyperQueue task's CPUs such as "0,2,4-7"; how many they are counts. A
 *   single number is a list of one CPU. Which they are does not count: only `hq submit --pin`
 *   confines a task to them, and then the mask says the same.
 * Of equal ones the first is the source. A variable that is empty counts as not set. One that
 * cannot be read limits nothing, as batch systems' tools have it, and a sentence about it is
 * appended to `notes` (NULL: not), a line each. Errors: C4_ERR_MEMORY. */
enum c4_status c4_allowance_read(struct c4_allowance *allowance, struct c4_text *notes);

/* Appends a line if so many threads are more than the allowance; `asked` says of what, such as
 * "--threads 8" or "--workers 4 with --threads 2". C4_ERR_MEMORY. */
enum c4_status c4_allowance_check(const struct c4_allowance *allowance, const char *asked,
                                  int threads, struct c4_text *notes);

/* The first number of OMP_NUM_THREADS ("4" or "4,2", of which the rest is for nested teams), 0 if
 * it is not set or empty. A value that the OpenMP standard does not know is 0, too, as OpenMP
 * runtimes have it, and a line is appended to `notes` (NULL: not). */
int c4_openmp_threads(struct c4_text *notes);

/* The threads of a single team: `asked` (of the option --threads) if it is not 0, or else
 * OMP_NUM_THREADS, or else the allowance. Notes as above, also if the choice is beyond the
 * allowance. C4_ERR_MEMORY. */
enum c4_status c4_team_threads(int asked, int *threads, struct c4_text *notes);

#endif
