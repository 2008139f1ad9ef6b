#include "repro/claims/claims.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/stats/holm.h"
#include "repro/results/sizes.h"

#define LEVEL 0.95     /* confidence of the intervals */
#define DELTA 0.01     /* the smallest contrast that counts */
#define MEMORISED 0.99 /* training accuracy */
enum { FEWEST_SEEDS = 3, FEWEST_STEPS = 500, PAPER_IMAGES = 50000, PAPER_EPOCHS = 100 };

const char *const c4_verdict_names[] = {"holds", "fails", "undecided", "not judged", NULL};
_Static_assert(sizeof c4_verdict_names / sizeof *c4_verdict_names == C4_NOT_JUDGED + 2,
               "a name for each verdict, and NULL");

enum c4_judging c4_claims_judging(uint32_t images, uint32_t epochs, uint32_t batch) {
    uint64_t steps = (uint64_t)((images + batch - 1) / batch) * epochs;
    if (images >= PAPER_IMAGES && epochs >= PAPER_EPOCHS) return C4_JUDGE_ALL;
    return steps < FEWEST_STEPS ? C4_JUDGE_NOTHING : C4_JUDGE_SHAPES;
}

/* The data, estimator and other settings of one judgement. */
struct judge {
    struct c4_rows *rows;
    const uint64_t *seed;
    int seeds;
    enum c4_judging judging;
    struct c4_claim_setting setting;
};

static struct c4_row_query query_of(const struct judge *j, uint64_t seed, const char *family) {
    return (struct c4_row_query){.family = family,
                                 .seed = seed,
                                 .order = j->setting.order,
                                 .epoch = -1,
                                 .quantity = j->setting.debiased ? "cka_debiased" : "cka_biased",
                                 .statistics = j->setting.statistics,
                                 .n = j->setting.n};
}

static double term_value(const struct judge *j, const struct c4_claim_term *term, int layer,
                         uint64_t seed) {
    struct c4_row_query query = query_of(j, seed, term->run);
    query.layer = c4_layer_name[layer + term->next_layer];
    query.reference = c4_reference_names[term->reference];
    query.images = c4_image_set_name(term->images);
    if (term->at_start) query.epoch = 0;
    return c4_rows_value(j->rows, &query);
}

static double sum_value(const struct judge *j, const struct c4_claim_contrast *contrast, int layer,
                        uint64_t seed) {
    double sum = 0;
    for (int t = 0; t < C4_CLAIM_TERMS && contrast->term[t].sign; t++)
        sum += contrast->term[t].sign * term_value(j, &contrast->term[t], layer, seed);
    return sum;
}

static double accuracy_value(const struct judge *j, const struct c4_claim_contrast *contrast,
                             uint64_t seed) {
    double sum = 0;
    for (int t = 0; t < C4_CLAIM_TERMS && contrast->term[t].sign; t++) {
        struct c4_row_query query = query_of(j, seed, contrast->term[t].run);
        query.quantity = c4_quantity_names[contrast->term[t].quantity];
        sum += contrast->term[t].sign * c4_rows_value(j->rows, &query);
    }
    return sum;
}

static double mean_loss(const struct judge *j, const char *family, uint64_t seed) {
    const struct c4_rows_run *run = c4_rows_run_of(j->rows, family, seed, j->setting.order);
    double sum = 0;
    if (!run) return (double)NAN;
    for (int64_t epoch = 1; epoch <= run->epochs; epoch++) {
        struct c4_row_query query = query_of(j, seed, family);
        query.quantity = "loss";
        query.epoch = epoch;
        sum += c4_rows_value(j->rows, &query);
    }
    return sum / (double)run->epochs;
}

static double loss_value(const struct judge *j, const struct c4_claim_contrast *contrast,
                         uint64_t seed) {
    double sum = 0;
    for (int t = 0; t < C4_CLAIM_TERMS && contrast->term[t].sign; t++)
        sum += contrast->term[t].sign * mean_loss(j, contrast->term[t].run, seed);
    return sum;
}

static double ratio_value(const struct judge *j, const struct c4_claim_contrast *contrast,
                          uint64_t seed) {
    const struct c4_claim_term *term = contrast->term;
    double pool1[2], pool4[2];
    for (int t = 0; t < 2; t++) {
        pool1[t] = 1 - term_value(j, &term[t], 0, seed);
        pool4[t] = 1 - term_value(j, &term[t], 3, seed);
    }
    if (term[1].sign > 0) return pool4[0] / pool4[1] - pool1[0] / pool1[1];
    return (pool1[1] - pool1[0]) - (pool4[1] - pool4[0]);
}

static double sizes_value(const struct judge *j, enum c4_sizes_at at, int layer, uint64_t seed) {
    struct c4_sizes sizes;
    c4_sizes_of(j->rows, -1, seed, j->setting.order, &sizes);
    if (sizes.count < 2) return (double)NAN;
    struct c4_row_query query = query_of(j, seed, "");
    query.layer = c4_layer_name[layer];
    query.reference = c4_reference_names[C4_REFERENCE_INITIALISATION];
    query.images = c4_image_set_name((struct c4_image_set){.set = sizes.run[0]->data});
    double smallest =
        c4_sizes_value(j->rows, sizes.run[0], c4_sizes_epoch(j->rows, &sizes, 0, at), &query);
    for (int i = sizes.count - 1; i > 0; i--) {
        double epoch = c4_sizes_epoch(j->rows, &sizes, i, at);
        /* At equal steps, a large size may not complete even one epoch. */
        if (isnan(epoch) && at == C4_SIZES_AT_STEPS) continue;
        return smallest - c4_sizes_value(j->rows, sizes.run[i], epoch, &query);
    }
    return (double)NAN;
}

/* A part's contrast and layer. */
struct part_place {
    int contrast, layer;
};

_Static_assert(C4_CLAIM_LABEL_SIZE + 8 <= sizeof((struct c4_claim_part *)0)->label,
               "a label, a space and a layer fit");

static void name_part(const struct c4_claim_definition *d, struct part_place place, char *label,
                      size_t size) {
    const char *own = d->contrast[place.contrast].label, *layer = c4_layer_name[place.layer];
    if (d->kind == C4_CLAIM_PAIRS)
        snprintf(label, size, "%s - %s", layer, c4_layer_name[place.layer + 1]);
    else if (!d->layers)
        snprintf(label, size, "%s", own);
    else
        snprintf(label, size, "%s%s%s", own, own[0] ? " " : "", layer);
}

static int list_parts(const struct c4_claim_definition *d, struct part_place place[C4_CLAIM_PARTS],
                      struct c4_claim *claim) {
    /* Kinds without layers have one part per contrast. */
    unsigned layers = d->layers ? d->layers : 1;
    int count = 0;
    for (int c = 0; c < C4_CLAIM_CONTRASTS; c++)
        for (int layer = 0; layer < C4_LAYERS; layer++) {
            bool there = d->kind == C4_CLAIM_SIZES ? c == 0 : d->contrast[c].term[0].sign != 0;
            if (!there || !(layers >> layer & 1) || count == C4_CLAIM_PARTS) continue;
            place[count] = (struct part_place){c, layer};
            name_part(d, place[count], claim->part[count].label, sizeof claim->part->label);
            count++;
        }
    return count;
}

static double part_value(const struct judge *j, const struct c4_claim_definition *d,
                         struct part_place place, uint64_t seed) {
    const struct c4_claim_contrast *contrast = &d->contrast[place.contrast];
    switch (d->kind) {
    case C4_CLAIM_LOSS:
        return loss_value(j, contrast, seed);
    case C4_CLAIM_ACCURACY:
        return accuracy_value(j, contrast, seed);
    case C4_CLAIM_RATIO:
        return ratio_value(j, contrast, seed);
    case C4_CLAIM_SIZES:
        return sizes_value(j, (enum c4_sizes_at)d->sizes_at, place.layer, seed);
    case C4_CLAIM_SUM:
    case C4_CLAIM_PAIRS:
        break;
    }
    return sum_value(j, contrast, place.layer, seed);
}

static enum c4_verdict verdict_of(const struct c4_claim *claim, const struct c4_estimate *d) {
    if (d->n == 0) return C4_NOT_JUDGED;
    if (d->n < FEWEST_SEEDS) return C4_UNDECIDED;
    if (claim->is_bound) {
        if (d->low > claim->low && d->high < claim->high) return C4_HOLDS;
        return d->high < claim->low || d->low > claim->high ? C4_FAILS : C4_UNDECIDED;
    }
    if (d->low > 0 && d->mean >= DELTA) return C4_HOLDS;
    return d->high < DELTA ? C4_FAILS : C4_UNDECIDED;
}

/* Why no part of the claim may be judged, or "". */
static void why_not(const struct judge *j, const struct c4_claim_definition *d, char *reason,
                    size_t size) {
    if (d->reported_only) {
        snprintf(reason, size, "reported only");
    } else if (j->judging == C4_JUDGE_NOTHING) {
        snprintf(reason, size,
                 "this scale trains too little: below %d steps orderings still reverse",
                 FEWEST_STEPS);
    } else if (j->judging == C4_JUDGE_SHAPES && d->paper_only) {
        snprintf(reason, size, "needs the paper's training");
    } else if (d->memorised[0]) {
        double sum = 0;
        for (int s = 0; s < j->seeds; s++) {
            struct c4_row_query query = query_of(j, j->seed[s], d->memorised);
            query.quantity = "train_accuracy";
            sum += c4_rows_value(j->rows, &query);
        }
        double mean = sum / j->seeds;
        if (mean < MEMORISED)
            snprintf(reason, size, "the images are not memorised: training accuracy %.1f %%",
                     100 * fmax(mean, 0));
    }
}

static bool part_may_be_judged(const struct judge *j, const struct c4_claim_definition *d,
                               struct part_place place) {
    bool at_pool1 = d->layers && place.layer == 0;
    return j->judging == C4_JUDGE_ALL || !at_pool1 || d->pool1_is_fine;
}

static void sum_up(struct c4_claim *claim) {
    int holds = 0, fails = 0, judged = 0, missing = 0;
    claim->seeds = C4_SEEDS_MAX;
    for (int p = 0; p < claim->parts; p++) {
        const struct c4_claim_part *part = &claim->part[p];
        if (!part->judged) continue;
        judged++;
        missing += part->d.n == 0;
        holds += part->verdict == C4_HOLDS;
        fails += part->verdict == C4_FAILS;
        if (part->d.n < claim->seeds) claim->seeds = part->d.n;
    }
    claim->verdict = fails ? C4_FAILS : holds == judged ? C4_HOLDS : C4_UNDECIDED;
    if (judged && !missing) return;
    claim->verdict = C4_NOT_JUDGED;
    claim->seeds = 0;
    if (!claim->reason[0])
        snprintf(claim->reason, sizeof claim->reason, "%s",
                 judged ? "rows are missing: runs were not made or did not finish, or their CKA "
                          "is undefined"
                        : "differences at pool1 need the paper's training");
}

static void judge_claim(const struct judge *j, const struct c4_claim_definition *d,
                        struct c4_claim *claim) {
    struct part_place place[C4_CLAIM_PARTS];
    bool is_bound = isfinite(d->low) || isfinite(d->high);
    *claim = (struct c4_claim){.id = d->id,
                               .figure = d->figure,
                               .says = d->says,
                               .statistic = d->statistic,
                               .is_cka = d->kind != C4_CLAIM_LOSS && d->kind != C4_CLAIM_ACCURACY,
                               .is_bound = is_bound,
                               .low = is_bound ? d->low : 0,
                               .high = is_bound ? d->high : (double)INFINITY};
    claim->parts = list_parts(d, place, claim);
    why_not(j, d, claim->reason, sizeof claim->reason);
    /* A one-sided bound has its own p-value; a two-sided one has none. */
    double origin = isfinite(claim->low) ? claim->low : claim->high;
    bool two_sided = isfinite(claim->low) && isfinite(claim->high);
    for (int p = 0; p < claim->parts; p++) {
        struct c4_claim_part *part = &claim->part[p];
        double values[C4_SEEDS_MAX];
        for (int s = 0; s < j->seeds; s++) values[s] = part_value(j, d, place[p], j->seed[s]);
        part->d = c4_estimate_of(values, j->seeds, LEVEL, origin);
        if (two_sided) part->d.p = (double)NAN;
        for (int s = 0; s < j->seeds; s++)
            part->in_favour += values[s] > claim->low && values[s] < claim->high;
        part->judged = !claim->reason[0] && part_may_be_judged(j, d, place[p]);
        part->verdict = part->judged ? verdict_of(claim, &part->d) : C4_NOT_JUDGED;
        part->p_holm = part->judged ? part->d.p : (double)NAN;
    }
    sum_up(claim);
}

static void adjust(struct c4_claims *claims) {
    double p[C4_CLAIMS_MAX * C4_CLAIM_PARTS];
    int count = 0;
    for (int pass = 0; pass < 2; pass++) {
        int at = 0;
        for (int c = 0; c < claims->count; c++)
            for (int k = 0; k < claims->claim[c].parts; k++, at++) {
                if (pass)
                    claims->claim[c].part[k].p_holm = p[at];
                else
                    p[at] = claims->claim[c].part[k].p_holm;
            }
        count = at;
        if (!pass) c4_holm(p, count, p);
    }
}

enum c4_status c4_claims_judge(const struct c4_study *study, struct c4_rows *rows,
                               const uint64_t *seed, int seeds, enum c4_judging judging,
                               const struct c4_claim_setting *setting, struct c4_claims *claims) {
    struct judge j = {rows, seed, seeds, judging, *setting};
    struct judge other = j;
    other.setting.debiased = true;
    claims->count = 0;
    for (int i = 0; i < study->claims; i++) {
        struct c4_claim *claim = &claims->claim[claims->count++], debiased;
        rows->suspect = false;
        judge_claim(&j, &study->claim[i], claim);
        claim->suspect = rows->suspect;
        claim->debiased = claim->verdict;
        if (!claim->is_cka || setting->debiased) continue;
        judge_claim(&other, &study->claim[i], &debiased);
        claim->debiased = debiased.verdict;
        claim->estimator_dependent = claim->verdict != debiased.verdict &&
                                     claim->verdict != C4_NOT_JUDGED &&
                                     debiased.verdict != C4_NOT_JUDGED;
    }
    adjust(claims);
    return rows->status;
}

int c4_claims_with(const struct c4_claims *claims, enum c4_verdict verdict) {
    int count = 0;
    for (int i = 0; i < claims->count; i++) count += claims->claim[i].verdict == verdict;
    return count;
}

enum c4_status c4_claims_strict(const struct c4_claims *claims) {
    struct c4_text ids = {0};
    int failed = c4_claims_with(claims, C4_FAILS);
    if (failed == 0) return C4_OK;
    for (int i = 0; i < claims->count; i++)
        if (claims->claim[i].verdict == C4_FAILS) c4_text_add_word(&ids, ", ", claims->claim[i].id);
    enum c4_status status =
        ids.lost
            ? C4_ERR_MEMORY
            : c4_fail(C4_ERR_CLAIM,
                      "%d claim%s of the paper fail%s here: %s; report.html has the numbers",
                      failed, failed == 1 ? "" : "s", failed == 1 ? "s" : "", c4_text_string(&ids));
    c4_text_free(&ids);
    return status;
}
