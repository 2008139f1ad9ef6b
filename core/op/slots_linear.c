/* The slots of linear.h, update.h and gram.h. */
#include "core/op/slots_row.h"

enum { K = C4_FLAT, O = C4_LOGITS_STRIDE, WEIGHTS = K * C4_CLASSES };

static size_t images(const struct c4_op_size *s) {
    return (size_t)s->n;
}

/* --- the linear layer; the padding of weights and biases does not count as traffic --- */

static struct c4_op_operations biased_operations(const struct c4_op_size *s) {
    return c4_plain_operations((double)s->n * (2.0 * WEIGHTS + C4_CLASSES));
}

static struct c4_op_operations unbiased_operations(const struct c4_op_size *s) {
    return c4_plain_operations((double)s->n * 2.0 * WEIGHTS);
}

static int arrays_linear_fwd(const struct c4_op_size *s, struct c4_op_array_spec *a) {
    a[0] = c4_in("x", C4_OP_VALUES, images(s) * K);
    a[1] = c4_counting(c4_in("w", C4_OP_PADDED_FACTORS, (size_t)K * O), WEIGHTS);
    a[2] = c4_counting(c4_in("bias", C4_OP_PADDED_VALUES, O), C4_CLASSES);
    a[3] = c4_out("logits", images(s) * O);
    return 4;
}

static void call_linear_fwd(c4_op_fn *f, const struct c4_op_size *s, void *const *p) {
    ((c4_linear_fwd_fn *)f)(s->n, p[0], p[1], p[2], p[3]);
}

C4_OP_ROW(linear_fwd, biased_operations, C4_SHAPES_LINEAR);

static int arrays_linear_bwd_data(const struct c4_op_size *s, struct c4_op_array_spec *a) {
    a[0] = c4_in("dlogits", C4_OP_PADDED_VALUES, images(s) * O);
    a[1] = c4_in("wt", C4_OP_FACTORS, WEIGHTS);
    a[2] = c4_out("dx", images(s) * K);
    return 3;
}

static void call_linear_bwd_data(c4_op_fn *f, const struct c4_op_size *s, void *const *p) {
    ((c4_linear_bwd_data_fn *)f)(s->n, p[0], p[1], p[2]);
}

C4_OP_ROW(linear_bwd_data, unbiased_operations, C4_SHAPES_LINEAR);

static int arrays_linear_bwd_weights(const struct c4_op_size *s, struct c4_op_array_spec *a) {
    a[0] = c4_in("x", C4_OP_VALUES, images(s) * K);
    a[1] = c4_in("dlogits", C4_OP_PADDED_FACTORS, images(s) * O);
    a[2] = c4_counting(c4_out("dw", (size_t)K * O), WEIGHTS);
    a[3] = c4_counting(c4_out("dbias", O), C4_CLASSES);
    return 4;
}

static void call_linear_bwd_weights(c4_op_fn *f, const struct c4_op_size *s, void *const *p) {
    ((c4_linear_bwd_weights_fn *)f)(s->n, p[0], p[1], p[2], p[3]);
}

C4_OP_ROW(linear_bwd_weights, biased_operations, C4_SHAPES_LINEAR);

/* --- the update --- */

static int arrays_sgd_update(const struct c4_op_size *s, struct c4_op_array_spec *a) {
    const size_t count = (size_t)s->count;
    a[0] = c4_holding(c4_array("g", C4_OP_F32, C4_OP_IN, count, 4), C4_OP_VALUES);
    a[1] = c4_holding(c4_array("v", C4_OP_F32, C4_OP_INOUT, count, 4), C4_OP_VALUES);
    a[2] = c4_holding(c4_array("w", C4_OP_F32, C4_OP_INOUT, count, 4), C4_OP_VALUES);
    return 3;
}

static void call_sgd_update(c4_op_fn *f, const struct c4_op_size *s, void *const *p) {
    ((c4_sgd_update_fn *)f)(s->count, s->lr, s->momentum, p[0], p[1], p[2]);
}

static struct c4_op_operations sgd_operations(const struct c4_op_size *s) {
    return c4_plain_operations(5.0 * (double)s->count);
}

C4_OP_ROW(sgd_update, sgd_operations, C4_SHAPES_PARAMETERS);

/* --- Gram blocks --- */

/* Rows with gaps between them but none after the last, because nothing there may be read. */
static struct c4_op_array_spec rows(const char *name, enum c4_op_type type, enum c4_op_role role,
                                    size_t count, size_t length, size_t gap) {
    size_t elements = count ? (count - 1) * (length + gap) + length : 0;
    return c4_counting(c4_array(name, type, role, elements, c4_op_type_bytes(type)),
                       count * length);
}

static size_t panels(size_t row_count) {
    return (row_count + C4_GRAM_PANEL - 1) / C4_GRAM_PANEL;
}

/* The slot's scale is a power of two; any is as good as another. */
static const float pack_scale = 0.5F;

static int arrays_gram_pack(const struct c4_op_size *s, struct c4_op_array_spec *a) {
    a[0] = rows("x", C4_OP_F32, C4_OP_IN, s->rows_x, s->features, s->gap_x);
    a[1] = c4_holding(c4_array("shift", C4_OP_F32, C4_OP_IN, s->features, 4), C4_OP_VALUES);
    a[2] = c4_out("panel", s->features * C4_GRAM_PANEL);
    return 3;
}

static void call_gram_pack(c4_op_fn *f, const struct c4_op_size *s, void *const *p) {
    ((c4_gram_pack_fn *)f)(p[0], s->rows_x, s->features, s->features + s->gap_x, p[1], pack_scale,
                           p[2]);
}

static struct c4_op_operations pack_operations(const struct c4_op_size *s) {
    return c4_plain_operations(2.0 * (double)s->rows_x * (double)s->features);
}

C4_OP_ROW(gram_pack, pack_operations, C4_SHAPES_PANELS);

static struct c4_op_array_spec panel_array(const char *name, const struct c4_op_size *s,
                                           size_t row_count) {
    struct c4_op_array_spec spec =
        rows(name, C4_OP_F32, C4_OP_IN, panels(row_count), s->features * C4_GRAM_PANEL, s->gap_x);
    spec.align_bytes = 64;
    return c4_counting(spec, row_count * s->features);
}

static int arrays_gram_block(const struct c4_op_size *s, struct c4_op_array_spec *a) {
    const size_t columns = s->panels_y * C4_GRAM_PANEL;
    a[0] = panel_array("x", s, s->rows_x);
    a[1] = panel_array("y", s, columns);
    a[2] = rows("gram", C4_OP_F64, C4_OP_OUT, s->rows_x, columns, s->gap_gram);
    return 3;
}

/* The block is added to; it is an output here, and starts from known values. As a study does, it is
 * told what to prefetch: x, since nothing comes after it. */
static void call_gram_block(c4_op_fn *f, const struct c4_op_size *s, void *const *p) {
    const size_t columns = s->panels_y * C4_GRAM_PANEL, stride = columns + s->gap_gram;
    const size_t floats = panels(s->rows_x) * (s->features * C4_GRAM_PANEL + s->gap_x);
    struct c4_gram_ahead ahead = {.span = {{p[0], (const char *)p[0] + floats * sizeof(float)}},
                                  .spans = floats > 0,
                                  .done = 0};
    double *gram = p[2];
    for (size_t i = 0; i < s->rows_x; i++)
        for (size_t j = 0; j < columns; j++) gram[i * stride + j] = C4_OP_GRAM_BEFORE;
    ((c4_gram_block_fn *)f)(p[0], p[1], s->rows_x, s->panels_y, s->features,
                            s->features * C4_GRAM_PANEL + s->gap_x, gram, stride, &ahead);
}

static struct c4_op_operations gram_operations(const struct c4_op_size *s) {
    return c4_plain_operations(2.0 * (double)s->rows_x * (double)s->panels_y * C4_GRAM_PANEL *
                               (double)s->features);
}

C4_OP_ROW(gram_block, gram_operations, C4_SHAPES_LAYERS);
