#include "repro/coordinator/coordinator.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/host/clock.h"
#include "repro/coordinator/coordinator_slots.h"

void c4_coordinator_report(const struct c4_coordinator *c, const char *sentence) {
    if (c->work.report) c->work.report(c->work.context, sentence);
}

/* A worker's failure in words. Its "." is the study's folder. */
static enum c4_status describe_failure(const struct c4_coordinator *c, const char *sentence,
                                       struct c4_text *text) {
    bool inside = c->work.runner->folder && strncmp(sentence, "./", 2) == 0;
    return inside ? c4_text_add(text, "%s%s", c->work.runner->folder, sentence + 1)
                  : c4_text_set(text, sentence);
}

/* The slot and its team have no run any more. */
static void leave(struct c4_coordinator *c, struct c4_worker_slot *slot) {
    slot->run = -1;
    slot->images = 0;
    slot->is_between = false;
    c4_coordinator_release(c, (int)(slot - c->slot));
    c->changed = true;
}

static enum c4_status on_failed(struct c4_coordinator *c, struct c4_worker_slot *slot,
                                const struct c4_message *message) {
    struct c4_worker_failure failure;
    struct c4_text why = {0};
    const char *sentence = (const char *)message->payload + sizeof failure;
    memcpy(&failure, message->payload, sizeof failure);
    if (c->work.store) C4_TRY(c4_store_check_folder(c->work.store));
    enum c4_status status = describe_failure(c, sentence, &why);
    if (status == C4_OK && (slot->run < 0 || !failure.faulty)) {
        status = c4_fail(failure.status, "%s", c4_text_string(&why));
    } else if (status == C4_OK) {
        int run = slot->run;
        leave(c, slot);
        status = c4_coordinator_give_up(c, run, c4_text_string(&why));
    }
    c4_text_free(&why);
    return status;
}

enum c4_status c4_coordinator_say(struct c4_coordinator *c, const char *format, ...) {
    struct c4_text sentence = {0};
    va_list arguments;
    va_start(arguments, format);
    enum c4_status status = c4_text_add_list(&sentence, format, arguments);
    va_end(arguments);
    if (status == C4_OK) c4_coordinator_report(c, c4_text_string(&sentence));
    c4_text_free(&sentence);
    return status;
}

/* What was bound is looked up: pages elsewhere make a worker slower, not wrong. */
static enum c4_status check_memory(struct c4_coordinator *c, const struct c4_worker_slot *slot,
                                   const struct c4_worker_ready *found) {
    const int bound = found->memory_bound;
    if (bound < 0 || c->said_memory) return C4_OK;
    c->said_memory = found->memory_node != bound || found->images_node != bound;
    if (found->memory_node < 0 || found->images_node < 0)
        return c4_coordinator_say(
            c, "%s: its memory is bound to NUMA node %d; not all of it can be looked up there",
            slot->name, bound);
    if (found->memory_node != bound)
        return c4_coordinator_say(c,
                                  "%s: its memory is bound to NUMA node %d, and is not found there",
                                  slot->name, bound);
    if (found->images_node != bound)
        return c4_coordinator_say(c, "%s: its images are not on its NUMA node %d", slot->name,
                                  bound);
    return C4_OK;
}

enum c4_status c4_coordinator_say_place(struct c4_coordinator *c, struct c4_worker_slot *slot,
                                        const struct c4_worker_ready *found) {
    C4_TRY(check_memory(c, slot, found));
    if (strcmp(found->reason, slot->reason) == 0) return C4_OK;
    memcpy(slot->reason, found->reason, sizeof slot->reason);
    if (!found->reason[0])
        return c4_coordinator_say(c, "%s is bound to its place again", slot->name);
    return c4_coordinator_say(c, "%s is not bound to its place: %s", slot->name, found->reason);
}

/* The rows say where the threads are; the user should know before days of training, but once. */
static enum c4_status note_unbound(struct c4_coordinator *c, struct c4_worker_slot *slot) {
    C4_TRY(check_memory(c, slot, &slot->ready));
    memcpy(slot->reason, slot->ready.reason, sizeof slot->reason);
    if (!slot->reason[0] || c->said_unbound) return C4_OK;
    c->said_unbound = true;
    return c4_coordinator_say(c, "Workers are not bound to their places: %s", slot->reason);
}

int c4_coordinator_bound(const struct c4_coordinator *c) {
    int bound = 0;
    for (int i = 0; i < c->own_workers; i++) bound += c->slot[i].ready.bound != 0;
    return bound;
}

int c4_coordinator_workers(const struct c4_coordinator *c) {
    return c->work.workers;
}

const char *c4_coordinator_host(const struct c4_coordinator *c, int i) {
    const struct c4_channel *channel = &c->slot[i].channel;
    return channel->ranks ? c4_ranks_host(channel->ranks, channel->rank) : NULL;
}

static enum c4_status on_message(struct c4_coordinator *c, struct c4_worker_slot *slot,
                                 const struct c4_message *message) {
    switch (message->kind) {
    case C4_MESSAGE_READY:
        if (message->size_bytes != sizeof slot->ready) break;
        memcpy(&slot->ready, message->payload, sizeof slot->ready);
        slot->is_ready = c->changed = true;
        slot->ready_ns = c4_clock_ns();
        return note_unbound(c, slot);
    case C4_MESSAGE_SPEED:
        if (message->size_bytes != sizeof slot->speed) break;
        memcpy(&slot->speed, message->payload, sizeof slot->speed);
        slot->has_speed = true;
        return C4_OK;
    case C4_MESSAGE_PROGRESS:
        if (message->size_bytes != sizeof slot->images) break;
        if (slot->run >= 0) memcpy(&slot->images, message->payload, sizeof slot->images);
        slot->has_begun = true;
        return C4_OK;
    case C4_MESSAGE_DONE:
        if (message->size_bytes < sizeof(struct c4_segment_done) || slot->run < 0) break;
        return c4_coordinator_commit(c, slot, message);
    case C4_MESSAGE_FAILED:
        if (message->size_bytes <= sizeof(struct c4_worker_failure) ||
            message->payload[message->size_bytes - 1] != '\0')
            break;
        return on_failed(c, slot, message);
    default:
        break;
    }
    return c4_fail(C4_ERR_FAILED, "invalid message from a worker");
}

/* A worker that was busy with a run has died. */
static enum c4_status on_lost_run(struct c4_coordinator *c, int run, const char *worker,
                                  const char *how) {
    if (++c->attempts[run] < C4_ATTEMPTS) {
        c->state->state[run] = C4_RUN_PLANNED;
        return c4_coordinator_say(c,
                                  "%s %s during run %s; the run goes on from its last checkpoint",
                                  worker, how, c->work.schedule->run[run].key);
    }
    struct c4_text why = {0};
    enum c4_status status = c4_text_add(&why, "its worker %s, twice in the same segment", how);
    if (status == C4_OK) status = c4_coordinator_give_up(c, run, c4_text_string(&why));
    c4_text_free(&why);
    return status;
}

/* The worker's pipe is closed, so it has died. Starts another one in its slot; its run goes back to
 * the planned ones. */
static enum c4_status on_death(struct c4_coordinator *c, struct c4_worker_slot *slot) {
    struct c4_worker_end end;
    const char *how = end.how;
    int run = slot->run;
    c4_coordinator_stop_worker(c, slot, &end);
    if (end.status == C4_WORKER_NOT_STARTED)
        return c4_fail(C4_ERR_ENVIRONMENT,
                       "cannot start a worker: neither /proc/self/exe nor the program's file can "
                       "be executed; mount /proc");
    leave(c, slot);
    if (end.why[0]) C4_TRY(c4_coordinator_say(c, "%s: %s", slot->name, end.why));
    /* A worker that was there for a while is not one that cannot be started. */
    double there_seconds = 1e-9 * (double)(c4_clock_ns() - slot->ready_ns);
    if (slot->is_ready && there_seconds > C4_STEADY_SECONDS) slot->losses = 0;
    if (++slot->losses > C4_ATTEMPTS && (run < 0 || !slot->has_begun))
        return c4_fail(C4_ERR_FAILED, "%s %s, again and again", slot->name, how);
    if (slot->is_asked && !slot->has_speed)
        C4_TRY(c4_coordinator_say(c, "%s %s while it measured its speed; all measure again",
                                  slot->name, how));
    else if (run < 0 || !slot->has_begun)
        C4_TRY(c4_coordinator_say(c, "%s %s while it worked on no run; another one takes its place",
                                  slot->name, how));
    if (run >= 0 && slot->has_begun) C4_TRY(on_lost_run(c, run, slot->name, how));
    /* It was gone before it got the segment: that does not speak against the run. */
    if (run >= 0 && !slot->has_begun) c->state->state[run] = C4_RUN_PLANNED;
    return c4_coordinator_start_worker(c, slot);
}

/* Other ranks' bytes have no descriptor to wait for: with them the wait is cut into short ones. */
static enum c4_status await_bytes(struct c4_coordinator *c, int wait_ms) {
    enum { SHORT_MS = 5 };
    const struct c4_rank_caller caller = {c->work.watch, c->work.report, c->work.context};
    int slots = c->work.workers, ready = 0;
    bool left = false; /* by the last call, which was late */
    for (int i = 0; i < slots; i++) {
        c->poll[i] =
            (struct pollfd){.fd = c4_channel_descriptor(&c->slot[i].channel), .events = POLLIN};
        left = left || c->slot[i].channel.news;
    }
    for (bool any = false; ready == 0 && !any;) {
        int now_ms = !c->work.ranks || wait_ms < SHORT_MS ? wait_ms : SHORT_MS;
        if (c->work.ranks) C4_TRY(c4_ranks_pump(c->work.ranks, &caller, &any));
        any = any || left;
        ready = poll(c->poll, (nfds_t)slots, any ? 0 : now_ms);
        if (ready < 0 && errno != EINTR)
            return c4_fail(C4_ERR_FAILED, "cannot wait for workers: %s", strerror(errno));
        wait_ms -= now_ms;
        if (wait_ms <= 0) break;
    }
    return C4_OK;
}

/* After this time the others wait for the next call, which begins with them. */
static bool is_late(const struct c4_coordinator *c, int64_t start_ns) {
    return c4_clock_ns() - start_ns > C4_POLL_MS * INT64_C(1000000) && c->storing;
}

static enum c4_status pump(struct c4_coordinator *c, int wait_ms) {
    C4_TRY(await_bytes(c, wait_ms));
    const int slots = c->work.workers, first = c->next;
    const int64_t start_ns = c4_clock_ns();
    for (int k = 0; k < slots && !is_late(c, start_ns); k++) {
        const int i = (first + k) % slots;
        struct c4_worker_slot *slot = &c->slot[i];
        struct c4_message message;
        bool open = true;
        c->next = i + 1;
        if (!(c->poll[i].revents & (POLLIN | POLLHUP | POLLERR)) && !slot->channel.news) continue;
        C4_TRY(c4_channel_read(&slot->channel, &open));
        while (c4_channel_next(&slot->channel, &message)) C4_TRY(on_message(c, slot, &message));
        if (!open) C4_TRY(on_death(c, slot));
    }
    return c->work.watch ? c->work.watch(c->work.context) : C4_OK;
}

enum c4_status c4_coordinator_pump(struct c4_coordinator *c, int wait_ms) {
    return c4_coordinator_end_batch(c, pump(c, wait_ms));
}

enum c4_status c4_coordinator_await_ready(struct c4_coordinator *c) {
    for (;;) {
        bool ready = true;
        for (int i = 0; i < c->work.workers; i++) ready = ready && c->slot[i].is_ready;
        if (ready) return C4_OK;
        C4_TRY(c4_coordinator_pump(c, C4_POLL_MS));
    }
}

/* Starts the workers and waits until all are ready. */
static enum c4_status start_all(struct c4_coordinator *c) {
    for (int i = 0; i < c->work.workers; i++) C4_TRY(c4_coordinator_start_worker(c, &c->slot[i]));
    return c4_coordinator_await_ready(c);
}

enum c4_status c4_coordinator_open(const struct c4_work *work, struct c4_coordinator **out) {
    *out = NULL;
    struct c4_coordinator *c = calloc(1, sizeof *c);
    const int all = work->workers + (work->ranks ? c4_ranks_places(work->ranks) : 0);
    const size_t workers = (size_t)all;
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    if (!c) return c4_fail(C4_ERR_MEMORY, "out of memory for a coordinator");
    sigaction(SIGPIPE, &ignore, &c->old_pipe);
    c->work = *work;
    c->own_workers = work->workers;
    c->work.workers = all;
    c->speeds = (struct c4_team_speeds){.of_ideal = {1}};
    c4_memory_kills("", &c->kills);
    c->slot = calloc(workers, sizeof *c->slot);
    c->poll = calloc(workers, sizeof *c->poll);
    c->where = calloc(workers, sizeof *c->where);
    c->may_lead = calloc(workers * C4_TEAM_SIZES, sizeof *c->may_lead);
    if (!c->slot || !c->poll || !c->where || !c->may_lead) {
        c->work.workers = 0;
        c4_coordinator_close(c);
        return c4_fail(C4_ERR_MEMORY, "out of memory for %d workers", all);
    }
    c4_coordinator_fill_slots(c);
    c4_worker_allow(work->workers);
    enum c4_status status = c4_scheduler_teams(c->where, all, c->may_lead);
    if (status == C4_OK) status = start_all(c);
    if (status != C4_OK) {
        c4_coordinator_close(c);
        return status;
    }
    *out = c;
    return C4_OK;
}

void c4_coordinator_close(struct c4_coordinator *c) {
    struct c4_worker_end end;
    if (!c) return;
    for (int i = 0; i < c->work.workers; i++) c4_channel_dismiss(&c->slot[i].channel);
    /* One time for all, however many they are. */
    int64_t start_ns = c4_clock_ns();
    for (int i = 0; i < c->work.workers; i++) {
        double waited = 1e-9 * (double)(c4_clock_ns() - start_ns);
        c4_channel_reap(&c->slot[i].channel, fmax(C4_PATIENCE_SECONDS - waited, 0), &end);
    }
    sigaction(SIGPIPE, &c->old_pipe, NULL);
    free(c->in_time);
    free(c->attempts);
    free(c->first_seconds);
    free(c->first_done);
    free(c->may_lead);
    free(c->where);
    free(c->poll);
    free(c->slot);
    free(c);
}
