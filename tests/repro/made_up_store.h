/* The made-up study of tests/repro/made_up.h as a database, written through the store. */
#ifndef C4_TESTS_REPRO_MADE_UP_STORE_H
#define C4_TESTS_REPRO_MADE_UP_STORE_H

#include <stdbool.h>
#include <stdlib.h>

#include "repro/store/store.h"
#include "repro/study/schedule.h"
#include "tests/harness/unit.h"
#include "tests/repro/made_up.h"

/* Costs of a run. Row i takes i + 1 ms: training, test accuracy, then by layer comparisons,
 * references and the network's own product, and a comparison of pool1 on other images. */
enum { MADE_UP_COSTS = 18 };

struct made_up_rows_out {
    struct c4_result_row *result;
    int count, capacity;
    const struct c4_rows_run *run;
};

static inline void made_up_add(struct made_up_rows_out *out, struct c4_row_query q) {
    double value = made_up_value(out->run, &q);
    if (isnan(value)) return;
    if (out->count == out->capacity) {
        out->capacity = 2 * out->capacity + 1024;
        out->result = realloc(out->result, (size_t)out->capacity * sizeof *out->result);
        assert_non_null(out->result);
    }
    struct c4_result_row *row = &out->result[out->count++];
    *row = (struct c4_result_row){.epoch = q.epoch,
                                  .value = value,
                                  .n = q.n,
                                  .measure = c4_rows_is_similarity(q.quantity) ? 1 : 0};
    snprintf(row->quantity, sizeof row->quantity, "%s", q.quantity);
    snprintf(row->layer, sizeof row->layer, "%s", q.layer);
    snprintf(row->reference, sizeof row->reference, "%s", q.reference);
    snprintf(row->images, sizeof row->images, "%s", q.images);
    snprintf(row->statistics, sizeof row->statistics, "%s", q.statistics);
}

static inline void made_up_add_cka(struct made_up_rows_out *out, int64_t epoch,
                                   const char *reference, const char *images,
                                   const char *statistics, int64_t n) {
    for (int layer = 0; layer < C4_LAYERS; layer++)
        for (int debiased = 0; debiased < 2; debiased++)
            made_up_add(out,
                        (struct c4_row_query){.family = out->run->family,
                                              .seed = out->run->seed,
                                              .epoch = epoch,
                                              .quantity = debiased ? "cka_debiased" : "cka_biased",
                                              .layer = c4_layer_name[layer],
                                              .reference = reference,
                                              .images = images,
                                              .statistics = statistics,
                                              .n = n});
}

static inline void made_up_add_epoch(struct made_up_rows_out *out, int64_t epoch) {
    static const char *const plain[] = {"loss", "train_accuracy", "train_accuracy_clean",
                                        "test_accuracy", "test_accuracy_clean"};
    static const char *const reference[] = {"initialisation", "other-initialisation", "pretrained"};
    static const int64_t images[] = {100, 200, 500, 2000};
    bool last = epoch == out->run->epochs, tunes = strncmp(out->run->family, "finetune", 8) == 0;
    bool digits = strstr(out->run->family, "svhn") != NULL;
    bool halves = tunes || strncmp(out->run->family, "scratch", 7) == 0;
    const char *own = digits ? "svhn-heldout" : halves ? "cifar10-heldout" : "cifar10-test";
    for (int i = 0; i < 5; i++)
        made_up_add(out, (struct c4_row_query){.family = out->run->family,
                                               .seed = out->run->seed,
                                               .epoch = epoch,
                                               .quantity = plain[i],
                                               .layer = "",
                                               .reference = "",
                                               .images = "",
                                               .statistics = "batch",
                                               .n = 1000});
    for (int r = 0; r < (tunes ? 3 : 2); r++)
        for (int i = 0; i < 8; i++) {
            const char *statistics = i < 4 ? "batch" : "running";
            if (last || (images[i % 4] == 500 && i < 4))
                made_up_add_cka(out, epoch, reference[r], own, statistics, images[i % 4]);
        }
    if (tunes)
        made_up_add_cka(out, epoch, "pretrained", digits ? "cifar10-heldout" : "svhn-heldout",
                        "batch", 500);
}

static inline void made_up_run(struct c4_store *store, const struct c4_protocol *protocol,
                               const struct c4_run *run, bool synthetic) {
    struct c4_rows_run like = {.seed = run->seed, .epochs = run->epochs, .images = run->images};
    struct made_up_rows_out out = {.run = &like};
    struct c4_cost_row costs[MADE_UP_COSTS];
    bool digits = strstr(run->family, "svhn") != NULL;
    snprintf(like.family, sizeof like.family, "%s", run->family);
    for (int64_t epoch = 0; epoch <= like.epochs; epoch++) made_up_add_epoch(&out, epoch);
    for (int i = 0; i < MADE_UP_COSTS; i++) {
        struct c4_cost_row *cost = &costs[i];
        *cost = (struct c4_cost_row){.epoch = 1, .seconds = 0.001 * (i + 1), .started = "s"};
        cost->what = i == 0   ? C4_COST_TRAIN
                     : i == 1 ? C4_COST_TEST_ACCURACY
                     : i < 7  ? C4_COST_CKA
                     : i < 12 ? C4_COST_CKA_REFERENCE
                     : i < 17 ? C4_COST_CKA_OWN
                              : C4_COST_CKA_CROSS;
        if (i == 0) cost->images_per_s = 900 + 10 * (double)run->seed;
        if (i == 0) cost->seconds = run->images * (double)run->epochs / 900;
        if (i < 2) continue;
        snprintf(cost->layer, sizeof cost->layer, "%s", c4_layer_name[(i - 2) % 5]);
        snprintf(cost->method, sizeof cost->method, "gram");
        if (!c4_cost_is_comparison(cost->what)) cost->flops = 1e9 / (i + 1);
        if (!c4_cost_is_comparison(cost->what)) cost->bytes = 1e8;
    }
    const struct c4_provenance from = {
        .data = synthetic ? "synthetic objects train" : "CIFAR-10 train",
        .data_sha256 = "1f2e3d4c5b6a79880f1e2d3c4b5a69788796a5b4c3d2e1f00123456789abcdef",
        .evaluation = digits      ? synthetic ? "synthetic digits train" : "SVHN-10k substitute"
                      : synthetic ? "synthetic objects test"
                                  : "CIFAR-10 test",
        .evaluation_sha256 = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff",
        .code_version = "0.0",
        .arithmetic = 1,
        .backend = "ref",
        .synthetic = synthetic,
        .substitute = digits && !synthetic};
    struct c4_store_segment segment = {.run = run->key,
                                       .state = C4_RUN_DONE,
                                       .provenance = &from,
                                       .results = out.result,
                                       .result_count = out.count,
                                       .costs = costs,
                                       .cost_count = MADE_UP_COSTS,
                                       .threads = 1,
                                       .place = run->seed % 2 ? "0" : "1",
                                       .node = -1,
                                       .memory_node = -1,
                                       .program = "0.0",
                                       .epoch = run->epochs,
                                       .checkpoint = "none"};
    assert_int_equal(c4_store_run_add(store, run, protocol), C4_OK);
    if (c4_store_segment(store, &segment) != C4_OK) fail_msg("%s", c4_error());
    free(out.result);
}

/* Writes FOLDER/study.db with every run of the scale, except that runs of the family `but` (may be
 * NULL) stay planned. */
static inline void made_up_store(const char *folder, const struct c4_study *study,
                                 const struct c4_scale *scale, bool synthetic, const char *but) {
    struct c4_store *store;
    struct c4_schedule schedule;
    struct c4_text value = {0};
    assert_int_equal(c4_store_open(folder, false, &store), C4_OK);
    assert_int_equal(c4_store_setting(store, "scale", scale->name), C4_OK);
    for (int table = 0; table < 2; table++) {
        const void *object = table ? (const void *)scale : (const void *)&study->protocol;
        const struct c4_field *field = table ? c4_scale_fields : c4_protocol_fields;
        for (; field->key; field++) {
            /* Values that differ between a folder's runs are part of their names. */
            if (field->type != C4_FIELD_INTEGER && field->type != C4_FIELD_REAL) continue;
            if (strcmp(field->key, "curve_images") == 0) continue;
            assert_int_equal(c4_field_write(field, object, &value), C4_OK);
            assert_int_equal(c4_store_setting(store, field->key, c4_text_string(&value)), C4_OK);
        }
    }
    assert_int_equal(c4_schedule_make(study, scale, NULL, &schedule), C4_OK);
    for (int i = 0; i < schedule.count; i++)
        if (but && strcmp(schedule.run[i].family, but) == 0)
            assert_int_equal(c4_store_run_add(store, &schedule.run[i], &study->protocol), C4_OK);
        else
            made_up_run(store, &study->protocol, &schedule.run[i], synthetic);
    c4_text_free(&value);
    c4_schedule_free(&schedule);
    c4_store_close(store);
}

#endif
