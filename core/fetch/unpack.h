/* Chosen files out of a tar archive (compressed or not), by libarchive.
 *
 * Nothing is written here and no path of the archive is ever used: a member is recognised by its
 * whole name FOLDER/NAME (with or without "./" before it) and given to the caller as bytes. An
 * archive that has an absolute path or one with "..", that has a wanted name as a link or folder,
 * twice, or with another size, or that unpacks to far more than the wanted files, is refused. Other
 * members are passed over.
 *
 * A build without libarchive has only the refusal: C4_ERR_ENVIRONMENT and what to install. */
#ifndef C4_FETCH_UNPACK_H
#define C4_FETCH_UNPACK_H

#include "core/data/sources.h"

#include <stdbool.h>

/* Whether this build has libarchive. */
bool c4_unpack_available(void);

/* Gets the members of `source` out of the archive at `path` and calls take() once for each, in the
 * archive's order, with its place in source->member and its bytes, which are gone afterwards;
 * another result than C4_OK ends the work. C4_ERR_DATA: refused, damaged, or a member is missing
 * (found at the end only: what take() got before may be incomplete then). C4_ERR_MEMORY. */
enum c4_status c4_unpack(const char *path, const struct c4_source *source,
                         enum c4_status (*take)(void *context, uint32_t member, const void *bytes,
                                                uint64_t size_bytes),
                         void *context);

#endif
