/* The runs that the selected figures need, each once, and their dependencies. */
#ifndef C4_REPRO_STUDY_SCHEDULE_H
#define C4_REPRO_STUDY_SCHEDULE_H

#include <stddef.h>

#include "repro/study/study.h"

enum {
    C4_RUN_KEY_SIZE = 96,
    C4_FAMILIES_MAX = C4_STUDY_FAMILIES * C4_LIST_MAX /* all sizes of all sections */
};

/* One training run; a plain value. Its key, a name made of the other members, identifies it in the
 * store, in rows and in files: "pretrain-cifar10-d0-n8000-e6-bn-relu-seed1". Nothing is read from a
 * key. */
struct c4_run {
    char key[C4_RUN_KEY_SIZE];
    char from[C4_RUN_KEY_SIZE]; /* the run whose network it starts from; "": initial weights */
    char family[C4_FAMILY_NAME_SIZE];
    enum c4_run_kind kind;
    int data; /* index in c4_sets */
    struct c4_label_spec labels;
    enum c4_order order;
    uint64_t seed;
    uint32_t images, epochs;
};

struct c4_schedule {
    int count;
    struct c4_run *run; /* seed by seed */
    int *after;         /* index of the run that each starts from; -1: none */
    int pretraining;    /* index in c4_sets of the pre-training set */
};

/* The families that a scale has, in the study's order, each once; each size is a family. */
struct c4_families {
    int count;
    char name[C4_FAMILIES_MAX][C4_FAMILY_NAME_SIZE];
};
void c4_families_make(const struct c4_study *study, const struct c4_scale *scale,
                      struct c4_families *families);

/* Describes the run of a family ("pretrain-d0", "size-64", ...) and seed under the study's
 * protocol. False if the scale has no such family. */
bool c4_run_describe(const struct c4_study *study, const struct c4_scale *scale, const char *family,
                     uint64_t seed, struct c4_run *run);

/* Whether the run is a pre-training or size run, whose CKA is also measured over curve_images. */
bool c4_run_is_curve(const struct c4_run *run);

/* Whether the run trains on the fine-tuning half of its data set. */
bool c4_run_tunes(const struct c4_run *run);

/* Number of images for CKA in every epoch of the run. */
uint32_t c4_run_cka_rows(const struct c4_run *run, const struct c4_protocol *protocol);

/* Number of images that are forwarded for CKA over `rows` of them: rounded up to whole batches, at
 * most `available`, because a smaller last batch would have different statistics. */
uint32_t c4_forwarded(uint32_t batch, uint32_t rows, uint32_t available);

/* Lists the runs of the selected figures (NULL: of all families) for the scale's seeds, and the
 * runs that they start from. Families that describe the same training share a run; those that the
 * scale does not have are left out. C4_ERR_USAGE: a selected figure has no runs. Release with
 * c4_schedule_free(). */
enum c4_status c4_schedule_make(const struct c4_study *study, const struct c4_scale *scale,
                                const bool *selected, struct c4_schedule *schedule);
void c4_schedule_free(struct c4_schedule *schedule);

/* The runs i of a schedule with keep[i], in its order. If one is kept, so must be the run that it
 * starts from. Release with c4_schedule_free(). C4_ERR_MEMORY. */
enum c4_status c4_schedule_part(const struct c4_schedule *schedule, const bool *keep,
                                struct c4_schedule *part);

/* The other seed whose initial network a run is compared with: seed + 1, so that rows do not depend
 * on the study's seeds. */
uint64_t c4_other_seed(uint64_t seed);

#endif
