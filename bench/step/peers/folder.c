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

static enum c4_status fill(const char *folder, struct c4_text *path, const double *state,
                           const uint8_t *images, const uint8_t *labels, int steps, int batch) {
    for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++) {
        c4_text_clear(path);
        C4_TRY(c4_text_add(path, "%s/%s", folder, scripts[i].name));
        C4_TRY(c4_file_write_atomic(path->bytes, scripts[i].begin,
                                    (size_t)(scripts[i].end - scripts[i].begin)));
    }
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
    const char *base = getenv("TMPDIR");
    c4_text_clear(folder);
    C4_TRY(c4_text_add(folder, "%s/conv4-peers-XXXXXX", base && *base ? base : "/tmp"));
    if (!mkdtemp(folder->bytes)) {
        enum c4_status status = c4_fail_write(folder->bytes, errno);
        c4_text_free(folder);
        return status;
    }
    struct c4_text path = {0};
    enum c4_status status = fill(folder->bytes, &path, state, images, labels, steps, batch);
    c4_text_free(&path);
    return status;
}

void c4_peers_folder_remove(struct c4_text *folder) {
    DIR *files = folder->length > 0 ? opendir(folder->bytes) : NULL;
    if (files) {
        for (struct dirent *file; (file = readdir(files));)
            if (file->d_name[0] != '.') unlinkat(dirfd(files), file->d_name, 0);
        closedir(files);
        rmdir(folder->bytes);
    }
    c4_text_free(folder);
}
