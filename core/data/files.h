/* Which files of a folder hold a data set. FOLDER is what the user gave with --data.
 *
 * Candidates are the set's layouts (core/data/sets.h) in their order, but those in a form that this
 * build does not read come last. The first whole candidate is taken: one that has all files of both
 * splits, with the number of images that c4_data_file_count() finds right. If none is whole, it is
 * the first that has any file. Train and test images always come from the same candidate.
 *
 * A file SYNTHETIC beside record files (core/data/mark.h) says that they were made; they may then
 * have other sizes, and what is loaded is marked synthetic. A file UNOFFICIAL beside record files
 * that are not synthetic (core/data/unofficial.h) says which of them were imported from files that
 * are not the official ones.
 */
#ifndef C4_DATA_FILES_H
#define C4_DATA_FILES_H

#include "core/data/dataset.h"
#include "core/data/mark.h"
#include "core/data/unofficial.h"
#include "core/file/file.h"

#define C4_DATA_FILES_MAX (C4_SPLIT_FILES_MAX + 1) /* fine-tuning may take test images as well */

#define C4_PATH_BYTES 4096
#define C4_PASSED_OVER_BYTES 1024 /* as c4_error() */

struct c4_data_file {
    char path[C4_PATH_BYTES];
    const struct c4_format *format;
    bool synthetic;
    uint32_t required;                  /* number of images the file must have, or 0 */
    uint32_t most;                      /* more than this is refused */
    char unofficial[C4_STANDING_BYTES]; /* what the file UNOFFICIAL says of it, or "" */
};

/* The files of one split, in the order of their images. */
struct c4_data_files {
    struct c4_data_file file[C4_DATA_FILES_MAX];
    uint32_t count;
    bool absent; /* nothing of the data set is in the folder; set when c4_data_find() fails */
    bool synthetic;
    struct c4_synthetic_mark mark;          /* of synthetic ones */
    char passed_over[C4_PASSED_OVER_BYTES]; /* what an earlier candidate lacks, a sentence; or "" */
};

/* Finds the files of a set's train or test split. Those of the candidate that is taken are named
 * whether they are there or not; c4_data_file_count() finds that out. C4_ERR_DATA: no such folder,
 * no such data set in it (both: out->absent), or a SYNTHETIC or UNOFFICIAL file that was altered.
 */
enum c4_status c4_data_find(const char *folder, const struct c4_set *set, enum c4_split split,
                            struct c4_data_files *out);

/* Whether any candidate of the folder, taken or not, has files that are synthetic, or that are not;
 * `path` gets one of them. A candidate with an altered SYNTHETIC file does not count. */
bool c4_data_holds(const char *folder, const struct c4_set *set, bool synthetic,
                   char path[C4_PATH_BYTES]);

/* Number of images, checked against `required` and `most`. */
enum c4_status c4_data_file_count(const struct c4_data_file *file, uint32_t *count);

struct c4_judged; /* core/data/standing.h */

/* The first `count` of the `total` images that c4_data_file_count() has found, and their labels;
 * and what the file is, by what is public about it. Errors: those of the file's reader and of
 * c4_data_file_judge(). */
enum c4_status c4_data_file_read(const struct c4_data_file *file, uint32_t total, uint32_t count,
                                 uint8_t *images, uint8_t *labels, struct c4_judged *judged);

#endif
