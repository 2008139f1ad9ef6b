/* One file from one place, over HTTP or HTTPS, by libcurl.
 *
 * The bytes go to PART as they come, so that nothing that arrived is lost when the process ends, in
 * whatever way. PART.from keeps where they came from (URL, ETag, Last-Modified). A PART that is
 * there is continued with a Range request if the answer shows that it is of the same file: If-Range
 * with the ETag or date that the same URL gave before, and in every case the position and whole
 * size in Content-Range. A place that sends the whole file instead is compared with PART as it
 * comes; from the first byte that differs it replaces PART.
 *
 * A build without libcurl has only the refusal: C4_ERR_ENVIRONMENT and what to install. */
#ifndef C4_FETCH_DOWNLOAD_H
#define C4_FETCH_DOWNLOAD_H

#include "core/base/status.h"

#include <stdbool.h>
#include <stdint.h>

enum { C4_DOWNLOAD_REDIRECTS = 5 };

struct c4_download {
    const char *url;
    const char *part;    /* path; the caller renames it when it is whole and checked */
    uint64_t size_bytes; /* that the file has; a place with another size is refused */
    uint32_t stall_s;    /* give up after so long below 1 kB/s */
    void *context;
    /* Called at least once a second with the position in the file; it falls back to 0 where the
     * place sends the whole file again. Another result than C4_OK ends the download and becomes its
     * result. */
    enum c4_status (*tick)(void *context, uint64_t done_bytes);
};

enum c4_download_end {
    C4_DOWNLOAD_WHOLE,  /* PART has size_bytes bytes; they are not checked */
    C4_DOWNLOAD_BROKEN, /* the connection failed; the same place may go on */
    C4_DOWNLOAD_REFUSED /* this place does not have the file, or cannot be reached */
};

struct c4_download_result {
    enum c4_download_end end;
    char reason[400];     /* not WHOLE: what happened, with the URL, as a sentence without a stop */
    uint64_t done_bytes;  /* in PART */
    uint64_t first_bytes; /* of these, what was there before this call */
};

/* Failures of the place are results, not errors. Errors: C4_ERR_FAILED (disk full, another process
 * fetches the same file), C4_ERR_ENVIRONMENT (no permission, no libcurl), C4_ERR_MEMORY, what
 * tick() returned. PART stays as it is then. */
enum c4_status c4_download_run(const struct c4_download *download,
                               struct c4_download_result *result);

/* Whether this build has libcurl. */
bool c4_download_available(void);

/* Removes PART and PART.from, whether they exist or not. */
void c4_download_forget(const char *part);

#endif
