#include "bench/step/peers/folder.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/file/file.h"
#include "core/file/safetensors.h"
#include "core/net/checkpoint.h"

#define SCRIPT(name)                                                                               \
    extern const char c4_embed_bench_step_peers_##name##_py[],                                     \
        c4_embed_bench_step_peers_##name##_py_end[];
SCRIPT(protocol)
SCRIPT(pytorch)
SCRIPT(jax_peer)

static const struct {
    const char *name, *begin, *end;
} scripts[] = {
    {"protocol.py", c4_embed_bench_step_peers_protocol_py,
     c4_embed_bench_step_peers_protocol_py_end},
    {"pytorch.py", c4_embed_bench_step_peers_pytorch_py, c4_embed_bench_step_peers_pytorch_py_end},
    {"jax_peer.py", c4_embed_bench_step_peers_jax_peer_py,
     c4_embed_bench_step_peers_jax_peer_py_end},
};

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

enum c4_status c4_peers_folder_make(char *folder, size_t size, const double *state,
                                    const uint8_t *images, const uint8_t *labels, int steps,
                                    int batch) {
    const char *base = getenv("TMPDIR");
    char path[256];
    int length = snprintf(folder, size, "%s/conv4-peers-XXXXXX", base && *base ? base : "/tmp");
    if (length >= (int)size || !mkdtemp(folder)) {
        int error = length >= (int)size ? ENAMETOOLONG : errno;
        enum c4_status status = c4_fail_write(length >= (int)size ? "TMPDIR" : folder, error);
        folder[0] = '\0';
        return status;
    }
    for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, scripts[i].name);
        C4_TRY(c4_file_write_atomic(path, scripts[i].begin,
                                    (size_t)(scripts[i].end - scripts[i].begin)));
    }
    snprintf(path, sizeof path, "%s/init.safetensors", folder);
    C4_TRY(write_init(path, state));
    snprintf(path, sizeof path, "%s/batches.safetensors", folder);
    return write_batches(path, images, labels, steps, batch);
}

void c4_peers_folder_remove(const char *folder) {
    DIR *files = folder[0] ? opendir(folder) : NULL;
    if (!files) return;
    for (struct dirent *file; (file = readdir(files));) {
        char path[512];
        snprintf(path, sizeof path, "%s/%s", folder, file->d_name);
        if (file->d_name[0] != '.') unlink(path);
    }
    closedir(files);
    rmdir(folder);
}
