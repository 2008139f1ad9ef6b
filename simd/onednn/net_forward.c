/* The forward part of a net. Convolutions choose their layouts; batch norm and pooling follow. */
#include <stdio.h>
#include <stdlib.h>

#include "core/op/scalar.h"
#include "simd/onednn/net_build.h"
#include "simd/onednn/sums.h"

static const enum c4_dnn_list pack[] = {C4_DNN_PACK_FORWARD};
static const enum c4_dnn_list both[] = {C4_DNN_FORWARD_BATCH, C4_DNN_FORWARD_RUNNING};

static float *param(struct c4_dnn_net *net, int b, int which) {
    return net->shared->state + c4_block_param(b, which)->offset;
}

static enum c4_status add_conv(struct c4_dnn_net *net, int b, dnnl_memory_t from) {
    struct c4_dnn_block *block = &net->block[b];
    struct c4_dnn *dnn = &net->shared->dnn;
    bool relu = net->shared->config.order == C4_RELU_BN;
    const struct c4_dnn_conv conv = {.n = net->n,
                                     .h = c4_block_side(b),
                                     .w = c4_block_side(b),
                                     .ci = c4_block_inputs(b),
                                     .winograd = net->choice.winograd[b][C4_DNN_CONV_FORWARD],
                                     .bias = relu,
                                     .relu = relu};
    struct c4_dnn_op *op = block->conv = c4_dnn_next_op(net);
    C4_TRY(c4_dnn_conv(dnn, &conv, C4_DNN_CONV_FORWARD, NULL, op));

    const int filters[4] = {C4_CHANNELS, conv.ci, 3, 3};
    dnnl_memory_t canonical, bias;
    C4_TRY(c4_dnn_add_plain(net, C4_DNN_OIHW, filters, param(net, b, C4_PARAM_WEIGHT), &canonical));
    C4_TRY(c4_dnn_reach(net, pack, 1, canonical, c4_dnn_op_layout(op, dnnl_query_weights_md),
                        "weights", b, &block->weights));
    C4_TRY(c4_dnn_reach(net, both, 2, from, c4_dnn_op_layout(op, dnnl_query_src_md), "input", b,
                        &block->in));
    C4_TRY(c4_dnn_add_memory(net, c4_dnn_op_layout(op, dnnl_query_dst_md), NULL, &block->y));
    c4_dnn_bind(op, DNNL_ARG_SRC, block->in);
    c4_dnn_bind(op, DNNL_ARG_WEIGHTS, block->weights);
    c4_dnn_bind(op, DNNL_ARG_DST, block->y);
    if (relu) {
        C4_TRY(c4_dnn_add_channels(net, param(net, b, C4_PARAM_BIAS), &bias));
        c4_dnn_bind(op, DNNL_ARG_BIAS, bias);
    }
    c4_dnn_append(net, C4_DNN_FORWARD_BATCH, op);
    c4_dnn_append(net, C4_DNN_FORWARD_RUNNING, op);
    c4_dnn_tell(net, "conv", b, "forward", op);
    return C4_OK;
}

static void take_statistics(struct c4_dnn_net *net, int b) {
    const struct c4_dnn_block *block = &net->block[b];
    const float *y = c4_dnn_memory_data(block->y);
    float *mean = c4_dnn_memory_data(block->mean), *var = c4_dnn_memory_data(block->var);
    double sum[C4_CHANNELS], sum_sq[C4_CHANNELS];
    double count = (double)block->map.images * (double)block->map.pixels;
    c4_dnn_channel_sums(&block->map, net->shared->lane_sums, y, net->partial, sum, sum_sq);
    for (int c = 0; c < C4_CHANNELS; c++) {
        struct c4_bn_channel bn = c4_bn_from_sums(sum[c], sum_sq[c], count, 1.0, 0.0);
        mean[c] = (float)bn.mean;
        var[c] = (float)bn.var;
    }
}

/* Batch norm twice: by batch and by running statistics. */
static enum c4_status add_norm(struct c4_dnn_net *net, int b, dnnl_memory_t normed) {
    struct c4_dnn_block *block = &net->block[b];
    struct c4_dnn_shared *shared = net->shared;
    c4_dnn_layout map = c4_dnn_memory_layout(block->y);
    C4_TRY(c4_dnn_map_of(map, &block->map));
    bool relu = shared->config.order == C4_BN_RELU;
    c4_dnn_append_own(net, C4_DNN_FORWARD_BATCH, take_statistics, b);
    struct c4_dnn_op *batch = block->norm = c4_dnn_next_op(net), *running = c4_dnn_next_op(net);
    C4_TRY(c4_dnn_norm_forward(&shared->dnn, map, relu, true, batch));
    C4_TRY(c4_dnn_norm_forward(&shared->dnn, map, relu, false, running));

    dnnl_memory_t running_mean, running_var;
    C4_TRY(c4_dnn_add_channels(net, param(net, b, C4_PARAM_GAMMA), &block->scale));
    C4_TRY(c4_dnn_add_channels(net, param(net, b, C4_PARAM_BETA), &block->shift));
    C4_TRY(c4_dnn_add_channels(net, NULL, &block->mean));
    C4_TRY(c4_dnn_add_channels(net, NULL, &block->var));
    C4_TRY(c4_dnn_add_channels(net, shared->running_mean[b], &running_mean));
    C4_TRY(c4_dnn_add_channels(net, shared->running_var[b], &running_var));
    if (relu) {
        C4_TRY(c4_dnn_add_memory(net, c4_dnn_op_layout(batch, dnnl_query_workspace_md), NULL,
                                 &block->mask));
        c4_dnn_bind(batch, DNNL_ARG_WORKSPACE, block->mask);
    }
    c4_dnn_bind(batch, DNNL_ARG_MEAN, block->mean);
    c4_dnn_bind(batch, DNNL_ARG_VARIANCE, block->var);
    c4_dnn_bind(running, DNNL_ARG_MEAN, running_mean);
    c4_dnn_bind(running, DNNL_ARG_VARIANCE, running_var);
    struct c4_dnn_op *const ops[] = {batch, running};
    for (int i = 0; i < 2; i++) {
        c4_dnn_bind(ops[i], DNNL_ARG_SRC, block->y);
        c4_dnn_bind(ops[i], DNNL_ARG_SCALE, block->scale);
        c4_dnn_bind(ops[i], DNNL_ARG_SHIFT, block->shift);
        c4_dnn_bind(ops[i], DNNL_ARG_DST, normed);
        c4_dnn_append(net, both[i], ops[i]);
    }
    c4_dnn_tell(net, "bn", b, "forward", batch);
    return C4_OK;
}

static enum c4_status add_pool(struct c4_dnn_net *net, int b, dnnl_memory_t normed) {
    struct c4_dnn_block *block = &net->block[b];
    struct c4_dnn_op *op = block->pooling = c4_dnn_next_op(net);
    int side = c4_block_side(b);
    C4_TRY(c4_dnn_pool_forward(&net->shared->dnn, c4_dnn_memory_layout(normed), net->n, side, side,
                               op));
    C4_TRY(c4_dnn_add_memory(net, c4_dnn_op_layout(op, dnnl_query_dst_md), NULL, &block->pool));
    C4_TRY(c4_dnn_add_memory(net, c4_dnn_op_layout(op, dnnl_query_workspace_md), NULL,
                             &block->winner));
    c4_dnn_bind(op, DNNL_ARG_SRC, normed);
    c4_dnn_bind(op, DNNL_ARG_DST, block->pool);
    c4_dnn_bind(op, DNNL_ARG_WORKSPACE, block->winner);
    c4_dnn_append(net, C4_DNN_FORWARD_BATCH, op);
    c4_dnn_append(net, C4_DNN_FORWARD_RUNNING, op);
    c4_dnn_tell(net, "pool", b, "forward", op);
    return C4_OK;
}

static enum c4_status add_block(struct c4_dnn_net *net, int b, dnnl_memory_t from) {
    C4_TRY(add_conv(net, b, from));
    c4_dnn_layout map = c4_dnn_memory_layout(net->block[b].y);
    dnnl_memory_t normed;
    if (b == 0) {
        C4_TRY(c4_dnn_add_memory(net, map, NULL, &net->passing));
        normed = net->passing;
    } else {
        C4_TRY(c4_dnn_add_over(net, map, net->passing, &normed));
    }
    C4_TRY(add_norm(net, b, normed));
    return add_pool(net, b, normed);
}

static enum c4_status build(struct c4_dnn_net *net) {
    const int images[4] = {net->n, C4_IMAGE_CHANNELS, C4_IMAGE_SIDE, C4_IMAGE_SIDE};
    const int top[4] = {net->n, C4_CHANNELS, 2, 2};
    dnnl_memory_t from, flat;
    C4_TRY(c4_dnn_add_plain(net, C4_DNN_NCHW, images, NULL, &from));
    net->images = c4_dnn_memory_data(from);
    net->partial = malloc((size_t)net->n * 2 * C4_CHANNELS * sizeof *net->partial);
    if (!net->partial) return c4_fail(C4_ERR_MEMORY, "out of memory for the sums of batch norm");
    for (int b = 0; b < C4_BLOCKS; b++) {
        C4_TRY(add_block(net, b, from));
        from = net->block[b].pool;
    }
    C4_TRY(c4_dnn_add_plain(net, C4_DNN_NCHW, top, NULL, &flat));
    C4_TRY(c4_dnn_add_reorder(net, both, 2, from, flat, "flat", C4_BLOCKS - 1));
    net->flat = c4_dnn_memory_data(flat);
    return c4_dnn_finish_part(net, 0, 0);
}

enum c4_status c4_dnn_net_create(struct c4_dnn_shared *shared, int n, struct c4_dnn_net **out) {
    struct c4_dnn_net *net = calloc(1, sizeof *net);
    if (!net) return c4_fail(C4_ERR_MEMORY, "out of memory for a batch size");
    net->shared = shared;
    net->n = n;
    enum c4_status status = c4_dnn_choose(&shared->dnn, &shared->config, n, &net->choice);
    const dnnl_version_t *version = dnnl_version();
    c4_text_add(&net->text, "oneDNN %d.%d.%d\n", version->major, version->minor, version->patch);
    if (status == C4_OK) status = build(net);
    if (status != C4_OK) {
        c4_dnn_net_destroy(net);
        return status;
    }
    *out = net;
    return C4_OK;
}
