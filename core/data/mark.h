/* The file SYNTHETIC beside record files that c4_synthetic_write() made: from which seed, and how
 * many. */
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

/* Reads it, mark->set being the set that it should name; *found says whether there is one. A mark
 * that is not exactly as written is C4_ERR_DATA: what is in it decides whether images count as
 * real. */
enum c4_status c4_synthetic_mark_read(const char *folder, struct c4_synthetic_mark *mark,
                                      bool *found);

#endif
