/* The slots of conv3x3.h. */
#include "core/op/slots_row.h"

enum { C = C4_CHANNELS, TAPS = 9, TILE_OUTPUTS = 16 };

#define TRANSFORMED_COUNT ((size_t)C4_WINOGRAD_POSITIONS * C * C)

static struct c4_conv_shape shape_of(const struct c4_op_size *s) {
    return (struct c4_conv_shape){s->n, s->h, s->w, s->ci};
}

static size_t narrow_map(const struct c4_op_size *s) {
    return c4_size_pixels(s) * (size_t)s->ci;
}

static size_t map(const struct c4_op_size *s) {
    return c4_size_pixels(s) * C;
}

static size_t filters(const struct c4_op_size *s) {
    return TAPS * (size_t)s->ci * C;
}

/* --- direct --- */

static struct c4_op_operations direct_operations(const struct c4_op_size *s) {
    return c4_plain_operations(2.0 * (double)c4_size_pixels(s) * (double)filters(s));
}

static int arrays_conv_fwd_direct(const struct c4_op_size *s, struct c4_op_array_spec *a) {
    a[0] = c4_in("x", C4_OP_VALUES, narrow_map(s));
    a[1] = c4_in("w", C4_OP_FACTORS, filters(s));
    a[2] = c4_out("y", map(s));
    return 3;
}

static void call_conv_fwd_direct(c4_op_fn *f, const struct c4_op_size *s, void *const *p) {
    const struct c4_conv_shape shape = shape_of(s);
    ((c4_conv_fwd_direct_fn *)f)(&shape, p[0], p[1], p[2]);
}

C4_OP_ROW(conv_fwd_direct, direct_operations, C4_SHAPES_BLOCKS);

static int arrays_conv_bwd_data_direct(const struct c4_op_size *s, struct c4_op_array_spec *a) {
    a[0] = c4_in("dy", C4_OP_VALUES, map(s));
    a[1] = c4_in("wt", C4_OP_FACTORS, filters(s));
    a[2] = c4_out("dx", narrow_map(s));
    return 3;
}

static void call_conv_bwd_data_direct(c4_op_fn *f, const struct c4_op_size *s, void *const *p) {
    const struct c4_conv_shape shape = shape_of(s);
    ((c4_conv_bwd_data_direct_fn *)f)(&shape, p[0], p[1], p[2]);
}

C4_OP_ROW(conv_bwd_data_direct, direct_operations, C4_SHAPES_BLOCKS);

static int arrays_conv_bwd_weights_direct(const struct c4_op_size *s, struct c4_op_array_spec *a) {
    a[0] = c4_in("x", C4_OP_VALUES, narrow_map(s));
    a[1] = c4_in("dy", C4_OP_FACTORS, map(s));
    a[2] = c4_out("dw", filters(s));
    return 3;
}

static void call_conv_bwd_weights_direct(c4_op_fn *f, const struct c4_op_size *s, void *const *p) {
    const struct c4_conv_shape shape = shape_of(s);
    ((c4_conv_bwd_weights_direct_fn *)f)(&shape, p[0], p[1], p[2]);
}

C4_OP_ROW(conv_bwd_weights_direct, direct_operations, C4_SHAPES_BLOCKS);

/* --- Winograd --- */

/* Operations of the 2-D transforms: (columns + rows) times those of the 1-D form in ARITHMETIC.md.
 */
static const double input_2d = (6 + 6) * 24.0, output_2d = (6 + 4) * 16.0;
static const double output_adjoint_2d = (4 + 6) * 16.0;
static const double input_adjoint_2d = (6 + 6) * 22.0 + 36; /* and 36 adds into dx */
static const double weights_2d = (3 + 6) * 17.0, weights_adjoint_2d = (6 + 3) * 18.0;

/* `transforms`: operations per tile and channel, of both maps. */
static struct c4_op_operations winograd(const struct c4_op_size *s, double transforms) {
    double pixels = (double)c4_size_pixels(s), tiles = pixels / TILE_OUTPUTS;
    return (struct c4_op_operations){.flops = 2 * pixels * TAPS * C * C,
                                     .products = 2 * tiles * C4_WINOGRAD_POSITIONS * C * C,
                                     .transforms = tiles * C * transforms};
}

static struct c4_op_operations weights_operations(const struct c4_op_size *s) {
    (void)s;
    return (struct c4_op_operations){C * C * weights_2d, 0, C * C * weights_2d};
}

static struct c4_op_operations fwd_operations(const struct c4_op_size *s) {
    return winograd(s, input_2d + output_2d);
}

static struct c4_op_operations bwd_data_operations(const struct c4_op_size *s) {
    return winograd(s, output_adjoint_2d + input_adjoint_2d);
}

static struct c4_op_operations bwd_weights_operations(const struct c4_op_size *s) {
    struct c4_op_operations operations = winograd(s, input_2d + output_adjoint_2d);
    operations.transforms += (double)C * C * weights_adjoint_2d;
    return operations;
}

static int arrays_winograd_weights(const struct c4_op_size *s, struct c4_op_array_spec *a) {
    (void)s;
    a[0] = c4_in("w", C4_OP_VALUES, (size_t)TAPS * C * C);
    a[1] = c4_out("u", TRANSFORMED_COUNT);
    return 2;
}

static void call_winograd_weights(c4_op_fn *f, const struct c4_op_size *s, void *const *p) {
    (void)s;
    ((c4_winograd_weights_fn *)f)(p[0], p[1]);
}

C4_OP_ROW(winograd_weights, weights_operations, C4_SHAPES_FILTERS);

/* The last array: the source of u or ut. */
static struct c4_op_array_spec made_from(const char *name) {
    return c4_counting(c4_in(name, C4_OP_FACTORS, (size_t)TAPS * C * C), 0);
}

static int arrays_conv_fwd_winograd(const struct c4_op_size *s, struct c4_op_array_spec *a) {
    a[0] = c4_in("x", C4_OP_VALUES, map(s));
    a[1] = c4_in("u", C4_OP_TRANSFORMED, TRANSFORMED_COUNT);
    a[2] = c4_out("y", map(s));
    a[3] = c4_scratch("scratch", C4_WINOGRAD_SCRATCH);
    a[4] = made_from("w");
    return 5;
}

static void call_conv_fwd_winograd(c4_op_fn *f, const struct c4_op_size *s, void *const *p) {
    const struct c4_conv_shape shape = shape_of(s);
    ((c4_conv_fwd_winograd_fn *)f)(&shape, p[0], p[1], p[2], p[3]);
}

C4_OP_ROW(conv_fwd_winograd, fwd_operations, C4_SHAPES_LATE_BLOCKS);

static int arrays_conv_bwd_data_winograd(const struct c4_op_size *s, struct c4_op_array_spec *a) {
    a[0] = c4_in("dy", C4_OP_VALUES, map(s));
    a[1] = c4_in("ut", C4_OP_TRANSFORMED, TRANSFORMED_COUNT);
    a[2] = c4_out("dx", map(s));
    a[3] = c4_scratch("scratch", C4_WINOGRAD_SCRATCH);
    a[4] = made_from("wt");
    return 5;
}

static void call_conv_bwd_data_winograd(c4_op_fn *f, const struct c4_op_size *s, void *const *p) {
    const struct c4_conv_shape shape = shape_of(s);
    ((c4_conv_bwd_data_winograd_fn *)f)(&shape, p[0], p[1], p[2], p[3]);
}

C4_OP_ROW(conv_bwd_data_winograd, bwd_data_operations, C4_SHAPES_LATE_BLOCKS);

static int arrays_conv_bwd_weights_winograd(const struct c4_op_size *s,
                                            struct c4_op_array_spec *a) {
    a[0] = c4_in("x", C4_OP_VALUES, map(s));
    a[1] = c4_in("dy", C4_OP_FACTORS, map(s));
    /* Scratch, but as large as u and fully written: it counts as u does in the other passes. */
    a[2] = c4_counting(c4_scratch("du", TRANSFORMED_COUNT), TRANSFORMED_COUNT);
    a[3] = c4_out("dw", (size_t)TAPS * C * C);
    a[4] = c4_scratch("scratch", C4_WINOGRAD_SCRATCH);
    return 5;
}

static void call_conv_bwd_weights_winograd(c4_op_fn *f, const struct c4_op_size *s,
                                           void *const *p) {
    const struct c4_conv_shape shape = shape_of(s);
    ((c4_conv_bwd_weights_winograd_fn *)f)(&shape, p[0], p[1], p[2], p[3], p[4]);
}

C4_OP_ROW(conv_bwd_weights_winograd, bwd_weights_operations, C4_SHAPES_LATE_BLOCKS);
