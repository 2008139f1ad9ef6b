/* Which rows a measurement of scaling has: how many processes, of how many threads, and where. */
#ifndef C4_BENCH_SCALE_ROWS_H
#define C4_BENCH_SCALE_ROWS_H

#include "core/base/text.h"
#include "core/host/placement.h"

enum {
    C4_SCALE_WIDTHS = 32, /* steps of 1, 2, 4, ... to any int */
    C4_SCALE_ROWS = 3 * C4_SCALE_WIDTHS
};

/* Sets width[] to 1, 2, 4, ... below `most` and at last to `most` itself; returns how many. `most`
 * is at least 1. */
int c4_scale_widths(int most, int width[C4_SCALE_WIDTHS]);

/* A row before it is measured. */
struct c4_scale_shape {
    int workers; /* processes */
    int threads; /* of each */
    struct c4_placement placement;
};

struct c4_scale_shapes {
    struct c4_scale_shape shape[C4_SCALE_ROWS];
    int count;
    struct c4_text left_out; /* a sentence on teams that have no place; "" */
};

/* In this order:
 *   workers of one thread, for each of c4_scale_widths(cores); spread over L3 domains;
 *   a single team of each of c4_scale_widths(threads) above 1, within an L3 domain;
 *   as many teams of that width as fit, if more than one does and `cores` allows.
 * A core's first PU only is used. `cores` is lowered to the topology's. Teams wider than any L3
 * domain are left out. Errors of c4_placement_make(); release with c4_scale_shapes_free() in every
 * case. */
enum c4_status c4_scale_shapes_make(const struct c4_topology *topology, int cores, int threads,
                                    struct c4_scale_shapes *shapes);
void c4_scale_shapes_free(struct c4_scale_shapes *shapes);

/* Appends "4 workers", "team of 2" or "3 teams of 2". */
enum c4_status c4_scale_name(int workers, int threads, struct c4_text *name);

#endif
