/* The images of a study: loaded once, shared by every process that works on it. */
#ifndef C4_REPRO_RUN_IMAGES_H
#define C4_REPRO_RUN_IMAGES_H

#include "core/data/patch_sums.h"
#include "repro/study/schedule.h"

enum { C4_SET_TRAINING, C4_SET_TEST, C4_SET_DIGITS, C4_SETS };

struct c4_images {
    struct c4_dataset set[C4_SETS]; /* CIFAR-10 train and test, the digits of fine-tuning */
    struct c4_dataset tuning[2];  /* by enum c4_task_data: the images that fine-tuning trains on */
    struct c4_dataset heldout[2]; /* and those that it is measured on */
    bool tunes;                   /* digits and halves are there */
    void *mapping;                /* of shared images, or NULL */
    size_t mapping_bytes;
};

/* Loads what the scale's runs need: always the same images of a scale, so that figures may join a
 * study later; digits and halves only if some run of the schedule fine-tunes. `folder` NULL: the
 * built-in images. Errors as c4_dataset_load(). Release in every case. */
enum c4_status c4_images_load(const char *folder, const struct c4_protocol *protocol,
                              const struct c4_scale *scale, const struct c4_schedule *schedule,
                              struct c4_images *images);
void c4_images_free(struct c4_images *images);

/* What a process needs to find the images in memory that it was handed as a file descriptor; a
 * plain value. */
struct c4_shared_images {
    struct c4_dataset set[C4_SETS];            /* pointers mean nothing */
    uint64_t offset_bytes[C4_SETS];            /* of the images; labels follow them */
    uint64_t patch_sums_offset_bytes[C4_SETS]; /* of the patch sums; 0: there are none */
    uint64_t bytes;
    bool tunes;
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
const struct c4_dataset *c4_images_of(const struct c4_images *images, enum c4_image_set set);
enum c4_image_set c4_run_image_set(const struct c4_run *run); /* that it is measured on */
/* The other half that fine-tuning is also measured on; false for other phases. */
bool c4_run_cross_set(const struct c4_run *run, enum c4_image_set *set);
/* The run's training images: a view to be freed. */
enum c4_status c4_run_training(const struct c4_images *images, const struct c4_run *run,
                               struct c4_dataset *training);

#endif
