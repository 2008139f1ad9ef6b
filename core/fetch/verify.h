/* Every file of a data folder against what is known of it. */
#ifndef C4_FETCH_VERIFY_H
#define C4_FETCH_VERIFY_H

#include "core/data/import.h"
#include "core/data/sources.h"

enum c4_file_verdict {
    C4_VERDICT_OK, /* its hash is the official one, or that of the checked source it came from */
    C4_VERDICT_DIFFERS, /* hash, size or structure is wrong */
    C4_VERDICT_UNKNOWN, /* nothing speaks against it, but no hash for it */
    C4_VERDICT_MISSING  /* others of its data set are there */
};

extern const char *const c4_file_verdict_names[]; /* "ok", "differs", "unknown", "missing" */

struct c4_verified {
    char path[C4_PATH_BYTES];
    enum c4_file_verdict verdict;
    char sha256[C4_SHA256_HEX_SIZE]; /* "" if it could not be read */
    char why[512];                   /* what the verdict rests on */
};

enum { C4_VERIFIED_MAX = 128 };

struct c4_verification {
    struct c4_verified file[C4_VERIFIED_MAX];
    uint32_t count;
    uint32_t wrong; /* how many differ or are missing */
};

/* Looks at all files of `folder`, of the folders in it where data sets lie (core/data/sets.c), and
 * at what FOLDER/conv4.sha256 lists; in each folder by name.
 *
 * What `sources` knows is compared by size, hashes and numbers of labels; what conv4.sha256 lists
 * by its hash; record and .mat files are read whole for their structure (core/data/import.h). Other
 * files are reported as unknown. Files beyond C4_VERIFIED_MAX are left out. C4_ERR_DATA if `folder`
 * is no folder or has no files; C4_ERR_MEMORY. */
enum c4_status c4_verify_folder(const char *folder, const struct c4_sources *sources,
                                struct c4_verification *out);

#endif
