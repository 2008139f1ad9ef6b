/* Which files of a folder hold a data set. FOLDER is what the user gave with --data.
 *
 * - CIFAR-10: data_batch_1.bin to data_batch_5.bin and test_batch.bin, 10,000 records each, in
 *   FOLDER/cifar-10-batches-bin (as cifar-10-binary.tar.gz unpacks) or in FOLDER itself; else the
 *   Python version (torchvision's), data_batch_1 to data_batch_5 and test_batch, in
 *   FOLDER/cifar-10-batches-py or in FOLDER itself.
 *
 * - SVHN: train_32x32.mat and test_32x32.mat in FOLDER or FOLDER/svhn, else the plain record form
 *   svhn_train.bin and svhn_test.bin in FOLDER/svhn or FOLDER. A build without matio looks for the
 *   plain form first.
 *
 * A file SYNTHETIC beside record files says that c4_synthetic_write() made them, from which seed
 * and how many; record files may then have other sizes, and what is loaded is marked synthetic.
 */
#ifndef C4_DATA_FILES_H
#define C4_DATA_FILES_H

#include "core/data/dataset.h"
#include "core/file/file.h"

#define C4_CIFAR10_FILE_RECORDS 10000
#define C4_SVHN_TRAIN_COUNT 73257
#define C4_SVHN_TEST_COUNT 26032
#define C4_FINETUNE_COUNT 10000
#define C4_DATA_FILES_MAX 6

#define C4_PATH_BYTES 4096

struct c4_data_file {
    char path[C4_PATH_BYTES];
    bool mat;          /* SVHN's .mat */
    bool pickle;       /* CIFAR-10's Python version; neither: records */
    uint32_t required; /* number of images the file must have, or 0 */
    uint32_t most;     /* more than this is refused */
};

/* The SYNTHETIC file of a folder of record files. */
struct c4_synthetic_mark {
    const char *set; /* "objects" or "digits" */
    uint64_t seed;
    uint32_t train, test; /* number of images of each split */
};

/* The files of one split, in the order of their images. */
struct c4_data_files {
    struct c4_data_file file[C4_DATA_FILES_MAX];
    uint32_t count;
    bool absent; /* nothing of the data set is in the folder; set when c4_data_find() fails */
    bool synthetic;
    struct c4_synthetic_mark mark; /* of synthetic ones */
};

/* Finds the files of C4_CIFAR10 or C4_SVHN. They are named, not opened: a file that is missing from
 * a folder that has others is found out by c4_data_file_count(). C4_ERR_DATA: no
 * such folder, no such data set in it (both: out->absent), or a SYNTHETIC file that was altered. */
enum c4_status c4_data_find(const char *folder, enum c4_dataset_kind kind, enum c4_split split,
                            struct c4_data_files *out);

/* Number of images, checked against `required` and `most`. */
enum c4_status c4_data_file_count(const struct c4_data_file *file, uint32_t *count);

/* The first `count` images and labels. */
enum c4_status c4_data_file_read(const struct c4_data_file *file, uint32_t count, uint8_t *images,
                                 uint8_t *labels);

/* Writes the SYNTHETIC file of a folder, atomically. C4_ERR_FAILED. */
enum c4_status c4_synthetic_mark_write(const char *folder, const struct c4_synthetic_mark *mark);

#endif
