#include "core/data/pickle_machine.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { VALUES_MOST = 1 << 20, NO_MEMO = UINT32_MAX, TEXT_MOST = 32 };
enum { PROTO = 0x80, PROTOCOL_MOST = 3 };

struct machine {
    const char *path;
    const unsigned char *bytes;
    size_t size, at;
    struct c4_pickle *pickle;
    struct c4_pickle_value stack, memo; /* items are used */
    bool no_memory;
};

/* Appends an item; false if out of memory. */
static bool push_item(struct machine *m, struct c4_pickle_value *list, uint32_t item) {
    if (list->count == list->room) {
        uint32_t room = list->room > 0 ? 2 * list->room : 16;
        uint32_t *items = realloc(list->items, room * sizeof *items);
        if (items == NULL) {
            m->no_memory = true;
            return false;
        }
        list->items = items;
        list->room = room;
    }
    list->items[list->count++] = item;
    return true;
}

/* A new value on the stack; NULL if there is no room. The pointer is valid until the next push. */
static struct c4_pickle_value *push(struct machine *m, enum c4_pickle_kind kind) {
    struct c4_pickle *p = m->pickle;
    if (p->count == VALUES_MOST) return NULL;
    if (p->count == p->room) {
        uint32_t room = p->room > 0 ? 2 * p->room : 1024;
        struct c4_pickle_value *value = realloc(p->value, room * sizeof *value);
        if (value == NULL) {
            m->no_memory = true;
            return NULL;
        }
        p->value = value;
        p->room = room;
    }
    p->value[p->count] = (struct c4_pickle_value){.kind = kind};
    if (!push_item(m, &m->stack, p->count)) return NULL;
    return &p->value[p->count++];
}

static bool push_integer(struct machine *m, int64_t integer) {
    struct c4_pickle_value *value = push(m, C4_PICKLE_INTEGER);
    if (value != NULL) value->integer = integer;
    return value != NULL;
}

/* The program's next `size` bytes as a little-endian number. */
static bool number(struct machine *m, size_t size, uint64_t *result) {
    if (m->size - m->at < size) return false;
    *result = 0;
    for (size_t i = 0; i < size; i++) *result |= (uint64_t)m->bytes[m->at + i] << 8 * i;
    m->at += size;
    return true;
}

static bool push_number(struct machine *m, size_t size, bool is_signed) {
    uint64_t value;
    if (!number(m, size, &value)) return false;
    return push_integer(m, is_signed ? (int64_t)(int32_t)(uint32_t)value : (int64_t)value);
}

/* A string preceded by its length in `size` bytes. */
static bool push_string(struct machine *m, size_t size) {
    uint64_t length;
    if (!number(m, size, &length) || length > m->size - m->at) return false;
    struct c4_pickle_value *value = push(m, C4_PICKLE_BYTES);
    if (value == NULL) return false;
    value->bytes = m->bytes + m->at;
    value->size_bytes = (size_t)length;
    m->at += (size_t)length;
    return true;
}

/* The program's text up to the end of the line, which is skipped. */
static bool line(struct machine *m, const unsigned char **text, size_t *length) {
    const unsigned char *start = m->bytes + m->at;
    const unsigned char *stop = memchr(start, '\n', m->size - m->at);
    if (stop == NULL) return false;
    *text = start;
    *length = (size_t)(stop - start);
    m->at += *length + 1;
    return true;
}

static bool push_text_integer(struct machine *m) {
    const unsigned char *text;
    char copy[TEXT_MOST];
    size_t length;
    if (!line(m, &text, &length) || length == 0 || length >= sizeof copy) return false;
    memcpy(copy, text, length);
    copy[length] = '\0';
    char *end;
    long long value = strtoll(copy, &end, 10);
    return *end == '\0' && push_integer(m, value);
}

/* "module\nname\n", kept as it is, without the last newline. */
static bool push_global(struct machine *m) {
    const unsigned char *module, *name;
    size_t module_length, name_length;
    if (!line(m, &module, &module_length) || !line(m, &name, &name_length)) return false;
    struct c4_pickle_value *value = push(m, C4_PICKLE_GLOBAL);
    if (value == NULL) return false;
    value->bytes = module;
    value->size_bytes = module_length + 1 + name_length;
    return true;
}

/* The value `depth` below the top of the stack, or NULL. */
static struct c4_pickle_value *below(struct machine *m, uint32_t depth) {
    if (m->stack.count <= depth) return NULL;
    return &m->pickle->value[m->stack.items[m->stack.count - 1 - depth]];
}

/* The number of values above the last mark; false if there is no mark. */
static bool above_mark(struct machine *m, uint32_t *count) {
    *count = 0;
    while (*count < m->stack.count && below(m, *count)->kind != C4_PICKLE_MARK) ++*count;
    return *count < m->stack.count;
}

/* Moves the top `count` values into the container below them (and, if `marked`, below a mark). */
static bool move_into(struct machine *m, uint32_t count, bool marked, enum c4_pickle_kind kind) {
    struct c4_pickle_value *target = below(m, count + marked);
    if (target == NULL || target->kind != kind || (kind == C4_PICKLE_DICT && count % 2 != 0))
        return false;
    for (uint32_t i = 0; i < count; i++)
        if (!push_item(m, target, m->stack.items[m->stack.count - count + i])) return false;
    m->stack.count -= count + marked;
    return true;
}

/* Replaces the top `count` values (and, if `marked`, a mark) by a container of them. */
static bool gather(struct machine *m, uint32_t count, bool marked, enum c4_pickle_kind kind) {
    if (m->stack.count < count + marked || push(m, kind) == NULL) return false;
    struct c4_pickle_value *made = below(m, 0);
    uint32_t place = m->stack.items[m->stack.count - 1];
    uint32_t *first = &m->stack.items[m->stack.count - 1 - count];
    for (uint32_t i = 0; i < count; i++) {
        if (m->pickle->value[first[i]].kind == C4_PICKLE_MARK) return false;
        if (!push_item(m, made, first[i])) return false;
    }
    m->stack.count -= 1 + count + marked;
    return push_item(m, &m->stack, place);
}

static bool remember(struct machine *m, size_t size) {
    uint64_t place;
    if (!number(m, size, &place) || place >= VALUES_MOST || m->stack.count == 0) return false;
    while (m->memo.count <= place)
        if (!push_item(m, &m->memo, NO_MEMO)) return false;
    m->memo.items[place] = m->stack.items[m->stack.count - 1];
    return true;
}

static bool recall(struct machine *m, size_t size) {
    uint64_t place;
    if (!number(m, size, &place) || place >= m->memo.count || m->memo.items[place] == NO_MEMO)
        return false;
    return push_item(m, &m->stack, m->memo.items[place]);
}

/* Executes one instruction. False if it is unknown or does not fit the stack. */
static bool step(struct machine *m, unsigned char code) {
    uint64_t ignored;
    uint32_t count = 0;
    bool marked = strchr("teu", code) != NULL && code != '\0';
    if (marked && !above_mark(m, &count)) return false;
    switch (code) {
    case PROTO:
        return number(m, 1, &ignored);
    case '(':
        return push(m, C4_PICKLE_MARK) != NULL;
    case 'N':
        return push(m, C4_PICKLE_NONE) != NULL;
    case ']':
        return push(m, C4_PICKLE_LIST) != NULL;
    case '}':
        return push(m, C4_PICKLE_DICT) != NULL;
    case ')':
        return push(m, C4_PICKLE_TUPLE) != NULL;
    case 0x88:
    case 0x89: /* NEWTRUE, NEWFALSE */
        return push_integer(m, code == 0x88);
    case 'I':
        return push_text_integer(m);
    case 'K':
        return push_number(m, 1, false);
    case 'M':
        return push_number(m, 2, false);
    case 'J':
        return push_number(m, 4, true);
    case 'U':
    case 'C':
        return push_string(m, 1);
    case 'T':
    case 'X':
    case 'B':
        return push_string(m, 4);
    case 'c':
        return push_global(m);
    case 'q':
        return remember(m, 1);
    case 'r':
        return remember(m, 4);
    case 'h':
        return recall(m, 1);
    case 'j':
        return recall(m, 4);
    case 'a':
        return move_into(m, 1, false, C4_PICKLE_LIST);
    case 'e':
        return move_into(m, count, true, C4_PICKLE_LIST);
    case 's':
        return move_into(m, 2, false, C4_PICKLE_DICT);
    case 'u':
        return move_into(m, count, true, C4_PICKLE_DICT);
    case 't':
        return gather(m, count, true, C4_PICKLE_TUPLE);
    case 0x85:
    case 0x86:
    case 0x87: /* TUPLE1 to TUPLE3 */
        return gather(m, code - 0x84u, false, C4_PICKLE_TUPLE);
    case 'R': /* a call with arguments, stored but not made */
        return gather(m, 2, false, C4_PICKLE_OBJECT);
    case 'b': /* BUILD */
        return move_into(m, 1, false, C4_PICKLE_OBJECT);
    default:
        return false;
    }
}

enum c4_status c4_pickle_run(const char *path, const unsigned char *bytes, size_t size_bytes,
                             struct c4_pickle *pickle) {
    struct machine m = {.path = path, .bytes = bytes, .size = size_bytes, .pickle = pickle};
    *pickle = (struct c4_pickle){0};
    bool good = true, ended = false;
    size_t at = 0;
    while (good && !ended && m.at < size_bytes) {
        at = m.at;
        unsigned char code = bytes[m.at++];
        ended = code == '.';
        good = ended ? m.stack.count == 1 : step(&m, code);
    }
    if (good && ended) pickle->top = m.stack.items[0];
    free(m.stack.items);
    free(m.memo.items);
    if (m.no_memory) return c4_fail(C4_ERR_MEMORY, "%s: out of memory", path);
    if (good && ended) return C4_OK;
    if (size_bytes > 1 && bytes[0] == PROTO && bytes[1] > PROTOCOL_MOST)
        return c4_fail(C4_ERR_DATA,
                       "%s: a pickle of protocol %d, but only protocols 1 to %d are read; write it "
                       "with pickle.dump(..., protocol=%d)",
                       path, bytes[1], PROTOCOL_MOST, PROTOCOL_MOST);
    return c4_fail(C4_ERR_DATA,
                   "%s: not a pickle of CIFAR-10's python version, at offset %zu; the file is "
                   "damaged or of another kind",
                   path, at);
}

void c4_pickle_free(struct c4_pickle *pickle) {
    for (uint32_t i = 0; i < pickle->count; i++) free(pickle->value[i].items);
    free(pickle->value);
    *pickle = (struct c4_pickle){0};
}
