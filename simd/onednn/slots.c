#include "simd/onednn/slots.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>

#include "simd/onednn/shim.h"

/* Everything one call opens; closed as a whole. */
struct call {
    struct c4_dnn dnn;
    struct c4_dnn_op forward, backward;
    dnnl_memory_t narrow, wide; /* the map with ci channels, the map with 64 */
    dnnl_memory_t canonical, weights;
    void *scratch;
};

static void close_call(struct call *call) {
    const dnnl_memory_t memories[] = {call->narrow, call->wide, call->canonical, call->weights};
    for (int i = 0; i < 4; i++)
        if (memories[i]) dnnl_memory_destroy(memories[i]);
    c4_dnn_op_close(&call->backward);
    c4_dnn_op_close(&call->forward);
    c4_dnn_close(&call->dnn);
    free(call->scratch);
}

static enum c4_status run(struct call *call, enum c4_dnn_pass pass,
                          const struct c4_conv_shape *shape, const float *narrow, const float *wide,
                          const float *w) {
    const struct c4_dnn_conv conv = {
        .n = shape->n, .h = shape->h, .w = shape->w, .ci = shape->ci, .nhwc = true};
    const int narrow_dims[4] = {shape->n, shape->ci, shape->h, shape->w};
    const int wide_dims[4] = {shape->n, C4_CHANNELS, shape->h, shape->w};
    const int filters[4] = {C4_CHANNELS, shape->ci, 3, 3};
    struct c4_dnn *dnn = &call->dnn;
    C4_TRY(c4_dnn_open(dnn));
    C4_TRY(c4_dnn_conv(dnn, &conv, C4_DNN_CONV_FORWARD, NULL, &call->forward));
    struct c4_dnn_op *op = &call->forward;
    if (pass != C4_DNN_CONV_FORWARD)
        C4_TRY(c4_dnn_conv(dnn, &conv, pass, &call->forward, op = &call->backward));

    /* The library takes pointers to constant tensors as plain ones and does not write to them. */
    C4_TRY(c4_dnn_plain_memory(dnn, C4_DNN_NHWC, narrow_dims, (float *)narrow, &call->narrow));
    C4_TRY(c4_dnn_plain_memory(dnn, C4_DNN_NHWC, wide_dims, (float *)wide, &call->wide));
    C4_TRY(c4_dnn_plain_memory(dnn, pass == C4_DNN_CONV_DATA ? C4_DNN_HWOI : C4_DNN_HWIO, filters,
                               (float *)w, &call->canonical));
    dnnl_query_t tensor =
        pass == C4_DNN_CONV_WEIGHTS ? dnnl_query_diff_weights_md : dnnl_query_weights_md;
    C4_TRY(c4_dnn_memory(dnn, c4_dnn_op_layout(op, tensor), NULL, &call->weights));
    if (pass != C4_DNN_CONV_WEIGHTS) C4_TRY(c4_dnn_copy(dnn, call->canonical, call->weights));

    static const int args[][3] = {
        [C4_DNN_CONV_FORWARD] = {DNNL_ARG_SRC, DNNL_ARG_DST, DNNL_ARG_WEIGHTS},
        [C4_DNN_CONV_DATA] = {DNNL_ARG_DIFF_SRC, DNNL_ARG_DIFF_DST, DNNL_ARG_WEIGHTS},
        [C4_DNN_CONV_WEIGHTS] = {DNNL_ARG_SRC, DNNL_ARG_DIFF_DST, DNNL_ARG_DIFF_WEIGHTS},
    };
    c4_dnn_bind(op, args[pass][0], call->narrow);
    c4_dnn_bind(op, args[pass][1], call->wide);
    c4_dnn_bind(op, args[pass][2], call->weights);
    size_t bytes = c4_dnn_scratch_bytes(op);
    if (bytes > 0) {
        call->scratch = aligned_alloc(64, (bytes + 63) / 64 * 64);
        if (!call->scratch) return c4_fail(C4_ERR_MEMORY, "out of memory for a convolution");
        C4_TRY(c4_dnn_bind_scratch(dnn, op, call->scratch));
    }
    C4_TRY(c4_dnn_run(dnn, op));
    return pass == C4_DNN_CONV_WEIGHTS ? c4_dnn_copy(dnn, call->weights, call->canonical) : C4_OK;
}

/* On one thread, as the slots promise; the caller's number comes back. */
static void call_library(enum c4_dnn_pass pass, const struct c4_conv_shape *shape,
                         const float *narrow, const float *wide, const float *w, float *out,
                         size_t out_count) {
    struct call call = {0};
    int threads = omp_get_max_threads();
    omp_set_num_threads(1);
    enum c4_status status = run(&call, pass, shape, narrow, wide, w);
    close_call(&call);
    omp_set_num_threads(threads);
    for (size_t i = 0; status != C4_OK && i < out_count; i++) out[i] = NAN;
}

static size_t pixels(const struct c4_conv_shape *shape) {
    return (size_t)shape->n * (size_t)shape->h * (size_t)shape->w;
}

void c4_dnn_conv_fwd_direct(const struct c4_conv_shape *shape, const float *x, const float *w,
                            float *y) {
    call_library(C4_DNN_CONV_FORWARD, shape, x, y, w, y, pixels(shape) * C4_CHANNELS);
}

void c4_dnn_conv_bwd_data_direct(const struct c4_conv_shape *shape, const float *dy,
                                 const float *wt, float *dx) {
    call_library(C4_DNN_CONV_DATA, shape, dx, dy, wt, dx, pixels(shape) * (size_t)shape->ci);
}

void c4_dnn_conv_bwd_weights_direct(const struct c4_conv_shape *shape, const float *x,
                                    const float *dy, float *dw) {
    call_library(C4_DNN_CONV_WEIGHTS, shape, x, dy, dw, dw, 9 * (size_t)shape->ci * C4_CHANNELS);
}
