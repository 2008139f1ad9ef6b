#include "core/net/checkpoint.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/file/arrays.h"

enum {
    MAX_TENSORS = C4_STATE_TENSORS + C4_BLOCKS + C4_LEARNED_TENSORS,
    NAME_SIZE = 40, /* the longest is momentum.linear.weight */
    TEXTS = 8
};

const char *c4_order_name(enum c4_order order) {
    return order == C4_BN_RELU ? "bn-relu" : "relu-bn";
}

struct c4_checkpoint *c4_checkpoint_new(void) {
    struct c4_checkpoint *checkpoint = calloc(1, sizeof *checkpoint);
    if (!checkpoint) c4_fail(C4_ERR_MEMORY, "out of memory for a checkpoint");
    return checkpoint;
}

void c4_checkpoint_free(struct c4_checkpoint *checkpoint) {
    free(checkpoint);
}

static enum c4_status all_finite(const char *path, const char *prefix, const double *values,
                                 int tensors, enum c4_status status) {
    for (int t = 0; t < tensors; t++)
        for (size_t i = 0; i < c4_params[t].count; i++)
            if (!isfinite(values[c4_params[t].offset + i]))
                return c4_fail(status, "%s: %s%s[%zu] is not a finite number", path, prefix,
                               c4_params[t].name, i);
    return C4_OK;
}

/* The tensors of one file while it is written: their data is `values` in F32 or F64. */
struct writer {
    struct c4_tensor tensors[MAX_TENSORS];
    char names[MAX_TENSORS][NAME_SIZE];
    size_t count;
    bool wide;
    void *narrow; /* F32 copies, one block */
    size_t narrow_used;
};

static void add_tensor(struct writer *writer, const char *prefix, const struct c4_param *param,
                       const double *values) {
    char *name = writer->names[writer->count];
    struct c4_tensor *tensor = &writer->tensors[writer->count++];
    snprintf(name, NAME_SIZE, "%s%s", prefix, param->name);
    tensor->name = name;
    tensor->dtype = writer->wide ? C4_F64 : C4_F32;
    tensor->rank = param->rank;
    for (int d = 0; d < param->rank; d++) tensor->shape[d] = param->shape[d];
    tensor->size_bytes = param->count * c4_dtype_size_bytes(tensor->dtype);
    if (writer->wide) {
        tensor->data = (void *)(values + param->offset);
        return;
    }
    float *copy = (float *)writer->narrow + writer->narrow_used;
    for (size_t i = 0; i < param->count; i++) copy[i] = (float)values[param->offset + i];
    writer->narrow_used += param->count;
    tensor->data = copy;
}

enum c4_status c4_checkpoint_write(const char *path, const struct c4_checkpoint *checkpoint) {
    C4_TRY(all_finite(path, "", checkpoint->state, C4_STATE_TENSORS, C4_ERR_FAILED));
    if (checkpoint->has_momentum)
        C4_TRY(
            all_finite(path, "momentum.", checkpoint->momentum, C4_LEARNED_TENSORS, C4_ERR_FAILED));
    struct writer *writer = calloc(1, sizeof *writer);
    float *narrow = malloc((C4_STATE_COUNT + C4_LEARNED_COUNT) * sizeof *narrow);
    if (!writer || !narrow) {
        free(writer);
        free(narrow);
        return c4_fail(C4_ERR_MEMORY, "out of memory while writing %s", path);
    }
    writer->wide = checkpoint->wide;
    writer->narrow = narrow;
    for (int t = 0; t < C4_STATE_TENSORS; t++)
        add_tensor(writer, "", &c4_params[t], checkpoint->state);
    for (int t = 0; checkpoint->has_momentum && t < C4_LEARNED_TENSORS; t++)
        add_tensor(writer, "momentum.", &c4_params[t], checkpoint->momentum);
    int64_t batches = (int64_t)checkpoint->batches;
    for (int b = 1; b <= C4_BLOCKS; b++) {
        char *name = writer->names[writer->count];
        struct c4_tensor *tensor = &writer->tensors[writer->count++];
        snprintf(name, NAME_SIZE, "bn%d.num_batches_tracked", b);
        tensor->name = name;
        tensor->dtype = C4_I64;
        tensor->data = &batches;
        tensor->size_bytes = sizeof batches;
    }
    char values[TEXTS][80];
    snprintf(values[0], sizeof values[0], "%s", C4_VERSION);
    snprintf(values[1], sizeof values[1], "%d", C4_ARITHMETIC);
    snprintf(values[2], sizeof values[2], "%s", c4_order_name(checkpoint->order));
    snprintf(values[3], sizeof values[3], "%s", checkpoint->backend);
    snprintf(values[4], sizeof values[4], "%" PRIu64, checkpoint->seed);
    snprintf(values[5], sizeof values[5], "%" PRIu64, checkpoint->epoch);
    snprintf(values[6], sizeof values[6], "%" PRIu64, checkpoint->batches);
    snprintf(values[7], sizeof values[7], "%s", checkpoint->data_sha256);
    static const char *const keys[TEXTS] = {"conv4.version", "conv4.arithmetic", "conv4.order",
                                            "conv4.backend", "conv4.seed",       "conv4.epoch",
                                            "conv4.batches", "conv4.data"};
    struct c4_metadata metadata[TEXTS];
    for (int i = 0; i < TEXTS; i++) metadata[i] = (struct c4_metadata){(char *)keys[i], values[i]};
    enum c4_status status =
        c4_safetensors_write(path, writer->tensors, writer->count, metadata, TEXTS);
    free(narrow);
    free(writer);
    return status;
}

static enum c4_status take_tensor(const char *path, const struct c4_arrays *file,
                                  const char *prefix, const struct c4_param *param, double *values,
                                  bool *wide) {
    char name[NAME_SIZE];
    snprintf(name, sizeof name, "%s%s", prefix, param->name);
    const struct c4_tensor *tensor = c4_arrays_find(file, name);
    if (!tensor)
        return c4_fail(C4_ERR_DATA, "%s: tensor '%s' is missing; this is not a conv4 network%s%s",
                       path, name, file->left_out ? "; " : "",
                       file->left_out ? file->left_out : "");
    bool fits = tensor->rank == param->rank;
    for (int d = 0; fits && d < param->rank; d++) fits = tensor->shape[d] == param->shape[d];
    if (!fits)
        return c4_fail(C4_ERR_DATA, "%s: tensor '%s' has another shape than conv4's", path, name);
    if (!c4_dtype_is_float(tensor->dtype))
        return c4_fail(C4_ERR_DATA, "%s: tensor '%s' is %s; a float type is wanted", path, name,
                       c4_dtype_name(tensor->dtype));
    if (tensor->dtype == C4_F64) *wide = true;
    for (size_t i = 0; i < param->count; i++) values[param->offset + i] = c4_tensor_get(tensor, i);
    return C4_OK;
}

static enum c4_status take_number(const char *path, const struct c4_arrays *file, const char *key,
                                  uint64_t *value) {
    const char *text = c4_arrays_metadata(file, key);
    *value = 0;
    if (!text) return C4_OK;
    char *end;
    *value = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end)
        return c4_fail(C4_ERR_DATA, "%s: metadata %s is '%s', not a number", path, key, text);
    return C4_OK;
}

static enum c4_status take_metadata(const char *path, const struct c4_arrays *file,
                                    struct c4_checkpoint *checkpoint) {
    uint64_t arithmetic;
    C4_TRY(take_number(path, file, "conv4.arithmetic", &arithmetic));
    if (c4_arrays_metadata(file, "conv4.arithmetic") && arithmetic != C4_ARITHMETIC)
        return c4_fail(C4_ERR_DATA,
                       "%s: written with arithmetic version %" PRIu64 ", this program has version "
                       "%d; continue it with the version of conv4 that began it",
                       path, arithmetic, C4_ARITHMETIC);
    C4_TRY(take_number(path, file, "conv4.seed", &checkpoint->seed));
    C4_TRY(take_number(path, file, "conv4.epoch", &checkpoint->epoch));
    C4_TRY(take_number(path, file, "conv4.batches", &checkpoint->batches));
    const char *order = c4_arrays_metadata(file, "conv4.order");
    checkpoint->has_order = order != NULL;
    if (order && strcmp(order, c4_order_name(C4_RELU_BN)) == 0) checkpoint->order = C4_RELU_BN;
    const char *backend = c4_arrays_metadata(file, "conv4.backend");
    const char *data = c4_arrays_metadata(file, "conv4.data");
    snprintf(checkpoint->backend, sizeof checkpoint->backend, "%s", backend ? backend : "");
    snprintf(checkpoint->data_sha256, sizeof checkpoint->data_sha256, "%s", data ? data : "");
    return C4_OK;
}

static enum c4_status take_all(const char *path, const struct c4_arrays *file,
                               struct c4_checkpoint *checkpoint) {
    C4_TRY(take_metadata(path, file, checkpoint));
    for (int t = 0; t < C4_STATE_TENSORS; t++)
        C4_TRY(take_tensor(path, file, "", &c4_params[t], checkpoint->state, &checkpoint->wide));
    C4_TRY(all_finite(path, "", checkpoint->state, C4_STATE_TENSORS, C4_ERR_DATA));
    checkpoint->has_momentum = c4_arrays_find(file, "momentum.conv1.weight") != NULL;
    if (!checkpoint->has_momentum) return C4_OK;
    for (int t = 0; t < C4_LEARNED_TENSORS; t++)
        C4_TRY(take_tensor(path, file, "momentum.", &c4_params[t], checkpoint->momentum,
                           &checkpoint->wide));
    return all_finite(path, "momentum.", checkpoint->momentum, C4_LEARNED_TENSORS, C4_ERR_DATA);
}

enum c4_status c4_checkpoint_read(const char *path, struct c4_checkpoint *checkpoint) {
    memset(checkpoint, 0, sizeof *checkpoint);
    struct c4_arrays file;
    C4_TRY(c4_arrays_read(path, &file));
    enum c4_status status = take_all(path, &file, checkpoint);
    c4_arrays_free(&file);
    return status;
}
