/* The table and JSON of bench study. */
#include <inttypes.h>
#include <string.h>

#include "bench/study/study.h"
#include "core/file/json.h"

static const char *text_of(const json_t *object, const char *key) {
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "?";
}

/* --- text --- */

static void print_kind(const struct c4_study_bench *bench, const char *name, double seconds,
                       double peer_seconds) {
    double all = bench->seconds * bench->workers * bench->threads;
    bool paired = bench->peer.asked && bench->peer.state == C4_PEER_MEASURED && peer_seconds >= 0;
    printf("%-8s %10.2f %6.1f", name, seconds, 100 * seconds / all);
    if (paired) printf(" %12.2f %8.2f", peer_seconds, peer_seconds / seconds);
    printf("\n");
}

static void print_peer(const struct c4_study_peer *peer) {
    if (!peer->asked) return;
    if (peer->state != C4_PEER_MEASURED)
        printf("pytorch  %s: %s\n", c4_peer_state_name(peer->state), c4_text_string(&peer->reason));
    if (peer->origin.length) printf("pytorch: %s\n", peer->origin.bytes);
    if (!peer->compared) return;
    for (int i = 0; i < C4_AGREE_GROUPS; i++)
        printf("  %s: %" PRId64 " rows differ by up to %.2g, on average %.2g (allowed: %g, %g)\n",
               peer->agreement.group[i].what, peer->agreement.group[i].rows,
               peer->agreement.group[i].largest, peer->agreement.group[i].mean,
               peer->agreement.group[i].allowed, peer->agreement.group[i].allowed_mean);
}

/* The sentence that may be quoted. */
static void print_ratios(const struct c4_study_bench *bench, const char *cpu) {
    const struct c4_study_peer *peer = &bench->peer;
    if (!peer->asked || peer->state != C4_PEER_MEASURED) return;
    printf("On %s, PyTorch needs %.2f times conv4's core seconds for the same study (train %.2f, "
           "forward %.2f, CKA %.2f).\n",
           cpu, c4_study_work(peer->core_seconds) / c4_study_work(bench->core_seconds),
           peer->core_seconds[C4_STUDY_TRAIN] / bench->core_seconds[C4_STUDY_TRAIN],
           peer->core_seconds[C4_STUDY_FORWARD] / bench->core_seconds[C4_STUDY_FORWARD],
           peer->core_seconds[C4_STUDY_CKA] / bench->core_seconds[C4_STUDY_CKA]);
}

void c4_study_bench_print(const struct c4_study_bench *bench, const char *cpu) {
    const struct c4_study_peer *peer = &bench->peer;
    bool paired = peer->asked && peer->state == C4_PEER_MEASURED;
    printf("study: scale %s%s, seeds %s, %s: %d runs, %" PRId64 " rows\n"
           "%s, backend %s, %d worker%s of %d thread%s; %.1f s%s",
           bench->scale, bench->quick ? " with few images (--quick)" : "", bench->seeds,
           text_of(bench->summary, "data"), bench->tables.runs, bench->tables.rows, cpu,
           text_of(bench->summary, "backend"), bench->workers, bench->workers == 1 ? "" : "s",
           bench->threads, bench->threads == 1 ? "" : "s", bench->seconds, paired ? ", " : "\n");
    if (paired) printf("pytorch %.1f s\n", peer->seconds);
    printf("%-8s %10s %6s", "", "core s", "%");
    if (paired) printf(" %12s %8s", "pytorch", "ratio");
    printf("\n");
    for (int kind = 0; kind < C4_STUDY_WORK; kind++)
        print_kind(bench, c4_study_kind_names[kind], bench->core_seconds[kind],
                   peer->core_seconds[kind]);
    print_kind(bench, "work", c4_study_work(bench->core_seconds),
               c4_study_work(peer->core_seconds));
    for (int kind = C4_STUDY_WORK; kind < C4_STUDY_KINDS; kind++)
        print_kind(bench, c4_study_kind_names[kind], bench->core_seconds[kind], -1);
    print_kind(bench, "all", bench->seconds * bench->workers * bench->threads, -1);
    print_peer(peer);
    print_ratios(bench, cpu);
}

/* --- JSON --- */

static json_t *kinds_json(const double *core_seconds, int kinds) {
    json_t *object = json_object();
    for (int kind = 0; kind < kinds; kind++)
        c4_json_set(&object, c4_study_kind_names[kind], c4_json_real(core_seconds[kind]));
    c4_json_set(&object, "work", c4_json_real(c4_study_work(core_seconds)));
    return object;
}

static json_t *agreement_json(const struct c4_study_agreement *agreement) {
    json_t *groups = json_array();
    for (int i = 0; i < C4_AGREE_GROUPS; i++)
        c4_json_append(&groups, json_pack("{s:s, s:I, s:I, s:o, s:o, s:f, s:f}", "what",
                                          agreement->group[i].what, "rows",
                                          (json_int_t)agreement->group[i].rows, "undefined",
                                          (json_int_t)agreement->group[i].undefined, "largest",
                                          c4_json_real(agreement->group[i].largest), "mean",
                                          c4_json_real(agreement->group[i].mean), "allowed",
                                          agreement->group[i].allowed, "allowed_mean",
                                          agreement->group[i].allowed_mean));
    return json_pack("{s:I, s:I, s:o}", "missing", (json_int_t)agreement->missing, "added",
                     (json_int_t)agreement->added, "groups", groups);
}

static json_t *peer_json(const struct c4_study_bench *bench) {
    const struct c4_study_peer *peer = &bench->peer;
    json_t *object =
        json_pack("{s:s, s:s}", "name", "pytorch", "state", c4_peer_state_name(peer->state));
    if (peer->state != C4_PEER_MEASURED)
        c4_json_set(&object, "reason", c4_json_text(c4_text_string(&peer->reason)));
    static const char *const told[] = {"algorithm", "versions", "isa", "workers"};
    for (size_t i = 0; i < sizeof told / sizeof *told; i++) {
        json_t *value = json_object_get(peer->ready, told[i]);
        if (value) c4_json_set(&object, told[i], json_incref(value));
    }
    if (peer->compared) c4_json_set(&object, "agreement", agreement_json(&peer->agreement));
    if (peer->state != C4_PEER_MEASURED) return object;
    json_t *ratios = json_object();
    for (int kind = 0; kind < C4_STUDY_WORK; kind++)
        c4_json_set(&ratios, c4_study_kind_names[kind],
                    c4_json_real(peer->core_seconds[kind] / bench->core_seconds[kind]));
    c4_json_set(
        &ratios, "work",
        c4_json_real(c4_study_work(peer->core_seconds) / c4_study_work(bench->core_seconds)));
    c4_json_set(&object, "seconds", c4_json_real(peer->seconds));
    c4_json_set(&object, "core_seconds", kinds_json(peer->core_seconds, C4_STUDY_WORK));
    c4_json_set(&object, "ratios", ratios);
    return object;
}

void c4_study_bench_json(const struct c4_study_bench *bench, json_t *object) {
    json_t *costs = json_object(), *peers = json_array();
    for (int i = 0; i < bench->tables.costs; i++)
        c4_json_set(&costs, bench->tables.cost[i].what,
                    c4_json_real(bench->tables.cost[i].core_seconds));
    if (bench->peer.asked) c4_json_append(&peers, peer_json(bench));
    json_object_set_new(object, "study",
                        json_pack("{s:o, s:o, s:b, s:o, s:i, s:I}", "scale",
                                  c4_json_text(bench->scale), "seeds", c4_json_text(bench->seeds),
                                  "quick", bench->quick, "data",
                                  c4_json_text(text_of(bench->summary, "data")), "runs",
                                  bench->tables.runs, "rows", (json_int_t)bench->tables.rows));
    json_object_set_new(object, "backend", c4_json_text(text_of(bench->summary, "backend")));
    json_object_set_new(object, "workers", json_integer(bench->workers));
    json_object_set_new(object, "threads", json_integer(bench->threads));
    json_object_set_new(object, "seconds", c4_json_real(bench->seconds));
    json_object_set_new(object, "core_seconds", kinds_json(bench->core_seconds, C4_STUDY_KINDS));
    json_object_set_new(object, "costs", costs);
    json_object_set_new(object, "peers", peers);
}
