#include "core/data/mat5.h"

#if C4_HAVE_MATIO

#include "core/file/file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

enum { HEADER_BYTES = 128, TAG_BYTES = 8, MATRIX = 14, COMPRESSED = 15, BLOCK_BYTES = 1 << 16 };

struct mat5 {
    const char *path;
    int descriptor;
    uint64_t size_bytes;
    bool big_endian;
    uint64_t begin; /* of the current element */
    uint8_t *in, *out;
};

static enum c4_status damaged(const struct mat5 *mat, const char *what) {
    return c4_fail(C4_ERR_DATA,
                   "%s: the element at byte %" PRIu64 " %s; the file is damaged: get "
                   "it again",
                   mat->path, mat->begin, what);
}

static enum c4_status read_at(const struct mat5 *mat, uint64_t offset, uint8_t *bytes,
                              size_t size) {
    while (size > 0) {
        ssize_t got = pread(mat->descriptor, bytes, size, (off_t)offset);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return c4_fail_read(mat->path, errno);
        if (got == 0) return damaged(mat, "is cut off: the file became shorter");
        bytes += got;
        offset += (uint64_t)got;
        size -= (size_t)got;
    }
    return C4_OK;
}

static uint32_t number(const struct mat5 *mat, const uint8_t *b) {
    if (mat->big_endian)
        return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
    return (uint32_t)b[3] << 24 | (uint32_t)b[2] << 16 | (uint32_t)b[1] << 8 | b[0];
}

/* `tag` receives the stream's first bytes. */
static enum c4_status inflate_blocks(struct mat5 *mat, z_stream *stream, uint64_t size,
                                     uint8_t tag[TAG_BYTES]) {
    uint64_t offset = mat->begin + TAG_BYTES, end = offset + size;
    size_t begun = 0;
    for (int state = Z_OK; state != Z_STREAM_END;) {
        if (stream->avail_in == 0) {
            size_t piece = end - offset < BLOCK_BYTES ? (size_t)(end - offset) : BLOCK_BYTES;
            /* If the last call filled the output, zlib may still hold some back. */
            if (piece == 0 && stream->avail_out > 0)
                return damaged(mat, "ends before its compressed data do");
            C4_TRY(read_at(mat, offset, mat->in, piece));
            offset += piece;
            stream->next_in = mat->in;
            stream->avail_in = (uInt)piece;
        }
        stream->next_out = mat->out;
        stream->avail_out = BLOCK_BYTES;
        state = inflate(stream, Z_NO_FLUSH);
        if (state == Z_MEM_ERROR)
            return c4_fail(C4_ERR_MEMORY, "%s: out of memory for zlib", mat->path);
        if (state != Z_OK && state != Z_STREAM_END) return damaged(mat, "cannot be inflated");
        size_t got = BLOCK_BYTES - stream->avail_out;
        for (size_t i = 0; i < got && begun < TAG_BYTES; i++) tag[begun++] = mat->out[i];
    }
    if (offset != end || stream->avail_in > 0)
        return damaged(mat, "continues after its compressed data");
    return C4_OK;
}

static enum c4_status check_stream(struct mat5 *mat, uint64_t size) {
    z_stream stream = {0};
    uint8_t tag[TAG_BYTES] = {0};
    if (inflateInit(&stream) != Z_OK)
        return c4_fail(C4_ERR_MEMORY, "%s: out of memory for zlib", mat->path);
    enum c4_status status = inflate_blocks(mat, &stream, size, tag);
    inflateEnd(&stream);
    C4_TRY(status);
    /* The matrix's own size is not compared, because some libraries write it wrong. */
    if (number(mat, tag) != MATRIX) return damaged(mat, "does not inflate to a matrix");
    return C4_OK;
}

static enum c4_status check_elements(struct mat5 *mat, enum c4_mat5_depth depth) {
    uint64_t size;
    for (mat->begin = HEADER_BYTES; mat->begin < mat->size_bytes; mat->begin += TAG_BYTES + size) {
        uint8_t tag[TAG_BYTES];
        uint64_t left = mat->size_bytes - mat->begin;
        if (left < TAG_BYTES) return damaged(mat, "is cut off inside its tag");
        C4_TRY(read_at(mat, mat->begin, tag, TAG_BYTES));
        uint32_t type = number(mat, tag);
        size = number(mat, tag + 4);
        if (type != MATRIX && type != COMPRESSED) return damaged(mat, "is not a variable");
        if (size > left - TAG_BYTES) return damaged(mat, "reaches beyond the end of the file");
        if (type == COMPRESSED && depth == C4_MAT5_STREAMS) C4_TRY(check_stream(mat, size));
    }
    return C4_OK;
}

static enum c4_status check_file(struct mat5 *mat, enum c4_mat5_depth depth) {
    uint8_t header[HEADER_BYTES];
    if (mat->size_bytes < HEADER_BYTES) return C4_OK;
    C4_TRY(read_at(mat, 0, header, HEADER_BYTES));
    bool little = memcmp(header + 124, "\0\1IM", 4) == 0;
    mat->big_endian = memcmp(header + 124, "\1\0MI", 4) == 0;
    if (!little && !mat->big_endian) return C4_OK;
    mat->in = malloc(BLOCK_BYTES);
    mat->out = malloc(BLOCK_BYTES);
    enum c4_status status = mat->in && mat->out
                                ? check_elements(mat, depth)
                                : c4_fail(C4_ERR_MEMORY, "%s: out of memory", mat->path);
    free(mat->in);
    free(mat->out);
    return status;
}

enum c4_status c4_mat5_check(const char *path, enum c4_mat5_depth depth) {
    struct mat5 mat = {.path = path};
    C4_TRY(c4_file_open(path, &mat.descriptor, &mat.size_bytes));
    enum c4_status status = check_file(&mat, depth);
    close(mat.descriptor);
    return status;
}

#else

enum c4_status c4_mat5_check(const char *path, enum c4_mat5_depth depth) {
    (void)path;
    (void)depth;
    return C4_OK;
}

#endif
