/* Reading a study's database beside, or after, the one that writes it. Nothing is ever written. */
#ifndef C4_REPRO_RESULTS_ROWS_STORE_H
#define C4_REPRO_RESULTS_ROWS_STORE_H

#include <stdbool.h>

#include "core/data/dataset.h"
#include "repro/results/rows.h"
#include "repro/results/suspects.h"
#include "repro/store/store.h"
#include "repro/study/schedule.h"

struct c4_rows_store;

/* Opens FOLDER/study.db. C4_ERR_DATA: there is none, it is damaged, foreign, or of another schema.
 * Release with c4_rows_store_close(), also on failure. */
enum c4_status c4_rows_store_open(const char *folder, struct c4_rows_store **store);
void c4_rows_store_close(struct c4_rows_store *store);

/* A setting that the folder's rows have in common; "" if it is not there. */
enum c4_status c4_rows_store_setting(struct c4_rows_store *store, const char *name, char *value,
                                     size_t size);

/* Makes protocol and scale those of the folder: applies every stored setting that is a key of
 * theirs, and takes from the runs that were planned their seeds and what is part of their names
 * (block order, labels of the training sizes, shift, images of the curves). Where runs of both
 * block orders are there, the protocol's own order stays; without runs there are no seeds. */
enum c4_status c4_rows_store_apply(struct c4_rows_store *store, struct c4_study *study,
                                   struct c4_scale *scale);

/* The rows of all families that the scale has, for its seeds and both block orders. The store and
 * the protocol must outlive them; release rows->run with free(). */
enum c4_status c4_rows_store_rows(struct c4_rows_store *store, const struct c4_study *study,
                                  const struct c4_scale *scale, struct c4_rows *rows);

/* How many of all the folder's rows are suspect (repro/results/suspects.h), by what the study was
 * made with, whatever the options are now. take() (may be NULL) is given the key of each run that
 * has some. */
enum c4_status c4_rows_store_suspects(struct c4_rows_store *store,
                                      void (*take)(void *context, const char *run), void *context,
                                      struct c4_suspects *suspects);

/* How far a run is; *known is false, and *state C4_RUN_PLANNED, if the study does not have it. */
enum c4_status c4_rows_store_run_state(struct c4_rows_store *store, const char *run, bool *known,
                                       enum c4_run_state *state);

/* What the rows came from. */
struct c4_origin {
    char data[C4_DATASET_TEXT_BYTES], evaluation[C4_DATASET_TEXT_BYTES];
    char data_sha256[72], evaluation_sha256[72];
    char code_version[32], backend[32];
    int arithmetic;
    bool synthetic, substitute;
};
enum { C4_ORIGINS_MAX = 64 };
enum c4_status c4_rows_store_origins(struct c4_rows_store *store,
                                     struct c4_origin origin[C4_ORIGINS_MAX], int *count);

/* Time spent: rows of `cost` of one run, summed up over epochs. */
struct c4_cost_sum {
    char run[96], what[24], layer[16], method[16];
    int64_t count;                                   /* rows */
    double seconds;                                  /* in all */
    double mean_seconds, images_per_s, flops, bytes; /* of a row; NaN: unknown */
};
/* *sums is released with free(). */
enum c4_status c4_rows_store_costs(struct c4_rows_store *store, struct c4_cost_sum **sums,
                                   int *count);

/* Where runs were made. */
struct c4_place_sum {
    char host[64], place[48];
    int threads, runs;
    double seconds;
};
enum { C4_PLACES_MAX = 64 };
enum c4_status c4_rows_store_places(struct c4_rows_store *store,
                                    struct c4_place_sum place[C4_PLACES_MAX], int *count);

#endif
