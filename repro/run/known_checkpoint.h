/* Reading a checkpoint that is known by path and SHA-256. */
#ifndef C4_REPRO_RUN_KNOWN_CHECKPOINT_H
#define C4_REPRO_RUN_KNOWN_CHECKPOINT_H

#include "core/net/checkpoint.h"
#include "repro/run/run.h"

/* How long a worker waits for a checkpoint that is not there yet: Linux's NFS keeps what it knows
 * of files and folders for up to 60 s (acregmax, acdirmax), and as much as half of that is for a
 * server that is busy. */
enum { C4_ARRIVAL_SECONDS = 90 };

/* Reads the known checkpoint in `folder`, as it is now. C4_ERR_DATA if it is missing, was changed,
 * or belongs to another run or epoch, and errors of c4_checkpoint_read(). */
enum c4_status c4_run_read_checkpoint(const char *folder, const struct c4_known_checkpoint *known,
                                      uint64_t seed, struct c4_checkpoint *checkpoint);

/* The same in runner->folder, for a checkpoint that was written and hashed, maybe on another
 * machine, before this process was told of it. What is assumed of a file system that machines
 * share: whoever opens a file after its writer has closed it reads what was written
 * (close-to-open), a rename is atomic, but a new name may be seen late, and so may a file's new
 * length. So while the file is missing, cannot be read or has another hash, it is opened again
 * after growing pauses, the folders on its way first (c4_path_refresh()), for up to
 * runner->arrival_seconds; then the error is that of c4_run_read_checkpoint() and how long was
 * waited. What has the right hash is judged at once. runner->advance() is called all the while, and
 * ends the wait by its status. */
enum c4_status c4_run_await_checkpoint(const struct c4_runner *runner,
                                       const struct c4_known_checkpoint *known, uint64_t seed,
                                       struct c4_checkpoint *checkpoint);

#endif
