/* Checks every file of a data folder against what is known about it. */
#ifndef C4_FETCH_VERIFY_H
#define C4_FETCH_VERIFY_H

#include "core/data/import.h"
#include "core/data/sources.h"

enum c4_file_verdict {
    C4_VERDICT_OK, /* its hash is the official one, or that of the checked source it came from */
    C4_VERDICT_DIFFERS, /* hash, size or structure is wrong */
    C4_VERDICT_UNKNOWN, /* nothing is wrong with it, but no hash is known */
    C4_VERDICT_MISSING  /* it is listed, or others of its data set are there */
};

extern const char *const c4_file_verdict_names[]; /* "ok", "differs", "unknown", "missing" */

struct c4_verified {
    char path[C4_PATH_BYTES];
    enum c4_file_verdict verdict;
    char sha256[C4_SHA256_HEX_SIZE];  /* "" if it could not be read */
    char why[C4_FILE_SENTENCE_BYTES]; /* the reason for the verdict */
};

enum { C4_VERIFIED_MAX = 128 };

struct c4_verification {
    struct c4_verified file[C4_VERIFIED_MAX];
    uint32_t count;
    uint32_t wrong; /* how many differ or are missing */
};

/* Checks all files in `folder`, in its subfolders where data sets lie (core/data/sets.c), sorted by
 * name in each, and what FOLDER/conv4.sha256 lists.
 *
 * Files in `sources` are checked by size, hashes and label counts; files in conv4.sha256 by hash;
 * record and .mat files are read completely to check their structure (core/data/import.h). Other
 * files are reported as unknown. Files beyond C4_VERIFIED_MAX are left out. C4_ERR_DATA if `folder`
 * is not a folder or has no files; C4_ERR_MEMORY. */
enum c4_status c4_verify_folder(const char *folder, const struct c4_sources *sources,
                                struct c4_verification *out);

#endif
