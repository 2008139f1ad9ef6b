#include "bench/step/peers/peers.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/measure/scratch.h"
#include "bench/step/peers/folder.h"
#include "core/cli/interrupt.h"
#include "core/host/clock.h"
#include "core/op/names.h"

static const struct variant {
    const char *name, *script, *mode;
    bool kept;
} variants[C4_PEERS_MAX] = {
    {"pytorch-nchw", "pytorch.py", "nchw", false},
    {"pytorch-nchw-kept", "pytorch.py", "nchw", true},
    {"pytorch-nhwc", "pytorch.py", "nhwc", false},
    {"pytorch-nhwc-kept", "pytorch.py", "nhwc", true},
    {"pytorch-compile", "pytorch.py", "compile", false},
    {"pytorch-compile-kept", "pytorch.py", "compile", true},
    {"jax", "jax_peer.py", "jit", false},
    {"jax-kept", "jax_peer.py", "jit", true},
};

const char *const c4_peer_names[] = {"pytorch-nchw",
                                     "pytorch-nchw-kept",
                                     "pytorch-nhwc",
                                     "pytorch-nhwc-kept",
                                     "pytorch-compile",
                                     "pytorch-compile-kept",
                                     "jax",
                                     "jax-kept",
                                     NULL};
_Static_assert(sizeof c4_peer_names / sizeof *c4_peer_names == C4_PEERS_MAX + 1,
               "a name for each variant, and NULL");
const char c4_peer_all[] = "pytorch-nchw,pytorch-nchw-kept,pytorch-nhwc,pytorch-nhwc-kept,"
                           "pytorch-compile,pytorch-compile-kept,jax,jax-kept";

enum c4_status c4_peers_open(struct c4_peers *peers, const struct c4_plan_config *config,
                             const double *state, const uint8_t *images, const uint8_t *labels) {
    C4_TRY(c4_peer_values_make(&peers->want, config, state, images, labels));
    return c4_peers_folder_make(&peers->folder, state, images, labels, C4_PEER_STEPS,
                                config->max_batch);
}

/* --- one peer --- */

static enum c4_status settle(struct c4_peer *peer, enum c4_peer_answer answer) {
    return c4_peer_settle(answer, &peer->state, &peer->reason);
}

static void spoil(struct c4_peer *peer, enum c4_peer_state state) {
    peer->state = state;
    c4_peer_process_stop(&peer->process, 5);
}

static enum c4_status start(const struct c4_peers *peers, struct c4_peer *peer,
                            const struct variant *variant, const struct c4_plan_config *config,
                            const int *pu, int count) {
    char threads[16], omp[32], nproc[32];
    const char *folder = peers->folder.bytes;
    struct c4_text script = {0}, init = {0}, batches = {0};
    c4_text_add(&script, "%s/%s", folder, variant->script);
    c4_text_add(&init, "%s/init.safetensors", folder);
    c4_text_add(&batches, "%s/batches.safetensors", folder);
    c4_text_add(&peer->log, "%s/%s.log", folder, variant->name);
    snprintf(threads, sizeof threads, "%d", config->threads);
    snprintf(omp, sizeof omp, "OMP_NUM_THREADS=%d", config->threads);
    snprintf(nproc, sizeof nproc, "NPROC=%d", config->threads); /* XLA's pool */
    char *argv[] = {(char *)peers->python,
                    script.bytes,
                    (char *)variant->mode,
                    "--init",
                    init.bytes,
                    "--batches",
                    batches.bytes,
                    "--threads",
                    threads,
                    "--order",
                    (char *)c4_order_names[config->order],
                    peers->want.evaluates ? "--evaluate" : NULL,
                    (char *)c4_statistics_names[peers->want.statistics],
                    NULL};
    /* NULL ends both lists early: for training, and for variants with glibc's defaults. */
    const char *environment[] = {omp,
                                 nproc,
                                 "PYTHONDONTWRITEBYTECODE=1",
                                 "JAX_PLATFORMS=cpu",
                                 "TORCHINDUCTOR_COMPILE_THREADS=1",
                                 count > 1 ? "OMP_PROC_BIND=true" : "OMP_PROC_BIND=false",
                                 variant->kept ? "MALLOC_MMAP_THRESHOLD_=4000000000" : NULL,
                                 "MALLOC_TRIM_THRESHOLD_=4000000000",
                                 "MALLOC_TOP_PAD_=268435456",
                                 NULL};
    enum c4_status status =
        script.lost || init.lost || batches.lost || peer->log.lost
            ? c4_fail(C4_ERR_MEMORY, "no memory for a peer's arguments")
            : c4_peer_process_start(&peer->process, argv, environment, pu, count, peer->log.bytes);
    c4_text_free(&script);
    c4_text_free(&init);
    c4_text_free(&batches);
    return status;
}

/* Reads the peer's first line and checks its number of threads. */
static enum c4_status get_ready(const struct c4_peers *peers, struct c4_peer *peer, int threads) {
    C4_TRY(settle(peer, c4_peer_process_ask(&peer->process, NULL, peers->patience_seconds,
                                            &peer->ready, &peer->reason)));
    if (peer->state != C4_PEER_MEASURED) return C4_OK;
    C4_TRY(c4_peer_tell_origin(peer->ready, peer->kept, &peer->origin));
    json_int_t own = json_integer_value(json_object_get(peer->ready, "threads"));
    if (own == threads) return C4_OK;
    c4_text_add(&peer->reason, "it runs on %d threads instead of %d", (int)own, threads);
    spoil(peer, C4_PEER_FAILED);
    return C4_OK;
}

enum c4_status c4_peers_add(struct c4_peers *peers, const char *name,
                            const struct c4_plan_config *config, const int *pu, int count) {
    const struct variant *variant = variants;
    while (strcmp(variant->name, name) != 0) variant++;
    struct c4_peer *peer = &peers->peer[peers->count++];
    *peer = (struct c4_peer){.name = variant->name, .kept = variant->kept};
    C4_TRY(start(peers, peer, variant, config, pu, count));
    C4_TRY(get_ready(peers, peer, config->threads));
    if (peer->state != C4_PEER_MEASURED) return C4_OK;
    json_t *answer;
    C4_TRY(settle(peer, c4_peer_process_ask(&peer->process, "check", peers->patience_seconds,
                                            &answer, &peer->reason)));
    if (peer->state == C4_PEER_MEASURED &&
        !c4_peer_values_agree(&peers->want, answer, &peer->loss_error, &peer->features_error,
                              &peer->reason))
        spoil(peer, C4_PEER_VOID);
    json_decref(answer);
    return C4_OK;
}

enum c4_status c4_peer_sample(struct c4_peer *peer, double patience_seconds, double seconds,
                              int64_t *steps, int64_t *ns) {
    char question[48];
    json_t *answer;
    *steps = *ns = 0;
    if (peer->state != C4_PEER_MEASURED) return C4_OK;
    snprintf(question, sizeof question, "sample %.6f", seconds);
    int64_t start_ns = c4_clock_ns();
    C4_TRY(settle(peer, c4_peer_process_ask(&peer->process, question, patience_seconds + seconds,
                                            &answer, &peer->reason)));
    *ns = c4_clock_ns() - start_ns;
    if (peer->state != C4_PEER_MEASURED) return C4_OK;
    int64_t own_ns = json_integer_value(json_object_get(answer, "ns"));
    *steps = json_integer_value(json_object_get(answer, "steps"));
    json_decref(answer);
    if (*steps >= 1 && own_ns >= 1 && own_ns <= *ns) return C4_OK;
    c4_text_add(&peer->reason, "it reported %lld steps in %.6f s, but %.6f s passed here",
                (long long)*steps, (double)own_ns * 1e-9, (double)*ns * 1e-9);
    *steps = 0;
    spoil(peer, C4_PEER_FAILED);
    return C4_OK;
}

/* --- all --- */

enum c4_status c4_peers_verdict(const struct c4_peers *peers, bool all) {
    const struct c4_peer *worst = NULL;
    int measured = 0;
    for (int i = 0; i < peers->count; i++) {
        const struct c4_peer *peer = &peers->peer[i];
        measured += peer->state == C4_PEER_MEASURED;
        if (!worst || peer->state > worst->state) worst = peer;
    }
    if (!worst || worst->state == C4_PEER_MEASURED) return C4_OK;
    if (worst->state == C4_PEER_ABSENT && !all && measured > 0) return C4_OK;
    return c4_peer_verdict(worst->name, worst->state, c4_text_string(&worst->reason));
}

void c4_peers_close(struct c4_peers *peers) {
    for (int i = 0; i < peers->count; i++) {
        c4_peer_process_stop(&peers->peer[i].process, 5);
        json_decref(peers->peer[i].ready);
        c4_text_free(&peers->peer[i].reason);
        c4_text_free(&peers->peer[i].origin);
        c4_text_free(&peers->peer[i].log);
    }
    peers->count = 0;
    c4_scratch_remove(&peers->folder);
}
