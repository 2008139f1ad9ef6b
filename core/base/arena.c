#define _DEFAULT_SOURCE /* madvise */
#include "core/base/arena.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { PAGE_BYTES = 2 << 20, PART_BYTES = 64 };

struct c4_arena {
    unsigned char *block;
    size_t bytes, used;
};

static size_t round_up(size_t bytes, size_t unit) {
    return (bytes + unit - 1) / unit * unit;
}

enum c4_status c4_arena_make(size_t bytes, const char *what, struct c4_arena **out) {
    struct c4_arena *arena = malloc(sizeof *arena);
    size_t rounded = round_up(bytes > 0 ? bytes : 1, PAGE_BYTES);
    unsigned char *block = rounded >= bytes ? aligned_alloc(PAGE_BYTES, rounded) : NULL;
    if (!arena || !block) {
        free(arena);
        free(block);
        return c4_fail(C4_ERR_MEMORY, "out of memory: %s needs %zu bytes", what, bytes);
    }
#ifdef MADV_HUGEPAGE
    madvise(block, rounded, MADV_HUGEPAGE); /* a hint; without huge pages only speed suffers */
#endif
    memset(block, 0, rounded);
    *arena = (struct c4_arena){block, rounded, 0};
    *out = arena;
    return C4_OK;
}

void c4_arena_free(struct c4_arena *arena) {
    if (!arena) return;
    free(arena->block);
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
