#include "core/file/sha256.h"

#include "core/file/file.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <unistd.h>

enum { PIECE_BYTES = 1 << 16 };

_Static_assert(C4_SHA256_HEX_SIZE == 2 * 32 + 1, "32 bytes in hexadecimal, and the NUL");

static enum c4_status fail_crypto(void) {
    return c4_fail(C4_ERR_ENVIRONMENT,
                   "libcrypto cannot compute SHA-256; check the OpenSSL installation");
}

enum c4_status c4_sha256_init(struct c4_sha256 *hash) {
    hash->context = EVP_MD_CTX_new();
    if (hash->context == NULL) return c4_fail(C4_ERR_MEMORY, "no memory for a SHA-256 hash");
    if (EVP_DigestInit_ex(hash->context, EVP_sha256(), NULL) != 1) {
        c4_sha256_free(hash);
        return fail_crypto();
    }
    return C4_OK;
}

enum c4_status c4_sha256_update(struct c4_sha256 *hash, const void *bytes, size_t size_bytes) {
    if (size_bytes > 0 && EVP_DigestUpdate(hash->context, bytes, size_bytes) != 1)
        return fail_crypto();
    return C4_OK;
}

enum c4_status c4_sha256_final(struct c4_sha256 *hash, char hex[C4_SHA256_HEX_SIZE]) {
    static const char digits[] = "0123456789abcdef";
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    if (EVP_DigestFinal_ex(hash->context, digest, &size) != 1 || size != 32) return fail_crypto();
    for (unsigned int i = 0; i < size; i++) {
        hex[2 * i] = digits[digest[i] >> 4];
        hex[2 * i + 1] = digits[digest[i] & 15];
    }
    hex[64] = '\0';
    return C4_OK;
}

void c4_sha256_free(struct c4_sha256 *hash) {
    EVP_MD_CTX_free(hash->context);
    hash->context = NULL;
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
    if (piece == NULL) return c4_fail(C4_ERR_MEMORY, "%s: no memory to hash it", path);
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
