#include "bench/cka/cka.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/cka/arrays.h"
#include "core/cli/interrupt.h"
#include "core/cost/cka_cost.h"

const char c4_cka_product_name[] = "product";

/* --- rows --- */

static enum c4_status new_row(struct c4_cka_bench *bench, const struct c4_cka_group *group,
                              const char *runner, struct c4_cka_row **added) {
    if (bench->count == bench->capacity) {
        const int capacity = 2 * bench->capacity + 16;
        struct c4_cka_row *rows = realloc(bench->rows, (size_t)capacity * sizeof *rows);
        if (!rows) return c4_fail(C4_ERR_MEMORY, "out of memory for a benchmark's rows");
        bench->rows = rows;
        bench->capacity = capacity;
    }
    struct c4_cka_sample *samples = calloc((size_t)group->samples, sizeof *samples);
    if (!samples) return c4_fail(C4_ERR_MEMORY, "out of memory for a benchmark's samples");
    if (bench->count == 0) bench->threads = group->threads;
    struct c4_cka_row *row = &bench->rows[bench->count++];
    const bool product = group->subject == C4_CKA_PRODUCT;
    const size_t p = c4_layer_features(product ? 0 : group->layer);
    const struct c4_cka_shape compared = {group->n, p, p, sizeof(float), true};
    const struct c4_cka_shape whole = {group->n, p, p, sizeof(float), false};
    const bool gram = product || c4_cka_gram_is_cheaper(&whole);
    const struct c4_cka_cost cost =
        gram ? c4_cka_gram_cost(&compared) : c4_cka_feature_cost(&compared);
    *row = (struct c4_cka_row){.group = *group,
                               .p = p,
                               .peer = -1,
                               .method = gram ? C4_CKA_GRAM : C4_CKA_FEATURE,
                               .flops = cost.flops,
                               .bytes = cost.bytes,
                               .samples = samples};
    row->whole_flops =
        product ? cost.flops : (gram ? c4_cka_gram_cost : c4_cka_feature_cost)(&whole).flops;
    char threads[16] = "";
    if (group->threads != bench->threads) snprintf(threads, sizeof threads, "/t%d", group->threads);
    snprintf(row->name, sizeof row->name, "%s%s/n%zu/%s%s",
             group->subject == C4_CKA_FILES ? "files/" : "",
             product ? c4_cka_product_name : c4_layer_name[group->layer], group->n, runner,
             threads);
    *added = row;
    return C4_OK;
}

enum c4_status c4_cka_bench_add(struct c4_cka_bench *bench, const struct c4_cka_group *group,
                                const struct c4_backend *const *backends, int backend_count) {
    struct c4_cka_row *row;
    for (int i = 0; i < backend_count; i++) {
        if (!backends[i]->gram_block) continue;
        C4_TRY(new_row(bench, group, backends[i]->name, &row));
        row->backend = backends[i];
        row->origin = backends[i]->variant;
    }
    for (int i = 0; i < C4_CKA_PEERS; i++) {
        if (!bench->peers.wanted[i]) continue;
        if (group->subject != C4_CKA_VALUE && !c4_cka_peer_multiplies(i)) continue;
        C4_TRY(new_row(bench, group, c4_cka_peer_names[i], &row));
        row->peer = i;
        row->origin = "";
    }
    return C4_OK;
}

void c4_cka_bench_free(struct c4_cka_bench *bench) {
    for (int i = 0; i < bench->count; i++) {
        free(bench->rows[i].samples);
        c4_text_free(&bench->rows[i].reason);
        c4_text_free(&bench->rows[i].told);
    }
    free(bench->rows);
    bench->rows = NULL;
    bench->count = bench->capacity = 0;
    c4_cka_peers_close(&bench->peers);
    if (bench->has_team) c4_team_free(&bench->team);
    bench->has_team = false;
}

int c4_cka_bench_alike(const struct c4_cka_bench *bench, int first) {
    const struct c4_cka_group *group = &bench->rows[first].group;
    int last = first;
    for (; last < bench->count; last++) {
        const struct c4_cka_group *other = &bench->rows[last].group;
        if (other->subject != group->subject || other->layer != group->layer ||
            other->n != group->n || other->threads != group->threads)
            break;
    }
    return last - first;
}

double c4_cka_bench_flops(const struct c4_cka_bench *bench) {
    double flops = 0;
    for (int i = 0; i < bench->count; i++)
        flops += (bench->rows[i].group.samples + 1) * bench->rows[i].whole_flops;
    return flops;
}

enum c4_status c4_cka_bench_predict(const struct c4_cka_bench *bench, double *seconds) {
    *seconds = 0.5;
    for (int i = 0; i < bench->count; i++) {
        const struct c4_cka_row *row = &bench->rows[i];
        if (!row->backend) continue;
        struct c4_cka_arrays arrays;
        struct c4_cka_result result;
        enum c4_status status = c4_cka_arrays_make(&arrays, C4_CKA_CHECK_ROWS, row->p, 2);
        if (status == C4_OK) {
            struct c4_features x = c4_cka_arrays_features(&arrays, 0, C4_CKA_CHECK_ROWS);
            struct c4_features y = c4_cka_arrays_features(&arrays, 1, C4_CKA_CHECK_ROWS);
            struct c4_cka_options options = {.gram = c4_backend_gram(row->backend),
                                             .threads = row->group.threads,
                                             .method = row->method};
            status = c4_cka(&x, &y, &options, &result);
        }
        c4_cka_arrays_free(&arrays);
        C4_TRY(status);
        const double once = row->whole_flops * result.seconds / result.flops;
        *seconds += once + row->group.samples * fmax(once, bench->sample_seconds);
        C4_TRY(c4_interrupted());
    }
    return C4_OK;
}

/* --- what came of them --- */

enum c4_status c4_cka_bench_verdict(const struct c4_cka_bench *bench, bool all) {
    const struct c4_cka_row *worst = NULL;
    int measured = 0;
    for (int i = 0; i < bench->count; i++) {
        const struct c4_cka_row *row = &bench->rows[i];
        if (row->peer < 0) continue;
        measured += row->state == C4_PEER_MEASURED;
        if (!worst || row->state > worst->state) worst = row;
    }
    if (!worst || worst->state == C4_PEER_MEASURED) return C4_OK;
    if (worst->state == C4_PEER_ABSENT && !all && measured > 0) return C4_OK;
    return c4_peer_verdict(worst->name, worst->state, c4_text_string(&worst->reason));
}

struct c4_spread c4_cka_row_spread(const struct c4_cka_row *row, size_t offset) {
    double values[C4_SAMPLES_MAX];
    for (int k = 0; k < row->measured; k++)
        memcpy(&values[k], (const char *)&row->samples[k] + offset, sizeof *values);
    return c4_spread_of(values, row->measured);
}

double c4_cka_row_ratio(const struct c4_cka_bench *bench, int row) {
    const struct c4_cka_row *peer = &bench->rows[row];
    const size_t whole = offsetof(struct c4_cka_sample, whole);
    double best = INFINITY;
    int first = row;
    if (peer->peer < 0 || peer->measured == 0) return NAN;
    while (first > 0 && c4_cka_bench_alike(bench, first - 1) > row - first + 1) first--;
    for (int i = first; i < row; i++)
        if (bench->rows[i].backend && bench->rows[i].measured > 0)
            best = fmin(best, c4_cka_row_spread(&bench->rows[i], whole).median);
    return isfinite(best) ? c4_cka_row_spread(peer, whole).median / best : NAN;
}

const struct c4_peak *c4_cka_row_peak(const struct c4_cka_bench *bench,
                                      const struct c4_cka_row *row) {
    for (int i = 0; i < bench->peak_count; i++)
        if (bench->peaks[i].threads == row->group.threads && bench->peaks[i].count > 0)
            return &bench->peaks[i];
    return NULL;
}

double c4_cka_row_product_flops(const struct c4_cka_row *row) {
    return (double)row->group.n * ((double)row->group.n + 1) * (double)row->p;
}
