/* Running and destroying a net, and the small steps of building it. */
#include "simd/onednn/net.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "simd/onednn/net_build.h"

enum c4_status c4_dnn_net_run(struct c4_dnn_net *net, enum c4_dnn_list list) {
    for (int i = 0; i < net->list[list].count; i++) {
        const struct c4_dnn_task *task = &net->list[list].task[i];
        if (task->op)
            C4_TRY(c4_dnn_run(&net->shared->dnn, task->op));
        else
            task->own(net, task->block);
    }
    return C4_OK;
}

void c4_dnn_net_destroy(struct c4_dnn_net *net) {
    if (!net) return;
    for (int i = 0; i < net->op_count; i++) c4_dnn_op_close(&net->op[i]);
    for (int i = 0; i < net->memory_count; i++) dnnl_memory_destroy(net->memory[i]);
    free(net->scratch[0]);
    free(net->scratch[1]);
    free(net->partial);
    c4_text_free(&net->text);
    free(net);
}

struct c4_dnn_op *c4_dnn_next_op(struct c4_dnn_net *net) {
    return &net->op[net->op_count++];
}

void c4_dnn_append(struct c4_dnn_net *net, enum c4_dnn_list list, const struct c4_dnn_op *op) {
    net->list[list].task[net->list[list].count++] = (struct c4_dnn_task){.op = op};
}

void c4_dnn_append_own(struct c4_dnn_net *net, enum c4_dnn_list list,
                       void (*own)(struct c4_dnn_net *, int), int block) {
    net->list[list].task[net->list[list].count++] = (struct c4_dnn_task){NULL, own, block};
}

void c4_dnn_tell(struct c4_dnn_net *net, const char *what, int block, const char *pass,
                 const struct c4_dnn_op *op) {
    c4_text_add(&net->text, "%s%d %s: %s\n", what, block + 1, pass, op->implementation);
}

/* Only memories that exist are counted, so that destroy never meets NULL. */
static void own(struct c4_dnn_net *net, dnnl_memory_t made, dnnl_memory_t *memory) {
    net->memory[net->memory_count++] = made;
    *memory = made;
}

enum c4_status c4_dnn_add_plain(struct c4_dnn_net *net, enum c4_dnn_format format,
                                const int dims[4], float *data, dnnl_memory_t *memory) {
    dnnl_memory_t made = NULL;
    C4_TRY(c4_dnn_plain_memory(&net->shared->dnn, format, dims, data, &made));
    own(net, made, memory);
    return C4_OK;
}

enum c4_status c4_dnn_add_memory(struct c4_dnn_net *net, c4_dnn_layout layout, void *data,
                                 dnnl_memory_t *memory) {
    dnnl_memory_t made = NULL;
    C4_TRY(c4_dnn_memory(&net->shared->dnn, layout, data, &made));
    own(net, made, memory);
    return C4_OK;
}

enum c4_status c4_dnn_add_channels(struct c4_dnn_net *net, float *data, dnnl_memory_t *memory) {
    const int dims[4] = {C4_CHANNELS};
    return c4_dnn_add_plain(net, C4_DNN_VECTOR, dims, data, memory);
}

enum c4_status c4_dnn_add_over(struct c4_dnn_net *net, c4_dnn_layout layout, dnnl_memory_t shared,
                               dnnl_memory_t *memory) {
    bool fits = c4_dnn_bytes(layout) <= c4_dnn_bytes(c4_dnn_memory_layout(shared));
    return c4_dnn_add_memory(net, layout, fits ? c4_dnn_memory_data(shared) : NULL, memory);
}

enum c4_status c4_dnn_add_reorder(struct c4_dnn_net *net, const enum c4_dnn_list *lists,
                                  int list_count, dnnl_memory_t from, dnnl_memory_t to,
                                  const char *what, int block) {
    struct c4_dnn_op *op = c4_dnn_next_op(net);
    C4_TRY(c4_dnn_reorder(&net->shared->dnn, c4_dnn_memory_layout(from), c4_dnn_memory_layout(to),
                          op));
    c4_dnn_bind(op, DNNL_ARG_FROM, from);
    c4_dnn_bind(op, DNNL_ARG_TO, to);
    for (int i = 0; i < list_count; i++) c4_dnn_append(net, lists[i], op);
    c4_dnn_tell(net, what, block, "reorder", op);
    return C4_OK;
}

enum c4_status c4_dnn_reach(struct c4_dnn_net *net, const enum c4_dnn_list *lists, int list_count,
                            dnnl_memory_t from, c4_dnn_layout layout, const char *what, int block,
                            dnnl_memory_t *to) {
    if (c4_dnn_same_layout(c4_dnn_memory_layout(from), layout)) {
        *to = from;
        return C4_OK;
    }
    C4_TRY(c4_dnn_add_memory(net, layout, NULL, to));
    return c4_dnn_add_reorder(net, lists, list_count, from, *to, what, block);
}

enum c4_status c4_dnn_finish_part(struct c4_dnn_net *net, int part, int first) {
    size_t bytes = 0;
    for (int i = first; i < net->op_count; i++) {
        size_t wanted = c4_dnn_scratch_bytes(&net->op[i]);
        bytes = wanted > bytes ? wanted : bytes;
    }
    if (bytes == 0) return C4_OK;
    net->scratch[part] = aligned_alloc(64, (bytes + 63) / 64 * 64);
    if (!net->scratch[part])
        return c4_fail(C4_ERR_MEMORY, "out of memory: oneDNN needs %zu bytes of scratch memory",
                       bytes);
    for (int i = first; i < net->op_count; i++)
        C4_TRY(c4_dnn_bind_scratch(&net->shared->dnn, &net->op[i], net->scratch[part]));
    return C4_OK;
}
