/* FOLDER/conv4.sha256: the SHA-256 of every file that was fetched or imported into a data folder
 * from a checked source, in the format of sha256sum -c. It detects later damage, not forgery. */
#ifndef C4_FETCH_SUMS_H
#define C4_FETCH_SUMS_H

#include "core/data/sources.h"

#include <stdbool.h>

#define C4_SUMS_NAME "conv4.sha256"

enum { C4_SUMS_MAX = 64 };

struct c4_sums {
    struct {
        char sha256[C4_SHA256_HEX_SIZE];
        char path[2 * C4_SOURCE_PATH_BYTES]; /* relative to the folder */
    } line[C4_SUMS_MAX];
    uint32_t count;
};

/* Reads the file; without one there are no lines. C4_ERR_DATA if its format is wrong. */
enum c4_status c4_sums_load(const char *folder, struct c4_sums *sums);

/* The SHA-256 of that path, or NULL. */
const char *c4_sums_find(const struct c4_sums *sums, const char *path);

/* Adds a line or replaces it. C4_ERR_FAILED if there are too many or `path` is too long. */
enum c4_status c4_sums_put(struct c4_sums *sums, const char *path, const char *sha256);

/* Writes it, atomically. */
enum c4_status c4_sums_save(const char *folder, const struct c4_sums *sums);

#endif
