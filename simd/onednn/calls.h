/* oneDNN's functions behind a guard: the library is C++ and throws std::bad_alloc through its C
 * interface, which would end the program. With C4_DNN_GUARDED (a build with a C++ compiler) their
 * names stand for calls that return dnnl_out_of_memory instead. Include last. */
#ifndef C4_SIMD_ONEDNN_CALLS_H
#define C4_SIMD_ONEDNN_CALLS_H

#include <oneapi/dnnl/dnnl.h>

#if DNNL_VERSION_MAJOR == 2
#define C4_DNN_CALLS_OF_VERSION(X)                                                                 \
    X(dnnl_memory_desc_init_by_strides)                                                            \
    X(dnnl_memory_desc_init_by_tag)                                                                \
    X(dnnl_convolution_forward_desc_init)                                                          \
    X(dnnl_convolution_backward_data_desc_init)                                                    \
    X(dnnl_convolution_backward_weights_desc_init)                                                 \
    X(dnnl_batch_normalization_forward_desc_init)                                                  \
    X(dnnl_batch_normalization_backward_desc_init)                                                 \
    X(dnnl_pooling_forward_desc_init)                                                              \
    X(dnnl_pooling_backward_desc_init)                                                             \
    X(dnnl_eltwise_forward_desc_init)                                                              \
    X(dnnl_eltwise_backward_desc_init)                                                             \
    X(dnnl_primitive_desc_create)
#else
#define C4_DNN_CALLS_OF_VERSION(X)                                                                 \
    X(dnnl_memory_desc_create_with_strides)                                                        \
    X(dnnl_memory_desc_create_with_tag)                                                            \
    X(dnnl_convolution_forward_primitive_desc_create)                                              \
    X(dnnl_convolution_backward_data_primitive_desc_create)                                        \
    X(dnnl_convolution_backward_weights_primitive_desc_create)                                     \
    X(dnnl_batch_normalization_forward_primitive_desc_create)                                      \
    X(dnnl_batch_normalization_backward_primitive_desc_create)                                     \
    X(dnnl_pooling_forward_primitive_desc_create)                                                  \
    X(dnnl_pooling_backward_primitive_desc_create)                                                 \
    X(dnnl_eltwise_forward_primitive_desc_create)                                                  \
    X(dnnl_eltwise_backward_primitive_desc_create)
#endif
#define C4_DNN_CALLS(X)                                                                            \
    C4_DNN_CALLS_OF_VERSION(X)                                                                     \
    X(dnnl_engine_create)                                                                          \
    X(dnnl_stream_create)                                                                          \
    X(dnnl_stream_wait)                                                                            \
    X(dnnl_post_ops_create)                                                                        \
    X(dnnl_post_ops_append_eltwise)                                                                \
    X(dnnl_primitive_attr_create)                                                                  \
    X(dnnl_primitive_attr_set_scratchpad_mode)                                                     \
    X(dnnl_primitive_attr_set_fpmath_mode)                                                         \
    X(dnnl_primitive_attr_set_post_ops)                                                            \
    X(dnnl_primitive_create)                                                                       \
    X(dnnl_primitive_execute)                                                                      \
    X(dnnl_reorder_primitive_desc_create)                                                          \
    X(dnnl_memory_create)                                                                          \
    X(dnnl_memory_set_data_handle)                                                                 \
    X(dnnl_sgemm)

struct c4_dnn_calls {
#define X(name) __typeof__(name) *of_##name;
    C4_DNN_CALLS(X)
#undef X
};

#ifdef __cplusplus
extern "C" const struct c4_dnn_calls c4_dnn_guarded;
#elif defined(C4_DNN_GUARDED)
extern const struct c4_dnn_calls c4_dnn_guarded;
#define dnnl_memory_desc_init_by_strides c4_dnn_guarded.of_dnnl_memory_desc_init_by_strides
#define dnnl_memory_desc_init_by_tag c4_dnn_guarded.of_dnnl_memory_desc_init_by_tag
#define dnnl_convolution_forward_desc_init c4_dnn_guarded.of_dnnl_convolution_forward_desc_init
#define dnnl_convolution_backward_data_desc_init                                                   \
    c4_dnn_guarded.of_dnnl_convolution_backward_data_desc_init
#define dnnl_convolution_backward_weights_desc_init                                                \
    c4_dnn_guarded.of_dnnl_convolution_backward_weights_desc_init
#define dnnl_batch_normalization_forward_desc_init                                                 \
    c4_dnn_guarded.of_dnnl_batch_normalization_forward_desc_init
#define dnnl_batch_normalization_backward_desc_init                                                \
    c4_dnn_guarded.of_dnnl_batch_normalization_backward_desc_init
#define dnnl_pooling_forward_desc_init c4_dnn_guarded.of_dnnl_pooling_forward_desc_init
#define dnnl_pooling_backward_desc_init c4_dnn_guarded.of_dnnl_pooling_backward_desc_init
#define dnnl_eltwise_forward_desc_init c4_dnn_guarded.of_dnnl_eltwise_forward_desc_init
#define dnnl_eltwise_backward_desc_init c4_dnn_guarded.of_dnnl_eltwise_backward_desc_init
#define dnnl_primitive_desc_create c4_dnn_guarded.of_dnnl_primitive_desc_create
#define dnnl_memory_desc_create_with_strides c4_dnn_guarded.of_dnnl_memory_desc_create_with_strides
#define dnnl_memory_desc_create_with_tag c4_dnn_guarded.of_dnnl_memory_desc_create_with_tag
#define dnnl_convolution_forward_primitive_desc_create                                             \
    c4_dnn_guarded.of_dnnl_convolution_forward_primitive_desc_create
#define dnnl_convolution_backward_data_primitive_desc_create                                       \
    c4_dnn_guarded.of_dnnl_convolution_backward_data_primitive_desc_create
#define dnnl_convolution_backward_weights_primitive_desc_create                                    \
    c4_dnn_guarded.of_dnnl_convolution_backward_weights_primitive_desc_create
#define dnnl_batch_normalization_forward_primitive_desc_create                                     \
    c4_dnn_guarded.of_dnnl_batch_normalization_forward_primitive_desc_create
#define dnnl_batch_normalization_backward_primitive_desc_create                                    \
    c4_dnn_guarded.of_dnnl_batch_normalization_backward_primitive_desc_create
#define dnnl_pooling_forward_primitive_desc_create                                                 \
    c4_dnn_guarded.of_dnnl_pooling_forward_primitive_desc_create
#define dnnl_pooling_backward_primitive_desc_create                                                \
    c4_dnn_guarded.of_dnnl_pooling_backward_primitive_desc_create
#define dnnl_eltwise_forward_primitive_desc_create                                                 \
    c4_dnn_guarded.of_dnnl_eltwise_forward_primitive_desc_create
#define dnnl_eltwise_backward_primitive_desc_create                                                \
    c4_dnn_guarded.of_dnnl_eltwise_backward_primitive_desc_create
#define dnnl_engine_create c4_dnn_guarded.of_dnnl_engine_create
#define dnnl_stream_create c4_dnn_guarded.of_dnnl_stream_create
#define dnnl_stream_wait c4_dnn_guarded.of_dnnl_stream_wait
#define dnnl_post_ops_create c4_dnn_guarded.of_dnnl_post_ops_create
#define dnnl_post_ops_append_eltwise c4_dnn_guarded.of_dnnl_post_ops_append_eltwise
#define dnnl_primitive_attr_create c4_dnn_guarded.of_dnnl_primitive_attr_create
#define dnnl_primitive_attr_set_scratchpad_mode                                                    \
    c4_dnn_guarded.of_dnnl_primitive_attr_set_scratchpad_mode
#define dnnl_primitive_attr_set_fpmath_mode c4_dnn_guarded.of_dnnl_primitive_attr_set_fpmath_mode
#define dnnl_primitive_attr_set_post_ops c4_dnn_guarded.of_dnnl_primitive_attr_set_post_ops
#define dnnl_primitive_create c4_dnn_guarded.of_dnnl_primitive_create
#define dnnl_primitive_execute c4_dnn_guarded.of_dnnl_primitive_execute
#define dnnl_reorder_primitive_desc_create c4_dnn_guarded.of_dnnl_reorder_primitive_desc_create
#define dnnl_memory_create c4_dnn_guarded.of_dnnl_memory_create
#define dnnl_memory_set_data_handle c4_dnn_guarded.of_dnnl_memory_set_data_handle
#define dnnl_sgemm c4_dnn_guarded.of_dnnl_sgemm
#endif

#endif
