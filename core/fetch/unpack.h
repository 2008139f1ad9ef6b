/* Extracts chosen files from a tar archive (compressed or not), with libarchive.
 *
 * Nothing is written here and no path of the archive is ever used: a member is recognised by its
 * full name FOLDER/NAME (with or without "./" before it) and passed to the caller as bytes. An
 * archive is refused if it has an absolute path or one with "..", if a wanted member is a link or
 * folder, occurs twice or has another size, or if it unpacks to far more than the wanted files.
 * Other members are skipped.
 *
 * In a build without libarchive, c4_unpack() is C4_ERR_ENVIRONMENT and says what to install. */
#ifndef C4_FETCH_UNPACK_H
#define C4_FETCH_UNPACK_H

#include "core/data/sources.h"

#include <stdbool.h>

/* Whether this build has libarchive. */
bool c4_unpack_available(void);

/* Extracts the members of `source` from the archive at `path` and calls take() once for each, in
 * archive order, with its index in source->member and its bytes, which are valid only during the
 * call. Any result but C4_OK ends the work and becomes its result. C4_ERR_DATA: refused, damaged,
 * or a member is missing, which shows only at the end, after take() has got the others.
 * C4_ERR_MEMORY. */
enum c4_status c4_unpack(const char *path, const struct c4_source *source,
                         enum c4_status (*take)(void *context, uint32_t member, const void *bytes,
                                                uint64_t size_bytes),
                         void *context);

#endif
