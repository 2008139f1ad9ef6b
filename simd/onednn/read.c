/* Reading from a plan: intermediates by name, features, and the chosen kernels. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "simd/onednn/plan.h"

enum { C = C4_CHANNELS };

/* A block's map [n, side, side, 64] as NHWC floats. */
static enum c4_status export_map(struct c4_dnn_net *net, dnnl_memory_t map, int side, float *to) {
    const int dims[4] = {net->n, C, side, side};
    dnnl_memory_t plain = NULL;
    C4_TRY(c4_dnn_plain_memory(&net->shared->dnn, C4_DNN_NHWC, dims, to, &plain));
    enum c4_status status = c4_dnn_copy(&net->shared->dnn, map, plain);
    dnnl_memory_destroy(plain);
    return status;
}

enum c4_status c4_dnn_features(struct c4_plan *plan, float *const features[C4_LAYERS]) {
    struct c4_dnn_net *net = plan->last;
    for (int b = 0; b < C4_BLOCKS; b++)
        if (features[b])
            C4_TRY(export_map(net, net->block[b].pool, c4_block_side(b) / 2, features[b]));
    if (features[C4_BLOCKS])
        memcpy(features[C4_BLOCKS], plan->logits,
               (size_t)net->n * C4_CLASSES * sizeof *plan->logits);
    return C4_OK;
}

enum kind { GRAD, LOGITS, CONV, SELECTED, ARG, POOL, MEAN, VAR, UNKNOWN };

static enum kind find_kind(const char *name, int *block) {
    static const char *const names[] = {"conv", "selected", "arg", "pool", "mean", "var"};
    _Static_assert(sizeof names / sizeof *names == UNKNOWN - CONV,
                   "a name for each kind from CONV");
    *block = 0;
    if (strcmp(name, "grad") == 0) return GRAD;
    if (strcmp(name, "logits") == 0) return LOGITS;
    for (int i = 0; i < 6; i++)
        for (int b = 0; b < C4_BLOCKS; b++) {
            char full[16];
            snprintf(full, sizeof full, "%s%d", names[i], b + 1);
            if (strcmp(name, full) != 0) continue;
            *block = b;
            return (enum kind)(CONV + i);
        }
    return UNKNOWN;
}

/* Selects by the contract of pool.h, from the convolution's output. */
static void select(const struct c4_plan *plan, int b, const float *y, bool arg, double *values) {
    const float *gamma = plan->shared.state + c4_block_param(b, C4_PARAM_GAMMA)->offset;
    size_t side = (size_t)c4_block_side(b), half = side / 2;
    for (size_t row = 0; row < (size_t)plan->last->n * half; row++)
        for (size_t column = 0; column < half; column++)
            for (size_t c = 0; c < C; c++) {
                const float *window = y + (2 * row * side + 2 * column) * C + c;
                int best = 0;
                float kept = window[0];
                for (int i = 1; i < 4; i++) {
                    float v = window[((size_t)(i / 2) * side + (size_t)(i % 2)) * C];
                    if (gamma[c] >= 0 ? v > kept : v < kept) {
                        kept = v;
                        best = i;
                    }
                }
                values[(row * half + column) * C + c] = arg ? best : (double)kept;
            }
}

/* The library selects among values that batch norm may have rounded to the same number, and keeps
 * the winners in a form of its own: they are where it passes a pooled gradient of 1 back to. Where
 * ReLU has stopped the whole window nothing is passed back, and the contract's choice stands. */
static void take_winners(size_t count, size_t side, const float *d, const float *pool,
                         double *values) {
    const size_t half = side / 2;
    for (size_t i = 0; i < count; i++) {
        const size_t c = i % C, column = i / C % half, row = i / C / half;
        const float *window = d + (2 * row * side + 2 * column) * C + c;
        if (pool && !(pool[i] > 0)) continue;
        for (size_t k = 0; k < 4; k++)
            if (window[(k / 2 * side + k % 2) * C] > 0) values[i] = (double)k;
    }
}

static enum c4_status find_winners(const struct c4_plan *plan, int b, float *map, double *values) {
    struct c4_dnn_net *net = plan->last;
    const struct c4_dnn_block *block = &net->block[b];
    const size_t side = (size_t)c4_block_side(b), count = (size_t)net->n * side * side / 4 * C;
    const bool relu = plan->shared.config.order == C4_BN_RELU;
    float *ones = c4_dnn_memory_data(block->d_pool); /* used within a step only, like dy */
    float *pool = malloc(count * sizeof *pool);
    if (!pool) return c4_fail(C4_ERR_MEMORY, "out of memory to read block %d's winners", b + 1);
    for (size_t i = 0; i < count; i++) ones[i] = 1;
    enum c4_status status = c4_dnn_run(&net->shared->dnn, block->unpooling);
    if (status == C4_OK) status = export_map(net, block->dy, (int)side, map);
    if (status == C4_OK) status = export_map(net, block->pool, (int)side / 2, pool);
    if (status == C4_OK) take_winners(count, side, map, relu ? pool : NULL, values);
    free(pool);
    return status;
}

static void widen(const float *from, size_t count, double *to) {
    for (size_t i = 0; i < count; i++) to[i] = (double)from[i];
}

static enum c4_status read_map(const struct c4_plan *plan, enum kind kind, int b, double *values) {
    struct c4_dnn_net *net = plan->last;
    int side = kind == POOL ? c4_block_side(b) / 2 : c4_block_side(b);
    size_t count = (size_t)net->n * (size_t)side * (size_t)side * C;
    float *map = malloc(count * sizeof *map);
    if (!map) return c4_fail(C4_ERR_MEMORY, "out of memory to read a map of block %d", b + 1);
    int threads = c4_dnn_enter(plan);
    enum c4_status status =
        export_map(net, kind == POOL ? net->block[b].pool : net->block[b].y, side, map);
    if (status == C4_OK && (kind == SELECTED || kind == ARG))
        select(plan, b, map, kind == ARG, values);
    else if (status == C4_OK)
        widen(map, count, values);
    if (status == C4_OK && kind == ARG && net->has_backward)
        status = find_winners(plan, b, map, values);
    c4_dnn_leave(threads);
    free(map);
    return status;
}

enum c4_status c4_dnn_read(const struct c4_plan *plan, const char *name, double *values,
                           size_t capacity, size_t *count) {
    int b;
    enum kind kind = find_kind(name, &b);
    const struct c4_dnn_net *net = plan->last;
    if (kind == UNKNOWN)
        return c4_fail(C4_ERR_USAGE, "the oneDNN backend keeps no intermediate named '%s'", name);
    if (!net) return c4_fail(C4_ERR_USAGE, "'%s' cannot be read: there was no step yet", name);
    size_t n = (size_t)net->n, map = n * (size_t)c4_block_side(b) * (size_t)c4_block_side(b) * C;
    const size_t counts[] = {
        [GRAD] = C4_LEARNED_COUNT, [LOGITS] = n * C4_CLASSES, [CONV] = map, [SELECTED] = map / 4,
        [ARG] = map / 4,           [POOL] = map / 4,          [MEAN] = C,   [VAR] = C};
    *count = counts[kind];
    if (*count > capacity)
        return c4_fail(C4_ERR_USAGE, "'%s' has %zu values, there is room for %zu", name, *count,
                       capacity);
    switch (kind) {
    case GRAD:
        widen(plan->shared.grad, *count, values);
        return C4_OK;
    case LOGITS:
        widen(plan->logits, *count, values);
        return C4_OK;
    case MEAN:
        widen(c4_dnn_memory_data(net->block[b].mean), C, values);
        return C4_OK;
    case VAR:
        widen(c4_dnn_memory_data(net->block[b].var), C, values);
        return C4_OK;
    default:
        return read_map(plan, kind, b, values);
    }
}

const char *c4_onednn_describe(const struct c4_plan *plan) {
    return plan->last ? c4_text_string(&plan->last->text) : "";
}
