#include "core/data/pickle.h"

#include "core/data/dataset.h"
#include "core/data/pickle_machine.h"
#include "core/file/file.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

typedef struct c4_pickle_value value;

static enum c4_status damaged(const char *path, const char *what) {
    return c4_fail(C4_ERR_DATA,
                   "%s: %s; the file is damaged or not CIFAR-10's python version: get it again",
                   path, what);
}

static bool is_text(const value *v, const char *text) {
    return v != NULL && v->size_bytes == strlen(text) && memcmp(v->bytes, text, v->size_bytes) == 0;
}

/* Item `place` of a container of that kind, or NULL. */
static const value *item(const struct c4_pickle *pickle, const value *v, enum c4_pickle_kind kind,
                         uint32_t place) {
    if (v == NULL || v->kind != kind || place >= v->count) return NULL;
    return &pickle->value[v->items[place]];
}

static const value *entry(const struct c4_pickle *pickle, const char *key) {
    const value *dict = &pickle->value[pickle->top];
    for (uint32_t i = 0; i + 1 < dict->count; i += 2) {
        const value *name = item(pickle, dict, C4_PICKLE_DICT, i);
        if (name != NULL && name->kind == C4_PICKLE_BYTES && is_text(name, key))
            return item(pickle, dict, C4_PICKLE_DICT, i + 1);
    }
    return NULL;
}

static bool is_integer(const value *v, int64_t integer) {
    return v != NULL && v->kind == C4_PICKLE_INTEGER && v->integer == integer;
}

/* NumPy's array: _reconstruct(...), then (version, shape, dtype, is_fortran, bytes). */
static enum c4_status find_images(const char *path, const struct c4_pickle *pickle,
                                  const uint8_t **images, uint32_t *count) {
    const value *array = entry(pickle, "data");
    const value *maker = item(pickle, array, C4_PICKLE_OBJECT, 0);
    const value *state = item(pickle, array, C4_PICKLE_OBJECT, 2);
    const value *shape = item(pickle, state, C4_PICKLE_TUPLE, 1);
    const value *dtype = item(pickle, state, C4_PICKLE_TUPLE, 2);
    const value *type = item(pickle, item(pickle, dtype, C4_PICKLE_OBJECT, 1), C4_PICKLE_TUPLE, 0);
    const value *raw = item(pickle, state, C4_PICKLE_TUPLE, 4);
    const value *rows = item(pickle, shape, C4_PICKLE_TUPLE, 0);
    if (!is_text(maker, "numpy.core.multiarray\n_reconstruct") &&
        !is_text(maker, "numpy._core.multiarray\n_reconstruct"))
        return damaged(path, "there is no array 'data'");
    if (!is_text(item(pickle, dtype, C4_PICKLE_OBJECT, 0), "numpy\ndtype") ||
        !is_text(type, "u1") || !is_integer(item(pickle, state, C4_PICKLE_TUPLE, 3), 0))
        return damaged(path, "'data' is not uint8 in row-major order");
    if (rows == NULL || rows->kind != C4_PICKLE_INTEGER || rows->integer < 1 ||
        rows->integer > 1000000 || shape->count != 2 ||
        !is_integer(item(pickle, shape, C4_PICKLE_TUPLE, 1), C4_IMAGE_BYTES))
        return damaged(path, "'data' does not have 3072 columns, or has no rows");
    *count = (uint32_t)rows->integer;
    if (raw != NULL && raw->kind == C4_PICKLE_OBJECT)
        return c4_fail(
            C4_ERR_DATA,
            "%s: 'data' is stored as text, as Python 3 does with protocols 1 and 2; write "
            "it with pickle.dump(..., protocol=3)",
            path);
    if (raw == NULL || raw->kind != C4_PICKLE_BYTES ||
        raw->size_bytes != (size_t)*count * C4_IMAGE_BYTES)
        return damaged(path, "'data' does not have as many bytes as its shape needs");
    *images = raw->bytes;
    return C4_OK;
}

static enum c4_status copy_labels(const char *path, const struct c4_pickle *pickle, uint32_t all,
                                  uint32_t count, uint8_t *labels) {
    const value *list = entry(pickle, "labels");
    if (list == NULL || list->kind != C4_PICKLE_LIST || list->count != all)
        return damaged(path, "there is no list 'labels' with one label for each image");
    for (uint32_t i = 0; i < count; i++) {
        const value *label = item(pickle, list, C4_PICKLE_LIST, i);
        if (label->kind != C4_PICKLE_INTEGER || label->integer < 0 || label->integer >= C4_CLASSES)
            return c4_fail(C4_ERR_DATA, "%s: label %u is not a number from 0 to 9", path, i);
        labels[i] = (uint8_t)label->integer;
    }
    return C4_OK;
}

static enum c4_status take(const char *path, const struct c4_pickle *pickle, uint32_t *all,
                           uint32_t count, uint8_t *images, uint8_t *labels) {
    const uint8_t *found = NULL;
    if (pickle->value[pickle->top].kind != C4_PICKLE_DICT)
        return damaged(path, "it does not hold a dict");
    C4_TRY(find_images(path, pickle, &found, all));
    if (count > *all) return damaged(path, "it has too few images");
    C4_TRY(copy_labels(path, pickle, *all, count, labels));
    if (images != NULL && found != NULL) memcpy(images, found, (size_t)count * C4_IMAGE_BYTES);
    return C4_OK;
}

static enum c4_status read_file(const char *path, uint32_t *all, uint32_t count, uint8_t *images,
                                uint8_t *labels) {
    unsigned char *bytes;
    size_t size_bytes;
    struct c4_pickle pickle;
    C4_TRY(c4_file_read(path, &bytes, &size_bytes));
    enum c4_status status = c4_pickle_run(path, bytes, size_bytes, &pickle);
    if (status == C4_OK) status = take(path, &pickle, all, count, images, labels);
    c4_pickle_free(&pickle);
    free(bytes);
    return status;
}

enum c4_status c4_pickle_count(const char *path, uint32_t *count) {
    *count = 0;
    return read_file(path, count, 0, NULL, NULL);
}

enum c4_status c4_pickle_read(const char *path, uint32_t count, uint8_t *images, uint8_t *labels) {
    uint32_t all = 0;
    return read_file(path, &all, count, images, labels);
}

enum c4_status c4_pickle_labels(const char *path, uint32_t count, uint8_t *labels) {
    uint32_t all = 0;
    return read_file(path, &all, count, NULL, labels);
}
