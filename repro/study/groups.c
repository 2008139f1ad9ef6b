#include "repro/study/groups.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum c4_status c4_groups_make(const struct c4_schedule *schedule, const uint64_t *work,
                              struct c4_groups *groups) {
    size_t runs = (size_t)schedule->count + 1;
    *groups = (struct c4_groups){.group = calloc(runs, sizeof *groups->group),
                                 .of = calloc(runs, sizeof *groups->of)};
    if (!groups->group || !groups->of)
        return c4_fail(C4_ERR_MEMORY, "out of memory for groups of runs");
    for (int i = 0; i < schedule->count; i++) {
        int after = schedule->after[i];
        int own = after < 0 ? groups->count++ : groups->of[after];
        struct c4_group *group = &groups->group[own];
        if (after < 0) memcpy(group->key, schedule->run[i].key, sizeof group->key);
        groups->of[i] = own;
        group->runs++;
        group->work += work[i];
    }
    return C4_OK;
}

void c4_groups_free(struct c4_groups *groups) {
    free(groups->group);
    free(groups->of);
    *groups = (struct c4_groups){0};
}

void c4_groups_by_work(const struct c4_groups *groups, int *order) {
    for (int i = 0; i < groups->count; i++) {
        int at = i;
        for (; at > 0 && groups->group[order[at - 1]].work < groups->group[i].work; at--)
            order[at] = order[at - 1];
        order[at] = i;
    }
}

enum c4_status c4_groups_shard(const struct c4_groups *groups, int shards, int *shard) {
    uint64_t *load = calloc((size_t)shards + 1, sizeof *load);
    int *order = calloc((size_t)groups->count + 1, sizeof *order);
    if (load && order) {
        c4_groups_by_work(groups, order);
        for (int i = 0; i < groups->count; i++) {
            int least = 0;
            for (int s = 1; s < shards && s <= i; s++) /* those behind are empty, too */
                if (load[s] < load[least]) least = s;
            load[least] += groups->group[order[i]].work;
            shard[order[i]] = least + 1;
        }
    }
    bool lost = !load || !order;
    free(load);
    free(order);
    return lost ? c4_fail(C4_ERR_MEMORY, "out of memory for the shards of a study") : C4_OK;
}
