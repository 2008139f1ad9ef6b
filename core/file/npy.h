/* NPY files: one array that numpy.load and numpy.save exchange.
 *
 * Source: numpy.lib.format, versions 1.0, 2.0 and 3.0: the magic \x93NUMPY, two version bytes, the
 * header's length (2 bytes in version 1, else 4), the header, the data. The header is a Python
 * dictionary such as {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }.
 */
#ifndef C4_FILE_NPY_H
#define C4_FILE_NPY_H

#include "core/base/status.h"
#include "core/file/tensor.h"

/* Reads <f4, <f8, |u1, <i4 or <i8 in C or Fortran order, up to 8 dimensions; the tensor is in C
 * order whatever the file's order, its name is "", and its data, aligned to 64 bytes, is released
 * with c4_tensor_free(). C4_ERR_DATA: not an NPY file, another version, a header that is cut or not
 * exactly such a dictionary, big-endian, object and other dtypes, too little data, trailing bytes.
 * On failure the tensor is zeroed. */
enum c4_status c4_npy_read(const char *path, struct c4_tensor *tensor);

/* Writes version 1.0 in C order, atomically; the data begins at a multiple of 64 bytes. The name is
 * not stored. The same input gives the same bytes. An invalid tensor is C4_ERR_USAGE. */
enum c4_status c4_npy_write(const char *path, const struct c4_tensor *tensor);

#endif
