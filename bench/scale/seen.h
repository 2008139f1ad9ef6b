/* Where a process's threads may run and where they ran, read back from /proc. */
#ifndef C4_BENCH_SCALE_SEEN_H
#define C4_BENCH_SCALE_SEEN_H

#include <stdbool.h>
#include <sys/types.h>

#include "core/base/text.h"

struct c4_seen {
    struct c4_text asked; /* PUs in ascending order: "0 2" */
    struct c4_text
        allowed;         /* each thread's list of PUs (Cpus_allowed_list), sorted: "0 2", "0-3" */
    struct c4_text last; /* the PU that each thread was on last, sorted */
    bool known;          /* /proc told */
    bool differs;        /* not one thread for each PU, confined to it; or one that was elsewhere */
};

/* Reads all threads of the process `pid`, which should be one on each of `count` PUs. `root` as in
 * core/host/sysfile.h. Overwrites *seen, whose texts are zeroed or earlier ones. C4_ERR_MEMORY. */
enum c4_status c4_seen_read(const char *root, pid_t pid, const int *pu, int count,
                            struct c4_seen *seen);

void c4_seen_free(struct c4_seen *seen);

#endif
