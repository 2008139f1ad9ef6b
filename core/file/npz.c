#include "core/file/npz.h"

#if C4_HAVE_ARCHIVE

#include "core/file/file.h"
#include "core/file/json.h"
#include "core/file/npy.h"
#include "core/file/npy_header.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <inttypes.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

/* Deflate expands a byte to at most 1,032 bytes; other methods, which NumPy does not use, expand it
 * further only in nearly constant arrays. */
enum { BLOCK_BYTES = 1 << 16, DATA_ALIGNMENT = 64, MOST_FROM_A_BYTE = 10000 };

struct unpacking {
    const char *path;
    struct archive *archive;
    struct c4_arrays *arrays;
    uint64_t file_bytes;
    uint64_t most_bytes, taken_bytes; /* of all members, unpacked */
    FILE *left_out;                   /* writes arrays->left_out */
    size_t left_out_bytes, left_out_count;
    bool ascii_only; /* the locale for other names could not be loaded */
};

bool c4_npz_available(void) {
    return true;
}

static enum c4_status fail_memory(const char *path) {
    return c4_fail(C4_ERR_MEMORY, "%s: out of memory", path);
}

/* "FILE: member NAME", which replaces the path in sentences about a member; NULL if out of memory.
 */
static char *label_of(const char *path, const char *name) {
    char shown[C4_NAME_SHOWN_SIZE];
    size_t size = strlen(path) + sizeof shown + 16;
    char *label = malloc(size);
    if (label != NULL) snprintf(label, size, "%s: member %s", path, c4_name_show(name, shown));
    return label;
}

/* Whether the archive's last call failed for want of memory. libarchive does not always say so;
 * errno, zeroed before the call, then does. */
static bool lacks_memory(const struct unpacking *work) {
    return errno == ENOMEM || archive_errno(work->archive) == ENOMEM;
}

static enum c4_status damaged(const struct unpacking *work, const char *label) {
    if (lacks_memory(work)) return fail_memory(work->path);
    const char *text = archive_error_string(work->archive);
    return c4_fail(C4_ERR_DATA, "%s: is damaged (%s); get the file again", label,
                   text != NULL ? text : "it ends too early");
}

/* Reads past the member's last byte: libarchive checks the CRC-32 only at the end. */
static enum c4_status read_bytes(const struct unpacking *work, const char *label,
                                 unsigned char *bytes, size_t size_bytes) {
    size_t done = 0;
    for (;;) {
        errno = 0;
        la_ssize_t got = archive_read_data(work->archive, bytes + done, size_bytes + 1 - done);
        if (got < 0) return damaged(work, label);
        if (got == 0) break;
        done += (size_t)got;
        if (done > size_bytes) break;
    }
    if (done == size_bytes) return C4_OK;
    return c4_fail(C4_ERR_DATA, "%s: has %s bytes than the %zu declared; get the file again", label,
                   done < size_bytes ? "fewer" : "more", size_bytes);
}

static enum c4_status leave_out(struct unpacking *work, const char *name, const char *what) {
    char shown[C4_NAME_SHOWN_SIZE];
    fprintf(work->left_out, "%s%s (%s)", work->left_out_count++ > 0 ? ", " : "",
            c4_name_show(name, shown), what);
    return ferror(work->left_out) ? fail_memory(work->path) : C4_OK;
}

/* Takes over `bytes`, the member's content. */
static enum c4_status take_array(struct unpacking *work, const char *label, const char *name,
                                 unsigned char *bytes, size_t size_bytes) {
    if (size_bytes < sizeof c4_npy_magic || memcmp(bytes, c4_npy_magic, sizeof c4_npy_magic) != 0) {
        free(bytes);
        return leave_out(work, name, "not an NPY array");
    }
    struct c4_tensor tensor;
    struct c4_npy_refusal refusal;
    enum c4_status status = c4_npy_take(label, bytes, size_bytes, &tensor, &refusal);
    if (status != C4_OK && refusal.not_numbers) return leave_out(work, name, refusal.not_numbers);
    if (status != C4_OK && !refusal.unsupported) return status;
    char *plain = strdup(name);
    if (plain == NULL) {
        c4_tensor_free(&tensor);
        return fail_memory(work->path);
    }
    size_t length = strlen(plain);
    if (length > 4 && strcmp(plain + length - 4, ".npy") == 0) plain[length - 4] = '\0';
    status = status == C4_OK ? c4_arrays_add(work->arrays, work->path, plain, &tensor)
                             : c4_unreadables_add(&work->arrays->unreadable, work->path, plain);
    free(plain);
    return status;
}

static bool ends_with(const char *name, const char *end) {
    size_t length = strlen(name), size = strlen(end);
    return length >= size && strcmp(name + length - size, end) == 0;
}

static enum c4_status take_member(struct unpacking *work, const char *label, const char *name,
                                  struct archive_entry *entry) {
    void *bytes = NULL;
    if (archive_entry_filetype(entry) == AE_IFDIR && ends_with(name, "/")) return C4_OK;
    if (archive_entry_filetype(entry) != AE_IFREG) return leave_out(work, name, "not a file");
    if (archive_entry_is_data_encrypted(entry))
        return c4_fail(C4_ERR_DATA, "%s: is encrypted; save the arrays with numpy.savez", label);
    if (!archive_entry_size_is_set(entry) || archive_entry_size(entry) < 0)
        return damaged(work, label);
    uint64_t size = (uint64_t)archive_entry_size(entry);
    if (size / MOST_FROM_A_BYTE > work->file_bytes)
        return c4_fail(C4_ERR_DATA,
                       "%s: declares %" PRIu64 " bytes, which a file of %" PRIu64
                       " cannot hold; it is damaged, so get it again",
                       label, size, work->file_bytes);
    if (size > work->most_bytes - work->taken_bytes)
        return c4_fail(C4_ERR_DATA,
                       "%s: unpacks to %" PRIu64
                       " bytes, but this machine has memory for only %" PRIu64
                       " in total; save fewer or smaller arrays",
                       label, size, work->most_bytes);
    if (posix_memalign(&bytes, DATA_ALIGNMENT, (size_t)size + 1) != 0)
        return c4_fail(C4_ERR_MEMORY, "%s: out of memory for its %" PRIu64 " bytes", label, size);
    enum c4_status status = read_bytes(work, label, bytes, (size_t)size);
    if (status != C4_OK) {
        free(bytes);
        return status;
    }
    work->taken_bytes += size;
    return take_array(work, label, name, bytes, (size_t)size);
}

static enum c4_status walk(struct unpacking *work) {
    struct archive_entry *entry;
    for (;;) {
        errno = 0;
        int code = archive_read_next_header(work->archive, &entry);
        if (code == ARCHIVE_EOF) return C4_OK;
        if (code != ARCHIVE_OK && code != ARCHIVE_WARN) {
            if (lacks_memory(work)) return fail_memory(work->path);
            const char *text = archive_error_string(work->archive);
            return c4_fail(C4_ERR_DATA,
                           "%s: the zip archive is truncated or damaged (%s); get it again",
                           work->path, text != NULL ? text : "no reason given");
        }
        errno = 0;
        const char *name = archive_entry_pathname_utf8(entry);
        if (name == NULL && errno == ENOMEM) return fail_memory(work->path);
        if (name == NULL && work->ascii_only)
            return c4_fail(
                C4_ERR_ENVIRONMENT,
                "%s: the name of a member is not ASCII, and the locale C.UTF-8 cannot be "
                "loaded: it is not installed, or this process is out of memory",
                work->path);
        if (name == NULL || !c4_json_is_utf8(name))
            return c4_fail(C4_ERR_DATA,
                           "%s: the name of a member is damaged or not UTF-8; save the arrays with "
                           "numpy.savez",
                           work->path);
        if (ends_with(name, "/data.pkl"))
            return c4_fail(C4_ERR_DATA,
                           "%s: is a PyTorch file (.pt, .pth); load it in Python and save its "
                           "tensors with safetensors.torch.save_file or numpy.savez",
                           work->path);
        char *label = label_of(work->path, name);
        if (label == NULL) return fail_memory(work->path);
        enum c4_status status = take_member(work, label, name, entry);
        free(label);
        C4_TRY(status);
    }
}

static int compare_names(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static enum c4_status check_names(const struct unpacking *work) {
    const struct c4_arrays *arrays = work->arrays;
    size_t count = arrays->count + arrays->unreadable.count;
    const char **names = malloc((count + 1) * sizeof *names);
    enum c4_status status = C4_OK;
    char shown[C4_NAME_SHOWN_SIZE];
    if (names == NULL) return fail_memory(work->path);
    for (size_t i = 0; i < count; i++)
        names[i] = i < arrays->count ? arrays->tensors[i].name
                                     : arrays->unreadable.items[i - arrays->count].name;
    qsort(names, count, sizeof *names, compare_names);
    for (size_t i = 1; i < count && status == C4_OK; i++)
        if (strcmp(names[i - 1], names[i]) == 0)
            status =
                c4_fail(C4_ERR_DATA, "%s: has two arrays named %s; save them under different names",
                        work->path, c4_name_show(names[i], shown));
    free(names);
    return status;
}

static enum c4_status unpack(struct unpacking *work) {
    /* This reader relies on the directory at the archive's end, which has all sizes and is missing
     * from a truncated file. */
    if (archive_read_support_format_zip_seekable(work->archive) != ARCHIVE_OK)
        return fail_memory(work->path);
    errno = 0;
    if (archive_read_open_filename(work->archive, work->path, BLOCK_BYTES) != ARCHIVE_OK) {
        if (lacks_memory(work)) return fail_memory(work->path);
        return c4_fail(C4_ERR_DATA,
                       "%s: is a zip archive without members, or without the directory at its end; "
                       "it is truncated or damaged, so get it again",
                       work->path);
    }
    C4_TRY(walk(work));
    return check_names(work);
}

/* Whether the locale's conversions, which are made at their first use, are there. */
static bool converts(void) {
    wchar_t wide;
    mbstate_t state = {0};
    return mbrtowc(&wide, "\xc3\xa9", 2, &state) == 2;
}

/* libarchive converts names to the locale's character set; in the C locale only ASCII would
 * survive. Only this thread's locale changes, and only for this call. */
static enum c4_status unpack_in_utf8(struct unpacking *work) {
    locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0), old = (locale_t)0;
    /* Not every system has it, which newlocale() does not tell from want of memory. */
    if (utf8 == (locale_t)0) utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    work->ascii_only = utf8 == (locale_t)0;
    if (utf8 != (locale_t)0) old = uselocale(utf8);
    bool no_memory = utf8 != (locale_t)0 && !converts();
    enum c4_status status = no_memory ? fail_memory(work->path) : unpack(work);
    archive_read_free(work->archive);
    if (utf8 != (locale_t)0) {
        uselocale(old);
        freelocale(utf8);
    }
    return status;
}

/* Turns the list of skipped members into a sentence; a file without arrays is a failure. */
static enum c4_status finish_left_out(struct unpacking *work) {
    struct c4_arrays *arrays = work->arrays;
    char *list = arrays->left_out;
    arrays->left_out = NULL;
    enum c4_status status = C4_OK;
    size_t size = strlen(list) + strlen(work->path) + 48;
    if (arrays->count + arrays->unreadable.count == 0) {
        status = c4_fail(C4_ERR_DATA, "%s: is a zip archive without an array of numbers%s%s",
                         work->path, work->left_out_count > 0 ? "; it holds " : "", list);
    } else if (work->left_out_count > 0) {
        arrays->left_out = malloc(size);
        if (arrays->left_out != NULL)
            snprintf(arrays->left_out, size, "%s: skipped members that hold no numbers: %s",
                     work->path, list);
        else
            status = fail_memory(work->path);
    }
    free(list);
    return status;
}

enum c4_status c4_npz_read(const char *path, struct c4_arrays *arrays) {
    long pages = sysconf(_SC_PHYS_PAGES), page_bytes = sysconf(_SC_PAGESIZE);
    int descriptor;
    uint64_t file_bytes;
    C4_TRY(c4_file_open(path, &descriptor, &file_bytes));
    close(descriptor);
    struct unpacking work = {.path = path,
                             .file_bytes = file_bytes,
                             .archive = archive_read_new(),
                             .arrays = arrays,
                             .most_bytes = pages > 0 && page_bytes > 0
                                               ? (uint64_t)pages * (uint64_t)page_bytes
                                               : SIZE_MAX / 2};
    work.left_out = open_memstream(&arrays->left_out, &work.left_out_bytes);
    if (work.archive == NULL || work.left_out == NULL) {
        if (work.left_out != NULL) fclose(work.left_out);
        archive_read_free(work.archive);
        return fail_memory(path);
    }
    enum c4_status status = unpack_in_utf8(&work);
    if (fclose(work.left_out) != 0 && status == C4_OK) status = fail_memory(path);
    return status == C4_OK ? finish_left_out(&work) : status;
}

#else

bool c4_npz_available(void) {
    return false;
}

enum c4_status c4_npz_read(const char *path, struct c4_arrays *arrays) {
    (void)arrays;
    return c4_fail(C4_ERR_ENVIRONMENT,
                   "%s: is an NPZ file, which this build cannot read; install libarchive-dev and "
                   "build again, or save the arrays with numpy.save or safetensors",
                   path);
}

#endif
