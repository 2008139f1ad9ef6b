/* Runs in segments: the same rows and checkpoints however they are divided, and the expected set of
 * rows. */
#include <math.h>

#include "core/cost/cka_cost.h"
#include "core/data/batch.h"
#include "core/net/init.h"
#include "repro/run/measure.h"
#include "repro/run/resume.h"
#include "tests/repro/made_up_store.h"
#include "tests/repro/run_bench.h"

/* Rows with these values; NULL and -1 match any. */
static int count(const struct c4_row_list *rows, int64_t epoch, const char *reference,
                 const char *images, const char *statistics, int64_t n) {
    int found = 0;
    for (int i = 0; i < rows->result_count; i++) {
        const struct c4_result_row *row = &rows->results[i];
        assert_true(isfinite(row->value));
        found += (epoch < 0 || row->epoch == epoch) && strcmp(row->reference, reference) == 0 &&
                 strcmp(row->images, images) == 0 && strcmp(row->statistics, statistics) == 0 &&
                 (n < 0 || row->n == n);
    }
    return found;
}

static double value(const struct c4_row_list *rows, int64_t epoch, const char *quantity,
                    const char *layer, const char *reference, const char *images, int64_t n) {
    for (int i = 0; i < rows->result_count; i++) {
        const struct c4_result_row *row = &rows->results[i];
        if (row->epoch == epoch && strcmp(row->quantity, quantity) == 0 &&
            strcmp(row->layer, layer) == 0 && strcmp(row->reference, reference) == 0 &&
            strcmp(row->images, images) == 0 && strcmp(row->statistics, "batch") == 0 &&
            (n < 0 || row->n == n))
            return row->value;
    }
    fail_msg("no row %s %s %s %s %d", quantity, layer, reference, images, (int)n);
    return 0;
}

/* Comparisons cost what they compute: not the product of a side, which another row counts, and not
 * the rows beyond theirs that a reference was prepared for. */
static void assert_comparisons_cost_little(const struct c4_row_list *rows) {
    int compared = 0;
    for (int i = 0; i < rows->cost_count; i++) {
        const struct c4_cost_row *row = &rows->costs[i];
        if (row->what != C4_COST_CKA || strcmp(row->layer, "pool1") != 0) continue;
        /* with two networks, over 40 images */
        const double once = c4_cka_gram_products_cost(40).flops;
        assert_true(row->flops == 2 * once);
        compared++;
    }
    assert_int_equal(compared, 3);
}

/* A backend that runs steps in phases reports each phase's time in every training epoch; its rows
 * of results are the reference's. */
static void phases_are_timed(void **state) {
    static struct bench bench;
    struct c4_row_list plain, phased;
    struct c4_known_checkpoint last;
    struct c4_dispatch portable;
    set_up(&bench, scratch_path(state, "."));
    struct c4_step_api silent = *bench.runner.step; /* any backend, but reporting no phases */
    silent.phases = NULL;
    silent.time_phases = NULL;
    bench.runner.step = &silent;
    do_run(&bench, "pretrain-d0", 3, NULL, &plain, &last);
    /* A build with sanitizers lacks portable; its native backend is then on both sides. */
    if (c4_dispatch("portable", &portable) != C4_OK) portable = bench.dispatch;
    assert_non_null(portable.backend.step->phases);
    bench.runner.step = portable.backend.step;
    bench.runner.gram = c4_backend_gram(&portable.backend);
    do_run(&bench, "pretrain-d0", 3, NULL, &phased, &last);
    assert_int_equal(plain.result_count, phased.result_count);
    assert_memory_equal(plain.results, phased.results,
                        (size_t)plain.result_count * sizeof *plain.results);
    for (int i = 0; i < plain.cost_count; i++)
        assert_int_not_equal(plain.costs[i].what, C4_COST_TRAIN_PHASE);
    for (int epoch = 0; epoch <= 2; epoch++) {
        double whole = 0, parts = 0, flops = 0;
        int phases = 0;
        for (int i = 0; i < phased.cost_count; i++) {
            const struct c4_cost_row *row = &phased.costs[i];
            if (row->epoch != epoch) continue;
            if (row->what == C4_COST_TRAIN) whole += row->seconds;
            if (row->what != C4_COST_TRAIN_PHASE) continue;
            assert_true(row->layer[0] && row->started[0] && row->seconds > 0);
            parts += row->seconds;
            flops += row->flops;
            phases++;
        }
        assert_int_equal(phases > 0, epoch > 0);
        assert_true(parts <= whole); /* batches are gathered between steps */
        assert_int_equal(flops > 0, epoch > 0);
    }
    c4_out_free(&plain);
    c4_out_free(&phased);
    tear_down(&bench);
}

static void cut_anywhere(void **state) {
    static struct bench bench;
    struct c4_row_list whole, cut;
    struct c4_known_checkpoint a, b, tuned;
    set_up(&bench, scratch_path(state, "."));
    do_run(&bench, "pretrain-d0", 3, NULL, &whole, &a);
    /* 2 x 48 trained; 2 x (32 + 80) measured, and at the start 32 and those beyond the 64 that a
     * reference forwards; 64 by running statistics in the table of settings. */
    struct c4_run_images images;
    struct c4_run run;
    assert_true(c4_run_describe(&bench.study, &bench.scale, "pretrain-d0", 1, &run));
    c4_run_images(&bench.runner, &run, &images);
    assert_int_equal(bench.images_done,
                     images.start + 2 * (images.trained + images.measured) + images.control);
    assert_int_equal(bench.images_done, 32 + 80 - 64 + 2 * (48 + 32 + 80) + 64);
    do_run(&bench, "pretrain-d0", 1, NULL, &cut, &b);
    assert_int_equal(whole.result_count, cut.result_count);
    assert_memory_equal(whole.results, cut.results, (size_t)cut.result_count * sizeof *cut.results);
    assert_string_equal(a.sha256, b.sha256);

    assert_comparisons_cost_little(&whole);

    static const char test[] = "cifar10-test";
    assert_int_equal(count(&whole, 0, "", "", "batch", -1), 4);
    assert_int_equal(count(&whole, 1, "", "", "batch", -1), 6);
    for (int epoch = 0; epoch <= 2; epoch++) {
        assert_int_equal(count(&whole, epoch, "initialisation", test, "batch", 40), 10);
        assert_int_equal(count(&whole, epoch, "initialisation", test, "batch", 20), 10);
        assert_int_equal(count(&whole, epoch, "other-initialisation", test, "batch", 40), 10);
    }
    assert_int_equal(count(&whole, 1, "initialisation", test, "running", -1), 0);
    assert_int_equal(count(&whole, 2, "initialisation", test, "running", 20), 10);
    assert_int_equal(count(&whole, 2, "other-initialisation", test, "running", -1), 0);
    assert_true(fabs(value(&whole, 0, "cka_biased", "pool1", "initialisation", test, 40) - 1) <
                1e-12);
    double other = value(&whole, 0, "cka_biased", "pool4", "other-initialisation", test, 40);
    assert_true(other > 0 && other < 0.999);
    assert_true(value(&whole, 2, "cka_biased", "logits", "initialisation", test, 40) < 1);

    /* Fine-tuning begins where pre-training ended. */
    c4_out_free(&cut);
    do_run(&bench, "finetune-cifar10-d9", 2, &a, &cut, &tuned);
    static const char own[] = "cifar10-heldout", cross[] = "svhn-heldout";
    for (int epoch = 0; epoch <= 1; epoch++) {
        assert_int_equal(count(&cut, epoch, "pretrained", own, "batch", 40), 10);
        assert_int_equal(count(&cut, epoch, "initialisation", own, "batch", 40), 10);
        assert_int_equal(count(&cut, epoch, "other-initialisation", own, "batch", 40), 10);
        assert_int_equal(count(&cut, epoch, "pretrained", cross, "batch", 40), 10);
        assert_int_equal(count(&cut, epoch, "initialisation", cross, "batch", -1), 0);
    }
    assert_int_equal(count(&cut, 0, "pretrained", own, "batch", 20), 0); /* no curve */
    assert_int_equal(count(&cut, 1, "pretrained", own, "batch", 20), 10);
    assert_int_equal(count(&cut, 1, "pretrained", own, "running", -1), 30);
    assert_true(fabs(value(&cut, 0, "cka_debiased", "pool3", "pretrained", own, 40) - 1) < 1e-9);
    assert_true(fabs(value(&cut, 0, "cka_biased", "logits", "pretrained", cross, 40) - 1) < 1e-9);
    assert_true(value(&cut, 1, "cka_biased", "logits", "pretrained", own, 40) < 1);

    /* A source other than the known one is refused. */
    struct c4_execution *execution;
    struct c4_segment segment = {.from = -1, .to = 1, .source = a};
    struct c4_row_list rows = {.statistics = "batch"};
    bool faulty;
    segment.source.sha256[0] = segment.source.sha256[0] == '0' ? '1' : '0';
    assert_true(
        c4_run_describe(&bench.study, &bench.scale, "finetune-cifar10-d9", 1, &segment.run));
    assert_int_equal(c4_execution_new(&bench.runner, &execution), C4_OK);
    assert_failed(c4_execution_segment(execution, &segment, &rows, &tuned, &faulty), C4_ERR_DATA,
                  "was changed since it was written");
    assert_false(faulty);
    c4_execution_free(execution);
    c4_out_free(&rows);
    c4_out_free(&cut);
    c4_out_free(&whole);
    tear_down(&bench);
}

/* A step API that counts batches, and those without the patch sums of their images. */
static const struct c4_step_api *watched;
static c4_stem_moments_fn *watched_moments;
static int watched_steps, watched_evaluations, without_sums;

static void watch_batch(const struct c4_batch *batch) {
    int64_t first[C4_PATCH], second[C4_PATCH * C4_PATCH];
    if (!batch->patch_sums) {
        without_sums++;
        return;
    }
    watched_moments(1, batch->images, first, second);
    for (int k = 0; k < C4_PATCH; k++) without_sums += batch->patch_sums[k] != first[k];
}

static enum c4_status watched_step(struct c4_plan *plan, const struct c4_batch *batch,
                                   const struct c4_sgd *sgd, struct c4_step_result *result) {
    watched_steps++;
    watch_batch(batch);
    return watched->step(plan, batch, sgd, result);
}

static enum c4_status watched_evaluate(struct c4_plan *plan, const struct c4_batch *batch,
                                       enum c4_bn_statistics statistics,
                                       struct c4_step_result *result,
                                       float *const features[C4_LAYERS]) {
    watched_evaluations++;
    watch_batch(batch);
    return watched->evaluate(plan, batch, statistics, result, features);
}

/* Training, accuracies, features of the own and the other set's held-out half, controls and
 * networks to compare with: no batch of a study comes without patch sums. */
static void every_pass_reads_kept_patch_sums(void **state) {
    static struct bench bench;
    struct c4_row_list pretrained, tuned;
    struct c4_known_checkpoint source, last;
    set_up(&bench, scratch_path(state, "."));
    assert_int_equal(c4_images_add_patch_sums(&bench.images, bench.dispatch.backend.stem_moments),
                     C4_OK);
    watched = bench.runner.step;
    watched_moments = bench.dispatch.backend.stem_moments;
    struct c4_step_api watching = *watched;
    watching.step = watched_step;
    watching.evaluate = watched_evaluate;
    bench.runner.step = &watching;
    do_run(&bench, "pretrain-d0", 3, NULL, &pretrained, &source);
    assert_int_equal(watched_steps, 2 * 2);    /* 48 images, two epochs */
    assert_true(watched_evaluations >= 3 * 4); /* 32 and 80 images, thrice, and controls */
    const int before = watched_evaluations;
    do_run(&bench, "finetune-cifar10-d9", 2, &source, &tuned, &last);
    assert_true(watched_evaluations >= before + 2 * 6); /* also the other set's */
    assert_int_equal(without_sums, 0);
    c4_out_free(&pretrained);
    c4_out_free(&tuned);
    tear_down(&bench);
}

/* The accuracy of a run's first network on its evaluation images, forwarded one batch at a time. */
static double start_accuracy(struct bench *bench, const struct c4_run *run, uint32_t count) {
    const struct c4_plan_config config = c4_runner_plan_config(&bench->runner, run->order);
    const struct c4_dataset *data = c4_images_of(&bench->images, c4_run_image_set(run));
    struct c4_checkpoint *net = c4_checkpoint_new();
    struct c4_plan *plan;
    struct c4_step_result result;
    uint32_t hits = 0;
    assert_non_null(net);
    c4_net_init(run->seed, net->state);
    assert_int_equal(bench->runner.step->create(&config, &plan), C4_OK);
    assert_int_equal(bench->runner.step->load(plan, net->state, NULL), C4_OK);
    for (uint32_t first = 0; first < count; first += (uint32_t)config.max_batch) {
        const uint32_t left = count - first, batch = (uint32_t)config.max_batch;
        const struct c4_batch part =
            c4_batch_in_place(data, NULL, first, left < batch ? left : batch);
        assert_int_equal(bench->runner.step->evaluate(plan, &part, C4_BN_BATCH, &result, NULL),
                         C4_OK);
        hits += (uint32_t)result.hits;
    }
    bench->runner.step->destroy(plan);
    c4_checkpoint_free(net);
    return (double)hits / count;
}

/* Before its first step a network is a reference, and what another run of the same worker knows of
 * it is not computed again; rows are those of a network that is measured by itself. */
static void epoch_0_is_measured_once(void **state) {
    static struct bench bench;
    static const char test[] = "cifar10-test";
    struct c4_execution *execution;
    struct c4_row_list rows[2];
    struct c4_known_checkpoint last;
    int evaluations[2];
    set_up(&bench, scratch_path(state, "."));
    watched = bench.runner.step;
    watched_moments = bench.dispatch.backend.stem_moments;
    struct c4_step_api watching = *watched;
    watching.evaluate = watched_evaluate;
    bench.runner.step = &watching;
    assert_int_equal(c4_execution_new(&bench.runner, &execution), C4_OK);
    for (int i = 0; i < 2; i++) {
        struct c4_segment segment = {.from = -1, .to = 0};
        bool faulty;
        rows[i] = (struct c4_row_list){.statistics = "batch"};
        assert_true(c4_run_describe(&bench.study, &bench.scale, i ? "size-16" : "pretrain-d0", 1,
                                    &segment.run));
        watched_evaluations = 0;
        if (c4_execution_segment(execution, &segment, &rows[i], &last, &faulty) != C4_OK)
            fail_msg("%s", c4_error());
        evaluations[i] = watched_evaluations;
        for (int layer = 0; layer < C4_LAYERS; layer++) {
            const char *name = c4_layer_name[layer];
            assert_true(fabs(value(&rows[i], 0, "cka_biased", name, "initialisation", test, 40) -
                             1) < 1e-12);
            assert_true(value(&rows[i], 0, "cka_biased", name, "other-initialisation", test, 40) ==
                        value(&rows[0], 0, "cka_biased", name, "other-initialisation", test, 40));
        }
        assert_true(value(&rows[i], 0, "test_accuracy_clean", "", "", "", 80) ==
                    start_accuracy(&bench, &segment.run, 80));
    }
    /* Batches of 32: the training images, the own and the other seed's network, and what accuracy
     * needs beyond; then only training images and the latter. */
    assert_int_equal(evaluations[0], 1 + 2 + 2 + 1);
    assert_int_equal(evaluations[1], 1 + 1);
    c4_execution_free(execution);
    for (int i = 0; i < 2; i++) c4_out_free(&rows[i]);
    tear_down(&bench);
}

/* A network with constant pool3 and later layers: their CKA rows have no value, the run continues,
 * and the other layers have theirs. */
static void a_dead_network_is_measured(void **state) {
    static struct bench bench;
    struct c4_row_list pretrained, tuned;
    struct c4_known_checkpoint alive, dead, last;
    struct c4_checkpoint *net = c4_checkpoint_new();
    assert_non_null(net);
    set_up(&bench, scratch_path(state, "."));
    do_run(&bench, "pretrain-d0", 3, NULL, &pretrained, &alive);
    assert_int_equal(c4_checkpoint_read(scratch_path(state, alive.path), net), C4_OK);
    for (int which = C4_PARAM_GAMMA; which <= C4_PARAM_BETA; which++) {
        const struct c4_param *param = c4_block_param(2, which);
        for (size_t i = 0; i < param->count; i++) net->state[param->offset + i] = 0;
    }
    dead = alive;
    assert_int_equal(c4_checkpoint_write(scratch_path(state, dead.path), net), C4_OK);
    assert_int_equal(c4_sha256_file(scratch_path(state, dead.path), dead.sha256), C4_OK);
    do_run(&bench, "finetune-cifar10-d9", 2, &dead, &tuned, &last);
    int values[C4_LAYERS] = {0}, rows[C4_LAYERS] = {0};
    for (int i = 0; i < tuned.result_count; i++)
        for (int layer = 0; layer < C4_LAYERS; layer++) {
            if (strcmp(tuned.results[i].layer, c4_layer_name[layer]) != 0) continue;
            rows[layer]++;
            values[layer] += isfinite(tuned.results[i].value);
        }
    for (int layer = 0; layer < C4_LAYERS; layer++) {
        assert_true(rows[layer] > 0 && rows[layer] == rows[0]);
        assert_int_equal(values[layer], layer < 2 ? rows[layer] : 0);
    }
    c4_checkpoint_free(net);
    c4_out_free(&pretrained);
    c4_out_free(&tuned);
    tear_down(&bench);
}

/* A loss that is not finite is the run's own fault. */
static void diverged(void **state) {
    static struct bench bench;
    struct c4_execution *execution;
    struct c4_segment segment = {.from = -1, .to = 2};
    struct c4_row_list rows = {.statistics = "batch"};
    struct c4_known_checkpoint last;
    bool faulty;
    set_up(&bench, scratch_path(state, "."));
    assert_int_equal(c4_study_set(&bench.study, &bench.scale, "lr=1000,momentum=1"), C4_OK);
    assert_true(c4_run_describe(&bench.study, &bench.scale, "pretrain-d0", 1, &segment.run));
    assert_int_equal(c4_execution_new(&bench.runner, &execution), C4_OK);
    assert_true(c4_execution_segment(execution, &segment, &rows, &last, &faulty) != C4_OK);
    assert_true(faulty);
    c4_execution_free(execution);
    c4_out_free(&rows);
    tear_down(&bench);
}

static void keep_sentence(void *context, const char *sentence) {
    assert_int_equal(c4_text_set(context, sentence), C4_OK);
}

/* Each checkpoint that is passed over is told with its own reason. */
static void checkpoints_that_cannot_be_used(void **state) {
    static struct bench bench;
    struct scratch *scratch = *state;
    struct c4_run run;
    struct c4_store *store;
    struct c4_known_checkpoint last;
    struct c4_text said = {0};
    int64_t done;
    set_up(&bench, scratch->folder);
    made_up_store(scratch->folder, &bench.study, &bench.scale, false, NULL);
    assert_int_equal(c4_store_open(scratch->folder, false, &store), C4_OK);
    assert_true(c4_run_describe(&bench.study, &bench.scale, "pretrain-d0", 1, &run));
    run.epochs--;
    for (int i = 0; i < 2; i++) {
        static const char *const want[] = {
            "none: is of a later epoch than the run's last, 1; the run goes on from its beginning",
            "none: there is no such file"};
        if (i > 0) made_up_run(store, &bench.study.protocol, &bench.schedule.run[0], false);
        assert_string_equal(run.key, bench.schedule.run[0].key);
        assert_int_equal(
            c4_resume_find(store, scratch->folder, &run, keep_sentence, &said, &done, &last),
            C4_OK);
        if (!strstr(c4_text_string(&said), want[i])) fail_msg("%s", c4_text_string(&said));
        assert_int_equal(done, -1);
        run.epochs++;
    }
    c4_text_free(&said);
    c4_store_close(store);
    tear_down(&bench);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, scratch_set_up, scratch_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {TEST(cut_anywhere),
                                       TEST(phases_are_timed),
                                       TEST(every_pass_reads_kept_patch_sums),
                                       TEST(epoch_0_is_measured_once),
                                       TEST(a_dead_network_is_measured),
                                       TEST(diverged),
                                       TEST(checkpoints_that_cannot_be_used)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
