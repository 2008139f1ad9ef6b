/* A plan's memory: one arena, laid out once. */
#include <stdlib.h>

#include "core/base/arena.h"
#include "simd/native/native.h"

enum { C = C4_CHANNELS };

/* Takes `count` elements for `to` from the arena; without an arena, only counts them. */
#define TAKE(to, count) (to) = c4_arena_take(arena, (size_t)(count) * sizeof *(to), used)

static size_t map_floats(const struct c4_plan *plan, int b) {
    const size_t side = (size_t)plan->block[b].side;
    return (size_t)plan->config.max_batch * side * side * C;
}

/* conv1's selection, which a bn-relu evaluation never stores. */
static bool only_steps_select(const struct c4_plan *plan, int b) {
    return b == 0 && plan->config.order == C4_BN_RELU;
}

/* What evaluations use, too. */
static void lay_out_block(struct c4_plan *plan, int b, struct c4_arena *arena, size_t *used) {
    struct c4_native_block *block = &plan->block[b];
    if (b > 0 && plan->config.conv == C4_WINOGRAD) TAKE(block->u, C4_NATIVE_U_FLOATS);
    if (!only_steps_select(plan, b)) TAKE(block->selected, map_floats(plan, b) / 4);
    TAKE(block->sum, C4_MAX_SLICES);
}

/* What only steps use. */
static void lay_out_tape(struct c4_plan *plan, int b, struct c4_arena *arena, size_t *used) {
    struct c4_native_block *block = &plan->block[b];
    const size_t map = map_floats(plan, b);
    if (b > 0 && plan->config.conv == C4_WINOGRAD)
        TAKE(block->ut, C4_NATIVE_U_FLOATS);
    else if (b > 0)
        TAKE(block->wt, 9 * C * C);
    if (b > 0 || plan->config.order == C4_RELU_BN) {
        TAKE(block->y, map);
        TAKE(block->ds, map / 4);
    }
    if (only_steps_select(plan, b)) TAKE(block->selected, map / 4);
    TAKE(block->arg, map / 4);
    if (b == 0 || plan->config.threads > 1) TAKE(block->dw, C4_MAX_SLICES * 9 * block->inputs * C);
    TAKE(block->bias_sum, C4_MAX_SLICES);
}

static size_t group_floats(const struct c4_plan *plan) {
    return 37 * ((size_t)plan->tiles * C + 16);
}

enum { HALOED = C4_NATIVE_HALO_SIDE * C4_NATIVE_HALO_SIDE * C };

/* What evaluations use, too. */
static void lay_out_scratch(struct c4_plan *plan, struct c4_native_scratch *scratch,
                            struct c4_arena *arena, size_t *used) {
    TAKE(scratch->x, C4_NATIVE_IMAGE_FLOATS);
    TAKE(scratch->activated, HALOED);
    TAKE(scratch->dy, C4_IMAGE_SIDE * C4_IMAGE_SIDE / 4 * C);
    if (plan->config.conv == C4_WINOGRAD) TAKE(scratch->m, group_floats(plan));
}

/* What only steps use. */
static void lay_out_back(struct c4_plan *plan, struct c4_native_scratch *scratch,
                         struct c4_arena *arena, size_t *used) {
    TAKE(scratch->planes, C4_NATIVE_IMAGE_FLOATS);
    TAKE(scratch->dx, HALOED);
    TAKE(scratch->ds, C4_IMAGE_SIDE * C4_IMAGE_SIDE / 4 * C);
    TAKE(scratch->tables, C4_NATIVE_TABLE_FLOATS);
    TAKE(scratch->du, C4_NATIVE_U_FLOATS);
    TAKE(scratch->wt, C4_NATIVE_PACKED * 9 * C);
    if (plan->config.conv == C4_WINOGRAD) TAKE(scratch->v, group_floats(plan));
}

/* First what evaluations use, then what steps add: pages take memory only where something is
 * written. */
static void lay_out(struct c4_plan *plan, struct c4_arena *arena, size_t *used) {
    const size_t n = (size_t)plan->config.max_batch;
    struct c4_native_scratch none;
#define SCRATCH(t) (arena ? &plan->scratch[t] : &none)
    TAKE(plan->parameters, c4_native_layout.count);
    TAKE(plan->pool4, n * C4_FLAT);
    TAKE(plan->logits, n * C4_LOGITS_STRIDE);
    for (int b = 0; b < C4_BLOCKS; b++) lay_out_block(plan, b, arena, used);
    for (int t = 0; t < plan->config.threads; t++) lay_out_scratch(plan, SCRATCH(t), arena, used);

    TAKE(plan->velocity, c4_native_layout.count);
    TAKE(plan->gradient, c4_native_layout.count);
    TAKE(plan->d_logits, n * C4_LOGITS_STRIDE);
    TAKE(plan->linear_wt, C4_CLASSES * C4_FLAT);
    TAKE(plan->linear_dw, C4_MAX_SLICES * (C4_FLAT + 1) * C4_LOGITS_STRIDE);
    for (int b = 0; b < C4_BLOCKS; b++) lay_out_tape(plan, b, arena, used);
    for (int t = 0; t < plan->config.threads; t++) lay_out_back(plan, SCRATCH(t), arena, used);
#undef SCRATCH
}

/* Transformed inputs and gradients of a group, 18 KB per tile, should share the L2 cache with the
 * weights that stream past them. */
static int tiles_for(size_t l2_bytes) {
    return l2_bytes >= 1000000 ? 32 : 16;
}

enum c4_status c4_native_create(const struct c4_plan_config *config,
                                const struct c4_native_phases *phases, struct c4_plan **out) {
    if (config->max_batch < 1 || config->threads < 1)
        return c4_fail(C4_ERR_USAGE,
                       "a plan needs at least one image and one thread, not %d and %d",
                       config->max_batch, config->threads);
    struct c4_plan *plan = calloc(1, sizeof *plan);
    if (!plan) return c4_fail(C4_ERR_MEMORY, "out of memory for a training plan");
    plan->config = *config;
    plan->phases = phases;
    plan->tiles = tiles_for(config->caches.l2_bytes);
    for (int b = 0; b < C4_BLOCKS; b++) {
        plan->block[b].side = c4_block_side(b);
        plan->block[b].inputs = c4_block_inputs(b);
    }
    size_t bytes = 0;
    lay_out(plan, NULL, &bytes);
    plan->scratch = calloc((size_t)config->threads, sizeof *plan->scratch);
    enum c4_status status =
        plan->scratch
            ? c4_arena_make(bytes, "a training plan", &plan->arena)
            : c4_fail(C4_ERR_MEMORY, "out of memory for a plan of %d threads", config->threads);
    if (status != C4_OK) {
        c4_native_destroy(plan);
        return status;
    }
    lay_out(plan, plan->arena, NULL);
    *out = plan;
    return C4_OK;
}

void c4_native_destroy(struct c4_plan *plan) {
    if (!plan) return;
    c4_arena_free(plan->arena);
    free(plan->scratch);
    free(plan);
}

size_t c4_native_planned_bytes(const struct c4_plan *plan) {
    return c4_arena_used_bytes(plan->arena);
}
