/* The file that a download grows in, and beside it PART.from: where its bytes came from. */
#ifndef C4_FETCH_PART_H
#define C4_FETCH_PART_H

#include "core/base/status.h"

#include <stddef.h>
#include <stdint.h>

enum { C4_PART_URL_BYTES = 512, C4_PART_TAG_BYTES = 256 };

/* What a server said of the file it sent; "" where it said nothing. */
struct c4_origin {
    char url[C4_PART_URL_BYTES];
    char etag[C4_PART_TAG_BYTES];
    char modified[C4_PART_TAG_BYTES]; /* Last-Modified */
};

struct c4_part {
    const char *path; /* the caller's */
    int descriptor;
    uint64_t size_bytes;
    uint64_t kept_bytes;     /* of them, what was there when it was opened */
    struct c4_origin origin; /* empty: not known */
};

/* Opens or makes PART for appending and locks it for this process. An unreadable PART.from counts
 * as none. C4_ERR_FAILED if another process holds it; else as c4_fail_write(). */
enum c4_status c4_part_open(const char *path, struct c4_part *part);

/* Cuts PART down to its first bytes; with none left, its origin is forgotten. */
enum c4_status c4_part_keep(struct c4_part *part, uint64_t size_bytes);

/* *equal: how many of these bytes PART has at `position`, counted up to the first that differs or
 * that it does not have. */
enum c4_status c4_part_compare(const struct c4_part *part, uint64_t position, const void *bytes,
                               size_t size_bytes, size_t *equal);

/* Writes PART.from, atomically. To be called before the first byte is appended. */
enum c4_status c4_part_set_origin(struct c4_part *part, const struct c4_origin *origin);

enum c4_status c4_part_append(struct c4_part *part, const void *bytes, size_t size_bytes);

void c4_part_close(struct c4_part *part);

#endif
