/* The file formats of images. */
#ifndef C4_DATA_FORMAT_H
#define C4_DATA_FORMAT_H

#include "core/base/status.h"

#include <stdbool.h>
#include <stdint.h>

struct c4_format {
    /* count: the number of images. read: the first `count` images, 3072 bytes each, planar, and
     * labels 0..9. */
    enum c4_status (*count)(const char *path, uint32_t *count);
    enum c4_status (*read)(const char *path, uint32_t count, uint8_t *images, uint8_t *labels);
    /* Only the first `count` labels; NULL: labels cannot be read without the images. */
    enum c4_status (*labels)(const char *path, uint32_t count, uint8_t *labels);
    bool hashed;              /* files are read completely, so that their hash can be compared */
    bool (*available)(void);  /* whether this build reads it; NULL: every build does */
    const char *name, *needs; /* if some builds lack it: ".mat", and packages to install */
};

extern const struct c4_format c4_format_records; /* core/data/record.h; no hash is published */
extern const struct c4_format c4_format_pickle;  /* core/data/pickle.h */
extern const struct c4_format c4_format_mat;     /* core/data/svhn_mat.h */

bool c4_format_available(const struct c4_format *format);

#endif
