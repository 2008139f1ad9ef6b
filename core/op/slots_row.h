/* A slot's row and helpers to define it; private to slots*.c. */
#ifndef C4_OP_SLOTS_ROW_H
#define C4_OP_SLOTS_ROW_H

#include "core/op/slots.h"

struct c4_op_row {
    int (*arrays)(const struct c4_op_size *s, struct c4_op_array_spec *a);
    void (*call)(c4_op_fn *f, const struct c4_op_size *s, void *const *p);
    struct c4_op_operations (*operations)(const struct c4_op_size *s);
    enum c4_net_shapes shapes;
};

#define C4_OP(slot, type) extern const struct c4_op_row c4_op_row_##slot;
#include "core/op/ops.def"
#undef C4_OP

/* The row of a slot with the functions arrays_<slot> and call_<slot>. */
#define C4_OP_ROW(slot, operations, shapes)                                                        \
    const struct c4_op_row c4_op_row_##slot = {arrays_##slot, call_##slot, operations, shapes}

static inline size_t c4_size_pixels(const struct c4_op_size *s) {
    return (size_t)s->n * (size_t)s->h * (size_t)s->w;
}

/* Operations without transforms. */
static inline struct c4_op_operations c4_plain_operations(double flops) {
    return (struct c4_op_operations){flops, flops, 0};
}

/* --- arrays; floats are 64-byte aligned --- */

static inline struct c4_op_array_spec c4_array(const char *name, enum c4_op_type type,
                                               enum c4_op_role role, size_t count,
                                               size_t align_bytes) {
    return (struct c4_op_array_spec){.name = name,
                                     .type = type,
                                     .role = role,
                                     .count = count,
                                     .counted = role == C4_OP_SCRATCH ? 0 : count,
                                     .align_bytes = align_bytes};
}

static inline struct c4_op_array_spec c4_out(const char *name, size_t count) {
    return c4_array(name, C4_OP_F32, C4_OP_OUT, count, 64);
}

static inline struct c4_op_array_spec c4_scratch(const char *name, size_t count) {
    return c4_array(name, C4_OP_F32, C4_OP_SCRATCH, count, 64);
}

static inline struct c4_op_array_spec c4_holding(struct c4_op_array_spec spec,
                                                 enum c4_op_content content) {
    spec.content = content;
    return spec;
}

static inline struct c4_op_array_spec c4_in(const char *name, enum c4_op_content content,
                                            size_t count) {
    return c4_holding(c4_array(name, C4_OP_F32, C4_OP_IN, count, 64), content);
}

/* The same array with only `counted` elements as traffic. */
static inline struct c4_op_array_spec c4_counting(struct c4_op_array_spec spec, size_t counted) {
    spec.counted = counted;
    return spec;
}

#endif
