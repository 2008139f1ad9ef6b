#include "core/file/file.h"
#include "core/file/json.h"
#include "core/file/safetensors.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { DATA_ALIGNMENT = 64 };

static enum c4_status fail_memory(const char *path) {
    return c4_fail(C4_ERR_MEMORY, "%s: out of memory for its header", path);
}

/* Adds `value`, which it takes over, under a key that must be new and UTF-8. NULL: out of
 * memory. */
static enum c4_status add_new(json_t *object, const char *key, json_t *value, const char *path) {
    char shown[C4_NAME_SHOWN_SIZE];
    if (!c4_json_is_utf8(key)) {
        json_decref(value);
        return c4_fail(C4_ERR_USAGE, "%s: the name %s is not UTF-8 text", path,
                       c4_name_show(key, shown));
    }
    if (json_object_get(object, key) != NULL) {
        json_decref(value);
        return c4_fail(C4_ERR_USAGE, "%s: the name %s is given twice; names must differ", path,
                       c4_name_show(key, shown));
    }
    return json_object_set_new(object, key, value) == 0 ? C4_OK : fail_memory(path);
}

static enum c4_status add_metadata(json_t *header, const struct c4_metadata *metadata,
                                   size_t metadata_count, const char *path) {
    json_t *object = json_object();
    enum c4_status status = add_new(header, "__metadata__", object, path);
    char shown[C4_NAME_SHOWN_SIZE];
    for (size_t i = 0; i < metadata_count && status == C4_OK; i++)
        status = c4_json_is_utf8(metadata[i].value)
                     ? add_new(object, metadata[i].key, json_string(metadata[i].value), path)
                     : c4_fail(C4_ERR_USAGE, "%s: the value of the name %s is not UTF-8 text", path,
                               c4_name_show(metadata[i].key, shown));
    return status;
}

static enum c4_status add_tensor(json_t *header, const struct c4_tensor *tensor, size_t begin,
                                 const char *path) {
    size_t end = begin + tensor->size_bytes;
    json_t *shape = json_array();
    for (int d = 0; d < tensor->rank; d++) {
        if (json_array_append_new(shape, json_integer((json_int_t)tensor->shape[d])) == 0) continue;
        json_decref(shape);
        return fail_memory(path);
    }
    json_t *entry = json_pack("{s:s, s:o, s:[I,I]}", "dtype", c4_dtype_name(tensor->dtype), "shape",
                              shape, "data_offsets", (json_int_t)begin, (json_int_t)end);
    return add_new(header, tensor->name, entry, path);
}

/* The bytes before the data: length, JSON and padding. NULL with a sentence if out of memory. */
static unsigned char *serialize(const json_t *header, const char *path, size_t *size_bytes) {
    size_t length = json_dumpb(header, NULL, 0, JSON_COMPACT);
    size_t total = (8 + length + DATA_ALIGNMENT - 1) / DATA_ALIGNMENT * DATA_ALIGNMENT;
    uint64_t header_bytes = total - 8;
    unsigned char *bytes = length > 0 ? malloc(total) : NULL;
    if (bytes != NULL) memset(bytes, ' ', total);
    if (bytes == NULL || json_dumpb(header, (char *)bytes + 8, length, JSON_COMPACT) != length) {
        fail_memory(path);
        free(bytes);
        return NULL;
    }
    memcpy(bytes, &header_bytes, sizeof header_bytes);
    *size_bytes = total;
    return bytes;
}

/* Fills the header, and parts[1..count] with the tensors in the order of their entries. Large
 * elements go first: readers that map the file need each tensor at a multiple of its element size.
 */
static enum c4_status lay_out(json_t *header, const char *path, const struct c4_tensor *tensors,
                              size_t count, struct c4_file_part *parts) {
    size_t begin = 0, placed = 0;
    for (size_t element_bytes = 8; element_bytes > 0; element_bytes /= 2) {
        for (size_t i = 0; i < count; i++) {
            if (c4_dtype_size_bytes(tensors[i].dtype) != element_bytes) continue;
            C4_TRY(add_tensor(header, &tensors[i], begin, path));
            parts[++placed] = (struct c4_file_part){tensors[i].data, tensors[i].size_bytes};
            begin += tensors[i].size_bytes;
        }
    }
    return C4_OK;
}

static enum c4_status check_tensors(const char *path, const struct c4_tensor *tensors,
                                    size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (!c4_tensor_valid(&tensors[i]) || tensors[i].name[0] == '\0')
            return c4_fail(C4_ERR_USAGE,
                           "%s: tensor %zu cannot be written; it needs a name, at most 8 "
                           "dimensions and the size_bytes of its shape",
                           path, i);
        if (strcmp(tensors[i].name, "__metadata__") == 0)
            return c4_fail(C4_ERR_USAGE, "%s: no tensor may be named __metadata__; rename it",
                           path);
    }
    return C4_OK;
}

enum c4_status c4_safetensors_write(const char *path, const struct c4_tensor *tensors, size_t count,
                                    const struct c4_metadata *metadata, size_t metadata_count) {
    C4_TRY(check_tensors(path, tensors, count));
    json_t *header = json_object();
    struct c4_file_part *parts = calloc(count + 1, sizeof *parts);
    if (header == NULL || parts == NULL) {
        json_decref(header);
        free(parts);
        return fail_memory(path);
    }
    enum c4_status status = C4_OK;
    if (metadata_count > 0) status = add_metadata(header, metadata, metadata_count, path);
    if (status == C4_OK) status = lay_out(header, path, tensors, count, parts);
    if (status == C4_OK) {
        unsigned char *head = serialize(header, path, &parts[0].size_bytes);
        parts[0].bytes = head;
        status = head != NULL ? c4_file_write_parts(path, parts, count + 1) : C4_ERR_MEMORY;
        free(head);
    }
    free(parts);
    json_decref(header);
    return status;
}
