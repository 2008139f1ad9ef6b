#include "repro/run/training.h"

#include <stdlib.h>

#include "core/data/labels.h"

enum c4_status c4_training_open(const struct c4_images *images, const struct c4_run *run,
                                struct c4_training *training) {
    *training = (struct c4_training){0};
    C4_TRY(c4_run_training(images, run, &training->images));
    training->labels = malloc(run->images);
    if (!training->labels)
        return c4_fail(C4_ERR_MEMORY, "out of memory for the labels of %s", run->key);
    return c4_labels_make(run->labels, run->seed, &training->images, training->labels);
}

void c4_training_free(struct c4_training *training) {
    free(training->labels);
    c4_dataset_free(&training->images);
    training->labels = NULL;
}

/* c4_pass_watch. A pass counts from its own beginning; advance() takes what is new. */
static enum c4_status watch(void *context, uint32_t images_done) {
    struct c4_pass_progress *progress = context;
    uint32_t before = images_done > progress->images ? progress->images : 0;
    progress->images = images_done;
    return progress->runner->advance(progress->runner->context, images_done - before);
}

struct c4_pass c4_run_pass(struct c4_pass_progress *progress, struct c4_plan *plan,
                           const struct c4_dataset *data, const uint8_t *labels) {
    progress->images = 0;
    return (struct c4_pass){.step = progress->runner->step,
                            .plan = plan,
                            .data = data,
                            .labels = labels,
                            .batch = (int)progress->runner->protocol->batch,
                            .watch = watch,
                            .watch_context = progress};
}
