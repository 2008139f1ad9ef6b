/* Values by name, for tests. */
#include <stdio.h>
#include <string.h>

#include "simd/native/native.h"

enum { C = C4_CHANNELS };

/* One readable tensor: floats or bytes, `rows` rows of `width` values `stride` apart. */
struct view {
    const float *floats;
    const uint8_t *bytes;
    size_t rows, width, stride;
};

static bool view_of_block(const struct c4_plan *plan, int b, const char *what, struct view *view) {
    const struct c4_native_block *block = &plan->block[b];
    size_t map = (size_t)plan->n * (size_t)block->side * (size_t)block->side * C;
    *view = (struct view){.rows = 1, .width = map / 4};
    if (strcmp(what, "conv") == 0 && block->y) {
        view->floats = block->y;
        view->width = map;
    } else if (strcmp(what, "selected") == 0) {
        view->floats = block->selected;
    } else if (strcmp(what, "arg") == 0) {
        view->bytes = block->arg;
    } else {
        return false;
    }
    return true;
}

static void copy(const struct view *view, double *values) {
    for (size_t row = 0; row < view->rows; row++)
        for (size_t i = 0; i < view->width; i++) {
            size_t at = row * view->stride + i;
            values[row * view->width + i] =
                view->floats ? (double)view->floats[at] : (double)view->bytes[at];
        }
}

/* The pooled output, which a step computes only while loading it. */
static void copy_pool(const struct c4_plan *plan, int b, size_t count, double *values) {
    float pool[C];
    for (size_t i = 0; i < count; i += C) {
        plan->phases->pool(plan, b, 1, plan->block[b].selected + i, pool);
        for (int c = 0; c < C; c++) values[i + (size_t)c] = (double)pool[c];
    }
}

static enum c4_status no_room(const char *name, size_t count, size_t capacity) {
    return c4_fail(C4_ERR_USAGE, "'%s' has %zu values, there is room for %zu", name, count,
                   capacity);
}

enum c4_status c4_native_read(const struct c4_plan *plan, const char *name, double *values,
                              size_t capacity, size_t *count) {
    if (strcmp(name, "grad") == 0) {
        *count = C4_LEARNED_COUNT;
        if (*count > capacity) return no_room(name, *count, capacity);
        c4_native_unpack_vector(plan->gradient, values);
        return C4_OK;
    }
    struct view view = {plan->logits, NULL, (size_t)plan->n, C4_CLASSES, C4_LOGITS_STRIDE};
    char what[16];
    int block = 0;
    bool known = strcmp(name, "logits") == 0;
    bool of_block =
        sscanf(name, "%15[a-z]%d", what, &block) == 2 && block >= 1 && block <= C4_BLOCKS;
    bool channel = of_block && (strcmp(what, "mean") == 0 || strcmp(what, "var") == 0);
    bool pool = of_block && strcmp(what, "pool") == 0;
    if (channel) view = (struct view){.rows = 1, .width = C};
    if (pool)
        view = (struct view){.rows = 1, .width = (size_t)plan->n * c4_layer_features(block - 1)};
    const bool of_step =
        pool || (of_block && (strcmp(what, "conv") == 0 || strcmp(what, "selected") == 0 ||
                              strcmp(what, "arg") == 0));
    if (of_step && plan->evaluated)
        return c4_fail(C4_ERR_USAGE,
                       "'%s' cannot be read: an evaluation keeps no maps, and one has followed the "
                       "last step",
                       name);
    if (!known && !channel && !pool && !(of_block && view_of_block(plan, block - 1, what, &view)))
        return c4_fail(C4_ERR_USAGE, "a native step keeps no intermediate named '%s'", name);
    *count = view.rows * view.width;
    if (*count > capacity) return no_room(name, *count, capacity);
    const struct c4_bn_channel *bn = plan->block[of_block ? block - 1 : 0].bn;
    if (channel)
        for (int c = 0; c < C; c++) values[c] = what[0] == 'm' ? bn[c].mean : bn[c].var;
    else if (pool)
        copy_pool(plan, block - 1, *count, values);
    else
        copy(&view, values);
    return C4_OK;
}
