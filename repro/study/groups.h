/* Groups of runs that belong together, and their division among machines that share nothing.
 *
 * A group is a run that starts from initial weights with all runs that start from it: no group
 * needs a checkpoint of another. How groups are divided depends on nothing but the schedule and the
 * work of its runs, so that every machine divides alike. */
#ifndef C4_REPRO_STUDY_GROUPS_H
#define C4_REPRO_STUDY_GROUPS_H

#include "repro/study/schedule.h"

struct c4_group {
    char key[C4_RUN_KEY_SIZE]; /* of its first run, from which the others start */
    int runs;
    uint64_t work; /* the sum of its runs' */
};

struct c4_groups {
    int count;
    struct c4_group *group; /* in the order of their first runs */
    int *of;                /* [runs of the schedule] index of each run's group */
};

enum { C4_SHARDS_MAX = 65536 };

/* The groups of a schedule, in which every run stands behind the one that it starts from. work[i]:
 * of run i, in any unit (c4_run_work()). Release with c4_groups_free(), also on failure.
 * C4_ERR_MEMORY.
 */
enum c4_status c4_groups_make(const struct c4_schedule *schedule, const uint64_t *work,
                              struct c4_groups *groups);
void c4_groups_free(struct c4_groups *groups);

/* order[groups->count]: the groups by decreasing work, equal ones in their own order. */
void c4_groups_by_work(const struct c4_groups *groups, int *order);

/* Divides the groups among shards 1 .. `shards` (at most C4_SHARDS_MAX): shard[g] is that of group
 * g. The group with the most work comes first, each to the shard that has the least (the first of
 * equals), so that no shard has more than 4/3 of the best division's largest. Shards that are more
 * than the groups stay empty. C4_ERR_MEMORY. */
enum c4_status c4_groups_shard(const struct c4_groups *groups, int shards, int *shard);

#endif
