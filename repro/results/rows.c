#include "repro/results/rows.h"

#include <math.h>
#include <string.h>

#include "core/similarity/similarity.h"

int c4_rows_is_similarity(const char *quantity) {
    return c4_is_similarity(quantity, NULL);
}

static bool is_of(const struct c4_rows_run *run, uint64_t seed, enum c4_order order) {
    return run->seed == seed && run->order == order;
}

void c4_rows_of_seed(struct c4_rows *rows, uint64_t seed, enum c4_order order, int *first,
                     int *end) {
    int at = rows->last, tried = 0;
    for (; tried < rows->runs && !is_of(&rows->run[at], seed, order); tried++)
        at = at + 1 < rows->runs ? at + 1 : 0;
    *first = *end = 0;
    if (tried == rows->runs) return;
    rows->last = *first = *end = at;
    while (*first > 0 && is_of(&rows->run[*first - 1], seed, order)) --*first;
    while (*end < rows->runs && is_of(&rows->run[*end], seed, order)) ++*end;
}

const struct c4_rows_run *c4_rows_run_of(struct c4_rows *rows, const char *family, uint64_t seed,
                                         enum c4_order order) {
    int first, end;
    c4_rows_of_seed(rows, seed, order, &first, &end);
    for (int i = first; i < end; i++)
        if (strcmp(rows->run[i].family, family) == 0) return &rows->run[i];
    return NULL;
}

double c4_rows_value(struct c4_rows *rows, const struct c4_row_query *query) {
    const struct c4_rows_run *run = c4_rows_run_of(rows, query->family, query->seed, query->order);
    if (!run || rows->status != C4_OK) return (double)NAN;
    struct c4_row_query full = *query;
    if (full.epoch < 0) full.epoch = run->epochs;
    if (!full.layer) full.layer = "";
    if (!full.reference) full.reference = "";
    if (!full.images) full.images = "";
    if (!full.statistics) full.statistics = rows->statistics;
    if (full.n == 0) full.n = rows->cka_images;
    double value = NAN;
    bool suspect = false;
    rows->status = rows->find(rows->context, run, &full, &value, &suspect);
    rows->suspect = rows->suspect || suspect;
    return rows->status == C4_OK ? value : (double)NAN;
}
