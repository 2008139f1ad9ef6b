#include "repro/coordinator.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/host/clock.h"
#include "repro/resume.h"
#include "repro/worker_process.h"

/* How long a poll waits, and a worker may take to end before it is killed. */
enum { POLL_MS = 200, PATIENCE_SECONDS = 5, ATTEMPTS = 2 };

/* A worker, what it does, and how often it was started in vain. */
struct lane {
    struct c4_worker_process process;
    struct c4_worker_ready ready;
    bool is_ready, has_speed;
    struct c4_speed speed;
    int losses; /* deaths since it was last of use */
    int run;    /* under way; -1: idle */
    struct c4_segment segment;
    uint64_t images; /* of the segment so far */
};

struct c4_coordinator {
    struct c4_work work;
    struct lane *lane;
    struct pollfd *poll;
    struct sigaction old_pipe;
    /* Of c4_coordinator_run(): */
    struct c4_work_state *state;
    int *attempts;         /* of each run: workers lost at the segment under way */
    double *first_seconds; /* predicted at the beginning */
    int64_t *first_done;   /* and where that was */
    int64_t start_ns;
};

static enum c4_status start_lane(struct c4_coordinator *c, struct lane *lane) {
    const struct c4_runner *runner = c->work.runner;
    const struct c4_placement *placement = c->work.placement;
    const struct c4_place *place = placement ? &placement->place[lane - c->lane] : NULL;
    struct c4_worker_setup *setup = calloc(1, sizeof *setup);
    if (!setup) return c4_fail(C4_ERR_MEMORY, "out of memory for a worker's settings");
    *setup = (struct c4_worker_setup){.protocol = *runner->protocol,
                                      .scale = *runner->scale,
                                      .images = c->work.images,
                                      .images_descriptor = c->work.images_descriptor,
                                      .threads = c->work.threads,
                                      .bind = place != NULL};
    for (int i = 0; place && i < place->threads && i < C4_PLACE_PUS_MAX; i++)
        setup->pu[i] = place->pu[i];
    snprintf(setup->backend, sizeof setup->backend, "%s", runner->backend);
    snprintf(setup->folder, sizeof setup->folder, "%s", runner->folder ? runner->folder : "");
    lane->is_ready = lane->has_speed = false;
    enum c4_status status = c4_worker_start(&lane->process, setup->pu, place ? place->threads : 0);
    const struct c4_message_part part = {setup, sizeof *setup};
    /* A worker that is gone already is noticed when its pipe is read. */
    if (status == C4_OK) c4_message_write(lane->process.to, C4_SAY_SETUP, &part, 1);
    free(setup);
    return status;
}

static void stop_lane(struct lane *lane, char *how, size_t size) {
    c4_worker_dismiss(&lane->process);
    c4_worker_reap(&lane->process, PATIENCE_SECONDS, how, size);
}

static void say(const struct c4_coordinator *c, const char *sentence) {
    if (c->work.say) c->work.say(c->work.context, sentence);
}

/* The run will not be done in this session. */
static enum c4_status give_up(struct c4_coordinator *c, int run, const char *why) {
    struct c4_work_state *state = c->state;
    const char *key = c->work.schedule->run[run].key;
    char sentence[1200];
    state->state[run] = C4_RUN_GIVEN_UP;
    snprintf(sentence, sizeof sentence, "run %s: %s", key, why);
    if (state->failed++ == 0) snprintf(state->failure, sizeof state->failure, "%s", sentence);
    snprintf(sentence, sizeof sentence, "run %s failed, the others go on: %s", key, why);
    say(c, sentence);
    return c4_store_run_set_status(c->work.store, key, C4_RUN_FAILED);
}

static enum c4_status commit(struct c4_coordinator *c, struct lane *lane,
                             const struct c4_segment_done *done,
                             const struct c4_result_row *results, const struct c4_cost_row *costs) {
    const struct c4_runner *runner = c->work.runner;
    const struct c4_run *run = &c->work.schedule->run[lane->run];
    const struct c4_dataset *own = c4_images_of(runner->images, c4_run_image_set(run));
    struct c4_provenance provenance = {.data = done->training,
                                       .data_sha256 = done->training_sha256,
                                       .evaluation = own->name,
                                       .evaluation_sha256 = own->sha256,
                                       .code_version = C4_VERSION,
                                       .arithmetic = C4_ARITHMETIC,
                                       .backend = runner->backend,
                                       .synthetic = done->synthetic || own->synthetic,
                                       .substitute = done->substitute || own->substitute};
    struct c4_provenance cross = provenance;
    struct c4_store_segment segment = {.run = run->key,
                                       .status = done->last.epoch == run->epochs ? C4_RUN_DONE
                                                                                 : C4_RUN_RUNNING,
                                       .provenance = &provenance,
                                       .cross_provenance = &cross,
                                       .results = results,
                                       .result_count = done->result_count,
                                       .costs = costs,
                                       .cost_count = done->cost_count,
                                       .threads = c->work.threads,
                                       .place = lane->ready.place,
                                       .epoch = done->last.epoch,
                                       .checkpoint = done->last.path};
    enum c4_image_set other;
    if (c4_run_cross_set(run, &other)) {
        const struct c4_dataset *set = c4_images_of(runner->images, other);
        segment.cross_images = c4_image_set_names[other];
        cross.evaluation = set->name;
        cross.evaluation_sha256 = set->sha256;
        cross.synthetic = done->synthetic || set->synthetic;
        cross.substitute = done->substitute || set->substitute;
    }
    memcpy(segment.checkpoint_sha256, done->last.sha256, sizeof segment.checkpoint_sha256);
    C4_TRY(c4_store_segment(c->work.store, &segment));
    return c4_resume_sweep(c->work.store, runner->folder, run);
}

static enum c4_status on_done(struct c4_coordinator *c, struct lane *lane,
                              const struct c4_message *message) {
    struct c4_work_state *state = c->state;
    struct c4_segment_done done;
    memcpy(&done, message->payload, sizeof done);
    size_t result_bytes = (size_t)done.result_count * sizeof(struct c4_result_row);
    size_t cost_bytes = (size_t)done.cost_count * sizeof(struct c4_cost_row);
    if (message->size_bytes != sizeof done + result_bytes + cost_bytes)
        return c4_fail(C4_ERR_FAILED, "a worker's message has the wrong size");
    /* The payload lies at any address; rows are copied to one that fits them. */
    unsigned char *copy = malloc(result_bytes + cost_bytes + 1);
    if (!copy) return c4_fail(C4_ERR_MEMORY, "out of memory for the rows of a run");
    memcpy(copy, message->payload + sizeof done, result_bytes + cost_bytes);
    enum c4_status status = commit(c, lane, &done, (struct c4_result_row *)(void *)copy,
                                   (struct c4_cost_row *)(void *)(copy + result_bytes));
    free(copy);
    C4_TRY(status);
    int run = lane->run;
    const struct c4_run *described = &c->work.schedule->run[run];
    state->done[run] = done.last.epoch;
    state->last[run] = done.last;
    state->images += lane->images;
    state->trained_images += done.trained_images;
    state->trained_seconds += done.trained_seconds;
    double span = (double)(described->epochs - c->first_done[run]);
    state->seconds[run] =
        c->first_seconds[run] * (double)(described->epochs - done.last.epoch) / span;
    c->attempts[run] = lane->losses = 0;
    lane->images = 0;
    if (done.last.epoch == described->epochs) {
        state->state[run] = C4_RUN_ENDED;
        lane->run = -1;
    }
    return C4_OK;
}

static enum c4_status on_failed(struct c4_coordinator *c, struct lane *lane,
                                const struct c4_message *message) {
    struct c4_worker_failure failure;
    memcpy(&failure, message->payload, sizeof failure);
    failure.sentence[sizeof failure.sentence - 1] = '\0';
    if (lane->run < 0 || !failure.faulty) return c4_fail(failure.status, "%s", failure.sentence);
    int run = lane->run;
    lane->run = -1;
    lane->images = 0;
    return give_up(c, run, failure.sentence);
}

static enum c4_status on_message(struct c4_coordinator *c, struct lane *lane,
                                 const struct c4_message *message) {
    switch (message->kind) {
    case C4_SAY_READY:
        if (message->size_bytes != sizeof lane->ready) break;
        memcpy(&lane->ready, message->payload, sizeof lane->ready);
        lane->is_ready = true;
        return C4_OK;
    case C4_SAY_SPEED:
        if (message->size_bytes != sizeof lane->speed) break;
        memcpy(&lane->speed, message->payload, sizeof lane->speed);
        lane->has_speed = true;
        return C4_OK;
    case C4_SAY_PROGRESS:
        if (message->size_bytes != sizeof lane->images) break;
        if (lane->run >= 0) memcpy(&lane->images, message->payload, sizeof lane->images);
        return C4_OK;
    case C4_SAY_DONE:
        if (message->size_bytes < sizeof(struct c4_segment_done) || lane->run < 0) break;
        return on_done(c, lane, message);
    case C4_SAY_FAILED:
        if (message->size_bytes != sizeof(struct c4_worker_failure)) break;
        return on_failed(c, lane, message);
    default:
        break;
    }
    return c4_fail(C4_ERR_FAILED, "a worker sent a message that is none");
}

/* The worker's pipe is closed: it died. Another takes its place and its segment. */
static enum c4_status on_death(struct c4_coordinator *c, struct lane *lane) {
    char how[96], sentence[400];
    int run = lane->run, number = (int)(lane - c->lane) + 1;
    stop_lane(lane, how, sizeof how);
    lane->run = -1;
    lane->images = 0;
    if (++lane->losses > ATTEMPTS && run < 0)
        return c4_fail(C4_ERR_FAILED, "worker %d %s, again and again", number, how);
    if (run >= 0) {
        const char *key = c->work.schedule->run[run].key;
        if (++c->attempts[run] >= ATTEMPTS) {
            snprintf(sentence, sizeof sentence, "its worker %s, twice at the same place", how);
            C4_TRY(give_up(c, run, sentence));
        } else {
            c->state->state[run] = C4_RUN_WAITS;
            snprintf(sentence, sizeof sentence,
                     "worker %d %s during run %s; the run goes on from its last checkpoint", number,
                     how, key);
            say(c, sentence);
        }
    }
    return start_lane(c, lane);
}

/* Waits for messages, at most `wait_ms`, and handles them. */
static enum c4_status pump(struct c4_coordinator *c, int wait_ms) {
    int lanes = c->work.workers;
    for (int i = 0; i < lanes; i++)
        c->poll[i] = (struct pollfd){.fd = c->lane[i].process.from, .events = POLLIN};
    if (poll(c->poll, (nfds_t)lanes, wait_ms) < 0 && errno != EINTR)
        return c4_fail(C4_ERR_FAILED, "workers cannot be waited for: %s", strerror(errno));
    for (int i = 0; i < lanes; i++) {
        struct lane *lane = &c->lane[i];
        struct c4_message message;
        bool open = true;
        if (!(c->poll[i].revents & (POLLIN | POLLHUP | POLLERR))) continue;
        C4_TRY(c4_inbox_read(&lane->process.inbox, lane->process.from, &open));
        while (c4_inbox_next(&lane->process.inbox, &lane->process.taken, &message))
            C4_TRY(on_message(c, lane, &message));
        if (!open) C4_TRY(on_death(c, lane));
    }
    return c->work.watch ? c->work.watch(c->work.context) : C4_OK;
}

/* Starts the workers and waits until all are ready. */
static enum c4_status start_all(struct c4_coordinator *c) {
    for (int i = 0; i < c->work.workers; i++) C4_TRY(start_lane(c, &c->lane[i]));
    for (;;) {
        bool ready = true;
        for (int i = 0; i < c->work.workers; i++) ready = ready && c->lane[i].is_ready;
        if (ready) return C4_OK;
        C4_TRY(pump(c, POLL_MS));
    }
}

enum c4_status c4_coordinator_open(const struct c4_work *work, struct c4_coordinator **out) {
    *out = NULL;
    struct c4_coordinator *c = calloc(1, sizeof *c);
    size_t workers = (size_t)work->workers;
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    if (!c) return c4_fail(C4_ERR_MEMORY, "out of memory for a coordinator");
    sigaction(SIGPIPE, &ignore, &c->old_pipe);
    c->work = *work;
    c->lane = calloc(workers, sizeof *c->lane);
    c->poll = calloc(workers, sizeof *c->poll);
    if (!c->lane || !c->poll) {
        c->work.workers = 0;
        c4_coordinator_close(c);
        return c4_fail(C4_ERR_MEMORY, "out of memory for %d workers", work->workers);
    }
    for (int i = 0; i < work->workers; i++) {
        c->lane[i].run = -1;
        c->lane[i].process = (struct c4_worker_process){.to = -1, .from = -1};
    }
    enum c4_status status = start_all(c);
    if (status != C4_OK) {
        c4_coordinator_close(c);
        return status;
    }
    *out = c;
    return C4_OK;
}

void c4_coordinator_close(struct c4_coordinator *c) {
    char how[96];
    if (!c) return;
    for (int i = 0; i < c->work.workers; i++) c4_worker_dismiss(&c->lane[i].process);
    for (int i = 0; i < c->work.workers; i++)
        c4_worker_reap(&c->lane[i].process, PATIENCE_SECONDS, how, sizeof how);
    sigaction(SIGPIPE, &c->old_pipe, NULL);
    free(c->attempts);
    free(c->first_seconds);
    free(c->first_done);
    free(c->poll);
    free(c->lane);
    free(c);
}

enum c4_status c4_coordinator_measure(struct c4_coordinator *c, struct c4_speed *speed) {
    int workers = c->work.workers;
    for (int i = 0; i < workers; i++)
        C4_TRY(c4_message_write(c->lane[i].process.to, C4_SAY_MEASURE, NULL, 0));
    for (int missing = workers; missing > 0;) {
        C4_TRY(pump(c, POLL_MS));
        missing = workers;
        for (int i = 0; i < workers; i++) {
            missing -= c->lane[i].has_speed;
            if (!c->lane[i].process.pid || !c->lane[i].losses || c->lane[i].has_speed) continue;
            return c4_fail(C4_ERR_FAILED, "worker %d died while it measured its speed", i + 1);
        }
    }
    *speed = (struct c4_speed){.cka_flops = c->lane[0].speed.cka_flops};
    for (int i = 0; i < workers; i++) {
        const struct c4_speed *one = &c->lane[i].speed;
        speed->train_seconds += one->train_seconds / workers;
        speed->evaluate_seconds += one->evaluate_seconds / workers;
        speed->cka_seconds += one->cka_seconds / workers;
        speed->segment_seconds += one->segment_seconds / workers;
    }
    return C4_OK;
}

static enum c4_status assign(struct c4_coordinator *c, struct lane *lane) {
    const struct c4_schedule *schedule = c->work.schedule;
    struct c4_work_state *state = c->state;
    if (lane->run < 0) {
        lane->run = c4_forecast_next(schedule, state->seconds, state->state);
        if (lane->run < 0) return C4_OK;
        state->state[lane->run] = C4_RUN_TAKEN;
    }
    const struct c4_run *run = &schedule->run[lane->run];
    lane->segment =
        (struct c4_segment){.run = *run,
                            .from = state->done[lane->run],
                            .to = c4_run_segment_end(c->work.runner, run, state->done[lane->run])};
    if (lane->segment.from >= 0) lane->segment.last = state->last[lane->run];
    if (schedule->after[lane->run] >= 0)
        lane->segment.source = state->last[schedule->after[lane->run]];
    lane->images = 0;
    const struct c4_message_part part = {&lane->segment, sizeof lane->segment};
    /* A worker that died meanwhile is noticed when its pipe is read. */
    c4_message_write(lane->process.to, C4_SAY_SEGMENT, &part, 1);
    return C4_OK;
}

/* Runs that start from one that was given up are given up, too. */
static enum c4_status give_up_followers(struct c4_coordinator *c) {
    const struct c4_schedule *schedule = c->work.schedule;
    for (int i = 0; i < schedule->count; i++) {
        int after = schedule->after[i];
        if (c->state->state[i] != C4_RUN_WAITS || after < 0 ||
            c->state->state[after] != C4_RUN_GIVEN_UP)
            continue;
        C4_TRY(give_up(c, i, "the run that it starts from failed"));
    }
    return C4_OK;
}

/* How much of the predicted work is done, the segments under way included. */
static void look_ahead(struct c4_coordinator *c) {
    struct c4_work_state *state = c->state;
    double total = 0, left = 0, elapsed = (double)(c4_clock_ns() - c->start_ns) * 1e-9;
    uint64_t under_way = 0;
    for (int i = 0; i < c->work.schedule->count; i++) {
        total += c->first_seconds[i];
        if (state->state[i] == C4_RUN_WAITS || state->state[i] == C4_RUN_TAKEN)
            left += state->seconds[i];
    }
    for (int i = 0; i < c->work.workers; i++) under_way += c->lane[i].images;
    if (state->total_images > 0) left -= total * (double)under_way / (double)state->total_images;
    double done = total - left;
    if (elapsed > 2 && done > total / 100 && left > 0) state->left_seconds = elapsed * left / done;
}

/* Images of all workers so far, those of segments under way included. */
static uint64_t images_now(const struct c4_coordinator *c) {
    uint64_t images = 0;
    for (int i = 0; i < c->work.workers; i++) images += c->lane[i].images;
    return images;
}

static enum c4_status start_run(struct c4_coordinator *c, struct c4_work_state *state) {
    size_t runs = (size_t)c->work.schedule->count + 1;
    c->state = state;
    c->attempts = calloc(runs, sizeof *c->attempts);
    c->first_seconds = calloc(runs, sizeof *c->first_seconds);
    c->first_done = calloc(runs, sizeof *c->first_done);
    if (!c->attempts || !c->first_seconds || !c->first_done)
        return c4_fail(C4_ERR_MEMORY, "out of memory for the list of runs");
    memcpy(c->first_seconds, state->seconds, (runs - 1) * sizeof *state->seconds);
    memcpy(c->first_done, state->done, (runs - 1) * sizeof *state->done);
    c->start_ns = c4_clock_ns();
    for (int i = 0; i < c->work.workers; i++) {
        state->places += c->lane[i].is_ready;
        state->bound += c->lane[i].ready.bound;
    }
    return C4_OK;
}

enum c4_status c4_coordinator_run(struct c4_coordinator *c, struct c4_work_state *state) {
    C4_TRY(start_run(c, state));
    for (;;) {
        bool busy = false;
        C4_TRY(give_up_followers(c));
        for (int i = 0; i < c->work.workers; i++) {
            struct lane *lane = &c->lane[i];
            bool idle = lane->run < 0 || state->done[lane->run] != lane->segment.from;
            if (lane->is_ready && idle) C4_TRY(assign(c, lane));
            busy = busy || lane->run >= 0;
        }
        if (!busy) {
            bool waits = false;
            for (int i = 0; i < c->work.schedule->count; i++)
                waits = waits || state->state[i] == C4_RUN_WAITS;
            if (!waits) return C4_OK;
        }
        uint64_t before = state->images;
        state->images += images_now(c);
        look_ahead(c);
        enum c4_status status = c->work.watch ? c->work.watch(c->work.context) : C4_OK;
        state->images = before;
        if (status == C4_OK) status = pump(c, POLL_MS);
        C4_TRY(status);
    }
}
