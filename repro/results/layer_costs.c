#include "repro/results/layer_costs.h"

#include <math.h>
#include <string.h>

const char *const c4_layer_cost_names[C4_LAYER_COSTS] = {
    "the network's products of an epoch", "all comparisons of an epoch", "a reference's product"};

static bool belongs(enum c4_layer_cost what, enum c4_cost_what row) {
    if (what == C4_LAYER_COST_OWN) return row == C4_COST_CKA_OWN;
    if (what == C4_LAYER_COST_REFERENCE) return row == C4_COST_CKA_REFERENCE;
    return c4_cost_is_comparison(row);
}

/* Rows that stand for what is counted: each epoch of a run has one C4_COST_CKA, and with it
 * comparisons of other names or none. */
static bool counts(enum c4_layer_cost what, enum c4_cost_what row) {
    return what == C4_LAYER_COST_COMPARISONS ? row == C4_COST_CKA : belongs(what, row);
}

static void add(double *sum, double mean, double count) {
    if (isfinite(mean)) *sum = (isnan(*sum) ? 0 : *sum) + mean * count;
}

void c4_layer_mean(const struct c4_cost_sum *costs, int count, enum c4_layer_cost what,
                   const char *layer, bool (*of)(const void *context, const char *run),
                   const void *context, struct c4_layer_mean *mean) {
    *mean = (struct c4_layer_mean){.seconds = NAN, .flops = NAN, .bytes = NAN, .method = ""};
    for (int i = 0; i < count; i++) {
        const struct c4_cost_sum *cost = &costs[i];
        const double rows = (double)cost->count;
        if (!belongs(what, cost->what) || strcmp(cost->layer, layer) != 0) continue;
        if (of && what != C4_LAYER_COST_REFERENCE && !of(context, cost->run)) continue;
        if (counts(what, cost->what)) mean->count += rows;
        add(&mean->seconds, cost->mean_seconds, rows);
        add(&mean->flops, cost->flops, rows);
        add(&mean->bytes, cost->bytes, rows);
        if (counts(what, cost->what)) mean->method = cost->method;
    }
    mean->seconds /= mean->count;
    mean->flops /= mean->count;
    mean->bytes /= mean->count;
}
