/* Operations and bytes of the op slots, against counts from the definitions. */
#include "core/cost/op_cost.h"
#include "tests/harness/unit.h"

enum { C = C4_CHANNELS };

static struct c4_op_size map(int n, int side, int ci) {
    return (struct c4_op_size){.n = n, .h = side, .w = side, .ci = ci};
}

/* Multiply-adds of the direct sum, one by one. */
static double count_macs(int n, int side, int ci) {
    double macs = 0;
    for (int pixel = 0; pixel < n * side * side; pixel++)
        for (int tap = 0; tap < 9; tap++)
            for (int c = 0; c < ci; c++)
                for (int co = 0; co < C; co++) macs++;
    return macs;
}

static void convolutions_cost_their_multiply_adds(void **state) {
    (void)state;
    static const enum c4_op_slot direct[] = {C4_SLOT_conv_fwd_direct, C4_SLOT_conv_bwd_data_direct,
                                             C4_SLOT_conv_bwd_weights_direct};
    static const enum c4_op_slot winograd[] = {C4_SLOT_conv_fwd_winograd,
                                               C4_SLOT_conv_bwd_data_winograd,
                                               C4_SLOT_conv_bwd_weights_winograd};
    for (int block = 0; block < C4_BLOCKS; block++) {
        struct c4_op_size size = map(2, c4_block_side(block), c4_block_inputs(block));
        double macs = count_macs(2, c4_block_side(block), c4_block_inputs(block));
        for (int pass = 0; pass < 3; pass++) {
            struct c4_op_cost cost = c4_op_cost(direct[pass], &size);
            assert_true(cost.flops == 2 * macs);
            assert_true(cost.products == cost.flops && cost.transforms == 0);
            if (block == 0) continue;
            cost = c4_op_cost(winograd[pass], &size);
            assert_true(cost.flops == 2 * macs);
            assert_true(cost.products == 2 * macs * 36 / 144);
            assert_true(cost.transforms > 0);
            assert_true(c4_cost_performed(&cost) == cost.products + cost.transforms);
        }
    }
}

/* One tile of block 4, counted by hand from the 1-D forms in ARITHMETIC.md; a fused multiply-add
 * counts 2. */
static void transforms_count_every_operation(void **state) {
    (void)state;
    struct c4_op_size tile = map(1, 4, C);
    double input = 12 * (4 * 2 + 2 * 4 + 4 * 2), output = 10 * (4 + 2 + 3 + 3 + 4);
    double output_adjoint = 10 * (4 * 2 + 4 * 2);
    double input_adjoint = 12 * (2 + 4 + 1 + 5 + 5 + 3 + 2) + 36;
    double weights = 9 * (2 * 2 + 1 + 4 * 3), weights_adjoint = 9 * (4 * 2 + 3 + 3 + 4);
    assert_true(c4_op_cost(C4_SLOT_conv_fwd_winograd, &tile).transforms == C * (input + output));
    assert_true(c4_op_cost(C4_SLOT_conv_bwd_data_winograd, &tile).transforms ==
                C * (output_adjoint + input_adjoint));
    assert_true(c4_op_cost(C4_SLOT_conv_bwd_weights_winograd, &tile).transforms ==
                C * (input + output_adjoint) + C * C * weights_adjoint);
    assert_true(c4_op_cost(C4_SLOT_winograd_weights, &tile).transforms == C * C * weights);
}

static void other_slots_cost_what_their_formula_says(void **state) {
    (void)state;
    struct c4_op_size size = map(3, 8, C);
    size.count = 1000;
    size.rows_x = 5;
    size.panels_y = 2;
    size.features = 11;
    static const struct {
        enum c4_op_slot slot;
        double flops, bytes;
    } want[] = {
        {C4_SLOT_stem_input, 3 * 3 * 3072, 3 * 3072 * 5},
        {C4_SLOT_stem_moments, 3 * 1024 * (27 + 27 * 28), 3 * 3072 + 8 * 27 * 28},
        {C4_SLOT_stem_select_grad, 3 * 256 * 64 * 27 * 2,
         3 * 3072 * 4 + 3 * 256 * 64 * 5 + 27 * 64 * 4},
        {C4_SLOT_channel_sums, 3 * 64 * 64 * 3, 3 * 64 * 64 * 8 + 2 * 64 * 8},
        {C4_SLOT_bias_relu, 3 * 64 * 64 * 2, 3 * 64 * 64 * 8 + 64 * 4},
        {C4_SLOT_bn_apply, 3 * 64 * 64 * 3, 3 * 64 * 64 * 8 + 64 * 8},
        {C4_SLOT_relu_mask, 3 * 64 * 64, 3 * 64 * 64 * 12},
        {C4_SLOT_bn_rebuild, 3 * 64 * 64 * 2 + 3 * 16 * 64 * 2,
         3 * 64 * 64 * 8 + 3 * 16 * 64 * 5 + 64 * 12},
        {C4_SLOT_pool_select, 3 * 16 * 64 * 3, 3 * 64 * 64 * 4 + 3 * 16 * 64 * 5 + 64 * 4},
        {C4_SLOT_linear_fwd, 3 * (5120 + 10), 3 * 272 * 4 + 2560 * 4 + 40},
        {C4_SLOT_linear_bwd_data, 3 * 5120, 3 * 272 * 4 + 2560 * 4},
        {C4_SLOT_linear_bwd_weights, 3 * (5120 + 10), 3 * 272 * 4 + 2560 * 4 + 40},
        {C4_SLOT_sgd_update, 5000, 20000},
        {C4_SLOT_gram_pack, 2 * 5 * 11, 5 * 11 * 4 + 11 * 4 + 16 * 11 * 4},
        {C4_SLOT_gram_block, 2 * 5 * 32 * 11, (5 + 32) * 11 * 4 + 5 * 32 * 8},
    };
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        struct c4_op_cost cost = c4_op_cost(want[i].slot, &size);
        assert_true(cost.flops == want[i].flops);
        assert_true(cost.products == want[i].flops);
        assert_true(cost.bytes == want[i].bytes);
    }
}

static void no_slot_is_free(void **state) {
    (void)state;
    struct c4_op_size size = map(1, 8, C);
    size.count = 1;
    size.rows_x = size.panels_y = size.features = 1;
    for (int slot = 0; slot < C4_SLOT_COUNT; slot++) {
        struct c4_op_cost cost = c4_op_cost((enum c4_op_slot)slot, &size);
        assert_true(cost.flops > 0 && cost.bytes > 0 && c4_cost_performed(&cost) > 0);
    }
}

/* 40.7 million multiply-adds per image, without the input gradient of block 1. */
static void a_step_is_all_its_passes(void **state) {
    (void)state;
    double macs = 2.0 * 1769472 + 3.0 * (9437184 + 2359296 + 589824) + 3.0 * 2560 + 10;
    struct c4_op_cost direct = c4_step_cost(C4_DIRECT, 1), winograd = c4_step_cost(C4_WINOGRAD, 1);
    assert_true(direct.flops == 2 * macs && winograd.flops == 2 * macs);
    assert_true(direct.products == direct.flops);
    assert_true(winograd.products ==
                2 * (2.0 * 1769472 + 3.0 * (9437184 + 2359296 + 589824) / 4 + 3.0 * 2560 + 10));
    assert_true(c4_evaluation_cost(C4_WINOGRAD, 2).flops ==
                2 * (2 * (1769472.0 + 9437184 + 2359296 + 589824 + 2560) + 10));
    assert_true(c4_step_cost(C4_WINOGRAD, 32).flops == 32 * winograd.flops);
    assert_true(c4_pass_cost(0, C4_PASS_BACKWARD_DATA, C4_WINOGRAD, 8).bytes == 0);
    assert_true(c4_pass_cost(1, C4_PASS_FORWARD, C4_WINOGRAD, 8).products ==
                c4_pass_cost(1, C4_PASS_FORWARD, C4_DIRECT, 8).products / 4);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(convolutions_cost_their_multiply_adds),
        cmocka_unit_test(transforms_count_every_operation),
        cmocka_unit_test(other_slots_cost_what_their_formula_says),
        cmocka_unit_test(no_slot_is_free),
        cmocka_unit_test(a_step_is_all_its_passes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
