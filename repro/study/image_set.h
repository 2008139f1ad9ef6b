/* Images that networks are measured on, by the names that rows and study files have for them. */
#ifndef C4_REPRO_STUDY_IMAGE_SET_H
#define C4_REPRO_STUDY_IMAGE_SET_H

#include <stdbool.h>

#include "core/data/sets.h"

/* Of one data set the test split, or the half that fine-tuning does not train on; a plain value. */
struct c4_image_set {
    int set; /* index in c4_sets */
    bool heldout;
};

bool c4_image_set_same(struct c4_image_set a, struct c4_image_set b);

/* As in result.images; NULL of the test split of a set that pre-training does not take. */
const char *c4_image_set_name(struct c4_image_set images);

/* Those that have a name, one by one. False behind the last. */
bool c4_image_set_at(int index, struct c4_image_set *images);

#endif
