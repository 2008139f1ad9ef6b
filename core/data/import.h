/* Looking through a folder of image data, and copying it into the plain record layout. */
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
    uint32_t most;                  /* that the official file has */
    uint32_t histogram[C4_CLASSES]; /* images of each label */
    char sha256[65];                /* of the file's bytes */
    enum c4_standing standing;
    char why[C4_STANDING_BYTES];            /* core/data/standing.h */
    char passed_over[C4_PASSED_OVER_BYTES]; /* of a set's first train file; core/data/files.h */
    char problem[1024];                     /* what is wrong with it; "" if it is sound */
};

struct c4_data_found {
    struct c4_data_info info[C4_DATA_FOUND_MAX];
    uint32_t count;
};

/* Describes every file that c4_dataset_load() would use: of each set train and test. All of each
 * file is read and checked. A file that is missing or unsound has `problem` set, and the rest goes
 * on. C4_ERR_DATA if the folder holds no data set at all. */
enum c4_status c4_data_describe(const char *folder, struct c4_data_found *out);

/* Copies what `from` holds to where c4_set_plain() of each set lies in `to`, as record files (.mat
 * files and Python pickles are converted), each after it was read and checked whole, and each
 * atomically. `to` is made if it is missing. What each file is by what is public about it stands in
 * *found as c4_data_describe() has it, but for labels and SHA-256; NULL: nobody asks. A data set of
 * which a file is missing or unsound is refused, as is putting real files where synthetic ones lie
 * or the reverse. A file UNOFFICIAL (core/data/unofficial.h) beside the copies says which of them
 * were made from files that differ; what an earlier import noted of files that are replaced goes. A
 * file of that name that is none is refused before anything is written. *files is the number of
 * files written, also after an error. C4_ERR_DATA, C4_ERR_USAGE, C4_ERR_FAILED (disk),
 * C4_ERR_MEMORY. */
enum c4_status c4_data_import(const char *from, const char *to, uint32_t *files,
                              struct c4_data_found *found);

#endif
