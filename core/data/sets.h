/* The known data sets, each of labelled 32x32 RGB images in ten classes.
 *
 * Everything specific to a set is in its entry of c4_sets (core/data/sets.c); all other code reads
 * the table. To add a set, add an entry there, its files in core/data/mirrors.ini, and a study file
 * that uses it. A set is passed as a pointer to its entry, or between processes as its index. */
#ifndef C4_DATA_SETS_H
#define C4_DATA_SETS_H

#include "core/data/format.h"
#include "core/op/conv4.h"

enum {
    C4_SETS_MAX = 8,
    C4_LAYOUTS_MAX = 4,
    C4_SPLIT_FILES_MAX = 5,    /* files of a split */
    C4_RECORD_NAME_BYTES = 24, /* size of a file name, with its NUL */
    C4_FINETUNE_COUNT = 10000  /* images that fine-tuning splits into halves */
};

/* C4_TUNING is not a split of its own, but the part of a split whose halves fine-tuning uses
 * (struct c4_tuning). Arrays by split have only the first two. */
enum c4_split { C4_TRAIN, C4_TEST, C4_TUNING, C4_SPLITS };

/* "train" or "test". */
const char *c4_split_word(enum c4_split split);

struct c4_draws; /* core/data/raster.h */

/* Synthetic images (core/data/synthetic.h) that stand in for a set. */
struct c4_stand_in {
    const char *name; /* "objects": in "synthetic objects train", and in the file SYNTHETIC */
    void (*draw)(struct c4_draws *draws, int class, uint8_t image[C4_IMAGE_BYTES]);
    uint64_t id[2];     /* as in struct c4_set; the drawing depends on it, too */
    uint32_t images[2]; /* number per split if no data folder is given */
};

/* Where the files of both splits may lie, and their names there. */
struct c4_layout {
    const char *place[2]; /* subfolders of the data folder, or "" for itself; the first that has
                           * files is used. The second may be NULL */
    const char *name[2];  /* of each split's files, with %u for their numbers from 1 on */
    const struct c4_format *format;
};

struct c4_set_files {
    uint32_t images[2]; /* of the official splits */
    uint32_t per_file;  /* images in each file of a split; 0: a split is one file */
    bool whole;         /* files must have exactly these numbers of images, and none may be missing;
                         * false: at most these, and one split may be missing; needs per_file 0 */
    /* In search order, but formats that the build cannot read come last. Copies use the first
     * layout of records. Ends with a NULL format, or with the array. */
    struct c4_layout layout[C4_LAYOUTS_MAX];
    /* The error if there are no files; %1$s is the folder, %2$s "train" or "test". */
    const char *absent;
};

/* The first 10,000 images of a split: 0-4999 train, 5000-9999 test. */
struct c4_tuning {
    enum c4_split split;    /* C4_TRAIN or C4_TEST */
    const char *option;     /* word for --dataset, "svhn-finetune"; NULL: it is the whole split */
    const char *images;     /* their name in settings and notes, "digits" */
    const char *substitute; /* name of their substitute in a set that is not `whole`: fewer train
                             * images, followed by test images */
    const char *degrees;    /* key of a scale (repro/study) with the degrees of random labels */
    int other;              /* index of the set whose images also measure these networks */
};

struct c4_set {
    const char *word;  /* "cifar10", in options, study files and run names */
    const char *title; /* "CIFAR-10" */
    /* Keys of label noise, one per split. They are unique among all sets and never change.
     * C4_TUNING has its split's key, so an image keeps its noise. */
    uint64_t id[2];
    bool pretrains; /* pre-training may use its train images and be measured on its test images */
    const char *test_images, *heldout_images; /* names in rows of the images that measure networks:
                                               * the test split, if it pretrains; the second half */
    struct c4_set_files files;
    struct c4_tuning tuning;
    const struct c4_stand_in *stand_in;
};

extern const struct c4_set c4_sets[];
extern const int c4_set_count; /* at most C4_SETS_MAX */

extern const struct c4_stand_in c4_synthetic_objects, c4_synthetic_digits;

/* The set of that word, or NULL. */
const struct c4_set *c4_set_find(const char *word);

/* The word of set `index`; NULL past the last. */
const char *c4_set_word(int index);

/* A format of its files that this build does not read; NULL if there is none or `set` is NULL. */
const struct c4_format *c4_set_unread(const struct c4_set *set);

/* The layout of copies of its files: records. */
const struct c4_layout *c4_set_plain(const struct c4_set *set);

/* Number of files for `images` images of a split. */
uint32_t c4_set_file_count(const struct c4_set *set, uint32_t images);

/* Name of the split's file `number`, from 1 on. */
void c4_layout_name(const struct c4_layout *layout, enum c4_split split, uint32_t number,
                    char name[C4_RECORD_NAME_BYTES]);

#endif
