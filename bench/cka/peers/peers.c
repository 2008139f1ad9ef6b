#include "bench/cka/peers/peers.h"

#include <math.h>
#include <stdio.h>

#include "bench/measure/scratch.h"
#include "bench/peers/script.h"
#include "core/host/clock.h"

C4_PEER_SCRIPT(cka_peers, similarity);
C4_PEER_SCRIPT(cka_peers, numpy_cka);
C4_PEER_SCRIPT(cka_peers, torch_cka);
C4_PEER_SCRIPT(cka_peers, ckatorch_cka);
C4_PEER_SCRIPT(cka_peers, from_files);
static const struct c4_peer_script *const scripts[] = {&similarity_script, &numpy_cka_script,
                                                       &torch_cka_script,  &ckatorch_cka_script,
                                                       &from_files_script, NULL};

const char *const c4_cka_peer_names[] = {"numpy", "pytorch", "ckatorch", NULL};
_Static_assert(sizeof c4_cka_peer_names / sizeof *c4_cka_peer_names == C4_CKA_PEERS + 1,
               "a name for each peer, and NULL");
const char c4_cka_peer_all[] = "numpy,pytorch,ckatorch";

const char *c4_cka_peer_module(int peer) {
    static const char *const modules[C4_CKA_PEERS] = {"numpy_cka", "torch_cka", "ckatorch_cka"};
    return modules[peer];
}

bool c4_cka_peer_multiplies(int peer) {
    return peer < 2;
}

enum c4_status c4_cka_peers_open(struct c4_cka_peers *peers) {
    C4_TRY(c4_scratch_make("conv4-peers", &peers->folder));
    return c4_peer_scripts_write(peers->folder.bytes, scripts);
}

/* --- starting --- */

static void spoil(struct c4_cka_peer *peer) {
    peer->state = C4_PEER_FAILED;
    c4_peer_process_stop(&peer->process, 5);
}

static enum c4_status ask(struct c4_cka_peers *peers, struct c4_cka_peer *peer, const char *line,
                          json_t **answer) {
    return c4_peer_settle(
        c4_peer_process_ask(&peer->process, line, peers->patience_seconds, answer, &peer->reason),
        &peer->state, &peer->reason);
}

static void forget(struct c4_cka_peer *peer) {
    c4_peer_process_stop(&peer->process, 5);
    json_decref(peer->ready);
    c4_text_free(&peer->reason);
    c4_text_free(&peer->origin);
    c4_text_free(&peer->log);
    *peer = (struct c4_cka_peer){0};
}

static enum c4_status start(const struct c4_cka_peers *peers, struct c4_cka_peer *peer, int which,
                            int threads, const int *pu, int count) {
    char number[16], omp[32], openblas[40], mkl[32];
    const char *folder = peers->folder.bytes;
    struct c4_text script = {0};
    c4_text_add(&script, "%s/similarity.py", folder);
    c4_text_add(&peer->log, "%s/%s.log", folder, c4_cka_peer_names[which]);
    snprintf(number, sizeof number, "%d", threads);
    snprintf(omp, sizeof omp, "OMP_NUM_THREADS=%d", threads);
    snprintf(openblas, sizeof openblas, "OPENBLAS_NUM_THREADS=%d", threads);
    snprintf(mkl, sizeof mkl, "MKL_NUM_THREADS=%d", threads);
    char *argv[] = {(char *)peers->python, script.bytes, (char *)c4_cka_peer_module(which),
                    (char *)folder,        number,       NULL};
    const char *environment[] = {omp,
                                 openblas,
                                 mkl,
                                 "PYTHONDONTWRITEBYTECODE=1",
                                 count > 1 ? "OMP_PROC_BIND=true" : "OMP_PROC_BIND=false",
                                 NULL};
    enum c4_status status =
        script.lost || peer->log.lost
            ? c4_fail(C4_ERR_MEMORY, "no memory for a peer's arguments")
            : c4_peer_process_start(&peer->process, argv, environment, pu, count, peer->log.bytes);
    c4_text_free(&script);
    return status;
}

/* Reads the peer's first line and checks its number of threads. */
static enum c4_status get_ready(struct c4_cka_peers *peers, struct c4_cka_peer *peer, int threads) {
    C4_TRY(ask(peers, peer, NULL, &peer->ready));
    if (peer->state != C4_PEER_MEASURED) return C4_OK;
    C4_TRY(c4_peer_tell_origin(peer->ready, false, &peer->origin));
    json_int_t own = json_integer_value(json_object_get(peer->ready, "threads"));
    if (own == threads) return C4_OK;
    c4_text_add(&peer->reason, "it runs on %d threads instead of %d", (int)own, threads);
    spoil(peer);
    return C4_OK;
}

enum c4_status c4_cka_peers_start(struct c4_cka_peers *peers, int threads, const int *pu,
                                  int count) {
    for (int i = 0; i < C4_CKA_PEERS; i++) {
        struct c4_cka_peer *peer = &peers->peer[i];
        forget(peer);
        if (!peers->wanted[i]) continue;
        C4_TRY(start(peers, peer, i, threads, pu, count));
        C4_TRY(get_ready(peers, peer, threads));
    }
    return C4_OK;
}

/* --- asking --- */

enum c4_status c4_cka_peer_load(struct c4_cka_peers *peers, int peer, int sides) {
    struct c4_cka_peer *p = &peers->peer[peer];
    char sides_asked[16];
    json_t *answer;
    if (p->state != C4_PEER_MEASURED) return C4_OK;
    snprintf(sides_asked, sizeof sides_asked, "load %d", sides);
    C4_TRY(ask(peers, p, sides_asked, &answer));
    json_decref(answer);
    return C4_OK;
}

enum c4_status c4_cka_peer_check(struct c4_cka_peers *peers, int peer, const char *subject,
                                 double values[C4_CKA_PEER_VALUES], int *count) {
    struct c4_cka_peer *p = &peers->peer[peer];
    char subject_asked[24];
    json_t *answer;
    *count = 0;
    if (p->state != C4_PEER_MEASURED) return C4_OK;
    snprintf(subject_asked, sizeof subject_asked, "check %s", subject);
    C4_TRY(ask(peers, p, subject_asked, &answer));
    const json_t *told = json_object_get(answer, "values");
    for (size_t i = 0; i < json_array_size(told) && i < C4_CKA_PEER_VALUES; i++) {
        const json_t *value = json_array_get(told, i);
        values[(*count)++] = json_is_number(value) ? json_number_value(value) : NAN;
    }
    json_decref(answer);
    return C4_OK;
}

enum c4_status c4_cka_peer_sample(struct c4_cka_peers *peers, int peer, const char *subject,
                                  double seconds, int64_t *runs, int64_t *own_ns,
                                  int64_t *asked_ns) {
    struct c4_cka_peer *p = &peers->peer[peer];
    char question[48];
    json_t *answer;
    *runs = *own_ns = *asked_ns = 0;
    if (p->state != C4_PEER_MEASURED) return C4_OK;
    snprintf(question, sizeof question, "sample %s %.6f", subject, seconds);
    int64_t start_ns = c4_clock_ns();
    C4_TRY(ask(peers, p, question, &answer));
    *asked_ns = c4_clock_ns() - start_ns;
    if (p->state != C4_PEER_MEASURED) return C4_OK;
    *own_ns = json_integer_value(json_object_get(answer, "ns"));
    *runs = json_integer_value(json_object_get(answer, "count"));
    json_decref(answer);
    if (*runs >= 1 && *own_ns >= 1 && *own_ns <= *asked_ns) return C4_OK;
    c4_text_add(&p->reason, "it reported %lld runs in %.6f s, but %.6f s passed here",
                (long long)*runs, (double)*own_ns * 1e-9, (double)*asked_ns * 1e-9);
    *runs = 0;
    spoil(p);
    return C4_OK;
}

void c4_cka_peers_close(struct c4_cka_peers *peers) {
    for (int i = 0; i < C4_CKA_PEERS; i++) forget(&peers->peer[i]);
    c4_scratch_remove(&peers->folder);
}
