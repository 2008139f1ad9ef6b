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

static struct header header_of(enum c4_message_kind kind, const struct c4_message_part *parts,
                               int count) {
    struct header header = {.kind = (uint32_t)kind};
    for (int i = 0; i < count; i++) header.size_bytes += (uint32_t)parts[i].size_bytes;
    return header;
}

enum c4_status c4_message_write(int descriptor, enum c4_message_kind kind,
                                const struct c4_message_part *parts, int count) {
    struct header header = header_of(kind, parts, count);
    C4_TRY(c4_file_write_all(descriptor, "pipe", &header, sizeof header));
    for (int i = 0; i < count; i++)
        C4_TRY(c4_file_write_all(descriptor, "pipe", parts[i].bytes, parts[i].size_bytes));
    return C4_OK;
}

/* Makes room for so many bytes more. */
static enum c4_status make_room(struct c4_inbox *inbox, size_t size_bytes) {
    if (inbox->capacity - inbox->used >= size_bytes) return C4_OK;
    size_t capacity = 2 * inbox->capacity + size_bytes;
    unsigned char *moved = realloc(inbox->bytes, capacity);
    if (!moved) return c4_fail(C4_ERR_MEMORY, "out of memory for messages");
    inbox->bytes = moved;
    inbox->capacity = capacity;
    return C4_OK;
}

enum c4_status c4_inbox_add(struct c4_inbox *inbox, const void *bytes, size_t size_bytes) {
    C4_TRY(make_room(inbox, size_bytes));
    if (size_bytes > 0) memcpy(inbox->bytes + inbox->used, bytes, size_bytes);
    inbox->used += size_bytes;
    return C4_OK;
}

enum c4_status c4_inbox_add_message(struct c4_inbox *inbox, enum c4_message_kind kind,
                                    const struct c4_message_part *parts, int count) {
    struct header header = header_of(kind, parts, count);
    C4_TRY(make_room(inbox, sizeof header + header.size_bytes));
    C4_TRY(c4_inbox_add(inbox, &header, sizeof header));
    for (int i = 0; i < count; i++)
        C4_TRY(c4_inbox_add(inbox, parts[i].bytes, parts[i].size_bytes));
    return C4_OK;
}

enum c4_status c4_inbox_read(struct c4_inbox *inbox, int descriptor, bool *open) {
    C4_TRY(make_room(inbox, READ_BYTES));
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
