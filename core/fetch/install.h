/* Installs the files of a checked archive in a data folder. */
#ifndef C4_FETCH_INSTALL_H
#define C4_FETCH_INSTALL_H

#include "core/data/sources.h"

#include <stdbool.h>

/* Whether the archive's members are already in `folder`.
 *
 * *whole: all of them are there, and each agrees with FOLDER/conv4.sha256. C4_ERR_DATA if an
 * existing one does not agree or is not listed: it may not be the archive's file, so it must not be
 * replaced. */
enum c4_status c4_install_check(const struct c4_source *source, const char *folder, bool *whole);

/* Unpacks the members of the archive at `path`, which the caller has checked, into `folder` and
 * lists their hashes in FOLDER/conv4.sha256. Each file appears whole or not at all. An existing
 * file is left alone if it has the same bytes; if not, C4_ERR_DATA, and it is not replaced. An
 * UNOFFICIAL file (core/data/unofficial.h) no longer names the members. Other errors as in
 * c4_unpack() and c4_file_write_atomic(). */
enum c4_status c4_install_archive(const struct c4_source *source, const char *path,
                                  const char *folder);

/* Lists a file of `folder` and its hash in FOLDER/conv4.sha256. */
enum c4_status c4_install_list(const char *folder, const char *path, const char *sha256);

#endif
