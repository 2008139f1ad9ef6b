#include "core/net/train.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/data/batch.h"
#include "core/data/patch_sums.h"
#include "core/host/clock.h"

enum c4_status c4_train_fail(const char *where, bool at_start, double lr) {
    if (at_start)
        return c4_fail(C4_ERR_FAILED,
                       "the loss is not a finite number in %s, before the first update: the "
                       "initial weights are too large",
                       where);
    return c4_fail(C4_ERR_FAILED,
                   "the loss is not a finite number in %s: training diverged; try a smaller "
                   "learning rate than %g",
                   where, lr);
}

enum c4_status c4_train_epoch(const struct c4_pass *pass, const struct c4_sgd *sgd, uint64_t seed,
                              enum c4_rng_purpose shuffle, uint32_t epoch,
                              struct c4_pass_result *result) {
    uint32_t n = pass->data->count, batch = (uint32_t)pass->batch;
    uint32_t *order = malloc(n * sizeof *order);
    uint8_t *images = malloc((size_t)batch * (C4_IMAGE_BYTES + 1));
    const bool kept = c4_dataset_patch_sums(pass->data) != NULL;
    int32_t *patch_sums = kept ? malloc(c4_patch_sums_bytes(batch)) : NULL;
    enum c4_status status = C4_OK;
    if (!order || !images || (kept && !patch_sums))
        status = c4_fail(C4_ERR_MEMORY, "out of memory for an epoch of %u images", n);
    uint8_t *labels = images ? images + (size_t)batch * C4_IMAGE_BYTES : NULL;

    *result = (struct c4_pass_result){.images = n};
    int64_t start_ns = c4_clock_ns(), hits = 0;
    if (status == C4_OK) c4_batch_order(seed, shuffle, epoch, order, n);
    for (uint32_t first = 0; status == C4_OK && first < n; first += batch) {
        uint32_t size = c4_batch_gather(pass->data, pass->labels, order, first, batch, images,
                                        labels, patch_sums);
        struct c4_step_result step;
        status = pass->step->step(
            pass->plan, &(struct c4_batch){images, labels, (int)size, patch_sums}, sgd, &step);
        if (status == C4_OK && !isfinite(step.loss)) {
            char where[48];
            snprintf(where, sizeof where, "epoch %u, batch %u", epoch, result->batches + 1);
            status = c4_train_fail(where, epoch == 1 && result->batches == 0, sgd->lr);
        }
        if (status != C4_OK) break;
        result->loss += step.loss;
        result->batches++;
        hits += step.hits;
        if (pass->watch) status = pass->watch(pass->watch_context, first + size);
    }
    if (result->batches) result->loss /= result->batches;
    result->accuracy = n ? (double)hits / n : 0.0;
    result->seconds = (double)(c4_clock_ns() - start_ns) * 1e-9;
    free(patch_sums);
    free(images);
    free(order);
    return status;
}

enum c4_status c4_evaluate(const struct c4_pass *pass, enum c4_bn_statistics statistics,
                           uint32_t begin, uint32_t count, struct c4_pass_result *result,
                           float *const features[C4_LAYERS]) {
    uint32_t batch = (uint32_t)pass->batch;
    if (count == 0 || begin > pass->data->count || count > pass->data->count - begin)
        return c4_fail(C4_ERR_USAGE, "%s has %u images; cannot evaluate %u from image %u on",
                       pass->data->name, pass->data->count, count, begin);
    *result = (struct c4_pass_result){.images = count};
    int64_t start_ns = c4_clock_ns(), hits = 0;
    for (uint32_t first = 0; first < count; first += batch) {
        uint32_t size = count - first < batch ? count - first : batch;
        float *rows[C4_LAYERS];
        for (int layer = 0; layer < C4_LAYERS; layer++)
            rows[layer] = features && features[layer]
                              ? features[layer] + (size_t)first * c4_layer_features(layer)
                              : NULL;
        const struct c4_batch part =
            c4_batch_in_place(pass->data, pass->labels, begin + first, size);
        struct c4_step_result step;
        C4_TRY(pass->step->evaluate(pass->plan, &part, statistics, &step, features ? rows : NULL));
        if (!isfinite(step.loss))
            return c4_fail(C4_ERR_FAILED,
                           "the loss is not a finite number in evaluation batch %u of %s",
                           result->batches + 1, pass->data->name);
        result->loss += step.loss * size;
        result->batches++;
        hits += step.hits;
        if (pass->watch) C4_TRY(pass->watch(pass->watch_context, first + size));
    }
    result->loss /= count;
    result->accuracy = (double)hits / count;
    result->seconds = (double)(c4_clock_ns() - start_ns) * 1e-9;
    return C4_OK;
}
