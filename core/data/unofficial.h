/* The file UNOFFICIAL beside record files that c4_data_import() wrote: which of them were made from
 * files other than the official ones, and why. Without it, what the hash shows about a pickle or a
 * .mat file would be lost in the copy.
 *
 *     conv4 unofficial files
 *     test_batch.bin was imported from test_batch, which has another MD5 than published
 */
#ifndef C4_DATA_UNOFFICIAL_H
#define C4_DATA_UNOFFICIAL_H

#include "core/data/sets.h"

#define C4_UNOFFICIAL_MARK "UNOFFICIAL" /* the file's name */

enum {
    C4_STANDING_BYTES = 192,     /* size of the text on a file's difference */
    C4_UNOFFICIAL_FILES_MAX = 32 /* record files of all sets together */
};

/* Lines of a mark; the names are all different. */
struct c4_unofficial {
    struct c4_unofficial_file {
        char name[C4_RECORD_NAME_BYTES]; /* "test_batch.bin" */
        char why[C4_STANDING_BYTES];     /* follows the name */
    } file[C4_UNOFFICIAL_FILES_MAX];
    unsigned count; /* 0: there is no mark */
};

/* Reads a folder's mark. C4_ERR_DATA if it is not exactly as written, since it decides which images
 * count as official, or if another kind of file has its name. C4_ERR_MEMORY; the errors of
 * c4_file_read(). */
enum c4_status c4_unofficial_read(const char *folder, struct c4_unofficial *mark);

/* What a mark says about the record file of that name; NULL: nothing. */
const char *c4_unofficial_find(const struct c4_unofficial *mark, const char *name);

/* Sets a record file's text in a folder's mark to `why`, replacing an earlier one; NULL removes the
 * file from the mark, and the mark with its last file. Atomic. If c4_unofficial_read() fails, its
 * error is returned and the mark stays as it is. C4_ERR_USAGE if this name or text could not be
 * read back; the errors of c4_file_write_atomic(). */
enum c4_status c4_unofficial_put(const char *folder, const char *name, const char *why);

#endif
