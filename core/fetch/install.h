/* From a checked archive to files in a data folder. */
#ifndef C4_FETCH_INSTALL_H
#define C4_FETCH_INSTALL_H

#include "core/data/sources.h"

#include <stdbool.h>

/* Whether the archive's members lie in `folder` already.
 *
 * *whole: all of them are there, and each agrees with FOLDER/conv4.sha256. C4_ERR_DATA if one is
 * there that does not agree or is not listed: then it is another file than what the archive would
 * put there, or nobody knows, and it must not be replaced. */
enum c4_status c4_install_check(const struct c4_source *source, const char *folder, bool *whole);

/* Unpacks the members of the archive at `path`, which the caller has checked, into `folder` and
 * lists their hashes in FOLDER/conv4.sha256. Each file appears whole or not at all. A file that is
 * there is left alone if it has the same bytes; otherwise C4_ERR_DATA, and nothing is replaced.
 * An UNOFFICIAL file (core/data/unofficial.h) names the members no longer.
 * Else the errors of c4_unpack() and c4_file_write_atomic(). */
enum c4_status c4_install_archive(const struct c4_source *source, const char *path,
                                  const char *folder);

/* Lists a file of `folder` and its hash in FOLDER/conv4.sha256. */
enum c4_status c4_install_list(const char *folder, const char *path, const char *sha256);

#endif
