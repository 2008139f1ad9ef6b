#include "core/file/npy.h"

#include "core/file/file.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DATA_ALIGNMENT = 64, SHAPE_TEXT_SIZE = 256 };

_Static_assert(C4_TENSOR_MAX_RANK * sizeof "18446744073709551615, " + sizeof "()" <=
                   SHAPE_TEXT_SIZE,
               "the longest shape must fit");

/* Gathers the elements of a Fortran-ordered source in C order. */
static void to_c_order(const struct c4_tensor *tensor, const unsigned char *source,
                       unsigned char *out) {
    size_t element_bytes = c4_dtype_size_bytes(tensor->dtype);
    size_t stride[C4_TENSOR_MAX_RANK] = {0}, index[C4_TENSOR_MAX_RANK] = {0}, at = 0;
    size_t step = element_bytes;
    for (int d = 0; d < tensor->rank; d++) {
        stride[d] = step;
        step *= (size_t)tensor->shape[d];
    }
    for (size_t done = 0; done < tensor->size_bytes; done += element_bytes) {
        memcpy(out + done, source + at, element_bytes);
        for (int d = tensor->rank - 1; d >= 0; d--) {
            at += stride[d];
            if (++index[d] < tensor->shape[d]) break;
            at -= index[d] * stride[d];
            index[d] = 0;
        }
    }
}

static void swap_bytes(const struct c4_tensor *tensor) {
    size_t element_bytes = c4_dtype_size_bytes(tensor->dtype);
    unsigned char *element = tensor->data;
    for (size_t done = 0; done < tensor->size_bytes; done += element_bytes) {
        for (size_t i = 0; i < element_bytes / 2; i++) {
            unsigned char low = element[i];
            element[i] = element[element_bytes - 1 - i];
            element[element_bytes - 1 - i] = low;
        }
        element += element_bytes;
    }
}

/* Takes over `bytes`, which become the tensor's data or are freed. */
static enum c4_status take_data(const char *path, const struct c4_npy_header *header,
                                unsigned char *bytes, struct c4_tensor *tensor) {
    if (!header->fortran_order) {
        memmove(bytes, bytes + header->data_start, tensor->size_bytes);
        tensor->data = bytes;
        return C4_OK;
    }
    void *block = NULL;
    if (posix_memalign(&block, DATA_ALIGNMENT, tensor->size_bytes + 1) != 0) {
        free(bytes);
        return c4_fail(C4_ERR_MEMORY, "%s: out of memory for its %zu bytes", path,
                       tensor->size_bytes);
    }
    to_c_order(tensor, bytes + header->data_start, block);
    tensor->data = block;
    free(bytes);
    return C4_OK;
}

enum c4_status c4_npy_take(const char *path, unsigned char *bytes, size_t size_bytes,
                           struct c4_tensor *tensor, struct c4_npy_refusal *refusal) {
    struct c4_npy_header header;
    memset(tensor, 0, sizeof *tensor);
    enum c4_status status = c4_npy_header_read(path, bytes, size_bytes, &header, refusal);
    if (status != C4_OK) {
        free(bytes);
        return status;
    }
    struct c4_tensor result = header.tensor;
    C4_TRY(take_data(path, &header, bytes, &result));
    if (header.big_endian) swap_bytes(&result);
    *tensor = result;
    return C4_OK;
}

enum c4_status c4_npy_read(const char *path, struct c4_tensor *tensor) {
    unsigned char *bytes;
    size_t size_bytes;
    struct c4_npy_refusal refusal;
    memset(tensor, 0, sizeof *tensor);
    C4_TRY(c4_file_read(path, &bytes, &size_bytes));
    return c4_npy_take(path, bytes, size_bytes, tensor, &refusal);
}

/* The shape as a Python tuple. */
static void print_shape(const struct c4_tensor *tensor, char out[SHAPE_TEXT_SIZE]) {
    size_t length = 0;
    out[length++] = '(';
    for (int d = 0; d < tensor->rank; d++)
        length += (size_t)snprintf(out + length, SHAPE_TEXT_SIZE - length, "%s%" PRIu64,
                                   d > 0 ? ", " : "", tensor->shape[d]);
    snprintf(out + length, SHAPE_TEXT_SIZE - length, "%s)", tensor->rank == 1 ? "," : "");
}

enum c4_status c4_npy_write(const char *path, const struct c4_tensor *tensor) {
    if (!c4_tensor_valid(tensor))
        return c4_fail(C4_ERR_USAGE,
                       "%s: the array cannot be written; it needs at most 8 dimensions and the "
                       "size_bytes of its shape",
                       path);
    const char *descr = c4_npy_descr(tensor->dtype);
    if (descr == NULL)
        return c4_fail(C4_ERR_USAGE,
                       "%s: NumPy has no type for %s; write it as F32 or to a safetensors file",
                       path, c4_dtype_name(tensor->dtype));

    char shape[SHAPE_TEXT_SIZE], head[512];
    print_shape(tensor, shape);
    memcpy(head, c4_npy_magic, sizeof c4_npy_magic);
    head[6] = 1;
    head[7] = 0;
    size_t length = 10;
    length +=
        (size_t)snprintf(head + length, sizeof head - length,
                         "{'descr': '%s', 'fortran_order': False, 'shape': %s, }", descr, shape);
    size_t total = (length + 1 + DATA_ALIGNMENT - 1) / DATA_ALIGNMENT * DATA_ALIGNMENT;
    memset(head + length, ' ', total - 1 - length);
    head[total - 1] = '\n';
    head[8] = (char)((total - 10) & 255);
    head[9] = (char)((total - 10) >> 8);

    struct c4_file_part parts[2] = {{head, total}, {tensor->data, tensor->size_bytes}};
    return c4_file_write_parts(path, parts, 2);
}
