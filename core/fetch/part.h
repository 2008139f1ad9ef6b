/* PART, the file that a download is written to, and beside it PART.from: where its bytes came from.
 */
#ifndef C4_FETCH_PART_H
#define C4_FETCH_PART_H

#include "core/base/status.h"

#include <stddef.h>
#include <stdint.h>

enum { C4_PART_URL_BYTES = 512, C4_PART_TAG_BYTES = 256 };

/* What a server said about the file it sent; "" where it said nothing. */
struct c4_origin {
    char url[C4_PART_URL_BYTES];
    char etag[C4_PART_TAG_BYTES];
    char modified[C4_PART_TAG_BYTES]; /* Last-Modified */
};

struct c4_part {
    const char *path; /* owned by the caller */
    int descriptor;
    uint64_t size_bytes;
    uint64_t kept_bytes;     /* of these, there when it was opened */
    struct c4_origin origin; /* empty: unknown */
};

/* Opens or makes PART for appending and locks it for this process. An unreadable PART.from counts
 * as none. C4_ERR_FAILED if another process holds it; else as c4_fail_write(). */
enum c4_status c4_part_open(const char *path, struct c4_part *part);

/* Cuts PART down to its first `size_bytes` bytes; at 0 its origin is forgotten. */
enum c4_status c4_part_keep(struct c4_part *part, uint64_t size_bytes);

/* *equal: how many of these bytes PART has at `position`, up to the first that differs or is
 * missing. */
enum c4_status c4_part_compare(const struct c4_part *part, uint64_t position, const void *bytes,
                               size_t size_bytes, size_t *equal);

/* Writes PART.from, atomically. Call it before the first byte is appended. */
enum c4_status c4_part_set_origin(struct c4_part *part, const struct c4_origin *origin);

enum c4_status c4_part_append(struct c4_part *part, const void *bytes, size_t size_bytes);

void c4_part_close(struct c4_part *part);

#endif
