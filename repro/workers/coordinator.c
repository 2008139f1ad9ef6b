#include "repro/workers/coordinator.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "core/host/clock.h"
#include "repro/workers/coordinator_slots.h"
#include "repro/workers/places.h"

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
    const int worker = (int)(slot - c->slot) + 1, bound = found->memory_bound;
    if (bound < 0 || c->said_memory) return C4_OK;
    c->said_memory = found->memory_node != bound || found->images_node != bound;
    if (found->memory_node < 0 || found->images_node < 0)
        return c4_coordinator_say(
            c,
            "worker %d: its memory is bound to NUMA node %d; not all of it can be looked up there",
            worker, bound);
    if (found->memory_node != bound)
        return c4_coordinator_say(
            c, "worker %d: its memory is bound to NUMA node %d, and is not found there", worker,
            bound);
    if (found->images_node != bound)
        return c4_coordinator_say(c, "worker %d: its images are not on its NUMA node %d", worker,
                                  bound);
    return C4_OK;
}

enum c4_status c4_coordinator_say_place(struct c4_coordinator *c, struct c4_worker_slot *slot,
                                        const struct c4_worker_ready *found) {
    C4_TRY(check_memory(c, slot, found));
    if (strcmp(found->reason, slot->reason) == 0) return C4_OK;
    memcpy(slot->reason, found->reason, sizeof slot->reason);
    int number = (int)(slot - c->slot) + 1;
    if (!found->reason[0])
        return c4_coordinator_say(c, "worker %d is bound to its place again", number);
    return c4_coordinator_say(c, "worker %d is not bound to its place: %s", number, found->reason);
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
    for (int i = 0; i < c->work.workers; i++) bound += c->slot[i].ready.bound != 0;
    return bound;
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
static enum c4_status on_lost_run(struct c4_coordinator *c, int run, int worker, const char *how) {
    if (++c->attempts[run] < C4_ATTEMPTS) {
        c->state->state[run] = C4_RUN_PLANNED;
        return c4_coordinator_say(
            c, "worker %d %s during run %s; the run goes on from its last checkpoint", worker, how,
            c->work.schedule->run[run].key);
    }
    struct c4_text why = {0};
    enum c4_status status = c4_text_add(&why, "its worker %s, twice in the same segment", how);
    if (status == C4_OK) status = c4_coordinator_give_up(c, run, c4_text_string(&why));
    c4_text_free(&why);
    return status;
}

/* Signal 9 says nothing by itself: most often the system is out of memory. */
static enum c4_status say_cause(struct c4_coordinator *c, int worker, const char *how) {
    char why[256];
    if (!strstr(how, "signal 9 ")) return C4_OK;
    c4_memory_explain_kill("", &c->kills, why, sizeof why);
    c4_memory_kills("", &c->kills);
    return why[0] ? c4_coordinator_say(c, "worker %d: %s", worker, why) : C4_OK;
}

/* The worker's pipe is closed, so it has died. Starts another one in its slot; its run goes back to
 * the planned ones. */
static enum c4_status on_death(struct c4_coordinator *c, struct c4_worker_slot *slot) {
    char how[96];
    int run = slot->run, number = (int)(slot - c->slot) + 1;
    if (c4_coordinator_stop_worker(slot, how, sizeof how) == C4_WORKER_NOT_STARTED)
        return c4_fail(C4_ERR_ENVIRONMENT,
                       "cannot start a worker: neither /proc/self/exe nor the program's file can "
                       "be executed; mount /proc");
    leave(c, slot);
    C4_TRY(say_cause(c, number, how));
    /* A worker that was there for a while is not one that cannot be started. */
    double there_seconds = 1e-9 * (double)(c4_clock_ns() - slot->ready_ns);
    if (slot->is_ready && there_seconds > C4_STEADY_SECONDS) slot->losses = 0;
    if (++slot->losses > C4_ATTEMPTS && (run < 0 || !slot->has_begun))
        return c4_fail(C4_ERR_FAILED, "worker %d %s, again and again", number, how);
    if (slot->is_asked && !slot->has_speed)
        C4_TRY(c4_coordinator_say(c, "worker %d %s while it measured its speed; all measure again",
                                  number, how));
    if (run >= 0 && slot->has_begun) C4_TRY(on_lost_run(c, run, number, how));
    /* It was gone before it got the segment: that does not speak against the run. */
    if (run >= 0 && !slot->has_begun) c->state->state[run] = C4_RUN_PLANNED;
    return c4_coordinator_start_worker(c, slot);
}

/* After this time the others wait for the next call, which begins with them. */
static bool is_late(const struct c4_coordinator *c, int64_t start_ns) {
    return c4_clock_ns() - start_ns > C4_POLL_MS * INT64_C(1000000) && c->storing;
}

static enum c4_status pump(struct c4_coordinator *c, int wait_ms) {
    int slots = c->work.workers;
    for (int i = 0; i < slots; i++)
        c->poll[i] = (struct pollfd){.fd = c->slot[i].process.from, .events = POLLIN};
    if (poll(c->poll, (nfds_t)slots, wait_ms) < 0 && errno != EINTR)
        return c4_fail(C4_ERR_FAILED, "cannot wait for workers: %s", strerror(errno));
    const int first = c->next;
    const int64_t start_ns = c4_clock_ns();
    for (int k = 0; k < slots && !is_late(c, start_ns); k++) {
        const int i = (first + k) % slots;
        struct c4_worker_slot *slot = &c->slot[i];
        struct c4_message message;
        bool open = true;
        c->next = i + 1;
        if (!(c->poll[i].revents & (POLLIN | POLLHUP | POLLERR))) continue;
        C4_TRY(c4_inbox_read(&slot->process.inbox, slot->process.from, &open));
        while (c4_inbox_next(&slot->process.inbox, &slot->process.taken, &message))
            C4_TRY(on_message(c, slot, &message));
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

/* Each worker has two pipes, of which one end each is open here. What the system does not allow is
 * said by the start of the worker that it meets. */
static void allow_descriptors(int workers) {
    struct rlimit limit;
    rlim_t needed = 64 + 2 * (rlim_t)workers;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= needed) return;
    limit.rlim_cur =
        limit.rlim_max == RLIM_INFINITY || limit.rlim_max > needed ? needed : limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

enum c4_status c4_coordinator_open(const struct c4_work *work, struct c4_coordinator **out) {
    *out = NULL;
    struct c4_coordinator *c = calloc(1, sizeof *c);
    size_t workers = (size_t)work->workers;
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    if (!c) return c4_fail(C4_ERR_MEMORY, "out of memory for a coordinator");
    sigaction(SIGPIPE, &ignore, &c->old_pipe);
    c->work = *work;
    c->speeds = (struct c4_team_speeds){.of_ideal = {1}};
    c4_memory_kills("", &c->kills);
    c->slot = calloc(workers, sizeof *c->slot);
    c->poll = calloc(workers, sizeof *c->poll);
    c->where = calloc(workers, sizeof *c->where);
    c->may_lead = calloc(workers * C4_TEAM_SIZES, sizeof *c->may_lead);
    if (!c->slot || !c->poll || !c->where || !c->may_lead) {
        c->work.workers = 0;
        c4_coordinator_close(c);
        return c4_fail(C4_ERR_MEMORY, "out of memory for %d workers", work->workers);
    }
    for (int i = 0; i < work->workers; i++) {
        c->slot[i].run = c->slot[i].stored = -1;
        c->slot[i].leader = i;
        c->slot[i].process = (struct c4_worker_process){.to = -1, .from = -1};
    }
    c4_places_fill(work->topology, work->placement, 0, work->workers, c->where);
    allow_descriptors(work->workers);
    enum c4_status status = c4_scheduler_teams(c->where, work->workers, c->may_lead);
    if (status == C4_OK) status = start_all(c);
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
    for (int i = 0; i < c->work.workers; i++) c4_worker_dismiss(&c->slot[i].process);
    for (int i = 0; i < c->work.workers; i++)
        c4_worker_reap(&c->slot[i].process, C4_PATIENCE_SECONDS, how, sizeof how);
    sigaction(SIGPIPE, &c->old_pipe, NULL);
    free(c->attempts);
    free(c->first_seconds);
    free(c->first_done);
    free(c->may_lead);
    free(c->where);
    free(c->poll);
    free(c->slot);
    free(c);
}
