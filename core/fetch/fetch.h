/* One file of the table into a data folder: from there if it is there, else from the first place
 * that gives it whole and right. */
#ifndef C4_FETCH_FETCH_H
#define C4_FETCH_FETCH_H

#include "core/data/digest.h"
#include "core/data/sources.h"

/* How the caller follows a fetch; all are needed. */
struct c4_fetch_watch {
    void *context;
    /* Bytes are about to come; `done_bytes` of them are there. Also after a restart. */
    void (*begin)(void *context, const char *name, uint64_t done_bytes, uint64_t size_bytes);
    /* At least once a second; another result than C4_OK ends the fetch and becomes its result. */
    enum c4_status (*tick)(void *context, uint64_t done_bytes);
    /* No more bytes come for now. */
    void (*end)(void *context, uint64_t done_bytes);
    /* A place failed, and what is done about it: one sentence. */
    void (*note)(void *context, const char *sentence);
};

struct c4_fetch {
    const struct c4_source *source; /* with places */
    const char *folder;             /* made if it is missing */
    uint32_t stall_s;               /* as in struct c4_download */
    uint32_t retry_wait_ms;         /* before a place is asked again; doubled each time */
    const struct c4_fetch_watch *watch;
};

struct c4_fetch_result {
    bool was_there;          /* nothing was downloaded */
    struct c4_digest digest; /* of the file; empty if only an archive's members are there */
    bool hash_known;         /* it was compared with a known hash, not only with the size */
};

/* Fetches source->path into `folder`, and unpacks it there if it is an archive.
 *
 * Bytes gather in FOLDER/PATH.part, which a later call continues whatever ended this one
 * (core/fetch/download.h). The places are tried in order; a connection that breaks is taken up
 * again at the same place while it brings something. A whole file that has not the known hashes is
 * removed; if a part of it was older than the last download, the place gets a second chance. The
 * file appears under its name only when it is whole, checked and synced. Files that are there and
 * differ are never replaced.
 *
 * C4_ERR_DATA: such a file, or the places gave wrong files; C4_ERR_FAILED: no place could give it
 * (the sentence says what is kept), disk full; C4_ERR_ENVIRONMENT: a library or a permission is
 * missing; what tick() returned; C4_ERR_MEMORY. */
enum c4_status c4_fetch_file(const struct c4_fetch *fetch, struct c4_fetch_result *result);

#endif
