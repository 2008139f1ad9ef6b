#include "bench/ops/work.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/rng.h"

static const size_t type_bytes[] = {4, 8, 8, 1};
static const uint64_t seed = 1;

static size_t bytes_of(const struct c4_op_array *array) {
    return array->count * type_bytes[array->type];
}

static void *allocate(size_t bytes) {
    return aligned_alloc(64, (bytes + 63) / 64 * 64);
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

/* A stream of its own for each array of each slot. */
static uint32_t stream_of(const struct c4_op_work *work) {
    return (uint32_t)work->slot * C4_OP_ARRAYS + (uint32_t)work->array_count;
}

static void fill(const struct c4_op_work *work, float *values, size_t count) {
    for (size_t i = 0; i < count; i += 4) {
        struct c4_rng_block block = c4_rng_draw(seed, C4_RNG_TEST, stream_of(work), i / 4);
        for (size_t k = 0; k < 4 && i + k < count; k++)
            values[i + k] = (float)(2 * c4_rng_unit(block.word[k] & 0xffffff00) - 1);
    }
}

void c4_op_bytes(const struct c4_op_work *work, uint8_t *bytes, size_t count, uint32_t bound) {
    if (!bytes) return;
    for (size_t i = 0; i < count; i++)
        bytes[i] = (uint8_t)c4_rng_below(
            c4_rng_draw(seed, C4_RNG_TEST, stream_of(work), i / 4).word[i % 4], bound);
}

void *c4_op_add(struct c4_op_work *work, const char *name, enum c4_op_type type,
                enum c4_op_role role, size_t count) {
    struct c4_op_array *array = &work->array[work->array_count++];
    *array = (struct c4_op_array){.name = name, .type = type, .role = role, .count = count};
    bool output = role == C4_OP_OUT || role == C4_OP_INOUT;
    array->data = allocate(bytes_of(array));
    if (role == C4_OP_INOUT) array->content = allocate(bytes_of(array));
    if (output) array->expect = allocate(bytes_of(array));
    if (!array->data) return NULL;
    memset(array->data, 0, bytes_of(array));
    if (type == C4_OP_F32) fill(work, array->data, count);
    return array->data;
}

enum c4_status c4_op_work_make(struct c4_op_work *work, enum c4_op_slot slot,
                               const struct c4_op_size *size) {
    *work = (struct c4_op_work){.slot = slot, .size = *size};
    c4_op_slot_arrays(work);
    for (int i = 0; i < work->array_count; i++) {
        const struct c4_op_array *array = &work->array[i];
        bool output = array->role == C4_OP_OUT || array->role == C4_OP_INOUT;
        if (!array->data || (output && !array->expect) ||
            (array->role == C4_OP_INOUT && !array->content))
            return c4_fail(C4_ERR_MEMORY,
                           "no memory for an array of %zu bytes: choose a smaller "
                           "--batch",
                           bytes_of(array));
        if (array->role == C4_OP_INOUT) memcpy(array->content, array->data, bytes_of(array));
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

/* All ones: a NaN in floats and doubles, no sum and no selection in integers. */
void c4_op_work_reset(const struct c4_op_work *work) {
    for (int i = 0; i < work->array_count; i++) {
        const struct c4_op_array *array = &work->array[i];
        if (array->role == C4_OP_INOUT) memcpy(array->data, array->content, bytes_of(array));
        if (array->role == C4_OP_OUT || array->role == C4_OP_SCRATCH)
            memset(array->data, 0xff, bytes_of(array));
    }
}

void c4_op_work_expect(struct c4_op_work *work, c4_op_fn *reference) {
    c4_op_work_reset(work);
    work->call(work, reference);
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
    return array->type == C4_OP_F32 ? (double)((const float *)values)[i]
                                    : ((const double *)values)[i];
}

static enum c4_status check_bits(const struct c4_op_array *array, const char *name) {
    const unsigned char *got = array->data, *want = array->expect;
    size_t bytes = type_bytes[array->type];
    bool real = array->type == C4_OP_F32 || array->type == C4_OP_F64;
    if (memcmp(got, want, bytes_of(array)) == 0) return C4_OK;
    for (size_t i = 0; i < array->count; i++) {
        if (memcmp(got + i * bytes, want + i * bytes, bytes) == 0) continue;
        if (real && isnan(value_of(array, got, i)) && isnan(value_of(array, want, i))) continue;
        if (real)
            return c4_fail(C4_ERR_RESULT, "%s: %s[%zu] is %.9g, the reference has %.9g", name,
                           array->name, i, value_of(array, got, i), value_of(array, want, i));
        return c4_fail(C4_ERR_RESULT, "%s: %s[%zu] differs from the reference", name, array->name,
                       i);
    }
    return C4_OK;
}

static enum c4_status check_norm(const struct c4_op_array *array, const char *name,
                                 double tolerance) {
    double error = 0, signal = 0;
    for (size_t i = 0; i < array->count; i++) {
        double want = value_of(array, array->expect, i);
        double off = value_of(array, array->data, i) - want;
        error += off * off;
        signal += want * want;
    }
    if (sqrt(error) <= tolerance * sqrt(signal)) return C4_OK; /* false for a NaN */
    return c4_fail(C4_ERR_RESULT,
                   "%s: %s differs from the reference by %.1e of its norm, allowed is %.0e", name,
                   array->name, sqrt(error / signal), tolerance);
}

enum c4_status c4_op_work_compare(const struct c4_op_work *work, const char *name,
                                  double tolerance) {
    for (int i = 0; i < work->array_count; i++) {
        const struct c4_op_array *array = &work->array[i];
        if (array->role != C4_OP_OUT && array->role != C4_OP_INOUT) continue;
        bool real = array->type == C4_OP_F32 || array->type == C4_OP_F64;
        C4_TRY(real && tolerance > 0 ? check_norm(array, name, tolerance)
                                     : check_bits(array, name));
    }
    return C4_OK;
}
