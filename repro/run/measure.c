#include "repro/run/measure.h"

#include <stdlib.h>
#include <string.h>

#include "core/data/labels.h"
#include "core/data/split.h"
#include "core/host/clock.h"
#include "core/op/names.h"

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

static void add_controls(const struct c4_runner *runner, uint32_t available,
                         struct c4_row_counts *counts) {
    const struct c4_list *sizes = &runner->scale->control_images;
    for (int i = 0; i < sizes->count; i++)
        c4_row_counts_add(counts, least(sizes->value[i], available));
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
    add_controls(runner, available, &control);
    add_controls(runner, available, &all);
    *images = (struct c4_run_images){
        .trained = run->images,
        .measured = least(run->images, scale->train_accuracy_images) + most(forwarded, tests) +
                    (c4_run_cross_set(run, &other) ? forwarded : 0),
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
                               const struct c4_training *training,
                               struct c4_reference_cache *cache) {
    *measure =
        (struct c4_measure){.runner = runner,
                            .progress = {.runner = runner},
                            .training = training,
                            .run = run,
                            .cache = cache,
                            .source = *source,
                            .evaluation = c4_images_of(runner->images, c4_run_image_set(run))};
    const struct c4_dataset *evaluation = measure->evaluation;
    measure->train_images = least(run->images, runner->scale->train_accuracy_images);
    measure->tests = least(runner->scale->accuracy_images, evaluation->count);
    measure->epoch_rows = measure->all_rows = epoch_counts(runner, run, evaluation->count);
    add_controls(runner, evaluation->count, &measure->all_rows);
    add_controls(runner, evaluation->count, &measure->control_rows);
    measure->forwarded = forwarded_for(runner, &measure->epoch_rows, evaluation->count);
    uint32_t logits = most(measure->forwarded, most(measure->tests, measure->train_images));
    measure->evaluation_labels = malloc(evaluation->count);
    measure->logits = malloc((size_t)logits * C4_CLASSES * sizeof(float));
    if (!measure->evaluation_labels || !measure->logits)
        return c4_fail(C4_ERR_MEMORY, "out of memory for the labels of %s", run->key);
    return c4_labels_make(run->labels, run->seed, evaluation, measure->evaluation_labels);
}

void c4_measure_free(struct c4_measure *measure) {
    c4_features_free(measure->features);
    free(measure->logits);
    free(measure->evaluation_labels);
}

/* Room for the features of `images` images; more room than that is returned. */
static enum c4_status make_room(struct c4_measure *measure, uint32_t images) {
    if (measure->room == images && measure->features[0]) return C4_OK;
    c4_features_free(measure->features);
    measure->room = images;
    return c4_features_alloc(images, measure->features);
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
        at[layer] = measure->features[layer] + first * c4_layer_features(layer);
    struct c4_pass pass = pass_over(measure, plan, measure->evaluation, measure->evaluation_labels);
    C4_TRY(c4_evaluate(&pass, measure->runner->protocol->statistics, first, count, &result, at));
    return c4_out_pass(rows, cost, &result);
}

/* Forwards the evaluation images: features of the first `wanted`, logits of all `tests`. Images
 * beyond those that one pass serves are forwarded twice. */
static enum c4_status measure_evaluation(struct c4_measure *measure, struct c4_plan *plan,
                                         uint32_t wanted, struct c4_row_list *rows) {
    const struct c4_dataset *data = measure->evaluation;
    const uint32_t tests = measure->tests, epoch = measure->forwarded,
                   shared = shared_images(measure->runner, wanted, epoch, tests);
    C4_TRY(make_room(measure, wanted));
    C4_TRY(forward_features(measure, plan, 0, least(shared, epoch), C4_COST_FEATURES, rows));
    if (shared > epoch)
        C4_TRY(forward_features(measure, plan, epoch, shared - epoch, C4_COST_CONTROL_BATCH, rows));
    memcpy(measure->logits, measure->features[C4_LAYERS - 1],
           (size_t)least(shared, tests) * C4_CLASSES * sizeof *measure->logits);
    if (tests > shared) {
        float *const more[C4_LAYERS] = {[C4_LAYERS - 1] =
                                            measure->logits + (size_t)shared * C4_CLASSES};
        struct c4_pass pass = pass_over(measure, plan, data, measure->evaluation_labels);
        struct c4_pass_result result;
        C4_TRY(c4_evaluate(&pass, measure->runner->protocol->statistics, shared, tests - shared,
                           &result, more));
        C4_TRY(c4_out_pass(rows, C4_COST_TEST_ACCURACY, &result));
    }
    if (wanted > shared)
        C4_TRY(forward_features(measure, plan, shared, wanted - shared,
                                shared < epoch ? C4_COST_FEATURES : C4_COST_CONTROL_BATCH, rows));
    C4_TRY(c4_out_result(rows, "test_accuracy",
                         accuracy(measure->logits, measure->evaluation_labels, tests), tests));
    return c4_out_result(rows, "test_accuracy_clean",
                         accuracy(measure->logits, c4_dataset_labels(data), tests), tests);
}

/* The networks that a run is compared with; bit i of `which` is enum c4_reference i. */
static unsigned references_of(const struct c4_run *run) {
    unsigned own = 1u << C4_REFERENCE_INITIALISATION;
    if (run->kind == C4_KIND_SCRATCH) return own;
    own |= 1u << C4_REFERENCE_OTHER;
    return run->kind == C4_KIND_FINETUNE ? own | 1u << C4_REFERENCE_PRETRAINED : own;
}

static struct c4_network network_of(const struct c4_measure *measure, int reference) {
    const struct c4_run *run = measure->run;
    struct c4_network network = {.seed = run->seed, .order = run->order};
    if (reference == C4_REFERENCE_OTHER) network.seed = c4_other_seed(run->seed);
    if (reference == C4_REFERENCE_PRETRAINED) network.checkpoint = measure->source;
    return network;
}

/* Which comparisons rows are about. */
struct comparison {
    struct c4_image_set set;
    enum c4_bn_statistics statistics;
    uint32_t images;
    unsigned references;
    enum c4_cost_what cost;
};

static enum c4_status compare_layer(const struct c4_prepared_features *own,
                                    const struct c4_prepared_features *reference, int layer,
                                    const struct comparison *what,
                                    const struct c4_similarity_label *label,
                                    struct c4_row_list *rows) {
    for (int i = 0; i < C4_SIMILARITIES; i++) {
        const struct c4_similarity *measure = c4_similarities[i];
        struct c4_similarity_result result;
        if (!own->of[i][layer]) continue;
        C4_TRY(measure->compare(reference->of[i][layer], own->of[i][layer], what->images, &result));
        C4_TRY(c4_out_similarity(rows, label, (enum c4_similarity_id)i, &result));
        C4_TRY(c4_out_similarity_cost(rows, what->cost, label->layer, &result.work));
    }
    return C4_OK;
}

/* Whether the other seed's initial network is also a run's own, which controls compare with. */
static bool other_is_own(const struct c4_measure *measure) {
    const struct c4_seeds *seeds = &measure->runner->scale->seeds;
    for (int i = 0; i < seeds->count; i++)
        if (seeds->seed[i] == c4_other_seed(measure->run->seed)) return true;
    return false;
}

/* What references are prepared for: all numbers of images at once that any run may compare them
 * over, so that the one that asks first does not matter. */
static struct c4_features_of reference_features(const struct c4_measure *measure,
                                                const struct comparison *what, int reference) {
    const struct c4_runner *runner = measure->runner;
    const uint32_t available = c4_images_of(runner->images, what->set)->count;
    struct c4_features_of of = {.set = what->set, .statistics = what->statistics};
    if (what->statistics == runner->protocol->statistics) {
        c4_row_counts_add(&of.rows, least(runner->protocol->cka_images, available));
        c4_row_counts_add(&of.rows, least(runner->protocol->curve_images, available));
    }
    if (reference != C4_REFERENCE_OTHER || other_is_own(measure))
        add_controls(runner, available, &of.rows);
    return of;
}

static enum c4_status compare(struct c4_measure *measure, const struct comparison *what,
                              const struct c4_prepared_features *own, struct c4_row_list *rows) {
    for (int reference = 0; reference < C4_REFERENCES; reference++) {
        const struct c4_network network = network_of(measure, reference);
        const struct c4_features_of of = reference_features(measure, what, reference);
        const struct c4_prepared_features *sides;
        if (!(what->references & 1u << reference)) continue;
        C4_TRY(c4_reference_cache_get(measure->cache, &network, &of, rows, &sides));
        for (int layer = 0; layer < C4_LAYERS; layer++) {
            const struct c4_similarity_label label = {
                c4_layer_name[layer], c4_reference_names[reference], c4_image_set_name(what->set),
                c4_statistics_names[what->statistics]};
            C4_TRY(compare_layer(own, sides, layer, what, &label, rows));
        }
    }
    return C4_OK;
}

/* The network on its own evaluation images, as every epoch is compared. */
static enum c4_status measure_cka(struct c4_measure *measure,
                                  const struct c4_prepared_features *own,
                                  struct c4_row_list *rows) {
    const struct c4_protocol *protocol = measure->runner->protocol;
    const uint32_t available = measure->evaluation->count;
    struct comparison what = {.set = c4_run_image_set(measure->run),
                              .statistics = protocol->statistics,
                              .images = least(protocol->cka_images, available),
                              .references = references_of(measure->run),
                              .cost = C4_COST_CKA};
    C4_TRY(compare(measure, &what, own, rows));
    if (!c4_run_is_curve(measure->run) || protocol->curve_images == protocol->cka_images)
        return C4_OK;
    what.images = least(protocol->curve_images, available);
    what.cost = C4_COST_CKA_CURVE;
    return compare(measure, &what, own, rows);
}

/* Forwards the first images of a set. */
static enum c4_status forward(struct c4_measure *measure, struct c4_plan *plan,
                              const struct comparison *what, uint32_t images,
                              enum c4_cost_what cost, struct c4_row_list *rows) {
    const struct c4_dataset *data = c4_images_of(measure->runner->images, what->set);
    struct c4_pass pass = pass_over(measure, plan, data, c4_dataset_labels(data));
    struct c4_pass_result result;
    C4_TRY(make_room(measure, images));
    C4_TRY(c4_evaluate(&pass, what->statistics, 0, images, &result, measure->features));
    return c4_out_pass(rows, cost, &result);
}

/* Fine-tuned networks on the images of the other task. */
static enum c4_status measure_cross(struct c4_measure *measure, struct c4_plan *plan,
                                    struct c4_row_list *rows) {
    const struct c4_protocol *protocol = measure->runner->protocol;
    struct comparison what = {.statistics = protocol->statistics,
                              .references = 1u << C4_REFERENCE_PRETRAINED,
                              .cost = C4_COST_CKA_CROSS};
    struct c4_row_counts counts = {.count = 0};
    struct c4_prepared_features own;
    if (!c4_run_cross_set(measure->run, &what.set)) return C4_OK;
    what.images =
        least(protocol->cka_images, c4_images_of(measure->runner->images, what.set)->count);
    c4_row_counts_add(&counts, what.images);
    C4_TRY(forward(measure, plan, &what, measure->forwarded, C4_COST_CROSS_FEATURES, rows));
    C4_TRY(c4_prepared_features_make(measure->runner, measure->features, &counts, &own));
    enum c4_status status = c4_prepared_features_out_cost(&own, C4_COST_CKA_OWN, rows);
    if (status == C4_OK) status = compare(measure, &what, &own, rows);
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
    struct comparison what = {.set = c4_run_image_set(measure->run),
                              .statistics = statistics,
                              .references =
                                  references_of(measure->run) & ~(1u << C4_REFERENCE_OTHER),
                              .cost = C4_COST_CKA_CONTROL};
    for (int i = 0; i < measure->control_rows.count; i++) {
        what.images = (uint32_t)measure->control_rows.value[i];
        if (!has_rows(measure, statistics, what.images)) C4_TRY(compare(measure, &what, own, rows));
    }
    return C4_OK;
}

/* Controls with the statistics that the study does not use otherwise. */
static enum c4_status measure_other_statistics(struct c4_measure *measure, struct c4_plan *plan,
                                               struct c4_row_list *rows) {
    const bool running = measure->runner->protocol->statistics == C4_BN_BATCH;
    const struct comparison what = {.set = c4_run_image_set(measure->run),
                                    .statistics = running ? C4_BN_RUNNING : C4_BN_BATCH};
    const uint32_t images =
        forwarded_for(measure->runner, &measure->control_rows, measure->evaluation->count);
    struct c4_prepared_features own;
    C4_TRY(forward(measure, plan, &what, images,
                   running ? C4_COST_CONTROL_RUNNING : C4_COST_CONTROL_BATCH, rows));
    C4_TRY(
        c4_prepared_features_use(measure->runner, measure->features, &measure->control_rows, &own));
    enum c4_status status = c4_prepared_features_out_cost(&own, C4_COST_CKA_OWN, rows);
    if (status == C4_OK) status = compare_controls(measure, what.statistics, &own, rows);
    c4_prepared_features_free(&own);
    return status;
}

/* With the study's statistics, over the features that are there. Features of so many images are
 * large: those of the network are gone before those of a reference come. */
static enum c4_status measure_own(struct c4_measure *measure, bool controls,
                                  struct c4_prepared_features *own, struct c4_row_list *rows) {
    const struct c4_row_counts *counts = controls ? &measure->all_rows : &measure->epoch_rows;
    C4_TRY(controls ? c4_prepared_features_use(measure->runner, measure->features, counts, own)
                    : c4_prepared_features_make(measure->runner, measure->features, counts, own));
    C4_TRY(c4_prepared_features_out_cost(own, C4_COST_CKA_OWN, rows));
    return measure_cka(measure, own, rows);
}

enum c4_status c4_measure_epoch(struct c4_measure *measure, struct c4_plan *plan, bool last,
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
    if (status == C4_OK && controls) {
        c4_features_free(measure->features);
        status = compare_controls(measure, statistics, &own, rows);
    }
    c4_prepared_features_free(&own);
    if (status == C4_OK && controls) status = measure_other_statistics(measure, plan, rows);
    return status;
}
