#include "bench/study/study.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "bench/measure/child.h"
#include "bench/measure/scratch.h"
#include "core/file/json.h"
#include "core/host/clock.h"

enum { WORDS = 28, NUMBER_SIZE = 16 };
static const double patience_seconds = 30 * 86400.0; /* only signals end a study */

/* Every kind of run, in seconds. */
static const char quick_values[] =
    "pretrain_images=256,pretrain_epochs=1,sizes=64,size_epochs=2,finetune_images=128,"
    "finetune_epochs=2,train_accuracy_images=128,accuracy_images=160,cka_images=120,"
    "curve_images=120,control_images=40,60";

/* The statuses of which a child tells by its exit status. */
static enum c4_status status_of(int code) {
    static const enum c4_status told[] = {C4_ERR_USAGE, C4_ERR_DATA, C4_ERR_ENVIRONMENT,
                                          C4_ERR_RESULT};
    for (size_t i = 0; i < sizeof told / sizeof *told; i++)
        if (c4_status_exit_code(told[i]) == code) return told[i];
    return C4_ERR_FAILED;
}

static enum c4_status check_end(const struct c4_child *child, const char *log) {
    struct c4_text said = {0};
    if (WIFEXITED(child->status) && WEXITSTATUS(child->status) == 0) return C4_OK;
    if (WIFSIGNALED(child->status))
        return c4_fail(C4_ERR_FAILED, "the study was killed by signal %d", WTERMSIG(child->status));
    int code = WEXITSTATUS(child->status);
    c4_last_line(log, &said);
    enum c4_status status = c4_fail(status_of(code), "the study ended with status %d: %s", code,
                                    said.length ? said.bytes : "without a word");
    c4_text_free(&said);
    return status;
}

static enum c4_status run_child(struct c4_study_bench *bench, const char *out, const char *log,
                                struct c4_child *child) {
    char workers[NUMBER_SIZE], threads[NUMBER_SIZE];
    snprintf(workers, sizeof workers, "%d", bench->workers);
    snprintf(threads, sizeof threads, "%d", bench->threads);
    const char *argv[WORDS] = {bench->program, "repro",        "--scale",   bench->scale,
                               "--seeds",      bench->seeds,   "--out",     out,
                               "--workers",    workers,        "--threads", threads,
                               "--backend",    bench->backend, "--json",    "--quiet"};
    int count = 16;
    if (bench->data) argv[count++] = "--data", argv[count++] = bench->data;
    if (bench->quick) argv[count++] = "--set", argv[count++] = quick_values;
    int64_t start_ns = c4_clock_ns();
    C4_TRY(c4_child_start_logged(child, (char *const *)argv, log));
    C4_TRY(c4_children_wait(child, 1, patience_seconds));
    bench->seconds = (double)(c4_clock_ns() - start_ns) * 1e-9;
    return check_end(child, log);
}

static enum c4_status read_back(struct c4_study_bench *bench, const char *out,
                                const struct c4_child *child) {
    json_error_t error;
    C4_TRY(c4_json_load("the study's summary", child->text ? child->text : "", child->used, 0,
                        &bench->summary, &error));
    const json_t *seconds = json_object_get(bench->summary, "seconds");
    if (!json_is_number(seconds))
        return c4_fail(C4_ERR_FAILED, "the study printed no summary that says how long it took");
    C4_TRY(c4_study_tables_open(out, &bench->tables));
    double *kind = bench->core_seconds;
    memcpy(kind, bench->tables.core_seconds, sizeof bench->tables.core_seconds);
    kind[C4_STUDY_REPORT] = bench->seconds - json_number_value(seconds);
    double all = bench->seconds * bench->workers * bench->threads;
    kind[C4_STUDY_OTHER] = all - c4_study_work(kind) - kind[C4_STUDY_REPORT];
    if (c4_study_work(kind) > 0) return C4_OK;
    return c4_fail(C4_ERR_FAILED, "the study has no costs");
}

enum c4_status c4_study_bench_run(struct c4_study_bench *bench) {
    struct c4_text out = {0}, log = {0};
    struct c4_child child = {.out = -1};
    C4_TRY(c4_scratch_make("conv4-study", &bench->folder));
    enum c4_status status = c4_text_add(&out, "%s/study", bench->folder.bytes);
    if (status == C4_OK) status = c4_text_add(&log, "%s/study.log", bench->folder.bytes);
    if (status == C4_OK) status = run_child(bench, out.bytes, log.bytes, &child);
    if (status == C4_OK) status = read_back(bench, out.bytes, &child);
    c4_child_free(&child);
    c4_text_free(&log);
    c4_text_free(&out);
    return status;
}

void c4_study_bench_free(struct c4_study_bench *bench) {
    json_decref(bench->summary);
    json_decref(bench->peer.ready);
    c4_text_free(&bench->peer.reason);
    c4_text_free(&bench->peer.origin);
    c4_study_tables_close(&bench->tables);
    c4_scratch_remove(&bench->folder);
}

double c4_study_work(const double *core_seconds) {
    double sum = 0;
    for (int kind = 0; kind < C4_STUDY_WORK; kind++) sum += core_seconds[kind];
    return sum;
}
