#include "core/op/prepared.h"

#include <omp.h>
#include <stdlib.h>

#include "simd/onednn/shim.h"
#include "simd/onednn/slots.h"

/* The tensors of a pass: two inputs and the output. */
enum { FIRST, SECOND, OUT, TENSORS };

struct c4_prepared {
    struct c4_dnn dnn;
    struct c4_dnn_op forward, backward, *op; /* op is one of the two */
    struct c4_dnn_op copy[TENSORS];          /* between the canonical layout and the library's */
    dnnl_memory_t own[TENSORS], canonical[TENSORS];
    void *scratch;
};

static const struct pass {
    enum c4_dnn_pass pass;
    bool winograd;
} passes[C4_SLOT_COUNT] = {
    [C4_SLOT_conv_fwd_direct] = {C4_DNN_CONV_FORWARD, false},
    [C4_SLOT_conv_bwd_data_direct] = {C4_DNN_CONV_DATA, false},
    [C4_SLOT_conv_bwd_weights_direct] = {C4_DNN_CONV_WEIGHTS, false},
    [C4_SLOT_conv_fwd_winograd] = {C4_DNN_CONV_FORWARD, true},
    [C4_SLOT_conv_bwd_data_winograd] = {C4_DNN_CONV_DATA, true},
    [C4_SLOT_conv_bwd_weights_winograd] = {C4_DNN_CONV_WEIGHTS, true},
};

/* A pass's tensor: the map with ci channels, the map with 64, or the filters. */
enum kind { NARROW, WIDE, FILTERS, FILTERS_OUT_FIRST };

static const struct tensor {
    int arg;
    dnnl_query_t query;
    enum kind kind;
} tensors[C4_DNN_PASSES][TENSORS] = {
    [C4_DNN_CONV_FORWARD] = {{DNNL_ARG_SRC, dnnl_query_src_md, NARROW},
                             {DNNL_ARG_WEIGHTS, dnnl_query_weights_md, FILTERS},
                             {DNNL_ARG_DST, dnnl_query_dst_md, WIDE}},
    [C4_DNN_CONV_DATA] = {{DNNL_ARG_DIFF_DST, dnnl_query_diff_dst_md, WIDE},
                          {DNNL_ARG_WEIGHTS, dnnl_query_weights_md, FILTERS_OUT_FIRST},
                          {DNNL_ARG_DIFF_SRC, dnnl_query_diff_src_md, NARROW}},
    [C4_DNN_CONV_WEIGHTS] = {{DNNL_ARG_SRC, dnnl_query_src_md, NARROW},
                             {DNNL_ARG_DIFF_DST, dnnl_query_diff_dst_md, WIDE},
                             {DNNL_ARG_DIFF_WEIGHTS, dnnl_query_diff_weights_md, FILTERS}},
};

static void close_prepared(struct c4_prepared *prepared) {
    if (!prepared) return;
    for (int i = 0; i < TENSORS; i++) {
        if (prepared->own[i]) dnnl_memory_destroy(prepared->own[i]);
        if (prepared->canonical[i]) dnnl_memory_destroy(prepared->canonical[i]);
        c4_dnn_op_close(&prepared->copy[i]);
    }
    c4_dnn_op_close(&prepared->backward);
    c4_dnn_op_close(&prepared->forward);
    c4_dnn_close(&prepared->dnn);
    free(prepared->scratch);
    free(prepared);
}

/* A tensor in the library's layout, and the copy from or to the canonical layout. The canonical
 * memory is set to the caller's in each call; until then its pointer is only a placeholder. */
static enum c4_status make_tensor(struct c4_prepared *prepared, const struct c4_conv_shape *shape,
                                  const struct tensor *tensor, int i) {
    static const enum c4_dnn_format formats[] = {C4_DNN_NHWC, C4_DNN_NHWC, C4_DNN_HWIO,
                                                 C4_DNN_HWOI};
    const int dims[][4] = {{shape->n, shape->ci, shape->h, shape->w},
                           {shape->n, C4_CHANNELS, shape->h, shape->w},
                           {C4_CHANNELS, shape->ci, 3, 3},
                           {C4_CHANNELS, shape->ci, 3, 3}};
    struct c4_dnn *dnn = &prepared->dnn;
    dnnl_memory_t *own = &prepared->own[i], *canonical = &prepared->canonical[i];
    C4_TRY(c4_dnn_memory(dnn, c4_dnn_op_layout(prepared->op, tensor->query), NULL, own));
    C4_TRY(c4_dnn_plain_memory(dnn, formats[tensor->kind], dims[tensor->kind],
                               c4_dnn_memory_data(*own), canonical));
    dnnl_memory_t from = i == OUT ? *own : *canonical, to = i == OUT ? *canonical : *own;
    struct c4_dnn_op *copy = &prepared->copy[i];
    C4_TRY(c4_dnn_reorder(dnn, c4_dnn_memory_layout(from), c4_dnn_memory_layout(to), copy));
    c4_dnn_bind(copy, DNNL_ARG_FROM, from);
    c4_dnn_bind(copy, DNNL_ARG_TO, to);
    c4_dnn_bind(prepared->op, tensor->arg, *own);
    return C4_OK;
}

/* One buffer for all operations, which run one after the other. */
static enum c4_status make_scratch(struct c4_prepared *prepared) {
    enum { OPS = 1 + TENSORS };
    struct c4_dnn_op *const ops[OPS] = {prepared->op, &prepared->copy[FIRST],
                                        &prepared->copy[SECOND], &prepared->copy[OUT]};
    size_t most = 0;
    for (int i = 0; i < OPS; i++)
        if (c4_dnn_scratch_bytes(ops[i]) > most) most = c4_dnn_scratch_bytes(ops[i]);
    if (most == 0) return C4_OK;
    prepared->scratch = aligned_alloc(64, (most + 63) / 64 * 64);
    if (!prepared->scratch) return c4_fail(C4_ERR_MEMORY, "out of memory for a convolution");
    for (int i = 0; i < OPS; i++)
        C4_TRY(c4_dnn_bind_scratch(&prepared->dnn, ops[i], prepared->scratch));
    return C4_OK;
}

static enum c4_status make(struct c4_prepared *prepared, enum c4_op_slot slot,
                           const struct c4_conv_shape *shape) {
    enum c4_dnn_pass pass = passes[slot].pass;
    const struct c4_dnn_conv conv = {.n = shape->n,
                                     .h = shape->h,
                                     .w = shape->w,
                                     .ci = shape->ci,
                                     .winograd = passes[slot].winograd};
    struct c4_dnn *dnn = &prepared->dnn;
    C4_TRY(c4_dnn_open(dnn));
    prepared->op = pass == C4_DNN_CONV_FORWARD ? &prepared->forward : &prepared->backward;
    C4_TRY(c4_dnn_conv(dnn, &conv, C4_DNN_CONV_FORWARD, NULL, &prepared->forward));
    if (pass != C4_DNN_CONV_FORWARD)
        C4_TRY(c4_dnn_conv(dnn, &conv, pass, &prepared->forward, prepared->op));
    for (int i = 0; i < TENSORS; i++) C4_TRY(make_tensor(prepared, shape, &tensors[pass][i], i));
    return make_scratch(prepared);
}

static enum c4_status open_prepared(enum c4_op_slot slot, const struct c4_conv_shape *shape,
                                    struct c4_prepared **prepared) {
    *prepared = calloc(1, sizeof **prepared);
    if (!*prepared) return c4_fail(C4_ERR_MEMORY, "out of memory for a convolution");
    int threads = omp_get_max_threads();
    omp_set_num_threads(1);
    enum c4_status status = make(*prepared, slot, shape);
    omp_set_num_threads(threads);
    if (status == C4_OK) return C4_OK;
    close_prepared(*prepared);
    *prepared = NULL;
    return status;
}

static const char *kernel(const struct c4_prepared *prepared) {
    return prepared->op->implementation;
}

/* Runs on one thread, and restores the caller's number of threads. */
static enum c4_status run_alone(struct c4_prepared *prepared, const struct c4_dnn_op *op) {
    int threads = omp_get_max_threads();
    omp_set_num_threads(1);
    enum c4_status status = c4_dnn_run(&prepared->dnn, op);
    omp_set_num_threads(threads);
    return status;
}

static enum c4_status copy(struct c4_prepared *prepared, int i, const float *canonical) {
    /* The library takes constant tensors by non-const pointers and does not write to them. */
    dnnl_status_t status = dnnl_memory_set_data_handle(prepared->canonical[i], (float *)canonical);
    C4_TRY(c4_dnn_check(status, "take a tensor"));
    return run_alone(prepared, &prepared->copy[i]);
}

static enum c4_status load(struct c4_prepared *prepared, const float *first, const float *second) {
    C4_TRY(copy(prepared, FIRST, first));
    return copy(prepared, SECOND, second);
}

static enum c4_status run(struct c4_prepared *prepared) {
    return run_alone(prepared, prepared->op);
}

static enum c4_status store(struct c4_prepared *prepared, float *out) {
    return copy(prepared, OUT, out);
}

const struct c4_prepared_api c4_prepared_onednn = {
    .open = open_prepared,
    .close = close_prepared,
    .kernel = kernel,
    .load = load,
    .run = run,
    .store = store,
};
