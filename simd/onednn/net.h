/* The network as oneDNN primitives for one batch size: tensors in the library's own layouts and
 * lists of operations over them. A net is made once per batch size and then only run. */
#ifndef C4_SIMD_ONEDNN_NET_H
#define C4_SIMD_ONEDNN_NET_H

#include "core/op/conv4.h"
#include "core/op/step.h"
#include "simd/onednn/choice.h"
#include "simd/onednn/lane_sums/lane_sums.h"
#include "simd/onednn/shim.h"

/* What all batch sizes share. Outlives its nets, which point into it. */
struct c4_dnn_shared {
    struct c4_plan_config config;
    struct c4_dnn dnn;
    c4_lane_sums_fn *lane_sums;
    float *state, *momentum, *grad; /* canonical vectors, 64-byte aligned */
    /* Statistics for C4_BN_RUNNING, as batch norm reads them. */
    float running_mean[C4_BLOCKS][C4_CHANNELS], running_var[C4_BLOCKS][C4_CHANNELS];
};

enum c4_dnn_list {
    C4_DNN_PACK_FORWARD,    /* state -> weights of the forward pass */
    C4_DNN_FORWARD_BATCH,   /* images -> flat, by batch statistics */
    C4_DNN_FORWARD_RUNNING, /* the same by running statistics */
    C4_DNN_PACK_BACKWARD,   /* state -> weights of the backward pass */
    C4_DNN_BACKWARD,        /* d_flat -> grad of the four blocks */
    C4_DNN_LISTS
};

struct c4_dnn_net;

/* An operation of the library, or (op NULL) a function of ours for a block. */
struct c4_dnn_task {
    const struct c4_dnn_op *op;
    void (*own)(struct c4_dnn_net *net, int block);
    int block;
};

/* Large enough for four blocks in which every tensor needs a change of layout. */
enum { C4_DNN_MAX_OPS = 96, C4_DNN_MAX_MEMORIES = 160 };

struct c4_dnn_net {
    struct c4_dnn_shared *shared;
    int n;
    struct c4_dnn_choice choice;
    bool has_backward;
    uint64_t packed_forward, packed_backward; /* version of the weights held; 0: none */
    uint64_t used;                            /* when the plan last used this net */

    /* Plain tensors at both ends. d_flat exists only with the backward part. */
    float *images;        /* [n, 3, 32, 32] */
    float *flat, *d_flat; /* [n, 256], PyTorch's order of features */

    struct c4_dnn_block {
        dnnl_memory_t weights; /* in the forward convolution's layout */
        dnnl_memory_t in;      /* the forward convolution's source */
        dnnl_memory_t y, pool; /* its output (after ReLU in relu-bn); the block's output */
        dnnl_memory_t mean, var, scale, shift, mask, winner;
        struct c4_dnn_op *conv, *norm, *pooling;
        struct c4_dnn_op *unpooling; /* only with the backward part, like d_pool and dy */
        dnnl_memory_t d_pool;
        struct c4_dnn_map map; /* layout of y and dy */
        dnnl_memory_t dy;      /* gradient: of pooling's input, then of the convolution's output */
    } block[C4_BLOCKS];

    /* Large maps in use within one block only, as large as the first block's: batch norm's output
     * in the forward pass and its gradient in the backward pass; the gradient of a block's
     * output. */
    dnnl_memory_t passing, d_pool;

    struct c4_dnn_op op[C4_DNN_MAX_OPS];
    int op_count;
    struct {
        struct c4_dnn_task task[C4_DNN_MAX_OPS];
        int count;
    } list[C4_DNN_LISTS];
    dnnl_memory_t memory[C4_DNN_MAX_MEMORIES]; /* all of the above that the net owns */
    int memory_count;
    void *scratch[2];
    double *partial;     /* [n][128], for c4_dnn_channel_sums */
    struct c4_text text; /* the kernels, a line per operation */
};

/* The forward part for n images. Primitives are created for the number of threads that OpenMP gives
 * the caller. */
enum c4_status c4_dnn_net_create(struct c4_dnn_shared *shared, int n, struct c4_dnn_net **net);
void c4_dnn_net_destroy(struct c4_dnn_net *net); /* NULL allowed */

/* Adds the backward part. After a failure the net can only be destroyed. */
enum c4_status c4_dnn_net_add_backward(struct c4_dnn_net *net);

enum c4_status c4_dnn_net_run(struct c4_dnn_net *net, enum c4_dnn_list list);

#endif
