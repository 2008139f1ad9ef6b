#include "repro/results/sizes.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

enum { ALL_IMAGES = 50000 };

void c4_sizes_of(const struct c4_rows *rows, uint64_t seed, enum c4_order order,
                 struct c4_sizes *sizes) {
    sizes->count = 0;
    for (int i = 0; i < rows->runs && sizes->count < C4_SIZES_MAX; i++) {
        const struct c4_rows_run *run = &rows->run[i];
        if (run->seed != seed || run->order != order) continue;
        bool whole = strcmp(run->family, "pretrain-d9") == 0 && run->images >= ALL_IMAGES;
        if (strncmp(run->family, "size-", 5) != 0 && !whole) continue;
        int at = sizes->count++;
        for (; at > 0 && sizes->run[at - 1]->images > run->images; at--)
            sizes->run[at] = sizes->run[at - 1];
        sizes->run[at] = run;
    }
}

static double steps_per_epoch(const struct c4_rows *rows, const struct c4_rows_run *run) {
    uint32_t whole = (run->images + rows->batch - 1) / rows->batch;
    return whole;
}

static double accuracy(struct c4_rows *rows, const struct c4_rows_run *run, int64_t epoch) {
    const struct c4_row_query query = {.family = run->family,
                                       .seed = run->seed,
                                       .order = run->order,
                                       .epoch = epoch,
                                       .quantity = "train_accuracy"};
    return c4_rows_value(rows, &query);
}

static double epoch_of_accuracy(struct c4_rows *rows, const struct c4_rows_run *run,
                                double wanted) {
    double before = accuracy(rows, run, 0);
    if (before >= wanted) return 0;
    for (int64_t epoch = 1; epoch <= run->epochs; epoch++) {
        double now = accuracy(rows, run, epoch);
        if (now >= wanted) return (double)epoch - (now - wanted) / (now - before);
        before = now;
    }
    return (double)NAN;
}

double c4_sizes_epoch(struct c4_rows *rows, const struct c4_sizes *sizes, int i,
                      enum c4_sizes_at at) {
    const struct c4_rows_run *run = sizes->run[i], *smallest = sizes->run[0];
    if (at == C4_SIZES_AT_END) return (double)run->epochs;
    if (at == C4_SIZES_AT_STEPS) {
        double epoch =
            (double)smallest->epochs * steps_per_epoch(rows, smallest) / steps_per_epoch(rows, run);
        return epoch >= 1 && epoch <= (double)run->epochs ? epoch : (double)NAN;
    }
    double lowest = INFINITY;
    for (int k = 0; k < sizes->count; k++) {
        double last = accuracy(rows, sizes->run[k], -1);
        if (isnan(last)) return (double)NAN;
        lowest = fmin(lowest, last);
    }
    return epoch_of_accuracy(rows, run, lowest);
}

double c4_sizes_value(struct c4_rows *rows, const struct c4_rows_run *run, double epoch,
                      const struct c4_row_query *query) {
    struct c4_row_query at = *query;
    if (isnan(epoch)) return epoch;
    double below = floor(epoch), share = epoch - below;
    at.family = run->family;
    at.seed = run->seed;
    at.order = run->order;
    at.epoch = (int64_t)below;
    double value = c4_rows_value(rows, &at);
    if (share == 0) return value;
    at.epoch++;
    return value + share * (c4_rows_value(rows, &at) - value);
}
