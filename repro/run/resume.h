/* Where a run goes on: its last sound checkpoint. */
#ifndef C4_REPRO_RUN_RESUME_H
#define C4_REPRO_RUN_RESUME_H

#include "repro/run/run.h"

/* The last epoch whose checkpoint is in the store and sound, or -1, and that checkpoint. Rows
 * behind it are removed; report() tells which checkpoints were missing or damaged. */
enum c4_status c4_resume_find(struct c4_store *store, const char *folder, const struct c4_run *run,
                              void (*report)(void *context, const char *sentence), void *context,
                              int64_t *done, struct c4_known_checkpoint *last);

/* Removes from the run's folder what an end between two steps left behind: temporary files, and
 * checkpoints that the store does not know. */
enum c4_status c4_resume_sweep(struct c4_store *store, const char *folder,
                               const struct c4_run *run);

#endif
