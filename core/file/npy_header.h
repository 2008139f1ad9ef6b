/* The header of an NPY file, which core/file/npy.h reads before the data. */
#ifndef C4_FILE_NPY_HEADER_H
#define C4_FILE_NPY_HEADER_H

#include "core/base/status.h"
#include "core/file/tensor.h"

struct c4_npy_header {
    struct c4_tensor tensor; /* name "", dtype, rank, shape and size_bytes; no data */
    int fortran_order;
    int big_endian;    /* elements of several bytes must be swapped */
    size_t data_start; /* file offset of the data */
};

/* Why a valid header was refused. All zero: it was not refused, or is corrupt. */
struct c4_npy_refusal {
    const char *not_numbers; /* what the array holds instead of numbers ("text", ...) */
    int unsupported;         /* it holds numbers, but their type or rank is not supported */
};

extern const unsigned char c4_npy_magic[6];

/* NumPy's spelling of the type in files of this machine: "<f4", "|u1"; NULL for BF16, which NumPy
 * does not have. */
const char *c4_npy_descr(enum c4_dtype dtype);

/* Reads the header of a file of `size_bytes` bytes; `path` is for the sentences. It accepts what
 * programs write and numpy.load reads: dtypes by code ('<f4', 'f4', '=f4'), letter ('f') or name
 * ('float32'), any order of keys, either quotes, spaces and line breaks, counts as Python 2 wrote
 * them (30L). C4_ERR_DATA as in c4_npy_read(); *refusal is written in every case. */
enum c4_status c4_npy_header_read(const char *path, const unsigned char *bytes, size_t size_bytes,
                                  struct c4_npy_header *header, struct c4_npy_refusal *refusal);

#endif
