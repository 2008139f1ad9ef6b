#include "bench/step_bench.h"

#include <math.h>

#include "core/cli/interrupt.h"
#include "core/host/clock.h"
#include "core/net/init.h"

static const struct c4_sgd sgd = {0.001, 0.9};

enum c4_status c4_step_bench_start(struct c4_step_bench *bench) {
    C4_TRY(c4_synthetic_make(C4_SYNTHETIC_OBJECTS, C4_TRAIN, 1, (uint32_t)bench->config.max_batch,
                             &bench->data));
    bench->batch =
        (struct c4_batch){bench->data.images, bench->data.labels, bench->config.max_batch};
    c4_net_init(1, bench->state);
    return C4_OK;
}

void c4_step_bench_free(struct c4_step_bench *bench) {
    for (int i = 0; i < bench->count; i++)
        if (bench->runners[i].plan) bench->runners[i].api->destroy(bench->runners[i].plan);
    c4_dataset_free(&bench->data);
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

static enum c4_status check(const struct c4_step_bench *bench, struct c4_step_runner *runner) {
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
                   "%s: its step differs from the double reference (loss by %.1e, update by %.1e); "
                   "it is not timed",
                   runner->name, runner->loss_error, sqrt(off / size));
}

enum c4_status c4_step_bench_add(struct c4_step_bench *bench, const char *name, const char *variant,
                                 const struct c4_step_api *api) {
    if (bench->count == C4_STEP_RUNNERS)
        return c4_fail(C4_ERR_FAILED, "more than %d backends: name one", C4_STEP_RUNNERS);
    struct c4_step_runner *runner = &bench->runners[bench->count];
    *runner = (struct c4_step_runner){.name = name, .variant = variant, .api = api};
    C4_TRY(api->create(&bench->config, &runner->plan));
    bench->count++;
    return check(bench, runner);
}

/* Steps for about sample_seconds. */
static enum c4_status steps(const struct c4_step_bench *bench, struct c4_step_runner *runner,
                            int64_t *images, double *seconds) {
    struct c4_step_result result;
    int64_t start_ns = c4_clock_ns(), now_ns = start_ns;
    *images = 0;
    while ((double)(now_ns - start_ns) * 1e-9 < bench->sample_seconds) {
        C4_TRY(runner->api->step(runner->plan, &bench->batch, &sgd, &result));
        *images += bench->batch.n;
        now_ns = c4_clock_ns();
    }
    *seconds = (double)(now_ns - start_ns) * 1e-9;
    return c4_interrupted();
}

static enum c4_status sample(const struct c4_step_bench *bench, struct c4_step_runner *runner,
                             double *images_per_s) {
    struct c4_step_result result;
    int64_t images;
    double seconds;
    /* Warm again after the others. */
    C4_TRY(runner->api->step(runner->plan, &bench->batch, &sgd, &result));
    C4_TRY(steps(bench, runner, &images, &seconds));
    *images_per_s = (double)images / seconds;
    return C4_OK;
}

/* Apart from the samples, which no clock shall disturb. */
static enum c4_status time_phases(const struct c4_step_bench *bench,
                                  struct c4_step_runner *runner) {
    if (!runner->api->phases || !runner->api->time_phases) return C4_OK;
    int64_t images;
    double seconds;
    int count = 0;
    runner->api->time_phases(runner->plan, true);
    enum c4_status status = steps(bench, runner, &images, &seconds);
    if (status == C4_OK)
        status = runner->api->phases(runner->plan, runner->phases, C4_STEP_PHASES, &count);
    runner->api->time_phases(runner->plan, false);
    C4_TRY(status);
    if (count > C4_STEP_PHASES)
        return c4_fail(C4_ERR_FAILED, "%s: %d phases, room for %d", runner->name, count,
                       C4_STEP_PHASES);
    runner->phase_count = count;
    for (int i = 0; i < count; i++) runner->phases[i].seconds /= (double)images;
    return C4_OK;
}

enum c4_status c4_step_bench_run(struct c4_step_bench *bench, void (*tick)(void *context, int done),
                                 void *context) {
    c4_peak_start_best(&bench->peak, bench->config.threads, bench->sample_seconds / 8);
    for (int k = 0; k < bench->samples; k++) {
        c4_peak_sample(&bench->peak);
        for (int i = 0; i < bench->count; i++) {
            C4_TRY(sample(bench, &bench->runners[i], &bench->runners[i].images_per_s[k]));
            if (tick) tick(context, k * bench->count + i + 1);
        }
    }
    for (int i = 0; i < bench->count; i++) {
        struct c4_step_runner *runner = &bench->runners[i];
        C4_TRY(time_phases(bench, runner));
        if (runner->api->describe) C4_TRY(runner->api->describe(runner->plan, &runner->kernels));
    }
    return C4_OK;
}
