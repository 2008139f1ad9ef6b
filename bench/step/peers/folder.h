/* The temporary folder that peers read: their scripts, initial weights and batches. */
#ifndef C4_BENCH_STEP_PEERS_FOLDER_H
#define C4_BENCH_STEP_PEERS_FOLDER_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/status.h"

/* Makes a folder under $TMPDIR or /tmp, its name in folder[size], with the scripts of
 * bench/step/peers, init.safetensors and batches.safetensors as "conv4 train" takes them: `steps`
 * batches of `batch` images. On failure c4_peers_folder_remove() takes away what there is. */
enum c4_status c4_peers_folder_make(char *folder, size_t size, const double *state,
                                    const uint8_t *images, const uint8_t *labels, int steps,
                                    int batch);

/* Removes the folder and the files in it; "" is fine. */
void c4_peers_folder_remove(const char *folder);

#endif
