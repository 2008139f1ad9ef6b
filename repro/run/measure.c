#include "repro/run/measure.h"

#include <stdlib.h>

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

/* Rows of CKA that every epoch needs, and the images that are forwarded for them. */
static void cka_size(const struct c4_runner *runner, const struct c4_run *run, uint32_t available,
                     uint32_t *rows, uint32_t *forwarded) {
    const struct c4_protocol *protocol = runner->protocol;
    *rows = c4_run_cka_rows(run, protocol);
    *forwarded = c4_forwarded(protocol->batch, *rows, available);
}

void c4_run_images(const struct c4_runner *runner, const struct c4_run *run,
                   struct c4_run_images *images) {
    const struct c4_scale *scale = runner->scale;
    uint32_t available =
                 c4_run_is_curve(run) ? c4_sets[run->data].files.images[C4_TEST] : C4_HALF_IMAGES,
             rows, forwarded, cross;
    struct c4_image_set other;
    cka_size(runner, run, available, &rows, &forwarded);
    cross = c4_run_cross_set(run, &other) ? forwarded : 0;
    *images = (struct c4_run_images){
        .trained = run->images,
        .measured = least(run->images, scale->train_accuracy_images) +
                    most(forwarded, least(scale->accuracy_images, available)) + cross,
    };
    for (int i = 0; i < scale->control_images.count; i++)
        images->control = most(images->control, scale->control_images.value[i]);
    images->control = 2 * c4_forwarded(runner->protocol->batch, images->control, available);
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
    cka_size(runner, run, evaluation->count, &measure->rows, &measure->forwarded);
    uint32_t logits = most(measure->forwarded, most(measure->tests, measure->train_images));
    measure->evaluation_labels = malloc(evaluation->count);
    measure->logits = malloc((size_t)logits * C4_CLASSES * sizeof(float));
    if (!measure->evaluation_labels || !measure->logits)
        return c4_fail(C4_ERR_MEMORY, "out of memory for the labels of %s", run->key);
    C4_TRY(c4_features_alloc(measure->forwarded, measure->features));
    return c4_labels_make(run->labels, run->seed, evaluation, measure->evaluation_labels);
}

void c4_measure_free(struct c4_measure *measure) {
    c4_features_free(measure->features);
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

/* Forwards the evaluation images: features of the first `forwarded`, logits of all. */
static enum c4_status measure_evaluation(struct c4_measure *measure, struct c4_plan *plan,
                                         struct c4_row_list *rows) {
    enum c4_bn_statistics statistics = measure->runner->protocol->statistics;
    const struct c4_dataset *data = measure->evaluation;
    uint32_t first = measure->forwarded, count = measure->tests;
    struct c4_pass pass = pass_over(measure, plan, data, measure->evaluation_labels);
    struct c4_pass_result result;
    C4_TRY(c4_evaluate(&pass, statistics, 0, first, &result, measure->features));
    C4_TRY(c4_out_pass(rows, C4_COST_FEATURES, &result));
    const float *logits = measure->features[C4_LAYERS - 1];
    for (size_t i = 0; i < (size_t)first * C4_CLASSES; i++) measure->logits[i] = logits[i];
    if (count > first) {
        float *const more[C4_LAYERS] = {[C4_LAYERS - 1] =
                                            measure->logits + (size_t)first * C4_CLASSES};
        pass = pass_over(measure, plan, data, measure->evaluation_labels);
        C4_TRY(c4_evaluate(&pass, statistics, first, count - first, &result, more));
        C4_TRY(c4_out_pass(rows, C4_COST_TEST_ACCURACY, &result));
    }
    C4_TRY(c4_out_result(rows, "test_accuracy",
                         accuracy(measure->logits, measure->evaluation_labels, count), count));
    return c4_out_result(rows, "test_accuracy_clean",
                         accuracy(measure->logits, c4_dataset_labels(data), count), count);
}

static enum c4_status measure_accuracy(struct c4_measure *measure, struct c4_plan *plan,
                                       struct c4_row_list *rows) {
    C4_TRY(measure_training(measure, plan, rows));
    return measure_evaluation(measure, plan, rows);
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

/* Which comparison rows are about. */
struct comparison {
    struct c4_features_of of;
    unsigned references;
    enum c4_cost_what cost;
};

static enum c4_status compare_layer(const struct c4_prepared_features *own,
                                    const struct c4_prepared_features *reference, int layer, uint32_t examples,
                                    const struct c4_similarity_label *label, enum c4_cost_what cost,
                                    struct c4_row_list *rows) {
    for (int i = 0; i < C4_SIMILARITIES; i++) {
        const struct c4_similarity *measure = c4_similarities[i];
        struct c4_similarity_result result;
        if (!own->of[i][layer]) continue;
        C4_TRY(measure->compare(reference->of[i][layer], own->of[i][layer], examples, &result));
        C4_TRY(c4_out_similarity(rows, label, (enum c4_similarity_id)i, &result));
        C4_TRY(c4_out_similarity_cost(rows, cost, label->layer, &result.work));
    }
    return C4_OK;
}

/* The network's own sides are made already. */
static enum c4_status compare_features(struct c4_measure *measure, const struct comparison *what,
                                       const struct c4_prepared_features *own,
                                       struct c4_row_list *rows) {
    enum c4_status status = c4_prepared_features_out_cost(own, what->cost, rows);
    for (int reference = 0; reference < C4_REFERENCES && status == C4_OK; reference++) {
        struct c4_network network = network_of(measure, reference);
        const struct c4_prepared_features *sides;
        if (!(what->references & 1u << reference)) continue;
        status = c4_reference_cache_get(measure->cache, &network, &what->of, rows, &sides);
        for (int layer = 0; layer < C4_LAYERS && status == C4_OK; layer++) {
            const struct c4_similarity_label label = {
                c4_layer_name[layer], c4_reference_names[reference],
                c4_image_set_name(what->of.set), c4_statistics_names[what->of.statistics]};
            status = compare_layer(own, sides, layer, what->of.rows, &label, what->cost, rows);
        }
    }
    return status;
}

static enum c4_status compare(struct c4_measure *measure, const struct comparison *what,
                              float *const features[C4_LAYERS], struct c4_row_list *rows) {
    struct c4_prepared_features own;
    C4_TRY(c4_prepared_features_make(measure->runner, features, what->of.rows, &own));
    enum c4_status status = compare_features(measure, what, &own, rows);
    c4_prepared_features_free(&own);
    return status;
}

/* The network's own evaluation images, whose features are there already. */
static enum c4_status measure_cka(struct c4_measure *measure, struct c4_row_list *rows) {
    const struct c4_protocol *protocol = measure->runner->protocol;
    struct comparison what = {.of = {.set = c4_run_image_set(measure->run),
                                     .statistics = protocol->statistics,
                                     .rows = protocol->cka_images},
                              .references = references_of(measure->run),
                              .cost = C4_COST_CKA};
    C4_TRY(compare(measure, &what, measure->features, rows));
    if (!c4_run_is_curve(measure->run) || protocol->curve_images == protocol->cka_images)
        return C4_OK;
    what.of.rows = protocol->curve_images;
    what.cost = C4_COST_CKA_CURVE;
    return compare(measure, &what, measure->features, rows);
}

/* Forwards `images` of a set. */
static enum c4_status forward(struct c4_measure *measure, struct c4_plan *plan,
                              const struct c4_features_of *of, uint32_t images,
                              enum c4_cost_what cost, float *const features[C4_LAYERS],
                              struct c4_row_list *rows) {
    const struct c4_dataset *data = c4_images_of(measure->runner->images, of->set);
    struct c4_pass pass = pass_over(measure, plan, data, c4_dataset_labels(data));
    struct c4_pass_result result;
    C4_TRY(c4_evaluate(&pass, of->statistics, 0, images, &result, features));
    return c4_out_pass(rows, cost, &result);
}

/* Fine-tuned networks on the images of the other task. */
static enum c4_status measure_cross(struct c4_measure *measure, struct c4_plan *plan,
                                    struct c4_row_list *rows) {
    struct comparison what = {.of = {.statistics = measure->runner->protocol->statistics,
                                     .rows = measure->runner->protocol->cka_images},
                              .references = 1u << C4_REFERENCE_PRETRAINED,
                              .cost = C4_COST_CKA_CROSS};
    if (!c4_run_cross_set(measure->run, &what.of.set)) return C4_OK;
    C4_TRY(forward(measure, plan, &what.of, measure->forwarded, C4_COST_CROSS_FEATURES,
                   measure->features, rows));
    return compare(measure, &what, measure->features, rows);
}

/* Whether every epoch has these rows anyway. */
static bool has_rows(const struct c4_measure *measure, const struct c4_features_of *of) {
    const struct c4_protocol *protocol = measure->runner->protocol;
    return of->statistics == protocol->statistics &&
           (of->rows == protocol->cka_images ||
            (c4_run_is_curve(measure->run) && of->rows == protocol->curve_images));
}

/* The network's sides over every number of examples that is not there anyway. */
static enum c4_status make_controls(struct c4_measure *measure, struct c4_plan *plan,
                                    const struct comparison *what, enum c4_cost_what cost,
                                    struct c4_prepared_features own[C4_LIST_MAX],
                                    struct c4_row_list *rows) {
    const struct c4_list *sizes = &measure->runner->scale->control_images;
    uint32_t available = measure->evaluation->count;
    uint32_t images =
        c4_forwarded(measure->runner->protocol->batch, sizes->value[sizes->count - 1], available);
    struct c4_features_of of = what->of;
    float *features[C4_LAYERS];
    C4_TRY(c4_features_alloc(images, features));
    enum c4_status status = forward(measure, plan, &of, images, cost, features, rows);
    for (int i = 0; i < sizes->count && status == C4_OK; i++) {
        bool largest = i == sizes->count - 1;
        of.rows = least(sizes->value[i], available);
        if (has_rows(measure, &of)) continue;
        status = largest ? c4_prepared_features_use(measure->runner, features, of.rows, &own[i])
                         : c4_prepared_features_make(measure->runner, features, of.rows, &own[i]);
    }
    c4_features_free(features);
    return status;
}

/* The last network by both statistics, over more and over fewer images, compared with what claims
 * are about: not with the other seed's initialisation. Features of so many images are large: those
 * of the network are gone before those of a reference come. */
static enum c4_status measure_control(struct c4_measure *measure, struct c4_plan *plan,
                                      struct c4_row_list *rows) {
    const struct c4_list *sizes = &measure->runner->scale->control_images;
    struct comparison what = {.of = {.set = c4_run_image_set(measure->run)},
                              .references =
                                  references_of(measure->run) & ~(1u << C4_REFERENCE_OTHER),
                              .cost = C4_COST_CKA_CONTROL};
    enum c4_status status = C4_OK;
    for (int running = 0; running < 2 && status == C4_OK && sizes->count > 0; running++) {
        struct c4_prepared_features own[C4_LIST_MAX] = {0};
        what.of.statistics = running ? C4_BN_RUNNING : C4_BN_BATCH;
        status =
            make_controls(measure, plan, &what,
                          running ? C4_COST_CONTROL_RUNNING : C4_COST_CONTROL_BATCH, own, rows);
        for (int i = 0; i < sizes->count && status == C4_OK; i++) {
            what.of.rows = least(sizes->value[i], measure->evaluation->count);
            if (!has_rows(measure, &what.of))
                status = compare_features(measure, &what, &own[i], rows);
        }
        for (int i = 0; i < sizes->count; i++) c4_prepared_features_free(&own[i]);
    }
    return status;
}

enum c4_status c4_measure_epoch(struct c4_measure *measure, struct c4_plan *plan, bool last,
                                struct c4_row_list *rows) {
    C4_TRY(measure_accuracy(measure, plan, rows));
    C4_TRY(measure_cka(measure, rows));
    C4_TRY(measure_cross(measure, plan, rows));
    if (!last) return C4_OK;
    c4_features_free(measure->features); /* a run's last measurement */
    C4_TRY(measure_control(measure, plan, rows));
    return c4_features_alloc(measure->forwarded, measure->features);
}
