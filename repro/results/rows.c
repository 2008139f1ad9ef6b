#include "repro/results/rows.h"

#include <math.h>
#include <string.h>

#include "core/similarity/similarity.h"

int c4_rows_is_similarity(const char *quantity) {
    return c4_is_similarity(quantity, NULL);
}

const struct c4_rows_run *c4_rows_run_of(const struct c4_rows *rows, const char *family,
                                         uint64_t seed, enum c4_order order) {
    for (int i = 0; i < rows->runs; i++) {
        const struct c4_rows_run *run = &rows->run[i];
        if (run->seed == seed && run->order == order && strcmp(run->family, family) == 0)
            return run;
    }
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
