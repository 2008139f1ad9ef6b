#include "core/file/tensor.h"

#include <stdlib.h>
#include <string.h>

enum kind { BOOLEAN, INTEGER, FLOAT };

static const struct {
    const char *name;
    size_t size_bytes;
    enum kind kind;
} dtypes[C4_DTYPES] = {
    [C4_U8] = {"U8", 1, INTEGER},   [C4_BOOL] = {"BOOL", 1, BOOLEAN},
    [C4_I8] = {"I8", 1, INTEGER},   [C4_I16] = {"I16", 2, INTEGER},
    [C4_U16] = {"U16", 2, INTEGER}, [C4_I32] = {"I32", 4, INTEGER},
    [C4_U32] = {"U32", 4, INTEGER}, [C4_I64] = {"I64", 8, INTEGER},
    [C4_U64] = {"U64", 8, INTEGER}, [C4_F16] = {"F16", 2, FLOAT},
    [C4_BF16] = {"BF16", 2, FLOAT}, [C4_F32] = {"F32", 4, FLOAT},
    [C4_F64] = {"F64", 8, FLOAT},
};

static int known(enum c4_dtype dtype) {
    return (unsigned)dtype < C4_DTYPES;
}

size_t c4_dtype_size_bytes(enum c4_dtype dtype) {
    return known(dtype) ? dtypes[dtype].size_bytes : 0;
}

const char *c4_dtype_name(enum c4_dtype dtype) {
    return known(dtype) ? dtypes[dtype].name : "?";
}

int c4_dtype_is_float(enum c4_dtype dtype) {
    return known(dtype) && dtypes[dtype].kind == FLOAT;
}

int c4_dtype_is_integer(enum c4_dtype dtype) {
    return known(dtype) && dtypes[dtype].kind == INTEGER;
}

int c4_tensor_count(const struct c4_tensor *tensor, size_t *count) {
    size_t element_bytes = c4_dtype_size_bytes(tensor->dtype);
    *count = 0;
    if (tensor->rank < 0 || tensor->rank > C4_TENSOR_MAX_RANK || element_bytes == 0) return 0;
    /* Look for zeros first, or {2^40, 2^40, 0} would overflow and {0, 2^40, 2^40} would not. */
    int empty = 0;
    for (int d = 0; d < tensor->rank; d++) {
        if (tensor->shape[d] > INT64_MAX) return 0;
        empty |= tensor->shape[d] == 0;
    }
    if (empty) return 1;
    size_t most = SIZE_MAX / element_bytes, product = 1;
    for (int d = 0; d < tensor->rank; d++) {
        if (tensor->shape[d] > most / product) return 0;
        product *= (size_t)tensor->shape[d];
    }
    *count = product;
    return 1;
}

int c4_tensor_valid(const struct c4_tensor *tensor) {
    size_t count;
    return tensor->name != NULL && c4_tensor_count(tensor, &count) &&
           count * c4_dtype_size_bytes(tensor->dtype) == tensor->size_bytes &&
           (tensor->data != NULL || count == 0);
}

static double float_of_bits(uint32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return (double)value;
}

/* IEEE binary16: a subnormal is its fraction in units of 2^-24; other exponents are rebiased for
 * binary32, those of Inf and NaN to its largest. */
static double half_to_double(uint16_t half) {
    uint32_t sign = (uint32_t)(half & 0x8000) << 16, exponent = half >> 10 & 31;
    uint32_t fraction = half & 0x3ff;
    if (exponent == 0) return (sign != 0 ? -0x1p-24 : 0x1p-24) * fraction;
    return float_of_bits(sign | (exponent == 31 ? 255 : exponent + 112) << 23 | fraction << 13);
}

#define LOAD(type, at)                                                                             \
    type value;                                                                                    \
    memcpy(&value, at, sizeof value)

double c4_tensor_get(const struct c4_tensor *tensor, size_t i) {
    const unsigned char *at =
        (const unsigned char *)tensor->data + i * c4_dtype_size_bytes(tensor->dtype);
    switch (tensor->dtype) {
    case C4_U8:
        return *at;
    case C4_BOOL:
        return *at != 0;
    case C4_I8: {
        LOAD(int8_t, at);
        return value;
    }
    case C4_I16: {
        LOAD(int16_t, at);
        return value;
    }
    case C4_U16: {
        LOAD(uint16_t, at);
        return value;
    }
    case C4_I32: {
        LOAD(int32_t, at);
        return value;
    }
    case C4_U32: {
        LOAD(uint32_t, at);
        return value;
    }
    case C4_I64: {
        LOAD(int64_t, at);
        return (double)value;
    }
    case C4_U64: {
        LOAD(uint64_t, at);
        return (double)value;
    }
    case C4_F16: {
        LOAD(uint16_t, at);
        return half_to_double(value);
    }
    case C4_BF16: {
        LOAD(uint16_t, at);
        return float_of_bits((uint32_t)value << 16);
    }
    case C4_F32: {
        LOAD(float, at);
        return (double)value;
    }
    case C4_F64: {
        LOAD(double, at);
        return value;
    }
    }
    return 0;
}

/* A double holds every integer of up to 53 significant bits. */
static int is_rounded(uint64_t magnitude) {
    while (magnitude >> 53 != 0) {
        if (magnitude & 1) return 1;
        magnitude >>= 1;
    }
    return 0;
}

size_t c4_tensor_rounded(const struct c4_tensor *tensor) {
    size_t count, rounded = 0;
    if (tensor->dtype != C4_I64 && tensor->dtype != C4_U64) return 0;
    if (!c4_tensor_count(tensor, &count)) return 0;
    for (size_t i = 0; i < count; i++) {
        LOAD(uint64_t, (const unsigned char *)tensor->data + i * sizeof value);
        if (tensor->dtype == C4_I64 && value >> 63 != 0) value = -value;
        rounded += (size_t)is_rounded(value);
    }
    return rounded;
}

/* U+0080 to U+009F are the byte C2 followed by 80 to 9F. */
static int is_control(const char *name, size_t i) {
    const unsigned char *c = (const unsigned char *)name + i;
    return *c < ' ' || *c == 127 || (*c == 0xc2 && c[1] >= 0x80 && c[1] <= 0x9f) ||
           (i > 0 && c[-1] == 0xc2 && *c >= 0x80 && *c <= 0x9f);
}

const char *c4_name_show(const char *name, char shown[C4_NAME_SHOWN_SIZE]) {
    size_t length = 0;
    for (; name[length] != '\0' && length < C4_NAME_SHOWN_SIZE - 1; length++) {
        shown[length] = is_control(name, length) ? '?' : name[length];
    }
    if (name[length] != '\0') {
        length -= 3;
        /* Do not cut a multi-byte character in half. */
        while (length > 0 && ((unsigned char)name[length] & 0xc0) == 0x80) length--;
        for (int i = 0; i < 3; i++) shown[length++] = '.';
    }
    shown[length] = '\0';
    return shown;
}

void c4_tensor_free(struct c4_tensor *tensor) {
    free(tensor->data);
    memset(tensor, 0, sizeof *tensor);
}
