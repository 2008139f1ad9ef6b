/* The data sets that there are, each of labelled 32x32 RGB images in ten classes.
 *
 * All that is particular to a set stands in its entry of c4_sets (core/data/sets.c); everybody else
 * reads the table. To add one: an entry there, its files in core/data/mirrors.ini, and the study
 * file that uses it. A set is handed around as a pointer to its entry, or, where only bytes can go,
 * as its index. */
#ifndef C4_DATA_SETS_H
#define C4_DATA_SETS_H

#include "core/data/format.h"
#include "core/op/conv4.h"

enum {
    C4_SETS_MAX = 8,
    C4_LAYOUTS_MAX = 4,
    C4_SPLIT_FILES_MAX = 5,    /* files of a split */
    C4_RECORD_NAME_BYTES = 24, /* room for a file's name */
    C4_FINETUNE_COUNT = 10000  /* images that fine-tuning halves */
};

/* C4_TUNING: not a split of its own, but the images whose halves fine-tuning takes, out of one
 * (struct c4_tuning). Arrays by split have the first two alone. */
enum c4_split { C4_TRAIN, C4_TEST, C4_TUNING, C4_SPLITS };

/* "train" or "test". */
const char *c4_split_word(enum c4_split split);

struct c4_draws; /* core/data/raster.h */

/* Images that the program draws, as core/data/synthetic.h describes them. */
struct c4_stand_in {
    const char *name; /* "objects": in "synthetic objects train", and in the file SYNTHETIC */
    void (*draw)(struct c4_draws *draws, int class, uint8_t image[C4_IMAGE_BYTES]);
    uint64_t id[2];     /* as of struct c4_set; also what the drawing depends on */
    uint32_t images[2]; /* where they stand in for files that are not given */
};

/* A place where the files of both splits may lie, and how they are named there. */
struct c4_layout {
    const char *place[2]; /* folders in the data folder, or "" for itself; the first that has files
                           * counts. The second may be NULL */
    const char *name[2];  /* of each split's files, with %u for their numbers from 1 on */
    const struct c4_format *format;
};

struct c4_set_files {
    uint32_t images[2]; /* of the official splits */
    uint32_t per_file;  /* images in each file of a split; 0: a split is one file */
    bool whole;         /* files have as many images, and one that lacks is an error; false: at most
                         * as many, and a split may be there without the other; needs per_file 0 */
    /* In the order in which they are looked at, but forms that the build cannot read come last. The
     * first one of records is that of copies. Ends with a format NULL, or with the array. */
    struct c4_layout layout[C4_LAYOUTS_MAX];
    /* What to say if there is nothing; %1$s is the folder, %2$s "train" or "test". */
    const char *absent;
};

/* The first 10,000 images of a split: 0-4999 train, 5000-9999 test. */
struct c4_tuning {
    enum c4_split split;    /* C4_TRAIN or C4_TEST */
    const char *option;     /* word for --dataset, "svhn-finetune"; NULL: it is all of the split */
    const char *images;     /* what they are called in settings and notes, "digits" */
    const char *substitute; /* name of what stands in for them in a set that is not `whole`: train
                             * images followed by test images where train images are fewer */
    const char *degrees;    /* key of a scale (repro/study) with the degrees of random labels */
    int other;              /* index of the set on whose images these networks are measured, too */
};

struct c4_set {
    const char *word;  /* "cifar10": in options, study files, names of runs */
    const char *title; /* "CIFAR-10" */
    /* Keys of label noise: which set and split an image's index counts in. No other set has them,
     * and they stay for ever. C4_TUNING has those of its split, so an image keeps its noise. */
    uint64_t id[2];
    bool pretrains; /* pre-training may take its train images, and be measured on its test images */
    const char *test_images, *heldout_images; /* names in rows of what networks are measured on: the
                                               * test split, if it pretrains, and the second half */
    struct c4_set_files files;
    struct c4_tuning tuning;
    const struct c4_stand_in *stand_in;
};

extern const struct c4_set c4_sets[];
extern const int c4_set_count; /* at most C4_SETS_MAX */

extern const struct c4_stand_in c4_synthetic_objects, c4_synthetic_digits;

/* The set of that word, or NULL. */
const struct c4_set *c4_set_find(const char *word);

/* The words, one by one; NULL behind the last. */
const char *c4_set_word(int index);

/* A form of its files that this build does not read, or NULL; also if `set` is NULL. */
const struct c4_format *c4_set_unread(const struct c4_set *set);

/* Where copies of its files lie: records. */
const struct c4_layout *c4_set_plain(const struct c4_set *set);

/* Number of files that `images` images of a split have. */
uint32_t c4_set_file_count(const struct c4_set *set, uint32_t images);

/* Name of the split's file of that number, from 1 on. */
void c4_layout_name(const struct c4_layout *layout, enum c4_split split, uint32_t number,
                    char name[C4_RECORD_NAME_BYTES]);

#endif
