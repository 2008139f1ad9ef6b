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

/* Opens FOLDER/study.db; one of an older version is read from a migrated copy in memory, and stays
 * as it is. C4_ERR_DATA: there is none, it is damaged, not a study, or of an unsupported schema.
 * Release with c4_study_reader_close(), also on failure. */
enum c4_status c4_study_reader_open(const char *folder, struct c4_study_reader **store);
void c4_study_reader_close(struct c4_study_reader *store);

/* Sets *value to a setting that all of the folder's rows share; "" if it is missing. */
enum c4_status c4_study_reader_setting(struct c4_study_reader *store, const char *name,
                                       struct c4_text *value);

/* Sets protocol and scale to those of the folder: applies every stored setting that is one of their
 * keys, and takes from the stored runs their block order, seeds (also those of the setting), labels
 * of the training sizes, shift and curve_images. If there are runs of both block orders, the
 * protocol keeps its order. Without runs there are no seeds. C4_ERR_DATA: a stored value is none
 * that a study may have. */
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

/* Runs that have rows of this version of similarity. */
struct c4_version_runs {
    int64_t version;
    int runs;
};
/* Of the whole folder, by ascending version; a run with several counts for each. Release *versions
 * with free(), also on failure. */
enum c4_status c4_study_reader_versions(struct c4_study_reader *store,
                                        struct c4_version_runs **versions, int *count);

/* Calls take() with the key of each finished run that has rows of another version of similarity
 * than C4_SIMILARITY_VERSION. */
enum c4_status c4_study_reader_other_versions(struct c4_study_reader *store,
                                              void (*take)(void *context, const char *run),
                                              void *context);

/* State of a run. If the study does not have it, *known is false and *state C4_RUN_PLANNED. */
enum c4_status c4_study_reader_run_state(struct c4_study_reader *store, const char *run,
                                         bool *known, enum c4_run_state *state);

/* Provenance of rows. The texts belong to the list. */
struct c4_origin {
    char *data, *evaluation;
    char *data_sha256, *evaluation_sha256;
    char *code_version, *backend;
    int arithmetic;
    bool synthetic, substitute;
};
struct c4_origins {
    struct c4_origin *origin;
    int count;
    size_t capacity;
};
/* All of them, whatever their number. Release with c4_origins_free(), also on failure. */
enum c4_status c4_study_reader_origins(struct c4_study_reader *store, struct c4_origins *origins);
void c4_origins_free(struct c4_origins *origins);

/* Time spent: rows of table cost of one run, summed over epochs; run "": of no run. */
struct c4_cost_sum {
    char run[C4_RUN_KEY_SIZE], layer[16], method[16];
    enum c4_cost_what what;
    int64_t count;                                   /* rows */
    double seconds;                                  /* in total */
    double mean_seconds, images_per_s, flops, bytes; /* of a row; NaN: unknown */
};
/* Release *sums with free(), also on failure. */
enum c4_status c4_study_reader_costs(struct c4_study_reader *store, struct c4_cost_sum **sums,
                                     int *count);

/* Where runs were trained. The texts belong to the list. */
struct c4_place_sum {
    char *host, *place;
    int threads, runs;
    double seconds;
};
struct c4_places {
    struct c4_place_sum *place;
    int count;
    size_t capacity;
};
/* Release with c4_places_free(), also on failure. */
enum c4_status c4_study_reader_places(struct c4_study_reader *store, struct c4_places *places);
void c4_places_free(struct c4_places *places);

#endif
