/* Sums per channel in the library's layouts.
 *
 * The library adds up batch norm's statistics and a bias's gradient in single float chains over a
 * thread's share of the pixels. Equal addends, such as the zeros after a ReLU, then all round in
 * the same direction, and the error grows with the length of the chain instead of its square root:
 * 1e-4 of a variance over 32 images. So these are summed here. The sums of batch norm's backward
 * pass are left to the library: they are within 5e-6. */
#ifndef C4_SIMD_ONEDNN_SUMS_H
#define C4_SIMD_ONEDNN_SUMS_H

#include "core/op/conv4.h"
#include "simd/onednn/lane_sums/lane_sums.h"
#include "simd/onednn/shim.h"

/* sum[c] = sum of y, sum_sq[c] = sum of y^2 over all images and pixels; both overwritten. y has
 * layout `map`. partial: 128 doubles per image, overwritten. All in double: the pixels of an image
 * first, then the images in order. The order does not depend on the number of threads, which is
 * OpenMP's. */
void c4_dnn_channel_sums(const struct c4_dnn_map *map, c4_lane_sums_fn *lane_sums, const float *y,
                         double *partial, double sum[C4_CHANNELS], double sum_sq[C4_CHANNELS]);

#endif
