/* Gets one file into a data folder, unless it is already there, from the first mirror that has it
 * complete and correct. */
#ifndef C4_FETCH_FETCH_H
#define C4_FETCH_FETCH_H

#include "core/data/digest.h"
#include "core/data/sources.h"

/* Callbacks that follow a fetch; all are required. */
struct c4_fetch_watch {
    void *context;
    /* A transfer starts or restarts, with `done_bytes` already there. */
    void (*begin)(void *context, const char *name, uint64_t done_bytes, uint64_t size_bytes);
    /* At least once a second; any result but C4_OK ends the fetch and becomes its result. */
    enum c4_status (*tick)(void *context, uint64_t done_bytes);
    /* The transfer stops, for now or for good. */
    void (*end)(void *context, uint64_t done_bytes);
    /* A mirror failed: one sentence on why, and what is done about it. */
    void (*note)(void *context, const char *sentence);
};

struct c4_fetch {
    const struct c4_source *source; /* with at least one URL */
    const char *folder;             /* made if missing */
    uint32_t stall_s;               /* as in struct c4_download */
    uint32_t retry_wait_ms;         /* before a mirror is tried again; doubled each time */
    const struct c4_fetch_watch *watch;
};

struct c4_fetch_result {
    bool was_there;          /* nothing was downloaded */
    struct c4_digest digest; /* of the file; empty if only an archive's members are there */
    bool hash_known;         /* it was compared with a known hash, not only with the size */
};

/* Fetches source->path into `folder`, and unpacks it there if it is an archive.
 *
 * Bytes are collected in FOLDER/PATH.part, which a later call resumes however this one ended
 * (core/fetch/download.h). The mirrors are tried in order; a broken connection is resumed at the
 * same mirror as long as it makes progress. A complete file with wrong hashes is removed; if part
 * of it is older than the last download, the mirror is tried again. The file appears under its name
 * only once it is complete, checked and synced. Existing files that differ are never replaced.
 *
 * C4_ERR_DATA: an existing file differs, or a mirror sent a wrong file and none a correct one;
 * C4_ERR_FAILED: no mirror could deliver it (the sentence says what is kept), disk full;
 * C4_ERR_ENVIRONMENT: a library or a permission is missing; what tick() returned; C4_ERR_MEMORY. */
enum c4_status c4_fetch_file(const struct c4_fetch *fetch, struct c4_fetch_result *result);

#endif
