#include "tests/harness/check_ops.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "simd/dispatch.h"

static const struct c4_check_op *const ops[] = {
#define C4_OP(slot, type) [C4_SLOT_##slot] = &c4_check_##slot,
#include "core/op/ops.def"
#undef C4_OP
};

const struct c4_check_op *c4_check_op(enum c4_op_slot slot) {
    return ops[slot];
}

bool c4_check_runs(enum c4_op_slot slot, int size, enum c4_check_data data) {
    bool is_long = size >= ops[slot]->size_count - ops[slot]->long_sizes;
    return (ops[slot]->data & 1u << data) && (!is_long || data == C4_CHECK_REALS);
}

const char *c4_check_data_name(enum c4_check_data data) {
    static const char *const names[] = {"integers", "reals", "extremes", "specials"};
    return names[data];
}

/* "n=3 h=4 w=8" from the names and the sizes. */
static void describe(struct c4_check_case *c, const char *names, const int *sizes) {
    size_t used = 0;
    for (int i = 0; *names && used < sizeof c->shape; i++) {
        size_t length = strcspn(names, " ");
        int n = snprintf(c->shape + used, sizeof c->shape - used, "%s%.*s=%d", i ? " " : "",
                         (int)length, names, sizes[i]);
        used += n > 0 ? (size_t)n : 0;
        names += length + (names[length] == ' ');
    }
}

static void fill_bytes(uint8_t *bytes, size_t count, int last, struct c4_check_rng *rng) {
    for (size_t i = 0; i < count; i++) bytes[i] = (uint8_t)c4_check_rng_between(rng, 0, last);
}

static void fill(const struct c4_check_array *a, enum c4_check_data data,
                 struct c4_check_rng *rng) {
    const size_t count = a->spec.count;
    float *values = a->content;
    switch (a->spec.content) {
    case C4_OP_VALUES:
        c4_fill(values, count, data, rng);
        break;
    case C4_OP_PADDED_VALUES:
        c4_fill(values, count, data, rng);
        c4_op_pad(values, count);
        break;
    case C4_OP_FACTORS:
        c4_fill_factor(values, count, data, rng);
        break;
    case C4_OP_PADDED_FACTORS:
        c4_fill_factor(values, count, data, rng);
        c4_op_pad(values, count);
        break;
    case C4_OP_SPARSE_FACTORS: /* half of them */
        c4_fill_factor(values, count, data, rng);
        for (size_t i = 0; i < count; i++)
            if (c4_check_rng_between(rng, 0, 1)) values[i] = 0;
        break;
    case C4_OP_PIXELS:
        fill_bytes(a->content, count, 255, rng);
        break;
    case C4_OP_WINNERS:
        fill_bytes(a->content, count, 3, rng);
        break;
    case C4_OP_TRANSFORMED: /* computed by the check itself: adjust() */
        break;
    }
}

bool c4_check_make(struct c4_check_case *c, enum c4_op_slot slot, int size, enum c4_check_data data,
                   uint64_t seed) {
    const struct c4_check_op *op = ops[slot];
    *c = (struct c4_check_case){.backend = "ref", .slot = slot, .seed = seed};
    c->data = c4_check_data_name(data);
    c->size = op->size(op->sizes[size]);
    c->max_zeros = op->max_zeros;
    describe(c, op->size_names, op->sizes[size]);
    char label[192];
    snprintf(label, sizeof label, "%s %s %s", c4_slot_name(slot), c->shape, c->data);
    struct c4_check_rng rng = c4_check_rng_start(seed, label);
    struct c4_op_array_spec specs[C4_OP_ARRAYS];
    int count = c4_op_arrays(slot, &c->size, specs);
    for (int i = 0; i < count; i++) {
        if (!c4_check_add(c, &specs[i])) return false;
        if (specs[i].role == C4_OP_IN || specs[i].role == C4_OP_INOUT)
            fill(&c->array[i], data, &rng);
    }
    if (op->adjust) op->adjust(c, data, &rng);
    return true;
}

bool c4_check_naive(const struct c4_check_case *c, enum c4_op_slot slot, enum c4_check_data data,
                    struct c4_check_result *result) {
    const struct c4_check_op *op = ops[slot];
    *result = (struct c4_check_result){.fault = C4_CHECK_PASSED};
    if (data != C4_CHECK_INTEGERS && data != C4_CHECK_REALS) return true;
    double *want[C4_OP_ARRAYS] = {NULL};
    bool memory = true;
    for (int i = 0; i < c->array_count; i++) {
        const struct c4_check_array *a = &c->array[i];
        if (a->spec.role != C4_OP_OUT && a->spec.role != C4_OP_INOUT) continue;
        want[i] = calloc(a->spec.count, sizeof(double));
        memory = memory && want[i];
    }
    bool agrees = false;
    if (memory) {
        op->naive(c, want);
        /* Except for exact integers, one tolerance for all: float against double, 1e-5. */
        double tolerance = data == C4_CHECK_INTEGERS ? op->naive_tolerance : 1e-5;
        agrees = c4_check_against(c, want, tolerance, result);
    } else {
        result->fault = C4_CHECK_SETUP;
        snprintf(result->text, sizeof result->text, "no memory");
    }
    for (int i = 0; i < c->array_count; i++) free(want[i]);
    return agrees;
}

static float uniform(struct c4_check_rng *rng) {
    return (float)(2 * c4_check_rng_unit(rng) - 1);
}

void c4_fill(float *values, size_t count, enum c4_check_data data, struct c4_check_rng *rng) {
    /* Only a few specials: each poisons every output that it reaches. */
    int one_in = data == C4_CHECK_SPECIALS && count > 256 ? (int)(count / 4) : 64;
    for (size_t i = 0; i < count; i++) {
        int pick = c4_check_rng_between(rng, 0, one_in - 1);
        values[i] = uniform(rng);
        if (data == C4_CHECK_INTEGERS) values[i] = (float)c4_check_rng_between(rng, -3, 3);
        if (data == C4_CHECK_EXTREMES) {
            if (pick < 8) values[i] *= 0x1p-127f; /* denormal */
            if (pick >= 8 && pick < 11) values[i] *= 0x1p50f;
            if (pick == 11) values[i] = 0;
            if (pick == 12) values[i] = -0.0f;
        }
        if (data == C4_CHECK_SPECIALS && pick == 0) {
            int which = c4_check_rng_between(rng, 0, 2);
            values[i] = which == 0 ? NAN : which == 1 ? INFINITY : -INFINITY;
        }
    }
}

void c4_fill_factor(float *values, size_t count, enum c4_check_data data,
                    struct c4_check_rng *rng) {
    for (size_t i = 0; i < count; i++) {
        values[i] = uniform(rng);
        if (data == C4_CHECK_INTEGERS) values[i] = (float)c4_check_rng_between(rng, -3, 3);
        if (data != C4_CHECK_EXTREMES) continue;
        values[i] += values[i] < 0 ? -0x1p-8f : 0x1p-8f; /* keeps denormals above underflow */
        if (c4_check_rng_between(rng, 0, 31) == 0) values[i] *= 0x1p40f;
    }
}
