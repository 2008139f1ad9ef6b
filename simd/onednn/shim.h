/* The only code that depends on the version of oneDNN.
 *
 * 2.x describes an operation first and its memory by plain structs; 3.x creates primitive
 * descriptors directly and hides the structs. Both hand out layouts as constant pointers that live
 * as long as the primitive descriptor or memory they came from; all other code sees only those.
 * shim_v2.c creates the descriptors and primitives of 2.x, shim_v3.c those of 3.x; one of the two
 * is empty.
 *
 * An operation is one primitive with its arguments. All operations compute in strict float32
 * whatever the environment says, take scratch memory from the caller, and use as many threads as
 * OpenMP would give the caller, at creation and at execution.
 *
 * Functions that fail call c4_fail(); the library never aborts. No object may be used by two
 * threads at once. */
#ifndef C4_SIMD_ONEDNN_SHIM_H
#define C4_SIMD_ONEDNN_SHIM_H

#include <oneapi/dnnl/dnnl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/status.h"
#include "core/base/text.h"
#include "simd/onednn/calls.h"

#if DNNL_VERSION_MAJOR == 2
typedef const dnnl_memory_desc_t *c4_dnn_layout;
#elif DNNL_VERSION_MAJOR == 3
typedef const_dnnl_memory_desc_t c4_dnn_layout;
#else
#error "this oneDNN needs a shim of its own, configure with -DC4_ONEDNN=OFF"
#endif

struct c4_dnn {
    dnnl_engine_t engine;
    dnnl_stream_t stream;
    dnnl_primitive_attr_t copy, strict, strict_relu; /* the last with a ReLU after the operation */
};

/* A failed open leaves nothing to close; a zeroed c4_dnn may be closed. */
enum c4_status c4_dnn_open(struct c4_dnn *dnn);
void c4_dnn_close(struct c4_dnn *dnn);

/* C4_OK, or a status and the sentence "oneDNN could not <what>: <reason>". */
enum c4_status c4_dnn_check(dnnl_status_t status, const char *what);

/* Makes ReLU follow the operations created with `attributes`. For c4_dnn_open. */
dnnl_status_t c4_dnn_append_relu(dnnl_primitive_attr_t attributes);

/* Layouts and memory. */

size_t c4_dnn_bytes(c4_dnn_layout layout);
bool c4_dnn_same_layout(c4_dnn_layout a, c4_dnn_layout b);

/* The layout of a float map of 64 channels that consists of whole runs: `inner` channels (a power
 * of two) of one image, pixel by pixel without a gap. Runs of an image are block_stride floats
 * apart, images image_stride. nChw8c has 8 inner channels, NHWC 64, NCHW 1. */
struct c4_dnn_map {
    size_t images, pixels, inner, block_stride, image_stride;
};

/* C4_ERR_ENVIRONMENT if the layout is of another kind. pixels * inner is a multiple of eight. */
enum c4_status c4_dnn_map_of(c4_dnn_layout layout, struct c4_dnn_map *map);

/* For c4_dnn_map_of: what a layout says about itself. */
struct c4_dnn_facts {
    bool is_blocked_float; /* with offset 0 */
    int rank, blocks;      /* dimensions; inner blocks, the first of which follows */
    int64_t block_channel, block_size;
    const int64_t *dims, *strides; /* [rank] */
};
enum c4_status c4_dnn_map_from(const struct c4_dnn_facts *facts, struct c4_dnn_map *map);

/* Plain float layouts. Logical order of maps is n, c, h, w and of weights co, ci, h, w; the name
 * gives the order in memory. A vector has dims[0] values. */
enum c4_dnn_format {
    C4_DNN_NCHW,
    C4_DNN_NHWC,
    C4_DNN_OIHW,
    C4_DNN_HWIO,
    C4_DNN_HWOI,
    C4_DNN_VECTOR
};

/* For c4_dnn_plain_memory: floats from one value of a dimension to the next. */
void c4_dnn_plain_strides(enum c4_dnn_format format, const int dims[4], dnnl_dims_t size,
                          dnnl_dims_t strides);

/* `data` NULL: the memory owns its values, which are not initialised. Otherwise it refers to the
 * caller's. */
enum c4_status c4_dnn_plain_memory(struct c4_dnn *dnn, enum c4_dnn_format format, const int dims[4],
                                   float *data, dnnl_memory_t *memory);
enum c4_status c4_dnn_memory(struct c4_dnn *dnn, c4_dnn_layout layout, void *data,
                             dnnl_memory_t *memory);
c4_dnn_layout c4_dnn_memory_layout(dnnl_memory_t memory);
void *c4_dnn_memory_data(dnnl_memory_t memory);

/* Operations. */

enum { C4_DNN_MAX_ARGS = 12 };

struct c4_dnn_op {
    dnnl_primitive_desc_t desc;
    dnnl_primitive_t primitive;
    const char *implementation; /* the library's name for its kernel; lives as long as desc */
    dnnl_memory_t scratch;
    int arg_count;
    dnnl_exec_arg_t args[C4_DNN_MAX_ARGS];
};

/* A zeroed op may be closed. Bound memories stay the caller's. */
void c4_dnn_op_close(struct c4_dnn_op *op);

/* `arg` is a DNNL_ARG_*; each is bound once. */
void c4_dnn_bind(struct c4_dnn_op *op, int arg, dnnl_memory_t memory);

/* Scratch bytes the op asks for (often 0), and a buffer of at least that size, 64-byte aligned,
 * that nothing else uses while the op runs. Bind before the first run. */
size_t c4_dnn_scratch_bytes(const struct c4_dnn_op *op);
enum c4_status c4_dnn_bind_scratch(struct c4_dnn *dnn, struct c4_dnn_op *op, void *buffer);

/* Returns when the op has finished. */
enum c4_status c4_dnn_run(struct c4_dnn *dnn, const struct c4_dnn_op *op);

/* The layout the op wants for one of its tensors: dnnl_query_src_md, _dst_md, _weights_md,
 * _diff_src_md, _diff_dst_md, _diff_weights_md, _workspace_md. */
c4_dnn_layout c4_dnn_op_layout(const struct c4_dnn_op *op, dnnl_query_t tensor);

/* 3x3 convolution to 64 channels, stride 1, padding 1 (core/op/conv3x3.h). Weights, and maps unless
 * `nhwc`, have the layout that the library prefers. */
struct c4_dnn_conv {
    int n, h, w, ci;
    bool winograd, nhwc;
    bool bias, relu; /* of the forward pass; the backward passes ignore them */
};

enum c4_dnn_pass { C4_DNN_CONV_FORWARD, C4_DNN_CONV_DATA, C4_DNN_CONV_WEIGHTS, C4_DNN_PASSES };

/* Forward (`forward` NULL): SRC, WEIGHTS, BIAS -> DST. Data: DIFF_DST, WEIGHTS -> DIFF_SRC.
 * Weights: SRC, DIFF_DST -> DIFF_WEIGHTS. `forward` may use another algorithm. C4_ERR_ENVIRONMENT
 * with `winograd` if the library has no such kernel for this CPU. */
enum c4_status c4_dnn_conv(struct c4_dnn *dnn, const struct c4_dnn_conv *conv,
                           enum c4_dnn_pass pass, const struct c4_dnn_op *forward,
                           struct c4_dnn_op *op);
/* For c4_dnn_conv: the library's own status. */
dnnl_status_t c4_dnn_make_conv(struct c4_dnn *dnn, const struct c4_dnn_conv *conv,
                               enum c4_dnn_pass pass, dnnl_alg_kind_t algorithm,
                               const struct c4_dnn_op *forward, struct c4_dnn_op *op);

/* Batch norm with scale and shift, followed by ReLU if `relu`. The statistics are inputs. Without
 * `training` there is no backward pass. The map's layout is the caller's.
 * SRC, MEAN, VARIANCE, SCALE, SHIFT -> DST, WORKSPACE (with relu and training) */
enum c4_status c4_dnn_norm_forward(struct c4_dnn *dnn, c4_dnn_layout map, bool relu, bool training,
                                   struct c4_dnn_op *op);
/* Passes through the statistics too, which must be the batch's. `forward` must be for training.
 * SRC, MEAN, VARIANCE, SCALE, SHIFT (see below), DIFF_DST, WORKSPACE -> DIFF_SRC (may be DIFF_DST),
 * DIFF_SCALE, DIFF_SHIFT */
enum c4_status c4_dnn_norm_backward(struct c4_dnn *dnn, c4_dnn_layout map, bool relu,
                                    const struct c4_dnn_op *forward, struct c4_dnn_op *op);
/* SHIFT is not used here: 2.x requires it nevertheless, 3.x rejects it. */
enum { C4_DNN_NORM_BACKWARD_SHIFT = DNNL_VERSION_MAJOR == 2 };

/* 2x2 max pooling, stride 2. SRC -> DST, WORKSPACE. h and w are those of the larger map. */
enum c4_status c4_dnn_pool_forward(struct c4_dnn *dnn, c4_dnn_layout map, int n, int h, int w,
                                   struct c4_dnn_op *op);
/* DIFF_DST (in the forward pass's DST layout), WORKSPACE -> DIFF_SRC (layout `map`) */
enum c4_status c4_dnn_pool_backward(struct c4_dnn *dnn, c4_dnn_layout map,
                                    const struct c4_dnn_op *forward, struct c4_dnn_op *op);

/* The gradient of ReLU's input. DST (the ReLU's output), DIFF_DST -> DIFF_SRC (may be DIFF_DST) */
enum c4_status c4_dnn_relu_backward(struct c4_dnn *dnn, c4_dnn_layout map, struct c4_dnn_op *op);

/* A copy from one layout to another. FROM -> TO */
enum c4_status c4_dnn_reorder(struct c4_dnn *dnn, c4_dnn_layout from, c4_dnn_layout to,
                              struct c4_dnn_op *op);

/* Creates, runs and destroys one reorder. */
enum c4_status c4_dnn_copy(struct c4_dnn *dnn, dnnl_memory_t from, dnnl_memory_t to);

#endif
