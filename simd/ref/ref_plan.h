/* What the reference keeps between steps. Everything is NHWC and in the op slots' layouts; nothing
 * is fused and nothing is recomputed, so that any intermediate can be inspected. */
#ifndef C4_SIMD_REF_REF_PLAN_H
#define C4_SIMD_REF_REF_PLAN_H

#include "core/op/scalar.h"
#include "core/op/slice.h"
#include "core/op/step.h"
#include "simd/ref/ref_ops.h"

struct ref_block {
    int side, inputs;       /* of the convolution's input */
    c4_real *w, *wt;        /* [9, ci, 64], [9, 64, ci] */
    c4_real *u, *ut;        /* [36, 64, 64]; NULL in the stem and in direct mode */
    c4_real *y;             /* [n, side, side, 64]: raw, after ReLU in relu-bn */
    c4_real *selected;      /* [n, side/2, side/2, 64] */
    uint8_t *arg;           /* the same shape */
    c4_real *pool, *d_pool; /* the same shape */
    struct c4_bn_channel bn[C4_CHANNELS];
    c4_real gamma[C4_CHANNELS], bias[C4_CHANNELS];
};

struct c4_plan {
    struct c4_plan_config config;
    int n;                            /* images of the last step */
    c4_real *state, *momentum, *grad; /* canonical vectors */
    c4_real *x;                       /* [n, 32, 32, 3] */
    struct ref_block block[C4_BLOCKS];
    c4_real *linear_w, *linear_wt, *linear_bias;
    c4_real *logits, *d_logits; /* [n, 16] */
    c4_real *dy;                /* [n, 32, 32, 64], one block at a time */
    int64_t first[C4_PATCH], second[C4_PATCH * C4_PATCH];
    double *stem_w, *stem_r, *stem_dw; /* [27, 64]: conv1's weights and gradients, widened */

    /* One part per slice. */
    struct ref_slice {
        double sum_a[C4_CHANNELS], sum_b[C4_CHANNELS], bias[C4_CHANNELS], loss;
        int hits;
        int64_t first[C4_PATCH], second[C4_PATCH * C4_PATCH];
        c4_real *dw, *du; /* [9, 64, 64], [36, 64, 64] */
        c4_real *scratch; /* of slot calls */
    } slice[C4_MAX_SLICES];

    unsigned char *memory; /* one block that holds all of the above */
};

enum c4_status C4_REF(c4_ref_plan_create)(const struct c4_plan_config *config,
                                          struct c4_plan **plan);
void C4_REF(c4_ref_plan_destroy)(struct c4_plan *plan);

/* The images of slice s. Every pass runs as one loop over slices, which threads share. */
struct ref_range {
    int begin, n;
};

static inline struct ref_range ref_slice_range(const struct c4_plan *plan, int s) {
    int begin = c4_slice_begin(plan->n, s);
    return (struct ref_range){begin, c4_slice_begin(plan->n, s + 1) - begin};
}

#define FOR_EACH_SLICE(plan, s)                                                                    \
    _Pragma("omp parallel for schedule(static, 1) num_threads((plan)->config.threads)") for (      \
        int s = 0; s < c4_slice_count((plan)->n); s++)

/* Canonical state -> the op slots' layouts. */
void C4_REF(c4_ref_plan_pack)(struct c4_plan *plan);

/* Forward over plan->n images; fills x, y, bn, selected, arg, pool and logits. */
void C4_REF(c4_ref_forward)(struct c4_plan *plan, const uint8_t *images,
                            enum c4_bn_statistics statistics);

/* Loss, hits and (if `gradients`) d_logits of plan->n images. */
struct c4_step_result C4_REF(c4_ref_loss)(struct c4_plan *plan, const uint8_t *labels,
                                          bool gradients);

/* Backward from d_logits into plan->grad. */
void C4_REF(c4_ref_backward)(struct c4_plan *plan);

#endif
