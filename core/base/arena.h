/* One block of memory that is cut into parts and released as a whole. */
#ifndef C4_BASE_ARENA_H
#define C4_BASE_ARENA_H

#include <stddef.h>

#include "core/base/status.h"

struct c4_arena;

/* Makes a block of at least `bytes` zero bytes, aligned to 2 MB and, where the system has them, on
 * pages of that size: kernels with many streams would otherwise miss the TLB. A page takes memory
 * once something is written to it. The sentence of C4_ERR_MEMORY names the purpose `what`. Release
 * with c4_arena_free(). */
enum c4_status c4_arena_make(size_t bytes, const char *what, struct c4_arena **arena);
void c4_arena_free(struct c4_arena *arena);

/* The next `bytes` of the block, 64-byte aligned, or NULL if they do not fit. *used (`used` may be
 * NULL) grows by what the part takes. With arena NULL that is all, and the result is NULL, so that
 * one function can both measure a layout and make it. */
void *c4_arena_take(struct c4_arena *arena, size_t bytes, size_t *used);

/* Bytes of all parts taken so far, each rounded up to 64. */
size_t c4_arena_used_bytes(const struct c4_arena *arena);

#endif
