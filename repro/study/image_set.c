#include "repro/study/image_set.h"

#include <stddef.h>

bool c4_image_set_same(struct c4_image_set a, struct c4_image_set b) {
    return a.set == b.set && a.heldout == b.heldout;
}

const char *c4_image_set_name(struct c4_image_set images) {
    const struct c4_set *set = &c4_sets[images.set];
    return images.heldout ? set->heldout_images : set->test_images;
}

bool c4_image_set_at(int index, struct c4_image_set *images) {
    for (int i = 0; i < 2 * c4_set_count; i++) {
        *images = (struct c4_image_set){.set = i / 2, .heldout = i % 2};
        if (c4_image_set_name(*images) != NULL && index-- == 0) return true;
    }
    return false;
}
