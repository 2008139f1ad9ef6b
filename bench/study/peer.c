#include <stdio.h>
#include <stdlib.h>

#include "bench/peers/script.h"
#include "bench/study/files.h"
#include "bench/study/study.h"
#include "core/host/clock.h"

C4_PEER_SCRIPT(study_peers, pytorch);
C4_PEER_SCRIPT(study_peers, network);

static const double start_seconds = 600; /* importing, loading images */

static enum c4_status start(struct c4_study_bench *bench, const char *script, const char *log,
                            struct c4_peer_process *process) {
    char workers[16];
    snprintf(workers, sizeof workers, "%d", bench->workers * bench->threads);
    char *argv[] = {(char *)bench->peer.python,
                    (char *)script,
                    bench->folder.bytes,
                    "--workers",
                    workers,
                    NULL};
    static const char *const environment[] = {"OMP_NUM_THREADS=1",
                                              "MKL_NUM_THREADS=1",
                                              "PYTHONDONTWRITEBYTECODE=1",
                                              "MALLOC_MMAP_THRESHOLD_=4000000000",
                                              "MALLOC_TRIM_THRESHOLD_=4000000000",
                                              "MALLOC_TOP_PAD_=268435456",
                                              NULL};
    return c4_peer_process_start(process, argv, environment, NULL, 0, log);
}

static void void_it(struct c4_study_peer *peer, enum c4_peer_state state, const char *why) {
    peer->state = state;
    c4_text_add(&peer->reason, "%s", why);
}

/* Its seconds by kind, and its rows, which have to be ours. */
static enum c4_status judge(struct c4_study_bench *bench, const json_t *answer) {
    struct c4_study_peer *peer = &bench->peer;
    const json_t *told = json_object_get(answer, "core_seconds");
    struct c4_text path = {0};
    for (int kind = 0; kind < C4_STUDY_WORK; kind++) {
        const json_t *seconds = json_object_get(told, c4_study_kind_names[kind]);
        peer->core_seconds[kind] = json_is_number(seconds) ? json_number_value(seconds) : -1;
        if (peer->core_seconds[kind] >= 0) continue;
        void_it(peer, C4_PEER_FAILED, "it did not say how long each kind of work took");
        return C4_OK;
    }
    if (c4_study_work(peer->core_seconds) > 1.01 * peer->seconds * bench->workers * bench->threads)
        void_it(peer, C4_PEER_FAILED, "it reported more core seconds than passed here");
    if (peer->state != C4_PEER_MEASURED) return C4_OK;
    enum c4_status status = c4_text_add(&path, "%s/peer.db", bench->folder.bytes);
    if (status == C4_OK) status = c4_study_agree(&bench->tables, path.bytes, &peer->agreement);
    c4_text_free(&path);
    if (status == C4_ERR_DATA) {
        void_it(peer, C4_PEER_FAILED, "its rows cannot be read");
        return C4_OK;
    }
    peer->compared = status == C4_OK;
    if (peer->compared && !c4_study_agrees(&peer->agreement, &peer->reason))
        peer->state = C4_PEER_VOID;
    return status;
}

static enum c4_status ask(struct c4_study_bench *bench, struct c4_peer_process *process) {
    struct c4_study_peer *peer = &bench->peer;
    json_t *answer = NULL;
    C4_TRY(c4_peer_settle(
        c4_peer_process_ask(process, NULL, start_seconds, &peer->ready, &peer->reason),
        &peer->state, &peer->reason));
    if (peer->state != C4_PEER_MEASURED) return C4_OK;
    C4_TRY(c4_peer_tell_origin(peer->ready, true, &peer->origin));
    int64_t start_ns = c4_clock_ns();
    enum c4_peer_answer kind =
        c4_peer_process_ask(process, "study", peer->patience_seconds, &answer, &peer->reason);
    peer->seconds = (double)(c4_clock_ns() - start_ns) * 1e-9;
    if (kind == C4_PEER_REFUSED) kind = C4_PEER_BROKEN; /* it was ready */
    C4_TRY(c4_peer_settle(kind, &peer->state, &peer->reason));
    enum c4_status status = peer->state == C4_PEER_MEASURED ? judge(bench, answer) : C4_OK;
    json_decref(answer);
    return status;
}

enum c4_status c4_study_bench_run_peer(struct c4_study_bench *bench) {
    static const struct c4_peer_script *const scripts[] = {&pytorch_script, &network_script, NULL};
    struct c4_text script = {0}, log = {0};
    struct c4_peer_process process = {.to = -1, .from = -1};
    const char *folder = bench->folder.bytes;
    bench->peer.asked = true;
    C4_TRY(c4_peer_scripts_write(folder, scripts));
    C4_TRY(c4_study_files_write(&bench->tables, bench->data, folder));
    enum c4_status status = c4_text_add(&script, "%s/pytorch.py", folder);
    if (status == C4_OK) status = c4_text_add(&log, "%s/pytorch.log", folder);
    if (status == C4_OK) status = start(bench, script.bytes, log.bytes, &process);
    if (status == C4_OK) status = ask(bench, &process);
    c4_peer_process_stop(&process, status == C4_OK ? 10 : 0);
    c4_text_free(&script);
    c4_text_free(&log);
    return status;
}
