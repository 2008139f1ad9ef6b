/* The backward part of a net: from the gradient of the flattened features to the parameters'. */
#include "simd/onednn/net_build.h"
#include "simd/onednn/sums.h"

static const enum c4_dnn_list pack[] = {C4_DNN_PACK_BACKWARD};
static const enum c4_dnn_list backward[] = {C4_DNN_BACKWARD};

static float *gradient(struct c4_dnn_net *net, int b, int which) {
    return net->shared->grad + c4_block_param(b, which)->offset;
}

static enum c4_status add_pool(struct c4_dnn_net *net, int b, dnnl_memory_t d_pool,
                               dnnl_memory_t d_normed) {
    struct c4_dnn_block *block = &net->block[b];
    struct c4_dnn_op *op = block->unpooling = c4_dnn_next_op(net);
    block->d_pool = d_pool;
    C4_TRY(c4_dnn_pool_backward(&net->shared->dnn, c4_dnn_memory_layout(d_normed), block->pooling,
                                op));
    c4_dnn_bind(op, DNNL_ARG_DIFF_DST, d_pool);
    c4_dnn_bind(op, DNNL_ARG_WORKSPACE, block->winner);
    c4_dnn_bind(op, DNNL_ARG_DIFF_SRC, d_normed);
    c4_dnn_append(net, C4_DNN_BACKWARD, op);
    c4_dnn_tell(net, "pool", b, "backward", op);
    return C4_OK;
}

/* relu-bn: the gradient of the convolution's bias is the sum of dy, in which much cancels: over all
 * values, those that ReLU stops included, the sum is 0. */
static void sum_bias(struct c4_dnn_net *net, int b) {
    const struct c4_dnn_block *block = &net->block[b];
    float *d_bias = gradient(net, b, C4_PARAM_BIAS);
    const float *dy = c4_dnn_memory_data(block->dy);
    double sum[C4_CHANNELS], sum_sq[C4_CHANNELS];
    c4_dnn_channel_sums(&block->map, net->shared->lane_sums, dy, net->partial, sum, sum_sq);
    for (int c = 0; c < C4_CHANNELS; c++) d_bias[c] = (float)sum[c];
}

/* In place: d holds the gradient of batch norm's output, then that of its input. */
static enum c4_status add_norm(struct c4_dnn_net *net, int b, dnnl_memory_t d) {
    const struct c4_dnn_block *block = &net->block[b];
    bool relu = net->shared->config.order == C4_BN_RELU;
    struct c4_dnn_op *op = c4_dnn_next_op(net);
    C4_TRY(c4_dnn_norm_backward(&net->shared->dnn, c4_dnn_memory_layout(d), relu, block->norm, op));
    dnnl_memory_t d_scale, d_shift;
    C4_TRY(c4_dnn_add_channels(net, gradient(net, b, C4_PARAM_GAMMA), &d_scale));
    C4_TRY(c4_dnn_add_channels(net, gradient(net, b, C4_PARAM_BETA), &d_shift));
    c4_dnn_bind(op, DNNL_ARG_SRC, block->y);
    c4_dnn_bind(op, DNNL_ARG_MEAN, block->mean);
    c4_dnn_bind(op, DNNL_ARG_VARIANCE, block->var);
    c4_dnn_bind(op, DNNL_ARG_SCALE, block->scale);
    if (C4_DNN_NORM_BACKWARD_SHIFT) c4_dnn_bind(op, DNNL_ARG_SHIFT, block->shift);
    if (relu) c4_dnn_bind(op, DNNL_ARG_WORKSPACE, block->mask);
    c4_dnn_bind(op, DNNL_ARG_DIFF_DST, d);
    c4_dnn_bind(op, DNNL_ARG_DIFF_SRC, d);
    c4_dnn_bind(op, DNNL_ARG_DIFF_SCALE, d_scale);
    c4_dnn_bind(op, DNNL_ARG_DIFF_SHIFT, d_shift);
    c4_dnn_append(net, C4_DNN_BACKWARD, op);
    c4_dnn_tell(net, "bn", b, "backward", op);
    return C4_OK;
}

static enum c4_status add_relu(struct c4_dnn_net *net, int b, dnnl_memory_t d) {
    struct c4_dnn_op *op = c4_dnn_next_op(net);
    C4_TRY(c4_dnn_relu_backward(&net->shared->dnn, c4_dnn_memory_layout(d), op));
    c4_dnn_bind(op, DNNL_ARG_DST, net->block[b].y);
    c4_dnn_bind(op, DNNL_ARG_DIFF_DST, d);
    c4_dnn_bind(op, DNNL_ARG_DIFF_SRC, d);
    c4_dnn_append(net, C4_DNN_BACKWARD, op);
    c4_dnn_tell(net, "relu", b, "backward", op);
    c4_dnn_append_own(net, C4_DNN_BACKWARD, sum_bias, b);
    return C4_OK;
}

static enum c4_status add_conv_weights(struct c4_dnn_net *net, int b,
                                       const struct c4_dnn_conv *conv, dnnl_memory_t dy) {
    const struct c4_dnn_block *block = &net->block[b];
    struct c4_dnn_op *op = c4_dnn_next_op(net);
    struct c4_dnn_conv chosen = *conv;
    chosen.winograd = net->choice.winograd[b][C4_DNN_CONV_WEIGHTS];
    C4_TRY(c4_dnn_conv(&net->shared->dnn, &chosen, C4_DNN_CONV_WEIGHTS, block->conv, op));
    const int filters[4] = {C4_CHANNELS, conv->ci, 3, 3};
    c4_dnn_layout layout = c4_dnn_op_layout(op, dnnl_query_diff_weights_md);
    dnnl_memory_t in, dy_here, canonical, dw;
    C4_TRY(c4_dnn_reach(net, backward, 1, block->in, c4_dnn_op_layout(op, dnnl_query_src_md),
                        "input", b, &in));
    C4_TRY(c4_dnn_reach(net, backward, 1, dy, c4_dnn_op_layout(op, dnnl_query_diff_dst_md), "dy", b,
                        &dy_here));
    C4_TRY(
        c4_dnn_add_plain(net, C4_DNN_OIHW, filters, gradient(net, b, C4_PARAM_WEIGHT), &canonical));
    bool plain = c4_dnn_same_layout(layout, c4_dnn_memory_layout(canonical));
    dw = canonical;
    if (!plain) C4_TRY(c4_dnn_add_memory(net, layout, NULL, &dw));
    c4_dnn_bind(op, DNNL_ARG_SRC, in);
    c4_dnn_bind(op, DNNL_ARG_DIFF_DST, dy_here);
    c4_dnn_bind(op, DNNL_ARG_DIFF_WEIGHTS, dw);
    c4_dnn_append(net, C4_DNN_BACKWARD, op);
    c4_dnn_tell(net, "conv", b, "backward weights", op);
    if (plain) return C4_OK;
    return c4_dnn_add_reorder(net, backward, 1, dw, canonical, "dw", b);
}

/* *d_below becomes the gradient of the output of the block below, in that output's layout. */
static enum c4_status add_conv_data(struct c4_dnn_net *net, int b, const struct c4_dnn_conv *conv,
                                    dnnl_memory_t dy, dnnl_memory_t *d_below) {
    struct c4_dnn_op *op = c4_dnn_next_op(net);
    struct c4_dnn_conv chosen = *conv;
    chosen.winograd = net->choice.winograd[b][C4_DNN_CONV_DATA];
    C4_TRY(c4_dnn_conv(&net->shared->dnn, &chosen, C4_DNN_CONV_DATA, net->block[b].conv, op));
    const int filters[4] = {C4_CHANNELS, conv->ci, 3, 3};
    dnnl_memory_t canonical, weights, dy_here, dx;
    C4_TRY(c4_dnn_add_plain(net, C4_DNN_OIHW, filters,
                            net->shared->state + c4_block_param(b, C4_PARAM_WEIGHT)->offset,
                            &canonical));
    /* Often in the layout that the forward pass already has. */
    c4_dnn_layout wanted = c4_dnn_op_layout(op, dnnl_query_weights_md);
    weights = net->block[b].weights;
    if (!c4_dnn_same_layout(wanted, c4_dnn_memory_layout(weights)))
        C4_TRY(c4_dnn_reach(net, pack, 1, canonical, wanted, "backward weights", b, &weights));
    C4_TRY(c4_dnn_reach(net, backward, 1, dy, c4_dnn_op_layout(op, dnnl_query_diff_dst_md), "dy", b,
                        &dy_here));
    C4_TRY(c4_dnn_add_over(net, c4_dnn_op_layout(op, dnnl_query_diff_src_md), net->d_pool, &dx));
    c4_dnn_bind(op, DNNL_ARG_DIFF_DST, dy_here);
    c4_dnn_bind(op, DNNL_ARG_WEIGHTS, weights);
    c4_dnn_bind(op, DNNL_ARG_DIFF_SRC, dx);
    c4_dnn_append(net, C4_DNN_BACKWARD, op);
    c4_dnn_tell(net, "conv", b, "backward data", op);
    return c4_dnn_reach(net, backward, 1, dx, c4_dnn_memory_layout(net->block[b - 1].pool),
                        "d_pool", b, d_below);
}

static enum c4_status add_block(struct c4_dnn_net *net, int b, dnnl_memory_t d_pool,
                                dnnl_memory_t *d_below) {
    const bool relu_bn = net->shared->config.order == C4_RELU_BN;
    const struct c4_dnn_conv conv = {
        .n = net->n, .h = c4_block_side(b), .w = c4_block_side(b), .ci = c4_block_inputs(b)};
    dnnl_memory_t d;
    C4_TRY(c4_dnn_add_over(net, c4_dnn_memory_layout(net->block[b].y), net->passing, &d));
    net->block[b].dy = d;
    C4_TRY(add_pool(net, b, d_pool, d));
    C4_TRY(add_norm(net, b, d));
    if (relu_bn) C4_TRY(add_relu(net, b, d));
    C4_TRY(add_conv_weights(net, b, &conv, d));
    return b == 0 ? C4_OK : add_conv_data(net, b, &conv, d, d_below);
}

enum c4_status c4_dnn_net_add_backward(struct c4_dnn_net *net) {
    int first = net->op_count;
    const int top[4] = {net->n, C4_CHANNELS, 2, 2};
    dnnl_memory_t d_flat, d_pool;
    C4_TRY(c4_dnn_add_plain(net, C4_DNN_NCHW, top, NULL, &d_flat));
    net->d_flat = c4_dnn_memory_data(d_flat);
    C4_TRY(c4_dnn_add_memory(net, c4_dnn_memory_layout(net->block[0].pool), NULL, &net->d_pool));
    C4_TRY(c4_dnn_reach(net, backward, 1, d_flat,
                        c4_dnn_memory_layout(net->block[C4_BLOCKS - 1].pool), "d_flat",
                        C4_BLOCKS - 1, &d_pool));
    for (int b = C4_BLOCKS - 1; b >= 0; b--) C4_TRY(add_block(net, b, d_pool, &d_pool));
    C4_TRY(c4_dnn_finish_part(net, 1, first));
    net->has_backward = true;
    return C4_OK;
}
