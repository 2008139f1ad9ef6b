#include "bench/step/peers/folder.h"

#include <string.h>

#include "bench/measure/scratch.h"
#include "bench/peers/script.h"
#include "core/file/safetensors.h"
#include "core/net/checkpoint.h"

C4_PEER_SCRIPT(step_peers, steps);
C4_PEER_SCRIPT(step_peers, pytorch);
C4_PEER_SCRIPT(step_peers, jax_peer);
static const struct c4_peer_script *const scripts[] = {&steps_script, &pytorch_script,
                                                       &jax_peer_script, NULL};

static enum c4_status write_init(const char *path, const double *state) {
    struct c4_checkpoint *checkpoint = c4_checkpoint_new();
    if (!checkpoint) return C4_ERR_MEMORY;
    memcpy(checkpoint->state, state, sizeof checkpoint->state);
    enum c4_status status = c4_checkpoint_write(path, checkpoint);
    c4_checkpoint_free(checkpoint);
    return status;
}

static enum c4_status write_batches(const char *path, const uint8_t *images, const uint8_t *labels,
                                    int steps, int batch) {
    size_t count = (size_t)steps * (size_t)batch;
    const struct c4_tensor tensors[] = {
        {.name = "images",
         .dtype = C4_U8,
         .rank = 5,
         .shape = {(uint64_t)steps, (uint64_t)batch, 3, C4_IMAGE_SIDE, C4_IMAGE_SIDE},
         .data = (uint8_t *)images, /* only read */
         .size_bytes = count * C4_IMAGE_BYTES},
        {.name = "labels",
         .dtype = C4_U8,
         .rank = 2,
         .shape = {(uint64_t)steps, (uint64_t)batch},
         .data = (uint8_t *)labels,
         .size_bytes = count},
    };
    return c4_safetensors_write(path, tensors, 2, NULL, 0);
}

static enum c4_status fill(const char *folder, struct c4_text *path, const double *state,
                           const uint8_t *images, const uint8_t *labels, int steps, int batch) {
    C4_TRY(c4_peer_scripts_write(folder, scripts));
    c4_text_clear(path);
    C4_TRY(c4_text_add(path, "%s/init.safetensors", folder));
    C4_TRY(write_init(path->bytes, state));
    c4_text_clear(path);
    C4_TRY(c4_text_add(path, "%s/batches.safetensors", folder));
    return write_batches(path->bytes, images, labels, steps, batch);
}

enum c4_status c4_peers_folder_make(struct c4_text *folder, const double *state,
                                    const uint8_t *images, const uint8_t *labels, int steps,
                                    int batch) {
    C4_TRY(c4_scratch_make("conv4-peers", folder));
    struct c4_text path = {0};
    enum c4_status status = fill(folder->bytes, &path, state, images, labels, steps, batch);
    c4_text_free(&path);
    return status;
}
