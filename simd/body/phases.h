/* The phases of a native step (simd/native/native.h) and its API, for one instruction set. */
#ifndef C4_SIMD_BODY_PHASES_H
#define C4_SIMD_BODY_PHASES_H

#include "simd/body/phase_backward.h"
#include "simd/body/phase_evaluate.h"
#include "simd/body/phase_forward.h"
#include "simd/body/phase_head.h"
#include "simd/body/phase_update.h"

static const struct c4_native_phases phases = {
    .stem = phase_stem,
    .block = phase_block,
    .head = phase_head,
    .block_back = phase_block_back,
    .stem_back = phase_stem_back,
    .add_parts = phase_add_parts,
    .sgd = sgd,
    .pack = phase_pack,
    .pool = phase_pool,
    .evaluate_stem = phase_evaluate_stem,
    .evaluate_block = phase_evaluate_block,
    .evaluate_head = phase_evaluate_head,
};

static enum c4_status create(const struct c4_plan_config *config, struct c4_plan **plan) {
    return c4_native_create(config, &phases, plan);
}

static const struct c4_step_api step_api = {
    .reads_patch_sums = true,
    .create = create,
    .destroy = c4_native_destroy,
    .planned_bytes = c4_native_planned_bytes,
    .load = c4_native_load,
    .store = c4_native_store,
    .step = c4_native_step,
    .evaluate = c4_native_evaluate,
    .read = c4_native_read,
    .phases = c4_native_phase_times,
    .time_phases = c4_native_time_phases,
};

#endif
