#define _XOPEN_SOURCE 700 /* realpath, mkdtemp, nftw */
/* How much a coordinator can do: a study of the paper's scale, with its real store, whose workers
 * only pretend. README.md says what is printed.
 * usage: pretend_load FOLDER [NAME=NUMBER...]; FOLDER "-": a temporary one, which is removed
 *   workers=100   processes
 *   seeds=100     21 runs each, one pre-training's network for most of them
 *   seconds=20    how long is measured, after a tenth of it; 0: to the end of the study, which is
 *                 then compared with what the workers have sent
 *   segment=0     seconds that a worker is busy with a segment; 0: it answers at once
 *   epochs=0      epochs of every run, 0: those of the scale
 *   widest=8      places that a run may take together */
#include <errno.h>
#include <ftw.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "core/cli/streams.h"
#include "core/file/file.h"
#include "core/host/clock.h"
#include "core/host/program.h"
#include "repro/coordinator/coordinator.h"
#include "tests/load/pretend.h"

enum { WORKERS, SEEDS, SECONDS, SEGMENT, EPOCHS, WIDEST, OPTIONS };
static const char *const names[OPTIONS] = {"workers", "seeds",  "seconds",
                                           "segment", "epochs", "widest"};

/* What is counted up to a moment. */
struct reading {
    int64_t ns;
    double cpu_seconds;
    uint64_t messages, segments, wait_ns;
    uint32_t commits;
};

struct load {
    double option[OPTIONS];
    const char *folder;
    char temporary[512];     /* "": none */
    struct c4_text database; /* its path */
    struct c4_study study;
    struct c4_scale scale;
    struct c4_schedule schedule;
    struct c4_images images;
    struct c4_topology topology;
    struct c4_placement placement;
    struct c4_runner runner;
    struct c4_store *store;
    struct c4_coordinator *coordinator;
    struct c4_work_state state;
    double *seconds; /* of each run, alone */
    int64_t run_ns;  /* when the runs began */
    struct reading begin, end;
    bool has_begun;
    struct pretend_shared *shared;
};

/* Segments that are in the store. */
static uint64_t committed(const struct load *l) {
    uint64_t segments = 0;
    for (int i = 0; i < l->schedule.count; i++) {
        const uint32_t each = c4_run_segment_epochs(&l->runner, &l->schedule.run[i]);
        if (l->state.done[i] >= 0) segments += ((uint64_t)l->state.done[i] + each - 1) / each;
    }
    return segments;
}

/* Transactions that have changed the store, as the database's header counts them. */
static uint32_t count_commits(const struct load *l) {
    enum { CHANGES_AT = 24 };
    unsigned char head[CHANGES_AT + 4] = {0};
    FILE *file = fopen(c4_text_string(&l->database), "rb");
    if (file) {
        if (fread(head, 1, sizeof head, file) != sizeof head) memset(head, 0, sizeof head);
        fclose(file);
    }
    const unsigned char *at = head + CHANGES_AT;
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static struct reading read_now(const struct load *l) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (struct reading){.ns = c4_clock_ns(),
                            .cpu_seconds =
                                (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                                1e-6 * (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec),
                            .messages = atomic_load(&l->shared->messages),
                            .segments = committed(l),
                            .wait_ns = atomic_load(&l->shared->wait_ns),
                            .commits = count_commits(l)};
}

/* Measures from a tenth of the time on, and stops when it is over. */
static enum c4_status watch(void *context) {
    struct load *l = context;
    const double limit = l->option[SECONDS];
    if (l->run_ns == 0) return C4_OK;
    const double passed = 1e-9 * (double)(c4_clock_ns() - l->run_ns);
    if (!l->has_begun && passed >= limit / 10) {
        l->begin = read_now(l);
        l->has_begun = true;
    }
    if (limit <= 0 || passed < 1.1 * limit) return C4_OK;
    return c4_fail(C4_ERR_INTERRUPTED, "the time is over");
}

static void report(void *context, const char *sentence) {
    (void)context;
    fprintf(stderr, "%s\n", sentence);
}

static enum c4_status read_options(struct load *l, int argc, char **argv) {
    static const double initial[OPTIONS] = {100, 100, 20, 0, 0, 8};
    memcpy(l->option, initial, sizeof initial);
    if (argc < 2) return c4_fail(C4_ERR_USAGE, "a folder is missing");
    l->folder = argv[1];
    for (int i = 2; i < argc; i++) {
        const char *value = strchr(argv[i], '=');
        char *end = NULL;
        int option = 0;
        while (option < OPTIONS &&
               (!value || strncmp(argv[i], names[option], (size_t)(value - argv[i])) != 0))
            option++;
        if (option < OPTIONS) l->option[option] = strtod(value + 1, &end);
        if (!end || *end || l->option[option] < 0)
            return c4_fail(C4_ERR_USAGE, "%s: not NAME=NUMBER", argv[i]);
    }
    return C4_OK;
}

/* The study of the paper's scale; of its images only names and sums are used. */
static enum c4_status make_study(struct load *l) {
    struct c4_scale few;
    char text[64];
    C4_TRY(c4_study_load(NULL, &l->study));
    l->scale = few = *c4_study_scale(&l->study, "paper");
    snprintf(text, sizeof text, "1-%.0f", l->option[SEEDS]);
    C4_TRY(c4_seeds_read(text, &l->scale.seeds));
    if (l->option[EPOCHS] > 0)
        l->scale.pretrain_epochs = l->scale.size_epochs = l->scale.finetune_epochs =
            (uint32_t)l->option[EPOCHS];
    C4_TRY(c4_schedule_make(&l->study, &l->scale, NULL, &l->schedule));
    few.pretrain_images = few.finetune_images = 32;
    few.sizes.count = 0;
    return c4_images_load(NULL, &l->study.protocol, &few, &l->schedule, &l->images);
}

/* Nodes of 64 cores, of which places are made by nobody: workers only say that they are there. */
static enum c4_status make_places(struct load *l) {
    const struct c4_placement_policy policy = {.scope = C4_PLACE_CORE,
                                               .threads = 1,
                                               .max_places = (int)l->option[WORKERS],
                                               .compact = true};
    char text[64];
    snprintf(text, sizeof text, "pack:%d [numa] l3:8 core:8 pu:1",
             ((int)l->option[WORKERS] + 63) / 64);
    C4_TRY(c4_topology_load(text, &l->topology));
    return c4_placement_make(&l->topology, &policy, &l->placement);
}

static enum c4_status make_store(struct load *l) {
    C4_TRY(c4_store_open(l->folder, false, &l->store));
    C4_TRY(c4_store_begin(l->store));
    enum c4_status status = C4_OK;
    for (int i = 0; i < l->schedule.count && status == C4_OK; i++)
        status = c4_store_run_add(l->store, &l->schedule.run[i], &l->study.protocol);
    return c4_store_end(l->store, status);
}

static enum c4_status make_state(struct load *l) {
    const struct c4_speed speed = {
        .train_seconds = 1 / 2500.0,
        .evaluate_seconds = 1 / 8000.0,
        .cka_seconds = 0.1,
        .cka_flops = c4_forecast_prepare_flops(&l->study.protocol, l->study.protocol.cka_images),
        .segment_seconds = 0.03};
    size_t runs = (size_t)l->schedule.count;
    l->seconds = calloc(runs, sizeof *l->seconds);
    l->state.done = calloc(runs, sizeof *l->state.done);
    l->state.last = calloc(runs, sizeof *l->state.last);
    l->state.state = calloc(runs, sizeof *l->state.state);
    l->state.seconds = calloc(runs, sizeof *l->state.seconds);
    if (!l->seconds || !l->state.done || !l->state.last || !l->state.state || !l->state.seconds)
        return c4_fail(C4_ERR_MEMORY, "out of memory");
    c4_forecast_runs(&l->runner, &l->schedule, NULL, &speed, l->seconds);
    memcpy(l->state.seconds, l->seconds, runs * sizeof *l->seconds);
    for (size_t i = 0; i < runs; i++) l->state.done[i] = -1;
    return C4_OK;
}

/* All workers are there, and have been asked for their speed. */
static enum c4_status start(struct load *l) {
    static const struct c4_team_speeds speeds = {{1, .95, .88, .75}};
    const struct c4_work work = {.runner = &l->runner,
                                 .schedule = &l->schedule,
                                 .store = l->store,
                                 .images_descriptor = -1,
                                 .references = {.descriptor = -1},
                                 .workers = l->placement.places,
                                 .threads = 1,
                                 .widest = (int)l->option[WIDEST],
                                 .speeds = &speeds,
                                 .placement = &l->placement,
                                 .topology = &l->topology,
                                 .watch = watch,
                                 .report = report,
                                 .context = l};
    struct c4_speed speed;
    struct c4_team_speeds teams;
    const int64_t start_ns = c4_clock_ns();
    C4_TRY(c4_coordinator_open(&work, &l->coordinator));
    C4_TRY(c4_coordinator_measure(l->coordinator, &speed, &teams));
    printf("%d workers, %d runs; %.1f s to start the workers\n", l->placement.places,
           l->schedule.count, 1e-9 * (double)(c4_clock_ns() - start_ns));
    fflush(stdout);
    return C4_OK;
}

/* Rows that workers send for a run in all. */
static void expect_rows(const struct load *l, const struct c4_run *run, int64_t *results,
                        int64_t *costs) {
    const struct pretend_kind *kind = pretend_kind_of(l->shared, run);
    const uint32_t each = c4_run_segment_epochs(&l->runner, run);
    *results = 0;
    *costs = (run->epochs + each - 1) / each; /* checkpoints */
    for (int64_t epoch = 0; epoch <= run->epochs; epoch++) {
        const int part = pretend_part(run, epoch);
        *results += kind->result[part + 1] - kind->result[part];
        *costs += kind->cost[part + 1] - kind->cost[part];
    }
}

static int64_t ask(sqlite3 *db, const char *sql, const char *key) {
    sqlite3_stmt *statement;
    int64_t value = -1;
    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK) return -1;
    sqlite3_bind_text(statement, 1, key, -1, SQLITE_STATIC);
    if (sqlite3_step(statement) == SQLITE_ROW) value = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return value;
}

/* Every run is done, with every row that was sent, once. */
static enum c4_status check(const struct load *l) {
    static const char done[] =
        "SELECT count(*) FROM run WHERE key = ? AND status = 'done' AND length(rows_sha256) = 64";
    sqlite3 *db;
    int wrong = 0;
    if (sqlite3_open(c4_text_string(&l->database), &db) != SQLITE_OK)
        return c4_fail(C4_ERR_FAILED, "the store cannot be opened");
    for (int i = 0; i < l->schedule.count; i++) {
        const struct c4_run *run = &l->schedule.run[i];
        int64_t results, costs;
        expect_rows(l, run, &results, &costs);
        if (ask(db, done, run->key) == 1 &&
            ask(db, "SELECT count(*) FROM result WHERE run = ?", run->key) == results &&
            ask(db, "SELECT count(*) FROM cost WHERE run = ?", run->key) == costs &&
            ask(db, "SELECT max(epoch) FROM checkpoint WHERE run = ?", run->key) == run->epochs)
            continue;
        fprintf(stderr, "run %s is not as it was sent: %" PRId64 " and %" PRId64 " rows wanted\n",
                run->key, results, costs);
        wrong++;
    }
    sqlite3_close(db);
    /* All workers are idle at first and answer at once, so some answers come together. */
    if (l->placement.places > 8 && l->end.commits - l->begin.commits >= l->end.segments)
        return c4_fail(C4_ERR_RESULT, "each segment was a transaction of its own");
    if (wrong > 0) return c4_fail(C4_ERR_RESULT, "%d runs are wrong", wrong);
    printf("all %d runs are done, with every row that was sent\n", l->schedule.count);
    return C4_OK;
}

/* Seconds of a segment on one place, on average over the work of the study; and its rows. */
static void write_segment(const struct load *l) {
    uint64_t segments = 0;
    double seconds = 0, rows = 0;
    for (int i = 0; i < l->schedule.count; i++) {
        const struct c4_run *run = &l->schedule.run[i];
        const uint32_t each = c4_run_segment_epochs(&l->runner, run);
        int64_t results, costs;
        expect_rows(l, run, &results, &costs);
        segments += (run->epochs + each - 1) / each;
        seconds += l->seconds[i];
        rows += (double)(results + costs);
    }
    const double one = seconds / (double)segments;
    const double elapsed = 1e-9 * (double)(l->end.ns - l->begin.ns);
    const double rate = (double)(l->end.segments - l->begin.segments) / elapsed;
    printf("%" PRIu64 " segments, on average of %.1f s (at 2,500 images/s) and %.0f rows\n",
           segments, one, rows / (double)segments);
    printf("%.1f s measured: %.0f messages/s, %.0f segments/s in %.1f commits/s, coordinator's CPU "
           "%.0f %%\n",
           elapsed, (double)(l->end.messages - l->begin.messages) / elapsed, rate,
           (l->end.commits - l->begin.commits) / elapsed,
           100 * (l->end.cpu_seconds - l->begin.cpu_seconds) / elapsed);
    const double wait = 1e-9 * (double)(l->end.wait_ns - l->begin.wait_ns) / (rate * elapsed);
    printf("a worker waits %.3f s for its next segment\n", wait);
    if (l->option[SEGMENT] > 0)
        printf("busy %.1f %%\n", 100 * l->option[SEGMENT] / (l->option[SEGMENT] + wait));
    else
        printf("as many segments as %.0f real workers need\n", rate * one);
}

static enum c4_status work(struct load *l) {
    C4_TRY(make_study(l));
    C4_TRY(make_places(l));
    l->runner = (struct c4_runner){.folder = l->folder,
                                   .protocol = &l->study.protocol,
                                   .scale = &l->scale,
                                   .images = &l->images,
                                   .backend = "ref",
                                   .threads = 1};
    for (int i = 0; i < l->schedule.count; i++)
        if (!pretend_kind_of(l->shared, &l->schedule.run[i]))
            return c4_fail(C4_ERR_FAILED, "no rows for run %s", l->schedule.run[i].key);
    C4_TRY(make_store(l));
    C4_TRY(make_state(l));
    C4_TRY(start(l));
    l->run_ns = c4_clock_ns();
    enum c4_status status = c4_coordinator_run(l->coordinator, &l->state);
    l->end = read_now(l);
    if (status == C4_ERR_INTERRUPTED) status = C4_OK;
    C4_TRY(status);
    if (l->state.failed > 0) return c4_fail(C4_ERR_FAILED, "%s", c4_text_string(&l->state.failure));
    write_segment(l);
    return C4_OK;
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *where) {
    (void)info, (void)kind, (void)where;
    return remove(path);
}

static enum c4_status run(struct load *l, int argc, char **argv) {
    char path[C4_STORE_PATH_SIZE];
    C4_TRY(read_options(l, argc, argv));
    if (strcmp(l->folder, "-") == 0) {
        const char *parent = getenv("TMPDIR");
        C4_TRY(c4_path_join(l->temporary, sizeof l->temporary, parent ? parent : "/tmp",
                            "conv4-load-XXXXXX"));
        if (!mkdtemp(l->temporary)) return c4_fail_write(l->temporary, errno);
        l->folder = l->temporary;
    }
    C4_TRY(c4_dir_make(l->folder));
    C4_TRY(c4_path_join(path, sizeof path, l->folder, "study.db"));
    if (c4_path_exists(path)) return c4_fail(C4_ERR_USAGE, "%s: is there already", path);
    C4_TRY(c4_text_set(&l->database, path));
    C4_TRY(c4_path_join(path, sizeof path, l->folder, "rows"));
    C4_TRY(pretend_write(l->folder, path, l->option[SEGMENT]));
    l->shared = pretend_map(path);
    if (!l->shared) return c4_fail(C4_ERR_FAILED, "%s: cannot be mapped", path);
    /* Workers find it from the study's folder, which is this process's own too. */
    char *full = realpath(path, NULL);
    if (!full || setenv(PRETEND_FILE, full, 1) != 0) return c4_fail(C4_ERR_MEMORY, "out of memory");
    free(full);
    enum c4_status status = work(l);
    c4_coordinator_close(l->coordinator);
    c4_store_close(l->store);
    if (status == C4_OK && l->option[SECONDS] <= 0) status = check(l);
    return status;
}

int main(int argc, char **argv) {
    static struct load load;
    c4_streams_open();
    c4_program_open();
    if (argc == 2 && strcmp(argv[1], "worker") == 0) return pretend_worker();
    enum c4_status status = run(&load, argc, argv);
    if (status != C4_OK) fprintf(stderr, "pretend_load: %s\n", c4_error());
    if (load.temporary[0]) nftw(load.temporary, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    c4_text_free(&load.database);
    c4_text_free(&load.state.failure);
    free(load.seconds);
    free(load.state.done);
    free(load.state.last);
    free(load.state.state);
    free(load.state.seconds);
    c4_placement_free(&load.placement);
    c4_topology_free(&load.topology);
    c4_images_free(&load.images);
    c4_schedule_free(&load.schedule);
    return c4_status_exit_code(status);
}
