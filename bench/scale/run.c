/* Round by round. */
#include <math.h>
#include <stdlib.h>

#include "bench/measure/scratch.h"
#include "bench/scale/roofs.h"
#include "bench/scale/scale.h"
#include "core/cli/interrupt.h"

/* Of a measurement besides its windows, on two cores; more only where processes start slowly. */
static const double start_seconds = 0.55, roofs_seconds = 0.5, plan_seconds = 2.3;

enum c4_status c4_scale_bench_start(struct c4_scale_bench *bench) {
    int rows = bench->shapes.count;
    bench->row = calloc((size_t)rows, sizeof *bench->row);
    if (!bench->row) return c4_fail(C4_ERR_MEMORY, "out of memory for %d rows", rows);
    for (int i = 0; i < rows; i++) {
        const struct c4_scale_shape *shape = &bench->shapes.shape[i];
        struct c4_scale_row *row = &bench->row[i];
        row->workers = shape->workers;
        row->threads = shape->threads;
        row->pu = shape->placement.storage;
        for (int k = 0; k < C4_SCALE_ROUNDS; k++)
            row->images_per_s[k] = row->outside[k] = row->gflops[k] = row->gbytes_per_s[k] =
                row->planned_per_s[k] = (double)NAN;
        row->seen = calloc((size_t)row->workers, sizeof *row->seen);
        if (!row->seen) return c4_fail(C4_ERR_MEMORY, "out of memory for %d rows", rows);
        C4_TRY(c4_scale_name(row->workers, row->threads, &row->name));
    }
    return c4_scratch_make("conv4-scale", &bench->folder);
}

void c4_scale_bench_free(struct c4_scale_bench *bench) {
    for (int i = 0; bench->row && i < bench->shapes.count; i++) {
        struct c4_scale_row *row = &bench->row[i];
        for (int k = 0; row->seen && k < row->workers; k++) c4_seen_free(&row->seen[k]);
        free(row->seen);
        c4_text_free(&row->name);
        c4_text_free(&row->reason);
        c4_text_free(&row->elsewhere);
        c4_text_free(&row->roofs_reason);
        c4_text_free(&row->plan_reason);
        c4_text_free(&row->loop);
    }
    free(bench->row);
    c4_scale_shapes_free(&bench->shapes);
    c4_scratch_remove(&bench->folder);
}

static bool is_planned(const struct c4_scale_bench *bench, const struct c4_scale_row *row) {
    return bench->plans && row->threads == 1;
}

int c4_scale_bench_count(const struct c4_scale_bench *bench) {
    int count = 0;
    for (int i = 0; i < bench->shapes.count; i++) count += 2 + is_planned(bench, &bench->row[i]);
    return count * bench->rounds;
}

double c4_scale_bench_seconds(const struct c4_scale_bench *bench) {
    double seconds = 0;
    for (int i = 0; i < bench->shapes.count; i++)
        seconds += start_seconds + bench->seconds + roofs_seconds + bench->seconds +
                   is_planned(bench, &bench->row[i]) * plan_seconds;
    return seconds * bench->rounds;
}

/* Whether the benchmark goes on: a reason that only this row has is kept with it. */
static enum c4_status keep(enum c4_status status, struct c4_text *reason) {
    bool local = status != C4_OK && status != C4_ERR_MEMORY && status != C4_ERR_INTERRUPTED &&
                 status != C4_ERR_TERMINATED;
    return local ? c4_text_set(reason, c4_error()) : status;
}

static enum c4_status measure_roofs(const struct c4_scale_bench *bench, struct c4_scale_row *row,
                                    int round) {
    int threads = row->workers * row->threads;
    struct c4_roofs roofs = {.bound = false};
    struct c4_text log = {0};
    enum c4_status status = c4_text_add(&log, "%s/roofs.log", bench->folder.bytes);
    if (status == C4_OK)
        status = c4_roofs_run(bench->program, row->pu, threads, fmax(bench->seconds / 2, 0.05),
                              log.bytes, &roofs);
    c4_text_free(&log);
    if (status == C4_OK) {
        row->gflops[round] = roofs.gflops;
        row->gbytes_per_s[round] = roofs.gbytes_per_s;
        row->triad_bytes = roofs.bytes;
        status = c4_text_set(&row->loop, c4_text_string(&roofs.loop));
    }
    if (status == C4_OK && !roofs.bound && row->elsewhere.length == 0)
        status = c4_text_add(&row->elsewhere,
                             "the threads of the peak are not bound; they ran on "
                             "PU %s",
                             c4_text_string(&roofs.pu));
    c4_roofs_free(&roofs);
    return status;
}

static enum c4_status measure_row(struct c4_scale_bench *bench, struct c4_scale_row *row, int round,
                                  int *done) {
    if (!row->failed && row->roofs_reason.length == 0)
        C4_TRY(keep(measure_roofs(bench, row, round), &row->roofs_reason));
    if (bench->tick) bench->tick(bench->context, ++*done);
    C4_TRY(c4_interrupted());
    if (!row->failed) C4_TRY(keep(c4_scale_window(bench, row, round), &row->reason));
    row->failed = row->reason.length > 0;
    if (bench->tick) bench->tick(bench->context, ++*done);
    C4_TRY(c4_interrupted());
    if (!is_planned(bench, row)) return C4_OK;
    if (!row->failed && row->plan_reason.length == 0)
        C4_TRY(keep(c4_scale_plan(bench, row->workers, &row->planned_per_s[round]),
                    &row->plan_reason));
    if (bench->tick) bench->tick(bench->context, ++*done);
    return c4_interrupted();
}

static enum c4_status fail_for(const struct c4_scale_row *row, const struct c4_text *reason) {
    if (reason->length == 0) return C4_OK;
    return c4_fail(C4_ERR_FAILED, "%s: %s", row->name.bytes, reason->bytes);
}

/* The first failure. */
static enum c4_status verdict(const struct c4_scale_bench *bench) {
    for (int i = 0; i < bench->shapes.count; i++) {
        const struct c4_scale_row *row = &bench->row[i];
        C4_TRY(fail_for(row, &row->reason));
        C4_TRY(fail_for(row, &row->roofs_reason));
        C4_TRY(fail_for(row, &row->plan_reason));
    }
    return C4_OK;
}

enum c4_status c4_scale_bench_run(struct c4_scale_bench *bench) {
    int rows = bench->shapes.count, done = 0;
    for (int round = 0; round < bench->rounds; round++) {
        for (int i = 0; i < rows; i++)
            C4_TRY(measure_row(bench, &bench->row[round % 2 ? rows - 1 - i : i], round, &done));
        bench->rounds_done = round + 1;
    }
    return verdict(bench);
}
