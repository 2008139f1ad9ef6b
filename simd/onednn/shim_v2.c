/* Descriptors and primitives of oneDNN 2.x: an operation descriptor first, then its primitive. */
#include "simd/onednn/shim.h"

#if DNNL_VERSION_MAJOR == 2

enum { CHANNELS = 64 };

static const dnnl_dims_t ones = {1, 1}, twos = {2, 2}, zeros = {0, 0};

dnnl_status_t c4_dnn_append_relu(dnnl_primitive_attr_t attributes) {
    dnnl_post_ops_t post_ops;
    dnnl_status_t status = dnnl_post_ops_create(&post_ops);
    if (status != dnnl_success) return status;
    status = dnnl_post_ops_append_eltwise(post_ops, 1.0F, dnnl_eltwise_relu, 0.0F, 0.0F);
    if (status == dnnl_success) status = dnnl_primitive_attr_set_post_ops(attributes, post_ops);
    dnnl_post_ops_destroy(post_ops);
    return status;
}

enum c4_status c4_dnn_plain_memory(struct c4_dnn *dnn, enum c4_dnn_format format, const int dims[4],
                                   float *data, dnnl_memory_t *memory) {
    dnnl_memory_desc_t layout;
    dnnl_dims_t size, strides;
    c4_dnn_plain_strides(format, dims, size, strides);
    C4_TRY(c4_dnn_check(dnnl_memory_desc_init_by_strides(&layout, format == C4_DNN_VECTOR ? 1 : 4,
                                                         size, dnnl_f32, strides),
                        "describe a tensor"));
    return c4_dnn_memory(dnn, &layout, data, memory);
}

c4_dnn_layout c4_dnn_memory_layout(dnnl_memory_t memory) {
    c4_dnn_layout layout = NULL;
    dnnl_memory_get_memory_desc(memory, &layout);
    return layout;
}

enum c4_status c4_dnn_map_of(c4_dnn_layout layout, struct c4_dnn_map *map) {
    const dnnl_blocking_desc_t *blocking = &layout->format_desc.blocking;
    const struct c4_dnn_facts facts = {.is_blocked_float = layout->format_kind == dnnl_blocked &&
                                                           layout->data_type == dnnl_f32 &&
                                                           layout->offset0 == 0,
                                       .rank = layout->ndims,
                                       .blocks = blocking->inner_nblks,
                                       .block_channel = blocking->inner_idxs[0],
                                       .block_size = blocking->inner_blks[0],
                                       .dims = layout->dims,
                                       .strides = blocking->strides};
    return c4_dnn_map_from(&facts, map);
}

/* Creates the primitive for an operation descriptor; returns the library's status, so that callers
 * may try another algorithm. */
static dnnl_status_t make(struct c4_dnn *dnn, const_dnnl_op_desc_t description,
                          dnnl_primitive_attr_t attributes, const struct c4_dnn_op *forward,
                          struct c4_dnn_op *op) {
    *op = (struct c4_dnn_op){0};
    dnnl_status_t status = dnnl_primitive_desc_create(&op->desc, description, attributes,
                                                      dnn->engine, forward ? forward->desc : NULL);
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

static dnnl_status_t conv_layouts(const struct c4_dnn_conv *conv, struct conv_layouts *l) {
    const dnnl_dims_t src = {conv->n, conv->ci, conv->h, conv->w};
    const dnnl_dims_t dst = {conv->n, CHANNELS, conv->h, conv->w};
    const dnnl_dims_t weights = {CHANNELS, conv->ci, 3, 3}, bias = {CHANNELS};
    dnnl_format_tag_t map = conv->nhwc ? dnnl_nhwc : dnnl_format_tag_any;
    dnnl_status_t status = dnnl_memory_desc_init_by_tag(&l->src, 4, src, dnnl_f32, map);
    if (status == dnnl_success)
        status = dnnl_memory_desc_init_by_tag(&l->dst, 4, dst, dnnl_f32, map);
    if (status == dnnl_success)
        status =
            dnnl_memory_desc_init_by_tag(&l->weights, 4, weights, dnnl_f32, dnnl_format_tag_any);
    if (status == dnnl_success)
        status = dnnl_memory_desc_init_by_tag(&l->bias, 1, bias, dnnl_f32, dnnl_a);
    return status;
}

dnnl_status_t c4_dnn_make_conv(struct c4_dnn *dnn, const struct c4_dnn_conv *conv,
                               enum c4_dnn_pass pass, dnnl_alg_kind_t algorithm,
                               const struct c4_dnn_op *forward, struct c4_dnn_op *op) {
    struct conv_layouts l;
    dnnl_convolution_desc_t d;
    dnnl_status_t status = conv_layouts(conv, &l);
    if (status != dnnl_success) return status;
    if (pass == C4_DNN_CONV_FORWARD)
        status = dnnl_convolution_forward_desc_init(&d, dnnl_forward_training, algorithm, &l.src,
                                                    &l.weights, conv->bias ? &l.bias : NULL, &l.dst,
                                                    ones, ones, ones);
    else if (pass == C4_DNN_CONV_DATA)
        status = dnnl_convolution_backward_data_desc_init(&d, algorithm, &l.src, &l.weights, &l.dst,
                                                          ones, ones, ones);
    else
        status = dnnl_convolution_backward_weights_desc_init(&d, algorithm, &l.src, &l.weights,
                                                             NULL, &l.dst, ones, ones, ones);
    if (status != dnnl_success) return status;
    bool relu = pass == C4_DNN_CONV_FORWARD && conv->relu;
    return make(dnn, &d, relu ? dnn->strict_relu : dnn->strict, forward, op);
}

static unsigned norm_flags(bool relu) {
    return dnnl_use_scale | dnnl_use_shift | (relu ? dnnl_fuse_norm_relu : 0U);
}

static const float epsilon = 1e-5F;

enum c4_status c4_dnn_norm_forward(struct c4_dnn *dnn, c4_dnn_layout map, bool relu, bool training,
                                   struct c4_dnn_op *op) {
    dnnl_batch_normalization_desc_t d;
    dnnl_status_t status = dnnl_batch_normalization_forward_desc_init(
        &d, training ? dnnl_forward_training : dnnl_forward_inference, map, epsilon,
        norm_flags(relu) | dnnl_use_global_stats);
    if (status == dnnl_success) status = make(dnn, &d, dnn->strict, NULL, op);
    return c4_dnn_check(status, "create a batch norm");
}

enum c4_status c4_dnn_norm_backward(struct c4_dnn *dnn, c4_dnn_layout map, bool relu,
                                    const struct c4_dnn_op *forward, struct c4_dnn_op *op) {
    dnnl_batch_normalization_desc_t d;
    dnnl_status_t status = dnnl_batch_normalization_backward_desc_init(&d, dnnl_backward, map, map,
                                                                       epsilon, norm_flags(relu));
    if (status == dnnl_success) status = make(dnn, &d, dnn->strict, forward, op);
    return c4_dnn_check(status, "create a batch norm's gradient");
}

enum c4_status c4_dnn_pool_forward(struct c4_dnn *dnn, c4_dnn_layout map, int n, int h, int w,
                                   struct c4_dnn_op *op) {
    const dnnl_dims_t pooled = {n, CHANNELS, h / 2, w / 2};
    dnnl_memory_desc_t dst;
    dnnl_pooling_desc_t d;
    dnnl_status_t status =
        dnnl_memory_desc_init_by_tag(&dst, 4, pooled, dnnl_f32, dnnl_format_tag_any);
    if (status == dnnl_success)
        status = dnnl_pooling_forward_desc_init(&d, dnnl_forward_training, dnnl_pooling_max, map,
                                                &dst, twos, twos, zeros, zeros);
    if (status == dnnl_success) status = make(dnn, &d, dnn->strict, NULL, op);
    return c4_dnn_check(status, "create a max pooling");
}

enum c4_status c4_dnn_pool_backward(struct c4_dnn *dnn, c4_dnn_layout map,
                                    const struct c4_dnn_op *forward, struct c4_dnn_op *op) {
    dnnl_pooling_desc_t d;
    dnnl_status_t status = dnnl_pooling_backward_desc_init(
        &d, dnnl_pooling_max, map, c4_dnn_op_layout(forward, dnnl_query_dst_md), twos, twos, zeros,
        zeros);
    if (status == dnnl_success) status = make(dnn, &d, dnn->strict, forward, op);
    return c4_dnn_check(status, "create a max pooling's gradient");
}

enum c4_status c4_dnn_relu_backward(struct c4_dnn *dnn, c4_dnn_layout map, struct c4_dnn_op *op) {
    const dnnl_alg_kind_t relu = dnnl_eltwise_relu_use_dst_for_bwd;
    struct c4_dnn_op forward = {0};
    dnnl_eltwise_desc_t d;
    dnnl_status_t status =
        dnnl_eltwise_forward_desc_init(&d, dnnl_forward_training, relu, map, 0.0F, 0.0F);
    if (status == dnnl_success) status = make(dnn, &d, dnn->strict, NULL, &forward);
    if (status == dnnl_success)
        status = dnnl_eltwise_backward_desc_init(&d, relu, map, map, 0.0F, 0.0F);
    if (status == dnnl_success) status = make(dnn, &d, dnn->strict, &forward, op);
    c4_dnn_op_close(&forward);
    return c4_dnn_check(status, "create a ReLU's gradient");
}

enum c4_status c4_dnn_reorder(struct c4_dnn *dnn, c4_dnn_layout from, c4_dnn_layout to,
                              struct c4_dnn_op *op) {
    *op = (struct c4_dnn_op){0};
    dnnl_status_t status = dnnl_reorder_primitive_desc_create(&op->desc, from, dnn->engine, to,
                                                              dnn->engine, dnn->copy);
    if (status == dnnl_success) status = dnnl_primitive_create(&op->primitive, op->desc);
    if (status == dnnl_success)
        status = dnnl_primitive_desc_query(op->desc, dnnl_query_impl_info_str, 0,
                                           (void *)&op->implementation);
    if (status != dnnl_success) c4_dnn_op_close(op);
    return c4_dnn_check(status, "create a change of layout");
}

#endif
