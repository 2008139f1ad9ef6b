#include "repro/schedule.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const phase_names[] = {"pretrain"};
static const char *const data_names[] = {"cifar10", "svhn", "svhn-finetune"};

/* "d0" to "d9" or "shifted". */
static void label_text(const struct c4_family *family, char text[16]) {
    if (family->labels == C4_LABELS_SHIFTED)
        snprintf(text, 16, "shifted");
    else
        snprintf(text, 16, "d%u", family->labels == C4_LABELS_TRUE ? 0u : family->degree % 10u);
}

void c4_run_describe(const struct c4_family *family, const struct c4_scale *scale, uint64_t seed,
                     struct c4_run *run) {
    char labels[16];
    label_text(family, labels);
    *run = (struct c4_run){.family = family,
                           .seed = seed,
                           .images = scale->pretrain_images,
                           .epochs = scale->pretrain_epochs};
    snprintf(run->key, sizeof run->key, "%s-%s-%s-n%" PRIu32 "-seed%" PRIu64,
             phase_names[family->phase], data_names[family->data], labels, run->images, seed);
}

void c4_run_spec(const struct c4_run *run, char text[C4_RUN_SPEC_SIZE]) {
    char labels[16];
    label_text(run->family, labels);
    snprintf(text, C4_RUN_SPEC_SIZE,
             "phase=%s data=%s labels=%s images=%" PRIu32 " epochs=%" PRIu32 " seed=%" PRIu64
             " reference=%s",
             phase_names[run->family->phase], data_names[run->family->data], labels, run->images,
             run->epochs, run->seed, c4_reference_names[run->family->reference]);
}

static bool has_run(const struct c4_schedule *schedule, const char *key) {
    for (int i = 0; i < schedule->count; i++)
        if (strcmp(schedule->run[i].key, key) == 0) return true;
    return false;
}

enum c4_status c4_schedule_make(const struct c4_study *study, const struct c4_scale *scale,
                                const bool selected[C4_STUDY_FIGURES],
                                struct c4_schedule *schedule) {
    size_t most = (size_t)study->figures * (size_t)scale->seeds.count;
    *schedule = (struct c4_schedule){.run = calloc(most + 1, sizeof *schedule->run)};
    if (!schedule->run) return c4_fail(C4_ERR_MEMORY, "out of memory for the list of runs");
    for (int s = 0; s < scale->seeds.count; s++)
        for (int f = 0; f < study->figures; f++) {
            struct c4_run run;
            if (!selected[f]) continue;
            c4_run_describe(&study->family[study->figure[f].family], scale, scale->seeds.seed[s],
                            &run);
            if (!has_run(schedule, run.key)) schedule->run[schedule->count++] = run;
        }
    return C4_OK;
}

void c4_schedule_free(struct c4_schedule *schedule) {
    free(schedule->run);
    *schedule = (struct c4_schedule){0};
}
