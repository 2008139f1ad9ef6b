/* Downloads one file from one URL over HTTP or HTTPS, with libcurl.
 *
 * The bytes are written to PART as they arrive, so that nothing received is lost however the
 * process ends. PART.from records their origin (URL, ETag, Last-Modified). An existing PART is
 * resumed with a Range request if the response shows that it is of the same file: by If-Range with
 * the ETag or date that the same URL gave before, and always by the position and total size in
 * Content-Range. If the server sends the whole file instead, it is compared with PART as it
 * arrives, and replaces PART from the first byte that differs.
 *
 * In a build without libcurl, c4_download_run() is C4_ERR_ENVIRONMENT and says what to install. */
#ifndef C4_FETCH_DOWNLOAD_H
#define C4_FETCH_DOWNLOAD_H

#include "core/base/text.h"

#include <stdbool.h>
#include <stdint.h>

enum { C4_DOWNLOAD_REDIRECTS = 5 };

struct c4_download {
    const char *url;
    const char *part;    /* path; the caller renames it once it is complete and checked */
    uint64_t size_bytes; /* of the file; a server with another size is refused */
    uint32_t stall_s;    /* give up after this long below 1 kB/s */
    void *context;
    /* Called at least once a second with the position in the file; it falls back to 0 if the server
     * sends the whole file again. Any result but C4_OK ends the download and becomes its result. */
    enum c4_status (*tick)(void *context, uint64_t done_bytes);
};

enum c4_download_end {
    C4_DOWNLOAD_WHOLE,  /* PART has size_bytes bytes; they are not checked */
    C4_DOWNLOAD_BROKEN, /* the connection failed; the same URL may be tried again */
    C4_DOWNLOAD_REFUSED /* this URL does not have the file, or cannot be reached */
};

struct c4_download_result {
    enum c4_download_end end;
    struct c4_text reason; /* not WHOLE: what happened, with the URL, without a full stop */
    uint64_t done_bytes;   /* in PART */
    uint64_t first_bytes;  /* of these, there before this call */
};

/* Failures of the server are results, not errors. The caller releases result->reason with
 * c4_text_free(), also after an error. Errors: C4_ERR_FAILED (disk full, another process fetches
 * the same file), C4_ERR_USAGE (a URL of C4_PART_URL_BYTES or more bytes), C4_ERR_ENVIRONMENT (no
 * permission, no libcurl), C4_ERR_MEMORY, what tick() returned. PART is kept then. */
enum c4_status c4_download_run(const struct c4_download *download,
                               struct c4_download_result *result);

/* Whether this build has libcurl. */
bool c4_download_available(void);

/* Removes PART and PART.from, whether they exist or not. */
void c4_download_forget(const char *part);

#endif
