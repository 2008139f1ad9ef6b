#include "bench/ops/work.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/rng.h"
#include "simd/dispatch.h"

static const uint64_t seed = 1;

static size_t bytes_of(const struct c4_op_array *array) {
    return array->spec.count * c4_op_type_bytes(array->spec.type);
}

static void *allocate(size_t bytes) {
    return aligned_alloc(64, (bytes + 63) / 64 * 64);
}

static bool is_real(const struct c4_op_array *array) {
    return array->spec.type == C4_OP_F32 || array->spec.type == C4_OP_F64;
}

static bool is_output(const struct c4_op_array *array) {
    return array->spec.role == C4_OP_OUT || array->spec.role == C4_OP_INOUT;
}

/* --- inputs, from a separate random stream for each array of each slot --- */

static uint32_t stream_of(const struct c4_op_work *work, int i) {
    return (uint32_t)work->slot * C4_OP_ARRAYS + (uint32_t)i + 1;
}

static void fill_floats(float *values, size_t count, uint32_t stream) {
    for (size_t i = 0; i < count; i += 4) {
        struct c4_rng_block block = c4_rng_draw(seed, C4_RNG_TEST, stream, i / 4);
        for (size_t k = 0; k < 4 && i + k < count; k++)
            values[i + k] = (float)(2 * c4_rng_unit(block.word[k] & 0xffffff00) - 1);
    }
}

static void fill_bytes(uint8_t *bytes, size_t count, uint32_t stream, uint32_t bound) {
    for (size_t i = 0; i < count; i++)
        bytes[i] =
            (uint8_t)c4_rng_below(c4_rng_draw(seed, C4_RNG_TEST, stream, i / 4).word[i % 4], bound);
}

/* From the last array, which must be filled. */
static enum c4_status fill_transformed(const struct c4_op_work *work, float *transformed) {
    struct c4_dispatch reference;
    C4_TRY(c4_dispatch("ref", &reference));
    reference.backend.winograd_weights(work->array[work->array_count - 1].data, transformed);
    return C4_OK;
}

static enum c4_status fill(const struct c4_op_work *work, int i) {
    const struct c4_op_array *array = &work->array[i];
    const size_t count = array->spec.count;
    const uint32_t stream = stream_of(work, i);
    switch (array->spec.content) {
    case C4_OP_VALUES:
    case C4_OP_FACTORS:
    case C4_OP_SPARSE_FACTORS: /* zeros make no kernel faster */
        fill_floats(array->data, count, stream);
        break;
    case C4_OP_PADDED_VALUES:
    case C4_OP_PADDED_FACTORS:
        fill_floats(array->data, count, stream);
        c4_op_pad(array->data, count);
        break;
    case C4_OP_PIXELS:
        fill_bytes(array->data, count, stream, 256);
        break;
    case C4_OP_WINNERS:
        fill_bytes(array->data, count, stream, 4);
        break;
    case C4_OP_TRANSFORMED:
        return fill_transformed(work, array->data);
    }
    return C4_OK;
}

static enum c4_status make(struct c4_op_array *array) {
    size_t bytes = bytes_of(array);
    array->data = allocate(bytes);
    if (array->spec.role == C4_OP_INOUT) array->content = allocate(bytes);
    if (is_output(array)) array->expect = allocate(bytes);
    if (!array->data || (array->spec.role == C4_OP_INOUT && !array->content) ||
        (is_output(array) && !array->expect))
        return c4_fail(C4_ERR_MEMORY,
                       "no memory for an array of %zu bytes: choose a smaller "
                       "--batch",
                       bytes);
    memset(array->data, 0, bytes);
    return C4_OK;
}

enum c4_status c4_op_work_make(struct c4_op_work *work, enum c4_op_slot slot,
                               const struct c4_op_size *size) {
    *work = (struct c4_op_work){.slot = slot, .size = *size};
    struct c4_op_array_spec specs[C4_OP_ARRAYS];
    work->array_count = c4_op_arrays(slot, size, specs);
    for (int i = 0; i < work->array_count; i++) work->array[i].spec = specs[i];
    for (int i = 0; i < work->array_count; i++) C4_TRY(make(&work->array[i]));
    for (int i = work->array_count - 1; i >= 0; i--) { /* TRANSFORMED needs the last one */
        const struct c4_op_array *array = &work->array[i];
        if (array->spec.role != C4_OP_IN && array->spec.role != C4_OP_INOUT) continue;
        C4_TRY(fill(work, i));
        if (array->content) memcpy(array->content, array->data, bytes_of(array));
    }
    return C4_OK;
}

void c4_op_work_free(struct c4_op_work *work) {
    for (int i = 0; i < work->array_count; i++) {
        free(work->array[i].data);
        free(work->array[i].content);
        free(work->array[i].expect);
    }
    work->array_count = 0;
}

/* Poison is all one bits: NaN in floats and doubles, an invalid sum or selection in integers. */
void c4_op_work_reset(const struct c4_op_work *work) {
    for (int i = 0; i < work->array_count; i++) {
        const struct c4_op_array *array = &work->array[i];
        if (array->spec.role == C4_OP_INOUT) memcpy(array->data, array->content, bytes_of(array));
        if (array->spec.role == C4_OP_OUT || array->spec.role == C4_OP_SCRATCH)
            memset(array->data, 0xff, bytes_of(array));
    }
}

void c4_op_work_call(const struct c4_op_work *work, c4_op_fn *function) {
    void *pointers[C4_OP_ARRAYS] = {NULL};
    for (int i = 0; i < work->array_count; i++) pointers[i] = work->array[i].data;
    c4_op_call(work->slot, function, &work->size, pointers);
}

void c4_op_work_expect(struct c4_op_work *work, c4_op_fn *reference) {
    c4_op_work_reset(work);
    c4_op_work_call(work, reference);
    for (int i = 0; i < work->array_count; i++) {
        struct c4_op_array *array = &work->array[i];
        if (array->expect) memcpy(array->expect, array->data, bytes_of(array));
    }
}

void c4_op_work_expect_as(struct c4_op_work *work, const struct c4_op_work *other) {
    for (int i = 0; i < work->array_count; i++) {
        struct c4_op_array *array = &work->array[i];
        if (array->expect) memcpy(array->expect, other->array[i].expect, bytes_of(array));
    }
}

static double value_of(const struct c4_op_array *array, const void *values, size_t i) {
    return array->spec.type == C4_OP_F32 ? (double)((const float *)values)[i]
                                         : ((const double *)values)[i];
}

static enum c4_status check_bits(const struct c4_op_array *array, const char *name) {
    const unsigned char *got = array->data, *want = array->expect;
    size_t bytes = c4_op_type_bytes(array->spec.type);
    bool real = is_real(array);
    if (memcmp(got, want, bytes_of(array)) == 0) return C4_OK;
    for (size_t i = 0; i < array->spec.count; i++) {
        if (memcmp(got + i * bytes, want + i * bytes, bytes) == 0) continue;
        if (real && isnan(value_of(array, got, i)) && isnan(value_of(array, want, i))) continue;
        if (real)
            return c4_fail(C4_ERR_RESULT, "%s: %s[%zu] is %.9g, the reference has %.9g", name,
                           array->spec.name, i, value_of(array, got, i), value_of(array, want, i));
        return c4_fail(C4_ERR_RESULT, "%s: %s[%zu] differs from the reference", name,
                       array->spec.name, i);
    }
    return C4_OK;
}

static enum c4_status check_norm(const struct c4_op_array *array, const char *name,
                                 double tolerance) {
    double error = 0, signal = 0;
    for (size_t i = 0; i < array->spec.count; i++) {
        double want = value_of(array, array->expect, i);
        double off = value_of(array, array->data, i) - want;
        error += off * off;
        signal += want * want;
    }
    if (sqrt(error) <= tolerance * sqrt(signal)) return C4_OK; /* false for a NaN */
    return c4_fail(C4_ERR_RESULT,
                   "%s: %s differs from the reference by %.1e of its norm; %.0e is allowed", name,
                   array->spec.name, sqrt(error / signal), tolerance);
}

enum c4_status c4_op_work_compare(const struct c4_op_work *work, const char *name,
                                  double tolerance) {
    for (int i = 0; i < work->array_count; i++) {
        const struct c4_op_array *array = &work->array[i];
        if (!is_output(array)) continue;
        C4_TRY(is_real(array) && tolerance > 0 ? check_norm(array, name, tolerance)
                                               : check_bits(array, name));
    }
    return C4_OK;
}
