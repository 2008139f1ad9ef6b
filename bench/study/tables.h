/* Reads the tables of a study that conv4 repro made: what its runs are, how many rows they have,
 * what they cost. The file is only read. */
#ifndef C4_BENCH_STUDY_TABLES_H
#define C4_BENCH_STUDY_TABLES_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/base/text.h"
#include "core/data/labels.h"

/* Kinds of work. */
enum c4_study_kind {
    C4_STUDY_TRAIN,
    C4_STUDY_FORWARD,                /* passes for accuracy and features, without training */
    C4_STUDY_CKA,                    /* preparing, comparing, references */
    C4_STUDY_STORE,                  /* checkpoints and database, where they are timed */
    C4_STUDY_WORK,                   /* how many of these there are */
    C4_STUDY_REPORT = C4_STUDY_WORK, /* figures and report, at the end */
    C4_STUDY_OTHER,                  /* starting, waiting, whatever has no row */
    C4_STUDY_KINDS
};
extern const char *const c4_study_kind_names[C4_STUDY_KINDS]; /* "train", "forward", "cka", ... */

/* The kind of what table `cost` calls `what`; C4_STUDY_KINDS for parts of something that has a row,
 * C4_STUDY_OTHER for unknown words. */
enum c4_study_kind c4_study_kind_of(const char *what);

struct c4_study_run {
    char *key, *data; /* of the table */
    bool tunes;       /* trains on the fine-tuning half of its data set */
    bool crosses;     /* is measured on the other set's images, too */
    struct c4_label_spec labels;
    uint64_t seed;
    uint32_t images, epochs;
};

struct c4_study_cost {
    char *what;
    double core_seconds;
};

struct c4_study_tables {
    sqlite3 *db;
    struct c4_text path;
    struct c4_study_run *run;
    int runs;
    struct c4_study_cost *cost; /* by the table's words, without parts */
    int costs;
    double core_seconds[C4_STUDY_WORK]; /* the same by kind */
    double other_seconds;               /* of unknown words */
    int64_t rows;                       /* of table result */
};

/* Opens FOLDER/study.db and reads it. C4_ERR_DATA: it is not there, or not such a database.
 * Release with c4_study_tables_close(), also on failure. */
enum c4_status c4_study_tables_open(const char *folder, struct c4_study_tables *tables);
void c4_study_tables_close(struct c4_study_tables *tables);

/* Sets *value to a setting, "" if there is none. */
enum c4_status c4_study_tables_setting(struct c4_study_tables *tables, const char *name,
                                       struct c4_text *value);

#endif
