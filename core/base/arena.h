/* One block of memory that is cut into parts and released as a whole. */
#ifndef C4_BASE_ARENA_H
#define C4_BASE_ARENA_H

#include <stddef.h>

#include "core/base/status.h"

struct c4_arena;

/* A block of at least `bytes` zeroes, aligned to 2 MB and, where the system has them, on pages of
 * that size: kernels with many streams would otherwise miss the TLB. C4_ERR_MEMORY names `what` the
 * block is for. Release with c4_arena_free(). */
enum c4_status c4_arena_make(size_t bytes, const char *what, struct c4_arena **arena);
void c4_arena_free(struct c4_arena *arena);

/* The next `bytes` of the block, 64-byte aligned. With arena NULL nothing is handed out: *used (may
 * be NULL with an arena) grows by what the part takes, so that one function both measures and lays
 * out. NULL also if the block is used up. */
void *c4_arena_take(struct c4_arena *arena, size_t bytes, size_t *used);

#endif
