/* A temporary folder of a benchmark. */
#ifndef C4_BENCH_MEASURE_SCRATCH_H
#define C4_BENCH_MEASURE_SCRATCH_H

#include "core/base/text.h"

/* Makes a new folder NAME-XXXXXX under $TMPDIR or /tmp and sets *folder to its path. On failure,
 * also C4_ERR_MEMORY, *folder is empty. Release it with c4_scratch_remove(). */
enum c4_status c4_scratch_make(const char *name, struct c4_text *folder);

/* Removes the folder with everything below it, if there is one, and frees its path. What cannot be
 * removed stays and is no error. */
void c4_scratch_remove(struct c4_text *folder);

#endif
