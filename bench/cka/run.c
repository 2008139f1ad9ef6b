/* Takes the samples: for each number of threads a team, peers, and group by group. */
#include <string.h>
#include <time.h>

#include "bench/cka/subject.h"
#include "core/cli/interrupt.h"
#include "core/host/clock.h"

struct run {
    struct c4_cka_bench *bench;
    const struct c4_backend *reference;
    void (*tick)(void *context, double flops_done);
    void *context;
    double flops_done;
    struct c4_peak *peak;
    struct c4_cka_arrays arrays;
    double want[C4_CKA_PEER_VALUES]; /* of the first backend that passed */
    int want_count;
};

static enum c4_status worked(struct run *run, double flops) {
    run->flops_done += flops;
    if (run->tick) run->tick(run->context, run->flops_done);
    return c4_interrupted();
}

/* --- one row --- */

static enum c4_status settle_peer(const struct run *run, struct c4_cka_row *row) {
    const struct c4_cka_peer *peer = &run->bench->peers.peer[row->peer];
    if (peer->origin.length > 0 && row->told.length == 0)
        C4_TRY(c4_text_set(&row->told, peer->origin.bytes));
    if (peer->state == C4_PEER_MEASURED || row->state != C4_PEER_MEASURED) return C4_OK;
    row->state = peer->state;
    return c4_text_set(&row->reason, c4_text_string(&peer->reason));
}

static enum c4_status check_peer(struct run *run, struct c4_cka_row *row) {
    struct c4_cka_peers *peers = &run->bench->peers;
    double got[C4_CKA_PEER_VALUES] = {0};
    int count;
    C4_TRY(c4_cka_peer_load(peers, row->peer, run->arrays.sides));
    C4_TRY(
        c4_cka_peer_check(peers, row->peer, c4_cka_subject_name(row->group.subject), got, &count));
    C4_TRY(settle_peer(run, row));
    if (row->state != C4_PEER_MEASURED) return C4_OK;
    if (!c4_cka_subject_agrees(row, got, count, run->want, run->want_count, &row->reason))
        row->state = C4_PEER_VOID;
    return c4_text_add(&row->reason, "%s", ""); /* fails if it is lost */
}

/* Its first run at full size warms up and gives the values. */
static enum c4_status check_backend(struct run *run, struct c4_cka_row *row) {
    struct c4_cka_sample unused = {0};
    double values[C4_CKA_PEER_VALUES] = {0};
    int count;
    C4_TRY(c4_cka_subject_check(row, run->reference, &run->arrays));
    if (row->state != C4_PEER_MEASURED) return C4_OK;
    C4_TRY(c4_cka_subject_run(row, &run->arrays, &unused, values, &count));
    if (run->want_count > 0) return C4_OK;
    memcpy(run->want, values, sizeof run->want);
    run->want_count = count;
    return C4_OK;
}

static enum c4_status check(struct run *run, struct c4_cka_row *row) {
    C4_TRY(row->backend ? check_backend(run, row) : check_peer(run, row));
    const bool left_out = row->state != C4_PEER_MEASURED;
    return worked(run, (left_out ? row->group.samples + 1 : 1) * row->whole_flops);
}

static enum c4_status sample_backend(const struct run *run, const struct c4_cka_row *row,
                                     struct c4_cka_sample *sample) {
    const int64_t start_ns = c4_clock_ns();
    int runs = 0;
    do {
        C4_TRY(c4_cka_subject_run(row, &run->arrays, sample, NULL, NULL));
        runs++;
    } while ((double)(c4_clock_ns() - start_ns) * 1e-9 < run->bench->sample_seconds);
    sample->whole /= runs;
    sample->prepare /= runs;
    sample->compare /= runs;
    sample->pack /= runs;
    sample->product /= runs;
    return C4_OK;
}

static enum c4_status sample_peer(const struct run *run, struct c4_cka_row *row,
                                  struct c4_cka_sample *sample) {
    int64_t runs, own_ns, asked_ns;
    C4_TRY(c4_cka_peer_sample(&run->bench->peers, row->peer,
                              c4_cka_subject_name(row->group.subject), run->bench->sample_seconds,
                              &runs, &own_ns, &asked_ns));
    C4_TRY(settle_peer(run, row));
    if (runs == 0) return C4_OK;
    sample->whole = (double)own_ns * 1e-9 / (double)runs;
    sample->asked = (double)asked_ns * 1e-9 / (double)runs;
    return C4_OK;
}

static enum c4_status sample(struct run *run, struct c4_cka_row *row, int k) {
    if (row->state != C4_PEER_MEASURED) return C4_OK;
    C4_TRY((row->backend ? sample_backend(run, row, &row->samples[k])
                         : sample_peer(run, row, &row->samples[k])));
    if (row->state == C4_PEER_MEASURED) row->measured = k + 1;
    return worked(run, row->whole_flops);
}

/* --- groups and teams --- */

/* A team's threads wait busily for a while after their last work, on the cores of what is timed
 * next. Those of peers are stopped then (bench/peers/process.c), this program's are not. */
static void wait_until_idle(void) {
    nanosleep(&(struct timespec){.tv_nsec = 60000000}, NULL);
}

static enum c4_status time_group(struct run *run, struct c4_cka_row *rows, int count) {
    const struct c4_cka_group *group = &rows->group;
    bool any_peer = false;
    run->want_count = 0;
    C4_TRY(c4_cka_arrays_make(&run->arrays, group->n, rows->p,
                              group->subject == C4_CKA_PRODUCT ? 1 : 2));
    for (int i = 0; i < count; i++)
        if (rows[i].peer >= 0)
            any_peer |= run->bench->peers.peer[rows[i].peer].state == C4_PEER_MEASURED;
    if (any_peer) C4_TRY(c4_cka_arrays_write(&run->arrays, run->bench->peers.folder.bytes));
    for (int i = 0; i < count; i++) C4_TRY(check(run, &rows[i]));
    const bool disturbed = any_peer && group->threads > 1;
    for (int k = 0; k < group->samples; k++) {
        if (disturbed) wait_until_idle();
        c4_peak_sample(run->peak);
        for (int i = 0; i < count; i++) {
            if (disturbed) wait_until_idle();
            C4_TRY(sample(run, &rows[i], k));
        }
    }
    for (int i = 0; i < count; i++) /* a row has all its samples or none */
        if (rows[i].state != C4_PEER_MEASURED) rows[i].measured = 0;
    return C4_OK;
}

static enum c4_status start_team(struct run *run, int threads) {
    struct c4_cka_bench *bench = run->bench;
    struct c4_caches caches;
    if (bench->peak_count == C4_CKA_TEAMS)
        return c4_fail(C4_ERR_USAGE, "more than %d numbers of threads", C4_CKA_TEAMS);
    if (bench->has_team) c4_team_release(&bench->team);
    bench->has_team = false;
    C4_TRY(c4_team_start_on_cores(threads, bench->pinning, &bench->team, &caches));
    bench->has_team = true;
    struct c4_cka_peers *peers = &bench->peers;
    bool wanted = false;
    for (int i = 0; i < C4_CKA_PEERS; i++) wanted |= peers->wanted[i];
    if (wanted && peers->folder.length == 0) C4_TRY(c4_cka_peers_open(peers));
    C4_TRY(c4_cka_peers_start(peers, threads, bench->team.pu, bench->team.bound ? threads : 0));
    run->peak = &bench->peaks[bench->peak_count++];
    c4_peak_start_best(run->peak, threads, 0.02);
    return C4_OK;
}

enum c4_status c4_cka_bench_run(struct c4_cka_bench *bench, const struct c4_backend *reference,
                                void (*tick)(void *context, double flops_done), void *context) {
    struct run run = {.bench = bench, .reference = reference, .tick = tick, .context = context};
    enum c4_status status = C4_OK;
    int threads = 0;
    for (int i = 0; i < bench->count && status == C4_OK; i += c4_cka_bench_alike(bench, i)) {
        struct c4_cka_row *row = &bench->rows[i];
        if (row->group.subject == C4_CKA_FILES) continue;
        if (row->group.threads != threads) status = start_team(&run, row->group.threads);
        threads = row->group.threads;
        if (status == C4_OK) status = time_group(&run, row, c4_cka_bench_alike(bench, i));
        c4_cka_arrays_free(&run.arrays);
    }
    C4_TRY(status);
    for (int i = 0; i < bench->count; i++)
        if (bench->rows[i].backend && bench->rows[i].state == C4_PEER_VOID)
            return c4_fail(C4_ERR_RESULT, "wrong result, not timed: %s: %s", bench->rows[i].name,
                           c4_text_string(&bench->rows[i].reason));
    return C4_OK;
}
