#include "repro/run/measure.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/data/labels.h"
#include "core/data/split.h"
#include "core/host/clock.h"
#include "repro/run/comparison.h"

static uint32_t least(uint32_t a, uint32_t b) {
    return a < b ? a : b;
}

static uint32_t most(uint32_t a, uint32_t b) {
    return a > b ? a : b;
}

_Static_assert(C4_LIST_MAX + 2 <= C4_SIMILARITY_SIZES_MAX, "control_images and those of an epoch");

/* Numbers of images that every epoch's CKA needs. */
static struct c4_row_counts epoch_counts(const struct c4_runner *runner, const struct c4_run *run,
                                         uint32_t available) {
    const struct c4_protocol *protocol = runner->protocol;
    struct c4_row_counts counts = {.count = 0};
    c4_row_counts_add(&counts, least(protocol->cka_images, available));
    if (c4_run_is_curve(run)) c4_row_counts_add(&counts, least(protocol->curve_images, available));
    return counts;
}

static uint32_t forwarded_for(const struct c4_runner *runner, const struct c4_row_counts *counts,
                              uint32_t available) {
    return c4_forwarded(runner->protocol->batch, (uint32_t)c4_row_counts_most(counts), available);
}

/* Images that epoch 0 knows the logits of: those of a reference, by whole batches of accuracy. */
static uint32_t known_images(const struct c4_runner *runner, uint32_t available, uint32_t epoch,
                             uint32_t tests) {
    const uint32_t batch = runner->protocol->batch;
    struct c4_row_counts counts = {.count = 0};
    c4_reference_rows(runner, available, true, &counts);
    return most(epoch, least(forwarded_for(runner, &counts, available), tests) / batch * batch);
}

/* Images that one pass can forward for both: features of `wanted` images, of which an epoch always
 * has the first `epoch`, and the accuracy of `tests`. A last batch of accuracy beyond those of the
 * epoch may be shorter than one of CKA, and batch statistics depend on that. */
static uint32_t shared_images(const struct c4_runner *runner, uint32_t wanted, uint32_t epoch,
                              uint32_t tests) {
    const uint32_t batch = runner->protocol->batch;
    if (tests <= epoch || tests >= wanted) return wanted;
    return most(epoch, tests / batch * batch);
}

void c4_run_images(const struct c4_runner *runner, const struct c4_run *run,
                   struct c4_run_images *images) {
    const struct c4_scale *scale = runner->scale;
    const uint32_t available =
        c4_run_is_curve(run) ? c4_sets[run->data].files.images[C4_TEST] : C4_HALF_IMAGES;
    const uint32_t tests = least(scale->accuracy_images, available);
    const struct c4_row_counts epoch = epoch_counts(runner, run, available);
    const uint32_t forwarded = forwarded_for(runner, &epoch, available);
    struct c4_row_counts control = {.count = 0}, all = epoch;
    struct c4_image_set other;
    c4_control_rows(runner, available, &control);
    c4_control_rows(runner, available, &all);
    const uint32_t known = known_images(runner, available, forwarded, tests),
                   train = least(run->images, scale->train_accuracy_images);
    *images = (struct c4_run_images){
        .trained = run->images,
        .start = train + most(known, tests) - known,
        .measured =
            train + most(forwarded, tests) + (c4_run_cross_set(run, &other) ? forwarded : 0),
    };
    if (control.count == 0) return;
    const uint32_t both = forwarded_for(runner, &all, available);
    images->control =
        forwarded_for(runner, &control, available) + most(both, tests) - most(forwarded, tests);
    const uint32_t shared = shared_images(runner, both, forwarded, tests);
    if (tests > shared) images->control += least(tests, both) - shared;
}

enum c4_status c4_measure_init(struct c4_measure *measure, const struct c4_runner *runner,
                               const struct c4_run *run, const struct c4_known_checkpoint *source,
                               const struct c4_training *training, struct c4_feature_space *space,
                               struct c4_reference_cache *cache) {
    *measure =
        (struct c4_measure){.runner = runner,
                            .progress = {.runner = runner},
                            .training = training,
                            .run = run,
                            .space = space,
                            .cache = cache,
                            .source = *source,
                            .evaluation = c4_images_of(runner->images, c4_run_image_set(run))};
    const struct c4_dataset *evaluation = measure->evaluation;
    measure->train_images = least(run->images, runner->scale->train_accuracy_images);
    measure->tests = least(runner->scale->accuracy_images, evaluation->count);
    measure->epoch_rows = measure->all_rows = epoch_counts(runner, run, evaluation->count);
    c4_control_rows(runner, evaluation->count, &measure->all_rows);
    c4_control_rows(runner, evaluation->count, &measure->control_rows);
    measure->forwarded = forwarded_for(runner, &measure->epoch_rows, evaluation->count);
    uint32_t logits = most(measure->forwarded, most(measure->tests, measure->train_images));
    measure->evaluation_labels = malloc(evaluation->count);
    measure->logits = malloc((size_t)logits * C4_CLASSES * sizeof(float));
    if (!measure->evaluation_labels || !measure->logits)
        return c4_fail(C4_ERR_MEMORY, "out of memory for the labels of %s", run->key);
    return c4_labels_make(run->labels, run->seed, evaluation, measure->evaluation_labels);
}

void c4_measure_free(struct c4_measure *measure) {
    free(measure->logits);
    free(measure->evaluation_labels);
}

static struct c4_pass pass_over(struct c4_measure *measure, struct c4_plan *plan,
                                const struct c4_dataset *data, const uint8_t *labels) {
    return c4_run_pass(&measure->progress, plan, data, labels);
}

/* The share of images whose largest logit (smallest index on ties) is the label. */
static double accuracy(const float *logits, const uint8_t *labels, uint32_t count) {
    uint32_t hits = 0;
    for (uint32_t i = 0; i < count; i++, logits += C4_CLASSES) {
        int best = 0;
        for (int k = 1; k < C4_CLASSES; k++)
            if (logits[k] > logits[best]) best = k;
        hits += best == labels[i];
    }
    return (double)hits / count;
}

static enum c4_status measure_training(struct c4_measure *measure, struct c4_plan *plan,
                                       struct c4_row_list *rows) {
    float *const logits[C4_LAYERS] = {[C4_LAYERS - 1] = measure->logits};
    const struct c4_training *training = measure->training;
    uint32_t count = measure->train_images;
    struct c4_pass pass = pass_over(measure, plan, &training->images, training->labels);
    struct c4_pass_result result;
    C4_TRY(c4_evaluate(&pass, measure->runner->protocol->statistics, 0, count, &result, logits));
    C4_TRY(c4_out_pass(rows, C4_COST_TRAIN_ACCURACY, &result));
    C4_TRY(c4_out_result(rows, "train_accuracy", accuracy(measure->logits, training->labels, count),
                         count));
    return c4_out_result(rows, "train_accuracy_clean",
                         accuracy(measure->logits, c4_dataset_labels(&training->images), count),
                         count);
}

/* Features of images [first, first + count) of the evaluation set go where they belong. */
static enum c4_status forward_features(struct c4_measure *measure, struct c4_plan *plan,
                                       uint32_t first, uint32_t count, enum c4_cost_what cost,
                                       struct c4_row_list *rows) {
    float *at[C4_LAYERS];
    struct c4_pass_result result;
    for (int layer = 0; layer < C4_LAYERS; layer++)
        at[layer] = measure->space->layer[layer] + first * c4_layer_features(layer);
    struct c4_pass pass = pass_over(measure, plan, measure->evaluation, measure->evaluation_labels);
    C4_TRY(c4_evaluate(&pass, measure->runner->protocol->statistics, first, count, &result, at));
    return c4_out_pass(rows, cost, &result);
}

/* Forwards evaluation images from the first one on whose logits are not known; and appends the
 * accuracy of all. */
static enum c4_status measure_tests(struct c4_measure *measure, struct c4_plan *plan,
                                    uint32_t known, struct c4_row_list *rows) {
    const struct c4_dataset *data = measure->evaluation;
    const uint32_t tests = measure->tests;
    if (tests > known) {
        float *const more[C4_LAYERS] = {[C4_LAYERS - 1] =
                                            measure->logits + (size_t)known * C4_CLASSES};
        struct c4_pass pass = pass_over(measure, plan, data, measure->evaluation_labels);
        struct c4_pass_result result;
        C4_TRY(c4_evaluate(&pass, measure->runner->protocol->statistics, known, tests - known,
                           &result, more));
        C4_TRY(c4_out_pass(rows, C4_COST_TEST_ACCURACY, &result));
    }
    C4_TRY(c4_out_result(rows, "test_accuracy",
                         accuracy(measure->logits, measure->evaluation_labels, tests), tests));
    return c4_out_result(rows, "test_accuracy_clean",
                         accuracy(measure->logits, c4_dataset_labels(data), tests), tests);
}

/* Forwards the evaluation images: features of the first `wanted`, logits of all `tests`. Images
 * beyond those that one pass serves are forwarded twice. */
static enum c4_status measure_evaluation(struct c4_measure *measure, struct c4_plan *plan,
                                         uint32_t wanted, struct c4_row_list *rows) {
    const uint32_t tests = measure->tests, epoch = measure->forwarded,
                   shared = shared_images(measure->runner, wanted, epoch, tests);
    C4_TRY(c4_feature_space_reserve(measure->space, wanted));
    C4_TRY(forward_features(measure, plan, 0, least(shared, epoch), C4_COST_FEATURES, rows));
    if (shared > epoch)
        C4_TRY(forward_features(measure, plan, epoch, shared - epoch, C4_COST_CONTROL_BATCH, rows));
    memcpy(measure->logits, measure->space->layer[C4_LAYERS - 1],
           (size_t)least(shared, tests) * C4_CLASSES * sizeof *measure->logits);
    C4_TRY(measure_tests(measure, plan, shared, rows));
    if (wanted > shared)
        C4_TRY(forward_features(measure, plan, shared, wanted - shared,
                                shared < epoch ? C4_COST_FEATURES : C4_COST_CONTROL_BATCH, rows));
    return C4_OK;
}

/* What every epoch compares on the run's own evaluation images. */
static struct c4_comparison epoch_comparison(const struct c4_measure *measure) {
    const struct c4_protocol *protocol = measure->runner->protocol;
    return (struct c4_comparison){.set = c4_run_image_set(measure->run),
                                  .statistics = protocol->statistics,
                                  .images = least(protocol->cka_images, measure->evaluation->count),
                                  .references = c4_references_of(measure->run),
                                  .cost = C4_COST_CKA};
}

static enum c4_status measure_cka(struct c4_measure *measure,
                                  const struct c4_prepared_features *own,
                                  struct c4_row_list *rows) {
    const struct c4_protocol *protocol = measure->runner->protocol;
    struct c4_comparison what = epoch_comparison(measure);
    C4_TRY(c4_compare(measure, &what, own, rows));
    if (!c4_run_is_curve(measure->run) || protocol->curve_images == protocol->cka_images)
        return C4_OK;
    what.images = least(protocol->curve_images, measure->evaluation->count);
    what.cost = C4_COST_CKA_CURVE;
    return c4_compare(measure, &what, own, rows);
}

/* Forwards the first images of a set. */
static enum c4_status forward(struct c4_measure *measure, struct c4_plan *plan,
                              const struct c4_comparison *what, uint32_t images,
                              enum c4_cost_what cost, struct c4_row_list *rows) {
    const struct c4_dataset *data = c4_images_of(measure->runner->images, what->set);
    struct c4_pass pass = pass_over(measure, plan, data, c4_dataset_labels(data));
    struct c4_pass_result result;
    C4_TRY(c4_feature_space_reserve(measure->space, images));
    C4_TRY(c4_evaluate(&pass, what->statistics, 0, images, &result, measure->space->layer));
    return c4_out_pass(rows, cost, &result);
}

/* Fine-tuned networks on the images of the other task; false for other runs. */
static bool crosses(const struct c4_measure *measure, struct c4_comparison *what) {
    const struct c4_protocol *protocol = measure->runner->protocol;
    *what = (struct c4_comparison){.statistics = protocol->statistics,
                                   .references = 1u << C4_REFERENCE_PRETRAINED,
                                   .cost = C4_COST_CKA_CROSS};
    if (!c4_run_cross_set(measure->run, &what->set)) return false;
    what->images =
        least(protocol->cka_images, c4_images_of(measure->runner->images, what->set)->count);
    return true;
}

static enum c4_status measure_cross(struct c4_measure *measure, struct c4_plan *plan,
                                    struct c4_row_list *rows) {
    struct c4_comparison what;
    struct c4_row_counts counts = {.count = 0};
    struct c4_prepared_features own;
    if (!crosses(measure, &what)) return C4_OK;
    c4_row_counts_add(&counts, what.images);
    C4_TRY(forward(measure, plan, &what, measure->forwarded, C4_COST_CROSS_FEATURES, rows));
    C4_TRY(c4_prepared_features_make(measure->runner, measure->space, &counts, &own));
    enum c4_status status = c4_prepared_features_out_cost(&own, C4_COST_CKA_OWN, rows);
    if (status == C4_OK) status = c4_compare(measure, &what, &own, rows);
    c4_prepared_features_free(&own);
    return status;
}

/* Whether every epoch has these rows anyway. */
static bool has_rows(const struct c4_measure *measure, enum c4_bn_statistics statistics,
                     size_t images) {
    if (statistics != measure->runner->protocol->statistics) return false;
    for (int i = 0; i < measure->epoch_rows.count; i++)
        if (measure->epoch_rows.value[i] == images) return true;
    return false;
}

/* The last network over more and over fewer images, compared with what claims are about: not with
 * the other seed's initialisation. */
static enum c4_status compare_controls(struct c4_measure *measure, enum c4_bn_statistics statistics,
                                       const struct c4_prepared_features *own,
                                       struct c4_row_list *rows) {
    struct c4_comparison what = {.set = c4_run_image_set(measure->run),
                                 .statistics = statistics,
                                 .references =
                                     c4_references_of(measure->run) & ~(1u << C4_REFERENCE_OTHER),
                                 .cost = C4_COST_CKA_CONTROL};
    for (int i = 0; i < measure->control_rows.count; i++) {
        what.images = (uint32_t)measure->control_rows.value[i];
        if (!has_rows(measure, statistics, what.images))
            C4_TRY(c4_compare(measure, &what, own, rows));
    }
    return C4_OK;
}

/* Controls with the statistics that the study does not use otherwise. */
static enum c4_status measure_other_statistics(struct c4_measure *measure, struct c4_plan *plan,
                                               struct c4_row_list *rows) {
    const bool running = measure->runner->protocol->statistics == C4_BN_BATCH;
    const struct c4_comparison what = {.set = c4_run_image_set(measure->run),
                                       .statistics = running ? C4_BN_RUNNING : C4_BN_BATCH};
    const uint32_t images =
        forwarded_for(measure->runner, &measure->control_rows, measure->evaluation->count);
    struct c4_prepared_features own;
    C4_TRY(forward(measure, plan, &what, images,
                   running ? C4_COST_CONTROL_RUNNING : C4_COST_CONTROL_BATCH, rows));
    C4_TRY(
        c4_prepared_features_make(measure->runner, measure->space, &measure->control_rows, &own));
    enum c4_status status = c4_prepared_features_out_cost(&own, C4_COST_CKA_OWN, rows);
    if (status == C4_OK) status = compare_controls(measure, what.statistics, &own, rows);
    c4_prepared_features_free(&own);
    return status;
}

/* With the study's statistics, over the features that are there. */
static enum c4_status measure_own(struct c4_measure *measure, bool controls,
                                  struct c4_prepared_features *own, struct c4_row_list *rows) {
    const struct c4_row_counts *counts = controls ? &measure->all_rows : &measure->epoch_rows;
    C4_TRY(c4_prepared_features_make(measure->runner, measure->space, counts, own));
    C4_TRY(c4_prepared_features_out_cost(own, C4_COST_CKA_OWN, rows));
    return measure_cka(measure, own, rows);
}

static enum c4_status measure_network(struct c4_measure *measure, struct c4_plan *plan, bool last,
                                      struct c4_row_list *rows) {
    const bool controls = last && measure->control_rows.count > 0;
    const enum c4_bn_statistics statistics = measure->runner->protocol->statistics;
    const uint32_t wanted =
        controls ? forwarded_for(measure->runner, &measure->all_rows, measure->evaluation->count)
                 : measure->forwarded;
    struct c4_prepared_features own = {0};
    C4_TRY(measure_training(measure, plan, rows));
    C4_TRY(measure_evaluation(measure, plan, wanted, rows));
    enum c4_status status = measure_own(measure, controls, &own, rows);
    if (status == C4_OK) status = measure_cross(measure, plan, rows);
    if (status == C4_OK && controls) status = compare_controls(measure, statistics, &own, rows);
    c4_prepared_features_free(&own);
    if (status == C4_OK && controls) status = measure_other_statistics(measure, plan, rows);
    return status;
}

/* Epoch 0: the network is a reference, of which features and logits are known. */
static enum c4_status measure_start(struct c4_measure *measure, struct c4_plan *plan,
                                    struct c4_row_list *rows) {
    struct c4_comparison what = epoch_comparison(measure);
    const uint32_t known = known_images(measure->runner, measure->evaluation->count,
                                        measure->forwarded, measure->tests);
    const struct c4_prepared_features *own;
    C4_TRY(measure_training(measure, plan, rows));
    C4_TRY(c4_compare_start(measure, &what, rows, &own));
    const uint32_t copied = least(known, measure->tests);
    assert(copied <= own->images);
    memcpy(measure->logits, own->logits, (size_t)copied * C4_CLASSES * sizeof *measure->logits);
    C4_TRY(measure_tests(measure, plan, known, rows));
    C4_TRY(measure_cka(measure, own, rows));
    if (!crosses(measure, &what)) return C4_OK;
    C4_TRY(c4_compare_start(measure, &what, rows, &own));
    return c4_compare(measure, &what, own, rows);
}

enum c4_status c4_measure_epoch(struct c4_measure *measure, struct c4_plan *plan, uint32_t epoch,
                                struct c4_row_list *rows) {
    if (epoch > 0) return measure_network(measure, plan, epoch == measure->run->epochs, rows);
    enum c4_status status = measure_start(measure, plan, rows);
    c4_reference_cache_leave(measure->cache);
    return status;
}
