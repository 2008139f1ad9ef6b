#include "repro/run_measure.h"

#include <stdlib.h>

#include "core/data/labels.h"
#include "core/data/split.h"

uint32_t c4_run_forwarded(const struct c4_protocol *protocol, uint32_t available) {
    uint32_t batch = protocol->batch;
    uint32_t wanted = (protocol->cka_images + batch - 1) / batch * batch;
    return wanted < available ? wanted : available;
}

enum c4_status c4_measure_init(struct c4_measure *measure, const struct c4_runner *runner,
                               const struct c4_run *run) {
    *measure = (struct c4_measure){.runner = runner, .run = run};
    C4_TRY(c4_dataset_view(runner->training, 0, run->images, &measure->training));
    measure->forwarded = c4_run_forwarded(runner->protocol, runner->evaluation->count);
    measure->labels = malloc(run->images);
    measure->test_labels = malloc(runner->evaluation->count);
    measure->logits = malloc((size_t)runner->scale->accuracy_images * C4_CLASSES * sizeof(float));
    bool complete = measure->labels && measure->test_labels && measure->logits;
    for (int layer = 0; layer < C4_LAYERS; layer++) {
        size_t count = measure->forwarded * c4_layer_features(layer);
        measure->features[layer] = malloc(count * sizeof(float));
        complete = complete && measure->features[layer];
    }
    if (!complete) return c4_fail(C4_ERR_MEMORY, "out of memory for the features of %s", run->key);
    struct c4_label_spec labels = {run->family->labels, (int)run->family->degree};
    C4_TRY(c4_labels_make(labels, run->seed, &measure->training, measure->labels));
    return c4_labels_make(labels, run->seed, runner->evaluation, measure->test_labels);
}

void c4_measure_free(struct c4_measure *measure) {
    for (int layer = 0; layer < C4_LAYERS; layer++) {
        c4_cka_reference_free(measure->reference[layer]);
        free(measure->features[layer]);
    }
    free(measure->logits);
    free(measure->test_labels);
    free(measure->labels);
    c4_dataset_free(&measure->training);
}

/* c4_pass_watch: a pass counts from its own beginning, advance() wants what is new. */
static enum c4_status watch(void *context, uint32_t images_done) {
    struct c4_measure *measure = context;
    uint32_t before = images_done > measure->pass_images ? measure->pass_images : 0;
    measure->pass_images = images_done;
    return measure->runner->advance(measure->runner->context, images_done - before);
}

static struct c4_pass pass_over(struct c4_measure *measure, struct c4_plan *plan,
                                const struct c4_dataset *data, const uint8_t *labels) {
    measure->pass_images = 0;
    return (struct c4_pass){.step = measure->runner->step,
                            .plan = plan,
                            .data = data,
                            .labels = labels,
                            .batch = (int)measure->runner->protocol->batch,
                            .watch = watch,
                            .watch_context = measure};
}

struct c4_pass c4_measure_training_pass(struct c4_measure *measure, struct c4_plan *plan) {
    return pass_over(measure, plan, &measure->training, measure->labels);
}

struct c4_pass c4_measure_test_pass(struct c4_measure *measure, struct c4_plan *plan) {
    return pass_over(measure, plan, measure->runner->evaluation, measure->test_labels);
}

void c4_rows_result(struct c4_epoch_rows *rows, const char *quantity, double value, int64_t n) {
    rows->results[rows->result_count++] = (struct c4_result_row){quantity, "", "", value, n};
}

void c4_rows_pass(struct c4_epoch_rows *rows, const char *what,
                  const struct c4_pass_result *result) {
    rows->costs[rows->cost_count++] = (struct c4_cost_row){
        .what = what,
        .layer = "",
        .method = "",
        .seconds = result->seconds,
        .images_per_s = result->seconds > 0 ? result->images / result->seconds : 0};
}

static enum c4_status forward(struct c4_measure *measure, struct c4_plan *plan,
                              struct c4_pass_result *result) {
    struct c4_pass pass = c4_measure_test_pass(measure, plan);
    return c4_evaluate(&pass, measure->runner->protocol->statistics, measure->forwarded, result,
                       measure->features);
}

static struct c4_features rows_of(const struct c4_measure *measure, int layer) {
    return (struct c4_features){.data = measure->features[layer],
                                .type = C4_FEATURES_FLOAT,
                                .rows = measure->runner->protocol->cka_images,
                                .features = c4_layer_features(layer),
                                .name = c4_layer_name[layer]};
}

enum c4_status c4_measure_reference(struct c4_measure *measure, struct c4_plan *plan) {
    struct c4_cka_options options = {.gram = measure->runner->gram,
                                     .threads = measure->runner->threads};
    struct c4_pass_result pass;
    C4_TRY(forward(measure, plan, &pass));
    for (int layer = 0; layer < C4_LAYERS; layer++) {
        struct c4_features features = rows_of(measure, layer);
        C4_TRY(c4_cka_prepare(&features, &options, &measure->reference[layer]));
    }
    return C4_OK;
}

static double clean_accuracy(const struct c4_measure *measure, uint32_t count) {
    uint32_t hits = 0;
    for (uint32_t i = 0; i < count; i++) {
        const float *logits = measure->logits + (size_t)i * C4_CLASSES;
        int best = 0;
        for (int k = 1; k < C4_CLASSES; k++)
            if (logits[k] > logits[best]) best = k;
        hits += best == measure->runner->evaluation->labels[i];
    }
    return (double)hits / count;
}

static enum c4_status measure_accuracy(struct c4_measure *measure, struct c4_plan *plan,
                                       struct c4_epoch_rows *rows) {
    enum c4_bn_statistics statistics = measure->runner->protocol->statistics;
    uint32_t images = c4_run_train_accuracy_images(measure->runner, measure->run);
    uint32_t tests = measure->runner->scale->accuracy_images;
    float *const logits[C4_LAYERS] = {[C4_LAYERS - 1] = measure->logits};
    struct c4_pass_result result;

    struct c4_pass pass = c4_measure_training_pass(measure, plan);
    C4_TRY(c4_evaluate(&pass, statistics, images, &result, NULL));
    c4_rows_result(rows, "train_accuracy", result.accuracy, images);
    c4_rows_pass(rows, "train_accuracy", &result);

    pass = c4_measure_test_pass(measure, plan);
    C4_TRY(c4_evaluate(&pass, statistics, tests, &result, logits));
    c4_rows_result(rows, "test_accuracy", result.accuracy, tests);
    c4_rows_result(rows, "test_accuracy_clean", clean_accuracy(measure, tests), tests);
    c4_rows_pass(rows, "test_accuracy", &result);
    return C4_OK;
}

static void cka_cost(struct c4_epoch_rows *rows, const char *what, const char *layer,
                     const struct c4_cka_result *work) {
    rows->costs[rows->cost_count++] =
        (struct c4_cost_row){.what = what,
                             .layer = layer,
                             .method = c4_cka_method_name(work->method),
                             .seconds = work->seconds,
                             .flops = work->flops,
                             .bytes = work->bytes};
}

static enum c4_status measure_cka(struct c4_measure *measure, struct c4_plan *plan,
                                  struct c4_epoch_rows *rows) {
    const char *reference = c4_reference_names[measure->run->family->reference];
    struct c4_pass_result pass;
    C4_TRY(forward(measure, plan, &pass));
    c4_rows_pass(rows, "features", &pass);
    for (int layer = 0; layer < C4_LAYERS; layer++) {
        struct c4_features features = rows_of(measure, layer);
        const char *name = c4_layer_name[layer];
        struct c4_cka_result cka;
        C4_TRY(c4_cka_compare(measure->reference[layer], &features, &cka));
        rows->results[rows->result_count++] =
            (struct c4_result_row){"cka_biased", name, reference, cka.biased, (int64_t)cka.n};
        rows->results[rows->result_count++] =
            (struct c4_result_row){"cka_debiased", name, reference, cka.debiased, (int64_t)cka.n};
        cka_cost(rows, "cka", name, &cka);
        if (measure->reference_told) continue;
        cka = c4_cka_reference_work(measure->reference[layer]);
        cka_cost(rows, "cka_reference", name, &cka);
    }
    measure->reference_told = true;
    return C4_OK;
}

enum c4_status c4_measure_epoch(struct c4_measure *measure, struct c4_plan *plan,
                                struct c4_epoch_rows *rows) {
    C4_TRY(measure_accuracy(measure, plan, rows));
    return measure_cka(measure, plan, rows);
}
