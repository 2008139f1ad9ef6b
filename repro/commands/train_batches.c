#include "repro/commands/train_batches.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cli/interrupt.h"
#include "core/data/batch.h"
#include "core/file/arrays.h"
#include "core/net/train.h"

bool c4_train_batches_is_file(const char *text) {
    return text[strspn(text, "0123456789")] != '\0' || *text == '\0';
}

static enum c4_status allocate(struct c4_batches *batches) {
    size_t count = (size_t)batches->steps * (size_t)batches->batch;
    batches->images = malloc(count * C4_IMAGE_BYTES);
    batches->labels = malloc(count);
    if (batches->images && batches->labels) return C4_OK;
    return c4_fail(C4_ERR_MEMORY, "out of memory for %d batches of %d images", batches->steps,
                   batches->batch);
}

static enum c4_status take(const char *path, const struct c4_arrays *file,
                           struct c4_batches *batches) {
    C4_TRY(c4_arrays_readable(file, "images"));
    C4_TRY(c4_arrays_readable(file, "labels"));
    const struct c4_tensor *images = c4_arrays_find(file, "images");
    const struct c4_tensor *labels = c4_arrays_find(file, "labels");
    if (!images || !labels)
        return c4_fail(C4_ERR_DATA,
                       "%s: lacks tensor 'images' or 'labels'; a file of batches needs both", path);
    bool fits = images->dtype == C4_U8 && images->rank == 5 && images->shape[0] >= 1 &&
                images->shape[1] >= 1 && images->shape[0] <= 1000000 && images->shape[1] <= 4096 &&
                images->shape[2] == 3 && images->shape[3] == 32 && images->shape[4] == 32;
    if (!fits)
        return c4_fail(C4_ERR_DATA, "%s: 'images' must be U8 [steps, batch, 3, 32, 32]", path);
    if (!c4_dtype_is_integer(labels->dtype) || labels->rank != 2 ||
        labels->shape[0] != images->shape[0] || labels->shape[1] != images->shape[1])
        return c4_fail(C4_ERR_DATA,
                       "%s: 'labels' must be integers [steps, batch] and match 'images'", path);
    batches->steps = (int)images->shape[0];
    batches->batch = (int)images->shape[1];
    C4_TRY(allocate(batches));
    memcpy(batches->images, images->data, images->size_bytes);
    for (size_t i = 0; i < (size_t)batches->steps * (size_t)batches->batch; i++) {
        double label = c4_tensor_get(labels, i);
        if (!(label >= 0 && label <= 9))
            return c4_fail(C4_ERR_DATA, "%s: labels[%zu] is %g, not 0 to 9", path, i, label);
        batches->labels[i] = (uint8_t)label;
    }
    return C4_OK;
}

enum c4_status c4_train_batches_open(const char *text, const struct c4_task *task, uint64_t seed,
                                     int batch, struct c4_batches *batches) {
    memset(batches, 0, sizeof *batches);
    enum c4_status status;
    if (c4_train_batches_is_file(text)) {
        struct c4_arrays file;
        C4_TRY(c4_arrays_read(text, &file));
        status = take(text, &file, batches);
        c4_arrays_free(&file);
    } else {
        uint32_t whole = task->data.count / (uint32_t)batch;
        unsigned long steps = strtoul(text, NULL, 10);
        if (steps < 1 || steps > whole)
            return c4_fail(
                C4_ERR_USAGE,
                "--batches %s: %s has %u whole batches of %d; give a number from 1 to that", text,
                task->data.name, whole, batch);
        batches->steps = (int)steps;
        batches->batch = batch;
        status = allocate(batches);
        uint32_t *order = malloc(task->data.count * sizeof *order);
        if (status == C4_OK && !order) status = c4_fail(C4_ERR_MEMORY, "out of memory");
        if (status == C4_OK) {
            c4_batch_order(seed, C4_RNG_SHUFFLE, 1, order, task->data.count);
            c4_batch_gather(&task->data, task->labels, order, 0, (uint32_t)(batches->steps * batch),
                            batches->images, batches->labels, NULL);
        }
        free(order);
    }
    if (status != C4_OK) c4_train_batches_close(batches);
    return status;
}

void c4_train_batches_close(struct c4_batches *batches) {
    free(batches->images);
    free(batches->labels);
    memset(batches, 0, sizeof *batches);
}

enum c4_status c4_train_batches_run(const struct c4_batches *batches,
                                    const struct c4_step_api *step, struct c4_plan *plan,
                                    const struct c4_sgd *sgd, struct c4_json_lines *log,
                                    uint64_t *steps_done) {
    for (int s = 0; s < batches->steps; s++) {
        size_t first = (size_t)s * (size_t)batches->batch;
        const struct c4_batch batch = {batches->images + first * C4_IMAGE_BYTES,
                                       batches->labels + first, batches->batch, NULL};
        struct c4_step_result result;
        C4_TRY(step->step(plan, &batch, sgd, &result));
        if (!isfinite(result.loss)) {
            char where[24];
            snprintf(where, sizeof where, "step %d", s + 1);
            return c4_train_fail(where, s == 0, sgd->lr);
        }
        ++*steps_done;
        printf("step %d  loss %.9g  hits %d of %d\n", s + 1, result.loss, result.hits, batch.n);
        if (log) {
            json_t *line =
                json_pack("{s:i, s:o, s:i, s:i}", "step", s + 1, "loss", c4_json_real(result.loss),
                          "hits", result.hits, "images", batch.n);
            enum c4_status status = c4_json_lines_append(log, line);
            json_decref(line);
            C4_TRY(status);
        }
        C4_TRY(c4_interrupted());
    }
    return C4_OK;
}
