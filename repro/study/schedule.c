#include "repro/study/schedule.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/op/names.h"

uint64_t c4_other_seed(uint64_t seed) {
    return seed + 1;
}

static bool has(const struct c4_list *list, int value) {
    for (int i = 0; i < list->count; i++)
        if ((int)list->value[i] == value) return true;
    return false;
}

/* The degrees of random labels for fine-tuning on a data set. */
static const struct c4_list *tuning_degrees(const struct c4_scale *scale, int set) {
    const struct c4_field *field = c4_field_find(c4_scale_fields, c4_sets[set].tuning.degrees);
    return (const void *)((const char *)scale + field->offset);
}

/* Whether the scale has the family, or any size of it. */
static bool exists(const struct c4_family *family, const struct c4_scale *scale) {
    switch (family->kind) {
    case C4_KIND_PRETRAIN:
        return has(&scale->degrees, family->labels);
    case C4_KIND_FINETUNE:
        if (family->labels == C4_LABELS_SHIFTED_CHOICE) return true;
        return has(tuning_degrees(scale, family->data), family->labels);
    case C4_KIND_SCRATCH:
        return scale->matched_scratch;
    case C4_KIND_SIZE:
        break;
    }
    return scale->sizes.count > 0;
}

static void add_family(struct c4_families *families, const char *name) {
    for (int i = 0; i < families->count; i++)
        if (strcmp(families->name[i], name) == 0) return;
    snprintf(families->name[families->count++], C4_FAMILY_NAME_SIZE, "%s", name);
}

_Static_assert(C4_SECTION_NAME_SIZE + sizeof "-50000" - 1 <= C4_FAMILY_NAME_SIZE &&
                   C4_SIZE_LARGEST == 50000,
               "room for a section's name and the largest size");

static void add_sizes(const struct c4_family *family, const struct c4_scale *scale,
                      struct c4_families *families) {
    for (int i = 0; i < scale->sizes.count; i++) {
        char name[C4_FAMILY_NAME_SIZE];
        snprintf(name, sizeof name, "%s-%" PRIu32, family->name, scale->sizes.value[i]);
        add_family(families, name);
    }
}

void c4_families_make(const struct c4_study *study, const struct c4_scale *scale,
                      struct c4_families *families) {
    families->count = 0;
    for (int i = 0; i < study->families; i++) {
        const struct c4_family *family = &study->family[i];
        if (!exists(family, scale)) continue;
        if (family->kind == C4_KIND_SIZE)
            add_sizes(family, scale, families);
        else
            add_family(families, family->name);
    }
}

/* The section of a family's name, or NULL if the scale does not have it. Of a training size, *size
 * is that. */
static const struct c4_family *find_family(const struct c4_study *study,
                                           const struct c4_scale *scale, const char *name,
                                           uint32_t *size) {
    const struct c4_family *family = c4_study_family(study, name, size);
    if (!family || !exists(family, scale)) return NULL;
    return family->kind != C4_KIND_SIZE || has(&scale->sizes, (int)*size) ? family : NULL;
}

static struct c4_label_spec labels_of(const struct c4_study *study,
                                      const struct c4_family *family) {
    const struct c4_protocol *protocol = &study->protocol;
    struct c4_label_spec spec = {.rule = C4_LABELS_RANDOM, .degree = family->labels};
    if (family->labels == C4_LABELS_SHIFTED_CHOICE)
        spec = (struct c4_label_spec){.rule = C4_LABELS_SHIFTED,
                                      .shift = protocol->shift == C4_SHIFT_ONE};
    else if (family->labels == 0 ||
             (family->kind == C4_KIND_SIZE && protocol->size_labels == C4_SIZE_LABELS_TRUE))
        spec = (struct c4_label_spec){.rule = C4_LABELS_TRUE};
    return spec;
}

/* "d0" to "d9", "shifted" or "shifted1". */
static void label_text(const struct c4_label_spec *labels, char text[16]) {
    if (labels->rule == C4_LABELS_SHIFTED)
        snprintf(text, 16, labels->shift ? "shifted%d" : "shifted", labels->shift);
    else
        snprintf(text, 16, "d%d", labels->degree);
}

static void name_run(struct c4_run *run) {
    char labels[16];
    label_text(&run->labels, labels);
    snprintf(run->key, sizeof run->key, "%s-%s-%s-n%" PRIu32 "-e%" PRIu32 "-%s-seed%" PRIu64,
             c4_run_kind_names[run->kind], c4_sets[run->data].word, labels, run->images,
             run->epochs, c4_order_names[run->order], run->seed);
}

/* The run that all fine-tuning starts from. */
static void describe_source(const struct c4_study *study, const struct c4_scale *scale,
                            uint64_t seed, struct c4_run *run) {
    *run = (struct c4_run){.kind = C4_KIND_PRETRAIN,
                           .data = c4_study_pretraining(study),
                           .labels = {.rule = C4_LABELS_TRUE},
                           .order = study->protocol.order,
                           .seed = seed,
                           .images = scale->pretrain_images,
                           .epochs = scale->pretrain_epochs};
    for (int i = 0; i < study->families; i++)
        if (study->family[i].kind == C4_KIND_PRETRAIN && study->family[i].labels == 0)
            snprintf(run->family, sizeof run->family, "%s", study->family[i].name);
    name_run(run);
}

bool c4_run_describe(const struct c4_study *study, const struct c4_scale *scale, const char *name,
                     uint64_t seed, struct c4_run *run) {
    uint32_t size = 0;
    const struct c4_family *family = find_family(study, scale, name, &size);
    if (!family) return false;
    *run = (struct c4_run){.kind = family->kind,
                           .data = family->data,
                           .labels = labels_of(study, family),
                           .order = study->protocol.order,
                           .seed = seed,
                           .images = scale->finetune_images,
                           .epochs = scale->finetune_epochs};
    snprintf(run->family, sizeof run->family, "%s", name);
    if (family->kind == C4_KIND_PRETRAIN) {
        run->images = scale->pretrain_images;
        run->epochs = scale->pretrain_epochs;
    } else if (family->kind == C4_KIND_SIZE) {
        run->images = size;
        run->epochs = scale->size_epochs;
    } else if (family->kind == C4_KIND_FINETUNE) {
        struct c4_run source;
        describe_source(study, scale, seed, &source);
        memcpy(run->from, source.key, sizeof run->from);
    }
    name_run(run);
    return true;
}

bool c4_run_is_curve(const struct c4_run *run) {
    return run->kind == C4_KIND_PRETRAIN || run->kind == C4_KIND_SIZE;
}

bool c4_run_tunes(const struct c4_run *run) {
    return run->kind == C4_KIND_FINETUNE || run->kind == C4_KIND_SCRATCH;
}

uint32_t c4_run_cka_rows(const struct c4_run *run, const struct c4_protocol *protocol) {
    bool more = c4_run_is_curve(run) && protocol->curve_images > protocol->cka_images;
    return more ? protocol->curve_images : protocol->cka_images;
}

uint32_t c4_forwarded(uint32_t batch, uint32_t rows, uint32_t available) {
    uint32_t wanted = (rows + batch - 1) / batch * batch;
    return wanted < available ? wanted : available;
}

static int find_run(const struct c4_schedule *schedule, const char *key) {
    for (int i = 0; i < schedule->count; i++)
        if (strcmp(schedule->run[i].key, key) == 0) return i;
    return -1;
}

static int add_run(struct c4_schedule *schedule, const struct c4_run *run, int after) {
    int index = find_run(schedule, run->key);
    if (index >= 0) return index;
    schedule->after[schedule->count] = after;
    schedule->run[schedule->count] = *run;
    return schedule->count++;
}

/* Adds the families that a figure draws; those that the scale does not have are left out. Returns
 * whether it has any. */
static bool add_figure(const struct c4_study *study, const struct c4_scale *scale,
                       const struct c4_study_figure *figure, struct c4_families *families) {
    bool found = false;
    for (int i = 0; i < figure->runs.count; i++) {
        const char *name = figure->runs.name[i];
        uint32_t size;
        const struct c4_family *family = c4_study_family(study, name, &size);
        bool all_sizes = family && family->kind == C4_KIND_SIZE && size == 0;
        if (all_sizes) {
            found = found || scale->sizes.count > 0;
            add_sizes(family, scale, families);
        } else if (find_family(study, scale, name, &size)) {
            found = true;
            add_family(families, name);
        }
    }
    return found;
}

/* The families of the selected figures. Each of them needs one: a figure that a user asks for and
 * that could only stay empty is refused before anything is trained. */
static enum c4_status select_families(const struct c4_study *study, const struct c4_scale *scale,
                                      const bool *selected, struct c4_families *families) {
    families->count = 0;
    for (int f = 0; f < study->figures; f++)
        if (selected[f] && !add_figure(study, scale, &study->figure[f], families))
            return c4_fail(C4_ERR_USAGE,
                           "scale %s has no runs for figure %s; leave it out of --figures, or see "
                           "--degrees and --set",
                           scale->name, study->figure[f].id);
    return C4_OK;
}

static enum c4_status reserve(size_t runs, int pretraining, struct c4_schedule *schedule) {
    *schedule = (struct c4_schedule){.run = calloc(runs, sizeof *schedule->run),
                                     .after = calloc(runs, sizeof *schedule->after),
                                     .pretraining = pretraining};
    if (schedule->run && schedule->after) return C4_OK;
    c4_schedule_free(schedule);
    return c4_fail(C4_ERR_MEMORY, "out of memory for the list of runs");
}

enum c4_status c4_schedule_make(const struct c4_study *study, const struct c4_scale *scale,
                                const bool *selected, struct c4_schedule *schedule) {
    struct c4_families families;
    if (selected)
        C4_TRY(select_families(study, scale, selected, &families));
    else
        c4_families_make(study, scale, &families);
    if (families.count == 0) return c4_fail(C4_ERR_USAGE, "scale %s has no runs", scale->name);
    size_t most = ((size_t)families.count + 1) * (size_t)scale->seeds.count + 1;
    C4_TRY(reserve(most, c4_study_pretraining(study), schedule));
    for (int s = 0; s < scale->seeds.count; s++)
        for (int f = 0; f < families.count; f++) {
            struct c4_run run, source;
            int after = -1;
            if (!c4_run_describe(study, scale, families.name[f], scale->seeds.seed[s], &run))
                continue;
            if (run.from[0]) {
                describe_source(study, scale, run.seed, &source);
                after = add_run(schedule, &source, -1);
            }
            add_run(schedule, &run, after);
        }
    return C4_OK;
}

enum c4_status c4_schedule_part(const struct c4_schedule *schedule, const bool *keep,
                                struct c4_schedule *part) {
    C4_TRY(reserve((size_t)schedule->count + 1, schedule->pretraining, part));
    for (int i = 0; i < schedule->count; i++) {
        int after = schedule->after[i];
        if (!keep[i]) continue;
        if (after >= 0) after = find_run(part, schedule->run[after].key);
        add_run(part, &schedule->run[i], after);
    }
    return C4_OK;
}

void c4_schedule_free(struct c4_schedule *schedule) {
    free(schedule->run);
    free(schedule->after);
    *schedule = (struct c4_schedule){0};
}
