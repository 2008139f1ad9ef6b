/* The slots of batchnorm.h and pool.h. */
#include "core/op/slots_row.h"

enum { C = C4_CHANNELS };

static size_t map(const struct c4_op_size *s) {
    return c4_size_pixels(s) * C;
}

static int64_t pixels(const struct c4_op_size *s) {
    return (int64_t)c4_size_pixels(s);
}

/* A map that is updated in place if the call is `shared`. */
static struct c4_op_array_spec map_in(const char *name, const struct c4_op_size *s) {
    return c4_holding(c4_array(name, C4_OP_F32, s->shared ? C4_OP_INOUT : C4_OP_IN, map(s), 64),
                      C4_OP_VALUES);
}

/* --- channel_sums --- */

static int arrays_channel_sums(const struct c4_op_size *s, struct c4_op_array_spec *a) {
    int i = 0;
    a[i++] = c4_in("a", C4_OP_VALUES, map(s));
    if (!s->shared) a[i++] = c4_in("b", C4_OP_VALUES, map(s));
    a[i++] = c4_array("sum_a", C4_OP_F64, C4_OP_OUT, C, 8);
    a[i++] = c4_array("sum_ab", C4_OP_F64, C4_OP_OUT, C, 8);
    return i;
}

static void call_channel_sums(c4_op_fn *f, const struct c4_op_size *s, void *const *p) {
    const int b = s->shared ? 0 : 1;
    ((c4_channel_sums_fn *)f)(s->n, s->h, s->w, p[0], p[b], p[b + 1], p[b + 2]);
}

static struct c4_op_operations sums_operations(const struct c4_op_size *s) {
    return c4_plain_operations(3.0 * (double)map(s));
}

C4_OP_ROW(channel_sums, sums_operations, C4_SHAPES_BLOCKS);

/* --- pixel by pixel --- */

static int arrays_bias_relu(const struct c4_op_size *s, struct c4_op_array_spec *a) {
    a[0] = map_in("y", s);
    a[1] = c4_in("bias", C4_OP_VALUES, C);
    if (s->shared) return 2;
    a[2] = c4_out("r", map(s));
    return 3;
}

static void call_bias_relu(c4_op_fn *f, const struct c4_op_size *s, void *const *p) {
    ((c4_bias_relu_fn *)f)(pixels(s), p[0], p[1], s->shared ? p[0] : p[2]);
}

static struct c4_op_operations bias_relu_operations(const struct c4_op_size *s) {
    return c4_plain_operations(2.0 * (double)map(s));
}

C4_OP_ROW(bias_relu, bias_relu_operations, C4_SHAPES_BLOCKS);

static int arrays_bn_apply(const struct c4_op_size *s, struct c4_op_array_spec *a) {
    a[0] = c4_in("selected", C4_OP_VALUES, map(s));
    a[1] = c4_in("scale", C4_OP_VALUES, C);
    a[2] = c4_in("shift", C4_OP_VALUES, C);
    a[3] = c4_out("p", map(s));
    return 4;
}

static void call_bn_apply(c4_op_fn *f, const struct c4_op_size *s, void *const *p) {
    ((c4_bn_apply_fn *)f)(pixels(s), s->order == C4_BN_RELU, p[0], p[1], p[2], p[3]);
}

static struct c4_op_operations bn_apply_operations(const struct c4_op_size *s) {
    return c4_plain_operations(3.0 * (double)map(s));
}

C4_OP_ROW(bn_apply, bn_apply_operations, C4_SHAPES_POOLED);

static int arrays_relu_mask(const struct c4_op_size *s, struct c4_op_array_spec *a) {
    a[0] = c4_in("p", C4_OP_VALUES, map(s));
    a[1] = map_in("dp", s);
    if (s->shared) return 2;
    a[2] = c4_out("ds", map(s));
    return 3;
}

static void call_relu_mask(c4_op_fn *f, const struct c4_op_size *s, void *const *p) {
    ((c4_relu_mask_fn *)f)(pixels(s), p[0], p[1], s->shared ? p[1] : p[2]);
}

static struct c4_op_operations relu_mask_operations(const struct c4_op_size *s) {
    return c4_plain_operations((double)map(s));
}

C4_OP_ROW(relu_mask, relu_mask_operations, C4_SHAPES_POOLED);

/* --- window by window --- */

static struct c4_op_array_spec winners(enum c4_op_role role, const struct c4_op_size *s) {
    return c4_holding(c4_array("arg", C4_OP_U8, role, map(s) / 4, 64), C4_OP_WINNERS);
}

static int arrays_bn_rebuild(const struct c4_op_size *s, struct c4_op_array_spec *a) {
    a[0] = c4_in("y", C4_OP_VALUES, map(s));
    a[1] = c4_in("ds", C4_OP_VALUES, map(s) / 4);
    a[2] = winners(C4_OP_IN, s);
    a[3] = c4_in("c0", C4_OP_VALUES, C);
    a[4] = c4_in("c1", C4_OP_VALUES, C);
    a[5] = c4_in("c2", C4_OP_VALUES, C);
    a[6] = c4_out("dy", map(s));
    return 7;
}

static void call_bn_rebuild(c4_op_fn *f, const struct c4_op_size *s, void *const *p) {
    ((c4_bn_rebuild_fn *)f)(s->n, s->h, s->w, s->order == C4_RELU_BN, p[0], p[1], p[2], p[3], p[4],
                            p[5], p[6]);
}

static struct c4_op_operations bn_rebuild_operations(const struct c4_op_size *s) {
    return c4_plain_operations(2.0 * (double)map(s) + 2.0 * (double)map(s) / 4);
}

C4_OP_ROW(bn_rebuild, bn_rebuild_operations, C4_SHAPES_BLOCKS);

static int arrays_pool_select(const struct c4_op_size *s, struct c4_op_array_spec *a) {
    a[0] = c4_in("y", C4_OP_VALUES, map(s));
    a[1] = c4_in("gamma", C4_OP_VALUES, C);
    a[2] = c4_out("selected", map(s) / 4);
    a[3] = winners(C4_OP_OUT, s);
    return 4;
}

static void call_pool_select(c4_op_fn *f, const struct c4_op_size *s, void *const *p) {
    ((c4_pool_select_fn *)f)(s->n, s->h, s->w, p[0], p[1], p[2], p[3]);
}

static struct c4_op_operations pool_select_operations(const struct c4_op_size *s) {
    return c4_plain_operations(3.0 * (double)map(s) / 4);
}

C4_OP_ROW(pool_select, pool_select_operations, C4_SHAPES_BLOCKS);
