#include "bench/ops/list.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/cost/cka_cost.h"

enum kind {
    IMAGES,     /* bytes of the input */
    ALL_BLOCKS, /* the convolution's maps, block 1 with 3 channels */
    WINOGRAD,   /* blocks 2 to 4 */
    POOLED,     /* maps behind the pooling of each block */
    LINEAR,
    WEIGHTS,    /* 64 x 64 filters */
    PARAMETERS, /* all that SGD changes */
    LAYERS      /* features of the five layers */
};

static enum kind kind_of(enum c4_op_slot slot) {
    switch (slot) {
    case C4_SLOT_stem_input:
    case C4_SLOT_stem_moments:
    case C4_SLOT_stem_select_grad:
        return IMAGES;
    case C4_SLOT_conv_fwd_direct:
    case C4_SLOT_conv_bwd_data_direct:
    case C4_SLOT_conv_bwd_weights_direct:
    case C4_SLOT_channel_sums:
    case C4_SLOT_bias_relu:
    case C4_SLOT_bn_rebuild:
    case C4_SLOT_pool_select:
        return ALL_BLOCKS;
    case C4_SLOT_winograd_weights:
        return WEIGHTS;
    case C4_SLOT_conv_fwd_winograd:
    case C4_SLOT_conv_bwd_data_winograd:
    case C4_SLOT_conv_bwd_weights_winograd:
        return WINOGRAD;
    case C4_SLOT_bn_apply:
    case C4_SLOT_relu_mask:
        return POOLED;
    case C4_SLOT_linear_fwd:
    case C4_SLOT_linear_bwd_data:
    case C4_SLOT_linear_bwd_weights:
        return LINEAR;
    case C4_SLOT_sgd_update:
        return PARAMETERS;
    case C4_SLOT_gram_block:
    case C4_SLOT_COUNT:
        break;
    }
    return LAYERS;
}

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

static void add_layers(struct list *list, enum c4_op_slot slot) {
    for (int layer = 0; layer < C4_LAYERS; layer++) {
        const struct c4_op_size size = {
            .rows_x = C4_CKA_TILE, .rows_y = C4_CKA_TILE, .features = c4_layer_features(layer)};
        add(list, slot, 0, &size, "%s/%dx%d", c4_layer_name[layer], C4_CKA_TILE, C4_CKA_TILE);
    }
}

int c4_op_shapes(int batch, int threads, struct c4_op_shape shapes[C4_OP_SHAPES_MAX]) {
    struct list list = {shapes, 0, batch, threads};
    const struct c4_op_size images = {.n = batch};
    for (int i = 0; i < C4_SLOT_COUNT; i++) {
        enum c4_op_slot slot = (enum c4_op_slot)i;
        switch (kind_of(slot)) {
        case IMAGES:
            add(&list, slot, batch, &images, "images/n%d", batch);
            break;
        case ALL_BLOCKS:
            add_blocks(&list, slot, 0, 1);
            break;
        case WINOGRAD:
            add_blocks(&list, slot, 1, 1);
            break;
        case POOLED:
            add_blocks(&list, slot, 0, 2);
            break;
        case LINEAR:
            add(&list, slot, batch, &images, "linear/n%d", batch);
            break;
        case WEIGHTS:
            add(&list, slot, 0, &(struct c4_op_size){0}, "weights");
            break;
        case PARAMETERS:
            add(&list, slot, 0, &(struct c4_op_size){.count = C4_LEARNED_COUNT}, "parameters");
            break;
        case LAYERS:
            add_layers(&list, slot);
            break;
        }
    }
    return list.count;
}
