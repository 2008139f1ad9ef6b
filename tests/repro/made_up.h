/* A made-up study: formulas give a plausible value near the published levels for every family,
 * seed, epoch and quantity. Every claim holds in it; tests disturb what they need. */
#ifndef C4_TESTS_REPRO_MADE_UP_H
#define C4_TESTS_REPRO_MADE_UP_H

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "repro/results/rows.h"

enum { MADE_UP_FAMILIES = 21 };

struct made_up_family {
    const char *name;
    int64_t epochs;
    uint32_t images;
    double to_start[C4_LAYERS]; /* CKA after the last epoch to the network where training started */
    double to_init[C4_LAYERS];  /* CKA of fine-tuned networks to the initial network */
    double train_accuracy, test_accuracy, loss;
};

#define MADE_UP_OTHERS {0}, 0.99, 0.30, 0.1
static const struct made_up_family made_up_families[MADE_UP_FAMILIES] = {
    {"pretrain-d0", 10, 50000, {.895, .791, .618, .341, .118}, {0}, .9999, .757, 0.001},
    {"pretrain-d1", 10, 50000, {.911, .818, .651, .447, .105}, {0}, .9876, .353, 0.045},
    {"pretrain-d2", 10, 50000, {.918, .834, .685, .500, .100}, {0}, .9749, .243, 0.080},
    {"pretrain-d4", 10, 50000, {.932, .863, .738, .570, .071}, {0}, .9508, .160, 0.160},
    {"pretrain-d9", 10, 50000, {.966, .921, .799, .655, .019}, {0}, .9117, .100, 0.290},
    {"size-64", 100, 64, {.999, .994, .975, .850, .250}, MADE_UP_OTHERS},
    {"size-256", 100, 256, {.993, .975, .930, .760, .200}, MADE_UP_OTHERS},
    {"size-1024", 100, 1024, {.985, .955, .880, .710, .150}, MADE_UP_OTHERS},
    {"size-4096", 100, 4096, {.975, .940, .830, .680, .100}, MADE_UP_OTHERS},
    {"finetune-cifar10-d0",
     6,
     5000,
     {.991, .975, .917, .610, .701},
     {.885, .775, .600, .330, .12},
     .9999,
     .596,
     0.01},
    {"finetune-cifar10-d1",
     6,
     5000,
     {.985, .963, .890, .535, .552},
     {.890, .780, .610, .340, .11},
     .9999,
     .280,
     0.02},
    {"finetune-cifar10-d2",
     6,
     5000,
     {.980, .957, .865, .496, .492},
     {.900, .800, .620, .350, .10},
     .9999,
     .210,
     0.03},
    {"finetune-cifar10-d4",
     6,
     5000,
     {.970, .930, .825, .444, .324},
     {.920, .850, .700, .380, .08},
     .9999,
     .146,
     0.04},
    {"finetune-cifar10-d9",
     6,
     5000,
     {.950, .905, .770, .386, .023},
     {.966, .926, .835, .450, .05},
     .9996,
     .103,
     0.05},
    {"finetune-cifar10-shifted",
     6,
     5000,
     {.980, .952, .880, .560, .636},
     {.900, .810, .650, .400, .11},
     .9999,
     .556,
     0.02},
    {"finetune-svhn-d0",
     6,
     5000,
     {.966, .932, .825, .420, .055},
     {.905, .820, .680, .390, .05},
     .9999,
     .788,
     0.02},
    {"finetune-svhn-d1",
     6,
     5000,
     {.962, .925, .815, .415, .049},
     {.905, .820, .680, .390, .05},
     .9997,
     .370,
     0.03},
    {"finetune-svhn-d2",
     6,
     5000,
     {.960, .920, .810, .410, .045},
     {.905, .820, .680, .390, .05},
     .9914,
     .245,
     0.04},
    {"finetune-svhn-d4",
     6,
     5000,
     {.958, .910, .800, .405, .047},
     {.905, .820, .680, .390, .05},
     .9554,
     .153,
     0.05},
    {"finetune-svhn-d9",
     6,
     5000,
     {.950, .900, .780, .390, .033},
     {.905, .820, .680, .390, .05},
     .8614,
     .101,
     0.06},
    {"scratch-cifar10-d9", 6, 5000, {.975, .950, .880, .700, .100}, {0}, .9990, .100, 0.08},
};

static const double made_up_null[C4_LAYERS] = {.970, .940, .900, .840, .300};
static const double made_up_bias[C4_LAYERS] = {.000, .002, .007, .012, .008};

static inline const struct made_up_family *made_up_family(const char *name) {
    for (int i = 0; i < MADE_UP_FAMILIES; i++)
        if (strcmp(made_up_families[i].name, name) == 0) return &made_up_families[i];
    return NULL;
}

/* Between -1 and 1, determined by the arguments. */
static inline double made_up_noise(uint64_t seed, const char *word, int number) {
    uint64_t hash = 1469598103934665603u ^ seed * 1099511628211u ^ (uint64_t)number << 32;
    for (; *word; word++) hash = (hash ^ (unsigned char)*word) * 1099511628211u;
    hash ^= hash >> 29;
    hash *= 0xbf58476d1ce4e5b9u;
    hash ^= hash >> 32;
    return (double)(hash % 20001) / 10000 - 1;
}

static inline int made_up_layer(const char *name) {
    for (int i = 0; i < C4_LAYERS; i++)
        if (strcmp(c4_layer_name[i], name) == 0) return i;
    return -1;
}

static inline double made_up_cka(const struct c4_rows_run *run, const struct made_up_family *f,
                                 const struct c4_row_query *q) {
    int layer = made_up_layer(q->layer), finetune = strncmp(f->name, "finetune", 8) == 0;
    double last, first = 1;
    if (layer < 0) return NAN;
    if (strcmp(q->reference, "other-initialisation") == 0) {
        first = finetune ? 0.9 * made_up_families[0].to_start[layer] : made_up_null[layer];
        last = 0.96 * (finetune ? f->to_init : f->to_start)[layer];
    } else if (strcmp(q->reference, "pretrained") == 0) {
        if (!finetune) return NAN;
        last = f->to_start[layer];
    } else {
        last = (finetune ? f->to_init : f->to_start)[layer];
        if (finetune) first = made_up_families[0].to_start[layer];
    }
    /* The images of the other task show less change. */
    int own_digits = strstr(f->name, "svhn") != NULL, digits = strstr(q->images, "svhn") != NULL;
    if (own_digits != digits) last = 0.5 + last / 2;
    /* An epoch of more images has more steps. */
    double rate = 4 * (strncmp(f->name, "size-", 5) == 0 ? 1 + run->images / 128.0 : 1);
    double done = (1 - exp(-rate * (double)q->epoch / (double)run->epochs)) / (1 - exp(-rate));
    double value = first + (last - first) * done;
    if (q->epoch > 0) value += 0.0015 * made_up_noise(q->seed, f->name, layer);
    if (strcmp(q->quantity, "cka_debiased") == 0) value -= made_up_bias[layer];
    value += (q->n < 500 ? 0.002 : 0) * layer + (strcmp(q->statistics, "batch") ? 0.003 : 0);
    return fmin(value, 1);
}

/* The value, or NaN if a study has no such row. */
static inline double made_up_value(const struct c4_rows_run *run, const struct c4_row_query *q) {
    const struct made_up_family *f = made_up_family(q->family);
    if (!f || q->epoch < 0 || q->epoch > run->epochs) return NAN;
    if (c4_rows_is_similarity(q->quantity)) return made_up_cka(run, f, q);
    double t = (double)q->epoch / (double)run->epochs;
    double noise = made_up_noise(q->seed, q->quantity, (int)q->epoch);
    if (strcmp(q->quantity, "loss") == 0)
        return q->epoch ? f->loss + 2.3 * exp(-6 * t * (1 - f->loss)) + 0.002 * noise : NAN;
    if (strstr(q->quantity, "train_accuracy") == q->quantity)
        return fmin(1, f->train_accuracy - (f->train_accuracy - 0.1) * exp(-6 * t) * (t < 1));
    if (strstr(q->quantity, "test_accuracy") == q->quantity)
        return f->test_accuracy - (f->test_accuracy - 0.1) * exp(-8 * t) * (t < 1) + 0.002 * noise;
    return NAN;
}

/* c4_rows.find without a store. */
static inline enum c4_status made_up_find(void *context, const struct c4_rows_run *run,
                                          const struct c4_row_query *query, double *value,
                                          bool *suspect) {
    (void)context;
    (void)suspect;
    *value = made_up_value(run, query);
    return C4_OK;
}

/* What a family's runs are: as the sections of paper.ini say. */
static inline void made_up_type(const char *name, struct c4_rows_run *run) {
    static const char *const kinds[] = {"pretrain-", "size-", "finetune-", "scratch-"};
    for (int k = 0; k < 4; k++)
        if (strncmp(name, kinds[k], strlen(kinds[k])) == 0) run->kind = (enum c4_run_kind)k;
    const char *degree = strstr(name, "-d");
    run->section = run->kind == C4_KIND_SIZE ? C4_STUDY_FAMILIES : (int)run->kind;
    run->data = strstr(name, "svhn") ? 1 : 0;
    run->labels.rule = strstr(name, "shifted")      ? C4_LABELS_SHIFTED
                       : degree && degree[2] == '0' ? C4_LABELS_TRUE
                                                    : C4_LABELS_RANDOM;
    run->labels.degree = degree ? degree[2] - '0' : 9;
}

/* Runs of every family for seeds 1 .. seeds and both block orders. */
static inline struct c4_rows made_up_rows(struct c4_rows_run *run, int seeds) {
    int count = 0;
    for (int order = 0; order < 2; order++)
        for (int s = 1; s <= seeds; s++)
            for (int i = 0; i < MADE_UP_FAMILIES; i++) {
                struct c4_rows_run *r = &run[count++];
                *r = (struct c4_rows_run){.seed = (uint64_t)s,
                                          .order = (enum c4_order)order,
                                          .epochs = made_up_families[i].epochs,
                                          .images = made_up_families[i].images};
                made_up_type(made_up_families[i].name, r);
                snprintf(r->family, sizeof r->family, "%s", made_up_families[i].name);
            }
    return (struct c4_rows){.run = run,
                            .runs = count,
                            .statistics = "batch",
                            .cka_images = 500,
                            .batch = 32,
                            .find = made_up_find};
}

#endif
