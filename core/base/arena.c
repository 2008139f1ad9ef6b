#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */
#include "core/base/arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "core/base/huge_pages.h"

enum { PAGE_BYTES = C4_HUGE_PAGE_BYTES, PART_BYTES = 64 };

struct c4_arena {
    unsigned char *block;
    size_t bytes, used;
};

static size_t round_up(size_t bytes, size_t unit) {
    return (bytes + unit - 1) / unit * unit;
}

/* Fresh pages of the system, which are zero without having been written: a part that is never used
 * takes no memory. The mapping is made a page too large and cut to a multiple of a page. */
static unsigned char *map(size_t bytes) {
    const size_t room = bytes + PAGE_BYTES;
    if (room < bytes) return NULL;
    unsigned char *first =
        mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (first == MAP_FAILED) return NULL;
    const size_t before = (PAGE_BYTES - (uintptr_t)first % PAGE_BYTES) % PAGE_BYTES;
    if (before > 0) munmap(first, before);
    munmap(first + before + bytes, PAGE_BYTES - before);
    return first + before;
}

enum c4_status c4_arena_make(size_t bytes, const char *what, struct c4_arena **out) {
    struct c4_arena *arena = malloc(sizeof *arena);
    size_t rounded = round_up(bytes > 0 ? bytes : 1, PAGE_BYTES);
    unsigned char *block = arena && rounded >= bytes ? map(rounded) : NULL;
    if (!block) {
        free(arena);
        return c4_fail(C4_ERR_MEMORY, "out of memory: %s needs %zu bytes", what, bytes);
    }
    c4_prefer_huge_pages(block, rounded);
    *arena = (struct c4_arena){block, rounded, 0};
    *out = arena;
    return C4_OK;
}

void c4_arena_free(struct c4_arena *arena) {
    if (!arena) return;
    munmap(arena->block, arena->bytes);
    free(arena);
}

void *c4_arena_take(struct c4_arena *arena, size_t bytes, size_t *used) {
    size_t part = round_up(bytes, PART_BYTES);
    if (used) *used += part;
    if (!arena || part > arena->bytes - arena->used) return NULL;
    void *at = arena->block + arena->used;
    arena->used += part;
    return at;
}

size_t c4_arena_used_bytes(const struct c4_arena *arena) {
    return arena->used;
}
