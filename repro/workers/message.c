#include "repro/workers/message.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/file/file.h"

struct header {
    uint32_t kind, size_bytes;
};

enum { READ_BYTES = 65536 };

enum c4_status c4_message_write(int descriptor, enum c4_message_kind kind,
                                const struct c4_message_part *parts, int count) {
    struct header header = {.kind = (uint32_t)kind};
    for (int i = 0; i < count; i++) header.size_bytes += (uint32_t)parts[i].size_bytes;
    C4_TRY(c4_file_write_all(descriptor, "pipe", &header, sizeof header));
    for (int i = 0; i < count; i++)
        C4_TRY(c4_file_write_all(descriptor, "pipe", parts[i].bytes, parts[i].size_bytes));
    return C4_OK;
}

enum c4_status c4_inbox_read(struct c4_inbox *inbox, int descriptor, bool *open) {
    if (inbox->capacity - inbox->used < READ_BYTES) {
        size_t capacity = 2 * inbox->capacity + READ_BYTES;
        unsigned char *moved = realloc(inbox->bytes, capacity);
        if (!moved) return c4_fail(C4_ERR_MEMORY, "out of memory for messages");
        inbox->bytes = moved;
        inbox->capacity = capacity;
    }
    ssize_t got;
    do got = read(descriptor, inbox->bytes + inbox->used, READ_BYTES);
    while (got < 0 && errno == EINTR);
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return C4_OK;
    *open = got > 0;
    if (got > 0) inbox->used += (size_t)got;
    return C4_OK;
}

bool c4_inbox_next(struct c4_inbox *inbox, size_t *taken, struct c4_message *message) {
    if (*taken > 0) {
        memmove(inbox->bytes, inbox->bytes + *taken, inbox->used - *taken);
        inbox->used -= *taken;
        *taken = 0;
    }
    struct header header;
    if (inbox->used < sizeof header) return false;
    memcpy(&header, inbox->bytes, sizeof header);
    size_t whole = sizeof header + header.size_bytes;
    if (inbox->used < whole) return false;
    *message = (struct c4_message){.kind = (enum c4_message_kind)header.kind,
                                   .payload = inbox->bytes + sizeof header,
                                   .size_bytes = header.size_bytes};
    *taken = whole;
    return true;
}

void c4_inbox_free(struct c4_inbox *inbox) {
    free(inbox->bytes);
    *inbox = (struct c4_inbox){0};
}
