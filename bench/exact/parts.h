/* The parts of c4_exact_measure(): each finds some values, or notes why it cannot. */
#ifndef C4_BENCH_EXACT_PARTS_H
#define C4_BENCH_EXACT_PARTS_H

#include "bench/exact/values.h"

struct c4_exact_work {
    const struct c4_exact_request *request;
    struct c4_exact *exact;
    char *program; /* its path */
    char *counted; /* the backend whose instructions are counted; NULL: none can be */
};

/* All may return C4_ERR_MEMORY, and c4_interrupted()'s status after a signal. */

/* Row size. */
enum c4_status c4_exact_size(struct c4_exact_work *work);

/* The canonical hash. C4_ERR_DATA: the program cannot be run. */
enum c4_status c4_exact_hash(struct c4_exact_work *work);

/* Row arena/BACKEND. */
enum c4_status c4_exact_arena(struct c4_exact_work *work);

/* work->counted, by running the program under valgrind. */
enum c4_status c4_exact_choose(struct c4_exact_work *work);

/* Row step/BACKEND: of the second of two steps. Nothing without work->counted. */
enum c4_status c4_exact_step(struct c4_exact_work *work);

/* The rows of ops. Nothing without work->counted, or if no ops are wanted. */
enum c4_status c4_exact_ops(struct c4_exact_work *work);

#endif
