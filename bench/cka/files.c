#include "bench/cka/files.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "bench/cka/subject.h"
#include "bench/measure/child.h"
#include "core/cli/interrupt.h"
#include "core/host/clock.h"

struct run {
    struct c4_cka_bench *bench;
    const char *program;
    struct c4_text x, y, script, log; /* paths */
    double want[2];
    int want_count;
};

static double number(const json_t *object, const char *member) {
    const json_t *value = json_object_get(object, member);
    return json_is_number(value) ? json_number_value(value) : NAN;
}

static enum c4_status refuse(struct c4_cka_row *row, enum c4_peer_state state, const char *reason) {
    row->state = state;
    return c4_text_set(&row->reason, reason);
}

/* What a process that has ended is, and its values. */
static enum c4_status understand(const struct run *run, struct c4_cka_row *row,
                                 const struct c4_child *child, double values[2]) {
    json_t *object = child->text ? json_loads(child->text, 0, NULL) : NULL;
    const json_t *told =
        row->backend ? json_array_get(json_object_get(object, "comparisons"), 0) : object;
    const char *error = json_string_value(json_object_get(object, "error"));
    const bool ended = WIFEXITED(child->status) && WEXITSTATUS(child->status) == 0;
    enum c4_status status = C4_OK;
    values[0] = number(told, "biased");
    values[1] = number(told, "debiased");
    if (error) {
        status = refuse(row, C4_PEER_ABSENT, error);
    } else if (WIFEXITED(child->status) && WEXITSTATUS(child->status) == 127) {
        status = refuse(row, C4_PEER_ABSENT, "the interpreter cannot be started");
    } else if (!ended || !told) {
        struct c4_text words = {0};
        c4_text_add(&words, "its process failed: ");
        c4_last_line(run->log.bytes, &words);
        status = refuse(row, C4_PEER_FAILED, c4_text_string(&words));
        c4_text_free(&words);
    }
    json_decref(object);
    return status;
}

/* One whole process; *seconds from before its start until it is reaped. */
static enum c4_status run_once(const struct run *run, struct c4_cka_row *row, double values[2],
                               double *seconds) {
    char threads[16];
    snprintf(threads, sizeof threads, "%d", row->group.threads);
    const char *const own[] = {
        run->program, "cka",   "--json",     "--backend",  row->backend ? row->backend->name : "",
        "--threads",  threads, run->x.bytes, run->y.bytes, NULL};
    const char *const theirs[] = {run->bench->peers.python,
                                  run->script.bytes,
                                  row->peer < 0 ? "" : c4_cka_peer_module(row->peer),
                                  threads,
                                  run->x.bytes,
                                  run->y.bytes,
                                  NULL};
    struct c4_child child = {.out = -1};
    const int64_t start_ns = c4_clock_ns();
    enum c4_status status =
        c4_child_start_logged(&child, (char *const *)(row->backend ? own : theirs), run->log.bytes);
    if (status == C4_OK) status = c4_children_wait(&child, 1, run->bench->peers.patience_seconds);
    *seconds = (double)(c4_clock_ns() - start_ns) * 1e-9;
    if (status == C4_OK)
        status = understand(run, row, &child, values);
    else if (status == C4_ERR_FAILED && row->peer >= 0)
        status = refuse(row, C4_PEER_FAILED, c4_error());
    c4_child_free(&child);
    C4_TRY(status);
    if (row->backend && row->state != C4_PEER_MEASURED)
        return c4_fail(C4_ERR_FAILED, "%s: %s", row->name, c4_text_string(&row->reason));
    return c4_interrupted();
}

static enum c4_status check(struct run *run, struct c4_cka_row *row) {
    double values[2], seconds;
    C4_TRY(run_once(run, row, values, &seconds));
    if (row->state != C4_PEER_MEASURED) return C4_OK;
    if (row->peer >= 0)
        C4_TRY(c4_text_add(&row->told, "%s, the whole process", c4_cka_peer_module(row->peer)));
    if (row->backend && run->want_count == 0) {
        memcpy(run->want, values, sizeof run->want);
        run->want_count = 2;
    }
    if (!c4_cka_subject_agrees(row, values, 2, run->want, run->want_count, &row->reason))
        row->state = C4_PEER_VOID;
    return c4_text_add(&row->reason, "%s", "");
}

static enum c4_status time_group(struct run *run, struct c4_cka_row *rows, int count) {
    const struct c4_cka_group *group = &rows->group;
    struct c4_cka_arrays arrays;
    double values[2];
    enum c4_status status = c4_cka_arrays_make(&arrays, group->n, rows->p, 2);
    if (status == C4_OK) status = c4_cka_arrays_write(&arrays, run->bench->peers.folder.bytes);
    c4_cka_arrays_free(&arrays);
    C4_TRY(status);
    run->want_count = 0;
    for (int i = 0; i < count; i++) C4_TRY(check(run, &rows[i]));
    for (int k = 0; k < group->samples; k++)
        for (int i = 0; i < count; i++) {
            if (rows[i].state != C4_PEER_MEASURED) continue;
            C4_TRY(run_once(run, &rows[i], values, &rows[i].samples[k].whole));
            if (rows[i].state == C4_PEER_MEASURED) rows[i].measured = k + 1;
        }
    for (int i = 0; i < count; i++)
        if (rows[i].state != C4_PEER_MEASURED) rows[i].measured = 0;
    return C4_OK;
}

static enum c4_status time_all(struct run *run, void (*tick)(void *context, double flops_done),
                               void *context) {
    struct c4_cka_bench *bench = run->bench;
    double flops = 0;
    for (int i = 0; i < bench->count; i += c4_cka_bench_alike(bench, i)) {
        const int count = c4_cka_bench_alike(bench, i);
        if (bench->rows[i].group.subject != C4_CKA_FILES) continue;
        C4_TRY(time_group(run, &bench->rows[i], count));
        for (int k = i; k < i + count; k++)
            flops += (bench->rows[k].group.samples + 1) * bench->rows[k].whole_flops;
        if (tick) tick(context, flops);
    }
    return C4_OK;
}

enum c4_status c4_cka_files_run(struct c4_cka_bench *bench, const char *program,
                                void (*tick)(void *context, double flops_done), void *context) {
    struct run run = {.bench = bench, .program = program};
    if (bench->peers.folder.length == 0) C4_TRY(c4_cka_peers_open(&bench->peers));
    const char *folder = bench->peers.folder.bytes;
    c4_text_add(&run.x, "%s/x.npy", folder);
    c4_text_add(&run.y, "%s/y.npy", folder);
    c4_text_add(&run.log, "%s/log", folder);
    enum c4_status status = c4_text_add(&run.script, "%s/from_files.py", folder);
    if (run.x.lost || run.y.lost || run.log.lost)
        status = c4_fail(C4_ERR_MEMORY, "no memory for names of files");
    if (status == C4_OK) status = time_all(&run, tick, context);
    c4_text_free(&run.x);
    c4_text_free(&run.y);
    c4_text_free(&run.log);
    c4_text_free(&run.script);
    return status;
}
