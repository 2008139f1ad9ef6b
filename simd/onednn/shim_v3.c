/* Descriptors and primitives of oneDNN 3.x: no operation descriptors, opaque layouts. */
#include "simd/onednn/shim.h"

#if DNNL_VERSION_MAJOR == 3

enum { CHANNELS = 64 };

static const dnnl_dims_t ones = {1, 1}, twos = {2, 2}, zeros = {0, 0};

dnnl_status_t c4_dnn_append_relu(dnnl_primitive_attr_t attributes) {
    dnnl_post_ops_t post_ops;
    dnnl_status_t status = dnnl_post_ops_create(&post_ops);
    if (status != dnnl_success) return status;
    status = dnnl_post_ops_append_eltwise(post_ops, dnnl_eltwise_relu, 0.0F, 0.0F);
    if (status == dnnl_success) status = dnnl_primitive_attr_set_post_ops(attributes, post_ops);
    dnnl_post_ops_destroy(post_ops);
    return status;
}

enum c4_status c4_dnn_plain_memory(struct c4_dnn *dnn, enum c4_dnn_format format, const int dims[4],
                                   float *data, dnnl_memory_t *memory) {
    dnnl_memory_desc_t layout;
    dnnl_dims_t size, strides;
    c4_dnn_plain_strides(format, dims, size, strides);
    C4_TRY(c4_dnn_check(dnnl_memory_desc_create_with_strides(
                            &layout, format == C4_DNN_VECTOR ? 1 : 4, size, dnnl_f32, strides),
                        "describe a tensor"));
    enum c4_status status = c4_dnn_memory(dnn, layout, data, memory);
    dnnl_memory_desc_destroy(layout);
    return status;
}

c4_dnn_layout c4_dnn_memory_layout(dnnl_memory_t memory) {
    c4_dnn_layout layout = NULL;
    dnnl_memory_get_memory_desc(memory, &layout);
    return layout;
}

/* Leaves *value as it is if the layout has no answer. */
static void ask(c4_dnn_layout layout, dnnl_query_t question, void *value) {
    dnnl_memory_desc_query(layout, question, value);
}

enum c4_status c4_dnn_map_of(c4_dnn_layout layout, struct c4_dnn_map *map) {
    dnnl_format_kind_t kind = dnnl_format_kind_undef;
    dnnl_data_type_t type = dnnl_data_type_undef;
    dnnl_dims_t *dims = NULL, *strides = NULL, *sizes = NULL, *channels = NULL;
    int rank = 0, blocks = 0;
    int64_t offset = 0;
    ask(layout, dnnl_query_format_kind, &kind);
    ask(layout, dnnl_query_data_type, &type);
    ask(layout, dnnl_query_ndims_s32, &rank);
    ask(layout, dnnl_query_submemory_offset_s64, &offset);
    ask(layout, dnnl_query_dims, &dims);
    ask(layout, dnnl_query_strides, &strides);
    ask(layout, dnnl_query_inner_nblks_s32, &blocks);
    ask(layout, dnnl_query_inner_blks, &sizes);
    ask(layout, dnnl_query_inner_idxs, &channels);
    const struct c4_dnn_facts facts = {
        .is_blocked_float =
            kind == dnnl_blocked && type == dnnl_f32 && offset == 0 && dims && strides,
        .rank = rank,
        .blocks = blocks,
        .block_channel = blocks > 0 && channels ? (*channels)[0] : -1,
        .block_size = blocks > 0 && sizes ? (*sizes)[0] : 0,
        .dims = dims ? *dims : NULL,
        .strides = strides ? *strides : NULL};
    return c4_dnn_map_from(&facts, map);
}

/* Creates the primitive for op->desc, if creating that gave dnnl_success. */
static dnnl_status_t finish(dnnl_status_t status, struct c4_dnn_op *op) {
    if (status == dnnl_success) status = dnnl_primitive_create(&op->primitive, op->desc);
    if (status == dnnl_success)
        status = dnnl_primitive_desc_query(op->desc, dnnl_query_impl_info_str, 0,
                                           (void *)&op->implementation);
    if (status != dnnl_success) c4_dnn_op_close(op);
    return status;
}

struct conv_layouts {
    dnnl_memory_desc_t src, weights, bias, dst;
};

static dnnl_status_t open_layouts(const struct c4_dnn_conv *conv, struct conv_layouts *l) {
    const dnnl_dims_t src = {conv->n, conv->ci, conv->h, conv->w};
    const dnnl_dims_t dst = {conv->n, CHANNELS, conv->h, conv->w};
    const dnnl_dims_t weights = {CHANNELS, conv->ci, 3, 3}, bias = {CHANNELS};
    dnnl_format_tag_t map = conv->nhwc ? dnnl_nhwc : dnnl_format_tag_any;
    *l = (struct conv_layouts){0};
    dnnl_status_t status = dnnl_memory_desc_create_with_tag(&l->src, 4, src, dnnl_f32, map);
    if (status == dnnl_success)
        status = dnnl_memory_desc_create_with_tag(&l->dst, 4, dst, dnnl_f32, map);
    if (status == dnnl_success)
        status = dnnl_memory_desc_create_with_tag(&l->weights, 4, weights, dnnl_f32,
                                                  dnnl_format_tag_any);
    if (status == dnnl_success && conv->bias)
        status = dnnl_memory_desc_create_with_tag(&l->bias, 1, bias, dnnl_f32, dnnl_a);
    return status;
}

static void close_layouts(struct conv_layouts *l) {
    const dnnl_memory_desc_t all[] = {l->src, l->weights, l->bias, l->dst};
    for (int i = 0; i < 4; i++)
        if (all[i]) dnnl_memory_desc_destroy(all[i]);
}

dnnl_status_t c4_dnn_make_conv(struct c4_dnn *dnn, const struct c4_dnn_conv *conv,
                               enum c4_dnn_pass pass, dnnl_alg_kind_t algorithm,
                               const struct c4_dnn_op *forward, struct c4_dnn_op *op) {
    struct conv_layouts l;
    *op = (struct c4_dnn_op){0};
    dnnl_status_t status = open_layouts(conv, &l);
    if (status != dnnl_success) {
        close_layouts(&l);
        return status;
    }
    if (pass == C4_DNN_CONV_FORWARD)
        status = dnnl_convolution_forward_primitive_desc_create(
            &op->desc, dnn->engine, dnnl_forward_training, algorithm, l.src, l.weights, l.bias,
            l.dst, ones, zeros, ones, ones, conv->relu ? dnn->strict_relu : dnn->strict);
    else if (pass == C4_DNN_CONV_DATA)
        status = dnnl_convolution_backward_data_primitive_desc_create(
            &op->desc, dnn->engine, algorithm, l.src, l.weights, l.dst, ones, zeros, ones, ones,
            forward->desc, dnn->strict);
    else
        status = dnnl_convolution_backward_weights_primitive_desc_create(
            &op->desc, dnn->engine, algorithm, l.src, l.weights, NULL, l.dst, ones, zeros, ones,
            ones, forward->desc, dnn->strict);
    close_layouts(&l);
    return finish(status, op);
}

static unsigned norm_flags(bool relu) {
    return dnnl_use_scale | dnnl_use_shift | (relu ? dnnl_fuse_norm_relu : 0U);
}

static const float epsilon = 1e-5F;

enum c4_status c4_dnn_norm_forward(struct c4_dnn *dnn, c4_dnn_layout map, bool relu, bool training,
                                   struct c4_dnn_op *op) {
    *op = (struct c4_dnn_op){0};
    dnnl_status_t status = dnnl_batch_normalization_forward_primitive_desc_create(
        &op->desc, dnn->engine, training ? dnnl_forward_training : dnnl_forward_inference, map, map,
        epsilon, norm_flags(relu) | dnnl_use_global_stats, dnn->strict);
    return c4_dnn_check(finish(status, op), "create a batch norm");
}

enum c4_status c4_dnn_norm_backward(struct c4_dnn *dnn, c4_dnn_layout map, bool relu,
                                    const struct c4_dnn_op *forward, struct c4_dnn_op *op) {
    *op = (struct c4_dnn_op){0};
    dnnl_status_t status = dnnl_batch_normalization_backward_primitive_desc_create(
        &op->desc, dnn->engine, dnnl_backward, map, map, map, epsilon, norm_flags(relu),
        forward->desc, dnn->strict);
    return c4_dnn_check(finish(status, op), "create a batch norm's gradient");
}

enum c4_status c4_dnn_pool_forward(struct c4_dnn *dnn, c4_dnn_layout map, int n, int h, int w,
                                   struct c4_dnn_op *op) {
    const dnnl_dims_t pooled = {n, CHANNELS, h / 2, w / 2};
    dnnl_memory_desc_t dst;
    *op = (struct c4_dnn_op){0};
    dnnl_status_t status =
        dnnl_memory_desc_create_with_tag(&dst, 4, pooled, dnnl_f32, dnnl_format_tag_any);
    if (status == dnnl_success) {
        status = dnnl_pooling_forward_primitive_desc_create(
            &op->desc, dnn->engine, dnnl_forward_training, dnnl_pooling_max, map, dst, twos, twos,
            zeros, zeros, zeros, dnn->strict);
        dnnl_memory_desc_destroy(dst);
    }
    return c4_dnn_check(finish(status, op), "create a max pooling");
}

enum c4_status c4_dnn_pool_backward(struct c4_dnn *dnn, c4_dnn_layout map,
                                    const struct c4_dnn_op *forward, struct c4_dnn_op *op) {
    *op = (struct c4_dnn_op){0};
    dnnl_status_t status = dnnl_pooling_backward_primitive_desc_create(
        &op->desc, dnn->engine, dnnl_pooling_max, map, c4_dnn_op_layout(forward, dnnl_query_dst_md),
        twos, twos, zeros, zeros, zeros, forward->desc, dnn->strict);
    return c4_dnn_check(finish(status, op), "create a max pooling's gradient");
}

enum c4_status c4_dnn_relu_backward(struct c4_dnn *dnn, c4_dnn_layout map, struct c4_dnn_op *op) {
    const dnnl_alg_kind_t relu = dnnl_eltwise_relu_use_dst_for_bwd;
    dnnl_primitive_desc_t forward;
    *op = (struct c4_dnn_op){0};
    dnnl_status_t status = dnnl_eltwise_forward_primitive_desc_create(
        &forward, dnn->engine, dnnl_forward_training, relu, map, map, 0.0F, 0.0F, dnn->strict);
    if (status == dnnl_success) {
        status = dnnl_eltwise_backward_primitive_desc_create(&op->desc, dnn->engine, relu, map, map,
                                                             map, 0.0F, 0.0F, forward, dnn->strict);
        dnnl_primitive_desc_destroy(forward);
    }
    return c4_dnn_check(finish(status, op), "create a ReLU's gradient");
}

enum c4_status c4_dnn_reorder(struct c4_dnn *dnn, c4_dnn_layout from, c4_dnn_layout to,
                              struct c4_dnn_op *op) {
    *op = (struct c4_dnn_op){0};
    dnnl_status_t status = dnnl_reorder_primitive_desc_create(&op->desc, from, dnn->engine, to,
                                                              dnn->engine, dnn->copy);
    return c4_dnn_check(finish(status, op), "create a change of layout");
}

#endif
