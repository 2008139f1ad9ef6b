/* Small steps by which net_forward.c and net_backward.c build a net. The net owns everything they
 * create. */
#ifndef C4_SIMD_ONEDNN_NET_BUILD_H
#define C4_SIMD_ONEDNN_NET_BUILD_H

#include "simd/onednn/net.h"

/* A slot for the next operation; the caller creates it there. */
struct c4_dnn_op *c4_dnn_next_op(struct c4_dnn_net *net);

/* Appends an operation, or a function of ours, to a list. */
void c4_dnn_append(struct c4_dnn_net *net, enum c4_dnn_list list, const struct c4_dnn_op *op);
void c4_dnn_append_own(struct c4_dnn_net *net, enum c4_dnn_list list,
                       void (*own)(struct c4_dnn_net *, int), int block);

/* One line of the net's text: "conv2 backward weights: jit:avx2". */
void c4_dnn_tell(struct c4_dnn_net *net, const char *what, int block, const char *pass,
                 const struct c4_dnn_op *op);

/* c4_dnn_plain_memory and c4_dnn_memory, owned by the net. */
enum c4_status c4_dnn_add_plain(struct c4_dnn_net *net, enum c4_dnn_format format,
                                const int dims[4], float *data, dnnl_memory_t *memory);
enum c4_status c4_dnn_add_memory(struct c4_dnn_net *net, c4_dnn_layout layout, void *data,
                                 dnnl_memory_t *memory);
enum c4_status c4_dnn_add_channels(struct c4_dnn_net *net, float *data, dnnl_memory_t *memory);

/* A memory that shares `shared`'s values if these are large enough for the layout, else one with
 * its own values. */
enum c4_status c4_dnn_add_over(struct c4_dnn_net *net, c4_dnn_layout layout, dnnl_memory_t shared,
                               dnnl_memory_t *memory);

/* *to = `from` in another layout: `from` itself if it already has that layout, otherwise a new
 * memory that a reorder in each of the lists fills. */
enum c4_status c4_dnn_reach(struct c4_dnn_net *net, const enum c4_dnn_list *lists, int list_count,
                            dnnl_memory_t from, c4_dnn_layout layout, const char *what, int block,
                            dnnl_memory_t *to);

/* Only the reorder, into an existing memory. */
enum c4_status c4_dnn_add_reorder(struct c4_dnn_net *net, const enum c4_dnn_list *lists,
                                  int list_count, dnnl_memory_t from, dnnl_memory_t to,
                                  const char *what, int block);

/* Binds one buffer of scratch memory to all operations from index `first` on. */
enum c4_status c4_dnn_finish_part(struct c4_dnn_net *net, int part, int first);

#endif
