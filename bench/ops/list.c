#include "bench/ops/list.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/cost/cka_cost.h"

struct list {
    struct c4_op_shape *shapes;
    int count, batch, threads;
};

__attribute__((format(printf, 5, 6))) static void add(struct list *list, enum c4_op_slot slot,
                                                      int images, const struct c4_op_size *size,
                                                      const char *format, ...) {
    struct c4_op_shape *shape = &list->shapes[list->count++];
    *shape = (struct c4_op_shape){.slot = slot, .size = *size, .images = images};
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(shape->label, sizeof shape->label, format, arguments);
    va_end(arguments);
    size_t length = strlen(shape->label);
    if (list->threads > 1)
        snprintf(shape->label + length, sizeof shape->label - length, "/t%d", list->threads);
}

static void add_blocks(struct list *list, enum c4_op_slot slot, int first, int shrink) {
    for (int block = first; block < C4_BLOCKS; block++) {
        int side = c4_block_side(block) / shrink;
        const struct c4_op_size size = {
            .n = list->batch, .h = side, .w = side, .ci = c4_block_inputs(block)};
        add(list, slot, list->batch, &size, "block%d/n%d", block + 1, list->batch);
    }
}

/* A tile of a Gram matrix as similarity computes it. */
static void add_layers(struct list *list, enum c4_op_slot slot) {
    for (int layer = 0; layer < C4_LAYERS; layer++) {
        const struct c4_op_size size = {.rows_x = C4_CKA_TILE,
                                        .panels_y = C4_CKA_TILE / C4_GRAM_PANEL,
                                        .features = c4_layer_features(layer)};
        add(list, slot, 0, &size, "%s/%dx%d", c4_layer_name[layer], C4_CKA_TILE, C4_CKA_TILE);
    }
}

/* A panel of rows. */
static void add_panels(struct list *list, enum c4_op_slot slot) {
    for (int layer = 0; layer < C4_LAYERS; layer++) {
        const struct c4_op_size size = {.rows_x = C4_GRAM_PANEL,
                                        .features = c4_layer_features(layer)};
        add(list, slot, 0, &size, "%s/%d", c4_layer_name[layer], C4_GRAM_PANEL);
    }
}

static void add_slot(struct list *list, enum c4_op_slot slot) {
    const struct c4_op_size images = {.n = list->batch};
    const struct c4_op_size parameters = {
        .count = C4_LEARNED_COUNT, .lr = 0.001f, .momentum = 0.9f};
    switch (c4_op_net_shapes(slot)) {
    case C4_SHAPES_IMAGES:
        add(list, slot, list->batch, &images, "images/n%d", list->batch);
        break;
    case C4_SHAPES_BLOCKS:
        add_blocks(list, slot, 0, 1);
        break;
    case C4_SHAPES_LATE_BLOCKS:
        add_blocks(list, slot, 1, 1);
        break;
    case C4_SHAPES_POOLED:
        add_blocks(list, slot, 0, 2);
        break;
    case C4_SHAPES_LINEAR:
        add(list, slot, list->batch, &images, "linear/n%d", list->batch);
        break;
    case C4_SHAPES_FILTERS:
        add(list, slot, 0, &(struct c4_op_size){0}, "weights");
        break;
    case C4_SHAPES_PARAMETERS:
        add(list, slot, 0, &parameters, "parameters");
        break;
    case C4_SHAPES_LAYERS:
        add_layers(list, slot);
        break;
    case C4_SHAPES_PANELS:
        add_panels(list, slot);
        break;
    }
}

int c4_op_shapes(int batch, int threads, struct c4_op_shape shapes[C4_OP_SHAPES_MAX]) {
    struct list list = {shapes, 0, batch, threads};
    for (int slot = 0; slot < C4_SLOT_COUNT; slot++) add_slot(&list, (enum c4_op_slot)slot);
    return list.count;
}
