/* The peers' temporary folder: scripts, initial weights and batches. */
#ifndef C4_BENCH_STEP_PEERS_FOLDER_H
#define C4_BENCH_STEP_PEERS_FOLDER_H

#include <stdint.h>

#include "core/base/text.h"

/* Makes a folder under $TMPDIR or /tmp and sets *folder to its name. It holds the scripts of
 * bench/step/peers, and init.safetensors and batches.safetensors in the formats of "conv4 train":
 * `steps` batches of `batch` images. Call c4_scratch_remove() also after an error. */
enum c4_status c4_peers_folder_make(struct c4_text *folder, const double *state,
                                    const uint8_t *images, const uint8_t *labels, int steps,
                                    int batch);

#endif
