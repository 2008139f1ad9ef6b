#include "repro/workers/coordinator.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "repro/workers/coordinator_lanes.h"

/* How long a worker may take to end before it is killed. */
enum { PATIENCE_SECONDS = 5 };

void c4_coordinator_say(const struct c4_coordinator *c, const char *sentence) {
    if (c->work.say) c->work.say(c->work.context, sentence);
}

static enum c4_status start_lane(struct c4_coordinator *c, struct c4_lane *lane) {
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
    snprintf(setup->kernels, sizeof setup->kernels, "%s", runner->kernels ? runner->kernels : "");
    snprintf(setup->folder, sizeof setup->folder, "%s", runner->folder ? runner->folder : "");
    lane->is_ready = lane->has_speed = lane->has_seed = false;
    enum c4_status status = c4_worker_start(&lane->process, setup->pu, place ? place->threads : 0);
    const struct c4_message_part part = {setup, sizeof *setup};
    /* A worker that is gone already is noticed when its pipe is read. */
    if (status == C4_OK) c4_message_write(lane->process.to, C4_SAY_SETUP, &part, 1);
    free(setup);
    return status;
}

static void stop_lane(struct c4_lane *lane, char *how, size_t size) {
    c4_worker_dismiss(&lane->process);
    c4_worker_reap(&lane->process, PATIENCE_SECONDS, how, size);
}

static enum c4_status on_failed(struct c4_coordinator *c, struct c4_lane *lane,
                                const struct c4_message *message) {
    struct c4_worker_failure failure;
    memcpy(&failure, message->payload, sizeof failure);
    failure.sentence[sizeof failure.sentence - 1] = '\0';
    if (lane->run < 0 || !failure.faulty) return c4_fail(failure.status, "%s", failure.sentence);
    int run = lane->run;
    lane->run = -1;
    lane->images = 0;
    return c4_coordinator_give_up(c, run, failure.sentence);
}

static enum c4_status on_message(struct c4_coordinator *c, struct c4_lane *lane,
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
        return c4_coordinator_commit(c, lane, message);
    case C4_SAY_FAILED:
        if (message->size_bytes != sizeof(struct c4_worker_failure)) break;
        return on_failed(c, lane, message);
    default:
        break;
    }
    return c4_fail(C4_ERR_FAILED, "a worker sent a message that is none");
}

/* The worker's pipe is closed: it died. Another takes its place and its segment. */
static enum c4_status on_death(struct c4_coordinator *c, struct c4_lane *lane) {
    char how[96], sentence[400];
    int run = lane->run, number = (int)(lane - c->lane) + 1;
    stop_lane(lane, how, sizeof how);
    lane->run = -1;
    lane->images = 0;
    if (++lane->losses > C4_ATTEMPTS && run < 0)
        return c4_fail(C4_ERR_FAILED, "worker %d %s, again and again", number, how);
    if (run >= 0) {
        const char *key = c->work.schedule->run[run].key;
        if (++c->attempts[run] >= C4_ATTEMPTS) {
            snprintf(sentence, sizeof sentence, "its worker %s, twice at the same place", how);
            C4_TRY(c4_coordinator_give_up(c, run, sentence));
        } else {
            c->state->state[run] = C4_RUN_PLANNED;
            snprintf(sentence, sizeof sentence,
                     "worker %d %s during run %s; the run goes on from its last checkpoint", number,
                     how, key);
            c4_coordinator_say(c, sentence);
        }
    }
    return start_lane(c, lane);
}

enum c4_status c4_coordinator_pump(struct c4_coordinator *c, int wait_ms) {
    int lanes = c->work.workers;
    for (int i = 0; i < lanes; i++)
        c->poll[i] = (struct pollfd){.fd = c->lane[i].process.from, .events = POLLIN};
    if (poll(c->poll, (nfds_t)lanes, wait_ms) < 0 && errno != EINTR)
        return c4_fail(C4_ERR_FAILED, "workers cannot be waited for: %s", strerror(errno));
    for (int i = 0; i < lanes; i++) {
        struct c4_lane *lane = &c->lane[i];
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
        C4_TRY(c4_coordinator_pump(c, C4_POLL_MS));
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
        C4_TRY(c4_coordinator_pump(c, C4_POLL_MS));
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
