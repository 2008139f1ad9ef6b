/* One window of a row's workers. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "bench/scale/command.h"
#include "bench/scale/pace.h"
#include "bench/scale/scale.h"
#include "core/cli/interrupt.h"
#include "core/host/clock.h"

enum {
    NUMBER_SIZE = 16,
    IMAGES = 8192,       /* of a thread: some seconds of training, so that no epoch ends soon */
    MOST_IMAGES = 50000, /* of the set */
    POLL_NS = 20000000
};
static const double settle_seconds = 0.25, patience_seconds = 300;

/* Many enough for any window; a worker that nobody ends does end. */
static const char epochs[] = "200";

struct crew {
    const struct c4_scale_bench *bench;
    struct c4_scale_row *row;
    struct c4_child *child;         /* [workers] */
    struct c4_text *progress, *log; /* [workers] paths */
    struct c4_pace *pace;           /* [workers] */
};

static enum c4_status fail_memory(void) {
    return c4_fail(C4_ERR_MEMORY, "out of memory for the workers of a row");
}

static enum c4_status start(struct crew *crew, int i) {
    const struct c4_scale_row *row = crew->row;
    char threads[NUMBER_SIZE], batch[NUMBER_SIZE], images[NUMBER_SIZE];
    int wanted = IMAGES * row->threads;
    snprintf(threads, sizeof threads, "%d", row->threads);
    snprintf(batch, sizeof batch, "%d", crew->bench->batch);
    snprintf(images, sizeof images, "%d", wanted < MOST_IMAGES ? wanted : MOST_IMAGES);
    C4_TRY(c4_text_add(&crew->progress[i], "%s/%d.jsonl", crew->bench->folder.bytes, i));
    C4_TRY(c4_text_add(&crew->log[i], "%s/%d.log", crew->bench->folder.bytes, i));
    remove(crew->progress[i].bytes); /* of the window before */
    const char *argv[] = {crew->bench->program,
                          "train",
                          "--quiet",
                          "--backend",
                          crew->bench->backend,
                          "--batch",
                          batch,
                          "--threads",
                          threads,
                          "--images",
                          images,
                          "--test-images",
                          "32",
                          "--epochs",
                          epochs,
                          "--progress",
                          crew->progress[i].bytes,
                          NULL};
    return c4_child_start_placed(&crew->child[i], (char *const *)argv,
                                 row->pu + (size_t)i * (size_t)row->threads, row->threads,
                                 crew->log[i].bytes);
}

/* C4_ERR_FAILED if one has ended, which none should. */
static enum c4_status check_alive(struct crew *crew) {
    for (int i = 0; i < crew->row->workers; i++) {
        if (!c4_child_ended(&crew->child[i])) continue;
        struct c4_text how = {0};
        enum c4_status status = c4_command_end(&crew->child[i], crew->log[i].bytes, &how);
        if (status == C4_OK)
            status =
                c4_fail(C4_ERR_FAILED, "worker %d of %d %s", i + 1, crew->row->workers, how.bytes);
        c4_text_free(&how);
        return status;
    }
    return c4_interrupted();
}

/* Sleeps until then, and looks after the workers meanwhile. */
static enum c4_status sleep_until(struct crew *crew, int64_t until_ns) {
    for (int64_t left_ns; (left_ns = until_ns - c4_clock_ns()) > 0;) {
        C4_TRY(check_alive(crew));
        nanosleep(&(struct timespec){.tv_nsec = left_ns < POLL_NS ? left_ns : POLL_NS}, NULL);
    }
    return check_alive(crew);
}

/* Reads the paces until each worker has trained, or, after a window, until it has a line behind its
 * end. */
static enum c4_status await(struct crew *crew, int64_t begin_ns, int64_t end_ns) {
    const int64_t start_ns = c4_clock_ns();
    for (int i = 0; i < crew->row->workers;) {
        struct c4_pace *pace = &crew->pace[i];
        C4_TRY(c4_pace_read(crew->progress[i].bytes, begin_ns, end_ns, pace));
        if (pace->trains && pace->last_ns >= end_ns) {
            i++;
            continue;
        }
        C4_TRY(sleep_until(crew, c4_clock_ns() + POLL_NS));
        if ((double)(c4_clock_ns() - start_ns) * 1e-9 > patience_seconds)
            return c4_fail(C4_ERR_FAILED, "worker %d of %d trained no batch within %.0f seconds",
                           i + 1, crew->row->workers, patience_seconds);
    }
    return C4_OK;
}

static enum c4_status read_places(struct crew *crew) {
    struct c4_scale_row *row = crew->row;
    for (int i = 0; i < row->workers; i++) {
        struct c4_seen *seen = &row->seen[i];
        C4_TRY(c4_seen_read("", crew->child[i].pid, row->pu + (size_t)i * (size_t)row->threads,
                            row->threads, seen));
        if (row->elsewhere.length > 0 || (seen->known && !seen->differs)) continue;
        C4_TRY(seen->known
                   ? c4_text_add(&row->elsewhere,
                                 "worker %d was asked to run on PU %s, but may run on %s and was "
                                 "last on %s",
                                 i + 1, seen->asked.bytes, c4_text_string(&seen->allowed),
                                 c4_text_string(&seen->last))
                   : c4_text_add(&row->elsewhere, "the place of worker %d cannot be read back",
                                 i + 1));
    }
    return C4_OK;
}

/* A worker that evaluated meanwhile counts with its pace while it trained. */
static enum c4_status count(struct crew *crew, int round) {
    double rate = 0, outside = 0;
    for (int i = 0; i < crew->row->workers; i++) {
        const struct c4_pace *pace = &crew->pace[i];
        if (!(pace->train_seconds > 0))
            return c4_fail(C4_ERR_FAILED,
                           "worker %d of %d did not train within the window; give a "
                           "longer one by --seconds",
                           i + 1, crew->row->workers);
        rate += pace->images / pace->train_seconds;
        outside += pace->outside_seconds / (pace->outside_seconds + pace->train_seconds);
    }
    crew->row->images_per_s[round] = rate;
    crew->row->outside[round] = outside / crew->row->workers;
    return C4_OK;
}

static enum c4_status run(struct crew *crew, int round) {
    for (int i = 0; i < crew->row->workers; i++) C4_TRY(start(crew, i));
    C4_TRY(await(crew, 0, 0));
    int64_t begin_ns = c4_clock_ns() + (int64_t)(settle_seconds * 1e9);
    int64_t window_ns = (int64_t)(crew->bench->seconds * 1e9), end_ns = begin_ns + window_ns;
    C4_TRY(sleep_until(crew, begin_ns + window_ns / 2));
    C4_TRY(read_places(crew));
    C4_TRY(sleep_until(crew, end_ns));
    C4_TRY(await(crew, begin_ns, end_ns));
    return count(crew, round);
}

enum c4_status c4_scale_window(const struct c4_scale_bench *bench, struct c4_scale_row *row,
                               int round) {
    size_t workers = (size_t)row->workers;
    struct crew crew = {.bench = bench,
                        .row = row,
                        .child = calloc(workers, sizeof *crew.child),
                        .progress = calloc(workers, sizeof *crew.progress),
                        .log = calloc(workers, sizeof *crew.log),
                        .pace = calloc(workers, sizeof *crew.pace)};
    bool complete = crew.child && crew.progress && crew.log && crew.pace;
    for (int i = 0; complete && i < row->workers; i++) crew.child[i].out = -1;
    enum c4_status status = complete ? run(&crew, round) : fail_memory();
    /* All at once first: the last of many would train on for a while. */
    for (int i = 0; complete && i < row->workers; i++)
        if (crew.child[i].pid > 0) kill(-crew.child[i].pid, SIGKILL);
    for (int i = 0; complete && i < row->workers; i++) {
        c4_child_free(&crew.child[i]);
        c4_text_free(&crew.progress[i]);
        c4_text_free(&crew.log[i]);
    }
    free(crew.pace);
    free(crew.log);
    free(crew.progress);
    free(crew.child);
    return status;
}
