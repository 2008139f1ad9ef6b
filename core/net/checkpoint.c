#include "core/net/checkpoint.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/file/arrays.h"
#include "core/file/sha256.h"
#include "core/op/names.h"

enum {
    MAX_TENSORS = C4_STATE_TENSORS + C4_BLOCKS + C4_LEARNED_TENSORS,
    NAME_SIZE = 40, /* the longest is momentum.linear.weight */
    TEXTS = 8,
    MOST_TEXTS = TEXTS + C4_EXPERIMENT_MOST + 1,
    KEY_SIZE = C4_EXPERIMENT_NAME_SIZE + 24
};

static const char experiment_prefix[] = "conv4.experiment.", sum_key[] = "conv4.sha256";

_Static_assert(sizeof experiment_prefix + C4_EXPERIMENT_NAME_SIZE - 1 <= KEY_SIZE,
               "a key of an experiment's value fits");
_Static_assert(sizeof((struct c4_checkpoint *)NULL)->data_sha256 == C4_SHA256_HEX_SIZE,
               "the training set's SHA-256 fits");

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

static enum c4_status no_negative_variance(const char *path, const double *state) {
    for (int block = 0; block < C4_BLOCKS; block++) {
        const struct c4_param *variance = c4_block_running(block, C4_PARAM_RUNNING_VAR);
        for (size_t i = 0; i < variance->count; i++)
            if (state[variance->offset + i] < 0)
                return c4_fail(C4_ERR_DATA, "%s: %s[%zu] is %g, and a variance is never negative",
                               path, variance->name, i, state[variance->offset + i]);
    }
    return C4_OK;
}

enum c4_status c4_checkpoint_fits_float(const char *path, const struct c4_checkpoint *checkpoint) {
    for (int t = 0; t < C4_STATE_TENSORS; t++)
        for (size_t i = 0; i < c4_params[t].count; i++) {
            double value = checkpoint->state[c4_params[t].offset + i];
            if (!isfinite((float)value))
                return c4_fail(
                    C4_ERR_DATA,
                    "%s: %s[%zu] is %g, beyond the range of a float; correct it, or compute "
                    "with --backend ref64",
                    path, c4_params[t].name, i, value);
        }
    return C4_OK;
}

static enum c4_status hash_values(struct c4_sha256 *hash, const double *values, size_t count,
                                  bool wide) {
    double stored[1024];
    for (size_t done = 0; done < count;) {
        size_t piece = 0;
        for (; piece < 1024 && done < count; piece++, done++)
            stored[piece] = wide ? values[done] : (double)(float)values[done];
        C4_TRY(c4_sha256_update(hash, stored, piece * sizeof *stored));
    }
    return C4_OK;
}

static enum c4_status hash_all(struct c4_sha256 *hash, const struct c4_metadata *metadata,
                               size_t count, const struct c4_checkpoint *checkpoint) {
    for (size_t i = 0; i < count; i++) {
        if (strcmp(metadata[i].key, sum_key) == 0) continue;
        C4_TRY(c4_sha256_update(hash, metadata[i].key, strlen(metadata[i].key) + 1));
        C4_TRY(c4_sha256_update(hash, metadata[i].value, strlen(metadata[i].value) + 1));
    }
    C4_TRY(hash_values(hash, checkpoint->state, C4_STATE_COUNT, checkpoint->wide));
    if (!checkpoint->has_momentum) return C4_OK;
    return hash_values(hash, checkpoint->momentum, C4_LEARNED_COUNT, checkpoint->wide);
}

/* SHA-256 of the metadata except the sum itself, in the file's order, and of the values as
 * stored. */
static enum c4_status sum_up(const struct c4_metadata *metadata, size_t count,
                             const struct c4_checkpoint *checkpoint, char sum[C4_SHA256_HEX_SIZE]) {
    struct c4_sha256 hash;
    C4_TRY(c4_sha256_init(&hash));
    enum c4_status status = hash_all(&hash, metadata, count, checkpoint);
    if (status == C4_OK) status = c4_sha256_final(&hash, sum);
    c4_sha256_free(&hash);
    return status;
}

/* The tensors of a file being written: their data are `values` themselves, or F32 copies of
 * them. */
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
    snprintf(values[2], sizeof values[2], "%s", c4_order_names[checkpoint->order]);
    snprintf(values[3], sizeof values[3], "%s", checkpoint->backend);
    snprintf(values[4], sizeof values[4], "%" PRIu64, checkpoint->seed);
    snprintf(values[5], sizeof values[5], "%" PRIu64, checkpoint->epoch);
    snprintf(values[6], sizeof values[6], "%" PRIu64, checkpoint->batches);
    snprintf(values[7], sizeof values[7], "%s", checkpoint->data_sha256);
    static const char *const keys[TEXTS] = {"conv4.version", "conv4.arithmetic", "conv4.order",
                                            "conv4.backend", "conv4.seed",       "conv4.epoch",
                                            "conv4.batches", "conv4.data"};
    struct c4_metadata metadata[MOST_TEXTS];
    for (int i = 0; i < TEXTS; i++) metadata[i] = (struct c4_metadata){(char *)keys[i], values[i]};
    size_t texts = TEXTS;
    char experiment_keys[C4_EXPERIMENT_MOST][KEY_SIZE], sum[C4_SHA256_HEX_SIZE];
    for (int i = 0; i < checkpoint->experiment.count; i++) {
        const struct c4_experiment_value *value = &checkpoint->experiment.value[i];
        snprintf(experiment_keys[i], KEY_SIZE, "%s%s", experiment_prefix, value->name);
        metadata[texts++] = (struct c4_metadata){experiment_keys[i], (char *)value->text};
    }
    enum c4_status status = C4_OK;
    if (checkpoint->experiment.count > 0) {
        status = sum_up(metadata, texts, checkpoint, sum);
        metadata[texts++] = (struct c4_metadata){(char *)sum_key, sum};
    }
    if (status == C4_OK)
        status = c4_safetensors_write(path, writer->tensors, writer->count, metadata, texts);
    free(narrow);
    free(writer);
    return status;
}

static enum c4_status take_tensor(const char *path, const struct c4_arrays *file,
                                  const char *prefix, const struct c4_param *param, double *values,
                                  bool *wide) {
    char name[NAME_SIZE];
    snprintf(name, sizeof name, "%s%s", prefix, param->name);
    C4_TRY(c4_arrays_readable(file, name));
    const struct c4_tensor *tensor = c4_arrays_find(file, name);
    if (!tensor)
        return c4_fail(C4_ERR_DATA, "%s: tensor '%s' is missing; this is not a conv4 network%s%s",
                       path, name, file->left_out ? "; " : "",
                       file->left_out ? file->left_out : "");
    bool fits = tensor->rank == param->rank;
    for (int d = 0; fits && d < param->rank; d++) fits = tensor->shape[d] == param->shape[d];
    if (!fits)
        return c4_fail(C4_ERR_DATA, "%s: tensor '%s' does not have conv4's shape", path, name);
    if (!c4_dtype_is_float(tensor->dtype))
        return c4_fail(C4_ERR_DATA, "%s: tensor '%s' is %s, not a float type", path, name,
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
    char *end, shown[C4_NAME_SHOWN_SIZE];
    errno = 0;
    *value = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || errno)
        return c4_fail(C4_ERR_DATA, "%s: metadata %s is '%s', not a number", path, key,
                       c4_name_show(text, shown));
    return C4_OK;
}

/* Metadata that conv4 wrote, of less than `size` bytes; "" if absent. */
static enum c4_status take_text(const char *path, const struct c4_arrays *file, const char *key,
                                char *value, size_t size) {
    const char *text = c4_arrays_metadata(file, key);
    char shown[C4_NAME_SHOWN_SIZE];
    *value = '\0';
    if (!text) return C4_OK;
    if (strlen(text) >= size)
        return c4_fail(C4_ERR_DATA, "%s: metadata %s is '%s', which conv4 does not write", path,
                       key, c4_name_show(text, shown));
    memcpy(value, text, strlen(text) + 1);
    return C4_OK;
}

static enum c4_status take_order(const char *path, const struct c4_arrays *file,
                                 struct c4_checkpoint *checkpoint) {
    char order[16], shown[C4_NAME_SHOWN_SIZE];
    C4_TRY(take_text(path, file, "conv4.order", order, sizeof order));
    checkpoint->has_order = order[0] != '\0';
    if (strcmp(order, c4_order_names[C4_RELU_BN]) == 0) checkpoint->order = C4_RELU_BN;
    if (!checkpoint->has_order || strcmp(order, c4_order_names[checkpoint->order]) == 0)
        return C4_OK;
    return c4_fail(C4_ERR_DATA, "%s: metadata conv4.order is '%s', not bn-relu or relu-bn", path,
                   c4_name_show(order, shown));
}

static enum c4_status take_experiment(const char *path, const struct c4_arrays *file,
                                      struct c4_checkpoint *checkpoint) {
    size_t prefix = sizeof experiment_prefix - 1;
    for (size_t i = 0; i < file->file.metadata_count; i++) {
        const struct c4_metadata *pair = &file->file.metadata[i];
        if (strncmp(pair->key, experiment_prefix, prefix) != 0) continue;
        if (c4_experiment_set(&checkpoint->experiment, pair->key + prefix, "%s", pair->value) !=
            C4_OK)
            return c4_fail(C4_ERR_DATA, "%s: %s", path, c4_error());
    }
    return C4_OK;
}

static enum c4_status take_metadata(const char *path, const struct c4_arrays *file,
                                    struct c4_checkpoint *checkpoint) {
    uint64_t arithmetic;
    C4_TRY(take_number(path, file, "conv4.arithmetic", &arithmetic));
    if (c4_arrays_metadata(file, "conv4.arithmetic") && arithmetic != C4_ARITHMETIC)
        return c4_fail(C4_ERR_DATA,
                       "%s: written with arithmetic version %" PRIu64 ", this program has version "
                       "%d; continue it with the version of conv4 that wrote it",
                       path, arithmetic, C4_ARITHMETIC);
    C4_TRY(take_number(path, file, "conv4.seed", &checkpoint->seed));
    C4_TRY(take_number(path, file, "conv4.epoch", &checkpoint->epoch));
    C4_TRY(take_number(path, file, "conv4.batches", &checkpoint->batches));
    C4_TRY(take_order(path, file, checkpoint));
    C4_TRY(take_text(path, file, "conv4.backend", checkpoint->backend, sizeof checkpoint->backend));
    C4_TRY(take_text(path, file, "conv4.data", checkpoint->data_sha256,
                     sizeof checkpoint->data_sha256));
    return take_experiment(path, file, checkpoint);
}

static enum c4_status check_sum(const struct c4_arrays *file, struct c4_checkpoint *checkpoint) {
    const char *kept = c4_arrays_metadata(file, sum_key);
    char sum[C4_SHA256_HEX_SIZE];
    if (!kept) return C4_OK;
    C4_TRY(sum_up(file->file.metadata, file->file.metadata_count, checkpoint, sum));
    checkpoint->sum = strcmp(kept, sum) == 0 ? C4_SUM_RIGHT : C4_SUM_WRONG;
    return C4_OK;
}

static enum c4_status take_all(const char *path, const struct c4_arrays *file,
                               struct c4_checkpoint *checkpoint) {
    C4_TRY(take_metadata(path, file, checkpoint));
    for (int t = 0; t < C4_STATE_TENSORS; t++)
        C4_TRY(take_tensor(path, file, "", &c4_params[t], checkpoint->state, &checkpoint->wide));
    C4_TRY(all_finite(path, "", checkpoint->state, C4_STATE_TENSORS, C4_ERR_DATA));
    C4_TRY(no_negative_variance(path, checkpoint->state));
    const char *first = "momentum.conv1.weight";
    C4_TRY(c4_arrays_readable(file, first));
    checkpoint->has_momentum = c4_arrays_find(file, first) != NULL;
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
    if (status == C4_OK) status = check_sum(&file, checkpoint);
    c4_arrays_free(&file);
    return status;
}
