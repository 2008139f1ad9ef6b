#include "repro/ranks/rank_messages.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/op/conv4.h"
#include "core/similarity/similarity.h"

enum c4_status c4_rank_send(struct c4_transport *transport, int rank, enum c4_rank_tag tag,
                            const struct c4_message_part *parts, int count) {
    size_t size_bytes = 0;
    for (int i = 0; i < count; i++) size_bytes += parts[i].size_bytes;
    unsigned char *bytes = malloc(size_bytes + 1), *at = bytes;
    if (!bytes) return c4_fail(C4_ERR_MEMORY, "out of memory for a message to rank %d", rank);
    for (int i = 0; i < count; i++) {
        if (parts[i].size_bytes > 0) memcpy(at, parts[i].bytes, parts[i].size_bytes);
        at += parts[i].size_bytes;
    }
    return transport->send(transport, rank, (int)tag, bytes, size_bytes)
               ? C4_OK
               : c4_fail(C4_ERR_FAILED, "cannot send to rank %d: %s", rank, transport->why);
}

enum c4_status c4_rank_receive(struct c4_transport *transport, struct c4_transport_message *message,
                               bool *got) {
    return transport->receive(transport, message, got)
               ? C4_OK
               : c4_fail(C4_ERR_FAILED, "cannot receive from other ranks: %s", transport->why);
}

void c4_rank_build_of_this(struct c4_rank_build *build) {
    memset(build, 0, sizeof *build);
    snprintf(build->version, sizeof build->version, "%s", C4_VERSION);
    build->arithmetic = C4_ARITHMETIC;
    build->similarity = C4_SIMILARITY_VERSION;
    build->setup_bytes = sizeof(struct c4_worker_setup);
    build->segment_bytes = sizeof(struct c4_segment_order);
}

enum c4_status c4_rank_runs_hash(const struct c4_schedule *schedule, char hex[C4_SHA256_HEX_SIZE]) {
    struct c4_sha256 hash = {0};
    enum c4_status status = c4_sha256_init(&hash);
    for (int i = 0; status == C4_OK && i < schedule->count; i++) {
        const char *key = schedule->run[i].key;
        status = c4_sha256_update(&hash, key, strlen(key) + 1);
    }
    if (status == C4_OK) status = c4_sha256_final(&hash, hex);
    c4_sha256_free(&hash);
    return status;
}
