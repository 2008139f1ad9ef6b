/* Where a run continues: its last sound checkpoint. */
#ifndef C4_REPRO_RUN_RESUME_H
#define C4_REPRO_RUN_RESUME_H

#include "repro/run/run.h"

/* The last epoch whose checkpoint is in the store and sound, or -1, and that checkpoint. Later rows
 * are removed, also those of a study that was merged without the checkpoint; report() gets a
 * sentence for each missing or damaged checkpoint. Any other failure to read one changes nothing,
 * and is returned. */
enum c4_status c4_resume_find(struct c4_store *store, const char *folder, const struct c4_run *run,
                              void (*report)(void *context, const char *sentence), void *context,
                              int64_t *done, struct c4_known_checkpoint *last);

/* No run mixes versions of similarity: *starts_over if the run, which goes on from *done, is not
 * finished and has rows of another version than C4_SIMILARITY_VERSION. *done is then -1, *last
 * empty, and report() gets a sentence. The store keeps rows and checkpoints until
 * c4_store_restart(). A finished run keeps its version. */
enum c4_status c4_resume_check_version(struct c4_store *store, const struct c4_run *run,
                                       void (*report)(void *context, const char *sentence),
                                       void *context, int64_t *done,
                                       struct c4_known_checkpoint *last, bool *starts_over);

/* Removes from the run's folder what a kill left behind: temporary files, and checkpoints that are
 * not in the store. */
enum c4_status c4_resume_sweep(struct c4_store *store, const char *folder,
                               const struct c4_run *run);

#endif
