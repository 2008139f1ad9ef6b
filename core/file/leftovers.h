/* What a killed process left behind. */
#ifndef C4_FILE_LEFTOVERS_H
#define C4_FILE_LEFTOVERS_H

#include "core/base/status.h"

/* Removes the temporaries (NAME.tmp.<pid>, as core/file/file.h makes them, also with an extension)
 * in `folder`, but not below it, whose process is gone. A folder that does not exist is fine, a
 * file that cannot be removed stays. Process numbers are those of this machine: on a folder that
 * machines share, the temporary of another one's live writer may go, too, and its write then fails.
 * Errors: C4_ERR_ENVIRONMENT or C4_ERR_FAILED if the folder cannot be read. */
enum c4_status c4_leftovers_remove(const char *folder);

/* Removes the temporaries of the file `path` alone, PATH.tmp.<pid> beside it (or beside the file
 * that it leads to), if they are regular files of this user and their process is gone. What cannot
 * be looked at or removed stays, and is no error. Process numbers are those of this machine, as
 * above. C4_ERR_MEMORY. */
enum c4_status c4_leftovers_remove_of(const char *path);

#endif
