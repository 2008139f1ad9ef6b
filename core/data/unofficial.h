/* The file UNOFFICIAL beside record files that c4_data_import() made: which of them were made from
 * files that are not the official ones, and why. What is known of a pickle or a .mat by its hash
 * would be lost in the copy.
 *
 *     conv4 unofficial files
 *     test_batch.bin was imported from test_batch, which has another MD5 than published
 */
#ifndef C4_DATA_UNOFFICIAL_H
#define C4_DATA_UNOFFICIAL_H

#include "core/data/sets.h"

#define C4_UNOFFICIAL_MARK "UNOFFICIAL" /* its name */

enum {
    C4_STANDING_BYTES = 192,     /* room for what a file's difference is */
    C4_UNOFFICIAL_FILES_MAX = 32 /* names of record files that all sets may have together */
};

/* Lines of a mark; the names are all different. */
struct c4_unofficial {
    struct c4_unofficial_file {
        char name[C4_RECORD_NAME_BYTES]; /* "test_batch.bin" */
        char why[C4_STANDING_BYTES];     /* follows the name */
    } file[C4_UNOFFICIAL_FILES_MAX];
    unsigned count; /* 0: there is no mark */
};

/* Reads a folder's mark. What is not exactly as written is C4_ERR_DATA, since it decides which
 * images count as official; so is a file of another kind that has its name. C4_ERR_MEMORY; the
 * errors of c4_file_read(). */
enum c4_status c4_unofficial_read(const char *folder, struct c4_unofficial *mark);

/* What a mark says of a record file's name; NULL: nothing. */
const char *c4_unofficial_find(const struct c4_unofficial *mark, const char *name);

/* Makes a folder's mark say `why` of a record file, whatever it said of it before; NULL takes the
 * file off it, and with the last one the mark goes. Atomic. A mark that c4_unofficial_read() does
 * not take stays as it is, with its error; C4_ERR_USAGE if it could not read back this name or
 * this text; the errors of c4_file_write_atomic(). */
enum c4_status c4_unofficial_put(const char *folder, const char *name, const char *why);

#endif
