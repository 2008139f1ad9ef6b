/* The memory is a file without a name: a table of slots, then the slots. Byte 0 is locked while the
 * table is read or changed, byte 1 + i while slot i is made (exclusively) or read (shared). These
 * locks are the kernel's, so that a killed process leaves none: a slot that is marked as being made
 * but is not locked was its, and is made anew. */
#define _GNU_SOURCE /* memfd_create(), fallocate() */
#include "repro/run/shared_references.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { SLOTS = 128, PAGE = 4096 };

enum state { EMPTY, MAKING, FILLED };

struct slot {
    char key[C4_SHA256_HEX_SIZE];
    uint64_t size_bytes;
    uint64_t used; /* the table's clock when it was last taken */
    enum state state;
};

struct table {
    uint64_t clock;
    struct slot slot[SLOTS];
};

enum { TABLE_BYTES = (sizeof(struct table) + PAGE - 1) / PAGE * PAGE };

struct c4_reference_pool {
    struct c4_shared_references shared;
    struct table *table;
    bool leased[SLOTS]; /* by this process, whose locks do not keep out itself */
};

enum c4_status c4_shared_references_make(uint64_t slot_bytes, uint64_t limit_bytes,
                                         struct c4_shared_references *shared) {
    slot_bytes = (slot_bytes + PAGE - 1) / PAGE * PAGE;
    *shared = (struct c4_shared_references){.slot_bytes = slot_bytes, .limit_bytes = limit_bytes};
    shared->descriptor = memfd_create("conv4-references", 0);
    if (shared->descriptor < 0)
        return c4_fail(C4_ERR_FAILED, "cannot share memory with other processes: %s",
                       strerror(errno));
    if (ftruncate(shared->descriptor, (off_t)(TABLE_BYTES + SLOTS * slot_bytes)) == 0) return C4_OK;
    enum c4_status status =
        c4_fail(C4_ERR_FAILED, "references cannot be shared: %s", strerror(errno));
    close(shared->descriptor);
    shared->descriptor = -1;
    return status;
}

enum c4_status c4_reference_pool_open(const struct c4_shared_references *shared,
                                      struct c4_reference_pool **out) {
    *out = NULL;
    struct c4_reference_pool *pool = calloc(1, sizeof *pool);
    if (!pool) return c4_fail(C4_ERR_MEMORY, "out of memory for references");
    void *table =
        mmap(NULL, TABLE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, shared->descriptor, 0);
    if (table == MAP_FAILED) {
        free(pool);
        return c4_fail(C4_ERR_FAILED, "cannot map the shared references: %s", strerror(errno));
    }
    pool->shared = *shared;
    pool->table = table;
    *out = pool;
    return C4_OK;
}

void c4_reference_pool_close(struct c4_reference_pool *pool) {
    if (!pool) return;
    munmap(pool->table, TABLE_BYTES);
    free(pool);
}

/* --- locks --- */

/* type: F_RDLCK, F_WRLCK or F_UNLCK. Without `wait` false if another process has the lock. */
static bool lock(const struct c4_reference_pool *pool, int byte, short type, bool wait) {
    struct flock range = {.l_type = type, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1};
    int result;
    do result = fcntl(pool->shared.descriptor, wait ? F_SETLKW : F_SETLK, &range);
    while (result < 0 && errno == EINTR);
    return result == 0;
}

static bool lock_table(const struct c4_reference_pool *pool) {
    return lock(pool, 0, F_WRLCK, true);
}

static void unlock_table(const struct c4_reference_pool *pool) {
    lock(pool, 0, F_UNLCK, true);
}

static void unlock_slot(const struct c4_reference_pool *pool, int slot) {
    lock(pool, 1 + slot, F_UNLCK, true);
}

/* --- slots; the table is locked --- */

static off_t slot_offset(const struct c4_reference_pool *pool, int slot) {
    return (off_t)(TABLE_BYTES + (uint64_t)slot * pool->shared.slot_bytes);
}

/* Returns the slot's memory to the system. */
static void clear(struct c4_reference_pool *pool, int slot) {
    struct slot *entry = &pool->table->slot[slot];
    fallocate(pool->shared.descriptor, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
              slot_offset(pool, slot), (off_t)pool->shared.slot_bytes);
    *entry = (struct slot){.state = EMPTY};
}

static int find(const struct table *table, const char *key) {
    for (int i = 0; i < SLOTS; i++)
        if (table->slot[i].state != EMPTY && strcmp(table->slot[i].key, key) == 0) return i;
    return -1;
}

static uint64_t filled_bytes(const struct table *table) {
    uint64_t sum = 0;
    for (int i = 0; i < SLOTS; i++) sum += table->slot[i].size_bytes;
    return sum;
}

/* Frees the slot that was used longest ago, of those that nobody reads. */
static bool free_one(struct c4_reference_pool *pool) {
    bool tried[SLOTS] = {false};
    for (;;) {
        int oldest = -1;
        for (int i = 0; i < SLOTS; i++) {
            const struct slot *slot = &pool->table->slot[i];
            if (slot->state == EMPTY || pool->leased[i] || tried[i]) continue;
            if (oldest < 0 || slot->used < pool->table->slot[oldest].used) oldest = i;
        }
        if (oldest < 0) return false;
        tried[oldest] = true;
        if (!lock(pool, 1 + oldest, F_WRLCK, false)) continue;
        clear(pool, oldest);
        unlock_slot(pool, oldest);
        return true;
    }
}

/* An empty slot, or -1. */
static int find_room(struct c4_reference_pool *pool) {
    struct table *table = pool->table;
    while (filled_bytes(table) + pool->shared.slot_bytes > pool->shared.limit_bytes)
        if (!free_one(pool)) return -1;
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < SLOTS; i++)
            if (table->slot[i].state == EMPTY) return i;
        if (!free_one(pool)) return -1;
    }
    return -1;
}

/* --- leases --- */

static void map(const struct c4_reference_pool *pool, struct c4_reference_lease *lease) {
    const int protection = lease->filled ? PROT_READ : PROT_READ | PROT_WRITE;
    lease->bytes = mmap(NULL, pool->shared.slot_bytes, protection, MAP_SHARED,
                        pool->shared.descriptor, slot_offset(pool, lease->slot));
    if (lease->bytes != MAP_FAILED) return;
    lease->bytes = NULL;
}

/* One look at the table, which is locked. Returns false if a process is making the reference: *wait
 * is its slot. */
static bool look(struct c4_reference_pool *pool, const char *key, bool only_look,
                 struct c4_reference_lease *lease, int *wait) {
    struct table *table = pool->table;
    int slot = find(table, key);
    *wait = slot;
    if (slot >= 0 && table->slot[slot].state == FILLED) {
        if (!lock(pool, 1 + slot, F_RDLCK, false)) return false;
        table->slot[slot].used = ++table->clock;
        *lease = (struct c4_reference_lease){
            .slot = slot, .filled = true, .size_bytes = table->slot[slot].size_bytes};
        return true;
    }
    if (slot >= 0 && only_look) return true;
    if (slot >= 0 && !lock(pool, 1 + slot, F_WRLCK, false)) return false;
    if (slot < 0) {
        if (only_look) return true;
        slot = find_room(pool);
        if (slot < 0 || !lock(pool, 1 + slot, F_WRLCK, false)) return true;
    }
    struct slot *entry = &table->slot[slot];
    /* What it will take counts from now on. */
    *entry = (struct slot){
        .state = MAKING, .size_bytes = pool->shared.slot_bytes, .used = ++table->clock};
    memcpy(entry->key, key, sizeof entry->key);
    lease->slot = slot;
    return true;
}

void c4_reference_take(struct c4_reference_pool *pool, const char key[C4_SHA256_HEX_SIZE],
                       bool only_look, struct c4_reference_lease *lease) {
    int making;
    bool done = false;
    *lease = (struct c4_reference_lease){.slot = -1};
    while (!done) {
        if (!lock_table(pool)) return;
        done = look(pool, key, only_look, lease, &making);
        unlock_table(pool);
        if (done) break;
        if (!lock(pool, 1 + making, F_RDLCK, true)) return;
        unlock_slot(pool, making);
    }
    if (lease->slot < 0) return;
    pool->leased[lease->slot] = true;
    map(pool, lease);
    if (!lease->bytes) c4_reference_release(pool, lease);
}

bool c4_reference_reserve(struct c4_reference_pool *pool, const struct c4_reference_lease *lease,
                          uint64_t size_bytes) {
    return size_bytes <= pool->shared.slot_bytes &&
           fallocate(pool->shared.descriptor, 0, slot_offset(pool, lease->slot),
                     (off_t)size_bytes) == 0;
}

void c4_reference_publish(struct c4_reference_pool *pool, struct c4_reference_lease *lease,
                          uint64_t size_bytes) {
    if (!lock_table(pool)) return;
    struct slot *slot = &pool->table->slot[lease->slot];
    slot->state = FILLED;
    slot->size_bytes = size_bytes;
    lease->filled = true;
    lease->size_bytes = size_bytes;
    lock(pool, 1 + lease->slot, F_RDLCK, true); /* from exclusive to shared, at once */
    unlock_table(pool);
}

void c4_reference_release(struct c4_reference_pool *pool, struct c4_reference_lease *lease) {
    if (lease->slot < 0) return;
    if (lease->bytes) munmap(lease->bytes, pool->shared.slot_bytes);
    if (!lease->filled && lock_table(pool)) {
        clear(pool, lease->slot);
        unlock_table(pool);
    }
    unlock_slot(pool, lease->slot);
    pool->leased[lease->slot] = false;
    *lease = (struct c4_reference_lease){.slot = -1};
}
