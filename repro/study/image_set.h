/* Images that networks are measured on, and their names in rows and study files. */
#ifndef C4_REPRO_STUDY_IMAGE_SET_H
#define C4_REPRO_STUDY_IMAGE_SET_H

#include <stdbool.h>

#include "core/data/sets.h"

/* The test split of a data set, or the half that fine-tuning does not train on; a plain value. */
struct c4_image_set {
    int set; /* index in c4_sets */
    bool heldout;
};

bool c4_image_set_same(struct c4_image_set a, struct c4_image_set b);

/* As in result.images; NULL for the test split of a set that is not used for pre-training. */
const char *c4_image_set_name(struct c4_image_set images);

/* Enumerates the image sets that have a name. False after the last. */
bool c4_image_set_at(int index, struct c4_image_set *images);

#endif
