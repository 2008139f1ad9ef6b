/* A named array as it is stored in files: thirteen element types, up to eight dimensions, C order
 * (the last index runs fastest), little-endian. */
#ifndef C4_FILE_TENSOR_H
#define C4_FILE_TENSOR_H

#include <stddef.h>
#include <stdint.h>

#if !defined(__BYTE_ORDER__) || __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "The file formats are little-endian and are read without conversion."
#endif

enum c4_dtype {
    C4_U8,
    C4_BOOL,
    C4_I8,
    C4_I16,
    C4_U16,
    C4_I32,
    C4_U32,
    C4_I64,
    C4_U64,
    C4_F16,
    C4_BF16,
    C4_F32,
    C4_F64
};

enum { C4_DTYPES = C4_F64 + 1, C4_TENSOR_MAX_RANK = 8, C4_NAME_SHOWN_SIZE = 128 };

struct c4_tensor {
    const char *name; /* UTF-8 of any length, not owned; "" if the format has no names */
    enum c4_dtype dtype;
    int rank;                           /* 0 is a scalar: one element */
    uint64_t shape[C4_TENSOR_MAX_RANK]; /* the first `rank` are used */
    void *data;
    size_t size_bytes;
};

/* Bytes of an element; 0 for a value outside the enumeration. */
size_t c4_dtype_size_bytes(enum c4_dtype dtype);

/* "U8", "BOOL", "F16", ... as safetensors spells them; "?" outside the enumeration. */
const char *c4_dtype_name(enum c4_dtype dtype);

/* 1 for F16, BF16, F32 and F64. */
int c4_dtype_is_float(enum c4_dtype dtype);

/* 1 for the signed and unsigned integers; not for BOOL. */
int c4_dtype_is_integer(enum c4_dtype dtype);

/* 1 and the product of the shape in *count; 0 (and *count = 0) if the rank is outside 0..8, the
 * dtype is unknown, an extent is over 2^63 - 1, or the elements' bytes overflow size_t. A shape
 * with a zero has 0 elements. */
int c4_tensor_count(const struct c4_tensor *tensor, size_t *count);

/* 1 if name, dtype, rank and shape are valid, size_bytes matches them, and data is there unless the
 * tensor is empty. */
int c4_tensor_valid(const struct c4_tensor *tensor);

/* Element i in C order as a double; exact except for an I64 or U64 beyond 2^53, which is rounded to
 * nearest. BOOL is 0 or 1. Unchecked: i must be below the count. The data may have any alignment.
 */
double c4_tensor_get(const struct c4_tensor *tensor, size_t i);

/* How many elements c4_tensor_get() rounds; always 0 except for I64 and U64. */
size_t c4_tensor_rounded(const struct c4_tensor *tensor);

/* The name in a form that is safe in sentences: the bytes of control characters (of ASCII, and of
 * U+0080 to U+009F, which terminals obey as well) become '?', and a name that does not fit is cut
 * and ends in "...". Returns `shown`. */
const char *c4_name_show(const char *name, char shown[C4_NAME_SHOWN_SIZE]);

/* Frees `data` and zeroes the tensor; only for tensors that own their data (c4_npy_read). */
void c4_tensor_free(struct c4_tensor *tensor);

#endif
