/* The surroundings of a checked call: guarded memory, caught signals, floating-point control. */
#ifndef C4_TESTS_HARNESS_CHECK_MEMORY_H
#define C4_TESTS_HARNESS_CHECK_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum c4_placement {
    C4_PLACE_AT_END,  /* the last byte is just before the inaccessible page (as far as the alignment
                         allows) */
    C4_PLACE_AT_START /* the first byte is just after one */
};

/* [inaccessible][band, data, band][inaccessible] */
struct c4_guarded {
    unsigned char *map;
    size_t map_bytes, page_bytes;
    unsigned char *data;
    size_t data_bytes;
};

/* Fills the bands but not the data. false: no memory. */
bool c4_guarded_make(struct c4_guarded *g, size_t data_bytes, size_t align_bytes,
                     enum c4_placement placement);
void c4_guarded_free(struct c4_guarded *g);

/* True if both bands are intact; else *offset = the first changed byte, relative to the data. */
bool c4_guarded_whole(const struct c4_guarded *g, ptrdiff_t *offset);

/* The part of the floating-point environment that calls must leave alone: rounding mode, flushing,
 * trap masks; not the sticky exception flags. */
struct c4_fp_control {
    uint64_t word;
    int rounding;
};

struct c4_fp_control c4_fp_control_get(void);
void c4_fp_control_set(struct c4_fp_control control);

/* Runs body(context) and returns 0, or the number of the SIGSEGV, SIGBUS, SIGILL or SIGFPE that it
 * raised, with the signal's address in *address. */
int c4_catch_signals(void (*body)(void *context), void *context, const void **address);

#endif
