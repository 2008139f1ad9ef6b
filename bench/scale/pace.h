/* How fast a training was within a window, from what it wrote by conv4 train --progress. */
#ifndef C4_BENCH_SCALE_PACE_H
#define C4_BENCH_SCALE_PACE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/status.h"

struct c4_pace {
    bool trains;            /* a batch has been trained */
    int64_t last_ns;        /* of the last whole line; 0: there is none */
    double images;          /* trained within the window */
    double train_seconds;   /* of the window's, those in training passes */
    double outside_seconds; /* those in evaluations and between passes */
};

/* Reads the file. Between two lines of one training pass, images are trained evenly; a line that is
 * not whole yet is left out. Begin and end are of c4_clock_ns(). A missing file is one without
 * lines. C4_ERR_DATA: a line is no such object, or time runs backwards; those of c4_file_read(). */
enum c4_status c4_pace_read(const char *path, int64_t begin_ns, int64_t end_ns,
                            struct c4_pace *pace);

#endif
