/* Which files of a folder hold a data set. The folder is the user's --data.
 *
 * Candidates are the set's layouts (core/data/sets.h) in their order, but formats that this build
 * does not read come last. The first complete candidate is used: one that has all files of both
 * splits, each with a number of images that c4_data_file_count() accepts. If none is complete, it
 * is the first that has any file. Train and test images always come from the same candidate.
 *
 * A file SYNTHETIC beside record files (core/data/mark.h) marks them as generated; they may then
 * have other sizes, and the data set is marked synthetic. A file UNOFFICIAL beside record files
 * that are not synthetic (core/data/unofficial.h) lists those that were imported from files other
 * than the official ones.
 */
#ifndef C4_DATA_FILES_H
#define C4_DATA_FILES_H

#include "core/data/dataset.h"
#include "core/data/mark.h"
#include "core/data/unofficial.h"
#include "core/file/file.h"

#define C4_DATA_FILES_MAX (C4_SPLIT_FILES_MAX + 1) /* fine-tuning may take test images as well */

#define C4_PATH_BYTES 4096

/* Size of a sentence on a file: its path, and words and numbers of less than 1,024 bytes. */
#define C4_FILE_SENTENCE_BYTES (C4_PATH_BYTES + 1024)

struct c4_data_file {
    char path[C4_PATH_BYTES];
    const struct c4_format *format;
    bool synthetic;
    uint32_t required;                  /* number of images the file must have, or 0 */
    uint32_t most;                      /* more than this is refused */
    char unofficial[C4_STANDING_BYTES]; /* what the file UNOFFICIAL says about it, or "" */
};

/* The files of one split, in the order of their images. */
struct c4_data_files {
    struct c4_data_file file[C4_DATA_FILES_MAX];
    uint32_t count;
    bool absent; /* the folder has no file of the data set; then c4_data_find() fails */
    bool synthetic;
    struct c4_synthetic_mark mark;            /* of synthetic files */
    char passed_over[C4_FILE_SENTENCE_BYTES]; /* what an earlier candidate lacks, or "" */
};

/* Finds the files of a set's train or test split. All files of the candidate are listed, even
 * missing ones, for which c4_data_file_count() fails. C4_ERR_DATA: no such folder, no such data set
 * in it (both with out->absent), or an altered SYNTHETIC or UNOFFICIAL file. */
enum c4_status c4_data_find(const char *folder, const struct c4_set *set, enum c4_split split,
                            struct c4_data_files *out);

/* Whether any candidate of the folder, used or not, has synthetic files (or, with `synthetic`
 * false, real ones); `path` receives one of them. A candidate with an altered SYNTHETIC file does
 * not count. */
bool c4_data_holds(const char *folder, const struct c4_set *set, bool synthetic,
                   char path[C4_PATH_BYTES]);

/* Number of images, checked against `required` and `most`. */
enum c4_status c4_data_file_count(const struct c4_data_file *file, uint32_t *count);

struct c4_judged; /* core/data/standing.h */

/* Reads the first `count` of the `total` images that c4_data_file_count() found, and their labels,
 * and judges the file (c4_data_file_judge()). Errors: those of the file's reader and of
 * c4_data_file_judge(). */
enum c4_status c4_data_file_read(const struct c4_data_file *file, uint32_t total, uint32_t count,
                                 uint8_t *images, uint8_t *labels, struct c4_judged *judged);

#endif
