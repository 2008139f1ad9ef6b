#include "bench/step/step.h"

#include <math.h>
#include <stdlib.h>

#include "core/cli/interrupt.h"
#include "core/data/batch.h"
#include "core/host/clock.h"
#include "core/net/init.h"

static const struct c4_sgd sgd = {0.001, 0.9};

static enum c4_status make_features(struct c4_step_bench *bench) {
    for (int layer = 0; layer < C4_LAYERS; layer++) {
        size_t bytes = (size_t)bench->config.max_batch * c4_layer_features(layer) * sizeof(float);
        bench->features[layer] = malloc(bytes);
        bench->want_features[layer] = malloc(bytes);
        if (!bench->features[layer] || !bench->want_features[layer])
            return c4_fail(C4_ERR_MEMORY, "out of memory for the features of %d images",
                           bench->config.max_batch);
    }
    return C4_OK;
}

enum c4_status c4_step_bench_start(struct c4_step_bench *bench) {
    if (bench->evaluates) C4_TRY(make_features(bench));
    uint32_t images = (uint32_t)bench->config.max_batch * C4_PEER_STEPS;
    C4_TRY(c4_synthetic_make(&c4_synthetic_objects, C4_TRAIN, 1, images, &bench->data));
    bench->batch = c4_batch_in_place(&bench->data, NULL, 0, (uint32_t)bench->config.max_batch);
    c4_net_init(1, bench->state);
    return C4_OK;
}

void c4_step_bench_free(struct c4_step_bench *bench) {
    for (int i = 0; i < bench->count; i++)
        if (bench->runners[i].plan) bench->runners[i].api->destroy(bench->runners[i].plan);
    c4_peers_close(&bench->peers);
    c4_dataset_free(&bench->data);
    for (int layer = 0; layer < C4_LAYERS; layer++) {
        free(bench->features[layer]);
        free(bench->want_features[layer]);
    }
}

/* One step of a fresh network: the loss before the update and the weights after it. */
static enum c4_status fresh_step(const struct c4_step_bench *bench, const struct c4_step_api *api,
                                 struct c4_plan *plan, double *loss, double *state) {
    struct c4_step_result result;
    C4_TRY(api->load(plan, bench->state, NULL));
    C4_TRY(api->step(plan, &bench->batch, &sgd, &result));
    *loss = result.loss;
    return api->store(plan, state, NULL);
}

static enum c4_status check_step(const struct c4_step_bench *bench, struct c4_step_runner *runner) {
    static double want[C4_STATE_COUNT], got[C4_STATE_COUNT];
    struct c4_dispatch reference;
    struct c4_plan *plan;
    double want_loss, got_loss, off = 0, size = 0;
    C4_TRY(c4_dispatch("ref64", &reference));
    C4_TRY(reference.backend.step->create(&bench->config, &plan));
    enum c4_status status = fresh_step(bench, reference.backend.step, plan, &want_loss, want);
    reference.backend.step->destroy(plan);
    C4_TRY(status);
    C4_TRY(fresh_step(bench, runner->api, runner->plan, &got_loss, got));
    for (size_t i = 0; i < C4_LEARNED_COUNT; i++) {
        off += (got[i] - want[i]) * (got[i] - want[i]);
        size += (want[i] - bench->state[i]) * (want[i] - bench->state[i]);
    }
    runner->loss_error = fabs(got_loss - want_loss) / want_loss;
    if (runner->loss_error <= 1e-5 && sqrt(off) <= 1e-2 * sqrt(size)) return C4_OK;
    return c4_fail(C4_ERR_RESULT,
                   "%s: its step differs from the double reference's (loss by %.1e, update by "
                   "%.1e); not timed",
                   runner->name, runner->loss_error, sqrt(off / size));
}

static enum c4_status evaluate(const struct c4_step_bench *bench, const struct c4_step_api *api,
                               struct c4_plan *plan, float *const *features, double *loss) {
    struct c4_step_result result;
    C4_TRY(api->load(plan, bench->state, NULL));
    C4_TRY(api->evaluate(plan, &bench->batch, bench->statistics, &result, features));
    *loss = result.loss;
    return C4_OK;
}

static enum c4_status check_evaluation(const struct c4_step_bench *bench,
                                       struct c4_step_runner *runner) {
    struct c4_dispatch reference;
    struct c4_plan *plan;
    double want, got;
    C4_TRY(c4_dispatch("ref64", &reference));
    C4_TRY(reference.backend.step->create(&bench->config, &plan));
    enum c4_status status =
        evaluate(bench, reference.backend.step, plan, bench->want_features, &want);
    reference.backend.step->destroy(plan);
    C4_TRY(status);
    C4_TRY(evaluate(bench, runner->api, runner->plan, bench->features, &got));
    for (int layer = 0; layer < C4_LAYERS; layer++) {
        double off = 0, size = 0;
        for (size_t i = 0; i < (size_t)bench->batch.n * c4_layer_features(layer); i++) {
            double a = (double)bench->features[layer][i];
            double b = (double)bench->want_features[layer][i];
            off += (a - b) * (a - b);
            size += b * b;
        }
        double error = sqrt(off / size);
        if (!(error <= runner->features_error)) runner->features_error = error;
    }
    runner->loss_error = fabs(got - want) / want;
    if (runner->loss_error <= 1e-5 && runner->features_error <= 1e-5) return C4_OK;
    return c4_fail(C4_ERR_RESULT,
                   "%s: its evaluation differs from the double reference's (loss by %.1e, features "
                   "by %.1e); not timed",
                   runner->name, runner->loss_error, runner->features_error);
}

static enum c4_status make_room(const struct c4_step_bench *bench) {
    if (bench->count < C4_STEP_RUNNERS) return C4_OK;
    return c4_fail(C4_ERR_FAILED, "more than %d backends and peers: name fewer", C4_STEP_RUNNERS);
}

enum c4_status c4_step_bench_add(struct c4_step_bench *bench, const char *name, const char *variant,
                                 const struct c4_step_api *api) {
    C4_TRY(make_room(bench));
    struct c4_step_runner *runner = &bench->runners[bench->count];
    *runner = (struct c4_step_runner){.name = name, .variant = variant, .api = api};
    C4_TRY(api->create(&bench->config, &runner->plan));
    bench->count++;
    return (bench->evaluates ? check_evaluation : check_step)(bench, runner);
}

enum c4_status c4_step_bench_add_peer(struct c4_step_bench *bench, const char *name, const int *pu,
                                      int count) {
    C4_TRY(make_room(bench));
    struct c4_peers *peers = &bench->peers;
    peers->want.evaluates = bench->evaluates;
    peers->want.statistics = bench->statistics;
    if (peers->folder.length == 0)
        C4_TRY(c4_peers_open(peers, &bench->config, bench->state, c4_dataset_images(&bench->data),
                             c4_dataset_labels(&bench->data)));
    C4_TRY(c4_peers_add(peers, name, &bench->config, pu, count));
    struct c4_peer *peer = &peers->peer[peers->count - 1];
    bench->runners[bench->count++] =
        (struct c4_step_runner){.name = peer->name,
                                .variant = c4_text_string(&peer->origin),
                                .peer = peer,
                                .foreign = true,
                                .loss_error = peer->loss_error,
                                .features_error = peer->features_error};
    return C4_OK;
}

/* Steps or evaluations for about `seconds`, at least one. */
static enum c4_status steps(const struct c4_step_bench *bench, struct c4_step_runner *runner,
                            double seconds, struct c4_step_sample *sample) {
    struct c4_step_result result;
    int64_t start_ns = c4_clock_ns();
    *sample = (struct c4_step_sample){0};
    do {
        C4_TRY(bench->evaluates ? runner->api->evaluate(runner->plan, &bench->batch,
                                                        bench->statistics, &result, bench->features)
                                : runner->api->step(runner->plan, &bench->batch, &sgd, &result));
        sample->images += bench->batch.n;
        sample->ns = c4_clock_ns() - start_ns;
    } while ((double)sample->ns * 1e-9 < seconds);
    return c4_interrupted();
}

static enum c4_status peer_steps(const struct c4_step_bench *bench, struct c4_step_runner *runner,
                                 double seconds, struct c4_step_sample *sample) {
    int64_t count;
    C4_TRY(
        c4_peer_sample(runner->peer, bench->peers.patience_seconds, seconds, &count, &sample->ns));
    sample->images = count * bench->batch.n;
    return C4_OK;
}

static enum c4_status take_sample(const struct c4_step_bench *bench, struct c4_step_runner *runner,
                                  int k) {
    struct c4_step_sample warm, *sample = &runner->samples[k];
    if (runner->measured < k) return C4_OK; /* a peer that failed */
    enum c4_status (*run)(const struct c4_step_bench *bench, struct c4_step_runner *runner,
                          double seconds, struct c4_step_sample *sample) =
        runner->peer ? peer_steps : steps;
    C4_TRY(run(bench, runner, 0, &warm)); /* warms up again after the others */
    C4_TRY(run(bench, runner, bench->sample_seconds, sample));
    if (sample->images > 0) runner->measured = k + 1;
    return C4_OK;
}

/* Separate from the samples, so that reading the clock does not disturb them. */
static enum c4_status time_phases(const struct c4_step_bench *bench,
                                  struct c4_step_runner *runner) {
    if (!runner->api || !runner->api->phases || !runner->api->time_phases) return C4_OK;
    struct c4_step_sample sample;
    int count = 0;
    runner->api->time_phases(runner->plan, true);
    enum c4_status status = steps(bench, runner, bench->sample_seconds, &sample);
    if (status == C4_OK)
        status = runner->api->phases(runner->plan, runner->phases, C4_STEP_PHASES, &count);
    runner->api->time_phases(runner->plan, false);
    C4_TRY(status);
    if (count > C4_STEP_PHASES)
        return c4_fail(C4_ERR_FAILED, "%s has %d phases, more than %d", runner->name, count,
                       C4_STEP_PHASES);
    runner->phase_count = count;
    for (int i = 0; i < count; i++) runner->phases[i].seconds /= (double)sample.images;
    return C4_OK;
}

/* A row has all its samples or none. */
static enum c4_status close_rows(struct c4_step_bench *bench) {
    for (int i = 0; i < bench->count; i++) {
        struct c4_step_runner *runner = &bench->runners[i];
        if (runner->measured == bench->samples) continue;
        if (!runner->peer)
            return c4_fail(C4_ERR_FAILED, "%s: only %d of %d samples were taken", runner->name,
                           runner->measured, bench->samples);
        runner->measured = 0;
    }
    return C4_OK;
}

enum c4_status c4_step_bench_run(struct c4_step_bench *bench, void (*tick)(void *context, int done),
                                 void *context) {
    if (bench->count == 0) return c4_fail(C4_ERR_USAGE, "there is no backend or peer to time");
    c4_peak_start_best(&bench->peak, bench->config.threads, bench->sample_seconds / 8);
    for (int k = 0; k < bench->samples; k++) {
        c4_peak_sample(&bench->peak);
        for (int i = 0; i < bench->count; i++) {
            C4_TRY(take_sample(bench, &bench->runners[i], k));
            if (tick) tick(context, k * bench->count + i + 1);
        }
    }
    C4_TRY(close_rows(bench));
    for (int i = 0; i < bench->count; i++) {
        struct c4_step_runner *runner = &bench->runners[i];
        C4_TRY(time_phases(bench, runner));
        if (runner->api && runner->api->describe)
            C4_TRY(runner->api->describe(runner->plan, &runner->kernels));
    }
    return C4_OK;
}
