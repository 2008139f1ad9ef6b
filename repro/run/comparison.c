#include "repro/run/comparison.h"

#include "core/op/names.h"

unsigned c4_references_of(const struct c4_run *run) {
    unsigned own = 1u << C4_REFERENCE_INITIALISATION;
    if (run->kind == C4_KIND_SCRATCH) return own;
    own |= 1u << C4_REFERENCE_OTHER;
    return run->kind == C4_KIND_FINETUNE ? own | 1u << C4_REFERENCE_PRETRAINED : own;
}

static enum c4_reference start_of(const struct c4_run *run) {
    return run->kind == C4_KIND_FINETUNE ? C4_REFERENCE_PRETRAINED : C4_REFERENCE_INITIALISATION;
}

static struct c4_network network_of(const struct c4_measure *measure, int reference) {
    const struct c4_run *run = measure->run;
    struct c4_network network = {.seed = run->seed, .order = run->order};
    if (reference == C4_REFERENCE_OTHER) network.seed = c4_other_seed(run->seed);
    if (reference == C4_REFERENCE_PRETRAINED) network.checkpoint = measure->source;
    return network;
}

static void add(struct c4_row_counts *counts, uint32_t images, uint32_t available) {
    c4_row_counts_add(counts, images < available ? images : available);
}

void c4_control_rows(const struct c4_runner *runner, uint32_t available,
                     struct c4_row_counts *counts) {
    const struct c4_list *sizes = &runner->scale->control_images;
    for (int i = 0; i < sizes->count; i++) add(counts, sizes->value[i], available);
}

static void epoch_rows(const struct c4_runner *runner, uint32_t available,
                       struct c4_row_counts *counts) {
    add(counts, runner->protocol->cka_images, available);
    add(counts, runner->protocol->curve_images, available);
}

void c4_reference_rows(const struct c4_runner *runner, uint32_t available, bool study_statistics,
                       struct c4_row_counts *counts) {
    if (study_statistics) epoch_rows(runner, available, counts);
    c4_control_rows(runner, available, counts);
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
static struct c4_features_of features_of(const struct c4_measure *measure,
                                         const struct c4_comparison *what, int reference) {
    const struct c4_runner *runner = measure->runner;
    const uint32_t available = c4_images_of(runner->images, what->set)->count;
    const bool study_statistics = what->statistics == runner->protocol->statistics;
    struct c4_features_of of = {.set = what->set, .statistics = what->statistics};
    if (reference != C4_REFERENCE_OTHER || other_is_own(measure))
        c4_reference_rows(runner, available, study_statistics, &of.rows);
    else if (study_statistics)
        epoch_rows(runner, available, &of.rows);
    return of;
}

static enum c4_status get(struct c4_measure *measure, enum c4_side side,
                          const struct c4_comparison *what, int reference, struct c4_row_list *rows,
                          const struct c4_prepared_features **sides) {
    const struct c4_network network = network_of(measure, reference);
    const struct c4_features_of of = features_of(measure, what, reference);
    return c4_reference_cache_get(measure->cache, side, &network, &of, rows, sides);
}

enum c4_status c4_compare_start(struct c4_measure *measure, const struct c4_comparison *what,
                                struct c4_row_list *rows, const struct c4_prepared_features **own) {
    return get(measure, C4_SIDE_OWN, what, start_of(measure->run), rows, own);
}

static enum c4_status compare_layer(const struct c4_prepared_features *own,
                                    const struct c4_prepared_features *reference, int layer,
                                    const struct c4_comparison *what,
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

enum c4_status c4_compare(struct c4_measure *measure, const struct c4_comparison *what,
                          const struct c4_prepared_features *own, struct c4_row_list *rows) {
    for (int reference = 0; reference < C4_REFERENCES; reference++) {
        const struct c4_prepared_features *sides;
        if (!(what->references & 1u << reference)) continue;
        C4_TRY(get(measure, C4_SIDE_REFERENCE, what, reference, rows, &sides));
        for (int layer = 0; layer < C4_LAYERS; layer++) {
            const struct c4_similarity_label label = {
                c4_layer_name[layer], c4_reference_names[reference], c4_image_set_name(what->set),
                c4_statistics_names[what->statistics]};
            C4_TRY(compare_layer(own, sides, layer, what, &label, rows));
        }
    }
    return C4_OK;
}
