#include "simd/ref/ref_plan.h"

#include <stdlib.h>
#include <string.h>

enum { C = C4_CHANNELS, ALIGN = 64 };
enum { SCRATCH = C4_WINOGRAD_SCRATCH > C4_STEM_SCRATCH ? C4_WINOGRAD_SCRATCH : C4_STEM_SCRATCH };

/* Hands out 64-byte aligned parts of one block; with base NULL it only counts. */
struct carver {
    unsigned char *base;
    size_t used_bytes;
};

static void *carve(struct carver *carver, size_t count, size_t element_bytes) {
    size_t at = carver->used_bytes;
    carver->used_bytes += (count * element_bytes + ALIGN - 1) / ALIGN * ALIGN;
    return carver->base ? carver->base + at : NULL;
}

static c4_real *carve_reals(struct carver *carver, size_t count) {
    return carve(carver, count, sizeof(c4_real));
}

static void lay_out(struct c4_plan *plan, struct carver *carver) {
    size_t n = (size_t)plan->config.max_batch;
    plan->state = carve_reals(carver, C4_STATE_COUNT);
    plan->momentum = carve_reals(carver, C4_LEARNED_COUNT);
    plan->grad = carve_reals(carver, C4_LEARNED_COUNT);
    plan->x = carve_reals(carver, n * C4_IMAGE_BYTES);
    plan->dy = carve_reals(carver, n * C4_IMAGE_SIDE * C4_IMAGE_SIDE * C);
    for (int b = 0; b < C4_BLOCKS; b++) {
        struct ref_block *block = &plan->block[b];
        block->side = c4_block_side(b);
        block->inputs = c4_block_inputs(b);
        size_t filters = 9 * (size_t)block->inputs * C;
        size_t map = n * (size_t)block->side * (size_t)block->side * C;
        int winograd = b > 0 && plan->config.conv == C4_WINOGRAD;
        block->w = carve_reals(carver, filters);
        block->wt = carve_reals(carver, filters);
        block->u = winograd ? carve_reals(carver, C4_WINOGRAD_POSITIONS * C * C) : NULL;
        block->ut = winograd ? carve_reals(carver, C4_WINOGRAD_POSITIONS * C * C) : NULL;
        block->y = carve_reals(carver, map);
        block->selected = carve_reals(carver, map / 4);
        block->pool = carve_reals(carver, map / 4);
        block->d_pool = carve_reals(carver, map / 4);
        block->arg = carve(carver, map / 4, 1);
    }
    plan->linear_w = carve_reals(carver, C4_FLAT * C4_LOGITS_STRIDE);
    plan->linear_wt = carve_reals(carver, C4_FLAT * C4_CLASSES);
    plan->linear_bias = carve_reals(carver, C4_LOGITS_STRIDE);
    plan->logits = carve_reals(carver, n * C4_LOGITS_STRIDE);
    plan->d_logits = carve_reals(carver, n * C4_LOGITS_STRIDE);
    plan->stem_w = carve(carver, C4_PATCH * C, sizeof(double));
    plan->stem_r = carve(carver, C4_PATCH * C, sizeof(double));
    plan->stem_dw = carve(carver, C4_PATCH * C, sizeof(double));
    for (int s = 0; s < C4_MAX_SLICES; s++) {
        plan->slice[s].dw = carve_reals(carver, 9 * C * C);
        plan->slice[s].du = carve_reals(carver, C4_WINOGRAD_POSITIONS * C * C);
        plan->slice[s].scratch = carve_reals(carver, SCRATCH);
    }
}

enum c4_status C4_REF(c4_ref_plan_create)(const struct c4_plan_config *config,
                                          struct c4_plan **out) {
    if (config->max_batch < 1 || config->threads < 1)
        return c4_fail(C4_ERR_USAGE,
                       "a plan needs at least one image and one thread, not %d and %d",
                       config->max_batch, config->threads);
    struct c4_plan *plan = calloc(1, sizeof *plan);
    if (!plan) return c4_fail(C4_ERR_MEMORY, "out of memory for a training plan");
    plan->config = *config;
    struct carver carver = {NULL, 0};
    lay_out(plan, &carver);
    size_t bytes = carver.used_bytes;
    plan->memory = aligned_alloc(ALIGN, bytes);
    if (!plan->memory) {
        free(plan);
        return c4_fail(C4_ERR_MEMORY, "out of memory: a plan for %d images needs %zu bytes",
                       config->max_batch, bytes);
    }
    memset(plan->memory, 0, bytes);
    carver = (struct carver){plan->memory, 0};
    lay_out(plan, &carver);
    *out = plan;
    return C4_OK;
}

void C4_REF(c4_ref_plan_destroy)(struct c4_plan *plan) {
    if (!plan) return;
    free(plan->memory);
    free(plan);
}

void C4_REF(c4_ref_plan_pack)(struct c4_plan *plan) {
    for (int b = 0; b < C4_BLOCKS; b++) {
        struct ref_block *block = &plan->block[b];
        const c4_real *weight = plan->state + c4_block_param(b, C4_PARAM_WEIGHT)->offset;
        for (int co = 0; co < C; co++)
            for (int ci = 0; ci < block->inputs; ci++)
                for (int tap = 0; tap < 9; tap++) {
                    c4_real v = weight[(co * block->inputs + ci) * 9 + tap];
                    block->w[(tap * block->inputs + ci) * C + co] = v;
                    block->wt[(tap * C + co) * block->inputs + ci] = v;
                }
        if (block->u) {
            C4_REF(c4_winograd_weights)(block->w, block->u);
            C4_REF(c4_winograd_weights)(block->wt, block->ut);
        }
        memcpy(block->gamma, plan->state + c4_block_param(b, C4_PARAM_GAMMA)->offset,
               sizeof block->gamma);
        memcpy(block->bias, plan->state + c4_block_param(b, C4_PARAM_BIAS)->offset,
               sizeof block->bias);
    }
    /* PyTorch flattens channels first: feature c*4 + position. */
    const c4_real *linear = plan->state + c4_params[C4_PARAM_LINEAR_WEIGHT].offset;
    for (int o = 0; o < C4_CLASSES; o++)
        for (int position = 0; position < 4; position++)
            for (int c = 0; c < C; c++) {
                c4_real v = linear[o * C4_FLAT + c * 4 + position];
                plan->linear_w[(position * C + c) * C4_LOGITS_STRIDE + o] = v;
                plan->linear_wt[o * C4_FLAT + position * C + c] = v;
            }
    memcpy(plan->linear_bias, plan->state + c4_params[C4_PARAM_LINEAR_BIAS].offset,
           C4_CLASSES * sizeof(c4_real));
}
