/* The rows of a segment, collected for the store. */
#ifndef C4_REPRO_RUN_ROW_LIST_H
#define C4_REPRO_RUN_ROW_LIST_H

#include "core/net/train.h"
#include "core/similarity/similarity.h"
#include "repro/store/store.h"

struct c4_row_list {
    int64_t epoch; /* of the rows to append */
    const char *statistics;
    struct c4_result_row *results;
    struct c4_cost_row *costs;
    int result_count, result_capacity, cost_count, cost_capacity;
};

/* What a similarity was measured on. */
struct c4_similarity_label {
    const char *layer, *reference, *images, *statistics;
};

void c4_out_free(struct c4_row_list *rows);

/* Append; C4_ERR_MEMORY. */
enum c4_status c4_out_result(struct c4_row_list *rows, const char *quantity, double value,
                             int64_t n);
enum c4_status c4_out_similarity(struct c4_row_list *rows, const struct c4_similarity_label *label,
                                 enum c4_similarity_id id,
                                 const struct c4_similarity_result *result);
/* Adds the pass to the epoch's cost row of that name, or appends a new one; always a new one if
 * runs share the work, so that there is one for each reference. */
enum c4_status c4_out_pass(struct c4_row_list *rows, enum c4_cost_what what,
                           const struct c4_pass_result *result);
/* Appends the training pass and, if the step reports phases, each phase with its name as the layer:
 * seconds and throughput of thread 0, nominal FLOPs and bytes of the epoch. The plan's clocks must
 * have run during this pass only. */
enum c4_status c4_out_training(struct c4_row_list *rows, const struct c4_pass *pass,
                               const struct c4_pass_result *result);
/* Adds the work to the epoch's cost row of that name and layer, or appends a new one; likewise. */
enum c4_status c4_out_similarity_cost(struct c4_row_list *rows, enum c4_cost_what what,
                                      const char *layer, const struct c4_similarity_work *work);
enum c4_status c4_out_seconds(struct c4_row_list *rows, enum c4_cost_what what, double seconds);

/* Sets the start and end dates of the epoch's cost rows. */
void c4_out_date(struct c4_row_list *rows, const char *started, const char *ended);

#endif
