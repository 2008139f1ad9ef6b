/* The file SYNTHETIC beside the record files of c4_synthetic_write(): their seed and number of
 * images. */
#ifndef C4_DATA_MARK_H
#define C4_DATA_MARK_H

#include "core/base/status.h"

#include <stdbool.h>
#include <stdint.h>

struct c4_synthetic_mark {
    const char *set; /* name of a struct c4_stand_in */
    uint64_t seed;
    uint32_t train, test; /* number of images of each split */
};

/* Writes the SYNTHETIC file of a folder, atomically. C4_ERR_FAILED. */
enum c4_status c4_synthetic_mark_write(const char *folder, const struct c4_synthetic_mark *mark);

/* Reads it; mark->set is the set that it must name. *found: whether there is one. C4_ERR_DATA if a
 * mark is not exactly as written, since it decides whether images count as real. */
enum c4_status c4_synthetic_mark_read(const char *folder, struct c4_synthetic_mark *mark,
                                      bool *found);

#endif
