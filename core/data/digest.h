/* Whether a file is the one that a table describes, by size, MD5 and SHA-256 in one pass. MD5 only
 * because data sets publish it. */
#ifndef C4_DATA_DIGEST_H
#define C4_DATA_DIGEST_H

#include "core/data/sources.h"

#include <stdbool.h>

struct c4_digest {
    uint64_t size_bytes;
    char md5[C4_MD5_HEX_SIZE]; /* "" if this machine's libcrypto forbids it */
    char sha256[C4_SHA256_HEX_SIZE];
};

/* Of a regular file; errors as c4_file_open(). */
enum c4_status c4_digest_file(const char *path, struct c4_digest *digest);

/* Compares with everything known about the file. C4_ERR_DATA: one sentence on `path` that names
 * both values. A value missing in the table matches anything: see c4_digest_is_known(). */
enum c4_status c4_digest_check(const char *path, const struct c4_digest *digest,
                               const struct c4_source *source);

/* Whether c4_digest_check() compares a hash, not only the size. */
bool c4_digest_is_known(const struct c4_digest *digest, const struct c4_source *source);

#endif
