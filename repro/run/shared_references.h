/* Memory that the workers of a study share for prepared references: each is prepared by one of them
 * and read by all. A slot holds one reference; slots that nobody reads make room for others. */
#ifndef C4_REPRO_RUN_SHARED_REFERENCES_H
#define C4_REPRO_RUN_SHARED_REFERENCES_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/status.h"
#include "core/file/sha256.h"

/* A plain value; the descriptor is inherited by workers. */
struct c4_shared_references {
    int descriptor;
    uint64_t slot_bytes;  /* of a slot, reserved only as far as it is filled */
    uint64_t limit_bytes; /* of all that is filled */
};

/* Makes the memory. The caller closes the descriptor. C4_ERR_FAILED: the system has none. */
enum c4_status c4_shared_references_make(uint64_t slot_bytes, uint64_t limit_bytes,
                                         struct c4_shared_references *shared);

/* A process's view of it. C4_ERR_MEMORY, C4_ERR_FAILED. */
struct c4_reference_pool;
enum c4_status c4_reference_pool_open(const struct c4_shared_references *shared,
                                      struct c4_reference_pool **pool);
void c4_reference_pool_close(struct c4_reference_pool *pool); /* NULL allowed */

/* What a process has of a slot. It may have several, but not two of one slot. */
struct c4_reference_lease {
    int slot; /* -1: nothing */
    bool filled;
    void *bytes; /* filled: to read; else to write, slot_bytes long */
    uint64_t size_bytes;
};

/* Looks for the reference of this key. If a process is making it, waits for it. If there is none,
 * the caller is to make it, unless `only_look`: the lease is then not filled, and others wait until
 * it is published or released. lease->slot is -1 if there is none and no room for it, or on any
 * error: the caller then does without. The caller must not have a lease of this key, nor one that
 * is not filled: it would wait for itself, or others for it. */
void c4_reference_take(struct c4_reference_pool *pool, const char key[C4_SHA256_HEX_SIZE],
                       bool only_look, struct c4_reference_lease *lease);

/* Reserves the first `size_bytes` of an unfilled slot, before they are written; false if there is
 * no memory for them. */
bool c4_reference_reserve(struct c4_reference_pool *pool, const struct c4_reference_lease *lease,
                          uint64_t size_bytes);

/* Others may read what was written; the lease is filled from now on. */
void c4_reference_publish(struct c4_reference_pool *pool, struct c4_reference_lease *lease,
                          uint64_t size_bytes);

/* Gives the lease back. An unfilled slot becomes free. */
void c4_reference_release(struct c4_reference_pool *pool, struct c4_reference_lease *lease);

#endif
