#include "repro/figures/curves.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/stats/summary.h"
#include "repro/results/sizes.h"

/* c4_reference_names[] are not constants. */
static const char *initial(void) {
    return c4_reference_names[C4_REFERENCE_INITIALISATION];
}

static const char *other(void) {
    return c4_reference_names[C4_REFERENCE_OTHER];
}

enum c4_status c4_curve_add(struct c4_curves *curves, const char *label, int points,
                            struct c4_curve **added) {
    if (curves->count == C4_CURVES_MAX)
        return c4_fail(C4_ERR_USAGE, "a figure has at most %d curves", C4_CURVES_MAX);
    size_t p = (size_t)points, s = (size_t)curves->seeds;
    double *block = malloc((s + 3) * p * sizeof *block);
    int *n = calloc(p, sizeof *n);
    if (!block || !n) {
        free(block);
        free(n);
        return c4_fail(C4_ERR_MEMORY, "out of memory for the curves of a figure");
    }
    for (size_t i = 0; i < (s + 3) * p; i++) block[i] = NAN;
    struct c4_curve *curve = &curves->curve[curves->count++];
    *curve = (struct c4_curve){.points = points,
                               .x = block,
                               .mean = block + p,
                               .standard_error = block + 2 * p,
                               .values = block + 3 * p,
                               .n = n};
    snprintf(curve->label, sizeof curve->label, "%s", label);
    *added = curve;
    return C4_OK;
}

void c4_curves_free(struct c4_curves *curves) {
    for (int i = 0; i < curves->count; i++) {
        free(curves->curve[i].x);
        free(curves->curve[i].n);
    }
    curves->count = 0;
}

void c4_curve_summarise(struct c4_curve *curve, int seeds) {
    c4_summary(curve->values, seeds, curve->points, curve->mean, curve->standard_error, curve->n);
}

bool c4_curves_have_values(const struct c4_curves *curves) {
    for (int i = 0; i < curves->count; i++)
        for (int p = 0; p < curves->curve[i].points; p++)
            if (curves->curve[i].kind == C4_SERIES_MEASURED && curves->curve[i].n[p] > 0)
                return true;
    return false;
}

const char *c4_family_images(const struct c4_study *study, const char *family) {
    const struct c4_family *section = c4_study_family(study, family, NULL);
    if (!section) return "";
    bool tunes = section->kind == C4_KIND_FINETUNE || section->kind == C4_KIND_SCRATCH;
    return c4_image_set_name((struct c4_image_set){.set = section->data, .heldout = tunes});
}

/* The figure being made. */
struct making {
    const struct c4_curves_source *source;
    const struct c4_study_figure *figure;
    const char *quantity;
    int sizes; /* index in study->family of the section whose sizes it draws; -1: none */
    struct c4_curves *curves;
};

static uint64_t seed_of(const struct making *m, int s) {
    return m->source->scale->seeds.seed[s];
}

static const char *nth_name(const struct c4_names *names, int i) {
    const int last = names->count - 1, at = i < last ? i : last;
    return at < 0 ? "" : names->name[at];
}

static struct c4_row_query query_of(const struct making *m, const char *family, uint64_t seed) {
    struct c4_image_set images;
    bool asked = m->figure->images && c4_image_set_at(m->figure->images - 1, &images);
    return (struct c4_row_query){.family = family,
                                 .seed = seed,
                                 .order = m->source->study->protocol.order,
                                 .epoch = -1,
                                 .quantity = m->quantity,
                                 .images = asked ? c4_image_set_name(images)
                                                 : c4_family_images(m->source->study, family),
                                 .n = m->curves->n};
}

/* The family's run of the first seed, or NULL if the scale does not have it. */
static const struct c4_rows_run *any_run(const struct making *m, const char *family) {
    return c4_rows_run_of(m->source->rows, family, seed_of(m, 0), m->source->study->protocol.order);
}

/* A curve over layers: a family's CKA to a reference. For sizes at equal steps or accuracy, the
 * epoch depends on the seed. */
static enum c4_status add_over_layers(struct making *m, const char *family, const char *reference,
                                      const char *label) {
    struct c4_curve *curve;
    C4_TRY(c4_curve_add(m->curves, label, C4_LAYERS, &curve));
    snprintf(curve->family, sizeof curve->family, "%s", family);
    enum c4_sizes_at at = m->figure->kind == C4_FIGURE_SIZES_AT_STEPS      ? C4_SIZES_AT_STEPS
                          : m->figure->kind == C4_FIGURE_SIZES_AT_ACCURACY ? C4_SIZES_AT_ACCURACY
                                                                           : C4_SIZES_AT_END;
    for (int layer = 0; layer < C4_LAYERS; layer++) curve->x[layer] = layer;
    for (int s = 0; s < m->curves->seeds; s++) {
        struct c4_row_query query = query_of(m, family, seed_of(m, s));
        struct c4_sizes sizes;
        query.reference = reference;
        if (at != C4_SIZES_AT_END)
            c4_sizes_of(m->source->rows, m->sizes, query.seed, query.order, &sizes);
        for (int layer = 0; layer < C4_LAYERS; layer++) {
            double *value = &curve->values[s * C4_LAYERS + layer];
            query.layer = c4_layer_name[layer];
            if (at == C4_SIZES_AT_END) {
                *value = c4_rows_value(m->source->rows, &query);
                continue;
            }
            for (int i = 0; i < sizes.count; i++)
                if (strcmp(sizes.run[i]->family, family) == 0)
                    *value = c4_sizes_value(m->source->rows, sizes.run[i],
                                            c4_sizes_epoch(m->source->rows, &sizes, i, at), &query);
        }
    }
    c4_curve_summarise(curve, m->curves->seeds);
    return C4_OK;
}

/* The CKA of two random networks on the images of pre-training: those of a seed and of the next one
 * before training. Every run that begins with initial weights has it; the first that was made is
 * asked. */
static double null_value(const struct making *m, uint64_t seed, int layer) {
    const struct c4_rows *rows = m->source->rows;
    double value = (double)NAN;
    int first, end;
    c4_rows_of_seed(m->source->rows, seed, m->source->study->protocol.order, &first, &end);
    for (int i = first; i < end && isnan(value); i++) {
        const struct c4_rows_run *run = &rows->run[i];
        if (run->kind != C4_KIND_PRETRAIN && run->kind != C4_KIND_SIZE) continue;
        struct c4_row_query query = query_of(m, run->family, seed);
        query.images = c4_family_images(m->source->study, run->family);
        query.reference = other();
        query.layer = c4_layer_name[layer];
        query.epoch = 0;
        value = c4_rows_value(m->source->rows, &query);
    }
    return value;
}

static enum c4_status add_null(struct making *m) {
    struct c4_curve *curve;
    C4_TRY(c4_curve_add(m->curves, "two random networks", C4_LAYERS, &curve));
    for (int layer = 0; layer < C4_LAYERS; layer++) {
        curve->x[layer] = layer;
        for (int s = 0; s < m->curves->seeds; s++)
            curve->values[s * C4_LAYERS + layer] = null_value(m, seed_of(m, s), layer);
    }
    c4_curve_summarise(curve, m->curves->seeds);
    curve->kind = C4_SERIES_BASELINE;
    m->curves->has_null = true;
    return C4_OK;
}

/* Makes the last curve the control of curve `like`. */
static void to_control(struct c4_curves *curves, int like) {
    struct c4_curve *curve = &curves->curve[curves->count - 1];
    char own[C4_CURVE_LABEL_SIZE];
    memcpy(own, curves->curve[like].label, sizeof own);
    _Static_assert(C4_NAME_SIZE + sizeof "another's initialisation, " <= C4_CURVE_LABEL_SIZE,
                   "a name or label of a study's file fits");
    snprintf(curve->label, sizeof curve->label, "%.*s, another's initialisation", C4_NAME_SIZE,
             own);
    curve->kind = C4_SERIES_BASELINE;
    curve->like = like + 1;
    curves->has_other = true;
}

static bool asks_for(const struct c4_study_figure *figure, const char *reference) {
    for (int i = 0; i < figure->references.count; i++)
        if (strcmp(figure->references.name[i], reference) == 0) return true;
    return false;
}

/* The families of a figure, with all sizes of a section expanded. */
struct families {
    int count, index[C4_CURVES_MAX]; /* position of the name in `runs` */
    const char *name[C4_CURVES_MAX];
    uint32_t images[C4_CURVES_MAX];
    bool sizes;
};

static enum c4_status add_family(const struct making *m, struct families *families,
                                 const struct c4_rows_run *run, int index) {
    if (families->count == C4_CURVES_MAX)
        return c4_fail(C4_ERR_USAGE, "figure %s has more than %d curves", m->figure->id,
                       C4_CURVES_MAX);
    families->index[families->count] = index;
    families->images[families->count] = run->images;
    families->name[families->count++] = run->family;
    return C4_OK;
}

/* The section of the figure's first name that stands for all sizes of it (index in study->family),
 * or -1. */
static int sizes_section(const struct c4_study *study, const struct c4_study_figure *figure) {
    for (int i = 0; i < figure->runs.count; i++) {
        uint32_t size;
        const struct c4_family *family = c4_study_family(study, figure->runs.name[i], &size);
        if (family && family->kind == C4_KIND_SIZE && size == 0)
            return (int)(family - study->family);
    }
    return -1;
}

/* All sizes of a section. */
static enum c4_status add_all_sizes(const struct making *m, int section, int index,
                                    struct families *families) {
    struct c4_sizes sizes;
    c4_sizes_of(m->source->rows, section, seed_of(m, 0), m->source->study->protocol.order, &sizes);
    for (int k = 0; k < sizes.count; k++)
        if (sizes.run[k]->kind == C4_KIND_SIZE)
            C4_TRY(add_family(m, families, sizes.run[k], index));
    return C4_OK;
}

/* Beside sizes, a figure draws only what continues them. */
static bool belongs(const struct making *m, const struct families *families,
                    const struct c4_rows_run *run) {
    struct c4_sizes sizes;
    if (!families->sizes || run->kind == C4_KIND_SIZE) return true;
    c4_sizes_of(m->source->rows, m->sizes, seed_of(m, 0), run->order, &sizes);
    return sizes.count > 0 && c4_sizes_end_with(run, sizes.run[0]);
}

static enum c4_status list_families(const struct making *m, struct families *families) {
    const struct c4_names *names = &m->figure->runs;
    const struct c4_study *study = m->source->study;
    *families = (struct families){.sizes = m->sizes >= 0};
    for (int i = 0; i < names->count; i++) {
        uint32_t size;
        const struct c4_family *family = c4_study_family(study, names->name[i], &size);
        if (family && family->kind == C4_KIND_SIZE && size == 0) {
            C4_TRY(add_all_sizes(m, (int)(family - study->family), i, families));
            continue;
        }
        const struct c4_rows_run *run = any_run(m, names->name[i]);
        if (run && belongs(m, families, run)) C4_TRY(add_family(m, families, run, i));
    }
    return C4_OK;
}

static void label_of(const struct making *m, const struct families *families, int f, char *label,
                     size_t size) {
    uint32_t images = families->images[f];
    if (families->sizes && images >= 10000)
        snprintf(label, size, "k = %" PRIu32 ",%03" PRIu32, images / 1000, images % 1000);
    else if (families->sizes)
        snprintf(label, size, "k = %" PRIu32, images);
    else if (families->index[f] < m->figure->labels.count)
        snprintf(label, size, "%s", m->figure->labels.name[families->index[f]]);
    else
        snprintf(label, size, "%s", families->name[f]);
}

static enum c4_status runs_over_layers(struct making *m) {
    struct families families;
    C4_TRY(list_families(m, &families));
    m->curves->layered = true;
    for (int f = 0; f < families.count; f++) {
        char label[64];
        label_of(m, &families, f, label, sizeof label);
        C4_TRY(add_over_layers(m, families.name[f],
                               nth_name(&m->figure->references, families.index[f]), label));
    }
    if (!m->figure->null_line) return C4_OK;
    for (int f = 0; f < families.count && !asks_for(m->figure, other()); f++) {
        C4_TRY(add_over_layers(m, families.name[f], other(), ""));
        to_control(m->curves, f);
    }
    return add_null(m);
}

static enum c4_status references_over_layers(struct making *m) {
    const char *family = nth_name(&m->figure->runs, 0);
    m->curves->layered = true;
    if (!any_run(m, family)) return C4_OK;
    for (int r = 0; r < m->figure->references.count; r++) {
        const char *reference = m->figure->references.name[r];
        C4_TRY(
            add_over_layers(m, family, reference,
                            r < m->figure->labels.count ? m->figure->labels.name[r] : reference));
    }
    if (!m->figure->null_line) return C4_OK;
    for (int r = 0; r < m->figure->references.count && !asks_for(m->figure, other()); r++)
        if (strcmp(m->figure->references.name[r], initial()) == 0) {
            C4_TRY(add_over_layers(m, family, other(), ""));
            to_control(m->curves, r);
        }
    return add_null(m);
}

/* A curve over the epochs of a run, from `first` on: CKA to `plus`, minus that to `minus` unless it
 * is NULL. */
static enum c4_status add_over_epochs(struct making *m, const struct c4_rows_run *run,
                                      const char *layer, const char *plus, const char *minus,
                                      const char *label, int first) {
    int points = (int)run->epochs - first + 1;
    if (points < 1) return C4_OK;
    struct c4_curve *curve;
    C4_TRY(c4_curve_add(m->curves, label, points, &curve));
    snprintf(curve->family, sizeof curve->family, "%s", run->family);
    for (int p = 0; p < points; p++) curve->x[p] = first + p;
    for (int s = 0; s < m->curves->seeds; s++) {
        struct c4_row_query query = query_of(m, run->family, seed_of(m, s));
        query.layer = layer;
        for (int p = 0; p < points; p++) {
            double *value = &curve->values[s * points + p];
            query.epoch = first + p;
            query.reference = plus;
            *value = c4_rows_value(m->source->rows, &query);
            if (!minus) continue;
            query.reference = minus;
            *value -= c4_rows_value(m->source->rows, &query);
        }
    }
    c4_curve_summarise(curve, m->curves->seeds);
    return C4_OK;
}

static enum c4_status layers_over_epochs(struct making *m) {
    const struct c4_rows_run *run = any_run(m, nth_name(&m->figure->runs, 0));
    bool gap = m->figure->kind == C4_FIGURE_GAP_OVER_EPOCHS;
    if (!run) return C4_OK;
    for (int layer = 0; layer < C4_LAYERS; layer++)
        C4_TRY(add_over_epochs(m, run, c4_layer_name[layer], nth_name(&m->figure->references, 0),
                               gap ? nth_name(&m->figure->references, 1) : NULL,
                               c4_layer_name[layer], 0));
    if (!m->figure->null_line || gap) return C4_OK;
    for (int layer = 0; layer < C4_LAYERS; layer++) {
        C4_TRY(add_over_epochs(m, run, c4_layer_name[layer], other(), NULL, "", 0));
        to_control(m->curves, layer);
    }
    return C4_OK;
}

static enum c4_status runs_over_epochs(struct making *m) {
    struct families families;
    C4_TRY(list_families(m, &families));
    for (int f = 0; f < families.count; f++) {
        char label[64];
        const struct c4_rows_run *run = any_run(m, families.name[f]);
        label_of(m, &families, f, label, sizeof label);
        C4_TRY(add_over_epochs(m, run, "", nth_name(&m->figure->references, families.index[f]),
                               NULL, label, m->figure->quantity == C4_QUANTITY_LOSS));
    }
    return C4_OK;
}

enum c4_status c4_curves_make(const struct c4_curves_source *source,
                              const struct c4_study_figure *figure, bool debiased,
                              struct c4_curves *curves) {
    const struct c4_protocol *protocol = &source->study->protocol;
    struct making m = {source, figure, c4_quantity_names[figure->quantity],
                       sizes_section(source->study, figure), curves};
    *curves = (struct c4_curves){.seeds = source->scale->seeds.count};
    if (c4_rows_is_similarity(m.quantity)) {
        if (debiased) m.quantity = c4_quantity_names[C4_QUANTITY_CKA_DEBIASED];
        curves->n = figure->curve_images ? protocol->curve_images : protocol->cka_images;
    }
    enum c4_status status = C4_OK;
    switch (figure->kind) {
    case C4_FIGURE_LAYERS_OVER_EPOCHS:
    case C4_FIGURE_GAP_OVER_EPOCHS:
        status = layers_over_epochs(&m);
        break;
    case C4_FIGURE_RUNS_OVER_EPOCHS:
        status = runs_over_epochs(&m);
        break;
    case C4_FIGURE_RUNS_OVER_LAYERS:
    case C4_FIGURE_SIZES_AT_STEPS:
    case C4_FIGURE_SIZES_AT_ACCURACY:
        status = runs_over_layers(&m);
        break;
    case C4_FIGURE_REFERENCES_OVER_LAYERS:
        status = references_over_layers(&m);
        break;
    case C4_FIGURE_COST_PHASES:
    case C4_FIGURE_COST_THROUGHPUT:
    case C4_FIGURE_COST_CKA:
    case C4_FIGURE_COST_RUNS:
        break;
    }
    return status != C4_OK ? status : source->rows->status;
}
