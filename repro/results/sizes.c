#include "repro/results/sizes.h"

#include <math.h>

static bool same_labels(const struct c4_label_spec *a, const struct c4_label_spec *b) {
    if (a->rule != b->rule) return false;
    return a->rule == C4_LABELS_TRUE ||
           (a->rule == C4_LABELS_RANDOM ? a->degree == b->degree : a->shift == b->shift);
}

bool c4_sizes_end_with(const struct c4_rows_run *run, const struct c4_rows_run *sized) {
    return run->kind == C4_KIND_PRETRAIN && run->data == sized->data &&
           same_labels(&run->labels, &sized->labels) &&
           run->images >= c4_sets[run->data].files.images[C4_TRAIN];
}

static void insert(struct c4_sizes *sizes, const struct c4_rows_run *run) {
    int at = sizes->count++;
    for (; at > 0 && sizes->run[at - 1]->images > run->images; at--)
        sizes->run[at] = sizes->run[at - 1];
    sizes->run[at] = run;
}

void c4_sizes_of(struct c4_rows *rows, int section, uint64_t seed, enum c4_order order,
                 struct c4_sizes *sizes) {
    const struct c4_rows_run *whole = NULL;
    int first, end;
    sizes->count = 0;
    c4_rows_of_seed(rows, seed, order, &first, &end);
    for (int i = first; i < end; i++) {
        const struct c4_rows_run *run = &rows->run[i];
        if (run->kind != C4_KIND_SIZE) continue;
        if (section < 0) section = run->section;
        if (run->section == section && sizes->count < C4_LIST_MAX) insert(sizes, run);
    }
    for (int i = first; i < end && sizes->count > 0 && !whole; i++)
        if (c4_sizes_end_with(&rows->run[i], sizes->run[0])) whole = &rows->run[i];
    if (whole) insert(sizes, whole);
}
_Static_assert(C4_SIZES_MAX == C4_LIST_MAX + 1, "the sizes of a section, each once, and the whole");

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
