/* Describing a folder of image data, and importing it into the plain record layout. */
#ifndef C4_DATA_IMPORT_H
#define C4_DATA_IMPORT_H

#include "core/data/standing.h"

#define C4_DATA_FOUND_MAX (2 * C4_SETS_MAX * C4_SPLIT_FILES_MAX)

/* One recognised file. */
struct c4_data_info {
    char path[C4_PATH_BYTES];
    const struct c4_set *set;
    enum c4_split split;
    bool synthetic;
    uint32_t records;
    uint32_t most;                  /* records of the official file */
    uint32_t histogram[C4_CLASSES]; /* images per label */
    char sha256[65];                /* of the file's bytes */
    enum c4_standing standing;
    char why[C4_STANDING_BYTES];              /* core/data/standing.h */
    char passed_over[C4_FILE_SENTENCE_BYTES]; /* of a set's first train file; core/data/files.h */
    char problem[C4_FILE_SENTENCE_BYTES];     /* what is wrong with it, or "" */
};

struct c4_data_found {
    struct c4_data_info info[C4_DATA_FOUND_MAX];
    uint32_t count;
};

/* Describes every file that c4_dataset_load() would use, train and test of each set. Each file is
 * read and checked completely. A missing or damaged file has `problem` set, and the others are
 * still described. C4_ERR_DATA if the folder holds no data set at all. */
enum c4_status c4_data_describe(const char *folder, struct c4_data_found *out);

/* Copies the data sets in `from` to each set's place c4_set_plain() in `to`, as record files (.mat
 * files and Python pickles are converted). Each file is first read and checked completely, and is
 * written atomically. `to` is created if missing. *found (unless NULL) receives what
 * c4_data_describe() tells about each file, except labels and SHA-256. Refused are a data set with
 * a missing or damaged file, and mixing real and synthetic files in a folder. A file UNOFFICIAL
 * (core/data/unofficial.h) beside the copies lists those made from files that differ; it loses what
 * an earlier import recorded about files that are replaced. An altered UNOFFICIAL file is refused
 * before anything is written. *files is the number of files written, also after an error.
 * C4_ERR_DATA, C4_ERR_USAGE, C4_ERR_FAILED (disk), C4_ERR_MEMORY. */
enum c4_status c4_data_import(const char *from, const char *to, uint32_t *files,
                              struct c4_data_found *found);

#endif
