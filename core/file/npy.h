/* NPY files: one array that numpy.load and numpy.save exchange.
 *
 * Source: numpy.lib.format, versions 1.0, 2.0 and 3.0: the magic \x93NUMPY, two version bytes, the
 * header's length (2 bytes in version 1, else 4), the header, the data. The header is a Python
 * dictionary such as {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }.
 */
#ifndef C4_FILE_NPY_H
#define C4_FILE_NPY_H

#include "core/base/status.h"
#include "core/file/npy_header.h"
#include "core/file/tensor.h"

/* Reads bool, integers of 1 to 8 bytes and floats of 2, 4 and 8, little-endian or big-endian, in C
 * or Fortran order, up to 8 dimensions; the tensor is always little-endian and in C order. Its name
 * is ""; its data is aligned to 64 bytes. Release it with c4_tensor_free(). C4_ERR_DATA: not an NPY
 * file, another version, a header that is truncated or not such a dictionary, other dtypes (each
 * with its reason), too little data, trailing bytes. On failure the tensor is zeroed. */
enum c4_status c4_npy_read(const char *path, struct c4_tensor *tensor);

/* The same for a file in memory: `bytes`, from malloc() or posix_memalign(), is taken over in every
 * case. Data in C order keeps its alignment. *refusal as in c4_npy_header_read(). */
enum c4_status c4_npy_take(const char *path, unsigned char *bytes, size_t size_bytes,
                           struct c4_tensor *tensor, struct c4_npy_refusal *refusal);

/* Writes version 1.0 in C order, atomically; the data begins at a multiple of 64 bytes. The name is
 * not stored. The same input gives the same bytes. C4_ERR_USAGE: an invalid tensor, or a BF16 one,
 * for which NumPy has no type. */
enum c4_status c4_npy_write(const char *path, const struct c4_tensor *tensor);

#endif
