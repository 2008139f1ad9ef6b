/* How reductions split a batch: by its size alone, never by the number of threads.
 *
 * A batch of n >= 1 images has slices of L = ceil(n / 8) images, ceil(n / L) of them (at most 8),
 * none empty. Reductions run through a slice in image order; slices are then added from the left.
 */
#ifndef C4_OP_SLICE_H
#define C4_OP_SLICE_H

#define C4_MAX_SLICES 8

static inline int c4_slice_length(int n) {
    return (n + C4_MAX_SLICES - 1) / C4_MAX_SLICES;
}

static inline int c4_slice_count(int n) {
    int length = c4_slice_length(n);
    return (n + length - 1) / length;
}

/* First image of slice s; c4_slice_begin(n, c4_slice_count(n)) is n. */
static inline int c4_slice_begin(int n, int s) {
    int begin = s * c4_slice_length(n);
    return begin < n ? begin : n;
}

#endif
