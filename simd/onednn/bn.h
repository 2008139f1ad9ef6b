/* The sums of batch norm, in the layouts of the library.
 *
 * The library adds them up in single float chains over a thread's share of the pixels. Equal
 * addends, such as the zeros behind a ReLU, then all round to the same side, and the error grows
 * with the length of the chain instead of its root: 1e-4 of a variance over 32 images. */
#ifndef C4_ONEDNN_BN_H
#define C4_ONEDNN_BN_H

#include "core/op/conv4.h"
#include "simd/onednn/shim.h"

/* sum_a[c] = sum of a, sum_ab[c] = sum of a * b over all images and pixels; both overwritten. a and
 * b lie as `map` says and may be the same. partial: 128 doubles per image, overwritten. Products
 * and sums are double: within an image by eighth pixels or less, then image by image. The order
 * does not depend on the number of threads, which is OpenMP's. */
void c4_dnn_channel_sums(const struct c4_dnn_map *map, const float *a, const float *b,
                         double *partial, double sum_a[C4_CHANNELS], double sum_ab[C4_CHANNELS]);

#endif
