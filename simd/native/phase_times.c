/* Where the time of a step or an evaluation goes: thread 0's clock between barriers, and what each
 * phase computes. */
#include <omp.h>
#include <string.h>

#include "simd/native/native.h"

enum { C = C4_CHANNELS };

static const char *const names[] = {"stem",      "block2",      "block3",      "block4",
                                    "head",      "block4-back", "block3-back", "block2-back",
                                    "stem-back", "update"};
_Static_assert(sizeof names / sizeof *names == C4_NATIVE_PHASES, "a name for each phase");

void c4_native_time_start(struct c4_plan *plan) {
    if (plan->timed) plan->last_seconds = omp_get_wtime();
}

void c4_native_time_phase(struct c4_plan *plan, enum c4_native_phase phase) {
    if (!plan->timed || omp_get_thread_num() != 0) return;
    double now = omp_get_wtime();
    plan->phase_seconds[phase] += now - plan->last_seconds;
    plan->last_seconds = now;
}

void c4_native_time_phases(struct c4_plan *plan, bool on) {
    plan->timed = on;
    memset(plan->phase_seconds, 0, sizeof plan->phase_seconds);
}

/* FLOPs of one channel of one tile's transforms, an fma counting 2 (ARITHMETIC.md). */
enum { INPUT = 12 * 24, OUTPUT = 10 * 16, SPREAD = 10 * 16, BACK = 12 * 22 };
/* The same for one pair of channels of the weights, and of their gradient. */
enum { WEIGHTS = 9 * 17, WEIGHT_GRADIENT = 9 * 18 };

static double convolution(int b) {
    double side = c4_block_side(b);
    return 2 * side * side * 9 * c4_block_inputs(b) * C;
}

/* Bytes of one image's maps: raw, as large as the pooled map of the block below, and pooled. */
static double raw_bytes(int b) {
    double side = c4_block_side(b);
    return side * side * C * 4;
}
static double pooled_bytes(int b) {
    return raw_bytes(b) / 4;
}

static void stem_cost(const struct c4_plan *plan, struct c4_phase_time *phase) {
    const bool dense = plan->config.order == C4_RELU_BN;
    /* 27 sums and 27 * 28 / 2 products of each pixel */
    phase->flops_performed = dense ? convolution(0) : 2.0 * 405 * 1024;
    phase->flops_nominal = dense ? convolution(0) : 0;
    phase->bytes = C4_IMAGE_BYTES + (dense ? raw_bytes(0) + pooled_bytes(0) * 5 / 4 : 0);
}

static void forward_cost(const struct c4_plan *plan, int b, struct c4_phase_time *phase) {
    const bool winograd = plan->config.conv == C4_WINOGRAD;
    const double tiles = raw_bytes(b) / (16 * C * 4);
    phase->flops_nominal = convolution(b);
    phase->flops_performed =
        winograd ? convolution(b) / 4 + tiles * C * (INPUT + OUTPUT) : convolution(b);
    phase->bytes = raw_bytes(b) + raw_bytes(b) + pooled_bytes(b) * 5 / 4;
    if (b > 1 || plan->config.order == C4_RELU_BN) return;
    phase->flops_nominal += convolution(0); /* conv1 runs here; its map is written, not read */
    phase->flops_performed += convolution(0);
    phase->bytes += C4_IMAGE_BYTES + pooled_bytes(0) / 4;
}

/* Phase 0..4 of an evaluation. Maps are not kept; pooled ones are read by the next phase, which
 * writes them to the caller's features. */
static void evaluate_cost(const struct c4_plan *plan, int b, struct c4_phase_time *phase) {
    const bool dense = plan->config.order == C4_RELU_BN;
    const int below = b - 1;
    const double features =
        b > 0 && plan->features[below] ? (double)c4_layer_features(below) * 4 : 0;
    if (b == C4_NATIVE_HEAD) {
        phase->flops_nominal = phase->flops_performed = 2.0 * C4_FLAT * C4_CLASSES;
        phase->bytes = pooled_bytes(below) + features + (plan->features[b] ? C4_CLASSES * 4 : 0);
    } else if (b == 0) {
        stem_cost(plan, phase);
        phase->bytes = C4_IMAGE_BYTES + (dense ? pooled_bytes(0) : 0);
    } else {
        forward_cost(plan, b, phase);
        phase->bytes = features + pooled_bytes(b);
        phase->bytes += b == 1 && !dense ? C4_IMAGE_BYTES : pooled_bytes(below);
    }
}

static void backward_cost(const struct c4_plan *plan, int b, struct c4_phase_time *phase) {
    const bool winograd = plan->config.conv == C4_WINOGRAD;
    const double tiles = raw_bytes(b) / (16 * C * 4);
    const double slices = (double)c4_slice_count(plan->n > 0 ? plan->n : 1) / (plan->n + !plan->n);
    phase->flops_nominal = 2 * convolution(b);
    phase->flops_performed = winograd ? convolution(b) / 2 + tiles * C * (INPUT + SPREAD + BACK) +
                                            slices * C * C * WEIGHT_GRADIENT
                                      : 2 * convolution(b);
    phase->bytes = raw_bytes(b) + pooled_bytes(b) * 5 / 4 + raw_bytes(b);
    if (b > 1 || plan->config.order == C4_RELU_BN) {
        phase->bytes += raw_bytes(b);
        return;
    }
    phase->flops_nominal += convolution(0); /* conv1's, from a quarter of the pixels */
    phase->flops_performed += convolution(0) / 4;
    phase->bytes += C4_IMAGE_BYTES + pooled_bytes(0) / 4;
}

static void phase_cost(const struct c4_plan *plan, enum c4_native_phase which,
                       struct c4_phase_time *phase) {
    const bool dense = plan->config.order == C4_RELU_BN;
    const double linear = 2.0 * C4_FLAT * C4_CLASSES;
    switch (which) {
    case C4_NATIVE_STEM:
        stem_cost(plan, phase);
        break;
    case C4_NATIVE_HEAD:
        phase->flops_nominal = phase->flops_performed = 3 * linear;
        phase->bytes = 2 * pooled_bytes(3);
        break;
    case C4_NATIVE_STEM_BACK:
        phase->flops_nominal = phase->flops_performed = dense ? convolution(0) : 0;
        phase->bytes = dense ? C4_IMAGE_BYTES + raw_bytes(0) + pooled_bytes(0) * 5 / 4 : 0;
        break;
    case C4_NATIVE_UPDATE:
        /* velocity and weight, and twice the transformed weights of three blocks; per image */
        phase->flops_performed = 4.0 * (double)c4_native_layout.count;
        phase->bytes = 20.0 * (double)c4_native_layout.count;
        if (plan->config.conv == C4_WINOGRAD) {
            phase->flops_performed += 6.0 * C * C * WEIGHTS;
            phase->bytes += 6.0 * C4_NATIVE_U_FLOATS * 4;
        }
        phase->flops_performed /= plan->n + !plan->n;
        phase->bytes /= plan->n + !plan->n;
        break;
    default:
        break;
    }
    const int forth = (int)which, back = C4_NATIVE_STEM_BACK - (int)which;
    if (forth > 0 && forth < C4_BLOCKS) forward_cost(plan, forth, phase);
    if (back > 0 && back < C4_BLOCKS) backward_cost(plan, back, phase);
}

enum c4_status c4_native_phase_times(const struct c4_plan *plan, struct c4_phase_time *phases,
                                     int capacity, int *count) {
    const double *seconds = plan->phase_seconds + (plan->evaluated ? C4_NATIVE_EVALUATE : 0);
    *count = plan->evaluated ? C4_NATIVE_EVALUATE_PHASES : C4_NATIVE_PHASES;
    for (int i = 0; i < *count && i < capacity; i++) {
        phases[i] = (struct c4_phase_time){.name = names[i], .seconds = seconds[i]};
        if (plan->evaluated)
            evaluate_cost(plan, i, &phases[i]);
        else
            phase_cost(plan, (enum c4_native_phase)i, &phases[i]);
    }
    /* The contract: reading sets the times to 0. Nothing else in the plan changes. */
    memset(((struct c4_plan *)plan)->phase_seconds, 0, sizeof plan->phase_seconds);
    return C4_OK;
}
