/* Which runs of a study 'conv4 repro --redo' trains again: those with suspect rows
 * (repro/results/suspects.h), and finished ones whose similarity is of another version than this
 * program's, so that all runs are of one. */
#ifndef C4_REPRO_COMMANDS_REDO_H
#define C4_REPRO_COMMANDS_REDO_H

#include <stdbool.h>
#include <stdio.h>

#include "repro/store/store.h"

struct c4_redo {
    const char *folder;
    const struct c4_schedule *schedule;
    bool redo, dry_run; /* the options */
    FILE *messages;     /* for sentences to the user */
};

/* Sets again[run of the schedule] for each such run; it is false before. With --redo says how many
 * there are. Without it suspect rows are C4_ERR_DATA, because right rows would be added to them
 * (with --dry-run a sentence), and other versions nothing: rows say theirs. */
enum c4_status c4_redo_find(const struct c4_redo *of, bool *again);

/* Removes the rows of those runs, with --redo. */
enum c4_status c4_redo_restart(const struct c4_redo *of, const bool *again, struct c4_store *store);

#endif
