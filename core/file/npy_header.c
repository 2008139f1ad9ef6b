#include "core/file/npy_header.h"

#include <inttypes.h>
#include <string.h>

const unsigned char c4_npy_magic[6] = {0x93, 'N', 'U', 'M', 'P', 'Y'};

/* The codes and names of NumPy's types. The letters stand for C types on Linux. */
static const struct {
    const char *descr, *letters, *names[3];
    enum c4_dtype dtype;
} dtypes[] = {
    {"<f4", "f", {"float32", "single"}, C4_F32},
    {"<f8", "d", {"float64", "double", "float"}, C4_F64},
    {"<f2", "e", {"float16", "half"}, C4_F16},
    {"|u1", "B", {"uint8"}, C4_U8},
    {"|i1", "b", {"int8"}, C4_I8},
    {"|b1", "?", {"bool"}, C4_BOOL},
    {"<i2", "h", {"int16"}, C4_I16},
    {"<u2", "H", {"uint16"}, C4_U16},
    {"<i4", "i", {"int32"}, C4_I32},
    {"<u4", "I", {"uint32"}, C4_U32},
    {"<i8", "lqp", {"int64", "int", "intp"}, C4_I64},
    {"<u8", "LQP", {"uint64", "uint", "uintp"}, C4_U64},
};

enum { NAMED_DTYPES = sizeof dtypes / sizeof dtypes[0] };

_Static_assert(NAMED_DTYPES == C4_DTYPES - 1, "every dtype but BF16 has a name in NumPy");

/* A cursor over the header's text; `start` is the first byte of the file, for the sentences. */
struct cursor {
    const char *path, *start, *at, *end;
};

const char *c4_npy_descr(enum c4_dtype dtype) {
    for (int i = 0; i < NAMED_DTYPES; i++)
        if (dtypes[i].dtype == dtype) return dtypes[i].descr;
    return NULL;
}

static enum c4_status fail_header(const struct cursor *c, const char *expected) {
    return c4_fail(
        C4_ERR_DATA,
        "%s: the NPY header is corrupt at byte %zu, where %s is expected; save the array "
        "again with numpy.save",
        c->path, (size_t)(c->at - c->start), expected);
}

static void skip_space(struct cursor *c) {
    while (c->at < c->end && *c->at != '\0' && strchr(" \t\n\r\f", *c->at) != NULL) c->at++;
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

/* A Python string in single or double quotes, without escapes, shorter than `size`; also u'...' and
 * r'...'. */
static int take_string(struct cursor *c, char *out, size_t size) {
    struct cursor old = *c;
    size_t length = 0;
    skip_space(c);
    if (c->end - c->at > 1 && (c->at[1] == '\'' || c->at[1] == '"') && *c->at != '\0' &&
        strchr("uUrR", *c->at) != NULL)
        c->at++;
    char quote = take(c, '\'') ? '\'' : take(c, '"') ? '"' : '\0';
    while (quote != '\0' && c->at < c->end && *c->at != quote) {
        if (*c->at == '\\' || (unsigned char)*c->at < ' ' || length + 1 == size) break;
        out[length++] = *c->at++;
    }
    out[length] = '\0';
    if (quote != '\0' && take(c, quote)) return 1;
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
    /* Python allows no leading zeros. */
    int valid = c->at > first && (*first != '0' || c->at == first + 1);
    if (valid) take(c, 'L'); /* a Python 2 long */
    return valid;
}

/* 1 and *dtype if `descr` is NumPy's spelling of a supported type. */
static int find_dtype(const char *descr, enum c4_dtype *dtype) {
    int has_order = descr[0] != '\0' && strchr("<>=|", descr[0]) != NULL;
    const char *code = descr + has_order;
    for (int i = 0; i < NAMED_DTYPES; i++) {
        int same = strcmp(code, dtypes[i].descr + 1) == 0 ||
                   (code[0] != '\0' && code[1] == '\0' && strchr(dtypes[i].letters, code[0]));
        for (int n = 0; n < 3 && !has_order && dtypes[i].names[n] != NULL; n++)
            same |= strcmp(code, dtypes[i].names[n]) == 0;
        if (!same) continue;
        *dtype = dtypes[i].dtype;
        return 1;
    }
    return 0;
}

static enum c4_status fail_dtype(const struct cursor *c, const char *descr,
                                 struct c4_npy_refusal *refusal) {
    char kind = descr[descr[0] != '\0' && strchr("<>=|", descr[0]) != NULL];
    switch (kind) {
    case 'O':
        refusal->not_numbers = "Python objects";
        break;
    case 'U':
    case 'S':
    case 'a':
        refusal->not_numbers = "text";
        break;
    case 'M':
    case 'm':
        refusal->not_numbers = "dates or times";
        break;
    case 'V':
        refusal->unsupported = 1;
        return c4_fail(C4_ERR_DATA,
                       "%s: the dtype %s is raw bytes, as NumPy saves bfloat16 and other types of "
                       "ml_dtypes; save array.astype('float32') instead",
                       c->path, descr);
    case 'c':
        refusal->unsupported = 1;
        return c4_fail(C4_ERR_DATA,
                       "%s: the dtype %s is complex; save the real and the imaginary part as "
                       "columns of a real array",
                       c->path, descr);
    default:
        refusal->unsupported = 1;
        return c4_fail(C4_ERR_DATA,
                       "%s: the dtype %s is not supported; save the array as float32 or float64 "
                       "(supported: bool, integers of 1 to 8 bytes, floats of 2, 4 or 8)",
                       c->path, descr);
    }
    return c4_fail(C4_ERR_DATA,
                   "%s: holds %s (dtype %s), not numbers; save the numbers as float32 or float64",
                   c->path, refusal->not_numbers, descr);
}

static enum c4_status parse_descr(struct cursor *c, struct c4_npy_header *header,
                                  struct c4_npy_refusal *refusal) {
    char descr[32];
    skip_space(c);
    if (c->at < c->end && *c->at == '[') {
        refusal->not_numbers = "records with fields";
        return c4_fail(C4_ERR_DATA, "%s: holds records with fields; save one field as an array",
                       c->path);
    }
    if (!take_string(c, descr, sizeof descr)) return fail_header(c, "a dtype in quotes");
    if (!find_dtype(descr, &header->tensor.dtype)) return fail_dtype(c, descr, refusal);
    header->big_endian = descr[0] == '>';
    return C4_OK;
}

/* A tuple: (), (n,), (n, m) or (n, m,). */
static enum c4_status parse_shape(struct cursor *c, struct c4_tensor *tensor,
                                  struct c4_npy_refusal *refusal) {
    if (!take(c, '(')) return fail_header(c, "a shape in parentheses");
    int comma = 0;
    while (!take(c, ')')) {
        if (tensor->rank > 0 && !comma) return fail_header(c, "a comma");
        if (tensor->rank == C4_TENSOR_MAX_RANK) {
            refusal->unsupported = 1;
            return c4_fail(C4_ERR_DATA, "%s: has more than %d dimensions; reshape the array",
                           c->path, C4_TENSOR_MAX_RANK);
        }
        if (!take_number(c, &tensor->shape[tensor->rank])) return fail_header(c, "a count");
        tensor->rank++;
        comma = take(c, ',');
    }
    if (tensor->rank == 1 && !comma) return fail_header(c, "a comma in the shape");
    return C4_OK;
}

static enum c4_status parse_dictionary(struct cursor *c, struct c4_npy_header *header,
                                       struct c4_npy_refusal *refusal) {
    int descr_seen = 0, order_seen = 0, shape_seen = 0, comma = 1;
    char key[16];
    if (!take(c, '{')) return fail_header(c, "a brace");
    while (!take(c, '}')) {
        if (!comma) return fail_header(c, "a comma");
        if (!take_string(c, key, sizeof key)) return fail_header(c, "a key in quotes");
        if (!take(c, ':')) return fail_header(c, "a colon");
        if (strcmp(key, "descr") == 0 && !descr_seen++) {
            C4_TRY(parse_descr(c, header, refusal));
        } else if (strcmp(key, "shape") == 0 && !shape_seen++) {
            C4_TRY(parse_shape(c, &header->tensor, refusal));
        } else if (strcmp(key, "fortran_order") == 0 && !order_seen++) {
            header->fortran_order = take_word(c, "True");
            if (!header->fortran_order && !take_word(c, "False"))
                return fail_header(c, "True or False");
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

/* Finds the header's text and the offset of the data. */
static enum c4_status find_text(struct cursor *c, const unsigned char *bytes, size_t size_bytes,
                                size_t *data_start) {
    size_t have = size_bytes < sizeof c4_npy_magic ? size_bytes : sizeof c4_npy_magic;
    if (size_bytes > 0 && size_bytes < 10 && memcmp(bytes, c4_npy_magic, have) == 0)
        return c4_fail(
            C4_ERR_DATA,
            "%s: has %zu bytes, too few for an NPY file; it is truncated, so get it again", c->path,
            size_bytes);
    if (size_bytes < 10 || memcmp(bytes, c4_npy_magic, sizeof c4_npy_magic) != 0)
        return c4_fail(C4_ERR_DATA,
                       "%s: does not begin like an NPY file; save the array with numpy.save",
                       c->path);
    if (bytes[6] < 1 || bytes[6] > 3 || bytes[7] != 0)
        return c4_fail(C4_ERR_DATA,
                       "%s: has NPY version %d.%d at byte 6; only 1.0, 2.0 and 3.0 are supported",
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
        return c4_fail(C4_ERR_DATA,
                       "%s: the header's shape is too large for any memory; it is corrupt", path);
    tensor->size_bytes = count * c4_dtype_size_bytes(tensor->dtype);
    if (have < tensor->size_bytes)
        return c4_fail(C4_ERR_DATA,
                       "%s: has %zu bytes of data at byte %zu instead of %zu; it is truncated, so "
                       "get it again",
                       path, have, data_start, tensor->size_bytes);
    if (have > tensor->size_bytes)
        return c4_fail(C4_ERR_DATA,
                       "%s: %zu bytes follow the array at byte %zu; save one array per file", path,
                       have - tensor->size_bytes, data_start + tensor->size_bytes);
    return C4_OK;
}

enum c4_status c4_npy_header_read(const char *path, const unsigned char *bytes, size_t size_bytes,
                                  struct c4_npy_header *header, struct c4_npy_refusal *refusal) {
    struct cursor c = {.path = path};
    *header = (struct c4_npy_header){.tensor.name = ""};
    *refusal = (struct c4_npy_refusal){0};
    C4_TRY(find_text(&c, bytes, size_bytes, &header->data_start));
    C4_TRY(parse_dictionary(&c, header, refusal));
    return check_size(path, &header->tensor, header->data_start, size_bytes);
}
