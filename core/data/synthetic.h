/* The built-in pair of data sets, in the shapes of CIFAR-10 and SVHN, so that a first run and tests
 * need no download. What they show is never mixed with real images: `synthetic` is set.
 *
 * Objects, labels 0..9: disc, ring, square, triangle, cross, star, crescent, bar, striped disc,
 * chequered square; of any size, place and colour, turned by up to 21 degrees, over a shaded
 * background with clutter and noise. Digits: the ten digits as strokes with affine jitter, of any
 * colour, with neighbours at the sides. Colours, light on dark or dark on light, never depend on
 * the class; a linear classifier of the pixels stays near chance.
 *
 * Image i is a function of (seed, set, split, i) alone, whatever the number of images drawn: Philox
 * with purpose C4_RNG_SYNTHETIC and integer arithmetic, so the bytes are the same with every
 * compiler and on every CPU. Above 20,000 images/s on one core.
 */
#ifndef C4_DATA_SYNTHETIC_H
#define C4_DATA_SYNTHETIC_H

#include "core/data/dataset.h"

enum c4_synthetic_set { C4_SYNTHETIC_OBJECTS, C4_SYNTHETIC_DIGITS };

/* Draws one image and its label. */
void c4_synthetic_image(enum c4_synthetic_set set, enum c4_split split, uint64_t seed,
                        uint32_t index, uint8_t image[C4_IMAGE_BYTES], uint8_t *label);

/* Images 0 .. count-1 as a data set that owns its memory. C4_ERR_MEMORY. */
enum c4_status c4_synthetic_make(enum c4_synthetic_set set, enum c4_split split, uint64_t seed,
                                 uint32_t count, struct c4_dataset *out);

/* Writes both sets to `folder` (made if it is missing) in the plain record layout, which
 * c4_dataset_load() reads back and recognises as synthetic: `train` train objects (1..50,000) in
 * files of 10,000, `test` test objects (1..10,000), and `test` digits of each split. Existing files
 * are replaced, one by one and atomically. C4_ERR_USAGE (counts), C4_ERR_FAILED (disk). */
enum c4_status c4_synthetic_write(const char *folder, uint64_t seed, uint32_t train, uint32_t test);

/* "synthetic objects train" and so on; static storage. */
const char *c4_synthetic_name(enum c4_synthetic_set set, enum c4_split split);

/* enum c4_dataset_id of a set and split. */
uint64_t c4_synthetic_id(enum c4_synthetic_set set, enum c4_split split);

#endif
