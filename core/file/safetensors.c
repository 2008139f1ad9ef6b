#include "core/file/safetensors.h"

#include "core/file/file.h"
#include "core/file/json.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { DATA_ALIGNMENT = 16 };

static const uint64_t max_header_bytes = 100000000; /* the limit of the original implementation */

/* The state of reading a file. */
struct reader {
    const char *path;
    char *names;                    /* where the next tensor's name goes */
    char shown[C4_NAME_SHOWN_SIZE]; /* the name of the current tensor */
    struct c4_unreadables *unreadable;
    const unsigned char *bytes;
    uint64_t data_start; /* file offset of the data */
    uint64_t data_bytes; /* from there to the end of the file */
};

/* Where a tensor's data lies, counted from data_start; `entry` is its index in the header. */
struct span {
    uint64_t begin, end;
    size_t entry;
    bool unreadable; /* the tensor has a name and a span, but an unsupported dtype or shape */
};

static enum c4_status fail_memory(const char *path) {
    return c4_fail(C4_ERR_MEMORY, "%s: out of memory", path);
}

/* Lists the current tensor as unreadable, for the reason in c4_error(). */
static enum c4_status set_aside(const struct reader *r, const struct c4_tensor *tensor,
                                struct span *span) {
    if (span->unreadable) return C4_OK;
    span->unreadable = true;
    return c4_unreadables_add(r->unreadable, r->path, tensor->name);
}

static enum c4_status read_dtype(const struct reader *r, const json_t *value,
                                 struct c4_tensor *tensor, struct span *span) {
    const char *text = json_string_value(value);
    char shown[C4_NAME_SHOWN_SIZE];
    if (text == NULL)
        return c4_fail(C4_ERR_DATA, "%s: tensor %s has no dtype; the header at byte 8 is corrupt",
                       r->path, r->shown);
    for (enum c4_dtype dtype = C4_U8; dtype <= C4_F64; dtype++) {
        if (strcmp(text, c4_dtype_name(dtype)) != 0) continue;
        tensor->dtype = dtype;
        return C4_OK;
    }
    c4_fail(C4_ERR_DATA,
            "%s: tensor %s has the dtype %s, which is not supported; convert it to F32 or F64 "
            "(supported: BOOL, integers of 1 to 8 bytes, F16, BF16, F32 and F64)",
            r->path, r->shown, c4_name_show(text, shown));
    return set_aside(r, tensor, span);
}

static enum c4_status read_shape(const struct reader *r, const json_t *value,
                                 struct c4_tensor *tensor, struct span *span) {
    if (!json_is_array(value))
        return c4_fail(C4_ERR_DATA, "%s: tensor %s has no shape; the header at byte 8 is corrupt",
                       r->path, r->shown);
    size_t rank = json_array_size(value);
    for (size_t d = 0; d < rank; d++) {
        const json_t *extent = json_array_get(value, d);
        if (!json_is_integer(extent) || json_integer_value(extent) < 0)
            return c4_fail(C4_ERR_DATA,
                           "%s: dimension %zu of tensor %s is not a count; the header at byte 8 is "
                           "corrupt",
                           r->path, d, r->shown);
        if (d < C4_TENSOR_MAX_RANK) tensor->shape[d] = (uint64_t)json_integer_value(extent);
    }
    if (rank > C4_TENSOR_MAX_RANK) {
        c4_fail(C4_ERR_DATA, "%s: tensor %s has %zu dimensions; at most %d are supported", r->path,
                r->shown, rank, C4_TENSOR_MAX_RANK);
        return set_aside(r, tensor, span);
    }
    tensor->rank = (int)rank;
    return C4_OK;
}

static enum c4_status read_span(const struct reader *r, const json_t *value,
                                struct c4_tensor *tensor, struct span *span) {
    const json_t *begin = json_array_get(value, 0), *end = json_array_get(value, 1);
    if (json_array_size(value) != 2 || !json_is_integer(begin) || !json_is_integer(end) ||
        json_integer_value(begin) < 0 || json_integer_value(end) < json_integer_value(begin))
        return c4_fail(
            C4_ERR_DATA,
            "%s: data_offsets of tensor %s are not [begin, end]; the header at byte 8 is "
            "corrupt",
            r->path, r->shown);
    span->begin = (uint64_t)json_integer_value(begin);
    span->end = (uint64_t)json_integer_value(end);
    if (span->end > r->data_bytes)
        return c4_fail(C4_ERR_DATA,
                       "%s: tensor %s should end at byte %" PRIu64 ", but the file ends at byte "
                       "%" PRIu64 "; it is truncated or corrupt, so get it again",
                       r->path, r->shown, r->data_start + span->end, r->data_start + r->data_bytes);
    if (span->unreadable) return C4_OK;
    size_t count;
    if (!c4_tensor_count(tensor, &count) ||
        count * c4_dtype_size_bytes(tensor->dtype) != span->end - span->begin)
        return c4_fail(C4_ERR_DATA,
                       "%s: the shape of tensor %s does not match its %" PRIu64 " bytes at byte "
                       "%" PRIu64 "; the header is corrupt",
                       r->path, r->shown, span->end - span->begin, r->data_start + span->begin);
    tensor->size_bytes = (size_t)(span->end - span->begin);
    return C4_OK;
}

/* Further keys of an entry are ignored, as in Python's safetensors. */
static enum c4_status read_entry(struct reader *r, const char *name, const json_t *value,
                                 struct c4_tensor *tensor, struct span *span) {
    const json_t *dtype = json_object_get(value, "dtype"), *shape = json_object_get(value, "shape");
    const json_t *offsets = json_object_get(value, "data_offsets");
    c4_name_show(name, r->shown);
    if (dtype == NULL || shape == NULL || offsets == NULL)
        return c4_fail(C4_ERR_DATA,
                       "%s: tensor %s lacks dtype, shape or data_offsets; the header "
                       "at byte 8 is corrupt",
                       r->path, r->shown);
    size_t size = strlen(name) + 1;
    tensor->name = memcpy(r->names, name, size);
    r->names += size;
    C4_TRY(read_dtype(r, dtype, tensor, span));
    C4_TRY(read_shape(r, shape, tensor, span));
    return read_span(r, offsets, tensor, span);
}

static enum c4_status make_room_for_names(struct reader *r, json_t *header,
                                          struct c4_safetensors *file) {
    const char *name;
    json_t *value;
    size_t size = 1;
    json_object_foreach(header, name, value) size += strlen(name) + 1;
    r->names = file->names = malloc(size);
    return file->names != NULL ? C4_OK : fail_memory(r->path);
}

static enum c4_status read_metadata(const struct reader *r, json_t *object,
                                    struct c4_safetensors *file) {
    const char *key;
    char shown[C4_NAME_SHOWN_SIZE];
    json_t *value;
    if (json_is_null(object)) return C4_OK;
    if (!json_is_object(object))
        return c4_fail(C4_ERR_DATA,
                       "%s: __metadata__ is not a JSON object; the header at byte 8 is "
                       "corrupt",
                       r->path);
    file->metadata = calloc(json_object_size(object) + 1, sizeof *file->metadata);
    if (file->metadata == NULL) return fail_memory(r->path);
    json_object_foreach(object, key, value) {
        if (!json_is_string(value))
            return c4_fail(C4_ERR_DATA,
                           "%s: the metadata value of %s is not text; the header at byte 8 is "
                           "corrupt",
                           r->path, c4_name_show(key, shown));
        struct c4_metadata *pair = &file->metadata[file->metadata_count++];
        pair->key = strdup(key);
        pair->value = strdup(json_string_value(value));
        if (pair->key == NULL || pair->value == NULL) return fail_memory(r->path);
    }
    return C4_OK;
}

static int compare_spans(const void *a, const void *b) {
    const struct span *x = a, *y = b;
    if (x->begin != y->begin) return x->begin < y->begin ? -1 : 1;
    if (x->end != y->end) return x->end < y->end ? -1 : 1;
    return (x->entry > y->entry) - (x->entry < y->entry);
}

/* The sorted spans must tile the data. */
static enum c4_status check_tiling(const struct reader *r, const struct c4_tensor *tensors,
                                   const struct span *spans, size_t count) {
    uint64_t reached = 0;
    char shown[C4_NAME_SHOWN_SIZE];
    for (size_t i = 0; i < count; i++) {
        if (spans[i].begin != reached)
            return c4_fail(C4_ERR_DATA,
                           "%s: tensor %s begins at byte %" PRIu64
                           ", but the data before it ends at byte %" PRIu64
                           " (%s); the header is corrupt",
                           r->path, c4_name_show(tensors[spans[i].entry].name, shown),
                           r->data_start + spans[i].begin, r->data_start + reached,
                           spans[i].begin < reached ? "an overlap" : "a gap");
        reached = spans[i].end;
    }
    if (reached != r->data_bytes)
        return c4_fail(C4_ERR_DATA,
                       "%s: %" PRIu64 " bytes follow the last tensor at byte %" PRIu64
                       "; the file is corrupt, so get it again",
                       r->path, r->data_bytes - reached, r->data_start + reached);
    return C4_OK;
}

/* Moves each tensor's data to the next aligned place of the file's own buffer, over the header that
 * is no longer needed, and fills file->tensors in the order of the data. The destination is never
 * past the source: alignment costs under 16 bytes per tensor, and its header entry had over 40. */
static void settle(const struct reader *r, const struct c4_tensor *entries,
                   const struct span *spans, size_t count, struct c4_safetensors *file) {
    size_t place = 0;
    for (size_t i = 0; i < count; i++) {
        if (spans[i].unreadable) continue;
        struct c4_tensor *tensor = &file->tensors[file->count++];
        *tensor = entries[spans[i].entry];
        place = (place + DATA_ALIGNMENT - 1) / DATA_ALIGNMENT * DATA_ALIGNMENT;
        tensor->data = file->bytes + place;
        memmove(tensor->data, file->bytes + r->data_start + spans[i].begin, tensor->size_bytes);
        place += tensor->size_bytes;
    }
}

static enum c4_status read_entries(struct reader *r, json_t *header, struct c4_tensor *entries,
                                   struct span *spans, struct c4_safetensors *file) {
    const char *name;
    json_t *value;
    size_t count = 0;
    C4_TRY(make_room_for_names(r, header, file));
    json_object_foreach(header, name, value) {
        if (strcmp(name, "__metadata__") == 0) {
            C4_TRY(read_metadata(r, value, file));
            continue;
        }
        C4_TRY(read_entry(r, name, value, &entries[count], &spans[count]));
        spans[count].entry = count;
        count++;
    }
    qsort(spans, count, sizeof *spans, compare_spans);
    C4_TRY(check_tiling(r, entries, spans, count));
    settle(r, entries, spans, count, file);
    return C4_OK;
}

static enum c4_status parse_header(struct reader *r, size_t size_bytes, json_t **header) {
    uint64_t header_bytes;
    if (size_bytes < sizeof header_bytes)
        return c4_fail(C4_ERR_DATA,
                       "%s: %zu bytes are too few for a safetensors file; it is truncated, so get "
                       "it again",
                       r->path, size_bytes);
    memcpy(&header_bytes, r->bytes, sizeof header_bytes);
    if (header_bytes > max_header_bytes)
        return c4_fail(C4_ERR_DATA,
                       "%s: byte 0 declares a header of %" PRIu64 " bytes; this is not a "
                       "safetensors file",
                       r->path, header_bytes);
    if (header_bytes > size_bytes - sizeof header_bytes)
        return c4_fail(C4_ERR_DATA,
                       "%s: the header should end at byte %" PRIu64 ", but the file ends at byte "
                       "%zu; it is truncated, so get it again",
                       r->path, header_bytes + sizeof header_bytes, size_bytes);
    r->data_start = sizeof header_bytes + header_bytes;
    r->data_bytes = size_bytes - r->data_start;

    json_error_t error;
    char shown[C4_NAME_SHOWN_SIZE];
    const char *text = (const char *)r->bytes + sizeof header_bytes;
    size_t space = strspn(text, " \t\r\n"); /* the file's last byte is followed by a NUL */
    if (space >= header_bytes || text[space] != '{')
        return c4_fail(C4_ERR_DATA,
                       "%s: the header at byte 8 is not a JSON object; this is not a "
                       "safetensors file",
                       r->path);
    C4_TRY(
        c4_json_load(r->path, text, (size_t)header_bytes, JSON_REJECT_DUPLICATES, header, &error));
    if (*header == NULL)
        return c4_fail(C4_ERR_DATA, "%s: the header is not valid JSON at byte %zu: %s", r->path,
                       sizeof header_bytes + (size_t)error.position,
                       c4_name_show(error.text, shown));
    return C4_OK;
}

static enum c4_status read_bytes(const char *path, size_t size_bytes, struct c4_safetensors *file) {
    struct reader r = {.path = path, .unreadable = &file->unreadable, .bytes = file->bytes};
    json_t *header = NULL;
    C4_TRY(parse_header(&r, size_bytes, &header));
    size_t most = json_object_size(header) + 1;
    struct c4_tensor *entries = calloc(most, sizeof *entries);
    struct span *spans = calloc(most, sizeof *spans);
    file->tensors = calloc(most, sizeof *file->tensors);
    enum c4_status status = entries == NULL || spans == NULL || file->tensors == NULL
                                ? fail_memory(path)
                                : read_entries(&r, header, entries, spans, file);
    free(spans);
    free(entries);
    json_decref(header);
    return status;
}

enum c4_status c4_safetensors_read(const char *path, struct c4_safetensors *file) {
    size_t size_bytes;
    memset(file, 0, sizeof *file);
    C4_TRY(c4_file_read(path, &file->bytes, &size_bytes));
    enum c4_status status = read_bytes(path, size_bytes, file);
    if (status != C4_OK) c4_safetensors_free(file);
    return status;
}

const struct c4_tensor *c4_safetensors_find(const struct c4_safetensors *file, const char *name) {
    for (size_t i = 0; i < file->count; i++)
        if (strcmp(file->tensors[i].name, name) == 0) return &file->tensors[i];
    return NULL;
}

const char *c4_safetensors_metadata(const struct c4_safetensors *file, const char *key) {
    for (size_t i = 0; i < file->metadata_count; i++)
        if (strcmp(file->metadata[i].key, key) == 0) return file->metadata[i].value;
    return NULL;
}

void c4_safetensors_free(struct c4_safetensors *file) {
    for (size_t i = 0; i < file->metadata_count; i++) {
        free(file->metadata[i].key);
        free(file->metadata[i].value);
    }
    free(file->metadata);
    c4_unreadables_free(&file->unreadable);
    free(file->tensors);
    free(file->names);
    free(file->bytes);
    memset(file, 0, sizeof *file);
}
