/* Only for merge*.c. A merge has a connection to a database in memory: main is what is merged so
 * far, part (attached) the study that is joined next; temporary tables say where rows come from:
 *   taken    rows of a run up to this epoch are those of a folder
 *   ahead    the last epoch of each of part's runs
 *   file     a folder that has the file of one of main's checkpoints, sound, and its path there
 *   origin   the first folder that had a setting ('setting'), a run ('run') or a version of
 *            similarity ('version')
 *   costs    rows of cost of all studies
 * Folders are numbers: indices of name. */
#ifndef C4_REPRO_MERGE_MERGE_INNER_H
#define C4_REPRO_MERGE_MERGE_INNER_H

#include <sqlite3.h>

#include "repro/merge/merge.h"

struct c4_merging {
    const struct c4_merge_request *request;
    struct c4_merge_outcome *outcome;
    sqlite3 *db;
    const char **name; /* the folders; the first is OUT */
    int64_t part;      /* index of the study that is joined */
    bool mixed;        /* rows that are in main and part have different provenance */
};

/* The columns of table cost but id. */
#define C4_COST_COLUMNS                                                                            \
    "run, epoch, what, layer, method, seconds, images_per_s, flops, bytes, threads, host, place, " \
    "place_read_back, node, program, started, ended, memory_node"

/* The name of a folder by its index, and that of part. */
const char *c4_merge_name(const struct c4_merging *m, int64_t folder);
const char *c4_merge_part(const struct c4_merging *m);

/* Makes the database with its tables. */
enum c4_status c4_merge_begin(struct c4_merging *m);

/* Attaches a copy of a study's database as part; and detaches it. */
enum c4_status c4_merge_attach(struct c4_merging *m, sqlite3 *from);
enum c4_status c4_merge_detach(struct c4_merging *m);

/* Copies a whole database into that which `to` calls `name`. */
enum c4_status c4_merge_copy(const char *path, sqlite3 *to, const char *name, sqlite3 *from);

/* Before part is compared: names provenance by content, leaves out checkpoints without a sound
 * file and rows of unfinished runs behind the last sound one, and fills `ahead`. */
enum c4_status c4_merge_prepare(struct c4_merging *m);

/* Leaves out of part the checkpoints without a sound file, and says so. */
enum c4_status c4_merge_check_files(struct c4_merging *m);

/* Refuse part where it differs from main, and change neither: by settings, runs and versions; and
 * once part is prepared, by networks and rows. */
enum c4_status c4_merge_compare(struct c4_merging *m);
enum c4_status c4_merge_compare_networks(struct c4_merging *m);
enum c4_status c4_merge_compare_rows(struct c4_merging *m);

/* Adds to main what part has more. */
enum c4_status c4_merge_join(struct c4_merging *m);

/* After the last part: what depends on all of them. */
enum c4_status c4_merge_finish(struct c4_merging *m);

/* Copies files into OUT. C4_ERR_FAILED: a study has gone on meanwhile. */
enum c4_status c4_merge_copy_files(struct c4_merging *m);

/* Notes OUT's files before its rows are replaced, and afterwards removes those that no row has, and
 * temporaries of merges that were killed. */
enum c4_status c4_merge_note_files(struct c4_merging *m, sqlite3 *out);
enum c4_status c4_merge_remove_files(struct c4_merging *m, sqlite3 *out);

/* c4_fail() where a file of a folder is not what it was a moment ago: C4_ERR_DATA becomes
 * C4_ERR_FAILED, since its study has gone on. */
enum c4_status c4_merge_explain(const struct c4_merging *m, int64_t folder, enum c4_status status);

#endif
