/* The arrays of each op slot and the way it is called; ops.def drives the table, so that a slot
 * without an entry does not compile. Arrays are added in the order of the contract. */
#include "bench/ops/work.h"
#include "simd/dispatch.h"

enum { C = C4_CHANNELS, K = C4_FLAT, O = C4_LOGITS_STRIDE, IMAGE = C4_IMAGE_BYTES };

/* The i-th array. */
#define P(i) (work->array[i].data)

static size_t pixels(const struct c4_op_work *work) {
    return (size_t)work->size.n * (size_t)work->size.h * (size_t)work->size.w;
}

static size_t images(const struct c4_op_work *work) {
    return (size_t)work->size.n;
}

static struct c4_conv_shape conv_shape(const struct c4_op_work *work) {
    const struct c4_op_size *s = &work->size;
    return (struct c4_conv_shape){s->n, s->h, s->w, s->ci};
}

static float *add_in(struct c4_op_work *work, const char *name, size_t count) {
    return c4_op_add(work, name, C4_OP_F32, C4_OP_IN, count);
}

static void add_out(struct c4_op_work *work, const char *name, size_t count) {
    c4_op_add(work, name, C4_OP_F32, C4_OP_OUT, count);
}

static void add_scratch(struct c4_op_work *work, const char *name, size_t count) {
    c4_op_add(work, name, C4_OP_F32, C4_OP_SCRATCH, count);
}

static void add_bytes(struct c4_op_work *work, const char *name, size_t count, uint32_t bound) {
    uint8_t *bytes = c4_op_add(work, name, C4_OP_U8, C4_OP_IN, count);
    c4_op_bytes(work, bytes, count, bound);
}

/* Zeroes what a row of 16 logits has beyond its 10. */
static void pad(float *rows, size_t count) {
    for (size_t i = 0; rows && i < count; i++)
        if (i % O >= C4_CLASSES) rows[i] = 0;
}

/* --- stem --- */

static void make_stem_input(struct c4_op_work *work) {
    add_bytes(work, "images", images(work) * IMAGE, 256);
    add_out(work, "x", images(work) * IMAGE);
}
static void call_stem_input(const struct c4_op_work *work, c4_op_fn *f) {
    ((c4_stem_input_fn *)f)(work->size.n, P(0), P(1));
}

static void make_stem_moments(struct c4_op_work *work) {
    add_bytes(work, "images", images(work) * IMAGE, 256);
    c4_op_add(work, "first", C4_OP_I64, C4_OP_OUT, C4_PATCH);
    c4_op_add(work, "second", C4_OP_I64, C4_OP_OUT, (size_t)C4_PATCH * C4_PATCH);
}
static void call_stem_moments(const struct c4_op_work *work, c4_op_fn *f) {
    ((c4_stem_moments_fn *)f)(work->size.n, P(0), P(1), P(2));
}

static void make_stem_select_grad(struct c4_op_work *work) {
    add_in(work, "x", images(work) * IMAGE);
    add_in(work, "ds", images(work) * 256 * C);
    add_bytes(work, "arg", images(work) * 256 * C, 4);
    add_out(work, "r", (size_t)C4_PATCH * C);
    add_scratch(work, "scratch", C4_STEM_SCRATCH);
}
static void call_stem_select_grad(const struct c4_op_work *work, c4_op_fn *f) {
    ((c4_stem_select_grad_fn *)f)(work->size.n, P(0), P(1), P(2), P(3), P(4));
}

/* --- convolutions: maps and what is applied to them --- */

static void make_conv_fwd_direct(struct c4_op_work *work) {
    size_t ci = (size_t)work->size.ci;
    add_in(work, "x", pixels(work) * ci);
    add_in(work, "w", 9 * ci * C);
    add_out(work, "y", pixels(work) * C);
}
static void call_conv_fwd_direct(const struct c4_op_work *work, c4_op_fn *f) {
    struct c4_conv_shape shape = conv_shape(work);
    ((c4_conv_fwd_direct_fn *)f)(&shape, P(0), P(1), P(2));
}

static void make_conv_bwd_data_direct(struct c4_op_work *work) {
    size_t ci = (size_t)work->size.ci;
    add_in(work, "dy", pixels(work) * C);
    add_in(work, "wt", 9 * ci * C);
    add_out(work, "dx", pixels(work) * ci);
}
static void call_conv_bwd_data_direct(const struct c4_op_work *work, c4_op_fn *f) {
    struct c4_conv_shape shape = conv_shape(work);
    ((c4_conv_bwd_data_direct_fn *)f)(&shape, P(0), P(1), P(2));
}

static void make_conv_bwd_weights_direct(struct c4_op_work *work) {
    size_t ci = (size_t)work->size.ci;
    add_in(work, "x", pixels(work) * ci);
    add_in(work, "dy", pixels(work) * C);
    add_out(work, "dw", 9 * ci * C);
}
static void call_conv_bwd_weights_direct(const struct c4_op_work *work, c4_op_fn *f) {
    struct c4_conv_shape shape = conv_shape(work);
    ((c4_conv_bwd_weights_direct_fn *)f)(&shape, P(0), P(1), P(2));
}

static void make_winograd_weights(struct c4_op_work *work) {
    add_in(work, "w", (size_t)9 * C * C);
    add_out(work, "u", (size_t)C4_WINOGRAD_POSITIONS * C * C);
}
static void call_winograd_weights(const struct c4_op_work *work, c4_op_fn *f) {
    ((c4_winograd_weights_fn *)f)(P(0), P(1));
}

/* u or ut, and behind the other arrays the weights it is made from. */
static void add_weights(struct c4_op_work *work, const char *name, float *u) {
    struct c4_dispatch reference;
    const float *w = add_in(work, name, (size_t)9 * C * C);
    if (w && u && c4_dispatch("ref", &reference) == C4_OK) reference.backend.winograd_weights(w, u);
}

static void make_conv_fwd_winograd(struct c4_op_work *work) {
    add_in(work, "x", pixels(work) * C);
    float *u = add_in(work, "u", (size_t)C4_WINOGRAD_POSITIONS * C * C);
    add_out(work, "y", pixels(work) * C);
    add_scratch(work, "scratch", C4_WINOGRAD_SCRATCH);
    add_weights(work, "w", u);
}
static void call_conv_fwd_winograd(const struct c4_op_work *work, c4_op_fn *f) {
    struct c4_conv_shape shape = conv_shape(work);
    ((c4_conv_fwd_winograd_fn *)f)(&shape, P(0), P(1), P(2), P(3));
}

static void make_conv_bwd_data_winograd(struct c4_op_work *work) {
    add_in(work, "dy", pixels(work) * C);
    float *ut = add_in(work, "ut", (size_t)C4_WINOGRAD_POSITIONS * C * C);
    add_out(work, "dx", pixels(work) * C);
    add_scratch(work, "scratch", C4_WINOGRAD_SCRATCH);
    add_weights(work, "wt", ut);
}
static void call_conv_bwd_data_winograd(const struct c4_op_work *work, c4_op_fn *f) {
    struct c4_conv_shape shape = conv_shape(work);
    ((c4_conv_bwd_data_winograd_fn *)f)(&shape, P(0), P(1), P(2), P(3));
}

static void make_conv_bwd_weights_winograd(struct c4_op_work *work) {
    add_in(work, "x", pixels(work) * C);
    add_in(work, "dy", pixels(work) * C);
    add_scratch(work, "du", (size_t)C4_WINOGRAD_POSITIONS * C * C);
    add_out(work, "dw", (size_t)9 * C * C);
    add_scratch(work, "scratch", C4_WINOGRAD_SCRATCH);
}
static void call_conv_bwd_weights_winograd(const struct c4_op_work *work, c4_op_fn *f) {
    struct c4_conv_shape shape = conv_shape(work);
    ((c4_conv_bwd_weights_winograd_fn *)f)(&shape, P(0), P(1), P(2), P(3), P(4));
}

/* --- batch norm, ReLU, pooling --- */

static void make_channel_sums(struct c4_op_work *work) {
    add_in(work, "a", pixels(work) * C);
    add_in(work, "b", pixels(work) * C);
    c4_op_add(work, "sum_a", C4_OP_F64, C4_OP_OUT, C);
    c4_op_add(work, "sum_ab", C4_OP_F64, C4_OP_OUT, C);
}
static void call_channel_sums(const struct c4_op_work *work, c4_op_fn *f) {
    const struct c4_op_size *s = &work->size;
    ((c4_channel_sums_fn *)f)(s->n, s->h, s->w, P(0), P(1), P(2), P(3));
}

static void make_bias_relu(struct c4_op_work *work) {
    add_in(work, "y", pixels(work) * C);
    add_in(work, "bias", C);
    add_out(work, "r", pixels(work) * C);
}
static void call_bias_relu(const struct c4_op_work *work, c4_op_fn *f) {
    ((c4_bias_relu_fn *)f)((int64_t)pixels(work), P(0), P(1), P(2));
}

static void make_bn_apply(struct c4_op_work *work) {
    add_in(work, "selected", pixels(work) * C);
    add_in(work, "scale", C);
    add_in(work, "shift", C);
    add_out(work, "p", pixels(work) * C);
}
static void call_bn_apply(const struct c4_op_work *work, c4_op_fn *f) {
    ((c4_bn_apply_fn *)f)((int64_t)pixels(work), true, P(0), P(1), P(2), P(3));
}

static void make_relu_mask(struct c4_op_work *work) {
    add_in(work, "p", pixels(work) * C);
    add_in(work, "dp", pixels(work) * C);
    add_out(work, "ds", pixels(work) * C);
}
static void call_relu_mask(const struct c4_op_work *work, c4_op_fn *f) {
    ((c4_relu_mask_fn *)f)((int64_t)pixels(work), P(0), P(1), P(2));
}

static void make_bn_rebuild(struct c4_op_work *work) {
    add_in(work, "y", pixels(work) * C);
    add_in(work, "ds", pixels(work) * C / 4);
    add_bytes(work, "arg", pixels(work) * C / 4, 4);
    add_in(work, "c0", C);
    add_in(work, "c1", C);
    add_in(work, "c2", C);
    add_out(work, "dy", pixels(work) * C);
}
static void call_bn_rebuild(const struct c4_op_work *work, c4_op_fn *f) {
    const struct c4_op_size *s = &work->size;
    ((c4_bn_rebuild_fn *)f)(s->n, s->h, s->w, false, P(0), P(1), P(2), P(3), P(4), P(5), P(6));
}

static void make_pool_select(struct c4_op_work *work) {
    add_in(work, "y", pixels(work) * C);
    add_in(work, "gamma", C);
    add_out(work, "selected", pixels(work) * C / 4);
    c4_op_add(work, "arg", C4_OP_U8, C4_OP_OUT, pixels(work) * C / 4);
}
static void call_pool_select(const struct c4_op_work *work, c4_op_fn *f) {
    const struct c4_op_size *s = &work->size;
    ((c4_pool_select_fn *)f)(s->n, s->h, s->w, P(0), P(1), P(2), P(3));
}

/* --- linear layer, update, Gram blocks --- */

static void make_linear_fwd(struct c4_op_work *work) {
    add_in(work, "x", images(work) * K);
    pad(add_in(work, "w", (size_t)K * O), (size_t)K * O);
    pad(add_in(work, "bias", O), O);
    add_out(work, "logits", images(work) * O);
}
static void call_linear_fwd(const struct c4_op_work *work, c4_op_fn *f) {
    ((c4_linear_fwd_fn *)f)(work->size.n, P(0), P(1), P(2), P(3));
}

static void make_linear_bwd_data(struct c4_op_work *work) {
    pad(add_in(work, "dlogits", images(work) * O), images(work) * O);
    add_in(work, "wt", (size_t)C4_CLASSES * K);
    add_out(work, "dx", images(work) * K);
}
static void call_linear_bwd_data(const struct c4_op_work *work, c4_op_fn *f) {
    ((c4_linear_bwd_data_fn *)f)(work->size.n, P(0), P(1), P(2));
}

static void make_linear_bwd_weights(struct c4_op_work *work) {
    add_in(work, "x", images(work) * K);
    pad(add_in(work, "dlogits", images(work) * O), images(work) * O);
    add_out(work, "dw", (size_t)K * O);
    add_out(work, "dbias", O);
}
static void call_linear_bwd_weights(const struct c4_op_work *work, c4_op_fn *f) {
    ((c4_linear_bwd_weights_fn *)f)(work->size.n, P(0), P(1), P(2), P(3));
}

static void make_sgd_update(struct c4_op_work *work) {
    size_t count = (size_t)work->size.count;
    add_in(work, "g", count);
    c4_op_add(work, "v", C4_OP_F32, C4_OP_INOUT, count);
    c4_op_add(work, "w", C4_OP_F32, C4_OP_INOUT, count);
}
static void call_sgd_update(const struct c4_op_work *work, c4_op_fn *f) {
    ((c4_sgd_update_fn *)f)(work->size.count, 0.001f, 0.9f, P(0), P(1), P(2));
}

/* Rows an odd number of cache lines apart, as CKA lays them out (core/op/gram.h). */
static size_t gram_stride(const struct c4_op_work *work) {
    size_t lines = (work->size.features + 15) / 16;
    return 16 * (lines | 1);
}
static void make_gram_block(struct c4_op_work *work) {
    const struct c4_op_size *s = &work->size;
    add_in(work, "x", s->rows_x * gram_stride(work));
    add_in(work, "y", s->rows_y * gram_stride(work));
    c4_op_add(work, "gram", C4_OP_F64, C4_OP_OUT, s->rows_x * s->rows_y);
}
static void call_gram_block(const struct c4_op_work *work, c4_op_fn *f) {
    const struct c4_op_size *s = &work->size;
    size_t stride = gram_stride(work);
    ((c4_gram_block_fn *)f)(P(0), P(1), s->rows_x, s->rows_y, s->features, stride, stride, P(2),
                            s->rows_y);
}

void c4_op_slot_arrays(struct c4_op_work *work) {
    static const struct {
        void (*make)(struct c4_op_work *work);
        void (*call)(const struct c4_op_work *work, c4_op_fn *function);
    } slots[C4_SLOT_COUNT] = {
#define C4_OP(slot, type) {make_##slot, call_##slot},
#include "core/op/ops.def"
#undef C4_OP
    };
    work->call = slots[work->slot].call;
    slots[work->slot].make(work);
}
