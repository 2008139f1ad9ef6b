/* Whole files and folders: atomic replacement, reading, mkdir -p, path joining.
 *
 * Every failure keeps one sentence that names the path, the reason and the remedy. Statuses:
 * reading a missing file or something that is not a file is C4_ERR_DATA; missing permission and
 * read-only file systems are C4_ERR_ENVIRONMENT; a full disk, a missing folder and the rest are
 * C4_ERR_FAILED. All functions may be called from any thread. Signals do not interrupt them (EINTR
 * is retried). */
#ifndef C4_FILE_FILE_H
#define C4_FILE_FILE_H

#include "core/base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One piece of a file that is written from several places in memory. */
struct c4_file_part {
    const void *bytes; /* may be NULL if size_bytes is 0 */
    size_t size_bytes;
};

/* Makes `path` hold exactly these bytes. They go to a new temporary (core/file/temporary.h) in
 * the same folder, which is synced and renamed over `path`; then the folder is synced. A reader
 * sees the old file or the new one, never a mixture, and so does the next start after a power cut.
 * On failure the temporary is removed and the old file is unchanged; only if the last step fails,
 * the folder's sync, is the new file already in place. Symbolic links are followed. An existing
 * path that is not a regular file (a folder, a device) or not writable is refused. Two threads of
 * one process must not write the same path at once. */
enum c4_status c4_file_write_atomic(const char *path, const void *bytes, size_t size_bytes);

/* The same for the concatenation of `count` parts. */
enum c4_status c4_file_write_parts(const char *path, const struct c4_file_part *parts,
                                   size_t count);

/* Syncs the finished file `temporary` and renames it over `path`, in the same folder, then syncs
 * the folder; `path` is treated as in c4_file_write_atomic(). On failure both files are unchanged,
 * unless only the folder's sync failed. */
enum c4_status c4_file_publish(const char *temporary, const char *path);

/* Fails now if c4_file_write_atomic() of `size_bytes` bytes would fail later, with the same
 * sentence: makes the temporary, reserves the bytes where the file system can, and removes it
 * again. Nothing is left behind or changed. The later write may still fail if conditions change. */
enum c4_status c4_file_probe(const char *path, uint64_t size_bytes);

/* The same for files in a folder, which is made if it is missing (c4_dir_make()). */
enum c4_status c4_dir_probe(const char *path);

/* Reads a whole regular file. *bytes is aligned to 64 bytes, followed by one NUL that *size_bytes
 * does not count, and released with free(). A file that shrinks while it is read is C4_ERR_DATA. On
 * failure *bytes is NULL and *size_bytes 0. */
enum c4_status c4_file_read(const char *path, unsigned char **bytes, size_t *size_bytes);

/* Opens a regular file for reading and returns its current size. Folders, pipes and devices are
 * C4_ERR_DATA. The caller closes *descriptor. */
enum c4_status c4_file_open(const char *path, int *descriptor, uint64_t *size_bytes);

/* Writes all bytes to a descriptor, in as many calls as it takes; `path` is for the error sentence.
 */
enum c4_status c4_file_write_all(int descriptor, const char *path, const void *bytes,
                                 size_t size_bytes);

/* Makes the folder and its parents (mode 0777 less the umask). An existing folder is fine, also one
 * that another process makes at the same time. */
enum c4_status c4_dir_make(const char *path);

/* Makes the folder base/inside and its parents below `base`, but never `base` itself, which was
 * there before: C4_ERR_FAILED if it is gone. */
enum c4_status c4_dir_make_inside(const char *base, const char *inside);

/* 1 if something exists there (a dangling symbolic link does not), else 0. */
int c4_path_exists(const char *path);

/* Bytes that this user may still write where `path` is or would be made, as the file system says
 * (quotas are not seen); false: unknown. */
bool c4_disk_free(const char *path, uint64_t *free_bytes);

/* out = a/b with one slash between; b alone if a is "" or b begins with a slash. `out` holds `size`
 * bytes and overlaps neither input; a result that does not fit is C4_ERR_USAGE and leaves "". */
enum c4_status c4_path_join(char *out, size_t size, const char *a, const char *b);

/* Whether both paths lead to the same file, through any links and folders. Files that do not exist
 * yet are the same if they have the same name in the same folder. False if either folder cannot be
 * examined. */
bool c4_path_same(const char *a, const char *b);

/* c4_fail() for an errno value met while reading or writing `path`. */
enum c4_status c4_fail_read(const char *path, int error);
enum c4_status c4_fail_write(const char *path, int error);

#endif
