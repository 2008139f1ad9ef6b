#include "repro/session/selection.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cli/suggest.h"
#include "repro/run/run.h"

/* At most six digits, without a sign; 0: none. */
static int read_number(const char **at) {
    int number = 0, digits = 0;
    for (; **at >= '0' && **at <= '9' && digits < 6; ++*at, digits++)
        number = 10 * number + **at - '0';
    return number;
}

enum c4_status c4_shard_read(const char *text, int *index, int *shards) {
    const char *at = text;
    *index = read_number(&at);
    bool right = *at == '/';
    if (right) at++;
    *shards = right ? read_number(&at) : 0;
    if (right && *at == '\0' && *index >= 1 && *index <= *shards && *shards <= C4_SHARDS_MAX)
        return C4_OK;
    return c4_fail(C4_ERR_USAGE,
                   "--shard takes I/N, the I-th of N parts, such as 1/4, with I from 1 to N and N "
                   "at most %d, not '%s'",
                   C4_SHARDS_MAX, text);
}

enum c4_status c4_selection_groups(const struct c4_protocol *protocol, const struct c4_scale *scale,
                                   const struct c4_schedule *schedule, struct c4_groups *groups) {
    const struct c4_runner runner = {.protocol = protocol, .scale = scale};
    uint64_t *work = calloc((size_t)schedule->count + 1, sizeof *work);
    *groups = (struct c4_groups){0};
    if (!work) return c4_fail(C4_ERR_MEMORY, "out of memory for groups of runs");
    for (int i = 0; i < schedule->count; i++) work[i] = c4_run_work(&runner, &schedule->run[i]);
    enum c4_status status = c4_groups_make(schedule, work, groups);
    free(work);
    return status;
}

static enum c4_status choose_shard(const char *text, const struct c4_groups *groups, bool *chosen) {
    int index, shards;
    C4_TRY(c4_shard_read(text, &index, &shards));
    int *shard = calloc((size_t)groups->count + 1, sizeof *shard);
    if (!shard) return c4_fail(C4_ERR_MEMORY, "out of memory for the shards of a study");
    enum c4_status status = c4_groups_shard(groups, shards, shard);
    for (int g = 0; g < groups->count; g++) chosen[g] = shard[g] == index;
    free(shard);
    return status;
}

/* Says what is near: the group of a run, or a group's key with a slip of the pen. */
static enum c4_status refuse(const char *key, const struct c4_schedule *schedule,
                             const struct c4_groups *groups) {
    static const char hint[] = "'conv4 plan --lines' with the same options names the groups";
    for (int i = 0; i < schedule->count; i++)
        if (strcmp(schedule->run[i].key, key) == 0)
            return c4_fail(C4_ERR_USAGE, "--group: run '%s' belongs to group %s; %s", key,
                           groups->group[groups->of[i]].key, hint);
    struct c4_suggestion near = C4_SUGGESTION(key);
    for (int g = 0; g < groups->count; g++) c4_suggest(&near, groups->group[g].key);
    return c4_fail(C4_ERR_USAGE, "--group: the study has no group '%s'%s%s%s; %s", key,
                   near.nearest ? " (is it " : "", near.nearest ? near.nearest : "",
                   near.nearest ? "?)" : "", hint);
}

static enum c4_status choose_groups(const char *text, const struct c4_schedule *schedule,
                                    const struct c4_groups *groups, bool *chosen) {
    enum c4_status status = C4_OK;
    for (const char *at = text; status == C4_OK && at;) {
        size_t length = strcspn(at, ",");
        char *key = strndup(at, length);
        int g = 0;
        if (!key) return c4_fail(C4_ERR_MEMORY, "out of memory for the keys of --group");
        while (g < groups->count && strcmp(groups->group[g].key, key) != 0) g++;
        if (g < groups->count)
            chosen[g] = true;
        else
            status = refuse(key, schedule, groups);
        free(key);
        at = at[length] ? at + length + 1 : NULL;
    }
    return status;
}

/* Replaces *schedule by the chosen groups' runs; selection->study becomes what it was. */
static enum c4_status reduce(const struct c4_groups *groups, const bool *chosen,
                             struct c4_schedule *schedule, struct c4_selection *selection) {
    struct c4_schedule part;
    bool *keep = calloc((size_t)schedule->count + 1, sizeof *keep);
    if (!keep) return c4_fail(C4_ERR_MEMORY, "out of memory for the list of runs");
    for (int i = 0; i < schedule->count; i++) keep[i] = chosen[groups->of[i]];
    enum c4_status status = c4_schedule_part(schedule, keep, &part);
    free(keep);
    C4_TRY(status);
    selection->study = *schedule;
    *schedule = part;
    selection->all_groups = groups->count;
    for (int g = 0; g < groups->count; g++) {
        selection->all_work += groups->group[g].work;
        if (!chosen[g]) continue;
        selection->groups++;
        selection->work += groups->group[g].work;
    }
    return C4_OK;
}

enum c4_status c4_selection_apply(const struct c4_args *args, const struct c4_protocol *protocol,
                                  const struct c4_scale *scale, struct c4_schedule *schedule,
                                  struct c4_selection *selection) {
    struct c4_groups groups;
    *selection = (struct c4_selection){.shard = c4_arg_text(args, "shard"),
                                       .group = c4_arg_text(args, "group")};
    if (selection->shard && selection->group)
        return c4_fail(C4_ERR_USAGE, "--shard and --group each select runs; give only one of them");
    if (!c4_selection_given(selection)) return C4_OK;
    bool *chosen = calloc((size_t)schedule->count + 1, sizeof *chosen);
    enum c4_status status = c4_selection_groups(protocol, scale, schedule, &groups);
    if (status == C4_OK && !chosen)
        status = c4_fail(C4_ERR_MEMORY, "out of memory for groups of runs");
    if (status == C4_OK)
        status = selection->shard ? choose_shard(selection->shard, &groups, chosen)
                                  : choose_groups(selection->group, schedule, &groups, chosen);
    if (status == C4_OK) status = reduce(&groups, chosen, schedule, selection);
    c4_groups_free(&groups);
    free(chosen);
    return status;
}

bool c4_selection_given(const struct c4_selection *selection) {
    return selection->shard || selection->group;
}

void c4_selection_free(struct c4_selection *selection) {
    c4_schedule_free(&selection->study);
}
