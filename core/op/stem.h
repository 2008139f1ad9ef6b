/* The stem: its input from bytes, and two identities of its bn-relu form.
 *
 * With v = 2 * byte - 255 the network's input is x = v / 255 (that is (byte/255 - 0.5) / 0.5), and
 * patch sums of 3x3x3 patches are integers. Patch element k = 3 * tap + channel; padding is 0.
 * Arrays of c4_real and arg start 64-byte aligned; images and patch sums need only their type's
 * alignment.
 */
#ifndef C4_OP_STEM_H
#define C4_OP_STEM_H

#include <stdint.h>

#include "core/op/conv4.h"
#include "core/op/real.h"

#define C4_PATCH 27

/* One image's patch sums in int32, as data sets keep them: `first` of c4_stem_moments_fn, then the
 * upper triangle of `second`, row by row. */
#define C4_PATCH_SUMS (C4_PATCH + C4_PATCH * (C4_PATCH + 1) / 2)

/* x [n, 32, 32, 3] = (c4_real)v / 255 from planar bytes [n, 3, 32, 32]; overwritten. */
typedef void c4_stem_input_fn(int n, const uint8_t *images, c4_real *x);

/* first[k] = sum over images and pixels of v_k; second[k * 27 + l] = sum of v_k * v_l (both
 * triangles). Exact integers; overwritten. At most 2^31 images. */
typedef void c4_stem_moments_fn(int n, const uint8_t *images, int64_t *first, int64_t *second);

/* r[k, c] = sum over one slice's pooled positions (raster, images in order) of
 *           x_k(the pixel that arg selects for channel c) * ds[position, c], one fma chain each.
 * x [n, 32, 32, 3]; ds, arg [n, 16, 16, 64]; r [27, 64] is overwritten. Every position is added,
 * even where ds is 0. `scratch`: C4_STEM_SCRATCH elements, 64-byte aligned, of any content. */
#define C4_STEM_SCRATCH 16384
typedef void c4_stem_select_grad_fn(int n, const c4_real *x, const c4_real *ds, const uint8_t *arg,
                                    c4_real *r, c4_real *scratch);

#endif
