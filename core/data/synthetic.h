/* The built-in images, objects and digits, that stand in for data sets, so that a first run and
 * tests need no download. They are never mixed with real images: `synthetic` is set.
 *
 * Objects, labels 0..9: disc, ring, square, triangle, cross, star, crescent, bar, striped disc,
 * chequered square; of any size, position and colour, rotated by up to 21 degrees, over a shaded
 * background with clutter and noise. Digits: the ten digits as strokes with affine jitter, of any
 * colour, with neighbours at the sides. Colours, light on dark or dark on light, never depend on
 * the class; a linear classifier of the pixels stays near chance.
 *
 * Image i depends only on (seed, id of the split, i), not on the number of images drawn:
 * Philox with purpose C4_RNG_SYNTHETIC and integer arithmetic, so the bytes are the same with every
 * compiler and on every CPU. Above 20,000 images/s on one core.
 */
#ifndef C4_DATA_SYNTHETIC_H
#define C4_DATA_SYNTHETIC_H

#include "core/data/dataset.h"

/* Draws one image and its label. */
void c4_synthetic_image(const struct c4_stand_in *stand_in, enum c4_split split, uint64_t seed,
                        uint32_t index, uint8_t image[C4_IMAGE_BYTES], uint8_t *label);

/* Images 0 .. count-1 as a data set that owns its memory. C4_ERR_MEMORY. */
enum c4_status c4_synthetic_make(const struct c4_stand_in *stand_in, enum c4_split split,
                                 uint64_t seed, uint32_t count, struct c4_dataset *out);

/* Number of images that c4_synthetic_write() writes for a set's split. */
uint32_t c4_synthetic_count(const struct c4_set *set, enum c4_split split, uint32_t train,
                            uint32_t test);

/* Writes every set's stand-in to `folder` (created if missing) in the plain record layout, which
 * c4_dataset_load() reads back and recognises as synthetic: `train` (1..50,000) train images of
 * sets for pre-training, and `test` (1..10,000) images of every other split. Existing synthetic
 * files are replaced one by one, each atomically. C4_ERR_USAGE (counts; real files are there),
 * C4_ERR_FAILED (disk). */
enum c4_status c4_synthetic_write(const char *folder, uint64_t seed, uint32_t train, uint32_t test);

/* "synthetic objects train" and so on. */
void c4_synthetic_name(const struct c4_stand_in *stand_in, enum c4_split split, char name[64]);

#endif
