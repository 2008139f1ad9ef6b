#include "core/file/arrays.h"

#include "core/file/file.h"
#include "core/file/foreign.h"
#include "core/file/npy.h"
#include "core/file/npy_header.h"
#include "core/file/npz.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Enough of a file to recognise a tar archive or an HDF5 file behind a MATLAB header. */
enum { HEAD_BYTES = 1024 };

static enum c4_status read_head(const char *path, unsigned char head[HEAD_BYTES], size_t *have) {
    int descriptor;
    uint64_t size_bytes;
    *have = 0;
    C4_TRY(c4_file_open(path, &descriptor, &size_bytes));
    enum c4_status status = C4_OK;
    while (*have < HEAD_BYTES) {
        ssize_t got = read(descriptor, head + *have, HEAD_BYTES - *have);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) status = c4_fail_read(path, errno);
        if (got <= 0) break;
        *have += (size_t)got;
    }
    close(descriptor);
    return status;
}

static int begins_with(const unsigned char *head, size_t have, const void *magic, size_t size) {
    return have >= size && memcmp(head, magic, size) == 0;
}

/* An archive begins with a member or, if it has none, with its end record. */
static int is_zip(const unsigned char *head, size_t have) {
    return begins_with(head, have, "PK\3\4", 4) || begins_with(head, have, "PK\5\6", 4);
}

/* The header's length, whose upper half is 0, and the brace. The reader validates both. */
static int is_safetensors(const unsigned char *head, size_t have) {
    size_t at = 8;
    if (have <= at || memcmp(head + 4, "\0\0\0", 4) != 0) return 0;
    while (at < have && head[at] != '\0' && strchr(" \t\r\n", head[at]) != NULL) at++;
    return at == have || head[at] == '{';
}

static enum c4_status read_npy(const char *path, struct c4_arrays *arrays) {
    struct c4_tensor tensor;
    C4_TRY(c4_npy_read(path, &tensor));
    return c4_arrays_add(arrays, path, "", &tensor);
}

static enum c4_status read_safetensors(const char *path, struct c4_arrays *arrays) {
    C4_TRY(c4_safetensors_read(path, &arrays->file));
    arrays->tensors = arrays->file.tensors;
    arrays->count = arrays->file.count;
    arrays->unreadable = arrays->file.unreadable;
    arrays->file.unreadable = (struct c4_unreadables){0};
    return C4_OK;
}

enum c4_status c4_arrays_read(const char *path, struct c4_arrays *arrays) {
    unsigned char head[HEAD_BYTES];
    size_t have;
    memset(arrays, 0, sizeof *arrays);
    C4_TRY(read_head(path, head, &have));
    enum c4_status status = begins_with(head, have, c4_npy_magic, sizeof c4_npy_magic)
                                ? read_npy(path, arrays)
                            : is_zip(head, have)         ? c4_npz_read(path, arrays)
                            : is_safetensors(head, have) ? read_safetensors(path, arrays)
                                                         : c4_fail_foreign(path, head, have);
    if (status != C4_OK) c4_arrays_free(arrays);
    return status;
}

enum c4_status c4_arrays_add(struct c4_arrays *arrays, const char *path, const char *name,
                             struct c4_tensor *tensor) {
    char *copy = strdup(name);
    struct c4_tensor *larger =
        realloc(arrays->owned, (arrays->owned_count + 1) * sizeof *arrays->owned);
    if (larger != NULL) arrays->tensors = arrays->owned = larger;
    if (copy == NULL || larger == NULL) {
        free(copy);
        c4_tensor_free(tensor);
        return c4_fail(C4_ERR_MEMORY, "%s: out of memory", path);
    }
    tensor->name = copy;
    arrays->owned[arrays->owned_count++] = *tensor;
    arrays->count = arrays->owned_count;
    return C4_OK;
}

const struct c4_tensor *c4_arrays_find(const struct c4_arrays *arrays, const char *name) {
    for (size_t i = 0; i < arrays->count; i++)
        if (strcmp(arrays->tensors[i].name, name) == 0) return &arrays->tensors[i];
    return NULL;
}

enum c4_status c4_arrays_readable(const struct c4_arrays *arrays, const char *name) {
    const char *reason = c4_unreadables_find(&arrays->unreadable, name);
    return reason ? c4_fail(C4_ERR_DATA, "%s", reason) : C4_OK;
}

const char *c4_arrays_metadata(const struct c4_arrays *arrays, const char *key) {
    return c4_safetensors_metadata(&arrays->file, key);
}

void c4_arrays_free(struct c4_arrays *arrays) {
    for (size_t i = 0; i < arrays->owned_count; i++) {
        free((char *)arrays->owned[i].name);
        free(arrays->owned[i].data);
    }
    free(arrays->owned);
    free(arrays->left_out);
    c4_unreadables_free(&arrays->unreadable);
    c4_safetensors_free(&arrays->file);
    memset(arrays, 0, sizeof *arrays);
}
