#include "core/op/conv4.h"

const char *const c4_layer_name[C4_LAYERS + 1] = {"pool1", "pool2",  "pool3",
                                                  "pool4", "logits", NULL};

/* Elements of block 0 and of each later block; offset of block b. */
#define BLOCK0 (64 * 27 + 3 * 64)
#define BLOCK (64 * 576 + 3 * 64)
#define BASE(b) ((b) == 0 ? 0 : BLOCK0 + ((b)-1) * BLOCK)

#define BLOCK_PARAMS(b, in)                                                                        \
    {"conv" #b ".weight", 4, {64, in, 3, 3}, BASE(b - 1), 64 * (in)*9},                            \
        {"conv" #b ".bias", 1, {64, 1, 1, 1}, BASE(b - 1) + 64 * (in)*9, 64},                      \
        {"bn" #b ".weight", 1, {64, 1, 1, 1}, BASE(b - 1) + 64 * (in)*9 + 64, 64}, {               \
        "bn" #b ".bias", 1, {64, 1, 1, 1}, BASE(b - 1) + 64 * (in)*9 + 128, 64                     \
    }

#define RUNNING(b)                                                                                 \
    {"bn" #b ".running_mean", 1, {64, 1, 1, 1}, C4_LEARNED_COUNT + 128 * (b - 1), 64}, {           \
        "bn" #b ".running_var", 1, {64, 1, 1, 1}, C4_LEARNED_COUNT + 128 * (b - 1) + 64, 64        \
    }

const struct c4_param c4_params[C4_STATE_TENSORS] = {
    BLOCK_PARAMS(1, 3),
    BLOCK_PARAMS(2, 64),
    BLOCK_PARAMS(3, 64),
    BLOCK_PARAMS(4, 64),
    {"linear.weight", 2, {10, 256, 1, 1}, BASE(4), 2560},
    {"linear.bias", 1, {10, 1, 1, 1}, BASE(4) + 2560, 10},
    RUNNING(1),
    RUNNING(2),
    RUNNING(3),
    RUNNING(4),
};

_Static_assert(BASE(4) + 2570 == C4_LEARNED_COUNT, "learned parameters");
_Static_assert(C4_LEARNED_COUNT + 512 == C4_STATE_COUNT, "running statistics");
