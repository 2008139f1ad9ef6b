#include "core/op/slots.h"

#include "core/op/slots_row.h"

static const struct c4_op_row *const rows[C4_SLOT_COUNT] = {
#define C4_OP(slot, type) [C4_SLOT_##slot] = &c4_op_row_##slot,
#include "core/op/ops.def"
#undef C4_OP
};

size_t c4_op_type_bytes(enum c4_op_type type) {
    static const size_t bytes[] = {
        [C4_OP_F32] = 4, [C4_OP_F64] = 8, [C4_OP_I64] = 8, [C4_OP_U8] = 1};
    return bytes[type];
}

int c4_op_arrays(enum c4_op_slot slot, const struct c4_op_size *size,
                 struct c4_op_array_spec specs[C4_OP_ARRAYS]) {
    return rows[slot]->arrays(size, specs);
}

void c4_op_call(enum c4_op_slot slot, c4_op_fn *function, const struct c4_op_size *size,
                void *const *pointers) {
    rows[slot]->call(function, size, pointers);
}

c4_op_fn *c4_op_function(const struct c4_backend *backend, enum c4_op_slot slot) {
    switch (slot) {
#define C4_OP(slot, type)                                                                          \
    case C4_SLOT_##slot:                                                                           \
        return (c4_op_fn *)backend->slot;
#include "core/op/ops.def"
#undef C4_OP
    case C4_SLOT_COUNT:
        break;
    }
    return NULL;
}

struct c4_op_operations c4_op_operations(enum c4_op_slot slot, const struct c4_op_size *size) {
    return rows[slot]->operations(size);
}

enum c4_net_shapes c4_op_net_shapes(enum c4_op_slot slot) {
    return rows[slot]->shapes;
}

void c4_op_pad(float *rows_of_logits, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (i % C4_LOGITS_STRIDE >= C4_CLASSES) rows_of_logits[i] = 0;
}
