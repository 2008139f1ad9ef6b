#include "core/file/tensor.h"

#include <stdlib.h>
#include <string.h>

size_t c4_dtype_size_bytes(enum c4_dtype dtype) {
    switch (dtype) {
    case C4_U8:
        return 1;
    case C4_I32:
    case C4_F32:
        return 4;
    case C4_I64:
    case C4_F64:
        return 8;
    }
    return 0;
}

const char *c4_dtype_name(enum c4_dtype dtype) {
    switch (dtype) {
    case C4_U8:
        return "U8";
    case C4_I32:
        return "I32";
    case C4_I64:
        return "I64";
    case C4_F32:
        return "F32";
    case C4_F64:
        return "F64";
    }
    return "?";
}

int c4_tensor_count(const struct c4_tensor *tensor, size_t *count) {
    size_t element_bytes = c4_dtype_size_bytes(tensor->dtype);
    *count = 0;
    if (tensor->rank < 0 || tensor->rank > C4_TENSOR_MAX_RANK || element_bytes == 0) return 0;
    /* A zero anywhere decides, or {2^40, 2^40, 0} would overflow and {0, 2^40, 2^40} would not. */
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
    return memchr(tensor->name, '\0', sizeof tensor->name) != NULL &&
           c4_tensor_count(tensor, &count) &&
           count * c4_dtype_size_bytes(tensor->dtype) == tensor->size_bytes &&
           (tensor->data != NULL || count == 0);
}

double c4_tensor_get(const struct c4_tensor *tensor, size_t i) {
    const unsigned char *at =
        (const unsigned char *)tensor->data + i * c4_dtype_size_bytes(tensor->dtype);
    int32_t i32;
    int64_t i64;
    float f32;
    double f64;
    switch (tensor->dtype) {
    case C4_U8:
        return *at;
    case C4_I32:
        memcpy(&i32, at, sizeof i32);
        return i32;
    case C4_I64:
        memcpy(&i64, at, sizeof i64);
        return (double)i64;
    case C4_F32:
        memcpy(&f32, at, sizeof f32);
        return (double)f32;
    case C4_F64:
        memcpy(&f64, at, sizeof f64);
        return f64;
    }
    return 0;
}

void c4_tensor_free(struct c4_tensor *tensor) {
    free(tensor->data);
    memset(tensor, 0, sizeof *tensor);
}
