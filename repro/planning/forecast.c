#include "repro/planning/forecast.h"

#include <stdlib.h>
#include <string.h>

#include "repro/run/measure.h"

/* Measured sizes on disk: a checkpoint, a row with its index, a figure with its table, pictures and
 * part in the report, and a constant part. */
enum { CHECKPOINT_BYTES = 935000, ROW_BYTES = 160, FIGURE_BYTES = 225000, RESULTS_BYTES = 200000 };

double c4_forecast_prepare_flops(const struct c4_protocol *protocol, uint32_t n) {
    double flops = 0;
    for (int layer = 0; layer < C4_LAYERS; layer++)
        for (int i = 0; i < C4_SIMILARITIES; i++)
            if (protocol->similarities & 1u << i)
                flops += c4_similarities[i]->cost(n, c4_layer_features(layer)).flops;
    return flops;
}

static double cka(const struct c4_runner *runner, const struct c4_speed *speed, uint32_t n) {
    if (!(speed->cka_flops > 0)) return speed->cka_seconds;
    return speed->cka_seconds * c4_forecast_prepare_flops(runner->protocol, n) / speed->cka_flops;
}

/* Images of the largest control; 0: none. One product serves all numbers of images. */
static uint32_t most_control_images(const struct c4_runner *runner) {
    const struct c4_list *sizes = &runner->scale->control_images;
    return sizes->count ? sizes->value[sizes->count - 1] : 0;
}

/* References that every epoch is compared with. On control_images, the other seed's is left out. */
static int references_of(const struct c4_run *run) {
    switch (run->kind) {
    case C4_KIND_FINETUNE:
        return 3;
    case C4_KIND_SCRATCH:
        return 1;
    case C4_KIND_PRETRAIN:
    case C4_KIND_SIZE:
        break;
    }
    return 2;
}

/* One run's share of preparing a reference that the runs of a seed have in common. */
static double share(const struct c4_schedule *schedule, const struct c4_run *run) {
    int users = 0;
    for (int i = 0; i < schedule->count; i++)
        users += schedule->run[i].seed == run->seed &&
                 c4_image_set_same(c4_run_image_set(&schedule->run[i]), c4_run_image_set(run));
    return users > 1 ? 1.0 / users : 1;
}

static double predict(const struct c4_runner *runner, const struct c4_schedule *schedule,
                      const struct c4_run *run, int64_t done, const struct c4_speed *speed) {
    if (done >= run->epochs) return 0;
    struct c4_run_images images;
    struct c4_image_set other;
    c4_run_images(runner, run, &images);
    bool crosses = c4_run_cross_set(run, &other);
    const bool starts = done < 0;
    double epochs = (double)(starts ? run->epochs : run->epochs - done);
    double each = cka(runner, speed, runner->protocol->cka_images);
    double reference = runner->protocol->cka_images * speed->evaluate_seconds + each;
    uint32_t most = most_control_images(runner);
    /* With both statistics; a controlled reference is prepared for all numbers of images at once.
     */
    double controls = 2 * cka(runner, speed, most);
    double controlled = most > 0 ? 2.0 * most * speed->evaluate_seconds + controls : reference;
    int references = references_of(run), others = references > 1;
    double segments = (epochs + starts) / c4_run_segment_epochs(runner, run) + 1;
    double forwarded = (starts ? images.start : 0) + epochs * images.measured + images.control;
    return epochs * images.trained * speed->train_seconds + forwarded * speed->evaluate_seconds +
           epochs * each * (crosses ? 2 : 1) + (most > 0 ? controls - each : 0) +
           share(schedule, run) * ((references - others) * controlled + others * reference) +
           segments * speed->segment_seconds;
}

void c4_forecast_runs(const struct c4_runner *runner, const struct c4_schedule *schedule,
                      const int64_t *done, const struct c4_speed *speed, double *seconds) {
    for (int i = 0; i < schedule->count; i++)
        seconds[i] = predict(runner, schedule, &schedule->run[i], done ? done[i] : -1, speed);
}

void c4_forecast_segments(const struct c4_runner *runner, const struct c4_schedule *schedule,
                          const int64_t *done, const double *seconds, double *segment) {
    for (int i = 0; i < schedule->count; i++) {
        const struct c4_run *run = &schedule->run[i];
        double epochs = (double)(run->epochs - (done ? done[i] : -1));
        segment[i] = epochs > 0 ? seconds[i] * c4_run_segment_epochs(runner, run) / epochs : 0;
    }
}

/* Checkpoints that a run has when it is done up to an epoch. */
static int checkpoints_at(const struct c4_runner *runner, const struct c4_run *run, int64_t done) {
    if (done < 0) return 0;
    return done > c4_run_segment_end(runner, run, -1) ? C4_STORE_KEPT : 1;
}
_Static_assert(C4_STORE_KEPT == 2, "otherwise segments have to be counted");

uint64_t c4_forecast_disk_bytes(const struct c4_runner *runner, const struct c4_schedule *schedule,
                                const int64_t *done, int figures, int places) {
    uint64_t rows = 0, costs = 22, checkpoints = (uint64_t)places;
    for (int i = 0; i < schedule->count; i++) {
        const struct c4_run *run = &schedule->run[i];
        struct c4_image_set other;
        int64_t from = done ? done[i] : -1;
        if (from >= run->epochs) continue;
        uint64_t comparisons = (uint64_t)references_of(run) + c4_run_cross_set(run, &other);
        uint64_t epoch = 6 + 2 * C4_LAYERS * comparisons + costs;
        rows += epoch * (uint64_t)(run->epochs - from) +
                4 * C4_LAYERS * (uint64_t)references_of(run) *
                    (uint64_t)runner->scale->control_images.count;
        checkpoints += (uint64_t)(checkpoints_at(runner, run, run->epochs) -
                                  checkpoints_at(runner, run, from));
    }
    return RESULTS_BYTES + ROW_BYTES * rows + (uint64_t)FIGURE_BYTES * (uint64_t)figures +
           CHECKPOINT_BYTES * checkpoints * (runner->wide ? 2 : 1);
}

int c4_forecast_next(const struct c4_schedule *schedule, const double *seconds, const double *tail,
                     const enum c4_run_state *state, const uint64_t *seed) {
    int best = -1, own = -1;
    double most = 0, most_own = 0;
    for (int i = 0; i < schedule->count; i++) {
        int after = schedule->after[i];
        if (state[i] != C4_RUN_PLANNED || (after >= 0 && state[after] != C4_RUN_DONE)) continue;
        double work = seconds[i] + tail[i];
        if (best < 0 || work > most) {
            best = i;
            most = work;
        }
        if (seed && schedule->run[i].seed == *seed && (own < 0 || work > most_own)) {
            own = i;
            most_own = work;
        }
    }
    return own >= 0 && most_own >= most / 2 ? own : best;
}
