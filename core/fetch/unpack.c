#include "core/fetch/unpack.h"

#if C4_HAVE_ARCHIVE

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Allowance for what comes with the wanted members: headers, a readme. */
#define EXTRA_BYTES (INT64_C(16) << 20)

enum { BLOCK_BYTES = 1 << 16 };

struct unpacking {
    const char *path;
    const struct c4_source *source;
    struct archive *archive;
    int64_t most_bytes; /* unpacked, before the archive counts as hostile */
    bool seen[C4_SOURCE_MEMBERS];
    enum c4_status (*take)(void *context, uint32_t member, const void *bytes, uint64_t size_bytes);
    void *context;
};

/* libarchive does not always say that memory ran out; errno, zeroed before the call, then does. */
static enum c4_status damaged(const struct unpacking *work) {
    if (errno == ENOMEM || archive_errno(work->archive) == ENOMEM)
        return c4_fail(C4_ERR_MEMORY, "%s: out of memory to unpack it", work->path);
    const char *text = archive_error_string(work->archive);
    return c4_fail(C4_ERR_DATA,
                   "%s: is not a complete tar archive (%s); remove it and get it again", work->path,
                   text != NULL ? text : "no reason given");
}

static enum c4_status hostile(const struct unpacking *work, const char *name, const char *what) {
    return c4_fail(C4_ERR_DATA, "%s: its member '%s' %s; nothing more was unpacked", work->path,
                   name, what);
}

static bool leads_out(const char *name) {
    if (name[0] == '/') return true;
    for (const char *at = name; at != NULL; at = strchr(at, '/'), at = at ? at + 1 : NULL)
        if (strncmp(at, "..", 2) == 0 && (at[2] == '/' || at[2] == '\0')) return true;
    return false;
}

/* The index of a wanted member, or source->members. */
static uint32_t place_of(const struct c4_source *source, const char *name) {
    size_t folder = strlen(source->unpack);
    uint32_t i = source->members;
    if (strncmp(name, "./", 2) == 0) name += 2;
    if (strncmp(name, source->unpack, folder) == 0 && name[folder] == '/')
        for (i = 0; i < source->members; i++)
            if (strcmp(source->member[i].name, name + folder + 1) == 0) break;
    return i;
}

static enum c4_status give(const struct unpacking *work, uint32_t place, const char *name,
                           struct archive_entry *entry) {
    uint64_t size = work->source->member[place].size_bytes;
    if (archive_entry_filetype(entry) != AE_IFREG || archive_entry_hardlink(entry) != NULL)
        return hostile(work, name, "is not a regular file");
    if (!archive_entry_size_is_set(entry) || archive_entry_size(entry) != (int64_t)size)
        return hostile(work, name, "differs in size from the official one");
    if (work->seen[place]) return hostile(work, name, "is there twice");
    unsigned char *bytes = malloc(size);
    if (bytes == NULL) return c4_fail(C4_ERR_MEMORY, "%s: out of memory", work->path);
    enum c4_status status = C4_OK;
    for (uint64_t done = 0; done < size && status == C4_OK;) {
        errno = 0;
        la_ssize_t got = archive_read_data(work->archive, bytes + done, size - done);
        if (got <= 0)
            status = damaged(work);
        else
            done += (uint64_t)got;
    }
    if (status == C4_OK) status = work->take(work->context, place, bytes, size);
    free(bytes);
    return status;
}

static enum c4_status walk(struct unpacking *work) {
    struct archive_entry *entry;
    for (;;) {
        errno = 0;
        int code = archive_read_next_header(work->archive, &entry);
        if (code == ARCHIVE_EOF) break;
        if (code != ARCHIVE_OK && code != ARCHIVE_WARN) return damaged(work);
        const char *name = archive_entry_pathname(entry);
        if (name == NULL) return damaged(work);
        if (leads_out(name)) return hostile(work, name, "leads outside the folder");
        uint32_t place = place_of(work->source, name);
        if (place < work->source->members) {
            C4_TRY(give(work, place, name, entry));
            work->seen[place] = true;
        }
        /* Skipping a member decompresses it, so an entry of a terabyte must be refused instead. */
        int64_t skipped = place < work->source->members ? 0 : archive_entry_size(entry);
        if (skipped < 0 || skipped > work->most_bytes - archive_filter_bytes(work->archive, 0))
            return hostile(work, name,
                           "makes the archive unpack to far more than the official one");
    }
    for (uint32_t i = 0; i < work->source->members; i++)
        if (!work->seen[i])
            return c4_fail(C4_ERR_DATA, "%s: has no member '%s/%s'; it is a different archive",
                           work->path, work->source->unpack, work->source->member[i].name);
    return C4_OK;
}

bool c4_unpack_available(void) {
    return true;
}

enum c4_status c4_unpack(const char *path, const struct c4_source *source,
                         enum c4_status (*take)(void *context, uint32_t member, const void *bytes,
                                                uint64_t size_bytes),
                         void *context) {
    struct unpacking work = {.path = path,
                             .source = source,
                             .archive = archive_read_new(),
                             .most_bytes = EXTRA_BYTES,
                             .take = take,
                             .context = context};
    if (work.archive == NULL) return c4_fail(C4_ERR_MEMORY, "%s: out of memory", path);
    for (uint32_t i = 0; i < source->members; i++)
        work.most_bytes += (int64_t)source->member[i].size_bytes;
    errno = 0;
    archive_read_support_filter_gzip(work.archive);
    archive_read_support_format_tar(work.archive);
    enum c4_status status =
        archive_read_open_filename(work.archive, path, BLOCK_BYTES) == ARCHIVE_OK ? walk(&work)
                                                                                  : damaged(&work);
    archive_read_free(work.archive);
    return status;
}

#else

bool c4_unpack_available(void) {
    return false;
}

enum c4_status c4_unpack(const char *path, const struct c4_source *source,
                         enum c4_status (*take)(void *context, uint32_t member, const void *bytes,
                                                uint64_t size_bytes),
                         void *context) {
    (void)source, (void)take, (void)context;
    return c4_fail(C4_ERR_ENVIRONMENT,
                   "%s: this build cannot unpack it; install libarchive-dev and build again, or "
                   "unpack it with tar",
                   path);
}

#endif
