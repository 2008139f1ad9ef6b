/* SHA-256 (FIPS 180-4) with OpenSSL's libcrypto; digests are 64 lower-case hexadecimal digits. */
#ifndef C4_FILE_SHA256_H
#define C4_FILE_SHA256_H

#include "core/base/status.h"

#include <stddef.h>
#include <stdint.h>

enum { C4_SHA256_HEX_SIZE = 65 }; /* with the NUL */

/* A hash in progress. Private to the functions below; one thread at a time. */
struct c4_sha256 {
    uint32_t context[32];
};

/* Begins a hash. After success c4_sha256_free() must follow in every case. This function and the
 * next two take no memory and fail only with C4_ERR_ENVIRONMENT (a libcrypto without SHA-256). */
enum c4_status c4_sha256_init(struct c4_sha256 *hash);

/* Appends bytes; any split of a message into updates gives the same digest. */
enum c4_status c4_sha256_update(struct c4_sha256 *hash, const void *bytes, size_t size_bytes);

/* Writes the digest of everything appended. After it only c4_sha256_free() is allowed. */
enum c4_status c4_sha256_final(struct c4_sha256 *hash, char hex[C4_SHA256_HEX_SIZE]);

/* Releases the hash; does nothing to one that is zeroed or already released. */
void c4_sha256_free(struct c4_sha256 *hash);

/* Digest of `size_bytes` bytes. */
enum c4_status c4_sha256_hex(const void *bytes, size_t size_bytes, char hex[C4_SHA256_HEX_SIZE]);

/* Digest of a regular file's content, read in pieces; errors as c4_file_open(). */
enum c4_status c4_sha256_file(const char *path, char hex[C4_SHA256_HEX_SIZE]);

#endif
