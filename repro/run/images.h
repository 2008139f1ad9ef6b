/* The images of a study: loaded once, shared by every process that works on it. */
#ifndef C4_REPRO_RUN_IMAGES_H
#define C4_REPRO_RUN_IMAGES_H

#include "core/data/patch_sums.h"
#include "repro/study/schedule.h"

/* What is there of one data set; the rest is empty. */
struct c4_set_images {
    struct c4_dataset split[C4_SPLITS]; /* train and test of the set of pre-training; C4_TUNING, or
                                         * the test split where that is all of it */
    bool tunes;                         /* halves are there: */
    struct c4_dataset tuning;           /* the images that fine-tuning trains on */
    struct c4_dataset heldout;          /* and those that it is measured on */
};

struct c4_images {
    struct c4_set_images set[C4_SETS_MAX]; /* by the index in c4_sets */
    int pretraining;                       /* index of the set of pre-training */
    void *mapping;                         /* of shared images, or NULL */
    size_t mapping_bytes;
};

/* Loads what the scale's runs need: always the same images of a scale, so that figures may join a
 * study later; halves only of sets that some run of the schedule fine-tunes on or is measured on
 * then. `folder` NULL: the built-in images. Errors as c4_dataset_load(). Release in every case. */
enum c4_status c4_images_load(const char *folder, const struct c4_protocol *protocol,
                              const struct c4_scale *scale, const struct c4_schedule *schedule,
                              struct c4_images *images);
void c4_images_free(struct c4_images *images);

/* What a process needs to find the images in memory that it was handed as a file descriptor; a
 * plain value. */
struct c4_shared_images {
    struct c4_shared_set {
        struct c4_dataset data;           /* pointers mean nothing */
        uint64_t offset_bytes;            /* of the images; labels follow them */
        uint64_t patch_sums_offset_bytes; /* of the patch sums; 0: there are none */
    } set[C4_SETS_MAX][C4_SPLITS];
    bool tunes[C4_SETS_MAX];
    int pretraining;
    uint64_t bytes;
};

/* Gives all sets their patch sums (core/data/patch_sums.h), which views that are there do not get.
 */
enum c4_status c4_images_add_patch_sums(struct c4_images *images, c4_stem_moments_fn *stem_moments);

/* Moves the images, and patch sums if there are some, into memory behind a file descriptor, which
 * the caller closes and a program that it starts inherits; *images then points there.
 * C4_ERR_FAILED, C4_ERR_MEMORY. */
enum c4_status c4_images_share(struct c4_images *images, const struct c4_scale *scale,
                               int *descriptor, struct c4_shared_images *shared);

/* Finds them there again. */
enum c4_status c4_images_map(int descriptor, const struct c4_shared_images *shared,
                             const struct c4_scale *scale, struct c4_images *images);

/* Views and sets of a run. */
const struct c4_dataset *c4_images_training(const struct c4_images *images); /* pre-training's */
const struct c4_dataset *c4_images_test(const struct c4_images *images);
const struct c4_dataset *c4_images_of(const struct c4_images *images, struct c4_image_set set);
struct c4_image_set c4_run_image_set(const struct c4_run *run); /* that it is measured on */
/* The other set's half that fine-tuning is also measured on; false for other phases. */
bool c4_run_cross_set(const struct c4_run *run, struct c4_image_set *set);
/* The run's training images: a view to be freed. */
enum c4_status c4_run_training(const struct c4_images *images, const struct c4_run *run,
                               struct c4_dataset *training);

#endif
