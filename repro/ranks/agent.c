#include "repro/ranks/agent.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/host/clock.h"
#include "repro/planning/places.h"
#include "repro/ranks/agent_parts.h"
#include "repro/ranks/ranks.h"
#include "repro/store/lock.h"

enum c4_status c4_agent_open(struct c4_transport *transport, enum c4_status (*watch)(void *context),
                             void *context, struct c4_agent **out) {
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    struct c4_agent *agent = calloc(1, sizeof *agent);
    *out = agent;
    if (!agent) return c4_fail(C4_ERR_MEMORY, "out of memory for an agent");
    agent->transport = transport;
    agent->watch = watch;
    agent->context = context;
    agent->folder.descriptor = -1;
    agent->heard_ns = agent->stepped_ns = c4_clock_ns();
    c4_lock_host(agent->host, sizeof agent->host);
    c4_memory_kills("", &agent->kills);
    sigaction(SIGPIPE, &ignore, &agent->old_pipe);
    return C4_OK;
}

enum c4_status c4_agent_say(struct c4_agent *agent, enum c4_rank_tag tag, enum c4_status status,
                            const char *sentence) {
    const int code = status;
    const struct c4_message_part parts[] = {{&code, sizeof code},
                                            {agent->host, strlen(agent->host) + 1},
                                            {sentence, strlen(sentence) + 1}};
    int skipped = tag == C4_RANK_NOTE;
    return c4_rank_send(agent->transport, 0, tag, parts + skipped, 3 - skipped);
}

enum c4_status c4_agent_note(struct c4_agent *agent, const char *sentence) {
    return c4_agent_say(agent, C4_RANK_NOTE, C4_OK, sentence);
}

void c4_agent_fail(struct c4_agent *agent, enum c4_status status) {
    if (agent->told || agent->ended) return;
    agent->told = true;
    agent->told_ns = c4_clock_ns();
    c4_agent_say(agent, C4_RANK_FAILED, status, c4_error());
}

bool c4_agent_ended(const struct c4_agent *agent) {
    return agent->ended;
}

enum c4_status c4_agent_check_ended(const struct c4_agent *agent) {
    return agent->ended ? c4_fail(C4_ERR_FAILED, "rank 0 has ended the study") : C4_OK;
}

static enum c4_status invalid(void) {
    return c4_fail(C4_ERR_FAILED, "invalid message from rank 0");
}

/* What of a worker's setup is of its machine: the rest is rank 0's. */
static enum c4_status localise(const struct c4_agent *agent, int number,
                               const struct c4_message *message, struct c4_worker_setup *setup) {
    const struct c4_work *work = agent->work;
    const struct c4_place *place = work->placement ? &work->placement->place[number] : NULL;
    if (message->size_bytes != sizeof *setup) return invalid();
    memcpy(setup, message->payload, sizeof *setup);
    setup->images = work->images;
    setup->images_descriptor = c4_node_images_of(work->node_images, place, work->images_descriptor);
    setup->references = *c4_node_references_of(work->node_references, place, &work->references);
    snprintf(setup->backend, sizeof setup->backend, "%s", work->runner->backend);
    if (!setup->folder[0]) return C4_OK;
    snprintf(setup->folder, sizeof setup->folder, "%s", c4_text_string(&agent->folder.path));
    return c4_folder_identify(&agent->folder, &setup->folder_identity);
}

/* A worker that has died meanwhile is noticed when its pipe is read. */
static enum c4_status pass_down(struct c4_agent *agent, int number, struct c4_inbox *frame) {
    struct c4_worker_process *worker = &agent->worker[number];
    struct c4_message message;
    size_t taken = 0;
    if (!c4_inbox_next(frame, &taken, &message) || taken != frame->used) return invalid();
    struct c4_message_part part = {message.payload, message.size_bytes};
    if (worker->to < 0) return C4_OK;
    if (message.kind != C4_MESSAGE_SETUP) {
        c4_message_write(worker->to, message.kind, &part, 1);
        return C4_OK;
    }
    struct c4_worker_setup *setup = malloc(sizeof *setup);
    if (!setup) return c4_fail(C4_ERR_MEMORY, "out of memory for a worker's settings");
    enum c4_status status = localise(agent, number, &message, setup);
    part = (struct c4_message_part){setup, sizeof *setup};
    if (status == C4_OK) c4_message_write(worker->to, C4_MESSAGE_SETUP, &part, 1);
    free(setup);
    return status;
}

static enum c4_status start_worker(struct c4_agent *agent, const struct c4_rank_worker *worker,
                                   const unsigned char *bytes, size_t size_bytes) {
    int pu[C4_PLACE_PUS_MAX];
    if (worker->count < 0 || worker->count > C4_PLACE_PUS_MAX ||
        size_bytes != (size_t)worker->count * sizeof *pu)
        return invalid();
    memcpy(pu, bytes, size_bytes);
    c4_worker_dismiss(&agent->worker[worker->number]);
    return c4_worker_start(&agent->worker[worker->number], pu, worker->count);
}

/* START and FRAME. */
static enum c4_status on_worker(struct c4_agent *agent,
                                const struct c4_transport_message *message) {
    struct c4_rank_worker worker;
    if (!agent->work || message->size_bytes < sizeof worker) return invalid();
    memcpy(&worker, message->bytes, sizeof worker);
    if (worker.number < 0 || worker.number >= agent->work->workers) return invalid();
    size_t size_bytes = message->size_bytes - sizeof worker;
    unsigned char *bytes = message->bytes + sizeof worker;
    if (message->tag == C4_RANK_START) return start_worker(agent, &worker, bytes, size_bytes);
    struct c4_inbox frame = {.bytes = bytes, .used = size_bytes, .capacity = size_bytes};
    return pass_down(agent, worker.number, &frame);
}

/* Keeps a message that c4_agent_study() or c4_agent_folder() waits for. */
static enum c4_status keep(struct c4_transport_message *message, void **to) {
    if (*to) return invalid();
    *to = message->bytes;
    message->bytes = NULL;
    return C4_OK;
}

static enum c4_status on_message(struct c4_agent *agent, struct c4_transport_message *message) {
    switch (message->tag) {
    case C4_RANK_STUDY:
        if (message->size_bytes < sizeof *agent->build) return invalid();
        agent->study_bytes = message->size_bytes;
        return keep(message, (void **)&agent->build);
    case C4_RANK_FOLDER:
        if (message->size_bytes != sizeof *agent->shown) return invalid();
        return keep(message, (void **)&agent->shown);
    case C4_RANK_START:
    case C4_RANK_FRAME:
        return on_worker(agent, message);
    case C4_RANK_PING:
        return c4_rank_send(agent->transport, 0, C4_RANK_PING, NULL, 0);
    case C4_RANK_END:
        if (message->size_bytes != sizeof agent->exit_status) return invalid();
        memcpy(&agent->exit_status, message->bytes, sizeof agent->exit_status);
        agent->ended = true;
        return C4_OK;
    default:
        return invalid();
    }
}

/* Takes what is here; *any: something was. */
static enum c4_status receive_all(struct c4_agent *agent, bool *any) {
    for (bool got = true; got && !agent->ended;) {
        struct c4_transport_message message;
        C4_TRY(c4_rank_receive(agent->transport, &message, &got));
        if (!got) return C4_OK;
        *any = true;
        agent->heard_ns = c4_clock_ns();
        enum c4_status status = message.rank == 0 ? on_message(agent, &message) : invalid();
        free(message.bytes);
        C4_TRY(status);
    }
    return C4_OK;
}

/* Passes on what a worker has written, and its end. */
static enum c4_status pass_up(struct c4_agent *agent, int number) {
    struct c4_worker_process *worker = &agent->worker[number];
    const struct c4_rank_worker head = {.number = number};
    struct c4_worker_end end;
    bool open = true;
    C4_TRY(c4_inbox_read(&worker->inbox, worker->from, &open));
    const struct c4_message_part parts[] = {{&head, sizeof head},
                                            {worker->inbox.bytes, worker->inbox.used}};
    if (worker->inbox.used > 0) C4_TRY(c4_rank_send(agent->transport, 0, C4_RANK_BYTES, parts, 2));
    worker->inbox.used = 0;
    if (open) return C4_OK;
    c4_worker_dismiss(worker);
    c4_worker_reap(worker, C4_AGENT_PATIENCE_SECONDS, &end);
    c4_worker_explain(&end, &agent->kills);
    const struct c4_message_part ended[] = {{&head, sizeof head}, {&end, sizeof end}};
    return c4_rank_send(agent->transport, 0, C4_RANK_CLOSED, ended, 2);
}

static enum c4_status serve_workers(struct c4_agent *agent, int wait_ms) {
    int workers = agent->work ? agent->work->workers : 0;
    for (int i = 0; i < workers; i++)
        agent->poll[i] = (struct pollfd){.fd = agent->worker[i].from, .events = POLLIN};
    if (poll(agent->poll, (nfds_t)workers, wait_ms) < 0 && errno != EINTR)
        return c4_fail(C4_ERR_FAILED, "cannot wait for workers: %s", strerror(errno));
    for (int i = 0; i < workers; i++)
        if (agent->poll[i].revents & (POLLIN | POLLHUP | POLLERR)) C4_TRY(pass_up(agent, i));
    return C4_OK;
}

static double seconds_since(int64_t ns) {
    return 1e-9 * (double)(c4_clock_ns() - ns);
}

/* Rank 0 asks every ten seconds whether this rank is there. */
static enum c4_status check_rank_0(struct c4_agent *agent) {
    /* An agent that was itself stopped has heard nothing. */
    if (seconds_since(agent->stepped_ns) > 3 * C4_RANK_PING_SECONDS)
        agent->heard_ns = c4_clock_ns();
    agent->stepped_ns = c4_clock_ns();
    int most_seconds = agent->shown ? C4_RANK_SILENT_SECONDS : C4_RANK_LOAD_SECONDS;
    if (seconds_since(agent->heard_ns) <= most_seconds) return C4_OK;
    return c4_fail(C4_ERR_FAILED, "rank 0 has said nothing for %d minutes", most_seconds / 60);
}

enum c4_status c4_agent_step(struct c4_agent *agent, int wait_ms) {
    bool any = false;
    enum c4_status watched = agent->watch ? agent->watch(agent->context) : C4_OK;
    if (watched != C4_OK) c4_agent_fail(agent, watched);
    C4_TRY(receive_all(agent, &any));
    if (agent->ended) return C4_OK;
    C4_TRY(check_rank_0(agent));
    if (wait_ms > C4_AGENT_WAIT_MS) wait_ms = C4_AGENT_WAIT_MS;
    return serve_workers(agent, any ? 0 : wait_ms);
}

enum c4_status c4_agent_hello(struct c4_agent *agent, const struct c4_work *work) {
    size_t workers = (size_t)work->workers;
    agent->worker = calloc(workers, sizeof *agent->worker);
    agent->poll = calloc(workers, sizeof *agent->poll);
    struct c4_sched_place *where = calloc(workers, sizeof *where);
    struct c4_rank_place *place = calloc(workers, sizeof *place);
    struct c4_inbox message = {0};
    struct c4_rank_hello hello = {.widest = work->widest, .places = work->workers};
    snprintf(hello.host, sizeof hello.host, "%s", agent->host);
    snprintf(hello.backend, sizeof hello.backend, "%s", work->runner->backend);
    enum c4_status status = agent->worker && agent->poll && where && place
                                ? C4_OK
                                : c4_fail(C4_ERR_MEMORY, "out of memory for %zu workers", workers);
    if (status == C4_OK) c4_places_fill(work->topology, work->placement, 0, work->workers, where);
    for (size_t i = 0; status == C4_OK && i < workers; i++) {
        const struct c4_place *own = work->placement ? &work->placement->place[i] : NULL;
        agent->worker[i] = (struct c4_worker_process){.to = -1, .from = -1};
        place[i] = (struct c4_rank_place){.where = where[i],
                                          .threads = own ? own->threads : work->threads,
                                          .bind = !own              ? 0
                                                  : work->must_bind ? 2
                                                                    : 1};
        if (!own) continue;
        hello.pus += own->threads;
        status = c4_inbox_add(&message, own->pu, (size_t)own->threads * sizeof *own->pu);
    }
    const struct c4_message_part parts[] = {
        {&hello, sizeof hello}, {place, workers * sizeof *place}, {message.bytes, message.used}};
    if (status == C4_OK) {
        agent->work = work;
        c4_worker_allow(work->workers);
        status = c4_rank_send(agent->transport, 0, C4_RANK_HELLO, parts, 3);
    }
    c4_inbox_free(&message);
    free(place);
    free(where);
    return status;
}

/* Waits until rank 0 ends the study. It cannot be waited for without an end. */
static void await_end(struct c4_agent *agent) {
    while (!agent->ended) {
        enum c4_status status = c4_agent_step(agent, C4_AGENT_WAIT_MS);
        if (status != C4_OK) c4_agent_fail(agent, status);
        if (agent->ended) break;
        /* A step that failed has not waited. */
        if (status != C4_OK)
            nanosleep(&(struct timespec){.tv_nsec = C4_AGENT_WAIT_MS * 1000000}, NULL);
        if (agent->told && seconds_since(agent->told_ns) > C4_RANK_END_SECONDS) {
            fprintf(stderr, "conv4 repro: rank %d on host %s: %s; rank 0 does not answer\n",
                    agent->transport->rank, agent->host, c4_error());
            agent->transport->abort(agent->transport, c4_status_exit_code(C4_ERR_FAILED));
        }
    }
}

int c4_agent_close(struct c4_agent *agent) {
    int workers, exit_status;
    await_end(agent);
    exit_status = agent->exit_status;
    workers = agent->work ? agent->work->workers : 0;
    for (int i = 0; i < workers; i++) c4_worker_dismiss(&agent->worker[i]);
    /* One time for all, however many they are: rank 0 does not wait for long. */
    int64_t start_ns = c4_clock_ns();
    for (int i = 0; i < workers; i++) {
        struct c4_worker_end end;
        double left = C4_AGENT_PATIENCE_SECONDS - seconds_since(start_ns);
        c4_worker_reap(&agent->worker[i], left > 0 ? left : 0, &end);
    }
    if (c4_rank_send(agent->transport, 0, C4_RANK_BYE, NULL, 0) != C4_OK ||
        !agent->transport->finish(agent->transport))
        agent->transport->abort(agent->transport, exit_status > 0 ? exit_status : 1);
    sigaction(SIGPIPE, &agent->old_pipe, NULL);
    c4_folder_close(&agent->folder);
    free(agent->build);
    free(agent->shown);
    free(agent->worker);
    free(agent->poll);
    free(agent);
    return exit_status;
}
