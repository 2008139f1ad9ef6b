/* The caches of one core. */
#ifndef C4_BASE_CACHES_H
#define C4_BASE_CACHES_H

#include <stddef.h>

/* Sizes; 0 = unknown. They steer blocking and prefetching, and never change a bit. */
struct c4_caches {
    size_t l1d_bytes, l2_bytes;
};

#endif
