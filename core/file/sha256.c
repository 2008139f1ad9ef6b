#define OPENSSL_SUPPRESS_DEPRECATED /* see below */
#include "core/file/sha256.h"

#include "core/file/file.h"

#include <errno.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <unistd.h>

enum { PIECE_BYTES = 1 << 16 };

_Static_assert(C4_SHA256_HEX_SIZE == 2 * 32 + 1, "32 bytes in hexadecimal, and the NUL");

/* What happens inside EVP cannot be told from want of memory, of which OpenSSL 3.0 may even die: it
 * loads thousands of objects first. These functions are older and take no memory. */
_Static_assert(sizeof(SHA256_CTX) <= sizeof((struct c4_sha256 *)NULL)->context &&
                   _Alignof(SHA256_CTX) <= _Alignof(struct c4_sha256),
               "libcrypto's state of a hash fits");

static SHA256_CTX *state_of(struct c4_sha256 *hash) {
    return (SHA256_CTX *)(void *)hash->context;
}

static enum c4_status check(int success) {
    if (success == 1) return C4_OK;
    return c4_fail(C4_ERR_ENVIRONMENT,
                   "libcrypto cannot compute SHA-256; check the OpenSSL installation");
}

enum c4_status c4_sha256_init(struct c4_sha256 *hash) {
    return check(SHA256_Init(state_of(hash)));
}

enum c4_status c4_sha256_update(struct c4_sha256 *hash, const void *bytes, size_t size_bytes) {
    return size_bytes > 0 ? check(SHA256_Update(state_of(hash), bytes, size_bytes)) : C4_OK;
}

enum c4_status c4_sha256_final(struct c4_sha256 *hash, char hex[C4_SHA256_HEX_SIZE]) {
    static const char digits[] = "0123456789abcdef";
    unsigned char digest[SHA256_DIGEST_LENGTH];
    C4_TRY(check(SHA256_Final(digest, state_of(hash))));
    for (unsigned int i = 0; i < sizeof digest; i++) {
        hex[2 * i] = digits[digest[i] >> 4];
        hex[2 * i + 1] = digits[digest[i] & 15];
    }
    hex[64] = '\0';
    return C4_OK;
}

void c4_sha256_free(struct c4_sha256 *hash) {
    *hash = (struct c4_sha256){0};
}

enum c4_status c4_sha256_hex(const void *bytes, size_t size_bytes, char hex[C4_SHA256_HEX_SIZE]) {
    struct c4_sha256 hash;
    C4_TRY(c4_sha256_init(&hash));
    enum c4_status status = c4_sha256_update(&hash, bytes, size_bytes);
    if (status == C4_OK) status = c4_sha256_final(&hash, hex);
    c4_sha256_free(&hash);
    return status;
}

static enum c4_status update_from(struct c4_sha256 *hash, int descriptor, const char *path) {
    unsigned char *piece = malloc(PIECE_BYTES);
    if (piece == NULL) return c4_fail(C4_ERR_MEMORY, "%s: out of memory to hash it", path);
    enum c4_status status = C4_OK;
    while (status == C4_OK) {
        ssize_t got = read(descriptor, piece, PIECE_BYTES);
        if (got == 0) break;
        if (got > 0) {
            status = c4_sha256_update(hash, piece, (size_t)got);
        } else if (errno != EINTR) {
            status = c4_fail_read(path, errno);
        }
    }
    free(piece);
    return status;
}

enum c4_status c4_sha256_file(const char *path, char hex[C4_SHA256_HEX_SIZE]) {
    struct c4_sha256 hash;
    int descriptor;
    uint64_t size_bytes;
    C4_TRY(c4_file_open(path, &descriptor, &size_bytes));
    enum c4_status status = c4_sha256_init(&hash);
    if (status == C4_OK) {
        status = update_from(&hash, descriptor, path);
        if (status == C4_OK) status = c4_sha256_final(&hash, hex);
        c4_sha256_free(&hash);
    }
    close(descriptor);
    return status;
}
