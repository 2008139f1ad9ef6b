#include "core/data/record.h"

#include "core/data/dataset.h"
#include "core/file/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

_Static_assert(C4_RECORD_BYTES == 1 + C4_IMAGE_BYTES, "a record is a label and an image");

enum c4_status c4_record_count(const char *path, uint32_t *count) {
    struct stat info;
    if (stat(path, &info) != 0) {
        return c4_fail(C4_ERR_DATA, "%s: cannot read: %s", path, strerror(errno));
    }
    if (!S_ISREG(info.st_mode)) return c4_fail(C4_ERR_DATA, "%s: not a regular file", path);
    unsigned long long bytes = (unsigned long long)info.st_size;
    unsigned long long records = bytes / C4_RECORD_BYTES, whole = records * C4_RECORD_BYTES;
    if (bytes != whole) {
        return c4_fail(C4_ERR_DATA,
                       "%s: the file's %llu bytes end inside record %llu, which begins at offset "
                       "%llu (a record has %d bytes); the file is truncated or of another kind",
                       path, bytes, records, whole, C4_RECORD_BYTES);
    }
    if (records == 0) return c4_fail(C4_ERR_DATA, "%s: the file is empty", path);
    if (records > UINT32_MAX) return c4_fail(C4_ERR_DATA, "%s: impossibly large", path);
    *count = (uint32_t)records;
    return C4_OK;
}

static bool is_zero(const uint8_t *record) {
    return record[0] == 0 && memcmp(record, record + 1, C4_RECORD_BYTES - 1) == 0;
}

/* Counts consecutive all-zero records up to number `at`. An interrupted copy or a lost block leaves
 * many of them, which look like black images of class 0; a few may be real images. */
static enum c4_status look_for_hole(const char *path, const uint8_t *record, uint32_t at,
                                    uint32_t *zeros) {
    bool zero = record != NULL && is_zero(record);
    uint32_t length = *zeros, first = at - length;
    *zeros = zero ? length + 1 : 0;
    if (zero || length < C4_RECORD_HOLE) return C4_OK;
    return c4_fail(C4_ERR_DATA,
                   "%s: records %u to %u (from offset %llu on) are zero bytes, labels "
                   "included; the file is damaged: get it again",
                   path, first, at - 1, (unsigned long long)C4_RECORD_BYTES * first);
}

static enum c4_status read_open(FILE *file, const char *path, uint32_t count, uint8_t *images,
                                uint8_t *labels) {
    enum { BLOCK = 16 };
    uint8_t block[BLOCK * C4_RECORD_BYTES];
    uint32_t zeros = 0;
    for (uint32_t done = 0; done < count;) {
        uint32_t want = count - done < BLOCK ? count - done : BLOCK;
        size_t got = fread(block, C4_RECORD_BYTES, want, file);
        if (got < want) {
            return c4_fail(C4_ERR_DATA, "%s: record %zu cannot be read: %s", path, done + got,
                           ferror(file) ? strerror(errno) : "the file ends before it");
        }
        for (uint32_t i = 0; i < want; i++) {
            const uint8_t *record = block + (size_t)i * C4_RECORD_BYTES;
            if (record[0] >= C4_CLASSES) {
                return c4_fail(C4_ERR_DATA,
                               "%s: record %u (offset %llu) has label byte %u, labels are 0 to 9; "
                               "the file is corrupt or of another kind",
                               path, done + i, (unsigned long long)C4_RECORD_BYTES * (done + i),
                               record[0]);
            }
            C4_TRY(look_for_hole(path, record, done + i, &zeros));
            labels[done + i] = record[0];
            memcpy(images + (size_t)(done + i) * C4_IMAGE_BYTES, record + 1, C4_IMAGE_BYTES);
        }
        done += want;
    }
    return look_for_hole(path, NULL, count, &zeros);
}

enum c4_status c4_record_read(const char *path, uint32_t count, uint8_t *images, uint8_t *labels) {
    FILE *file = fopen(path, "rb");
    if (file == NULL && errno == ENOMEM)
        return c4_fail(C4_ERR_MEMORY, "%s: out of memory to read it", path);
    if (file == NULL) return c4_fail(C4_ERR_DATA, "%s: cannot read: %s", path, strerror(errno));
    enum c4_status status = read_open(file, path, count, images, labels);
    fclose(file);
    return status;
}

static enum c4_status read_labels(int descriptor, const char *path, uint32_t count,
                                  uint8_t *labels) {
    for (uint32_t i = 0; i < count;) {
        ssize_t got = pread(descriptor, labels + i, 1, (off_t)C4_RECORD_BYTES * i);
        if (got < 0 && errno == EINTR) continue;
        if (got < 1)
            return c4_fail(C4_ERR_DATA, "%s: record %u cannot be read: %s", path, i,
                           got < 0 ? strerror(errno) : "the file ends before it");
        i++;
    }
    return C4_OK;
}

enum c4_status c4_record_labels(const char *path, uint32_t count, uint8_t *labels) {
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return c4_fail(C4_ERR_DATA, "%s: cannot read: %s", path, strerror(errno));
    enum c4_status status = read_labels(descriptor, path, count, labels);
    close(descriptor);
    return status;
}

enum c4_status c4_record_write(const char *path, const uint8_t *images, const uint8_t *labels,
                               uint32_t count) {
    uint8_t *records = malloc((size_t)count * C4_RECORD_BYTES);
    if (records == NULL)
        return c4_fail(C4_ERR_MEMORY, "%s: out of memory for %u records", path, count);
    for (size_t i = 0; i < count; i++) {
        records[i * C4_RECORD_BYTES] = labels[i];
        memcpy(records + i * C4_RECORD_BYTES + 1, images + i * C4_IMAGE_BYTES, C4_IMAGE_BYTES);
    }
    enum c4_status status = c4_file_write_atomic(path, records, (size_t)count * C4_RECORD_BYTES);
    free(records);
    return status;
}
