/* What a peer needs to do the same study: images, labels, orders and initial weights, in files. */
#ifndef C4_BENCH_STUDY_FILES_H
#define C4_BENCH_STUDY_FILES_H

#include "bench/study/tables.h"

/* Writes to `folder`, for all runs of the tables:
 *   data.safetensors
 *     images.SET-train, -test      U8 [count, 3, 32, 32]: what pre-training trains and is measured
 * on images.SET-tuning, -heldout  the halves of fine-tuning's images drawn.RUN, true.RUN U8
 * [images]: labels to train on, and the true ones evaluation.RUN, evaluation_true.RUN  the same of
 * the images that measure the run order.train.SEED.IMAGES.EPOCHS, order.tune...  I32 [epochs,
 * images]: each epoch's order seed-N.safetensors             initial weights, of each run's seed
 * and of the next one The images are those that the study used: `data` as given to it (NULL:
 * synthetic images). Errors of loading, writing and memory. */
enum c4_status c4_study_files_write(struct c4_study_tables *tables, const char *data,
                                    const char *folder);

#endif
