#define _GNU_SOURCE
#include "tests/faults/failing_malloc.h"

#include <errno.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

/* What really allocates: the sanitizer's functions, or else glibc's. */
#ifdef C4_FAILING_SANITIZED
#define REAL(name) __interceptor_##name
#else
#define REAL(name) __libc_##name
#endif
void *REAL(malloc)(size_t size);
void *REAL(calloc)(size_t count, size_t size);
void *REAL(realloc)(void *block, size_t size);
void *REAL(memalign)(size_t alignment, size_t size);
void REAL(free)(void *block);

static atomic_long counted, failing, blocks;
static atomic_bool counting, lasting;

void c4_failing_begin(long number, bool all_later) {
    atomic_store(&counted, 0);
    atomic_store(&failing, number);
    atomic_store(&lasting, all_later);
    atomic_store(&counting, true);
}

long c4_failing_end(void) {
    atomic_store(&counting, false);
    return atomic_load(&counted);
}

/* A sanitizer's strdup() and the like do not come through here, but free() does. */
long c4_failing_blocks(void) {
#ifdef C4_FAILING_SANITIZED
    return 0;
#else
    return atomic_load(&blocks);
#endif
}

static bool fails(void) {
    if (!atomic_load_explicit(&counting, memory_order_relaxed)) return false;
    long number = atomic_fetch_add(&counted, 1) + 1, first = atomic_load(&failing);
    if (first == 0 || number < first || (number > first && !atomic_load(&lasting))) return false;
    errno = ENOMEM;
    return true;
}

static void *noted(void *block) {
    if (block) atomic_fetch_add_explicit(&blocks, 1, memory_order_relaxed);
    return block;
}

void *malloc(size_t size) {
    return fails() ? NULL : noted(REAL(malloc)(size));
}

void *calloc(size_t count, size_t size) {
    return fails() ? NULL : noted(REAL(calloc)(count, size));
}

void *realloc(void *block, size_t size) {
    if (fails()) return NULL;
    void *moved = REAL(realloc)(block, size);
    if (!block) noted(moved);
    if (block && !moved && size == 0) atomic_fetch_sub(&blocks, 1);
    return moved;
}

void *memalign(size_t alignment, size_t size) {
    return fails() ? NULL : noted(REAL(memalign)(alignment, size));
}

void *aligned_alloc(size_t alignment, size_t size) {
    return memalign(alignment, size);
}

int posix_memalign(void **block, size_t alignment, size_t size) {
    void *made = memalign(alignment, size);
    if (made) *block = made;
    return made ? 0 : ENOMEM;
}

void *valloc(size_t size) {
    return memalign((size_t)sysconf(_SC_PAGESIZE), size);
}

void free(void *block) {
    if (block) atomic_fetch_sub_explicit(&blocks, 1, memory_order_relaxed);
    REAL(free)(block);
}
