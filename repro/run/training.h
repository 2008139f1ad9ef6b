/* What a run trains on, and passes over images that report their progress. */
#ifndef C4_REPRO_RUN_TRAINING_H
#define C4_REPRO_RUN_TRAINING_H

#include "core/net/train.h"
#include "repro/run/run.h"

struct c4_training {
    struct c4_dataset images; /* a view of the study's images */
    uint8_t *labels;          /* [images.count], as drawn for the run's seed */
};

/* C4_ERR_MEMORY. Release in every case. */
enum c4_status c4_training_open(const struct c4_images *images, const struct c4_run *run,
                                struct c4_training *training);
void c4_training_free(struct c4_training *training);

/* Progress of the pass under way. */
struct c4_pass_progress {
    const struct c4_runner *runner;
    uint32_t images; /* already reported */
};

/* A pass over `data` with these labels, in batches of the protocol's size, that reports to
 * runner->advance(). One pass at a time uses `progress`, which outlives it. */
struct c4_pass c4_run_pass(struct c4_pass_progress *progress, struct c4_plan *plan,
                           const struct c4_dataset *data, const uint8_t *labels);

#endif
