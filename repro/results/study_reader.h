/* Reads a study's database, also while another process writes it. No row is ever changed. */
#ifndef C4_REPRO_RESULTS_STUDY_READER_H
#define C4_REPRO_RESULTS_STUDY_READER_H

#include <stdbool.h>

#include "core/data/dataset.h"
#include "repro/results/rows.h"
#include "repro/results/suspects.h"
#include "repro/store/store.h"
#include "repro/study/schedule.h"

struct c4_study_reader;

/* Opens FOLDER/study.db. C4_ERR_DATA: there is none, it is damaged, not a study, or of an
 * unsupported schema. Release with c4_study_reader_close(), also on failure. */
enum c4_status c4_study_reader_open(const char *folder, struct c4_study_reader **store);
void c4_study_reader_close(struct c4_study_reader *store);

/* A setting that all of the folder's rows share; "" if it is missing. */
enum c4_status c4_study_reader_setting(struct c4_study_reader *store, const char *name, char *value,
                                       size_t size);

/* Sets protocol and scale to those of the folder: applies every stored setting that is one of their
 * keys, and takes from the stored runs their seeds and what their names and descriptions tell
 * (block order, labels of the training sizes, shift, curve_images). If there are runs of both block
 * orders, the protocol keeps its order. Without runs there are no seeds. */
enum c4_status c4_study_reader_apply(struct c4_study_reader *store, struct c4_study *study,
                                     struct c4_scale *scale);

/* Rows of all of the scale's families, for its seeds and both block orders. The store and the
 * protocol must outlive them; release rows->run with free(). */
enum c4_status c4_study_reader_rows(struct c4_study_reader *store, const struct c4_study *study,
                                    const struct c4_scale *scale, struct c4_rows *rows);

/* Counts suspect rows (repro/results/suspects.h) in the whole folder, by the settings that the
 * study was made with, not by current options. take() (may be NULL) is called with the key of each
 * run that has some. */
enum c4_status c4_study_reader_suspects(struct c4_study_reader *store,
                                        void (*take)(void *context, const char *run), void *context,
                                        struct c4_suspects *suspects);

/* State of a run. If the study does not have it, *known is false and *state C4_RUN_PLANNED. */
enum c4_status c4_study_reader_run_state(struct c4_study_reader *store, const char *run,
                                         bool *known, enum c4_run_state *state);

/* Provenance of rows. */
struct c4_origin {
    char data[C4_DATASET_TEXT_BYTES], evaluation[C4_DATASET_TEXT_BYTES];
    char data_sha256[72], evaluation_sha256[72];
    char code_version[32], backend[32];
    int arithmetic;
    bool synthetic, substitute;
};
enum { C4_ORIGINS_MAX = 64 };
enum c4_status c4_study_reader_origins(struct c4_study_reader *store,
                                       struct c4_origin origin[C4_ORIGINS_MAX], int *count);

/* Time spent: rows of table cost of one run, summed over epochs. */
struct c4_cost_sum {
    char run[96], what[24], layer[16], method[16];
    int64_t count;                                   /* rows */
    double seconds;                                  /* in total */
    double mean_seconds, images_per_s, flops, bytes; /* of a row; NaN: unknown */
};
/* Release *sums with free(). */
enum c4_status c4_study_reader_costs(struct c4_study_reader *store, struct c4_cost_sum **sums,
                                     int *count);

/* Where runs were trained. */
struct c4_place_sum {
    char host[64], place[48];
    int threads, runs;
    double seconds;
};
enum { C4_PLACES_MAX = 64 };
enum c4_status c4_study_reader_places(struct c4_study_reader *store,
                                      struct c4_place_sum place[C4_PLACES_MAX], int *count);

#endif
