#define OPENSSL_SUPPRESS_DEPRECATED /* core/file/sha256.c says why */
#include "core/data/digest.h"

#include "core/file/file.h"

#include <errno.h>
#include <inttypes.h>
#include <openssl/md5.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PIECE_BYTES = 1 << 18 };

struct hashes {
    struct c4_sha256 sha256;
    MD5_CTX md5;
    bool has_md5;
};

static enum c4_status read_into(int descriptor, const char *path, struct hashes *hashes,
                                struct c4_digest *digest) {
    unsigned char *piece = malloc(PIECE_BYTES);
    if (piece == NULL) return c4_fail(C4_ERR_MEMORY, "%s: out of memory to hash it", path);
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
        status = c4_sha256_update(&hashes->sha256, piece, (size_t)got);
        hashes->has_md5 = hashes->has_md5 && MD5_Update(&hashes->md5, piece, (size_t)got) == 1;
    }
    free(piece);
    return status;
}

static void finish_md5(struct hashes *hashes, char hex[C4_MD5_HEX_SIZE]) {
    static const char digits[] = "0123456789abcdef";
    unsigned char bytes[MD5_DIGEST_LENGTH];
    hex[0] = '\0';
    if (!hashes->has_md5 || MD5_Final(bytes, &hashes->md5) != 1) return;
    for (unsigned int i = 0; i < sizeof bytes; i++) {
        hex[2 * i] = digits[bytes[i] >> 4];
        hex[2 * i + 1] = digits[bytes[i] & 15];
    }
    hex[32] = '\0';
}

enum c4_status c4_digest_file(const char *path, struct c4_digest *digest) {
    struct hashes hashes;
    int descriptor;
    uint64_t size_bytes;
    *digest = (struct c4_digest){0};
    C4_TRY(c4_file_open(path, &descriptor, &size_bytes));
    enum c4_status status = c4_sha256_init(&hashes.sha256);
    if (status == C4_OK) {
        hashes.has_md5 = MD5_Init(&hashes.md5) == 1;
        status = read_into(descriptor, path, &hashes, digest);
        if (status == C4_OK) status = c4_sha256_final(&hashes.sha256, digest->sha256);
        if (status == C4_OK) finish_md5(&hashes, digest->md5);
        c4_sha256_free(&hashes.sha256);
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
