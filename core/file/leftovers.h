/* Temporaries that killed processes left behind. */
#ifndef C4_FILE_LEFTOVERS_H
#define C4_FILE_LEFTOVERS_H

#include "core/base/status.h"

/* Removes the temporaries in `folder`, but not below it, whose process is gone: regular files of
 * this user whose whole name is one of ours, NAME.tmp.<pid>.<8 hexadecimal digits>
 * (core/file/temporary.h), or with the extension of a picture, .svg, .png or .pdf. A folder that
 * does not exist is fine; a file that cannot be removed stays. Process IDs are those of this
 * machine: in a folder that machines share, this may also remove the temporary of a live writer on
 * another machine, whose write then fails. Errors: C4_ERR_ENVIRONMENT or C4_ERR_FAILED if the
 * folder cannot be read. */
enum c4_status c4_leftovers_remove(const char *folder);

/* Removes only the temporaries of the file `path`, beside it (or beside the target of that link).
 * What cannot be examined or removed stays and is no error. Process IDs as above. Errors:
 * C4_ERR_MEMORY.
 */
enum c4_status c4_leftovers_remove_of(const char *path);

#endif
