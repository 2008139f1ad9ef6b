/* Stretches of images that an interrupted copy leaves and no data set has: black ones, and ones
 * that repeat earlier images. */
#ifndef C4_DATA_STRETCH_H
#define C4_DATA_STRETCH_H

#include "core/base/status.h"

#include <stdint.h>

/* This many in a row are not a coincidence. */
enum { C4_STRETCH_IMAGES = 16 };

struct c4_stretch {
    uint32_t first, count; /* count 0: none was found */
    uint32_t repeats;      /* of a repeated stretch: the image that equals its first one */
};

/* The first stretch of at least C4_STRETCH_IMAGES images whose bytes are all 0. `images`: count x
 * C4_IMAGE_BYTES. */
void c4_stretch_black(const uint8_t *images, uint32_t count, struct c4_stretch *stretch);

/* The first stretch of at least C4_STRETCH_IMAGES images that each equal an earlier image, all at
 * the same distance; black ones do not count. C4_ERR_MEMORY. */
enum c4_status c4_stretch_repeated(const uint8_t *images, uint32_t count,
                                   struct c4_stretch *stretch);

#endif
