#include "repro/ranks/ranks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/host/clock.h"
#include "repro/ranks/ranks_parts.h"
#include "repro/store/lock.h"

enum c4_status c4_ranks_open(struct c4_transport *transport, struct c4_ranks **out) {
    struct c4_ranks *ranks = calloc(1, sizeof *ranks);
    *out = NULL;
    if (ranks) ranks->rank = calloc((size_t)transport->size, sizeof *ranks->rank);
    if (!ranks || !ranks->rank) {
        free(ranks);
        return c4_fail(C4_ERR_MEMORY, "out of memory for %d ranks", transport->size);
    }
    ranks->transport = transport;
    ranks->widest = C4_TEAM_WIDEST;
    ranks->pinged_ns = c4_clock_ns();
    for (int i = 0; i < transport->size; i++) ranks->rank[i].heard_ns = ranks->pinged_ns;
    c4_lock_host(ranks->rank[0].host, sizeof ranks->rank[0].host);
    *out = ranks;
    return C4_OK;
}

static enum c4_status send_all(struct c4_ranks *ranks, enum c4_rank_tag tag,
                               const struct c4_message_part *parts, int count) {
    for (int i = 1; i < ranks->transport->size; i++)
        C4_TRY(c4_rank_send(ranks->transport, i, tag, parts, count));
    return C4_OK;
}

enum c4_status c4_ranks_begin(struct c4_ranks *ranks, const struct c4_rank_study *study) {
    struct c4_rank_build build;
    c4_rank_build_of_this(&build);
    const struct c4_message_part parts[] = {{&build, sizeof build}, {study, sizeof *study}};
    return send_all(ranks, C4_RANK_STUDY, parts, 2);
}

const char *c4_ranks_host(const struct c4_ranks *ranks, int rank) {
    return ranks->rank[rank].host;
}

void c4_ranks_connect(struct c4_ranks *ranks, int rank, int number, struct c4_channel *channel) {
    ranks->rank[rank].channel[number] = channel;
}

enum c4_status c4_ranks_start_worker(struct c4_ranks *ranks, int rank, int number, const int *pu,
                                     int count) {
    const struct c4_rank_worker worker = {number, count};
    const struct c4_message_part parts[] = {{&worker, sizeof worker},
                                            {pu, (size_t)count * sizeof *pu}};
    return c4_rank_send(ranks->transport, rank, C4_RANK_START, parts, 2);
}

enum c4_status c4_ranks_write(struct c4_ranks *ranks, int rank, int number,
                              enum c4_message_kind kind, const struct c4_message_part *parts,
                              int count) {
    const struct c4_rank_worker worker = {.number = number};
    struct c4_inbox frame = {0};
    enum c4_status status = c4_inbox_add_message(&frame, kind, parts, count);
    const struct c4_message_part both[] = {{&worker, sizeof worker}, {frame.bytes, frame.used}};
    if (status == C4_OK) status = c4_rank_send(ranks->transport, rank, C4_RANK_FRAME, both, 2);
    c4_inbox_free(&frame);
    return status;
}

static enum c4_status invalid(int rank) {
    return c4_fail(C4_ERR_FAILED, "invalid message from rank %d", rank);
}

/* NOTE and FAILED: the sentence behind the host's name. */
static enum c4_status on_sentence(struct c4_ranks *ranks, const struct c4_rank_caller *caller,
                                  const struct c4_transport_message *message) {
    int status = C4_OK;
    size_t skipped = message->tag == C4_RANK_FAILED ? sizeof status : 0;
    const char *host = (const char *)message->bytes + skipped;
    if (message->size_bytes < skipped + 2 || message->bytes[message->size_bytes - 1] != '\0')
        return invalid(message->rank);
    const char *sentence = host + strlen(host) + 1;
    if (sentence >= (const char *)message->bytes + message->size_bytes)
        return invalid(message->rank);
    memcpy(&status, message->bytes, skipped);
    if (message->tag == C4_RANK_FAILED)
        return c4_fail((enum c4_status)status, "rank %d on host %s: %s", message->rank, host,
                       sentence);
    struct c4_text said = {0};
    enum c4_status added =
        c4_text_add(&said, "rank %d on host %s: %s", message->rank, host, sentence);
    if (added == C4_OK && caller->report) caller->report(caller->context, c4_text_string(&said));
    (void)ranks;
    c4_text_free(&said);
    return added;
}

/* BYTES and CLOSED. */
static enum c4_status on_worker(struct c4_ranks *ranks,
                                const struct c4_transport_message *message) {
    const struct c4_rank_state *rank = &ranks->rank[message->rank];
    struct c4_rank_worker worker;
    struct c4_worker_end end;
    if (message->size_bytes < sizeof worker) return invalid(message->rank);
    memcpy(&worker, message->bytes, sizeof worker);
    size_t size_bytes = message->size_bytes - sizeof worker;
    const unsigned char *bytes = message->bytes + sizeof worker;
    if (worker.number < 0 || worker.number >= rank->places) return invalid(message->rank);
    struct c4_channel *channel = rank->channel[worker.number];
    if (!channel) return C4_OK; /* nobody wants to hear of that worker any more */
    if (message->tag == C4_RANK_BYTES) return c4_channel_deliver(channel, bytes, size_bytes);
    if (size_bytes != sizeof end) return invalid(message->rank);
    memcpy(&end, bytes, sizeof end);
    c4_channel_end(channel, &end);
    return C4_OK;
}

static enum c4_status on_message(struct c4_ranks *ranks, const struct c4_rank_caller *caller,
                                 const struct c4_transport_message *message) {
    struct c4_rank_state *rank = &ranks->rank[message->rank];
    rank->heard_ns = c4_clock_ns();
    switch (message->tag) {
    case C4_RANK_HELLO:
        return c4_ranks_welcome(ranks, message);
    case C4_RANK_BYTES:
    case C4_RANK_CLOSED:
        return on_worker(ranks, message);
    case C4_RANK_NOTE:
    case C4_RANK_FAILED:
        return on_sentence(ranks, caller, message);
    case C4_RANK_PING:
        return C4_OK;
    case C4_RANK_BYE:
        rank->gone = true;
        return C4_OK;
    default:
        return invalid(message->rank);
    }
}

/* Takes what is here. */
static enum c4_status receive_all(struct c4_ranks *ranks, const struct c4_rank_caller *caller,
                                  bool *any) {
    for (bool got = true; got;) {
        struct c4_transport_message message;
        C4_TRY(c4_rank_receive(ranks->transport, &message, &got));
        if (!got) return C4_OK;
        *any = true;
        enum c4_status status = on_message(ranks, caller, &message);
        free(message.bytes);
        C4_TRY(status);
    }
    return C4_OK;
}

/* A rank that is stuck would otherwise keep the study waiting for ever. */
static enum c4_status check_silence(struct c4_ranks *ranks) {
    int64_t now_ns = c4_clock_ns();
    if (now_ns - ranks->pinged_ns < C4_RANK_PING_SECONDS * INT64_C(1000000000)) return C4_OK;
    /* A rank 0 that was itself stopped has heard nobody. */
    bool stopped = now_ns - ranks->pinged_ns > 3 * C4_RANK_PING_SECONDS * INT64_C(1000000000);
    ranks->pinged_ns = now_ns;
    for (int i = 1; i < ranks->transport->size; i++) {
        struct c4_rank_state *rank = &ranks->rank[i];
        int most_seconds = rank->here ? C4_RANK_SILENT_SECONDS : C4_RANK_LOAD_SECONDS;
        if (stopped) rank->heard_ns = now_ns;
        if (1e-9 * (double)(now_ns - rank->heard_ns) > most_seconds)
            return c4_fail(C4_ERR_FAILED, "rank %d%s%s has said nothing for %d minutes", i,
                           rank->here ? " on host " : "", rank->host, most_seconds / 60);
    }
    return send_all(ranks, C4_RANK_PING, NULL, 0);
}

enum c4_status c4_ranks_pump(struct c4_ranks *ranks, const struct c4_rank_caller *caller,
                             bool *any) {
    *any = false;
    C4_TRY(receive_all(ranks, caller, any));
    return check_silence(ranks);
}

/* Whether all have said that they end. What else they say does not matter any more. */
static bool all_gone(struct c4_ranks *ranks) {
    bool gone = true, got = true;
    while (got) {
        struct c4_transport_message message;
        if (c4_rank_receive(ranks->transport, &message, &got) != C4_OK) return false;
        if (!got) break;
        if (message.tag == C4_RANK_BYE) ranks->rank[message.rank].gone = true;
        free(message.bytes);
    }
    for (int i = 1; i < ranks->transport->size; i++) gone = gone && ranks->rank[i].gone;
    return gone;
}

/* The launcher says only that all were aborted. */
static void say_why(const struct c4_ranks *ranks, bool sent, bool gone) {
    const char *tail = "; all ranks are aborted, and what was done is in the study's folder";
    if (!sent) fprintf(stderr, "conv4 repro: %s%s\n", c4_error(), tail);
    for (int i = 1; sent && !gone && i < ranks->transport->size; i++) {
        const struct c4_rank_state *rank = &ranks->rank[i];
        if (rank->gone) continue;
        fprintf(stderr, "conv4 repro: rank %d%s%s does not end%s\n", i,
                rank->here ? " on host " : "", rank->host, tail);
        return;
    }
    if (sent && gone)
        fprintf(stderr, "conv4 repro: the ranks do not end together: %s%s\n", ranks->transport->why,
                tail);
}

static void end_all(struct c4_ranks *ranks, int exit_status) {
    struct c4_transport *transport = ranks->transport;
    const struct c4_message_part part = {&exit_status, sizeof exit_status};
    int64_t start_ns = c4_clock_ns();
    bool gone = false, sent = send_all(ranks, C4_RANK_END, &part, 1) == C4_OK;
    while (sent && !gone && 1e-9 * (double)(c4_clock_ns() - start_ns) < C4_RANK_END_SECONDS) {
        gone = all_gone(ranks);
        if (!gone) nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
    }
    if (gone && transport->finish(transport)) return;
    say_why(ranks, sent, gone);
    transport->abort(transport, exit_status > 0 ? exit_status : 1);
}

void c4_ranks_close(struct c4_ranks *ranks, int exit_status) {
    if (!ranks) return;
    if (ranks->file.length > 0) unlink(c4_text_string(&ranks->file));
    end_all(ranks, exit_status);
    for (int i = 0; i < ranks->transport->size; i++) {
        free(ranks->rank[i].place);
        free(ranks->rank[i].pu);
        free(ranks->rank[i].channel);
    }
    c4_text_free(&ranks->file);
    free(ranks->rank);
    free(ranks);
}
