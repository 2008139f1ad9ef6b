/* The slots of stem.h. */
#include "core/op/slots_row.h"

enum { C = C4_CHANNELS, IMAGE = C4_IMAGE_BYTES, POOLED = C4_IMAGE_SIDE * C4_IMAGE_SIDE / 4 };

static size_t images(const struct c4_op_size *s) {
    return (size_t)s->n;
}

static struct c4_op_array_spec bytes_in(const char *name, enum c4_op_content content, size_t count,
                                        size_t align_bytes) {
    return c4_holding(c4_array(name, C4_OP_U8, C4_OP_IN, count, align_bytes), content);
}

static int arrays_stem_input(const struct c4_op_size *s, struct c4_op_array_spec *a) {
    a[0] = bytes_in("images", C4_OP_PIXELS, images(s) * IMAGE, 1);
    a[1] = c4_out("x", images(s) * IMAGE);
    return 2;
}

static void call_stem_input(c4_op_fn *f, const struct c4_op_size *s, void *const *p) {
    ((c4_stem_input_fn *)f)(s->n, p[0], p[1]);
}

static struct c4_op_operations input_operations(const struct c4_op_size *s) {
    return c4_plain_operations(3.0 * s->n * IMAGE);
}

C4_OP_ROW(stem_input, input_operations, C4_SHAPES_IMAGES);

static int arrays_stem_moments(const struct c4_op_size *s, struct c4_op_array_spec *a) {
    a[0] = bytes_in("images", C4_OP_PIXELS, images(s) * IMAGE, 1);
    a[1] = c4_array("first", C4_OP_I64, C4_OP_OUT, C4_PATCH, 8);
    a[2] = c4_array("second", C4_OP_I64, C4_OP_OUT, (size_t)C4_PATCH * C4_PATCH, 8);
    return 3;
}

static void call_stem_moments(c4_op_fn *f, const struct c4_op_size *s, void *const *p) {
    ((c4_stem_moments_fn *)f)(s->n, p[0], p[1], p[2]);
}

static struct c4_op_operations moments_operations(const struct c4_op_size *s) {
    const double pixels = (double)s->n * C4_IMAGE_SIDE * C4_IMAGE_SIDE;
    const double pairs = C4_PATCH * (C4_PATCH + 1) / 2.0;
    return c4_plain_operations(pixels * (C4_PATCH + 2 * pairs));
}

C4_OP_ROW(stem_moments, moments_operations, C4_SHAPES_IMAGES);

static int arrays_stem_select_grad(const struct c4_op_size *s, struct c4_op_array_spec *a) {
    a[0] = c4_in("x", C4_OP_VALUES, images(s) * IMAGE);
    a[1] = c4_in("ds", C4_OP_SPARSE_FACTORS, images(s) * POOLED * C);
    a[2] = bytes_in("arg", C4_OP_WINNERS, images(s) * POOLED * C, 64);
    a[3] = c4_out("r", (size_t)C4_PATCH * C);
    a[4] = c4_scratch("scratch", C4_STEM_SCRATCH);
    return 5;
}

static void call_stem_select_grad(c4_op_fn *f, const struct c4_op_size *s, void *const *p) {
    ((c4_stem_select_grad_fn *)f)(s->n, p[0], p[1], p[2], p[3], p[4]);
}

static struct c4_op_operations select_grad_operations(const struct c4_op_size *s) {
    return c4_plain_operations(2.0 * s->n * POOLED * C * C4_PATCH);
}

C4_OP_ROW(stem_select_grad, select_grad_operations, C4_SHAPES_IMAGES);
