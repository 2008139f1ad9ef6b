#include "core/data/digest.h"

#include "core/file/file.h"

#include <errno.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PIECE_BYTES = 1 << 18 };

static enum c4_status read_into(int descriptor, const char *path, struct c4_sha256 *sha256,
                                EVP_MD_CTX **md5, struct c4_digest *digest) {
    unsigned char *piece = malloc(PIECE_BYTES);
    if (piece == NULL) return c4_fail(C4_ERR_MEMORY, "%s: no memory to hash it", path);
    enum c4_status status = C4_OK;
    while (status == C4_OK) {
        ssize_t got = read(descriptor, piece, PIECE_BYTES);
        if (got == 0) break;
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) {
            status = c4_fail_read(path, errno);
            break;
        }
        digest->size_bytes += (uint64_t)got;
        status = c4_sha256_update(sha256, piece, (size_t)got);
        if (*md5 != NULL && EVP_DigestUpdate(*md5, piece, (size_t)got) != 1) {
            EVP_MD_CTX_free(*md5);
            *md5 = NULL;
        }
    }
    free(piece);
    return status;
}

static void finish_md5(EVP_MD_CTX *md5, char hex[C4_MD5_HEX_SIZE]) {
    static const char digits[] = "0123456789abcdef";
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    hex[0] = '\0';
    if (md5 == NULL || EVP_DigestFinal_ex(md5, bytes, &size) != 1 || size != 16) return;
    for (unsigned int i = 0; i < size; i++) {
        hex[2 * i] = digits[bytes[i] >> 4];
        hex[2 * i + 1] = digits[bytes[i] & 15];
    }
    hex[32] = '\0';
}

enum c4_status c4_digest_file(const char *path, struct c4_digest *digest) {
    struct c4_sha256 sha256;
    int descriptor;
    uint64_t size_bytes;
    *digest = (struct c4_digest){0};
    C4_TRY(c4_file_open(path, &descriptor, &size_bytes));
    enum c4_status status = c4_sha256_init(&sha256);
    if (status == C4_OK) {
        EVP_MD_CTX *md5 = EVP_MD_CTX_new();
        /* A libcrypto in FIPS mode has no MD5; SHA-256 then decides alone. */
        if (md5 != NULL && EVP_DigestInit_ex(md5, EVP_md5(), NULL) != 1) {
            EVP_MD_CTX_free(md5);
            md5 = NULL;
        }
        status = read_into(descriptor, path, &sha256, &md5, digest);
        if (status == C4_OK) status = c4_sha256_final(&sha256, digest->sha256);
        if (status == C4_OK) finish_md5(md5, digest->md5);
        EVP_MD_CTX_free(md5);
        c4_sha256_free(&sha256);
    }
    close(descriptor);
    return status;
}

bool c4_digest_is_known(const struct c4_digest *digest, const struct c4_source *source) {
    return source->sha256[0] != '\0' || (source->md5[0] != '\0' && digest->md5[0] != '\0');
}

enum c4_status c4_digest_check(const char *path, const struct c4_digest *digest,
                               const struct c4_source *source) {
    if (source->size_bytes > 0 && digest->size_bytes != source->size_bytes)
        return c4_fail(C4_ERR_DATA, "%s: has %" PRIu64 " bytes, the official file has %" PRIu64,
                       path, digest->size_bytes, source->size_bytes);
    if (source->sha256[0] != '\0' && strcmp(digest->sha256, source->sha256) != 0)
        return c4_fail(C4_ERR_DATA, "%s: has SHA-256 %s, the official file has %s", path,
                       digest->sha256, source->sha256);
    if (source->md5[0] != '\0' && digest->md5[0] != '\0' && strcmp(digest->md5, source->md5) != 0)
        return c4_fail(C4_ERR_DATA, "%s: has MD5 %s, the official file has %s", path, digest->md5,
                       source->md5);
    return C4_OK;
}
