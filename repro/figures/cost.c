/* Cost figures: training speed, time of CKA, time of each run, phases of a training step. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "repro/figures/figures.h"
#include "repro/results/layer_costs.h"
#include "repro/results/phases.h"

/* One tick on the x axis per family. */
static enum c4_status name_ticks(const struct c4_figures_input *input,
                                 struct c4_figure_result *result) {
    const struct c4_rows *rows = input->source.rows;
    for (int i = 0; i < rows->runs; i++) {
        const struct c4_rows_run *run = &rows->run[i];
        if (run->seed != input->source.scale->seeds.seed[0] ||
            run->order != input->source.study->protocol.order)
            continue;
        C4_TRY(c4_figure_tick(result, run->family));
    }
    return C4_OK;
}

static bool is_training(const struct c4_cost_sum *sum) {
    return sum->what == C4_COST_TRAIN;
}

static bool is_similarity(const struct c4_cost_sum *sum) {
    return c4_cost_is_similarity(sum->what);
}

static bool is_evaluation(const struct c4_cost_sum *sum) {
    return c4_cost_is_evaluation(sum->what);
}

/* Seconds or images/s of each family. */
static enum c4_status add_by_family(const struct c4_figures_input *input,
                                    struct c4_figure_result *result, const char *label,
                                    bool (*counts)(const struct c4_cost_sum *), bool speed) {
    struct c4_curve *curve;
    C4_TRY(c4_curve_add(&result->curves, label, result->ticks, &curve));
    for (int f = 0; f < result->ticks; f++) {
        curve->x[f] = f;
        for (int s = 0; s < result->curves.seeds; s++) {
            double *value = &curve->values[s * result->ticks + f];
            const struct c4_rows_run *run = c4_rows_run_of(input->source.rows, result->tick[f],
                                                           input->source.scale->seeds.seed[s],
                                                           input->source.study->protocol.order);
            for (int i = 0; run && i < input->cost_count; i++) {
                const struct c4_cost_sum *sum = &input->costs[i];
                if (strcmp(sum->run, run->key) != 0 || !counts(sum)) continue;
                double part = speed ? sum->images_per_s : sum->seconds;
                *value = isnan(*value) ? part : *value + part;
            }
        }
    }
    c4_curve_summarise(curve, result->curves.seeds);
    return C4_OK;
}

/* The runs of a seed. */
struct of_seed {
    struct c4_rows *rows;
    uint64_t seed;
};

static bool has_seed(const void *context, const char *run) {
    const struct of_seed *of = context;
    int first, end;
    for (int order = 0; order < 2; order++) {
        c4_rows_of_seed(of->rows, of->seed, (enum c4_order)order, &first, &end);
        for (int i = first; i < end; i++)
            if (strcmp(of->rows->run[i].key, run) == 0) return true;
    }
    return false;
}

/* Milliseconds by layer; the mean over the runs of a seed. What runs share is of no seed: the first
 * one stands for it. */
static enum c4_status add_by_layer(const struct c4_figures_input *input,
                                   struct c4_figure_result *result, enum c4_layer_cost what) {
    struct c4_curve *curve;
    const int seeds = what == C4_LAYER_COST_REFERENCE ? 1 : result->curves.seeds;
    C4_TRY(c4_curve_add(&result->curves, c4_layer_cost_names[what], C4_LAYERS, &curve));
    for (int layer = 0; layer < C4_LAYERS; layer++) {
        curve->x[layer] = layer;
        for (int s = 0; s < seeds; s++) {
            const struct of_seed of = {input->source.rows, input->source.scale->seeds.seed[s]};
            struct c4_layer_mean mean;
            c4_layer_mean(input->costs, input->cost_count, what, c4_layer_name[layer], has_seed,
                          &of, &mean);
            if (mean.count > 0) curve->values[s * C4_LAYERS + layer] = 1e3 * mean.seconds;
        }
    }
    c4_curve_summarise(curve, result->curves.seeds);
    return C4_OK;
}

/* Microseconds per image of each phase of a training step; they add up to the step. */
static enum c4_status add_phases(const struct c4_figures_input *input,
                                 struct c4_figure_result *result) {
    struct c4_phase_sum sums[C4_PHASES_MAX];
    enum c4_order order = input->source.study->protocol.order;
    int count =
        c4_phase_sums(input->costs, input->cost_count, input->source.rows, order, NULL, sums);
    if (count == 0) return C4_OK;
    for (int i = 0; i < count; i++) C4_TRY(c4_figure_tick(result, sums[i].name));
    struct c4_curve *curve;
    C4_TRY(c4_curve_add(&result->curves, "training", count, &curve));
    for (int i = 0; i < count; i++) curve->x[i] = i;
    for (int s = 0; s < result->curves.seeds; s++) {
        const uint64_t *seed = &input->source.scale->seeds.seed[s];
        int own =
            c4_phase_sums(input->costs, input->cost_count, input->source.rows, order, seed, sums);
        for (int k = 0; k < own; k++)
            for (int i = 0; i < count; i++)
                if (strcmp(result->tick[i], sums[k].name) == 0)
                    curve->values[s * count + i] = 1e6 * sums[k].seconds / sums[k].images;
    }
    c4_curve_summarise(curve, result->curves.seeds);
    return C4_OK;
}

enum c4_status c4_cost_curves(const struct c4_figures_input *input,
                              struct c4_figure_result *result) {
    result->curves.seeds = input->source.scale->seeds.count;
    if (result->figure->kind == C4_FIGURE_COST_CKA) {
        result->curves.layered = true;
        for (int what = 0; what < C4_LAYER_COSTS; what++)
            C4_TRY(add_by_layer(input, result, (enum c4_layer_cost)what));
        return C4_OK;
    }
    if (result->figure->kind == C4_FIGURE_COST_PHASES) return add_phases(input, result);
    C4_TRY(name_ticks(input, result));
    if (result->ticks == 0) return C4_OK;
    if (result->figure->kind == C4_FIGURE_COST_THROUGHPUT)
        return add_by_family(input, result, "training", is_training, true);
    C4_TRY(add_by_family(input, result, "training", is_training, false));
    C4_TRY(add_by_family(input, result, "evaluation", is_evaluation, false));
    return add_by_family(input, result, "CKA", is_similarity, false);
}
