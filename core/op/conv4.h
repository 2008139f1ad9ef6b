/* The network: geometry and the canonical parameter vector.
 *
 *   4 x { conv 3x3, pad 1, 64 filters -> batch norm, ReLU in either order -> max pool 2x2 }
 *   -> flatten 256 -> linear 10          (Goerttler & Obermayer 2022, section 3)
 *
 * Block b = 0..3 reads maps of side 32 >> b with 3 or 64 channels and writes maps of half that side
 * with 64 channels.
 */
#ifndef C4_OP_CONV4_H
#define C4_OP_CONV4_H

#include <stddef.h>
#include <stdint.h>

#define C4_ARITHMETIC 1 /* version of the arithmetic that ARITHMETIC.md defines */

#define C4_IMAGE_SIDE 32
#define C4_IMAGE_CHANNELS 3
#define C4_IMAGE_BYTES 3072 /* three planes of 32x32 uint8, as in a CIFAR-10 record */
#define C4_CHANNELS 64
#define C4_CLASSES 10
#define C4_BLOCKS 4
#define C4_FLAT 256 /* features of pool4 */
#define C4_LAYERS 5 /* pool1..pool4, logits */
#define C4_BN_EPSILON 1e-5
#define C4_BN_MOMENTUM 0.1 /* running = 0.9 running + 0.1 batch */

enum c4_order {
    C4_BN_RELU, /* conv -> BN -> ReLU -> pool: the paper */
    C4_RELU_BN  /* conv -> ReLU -> BN -> pool: the authors' code */
};

enum c4_conv_algorithm { C4_WINOGRAD, C4_DIRECT };

static inline int c4_block_side(int block) {
    return C4_IMAGE_SIDE >> block;
}
static inline int c4_block_inputs(int block) {
    return block == 0 ? C4_IMAGE_CHANNELS : C4_CHANNELS;
}

/* Layer 0..3 = pool1..pool4, 4 = logits; then NULL. */
extern const char *const c4_layer_name[C4_LAYERS + 1];
static inline size_t c4_layer_features(int layer) {
    size_t side = (size_t)(C4_IMAGE_SIDE >> (layer + 1));
    return layer == C4_LAYERS - 1 ? C4_CLASSES : side * side * C4_CHANNELS;
}

/* One tensor of the canonical vector; names, shapes and element order are PyTorch's. */
struct c4_param {
    const char *name;
    int rank;
    uint32_t shape[4];
    size_t offset, count; /* elements */
};

enum {
    C4_PARAM_WEIGHT = 0,         /* + 4 * block: conv weight [64, inputs, 3, 3] */
    C4_PARAM_BIAS = 1,           /* conv bias */
    C4_PARAM_GAMMA = 2,          /* BN weight */
    C4_PARAM_BETA = 3,           /* BN bias */
    C4_PARAM_LINEAR_WEIGHT = 16, /* [10, 256]; features in PyTorch's order c*4 + h*2 + w */
    C4_PARAM_LINEAR_BIAS = 17,
    C4_LEARNED_TENSORS = 18,
    C4_PARAM_RUNNING_MEAN = 18, /* + 2 * block */
    C4_PARAM_RUNNING_VAR = 19,
    C4_STATE_TENSORS = 26
};

#define C4_LEARNED_COUNT 115658 /* elements of tensors 0..17: what SGD changes */
#define C4_STATE_COUNT 116170   /* with the running statistics after them */

extern const struct c4_param c4_params[C4_STATE_TENSORS];

static inline const struct c4_param *c4_block_param(int block, int which) {
    return &c4_params[4 * block + which];
}
static inline const struct c4_param *c4_block_running(int block, int which) {
    return &c4_params[2 * block + which];
}

#endif
