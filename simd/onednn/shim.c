/* What 2.x and 3.x have in common: engine, execution, scratch, status. */
#include "simd/onednn/shim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHANNELS = 64 };

enum c4_status c4_dnn_check(dnnl_status_t status, const char *what) {
    switch (status) {
    case dnnl_success:
        return C4_OK;
    case dnnl_out_of_memory:
        return c4_fail(C4_ERR_MEMORY, "oneDNN could not %s: out of memory", what);
    case dnnl_unimplemented:
        return c4_fail(C4_ERR_ENVIRONMENT,
                       "oneDNN could not %s: this version has no kernel for it on this CPU", what);
    default:
        return c4_fail(C4_ERR_FAILED, "oneDNN could not %s: status %d", what, (int)status);
    }
}

static dnnl_status_t make_attributes(struct c4_dnn *dnn) {
    dnnl_primitive_attr_t *const made[] = {&dnn->copy, &dnn->strict, &dnn->strict_relu};
    dnnl_status_t status = dnnl_success;
    for (int i = 0; i < 3 && status == dnnl_success; i++) {
        status = dnnl_primitive_attr_create(made[i]);
        /* The library's own scratchpad belongs to the thread that created the primitive. */
        if (status == dnnl_success)
            status = dnnl_primitive_attr_set_scratchpad_mode(*made[i], dnnl_scratchpad_mode_user);
        /* Otherwise DNNL_DEFAULT_FPMATH_MODE could allow bfloat16. Reorders reject the setting. */
        if (status == dnnl_success && i > 0)
            status = dnnl_primitive_attr_set_fpmath_mode(*made[i], dnnl_fpmath_mode_strict);
    }
    return status == dnnl_success ? c4_dnn_append_relu(dnn->strict_relu) : status;
}

enum c4_status c4_dnn_open(struct c4_dnn *dnn) {
    memset(dnn, 0, sizeof *dnn);
    dnnl_status_t status = dnnl_engine_create(&dnn->engine, dnnl_cpu, 0);
    if (status == dnnl_success)
        status = dnnl_stream_create(&dnn->stream, dnn->engine, dnnl_stream_default_flags);
    if (status == dnnl_success) status = make_attributes(dnn);
    if (status != dnnl_success) c4_dnn_close(dnn);
    return c4_dnn_check(status, "open its CPU engine");
}

void c4_dnn_close(struct c4_dnn *dnn) {
    if (dnn->copy) dnnl_primitive_attr_destroy(dnn->copy);
    if (dnn->strict) dnnl_primitive_attr_destroy(dnn->strict);
    if (dnn->strict_relu) dnnl_primitive_attr_destroy(dnn->strict_relu);
    if (dnn->stream) dnnl_stream_destroy(dnn->stream);
    if (dnn->engine) dnnl_engine_destroy(dnn->engine);
    memset(dnn, 0, sizeof *dnn);
}

size_t c4_dnn_bytes(c4_dnn_layout layout) {
    return dnnl_memory_desc_get_size(layout);
}

bool c4_dnn_same_layout(c4_dnn_layout a, c4_dnn_layout b) {
    return dnnl_memory_desc_equal(a, b) != 0;
}

enum c4_status c4_dnn_memory(struct c4_dnn *dnn, c4_dnn_layout layout, void *data,
                             dnnl_memory_t *memory) {
    return c4_dnn_check(
        dnnl_memory_create(memory, layout, dnn->engine, data ? data : DNNL_MEMORY_ALLOCATE),
        "create a tensor");
}

void c4_dnn_plain_strides(enum c4_dnn_format format, const int dims[4], dnnl_dims_t size,
                          dnnl_dims_t strides) {
    bool vector = format == C4_DNN_VECTOR;
    int64_t a = dims[0], b = vector ? 1 : dims[1], c = vector ? 1 : dims[2],
            d = vector ? 1 : dims[3];
    const dnnl_dims_t all = {a, b, c, d};
    const dnnl_dims_t of[] = {
        [C4_DNN_NCHW] = {b * c * d, c * d, d, 1}, [C4_DNN_NHWC] = {b * c * d, 1, b * d, b},
        [C4_DNN_OIHW] = {b * c * d, c * d, d, 1}, [C4_DNN_HWIO] = {1, a, a * b * d, a * b},
        [C4_DNN_HWOI] = {b, 1, a * b * d, a * b}, [C4_DNN_VECTOR] = {1},
    };
    memcpy(size, all, sizeof all);
    memcpy(strides, of[format], sizeof of[format]);
}

enum c4_status c4_dnn_map_from(const struct c4_dnn_facts *facts, struct c4_dnn_map *map) {
    const int64_t *dims = facts->dims, *strides = facts->strides;
    bool blocked = facts->blocks == 1 && facts->block_channel == 1;
    if (facts->is_blocked_float && facts->rank == 4 && (blocked || facts->blocks == 0)) {
        int64_t inner = blocked ? facts->block_size : strides[1] == 1 ? CHANNELS : 1;
        if (dims[1] == CHANNELS && strides[3] == inner && strides[2] == dims[3] * inner &&
            inner <= CHANNELS && (inner & (inner - 1)) == 0 && dims[2] * dims[3] * inner % 8 == 0) {
            *map = (struct c4_dnn_map){.images = (size_t)dims[0],
                                       .pixels = (size_t)(dims[2] * dims[3]),
                                       .inner = (size_t)inner,
                                       .block_stride = inner < CHANNELS ? (size_t)strides[1] : 0,
                                       .image_stride = (size_t)strides[0]};
            return C4_OK;
        }
    }
    return c4_fail(C4_ERR_ENVIRONMENT,
                   "oneDNN chose a layout for a map that this program cannot walk through");
}

void *c4_dnn_memory_data(dnnl_memory_t memory) {
    void *data = NULL;
    dnnl_memory_get_data_handle(memory, &data);
    return data;
}

void c4_dnn_op_close(struct c4_dnn_op *op) {
    if (op->scratch) dnnl_memory_destroy(op->scratch);
    if (op->primitive) dnnl_primitive_destroy(op->primitive);
    if (op->desc) dnnl_primitive_desc_destroy(op->desc);
    memset(op, 0, sizeof *op);
}

void c4_dnn_bind(struct c4_dnn_op *op, int arg, dnnl_memory_t memory) {
    op->args[op->arg_count++] = (dnnl_exec_arg_t){arg, memory};
}

size_t c4_dnn_scratch_bytes(const struct c4_dnn_op *op) {
    c4_dnn_layout layout = c4_dnn_op_layout(op, dnnl_query_scratchpad_md);
    return layout ? c4_dnn_bytes(layout) : 0;
}

enum c4_status c4_dnn_bind_scratch(struct c4_dnn *dnn, struct c4_dnn_op *op, void *buffer) {
    if (c4_dnn_scratch_bytes(op) == 0) return C4_OK;
    C4_TRY(
        c4_dnn_memory(dnn, c4_dnn_op_layout(op, dnnl_query_scratchpad_md), buffer, &op->scratch));
    c4_dnn_bind(op, DNNL_ARG_SCRATCHPAD, op->scratch);
    return C4_OK;
}

enum c4_status c4_dnn_run(struct c4_dnn *dnn, const struct c4_dnn_op *op) {
    dnnl_status_t status =
        dnnl_primitive_execute(op->primitive, dnn->stream, op->arg_count, op->args);
    if (status == dnnl_success) status = dnnl_stream_wait(dnn->stream);
    if (status == dnnl_success) return C4_OK;
    struct c4_text what = {0};
    c4_text_add(&what, "run %s", op->implementation);
    enum c4_status failed = what.lost ? C4_ERR_MEMORY : c4_dnn_check(status, what.bytes);
    c4_text_free(&what);
    return failed;
}

enum c4_status c4_dnn_conv(struct c4_dnn *dnn, const struct c4_dnn_conv *conv,
                           enum c4_dnn_pass pass, const struct c4_dnn_op *forward,
                           struct c4_dnn_op *op) {
    static const char *const what[][2] = {
        [C4_DNN_CONV_FORWARD] = {"create a convolution", "create a Winograd convolution"},
        [C4_DNN_CONV_DATA] = {"create a convolution's data gradient",
                              "create a Winograd convolution's data gradient"},
        [C4_DNN_CONV_WEIGHTS] = {"create a convolution's weight gradient",
                                 "create a Winograd convolution's weight gradient"}};
    dnnl_alg_kind_t algorithm =
        conv->winograd ? dnnl_convolution_winograd : dnnl_convolution_direct;
    return c4_dnn_check(c4_dnn_make_conv(dnn, conv, pass, algorithm, forward, op),
                        what[pass][conv->winograd]);
}

c4_dnn_layout c4_dnn_op_layout(const struct c4_dnn_op *op, dnnl_query_t tensor) {
    return dnnl_primitive_desc_query_md(op->desc, tensor, 0);
}

enum c4_status c4_dnn_copy(struct c4_dnn *dnn, dnnl_memory_t from, dnnl_memory_t to) {
    struct c4_dnn_op op = {0};
    void *scratch = NULL;
    enum c4_status status =
        c4_dnn_reorder(dnn, c4_dnn_memory_layout(from), c4_dnn_memory_layout(to), &op);
    if (status == C4_OK && c4_dnn_scratch_bytes(&op) > 0) {
        scratch = aligned_alloc(64, (c4_dnn_scratch_bytes(&op) + 63) / 64 * 64);
        status = scratch ? c4_dnn_bind_scratch(dnn, &op, scratch)
                         : c4_fail(C4_ERR_MEMORY, "out of memory for a change of layout");
    }
    if (status == C4_OK) {
        c4_dnn_bind(&op, DNNL_ARG_FROM, from);
        c4_dnn_bind(&op, DNNL_ARG_TO, to);
        status = c4_dnn_run(dnn, &op);
    }
    c4_dnn_op_close(&op);
    free(scratch);
    return status;
}
