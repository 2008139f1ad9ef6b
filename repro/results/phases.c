#include "repro/results/phases.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* The store does not keep the order of phases. Unknown names come last. */
static int position(const char *name) {
    static const char *const names[] = {"stem",      "block2",      "block3",      "block4",
                                        "head",      "block4-back", "block3-back", "block2-back",
                                        "stem-back", "update"};
    int count = (int)(sizeof names / sizeof *names);
    for (int i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0) return i;
    return count;
}

/* The phase's sum, inserted in order if it is new; NULL if `sums` is full. */
static struct c4_phase_sum *sum_of(const char *name, struct c4_phase_sum *sums, int *count) {
    int at = 0;
    for (int i = 0; i < *count; i++)
        if (strcmp(sums[i].name, name) == 0) return &sums[i];
    if (*count == C4_PHASES_MAX) return NULL;
    while (at < *count && position(sums[at].name) <= position(name)) at++;
    memmove(&sums[at + 1], &sums[at], (size_t)(*count - at) * sizeof *sums);
    ++*count;
    sums[at] = (struct c4_phase_sum){0};
    snprintf(sums[at].name, sizeof sums[at].name, "%s", name);
    return &sums[at];
}

static const struct c4_rows_run *find_run(const struct c4_rows *rows, const char *key) {
    for (int i = 0; i < rows->runs; i++)
        if (strcmp(rows->run[i].key, key) == 0) return &rows->run[i];
    return NULL;
}

int c4_phase_sums(const struct c4_cost_sum *costs, int count, const struct c4_rows *rows,
                  enum c4_order order, const uint64_t *seed,
                  struct c4_phase_sum sums[C4_PHASES_MAX]) {
    int phases = 0;
    for (int i = 0; i < count; i++) {
        const struct c4_cost_sum *cost = &costs[i];
        if (cost->what != C4_COST_TRAIN_PHASE) continue;
        const struct c4_rows_run *run = find_run(rows, cost->run);
        if (!run || run->order != order || (seed && run->seed != *seed)) continue;
        struct c4_phase_sum *sum = sum_of(cost->layer, sums, &phases);
        if (!sum) continue;
        sum->images += (double)run->images * (double)cost->count;
        sum->seconds += cost->seconds;
        if (isfinite(cost->flops)) sum->flops += cost->flops * (double)cost->count;
        if (isfinite(cost->bytes)) sum->bytes += cost->bytes * (double)cost->count;
    }
    return phases;
}
