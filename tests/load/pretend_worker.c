/* A worker that answers everything at once, or after a while, with rows of others. */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/file/file.h"
#include "core/host/clock.h"
#include "repro/workers/message.h"
#include "tests/load/pretend.h"

enum { PROGRESS_MS = 100 };

struct worker {
    struct pretend_shared *shared;
    int out;
    struct c4_row_list rows; /* of the segment */
    int64_t answered_ns;     /* when it answered the last segment; 0: none yet */
};

static enum c4_status say(struct worker *w, enum c4_message_kind kind,
                          const struct c4_message_part *parts, int count) {
    atomic_fetch_add(&w->shared->messages, 1);
    return c4_message_write(w->out, kind, parts, count);
}

static enum c4_status say_one(struct worker *w, enum c4_message_kind kind, const void *bytes,
                              size_t size) {
    const struct c4_message_part part = {bytes, size};
    return say(w, kind, &part, 1);
}

/* It says that it is where it should be. */
static struct c4_worker_ready found(const struct c4_worker_place *place) {
    struct c4_worker_ready ready = {
        .backend = "ref", .node = -1, .memory_bound = -1, .memory_node = -1, .images_node = -1};
    if (!place->bind) return ready;
    ready.bound = 1;
    ready.threads = place->threads;
    memcpy(ready.pu, place->pu, sizeof ready.pu);
    return ready;
}

static enum c4_status set_up(struct worker *w, const unsigned char *payload) {
    struct c4_worker_setup *setup = malloc(sizeof *setup);
    if (!setup) return c4_fail(C4_ERR_MEMORY, "out of memory");
    memcpy(setup, payload, sizeof *setup);
    const struct c4_worker_ready ready = found(&setup->place);
    enum c4_status status = c4_folder_enter(setup->folder, &setup->folder_identity);
    free(setup);
    C4_TRY(status);
    return say_one(w, C4_MESSAGE_READY, &ready, sizeof ready);
}

static enum c4_status measure(struct worker *w) {
    const struct c4_speed speed = {.train_seconds = 1 / 2500.0,
                                   .evaluate_seconds = 1 / 8000.0,
                                   .cka_seconds = 0.1,
                                   .segment_seconds = 0.03};
    return say_one(w, C4_MESSAGE_SPEED, &speed, sizeof speed);
}

static enum c4_status add_epoch(struct worker *w, const struct c4_run *run, int64_t epoch) {
    const struct pretend_shared *shared = w->shared;
    const struct c4_result_row *results = (const void *)&shared->cost[shared->costs];
    const struct pretend_kind *kind = pretend_kind_of(shared, run);
    if (!kind) return c4_fail(C4_ERR_FAILED, "run %s is of no kind that was made", run->key);
    const int part = pretend_part(run, epoch);
    w->rows.epoch = epoch;
    for (int i = kind->result[part]; i < kind->result[part + 1]; i++) {
        C4_TRY(c4_out_result(&w->rows, "", 0, 0));
        struct c4_result_row *row = &w->rows.results[w->rows.result_count - 1];
        *row = results[i];
        row->epoch = epoch;
    }
    for (int i = kind->cost[part]; i < kind->cost[part + 1]; i++) {
        C4_TRY(c4_out_seconds(&w->rows, shared->cost[i].what, 0));
        struct c4_cost_row *row = &w->rows.costs[w->rows.cost_count - 1];
        *row = shared->cost[i];
        row->epoch = epoch;
    }
    return C4_OK;
}

/* An empty file, which the coordinator removes when it is old; nobody reads it. */
static enum c4_status save(const struct c4_segment *segment, struct c4_known_checkpoint *last) {
    char folder[C4_CHECKPOINT_PATH_SIZE];
    *last = (struct c4_known_checkpoint){.epoch = segment->to};
    c4_run_checkpoint_path(segment->run.key, segment->to, last->path);
    memcpy(folder, last->path, sizeof folder);
    *strrchr(folder, '/') = '\0';
    C4_TRY(c4_dir_make(folder));
    int descriptor = open(last->path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    if (descriptor < 0) return c4_fail(C4_ERR_FAILED, "%s cannot be made", last->path);
    close(descriptor);
    return c4_sha256_hex(last->path, strlen(last->path), last->sha256);
}

/* Tells its progress as often as a real worker. */
static enum c4_status be_busy(struct worker *w, const struct c4_segment *segment) {
    const int64_t start_ns = c4_clock_ns();
    const double seconds = w->shared->segment_seconds;
    uint64_t images = 0;
    C4_TRY(say_one(w, C4_MESSAGE_PROGRESS, &images, sizeof images));
    for (;;) {
        double left = seconds - 1e-9 * (double)(c4_clock_ns() - start_ns);
        if (left <= 0) return C4_OK;
        if (left > 1e-3 * PROGRESS_MS) left = 1e-3 * PROGRESS_MS;
        nanosleep(&(struct timespec){.tv_nsec = (long)(left * 1e9)}, NULL);
        images += segment->run.images / 100;
        C4_TRY(say_one(w, C4_MESSAGE_PROGRESS, &images, sizeof images));
    }
}

static enum c4_status answer(struct worker *w, const struct c4_segment_order *order) {
    const struct c4_segment *segment = &order->segment;
    struct c4_segment_done done;
    memset(&done, 0, sizeof done);
    if (w->answered_ns)
        atomic_fetch_add(&w->shared->wait_ns, (uint64_t)(c4_clock_ns() - w->answered_ns));
    w->rows.result_count = w->rows.cost_count = 0;
    C4_TRY(be_busy(w, segment));
    for (int64_t epoch = segment->from + 1; epoch <= segment->to; epoch++) {
        C4_TRY(add_epoch(w, &segment->run, epoch));
        done.trained_images += epoch > 0 ? segment->run.images : 0;
    }
    C4_TRY(c4_out_seconds(&w->rows, C4_COST_CHECKPOINT, 0.03));
    C4_TRY(save(segment, &done.last));
    done.found = found(&order->place);
    done.trained_seconds = (double)done.trained_images / 2500;
    strcpy(done.training, "pretended images");
    strcpy(done.training_sha256, "none");
    done.result_count = w->rows.result_count;
    done.cost_count = w->rows.cost_count;
    const struct c4_message_part parts[] = {
        {&done, sizeof done},
        {w->rows.results, (size_t)w->rows.result_count * sizeof *w->rows.results},
        {w->rows.costs, (size_t)w->rows.cost_count * sizeof *w->rows.costs}};
    w->answered_ns = c4_clock_ns();
    C4_TRY(say(w, C4_MESSAGE_DONE, parts, 3));
    atomic_fetch_add(&w->shared->segments, 1);
    return C4_OK;
}

static enum c4_status obey(struct worker *w, const struct c4_message *message) {
    struct c4_segment_order order;
    atomic_fetch_add(&w->shared->messages, 1);
    switch (message->kind) {
    case C4_MESSAGE_SETUP:
        return set_up(w, message->payload);
    case C4_MESSAGE_MEASURE:
        return measure(w);
    case C4_MESSAGE_SEGMENT:
        memcpy(&order, message->payload, sizeof order);
        return answer(w, &order);
    default:
        return c4_fail(C4_ERR_FAILED, "unknown message");
    }
}

int pretend_worker(void) {
    const char *path = getenv(PRETEND_FILE);
    struct worker w = {.shared = path ? pretend_map(path) : NULL, .out = dup(STDOUT_FILENO)};
    struct c4_inbox inbox = {0};
    struct c4_message message;
    size_t taken = 0;
    bool open = true;
    if (!w.shared) return 1;
    w.rows.statistics = "batch";
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    dup2(STDERR_FILENO, STDOUT_FILENO);
    while (open) {
        if (c4_inbox_next(&inbox, &taken, &message)) {
            enum c4_status status = obey(&w, &message);
            if (status == C4_OK) continue;
            const struct c4_worker_failure failure = {.status = status};
            const struct c4_message_part parts[] = {{&failure, sizeof failure},
                                                    {c4_error(), strlen(c4_error()) + 1}};
            if (say(&w, C4_MESSAGE_FAILED, parts, 2) != C4_OK) return 0;
        } else if (c4_inbox_read(&inbox, STDIN_FILENO, &open) != C4_OK) {
            return 1;
        }
    }
    c4_inbox_free(&inbox);
    c4_out_free(&w.rows);
    return 0;
}
