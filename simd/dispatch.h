/* From a backend's name to a full table: the only header of simd/ that repro and bench include. */
#ifndef C4_SIMD_DISPATCH_H
#define C4_SIMD_DISPATCH_H

#include "core/base/status.h"
#include "core/op/backend.h"

enum {
    C4_BACKENDS_KNOWN = 0 /* lines of backends.def: as many names as there are, or more */
#define C4_BACKEND(name, table, features) +1
#include "simd/backends.def"
#undef C4_BACKEND
};

struct c4_dispatch {
    struct c4_backend backend; /* neither step nor any slot is NULL */
    /* Where each slot and the step came from: the chosen backend, or ref as its fallback. */
    const struct c4_backend *slot_origin[C4_SLOT_COUNT];
    const struct c4_backend *step_origin;
};

/* Fills `dispatch` for a backend by name; NULL or "auto": the best that can run here. Chosen by CPU
 * feature bits and OS state. Unknown name: C4_ERR_USAGE; known but not in this build or not for
 * this CPU: C4_ERR_ENVIRONMENT. A backend given by name is never replaced by another. */
enum c4_status c4_dispatch(const char *name, struct c4_dispatch *dispatch);

/* --strict-backend: C4_ERR_ENVIRONMENT if the step (with `step`) or one of the named slots came
 * from a fallback. */
enum c4_status c4_dispatch_strict(const struct c4_dispatch *dispatch, bool step,
                                  const enum c4_op_slot *slots, int slot_count);

/* One sentence on the cost of a training step without fused multiply-add instructions; NULL if the
 * step uses them or computes in another way (oneDNN). */
const char *c4_dispatch_cost(const struct c4_dispatch *dispatch);

/* What this CPU can execute, as "avx2+fma avx512" or "none"; at most `size` bytes, terminated. */
void c4_dispatch_cpu(char *text, size_t size);

const char *c4_slot_name(enum c4_op_slot slot);

/* The i-th backend name of backends.def, best first; NULL after the last. *table is the table that
 * would run here, or NULL with the reason in *why; `table` and `why` may be NULL. */
const char *c4_backend_name(int i, const struct c4_backend **table, const char **why);

/* A loop of independent multiply-add chains and nothing else: timed, it gives the peak of a
 * core. */
struct c4_peak_loop {
    const char *name;             /* "avx512", "avx2", "neon" or "plain" */
    int lanes;                    /* floats per vector */
    bool fused;                   /* one instruction multiplies and adds */
    double round_flops;           /* per round: 2 for each lane's multiply-add */
    float (*run)(int64_t rounds); /* the number of lanes times chains */
    float (*read)(const float *values, size_t count); /* the sum; count a multiple of 64 */
};

/* The i-th loop that this CPU can run, widest first; NULL after the last. */
const struct c4_peak_loop *c4_dispatch_peak(int i);

#endif
