/* Which runs the chosen figures need, each once. */
#ifndef C4_REPRO_SCHEDULE_H
#define C4_REPRO_SCHEDULE_H

#include <stddef.h>

#include "repro/study.h"

enum { C4_RUN_KEY_SIZE = 96, C4_RUN_SPEC_SIZE = 256 };

/* One training. Its key names it in the store, in rows and in files:
 * "pretrain-cifar10-d0-n8000-seed1".
 */
struct c4_run {
    char key[C4_RUN_KEY_SIZE];
    const struct c4_family *family;
    uint64_t seed;
    uint32_t images, epochs;
};

struct c4_schedule {
    int count;
    struct c4_run *run; /* seed by seed, so that an early end leaves whole seeds */
};

/* Runs of the selected figures at a scale for its seeds. Families that describe the same training
 * (random labels of degree 0 are true labels) share a run. C4_ERR_MEMORY. Release with
 * c4_schedule_free(). The schedule points into `study`. */
enum c4_status c4_schedule_make(const struct c4_study *study, const struct c4_scale *scale,
                                const bool selected[C4_STUDY_FIGURES],
                                struct c4_schedule *schedule);
void c4_schedule_free(struct c4_schedule *schedule);

/* The run of a family and seed. */
void c4_run_describe(const struct c4_family *family, const struct c4_scale *scale, uint64_t seed,
                     struct c4_run *run);

/* The run in words, as it is stored beside its key. */
void c4_run_spec(const struct c4_run *run, char text[C4_RUN_SPEC_SIZE]);

#endif
