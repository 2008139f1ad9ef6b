#include "repro/ranks/channel.h"

#include <stdio.h>

#include "repro/ranks/ranks.h"

void c4_channel_local(struct c4_channel *channel) {
    *channel = (struct c4_channel){.process = {.to = -1, .from = -1}};
}

void c4_channel_remote(struct c4_channel *channel, struct c4_ranks *ranks, int rank, int number) {
    c4_channel_local(channel);
    channel->ranks = ranks;
    channel->rank = rank;
    channel->number = number;
}

enum c4_status c4_channel_start(struct c4_channel *channel, const int *pu, int count) {
    if (!channel->ranks) return c4_worker_start(&channel->process, pu, count);
    channel->news = channel->closed = false;
    c4_ranks_connect(channel->ranks, channel->rank, channel->number, channel);
    return c4_ranks_start_worker(channel->ranks, channel->rank, channel->number, pu, count);
}

enum c4_status c4_channel_write(struct c4_channel *channel, enum c4_message_kind kind,
                                const struct c4_message_part *parts, int count) {
    if (!channel->ranks) {
        c4_message_write(channel->process.to, kind, parts, count);
        return C4_OK;
    }
    return c4_ranks_write(channel->ranks, channel->rank, channel->number, kind, parts, count);
}

int c4_channel_descriptor(const struct c4_channel *channel) {
    return channel->process.from;
}

enum c4_status c4_channel_read(struct c4_channel *channel, bool *open) {
    if (!channel->ranks) return c4_inbox_read(&channel->process.inbox, channel->process.from, open);
    channel->news = false;
    *open = !channel->closed;
    return C4_OK;
}

bool c4_channel_next(struct c4_channel *channel, struct c4_message *message) {
    return c4_inbox_next(&channel->process.inbox, &channel->process.taken, message);
}

enum c4_status c4_channel_deliver(struct c4_channel *channel, const unsigned char *bytes,
                                  size_t size_bytes) {
    channel->news = true;
    return c4_inbox_add(&channel->process.inbox, bytes, size_bytes);
}

void c4_channel_end(struct c4_channel *channel, const struct c4_worker_end *end) {
    channel->news = channel->closed = true;
    channel->end = *end;
}

void c4_channel_dismiss(struct c4_channel *channel) {
    c4_worker_dismiss(&channel->process);
    if (channel->ranks) c4_ranks_connect(channel->ranks, channel->rank, channel->number, NULL);
}

void c4_channel_reap(struct c4_channel *channel, double patience_seconds,
                     struct c4_worker_end *end) {
    if (channel->ranks)
        *end = channel->end;
    else
        c4_worker_reap(&channel->process, patience_seconds, end);
}
