#include "repro/run/row_list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void c4_out_free(struct c4_row_list *rows) {
    free(rows->results);
    free(rows->costs);
    *rows = (struct c4_row_list){0};
}

/* Grows an array by at least one item if it is full. */
static enum c4_status grow(void **items, size_t item_bytes, int count, int *capacity) {
    if (count < *capacity) return C4_OK;
    int larger = *capacity ? 2 * *capacity : 128;
    void *moved = realloc(*items, (size_t)larger * item_bytes);
    if (!moved) return c4_fail(C4_ERR_MEMORY, "out of memory for the rows of a run");
    *items = moved;
    *capacity = larger;
    return C4_OK;
}

static enum c4_status add_result(struct c4_row_list *rows, struct c4_result_row **row) {
    void *items = rows->results;
    C4_TRY(grow(&items, sizeof **row, rows->result_count, &rows->result_capacity));
    rows->results = items;
    *row = &rows->results[rows->result_count++];
    memset(*row, 0, sizeof **row);
    (*row)->epoch = rows->epoch;
    return C4_OK;
}

static enum c4_status add_cost(struct c4_row_list *rows, enum c4_cost_what what, const char *layer,
                               struct c4_cost_row **row) {
    void *items = rows->costs;
    C4_TRY(grow(&items, sizeof **row, rows->cost_count, &rows->cost_capacity));
    rows->costs = items;
    *row = &rows->costs[rows->cost_count++];
    memset(*row, 0, sizeof **row);
    (*row)->epoch = rows->epoch;
    (*row)->what = what;
    snprintf((*row)->layer, sizeof(*row)->layer, "%s", layer);
    return C4_OK;
}

enum c4_status c4_out_result(struct c4_row_list *rows, const char *quantity, double value,
                             int64_t n) {
    struct c4_result_row *row;
    C4_TRY(add_result(rows, &row));
    snprintf(row->quantity, sizeof row->quantity, "%s", quantity);
    snprintf(row->statistics, sizeof row->statistics, "%s", rows->statistics);
    row->value = value;
    row->n = n;
    return C4_OK;
}

enum c4_status c4_out_similarity(struct c4_row_list *rows, const struct c4_similarity_label *label,
                                 enum c4_similarity_id id,
                                 const struct c4_similarity_result *result) {
    const char *const *quantity = c4_similarities[id]->quantity;
    for (int i = 0; quantity[i]; i++) {
        struct c4_result_row *row;
        C4_TRY(add_result(rows, &row));
        row->measure = 1 + (int)id;
        snprintf(row->quantity, sizeof row->quantity, "%s", quantity[i]);
        snprintf(row->layer, sizeof row->layer, "%s", label->layer);
        snprintf(row->reference, sizeof row->reference, "%s", label->reference);
        snprintf(row->images, sizeof row->images, "%s", label->images);
        snprintf(row->statistics, sizeof row->statistics, "%s", label->statistics);
        row->value = result->value[i];
        row->n = (int64_t)result->n;
    }
    return C4_OK;
}

/* The epoch's cost row of that name and layer; NULL if there is none. Each reference has its own.
 */
static struct c4_cost_row *find_cost(struct c4_row_list *rows, enum c4_cost_what what,
                                     const char *layer) {
    if (c4_cost_is_shared(what)) return NULL;
    for (int i = rows->cost_count - 1; i >= 0 && rows->costs[i].epoch == rows->epoch; i--)
        if (rows->costs[i].what == what && strcmp(rows->costs[i].layer, layer) == 0)
            return &rows->costs[i];
    return NULL;
}

enum c4_status c4_out_pass(struct c4_row_list *rows, enum c4_cost_what what,
                           const struct c4_pass_result *result) {
    struct c4_cost_row *row = find_cost(rows, what, "");
    if (!row) C4_TRY(add_cost(rows, what, "", &row));
    const double images = row->images_per_s * row->seconds + result->images;
    row->seconds += result->seconds;
    row->images_per_s = row->seconds > 0 ? images / row->seconds : 0;
    return C4_OK;
}

enum { PHASES = 32 };

enum c4_status c4_out_training(struct c4_row_list *rows, const struct c4_pass *pass,
                               const struct c4_pass_result *result) {
    struct c4_phase_time phase[PHASES];
    int count = 0;
    C4_TRY(c4_out_pass(rows, C4_COST_TRAIN, result));
    if (pass->step->phases) C4_TRY(pass->step->phases(pass->plan, phase, PHASES, &count));
    for (int i = 0; i < count && i < PHASES; i++) {
        struct c4_cost_row *row;
        C4_TRY(add_cost(rows, C4_COST_TRAIN_PHASE, phase[i].name, &row));
        row->seconds = phase[i].seconds;
        row->images_per_s = row->seconds > 0 ? result->images / row->seconds : 0;
        row->flops = phase[i].flops_nominal * result->images;
        row->bytes = phase[i].bytes * result->images;
    }
    return C4_OK;
}

enum c4_status c4_out_seconds(struct c4_row_list *rows, enum c4_cost_what what, double seconds) {
    struct c4_cost_row *row;
    C4_TRY(add_cost(rows, what, "", &row));
    row->seconds = seconds;
    return C4_OK;
}

enum c4_status c4_out_similarity_cost(struct c4_row_list *rows, enum c4_cost_what what,
                                      const char *layer, const struct c4_similarity_work *work) {
    struct c4_cost_row *row = find_cost(rows, what, layer);
    if (!row) {
        C4_TRY(add_cost(rows, what, layer, &row));
        snprintf(row->method, sizeof row->method, "%s", work->method);
    }
    row->seconds += work->seconds;
    row->flops += work->flops;
    row->bytes += work->bytes;
    return C4_OK;
}

void c4_out_date(struct c4_row_list *rows, const char *started, const char *ended) {
    for (int i = rows->cost_count - 1; i >= 0 && rows->costs[i].epoch == rows->epoch; i--) {
        snprintf(rows->costs[i].started, sizeof rows->costs[i].started, "%s", started);
        snprintf(rows->costs[i].ended, sizeof rows->costs[i].ended, "%s", ended);
    }
}
