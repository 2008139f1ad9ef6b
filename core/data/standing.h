/* What a file that was read is, by what is public about the file of its name.
 *
 * A difference is no error: whoever works with altered images may. It is said wherever the images
 * are described. */
#ifndef C4_DATA_STANDING_H
#define C4_DATA_STANDING_H

#include "core/data/files.h"
#include "core/data/sources.h"

enum c4_standing {
    C4_STANDING_UNKNOWN,  /* nothing could be compared */
    C4_STANDING_LABELS,   /* the labels per class are the published ones; no hash is published */
    C4_STANDING_OFFICIAL, /* the hash is the published one */
    C4_STANDING_DIFFERS   /* not the official file */
};

extern const char *const c4_standing_names[]; /* "unknown", "labels", "official", "differs" */

struct c4_judged {
    enum c4_standing standing;
    char why[C4_STANDING_BYTES]; /* follows the file's name: "has another MD5 than published" */
    char sha256[65];             /* of the file, if it was needed, or "" */
};

/* Judges, by a table or (NULL) the built-in one, a file of which c4_data_file_read() has read the
 * first `count` of `total` images and labels. Compared are:
 * - Python batches and a .mat of the official number of images: size, SHA-256 or MD5, of the whole
 *   file, since they are read whole whatever `count` is;
 * - record files, and Python batches whose hash is not known here, of the official number of
 *   images: how many have each label, in the whole file whatever `count` is; labels behind `count`
 *   are read for it, and nothing else is;
 * - of every file without a published hash, the images that were read: a stretch of 16 or more that
 *   are black, or that repeat earlier ones, is a difference.
 * Of a file that was marked when it was imported (core/data/unofficial.h) the mark decides, and
 * nothing is compared. Synthetic files are not compared. Needs 16 bytes of memory an image
 * meanwhile. C4_ERR_MEMORY; the errors of c4_digest_file(), c4_record_labels() and
 * c4_pickle_labels(). */
enum c4_status c4_data_file_judge(const struct c4_data_file *file, const struct c4_sources *table,
                                  uint32_t total, uint32_t count, const uint8_t *images,
                                  const uint8_t *labels, struct c4_judged *judged);

/* Adds "NAME why" of a file that differs to a list; others add nothing. A file's name is taken from
 * the table of sets.h, so that the list has room for C4_DATA_FILES_MAX of them. */
void c4_standing_add(char list[C4_UNOFFICIAL_BYTES], const struct c4_data_file *file,
                     const struct c4_judged *judged);

#endif
