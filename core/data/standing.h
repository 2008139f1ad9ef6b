/* Whether a file is the official one of its name, by comparison with published facts.
 *
 * A difference is not an error, since altered images may be intended. It is reported wherever the
 * images are described. */
#ifndef C4_DATA_STANDING_H
#define C4_DATA_STANDING_H

#include "core/data/files.h"
#include "core/data/sources.h"

enum c4_standing {
    C4_STANDING_UNKNOWN,  /* nothing could be compared */
    C4_STANDING_LABELS,   /* as many images per label as published; no hash could be compared */
    C4_STANDING_OFFICIAL, /* the hash is the published one */
    C4_STANDING_DIFFERS   /* not the official file */
};

extern const char *const c4_standing_names[]; /* "unknown", "labels", "official", "differs" */

struct c4_judged {
    enum c4_standing standing;
    char why[C4_STANDING_BYTES]; /* follows the file's name: "has another MD5 than published" */
    char sha256[65];             /* of the file, if it was computed, or "" */
};

/* Judges, by a table (NULL: the built-in one), a file of which c4_data_file_read() has read the
 * first `count` of `total` images and labels. Compared are:
 * - for Python batches and .mat files with the official number of images, the whole file's size and
 *   its SHA-256 or MD5, since such files are read completely whatever `count` is;
 * - for record files, and Python batches whose hash is not known here, with the official number of
 *   images, the number of images per label in the whole file; only labels are read past `count`;
 * - for every file without the published hash, the images that were read: a stretch of 16 or more
 *   that are black, or that repeat earlier ones, is a difference.
 * For a file that was marked on import (core/data/unofficial.h) the mark decides, and nothing is
 * compared. Synthetic files are not compared. Temporarily needs 16 bytes of memory per image.
 * C4_ERR_MEMORY; the errors of c4_digest_file(), c4_record_labels() and c4_pickle_labels(). */
enum c4_status c4_data_file_judge(const struct c4_data_file *file, const struct c4_sources *table,
                                  uint32_t total, uint32_t count, const uint8_t *images,
                                  const uint8_t *labels, struct c4_judged *judged);

/* Appends "NAME why" to a list if the file differs. File names come from the table of sets.h, so
 * the list holds C4_DATA_FILES_MAX of them. */
void c4_standing_add(char list[C4_UNOFFICIAL_BYTES], const struct c4_data_file *file,
                     const struct c4_judged *judged);

#endif
