#include "core/file/npy.h"

#include "core/file/file.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const unsigned char magic[6] = {0x93, 'N', 'U', 'M', 'P', 'Y'};

static const struct {
    const char *descr;
    enum c4_dtype dtype;
} dtypes[] = {{"<f4", C4_F32}, {"<f8", C4_F64}, {"|u1", C4_U8},
              {"<i4", C4_I32}, {"<i8", C4_I64}, {"<u1", C4_U8}};

enum { DTYPES = sizeof dtypes / sizeof dtypes[0], DATA_ALIGNMENT = 64, SHAPE_TEXT_SIZE = 256 };

/* A cursor over the header's text; `start` is the first byte of the file, for the sentences. */
struct cursor {
    const char *path, *start, *at, *end;
};

static enum c4_status fail_header(const struct cursor *c, const char *expected) {
    return c4_fail(
        C4_ERR_DATA,
        "%s: the NPY header is corrupt at byte %zu, where %s is expected; save the array "
        "again with numpy.save",
        c->path, (size_t)(c->at - c->start), expected);
}

static void skip_space(struct cursor *c) {
    while (c->at < c->end && (*c->at == ' ' || *c->at == '\n')) c->at++;
}

/* Skips space and then takes `symbol` if it is next. */
static int take(struct cursor *c, char symbol) {
    skip_space(c);
    if (c->at == c->end || *c->at != symbol) return 0;
    c->at++;
    return 1;
}

static int take_word(struct cursor *c, const char *word) {
    size_t length = strlen(word);
    skip_space(c);
    if ((size_t)(c->end - c->at) < length || memcmp(c->at, word, length) != 0) return 0;
    c->at += length;
    return 1;
}

/* A Python string in either quotes, without escapes, shorter than `size`. */
static int take_string(struct cursor *c, char *out, size_t size) {
    struct cursor old = *c;
    size_t length = 0;
    char quote = take(c, '\'') ? '\'' : take(c, '"') ? '"' : '\0';
    if (quote == '\0') return 0;
    while (c->at < c->end && *c->at != quote) {
        if (*c->at == '\\' || (unsigned char)*c->at < ' ' || length + 1 == size) break;
        out[length++] = *c->at++;
    }
    out[length] = '\0';
    if (take(c, quote)) return 1;
    *c = old;
    return 0;
}

/* A decimal number below 2^64. */
static int take_number(struct cursor *c, uint64_t *number) {
    skip_space(c);
    const char *first = c->at;
    *number = 0;
    while (c->at < c->end && *c->at >= '0' && *c->at <= '9') {
        uint64_t digit = (uint64_t)(*c->at - '0');
        if (*number > (UINT64_MAX - digit) / 10) return 0;
        *number = *number * 10 + digit;
        c->at++;
    }
    /* Python knows no leading zeros. */
    return c->at > first && (*first != '0' || c->at == first + 1);
}

static enum c4_status parse_descr(struct cursor *c, struct c4_tensor *tensor) {
    char descr[32];
    skip_space(c);
    if (c->at < c->end && *c->at == '[')
        return c4_fail(C4_ERR_DATA, "%s: holds records with fields; save one field as an array",
                       c->path);
    if (!take_string(c, descr, sizeof descr)) return fail_header(c, "a dtype in quotes");
    for (int i = 0; i < DTYPES; i++) {
        if (strcmp(descr, dtypes[i].descr) != 0) continue;
        tensor->dtype = dtypes[i].dtype;
        return C4_OK;
    }
    if (descr[0] == '>')
        return c4_fail(C4_ERR_DATA,
                       "%s: the dtype %s is big-endian; save array.astype('<%s') instead", c->path,
                       descr, descr + 1);
    if (strchr(descr, 'O') != NULL)
        return c4_fail(C4_ERR_DATA,
                       "%s: holds Python objects (dtype %s), not numbers; save the numbers as "
                       "float32 or float64",
                       c->path, descr);
    return c4_fail(C4_ERR_DATA,
                   "%s: the dtype %s is not supported; save the array as float32, float64, uint8, "
                   "int32 or int64",
                   c->path, descr);
}

/* A tuple: (), (n,), (n, m) or (n, m,). */
static enum c4_status parse_shape(struct cursor *c, struct c4_tensor *tensor) {
    if (!take(c, '(')) return fail_header(c, "a shape in parentheses");
    int comma = 0;
    while (!take(c, ')')) {
        if (tensor->rank > 0 && !comma) return fail_header(c, "a comma");
        if (tensor->rank == C4_TENSOR_MAX_RANK)
            return c4_fail(C4_ERR_DATA, "%s: has more than %d dimensions; reshape the array",
                           c->path, C4_TENSOR_MAX_RANK);
        if (!take_number(c, &tensor->shape[tensor->rank])) return fail_header(c, "a count");
        tensor->rank++;
        comma = take(c, ',');
    }
    if (tensor->rank == 1 && !comma) return fail_header(c, "a comma in the shape");
    return C4_OK;
}

static enum c4_status parse_header(struct cursor *c, struct c4_tensor *tensor, int *fortran_order) {
    int descr_seen = 0, order_seen = 0, shape_seen = 0, comma = 1;
    char key[16];
    if (!take(c, '{')) return fail_header(c, "a brace");
    while (!take(c, '}')) {
        if (!comma) return fail_header(c, "a comma");
        if (!take_string(c, key, sizeof key)) return fail_header(c, "a key in quotes");
        if (!take(c, ':')) return fail_header(c, "a colon");
        if (strcmp(key, "descr") == 0 && !descr_seen++) {
            C4_TRY(parse_descr(c, tensor));
        } else if (strcmp(key, "shape") == 0 && !shape_seen++) {
            C4_TRY(parse_shape(c, tensor));
        } else if (strcmp(key, "fortran_order") == 0 && !order_seen++) {
            *fortran_order = take_word(c, "True");
            if (!*fortran_order && !take_word(c, "False")) return fail_header(c, "True or False");
        } else {
            return fail_header(c, "descr, fortran_order or shape, each once,");
        }
        comma = take(c, ',');
    }
    if (!descr_seen || !order_seen || !shape_seen)
        return fail_header(c, "descr, fortran_order or shape");
    skip_space(c);
    if (c->at != c->end) return fail_header(c, "nothing more");
    return C4_OK;
}

/* Finds the header's text and, behind it, the data's offset. */
static enum c4_status find_header(struct cursor *c, const unsigned char *bytes, size_t size_bytes,
                                  size_t *data_start) {
    if (size_bytes < 10 || memcmp(bytes, magic, sizeof magic) != 0)
        return c4_fail(C4_ERR_DATA,
                       "%s: does not begin as an NPY file does; save the array with numpy.save",
                       c->path);
    if (bytes[6] < 1 || bytes[6] > 3 || bytes[7] != 0)
        return c4_fail(C4_ERR_DATA,
                       "%s: has NPY version %d.%d at byte 6, and only 1.0, 2.0 and 3.0 are known",
                       c->path, bytes[6], bytes[7]);
    size_t first = bytes[6] == 1 ? 10 : 12;
    uint64_t length = bytes[8] | (uint64_t)bytes[9] << 8;
    if (first == 12 && size_bytes >= first)
        length |= (uint64_t)bytes[10] << 16 | (uint64_t)bytes[11] << 24;
    if (size_bytes < first || length > size_bytes - first)
        return c4_fail(C4_ERR_DATA,
                       "%s: the header should end at byte %" PRIu64 ", but the file ends at byte "
                       "%zu; it is truncated, so get it again",
                       c->path, first + length, size_bytes);
    c->start = (const char *)bytes;
    c->at = c->start + first;
    *data_start = first + (size_t)length;
    c->end = c->start + *data_start;
    return C4_OK;
}

static enum c4_status check_size(const char *path, struct c4_tensor *tensor, size_t data_start,
                                 size_t size_bytes) {
    size_t count, have = size_bytes - data_start;
    if (!c4_tensor_count(tensor, &count))
        return c4_fail(C4_ERR_DATA, "%s: the header's shape is beyond any memory; it is corrupt",
                       path);
    tensor->size_bytes = count * c4_dtype_size_bytes(tensor->dtype);
    if (have < tensor->size_bytes)
        return c4_fail(C4_ERR_DATA,
                       "%s: has %zu bytes of data at byte %zu instead of %zu; it is truncated, so "
                       "get it again",
                       path, have, data_start, tensor->size_bytes);
    if (have > tensor->size_bytes)
        return c4_fail(C4_ERR_DATA,
                       "%s: %zu bytes follow the array at byte %zu; save one array a file", path,
                       have - tensor->size_bytes, data_start + tensor->size_bytes);
    return C4_OK;
}

/* Gathers the elements of a Fortran-ordered source in C order. */
static void to_c_order(const struct c4_tensor *tensor, const unsigned char *source,
                       unsigned char *out) {
    size_t element_bytes = c4_dtype_size_bytes(tensor->dtype);
    size_t stride[C4_TENSOR_MAX_RANK], index[C4_TENSOR_MAX_RANK] = {0}, at = 0;
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

/* Takes over `bytes`, which become the tensor's data or are freed. */
static enum c4_status take_data(const char *path, struct c4_tensor *tensor, unsigned char *bytes,
                                size_t data_start, int fortran_order) {
    if (!fortran_order) {
        memmove(bytes, bytes + data_start, tensor->size_bytes);
        tensor->data = bytes;
        return C4_OK;
    }
    void *block = NULL;
    if (posix_memalign(&block, DATA_ALIGNMENT, tensor->size_bytes + 1) != 0) {
        free(bytes);
        return c4_fail(C4_ERR_MEMORY, "%s: no memory for its %zu bytes", path, tensor->size_bytes);
    }
    to_c_order(tensor, bytes + data_start, block);
    tensor->data = block;
    free(bytes);
    return C4_OK;
}

enum c4_status c4_npy_read(const char *path, struct c4_tensor *tensor) {
    struct c4_tensor result = {0};
    struct cursor c = {.path = path};
    unsigned char *bytes;
    size_t size_bytes, data_start = 0;
    int fortran_order = 0;
    memset(tensor, 0, sizeof *tensor);
    C4_TRY(c4_file_read(path, &bytes, &size_bytes));
    enum c4_status status = find_header(&c, bytes, size_bytes, &data_start);
    if (status == C4_OK) status = parse_header(&c, &result, &fortran_order);
    if (status == C4_OK) status = check_size(path, &result, data_start, size_bytes);
    if (status != C4_OK) {
        free(bytes);
        return status;
    }
    C4_TRY(take_data(path, &result, bytes, data_start, fortran_order));
    *tensor = result;
    return C4_OK;
}

/* The shape as a Python tuple. Eight numbers of up to 19 digits fit. */
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
                       "%s: the array cannot be written; it needs at most 8 dimensions and "
                       "size_bytes that its shape gives",
                       path);
    const char *descr = "";
    for (int i = DTYPES - 1; i >= 0; i--)
        if (dtypes[i].dtype == tensor->dtype) descr = dtypes[i].descr;

    char shape[SHAPE_TEXT_SIZE], head[512];
    print_shape(tensor, shape);
    memcpy(head, magic, sizeof magic);
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
