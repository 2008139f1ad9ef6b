/* The images of a study: loaded once, shared by every process that works on it. */
#ifndef C4_REPRO_RUN_IMAGES_H
#define C4_REPRO_RUN_IMAGES_H

#include "core/data/patch_sums.h"
#include "repro/study/schedule.h"

/* The loaded parts of one data set; the others are empty. */
struct c4_set_images {
    struct c4_dataset
        split[C4_SPLITS]; /* train and test for pre-training; the one to halve for fine-tuning */
    bool tunes;           /* the halves below exist */
    struct c4_dataset tuning;  /* the images that fine-tuning trains on */
    struct c4_dataset heldout; /* the images that it is measured on */
};

struct c4_images {
    struct c4_set_images set[C4_SETS_MAX]; /* by the index in c4_sets */
    int pretraining;                       /* index of the pre-training set */
    void *mapping;                         /* of shared images, or NULL */
    size_t mapping_bytes;
};

/* Loads the images that the scale's runs need. They are always the same for a scale, so that
 * figures may join a study later; but only sets that a run of the schedule fine-tunes on, or is
 * then measured on, are halved. `folder` NULL: the built-in images. Errors as c4_dataset_load().
 * Release in every case. */
enum c4_status c4_images_load(const char *folder, const struct c4_protocol *protocol,
                              const struct c4_scale *scale, const struct c4_schedule *schedule,
                              struct c4_images *images);
void c4_images_free(struct c4_images *images);

/* Where the images lie in memory that is shared through a file descriptor; a plain value. */
struct c4_shared_images {
    struct c4_shared_set {
        struct c4_dataset data;           /* its pointers are not valid */
        uint64_t offset_bytes;            /* of the images; labels follow them */
        uint64_t patch_sums_offset_bytes; /* of the patch sums; 0: none */
    } set[C4_SETS_MAX][C4_SPLITS];
    bool tunes[C4_SETS_MAX];
    int pretraining;
    uint64_t bytes;
};

/* Adds patch sums (core/data/patch_sums.h) to all loaded sets and their halves, so that no pass
 * over them computes any; views that a caller has made before stay without. */
enum c4_status c4_images_add_patch_sums(struct c4_images *images, c4_stem_moments_fn *stem_moments);

/* Moves the images and their patch sums, if any, to memory that is shared through a file
 * descriptor; *images then points there. Programs that the caller starts inherit the descriptor;
 * the caller closes it. C4_ERR_FAILED, C4_ERR_MEMORY. */
enum c4_status c4_images_share(struct c4_images *images, const struct c4_scale *scale,
                               int *descriptor, struct c4_shared_images *shared);

/* Maps the shared images and makes fine-tuning's halves. C4_ERR_MEMORY. Release in every case. */
enum c4_status c4_images_map(int descriptor, const struct c4_shared_images *shared,
                             const struct c4_scale *scale, struct c4_images *images);

/* Images and image sets of a run. */
const struct c4_dataset *c4_images_training(const struct c4_images *images); /* pre-training's */
const struct c4_dataset *c4_images_test(const struct c4_images *images);
const struct c4_dataset *c4_images_of(const struct c4_images *images, struct c4_image_set set);
struct c4_image_set c4_run_image_set(const struct c4_run *run); /* the set that it is measured on */
/* The other set's half that fine-tuning is also measured on; false for other run kinds. */
bool c4_run_cross_set(const struct c4_run *run, struct c4_image_set *set);
/* The run's training images, as a view that the caller frees. */
enum c4_status c4_run_training(const struct c4_images *images, const struct c4_run *run,
                               struct c4_dataset *training);

#endif
