/* Merging studies of the same settings that were made apart, on several machines or in parts.
 *
 * The result is a function of the set of studies, whatever their order and in however many steps
 * they are merged: the rows of run, result, checkpoint, provenance, setting and cost are the same.
 *
 * run: done if done anywhere, failed if failed in all that have it, or else planned. result: an
 * unfinished run is taken from where it has the latest sound checkpoint; of equal rows the
 * provenance that is the smallest by content stays. checkpoint: the last C4_STORE_KEPT of a run
 * whose files are sound. Files by several backends or versions have the same network, but name
 * their makers: the one with the smallest hash stays, as epoch-0004-<12 digits of its hash>, so
 * that no file of OUT is replaced while its row is there. cost: of rows with the same (run, epoch,
 * what, layer) the one that started first, then the smallest by content; rows of no run are work
 * that was done wherever they are, and only rows that are equal in everything count as one.
 * setting: all; of segment_work, on which no row depends, the smallest. */
#ifndef C4_REPRO_MERGE_MERGE_H
#define C4_REPRO_MERGE_MERGE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/status.h"
#include "core/base/text.h"

struct c4_merge_request {
    const char *out; /* a new folder, or a study, which takes part like the others */
    char *const *folder;
    int folders;
    bool take_over;                         /* of OUT, as in c4_store_open() */
    enum c4_status (*watch)(void *context); /* asked often; another status ends the merge with it */
    void (*report)(void *context, const char *sentence); /* what was left out, and notes */
    void *context;
};

struct c4_merge_outcome {
    int64_t rows, networks;  /* that several studies hold, found equal bit for bit */
    int64_t copied;          /* files that OUT got */
    struct c4_text programs; /* versions that made rows, separated by commas */
    struct c4_text left_out; /* sentences on files, one a line */
};

/* Reads each folder from a consistent copy, also while a process works on it (the journal of one
 * that was killed in a transaction is rolled back first, in the folder), compares them, copies the
 * checkpoints that are kept into OUT, and then writes OUT's tables in one transaction: killed at
 * any moment it leaves OUT's rows as they were or merged, and another call goes on. What is refused
 * is refused before OUT is changed, except that an older version's OUT has been migrated:
 *   C4_ERR_USAGE   a folder is OUT, or named twice
 *   C4_ERR_DATA    a folder has no study; statuses of c4_store_open_copy()
 *   C4_ERR_FAILED  settings, arithmetic, images, versions of similarity or a run differ
 *   C4_ERR_RESULT  a row, a run's hash or a network that several hold differs
 * and as c4_store_open() for OUT. A missing or damaged checkpoint file is a sentence. Release
 * *outcome with c4_merge_outcome_free(), also on failure. */
enum c4_status c4_merge(const struct c4_merge_request *request, struct c4_merge_outcome *outcome);
void c4_merge_outcome_free(struct c4_merge_outcome *outcome);

#endif
