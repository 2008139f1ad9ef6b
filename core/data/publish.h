/* Writing a file so that its name never shows half of it. */
#ifndef C4_DATA_PUBLISH_H
#define C4_DATA_PUBLISH_H

#include "core/base/status.h"
#include "core/file/file.h"

#include <stdio.h>

#define C4_PATH_BYTES 4096

/* A file under construction. */
struct c4_publish {
    FILE *file;
    char path[C4_PATH_BYTES];
    char temporary[C4_PATH_BYTES];
};

/* Opens a new file beside `path` for writing. C4_ERR_FAILED if that is impossible. */
enum c4_status c4_publish_open(struct c4_publish *publish, const char *path);

/* Ends the writing. keep: flush, fsync, rename to the final name, fsync of the folder; else, or if
 * any of these or an earlier write failed, the file is removed. C4_ERR_FAILED names the cause. */
enum c4_status c4_publish_close(struct c4_publish *publish, int keep);

#endif
