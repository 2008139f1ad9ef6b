/* A part of a study for one of several machines: --shard and --group.
 *
 * Like --figures they are a selection, which the study's folder does not remember: its settings and
 * its list of runs are the whole study's. A part needs no checkpoint of another. */
#ifndef C4_REPRO_SESSION_SELECTION_H
#define C4_REPRO_SESSION_SELECTION_H

#include "core/cli/option.h"
#include "repro/study/groups.h"

/* Rows of an option table; c4_selection_apply() reads them. */
#define C4_SELECTION_OPTIONS                                                                       \
    {.name = "shard",                                                                              \
     .type = C4_OPTION_STRING,                                                                     \
     .value = "I/N",                                                                               \
     .help = "only the I-th of N parts of the study, for one of N machines; 'conv4 merge' joins "  \
             "their folders"},                                                                     \
    {                                                                                              \
        .name = "group", .type = C4_OPTION_STRING, .value = "KEY,...",                             \
        .help = "only these groups of runs, each a run with all that start from it; 'conv4 plan "  \
                "--lines' names them"                                                              \
    }

/* What was selected. */
struct c4_selection {
    const char *shard, *group; /* as given; both NULL: everything is selected */
    struct c4_schedule study;  /* all of the study's runs; empty if everything is selected */
    int groups, all_groups;    /* selected, and of the study */
    uint64_t work, all_work;   /* c4_run_work() of these */
};

/* The groups of a schedule under a protocol and scale. Release with c4_groups_free(), also on
 * failure. */
enum c4_status c4_selection_groups(const struct c4_protocol *protocol, const struct c4_scale *scale,
                                   const struct c4_schedule *schedule, struct c4_groups *groups);

/* Reduces *schedule to the runs of --shard or --group, in its order; it may then be empty.
 * C4_ERR_USAGE: both are given, a value cannot be read, or a group is unknown. Release *selection
 * with c4_selection_free(), also on failure. */
enum c4_status c4_selection_apply(const struct c4_args *args, const struct c4_protocol *protocol,
                                  const struct c4_scale *scale, struct c4_schedule *schedule,
                                  struct c4_selection *selection);
void c4_selection_free(struct c4_selection *selection);

/* Whether only a part is selected. */
bool c4_selection_given(const struct c4_selection *selection);

/* Reads "I/N" with 1 <= I <= N <= C4_SHARDS_MAX. C4_ERR_USAGE says so. */
enum c4_status c4_shard_read(const char *text, int *index, int *shards);

#endif
