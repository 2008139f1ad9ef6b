/* Networks on disk: checkpoints read back unchanged, damage is noticed, and values that conv4 does
 * not write are refused. */
#include "core/file/safetensors.h"
#include "core/net/checkpoint.h"
#include "core/net/init.h"
#include "tests/core/test_file_scratch.h"

#include <math.h>

static struct c4_checkpoint *made(bool with_experiment) {
    struct c4_checkpoint *net = c4_checkpoint_new();
    assert_non_null(net);
    c4_net_init(1, net->state);
    for (size_t i = 0; i < C4_LEARNED_COUNT; i++) net->momentum[i] = (double)(i % 7) / 8;
    net->has_momentum = true;
    net->order = C4_RELU_BN;
    net->seed = 3;
    net->epoch = 2;
    net->batches = 40;
    snprintf(net->backend, sizeof net->backend, "ref");
    memset(net->data_sha256, 'a', 64);
    if (!with_experiment) return net;
    assert_int_equal(c4_experiment_set(&net->experiment, "labels", "random"), C4_OK);
    assert_int_equal(c4_experiment_set_real(&net->experiment, "lr", 0.1), C4_OK);
    return net;
}

static void all_values_come_back(void **state) {
    const char *path = scratch_path(state, "net");
    for (int with = 0; with < 2; with++) {
        struct c4_checkpoint *net = made(with), *got = c4_checkpoint_new();
        assert_non_null(got);
        for (int wide = 0; wide < 2; wide++) {
            net->wide = wide;
            net->state[5] = wide ? 0.1 : 0.5;
            assert_int_equal(c4_checkpoint_write(path, net), C4_OK);
            assert_int_equal(c4_checkpoint_read(path, got), C4_OK);
            assert_int_equal(got->wide, wide);
            for (size_t i = 0; i < C4_STATE_COUNT; i++)
                assert_true(got->state[i] == (wide ? net->state[i] : (double)(float)net->state[i]));
            assert_memory_equal(got->momentum, net->momentum, sizeof net->momentum);
            assert_true(got->has_order);
            assert_int_equal(got->order, C4_RELU_BN);
            assert_int_equal(got->seed, 3);
            assert_int_equal(got->epoch, 2);
            assert_int_equal(got->batches, 40);
            assert_string_equal(got->backend, "ref");
            assert_string_equal(got->data_sha256, net->data_sha256);
            assert_int_equal(got->sum, with ? C4_SUM_RIGHT : C4_SUM_ABSENT);
            assert_int_equal(got->experiment.count, with ? 2 : 0);
            if (!with) continue;
            assert_string_equal(c4_experiment_find(&got->experiment, "labels"), "random");
            assert_string_equal(c4_experiment_find(&got->experiment, "lr"), "0.1");
            assert_null(c4_experiment_find(&got->experiment, "batch"));
        }
        c4_checkpoint_free(net);
        c4_checkpoint_free(got);
    }
}

/* A change that leaves a valid file: in a weight, in the momentum, in metadata. */
static void a_changed_byte_breaks_the_sum(void **state) {
    static const char *const texts[] = {"\"conv4.epoch\":\"2", "experiment.lr\":\"0.1",
                                        "labels\":\"random", "conv4.seed\":\"3"};
    const char *path = scratch_path(state, "net");
    struct c4_checkpoint *net = made(true), *got = c4_checkpoint_new();
    unsigned char *bytes;
    size_t size_bytes;
    assert_non_null(got);
    assert_int_equal(c4_checkpoint_write(path, net), C4_OK);
    assert_int_equal(c4_file_read(path, &bytes, &size_bytes), C4_OK);
    size_t header_bytes = 8 + bytes[0] + (size_t)bytes[1] * 256;
    const size_t in_data[] = {header_bytes + 32, header_bytes + 400, size_bytes / 2,
                              size_bytes - 4};
    for (int i = 0; i < 8; i++) {
        size_t at = 0;
        if (i < 4) {
            at = in_data[i];
        } else {
            const char *text = texts[i - 4];
            size_t length = strlen(text);
            while (memcmp(bytes + at, text, length) != 0) assert_true(++at + length < size_bytes);
            at += length - 1;
        }
        bytes[at] ^= 1;
        put_file(path, bytes, size_bytes);
        assert_int_equal(c4_checkpoint_read(path, got), C4_OK);
        if (got->sum != C4_SUM_WRONG) fail_msg("byte %zu of %zu", at, size_bytes);
        bytes[at] ^= 1;
    }
    put_file(path, bytes, size_bytes);
    assert_int_equal(c4_checkpoint_read(path, got), C4_OK);
    assert_int_equal(got->sum, C4_SUM_RIGHT);
    free(bytes);
    c4_checkpoint_free(net);
    c4_checkpoint_free(got);
}

/* The file with one metadata value replaced. */
static void with_metadata(const char *from, const char *path, const char *key, const char *value) {
    struct c4_safetensors file;
    assert_int_equal(c4_safetensors_read(from, &file), C4_OK);
    for (size_t i = 0; i < file.metadata_count; i++)
        if (strcmp(file.metadata[i].key, key) == 0) {
            free(file.metadata[i].value);
            file.metadata[i].value = strdup(value);
        }
    assert_int_equal(
        c4_safetensors_write(path, file.tensors, file.count, file.metadata, file.metadata_count),
        C4_OK);
    c4_safetensors_free(&file);
}

static void metadata_that_is_not_ours_is_refused(void **state) {
    static const char *const cases[][3] = {
        {"conv4.order", "\x1b[2J", "conv4.order is '?[2J', not bn-relu"},
        {"conv4.order", "sideways", "conv4.order is 'sideways', not bn-relu or relu-bn"},
        {"conv4.order", "bn-relu, or whatever it was", "which conv4 does not write"},
        {"conv4.epoch", "18446744073709551616", "not a number"},
        {"conv4.epoch", "-1", "not a number"},
        {"conv4.epoch", "", "not a number"},
        {"conv4.batches", "4x", "not a number"},
        {"conv4.backend", "a-backend-of-the-future", "which conv4 does not write"},
        {"conv4.arithmetic", "77", "arithmetic version 77"},
    };
    const char *path = scratch_path(state, "net"), *changed = scratch_path(state, "changed");
    struct c4_checkpoint *net = made(false), *got = c4_checkpoint_new();
    assert_non_null(got);
    assert_int_equal(c4_checkpoint_write(path, net), C4_OK);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        with_metadata(path, changed, cases[i][0], cases[i][1]);
        assert_failed(c4_checkpoint_read(changed, got), C4_ERR_DATA, cases[i][2]);
    }
    c4_checkpoint_free(net);
    c4_checkpoint_free(got);
}

/* A value beyond a float's range would make it and the loss infinite. */
static void values_beyond_float_are_named(void **state) {
    const char *path = scratch_path(state, "net");
    struct c4_checkpoint *net = made(false), *got = c4_checkpoint_new();
    const struct c4_param *bias = &c4_params[C4_PARAM_LINEAR_BIAS];
    assert_non_null(got);
    net->wide = true;
    net->state[bias->offset + 7] = -0x1.fffffep127;
    assert_int_equal(c4_checkpoint_write(path, net), C4_OK);
    assert_int_equal(c4_checkpoint_read(path, got), C4_OK);
    assert_int_equal(c4_checkpoint_fits_float(path, got), C4_OK);
    const double beyond[] = {-0x1.ffffffp127, 1e300};
    const char *const said[] = {"net: linear.bias[7] is -3.40282e+38, beyond the range of a float",
                                "net: linear.bias[7] is 1e+300, beyond the range of a float"};
    for (int i = 0; i < 2; i++) {
        net->state[bias->offset + 7] = beyond[i];
        assert_int_equal(c4_checkpoint_write(path, net), C4_OK);
        assert_int_equal(c4_checkpoint_read(path, got), C4_OK);
        assert_failed(c4_checkpoint_fits_float(path, got), C4_ERR_DATA, said[i]);
    }
    c4_checkpoint_free(net);
    c4_checkpoint_free(got);
}

static void negative_variances_are_named(void **state) {
    static const char *const names[] = {"bn1", "bn2", "bn3", "bn4"};
    const char *path = scratch_path(state, "net");
    struct c4_checkpoint *net = made(false), *got = c4_checkpoint_new();
    assert_non_null(got);
    for (int block = 0; block < C4_BLOCKS; block++) {
        char said[80];
        double *value = net->state + c4_block_running(block, C4_PARAM_RUNNING_VAR)->offset + 63;
        snprintf(said, sizeof said, "net: %s.running_var[63] is -0.25", names[block]);
        *value = -0.25;
        assert_int_equal(c4_checkpoint_write(path, net), C4_OK);
        assert_failed(c4_checkpoint_read(path, got), C4_ERR_DATA, said);
        *value = 0;
        assert_int_equal(c4_checkpoint_write(path, net), C4_OK);
        assert_int_equal(c4_checkpoint_read(path, got), C4_OK);
    }
    c4_checkpoint_free(net);
    c4_checkpoint_free(got);
}

static void an_experiment_never_cuts(void **state) {
    (void)state;
    struct c4_experiment experiment = {0};
    char text[C4_EXPERIMENT_TEXT_SIZE + 1];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    assert_failed(c4_experiment_set(&experiment, "long", "%s", text), C4_ERR_FAILED, "'long'");
    assert_int_equal(experiment.count, 0);
    text[sizeof text - 2] = '\0';
    assert_int_equal(c4_experiment_set(&experiment, "fits", "%s", text), C4_OK);
    assert_string_equal(c4_experiment_find(&experiment, "fits"), text);
    text[C4_EXPERIMENT_NAME_SIZE] = '\0';
    assert_failed(c4_experiment_set(&experiment, text, "1"), C4_ERR_FAILED, "cannot be kept");
    for (int i = 1; i < C4_EXPERIMENT_MOST; i++) {
        snprintf(text, sizeof text, "value%d", i);
        assert_int_equal(c4_experiment_set(&experiment, text, "%d", i), C4_OK);
    }
    assert_failed(c4_experiment_set(&experiment, "more", "1"), C4_ERR_FAILED, "'more'");
    assert_int_equal(c4_experiment_set(&experiment, "value1", "one"), C4_OK);
    assert_string_equal(c4_experiment_find(&experiment, "value1"), "one");
    assert_int_equal(experiment.count, C4_EXPERIMENT_MOST);
}

static void differences_have_both_values(void **state) {
    (void)state;
    struct c4_experiment began = {0}, now = {0};
    char *text;
    assert_int_equal(c4_experiment_set_real(&began, "lr", 0.001), C4_OK);
    assert_int_equal(c4_experiment_set_real(&now, "lr", 0.001), C4_OK);
    assert_int_equal(c4_experiment_set(&began, "batch", "32"), C4_OK);
    assert_int_equal(c4_experiment_set(&now, "batch", "32"), C4_OK);
    assert_int_equal(c4_experiment_set(&began, "only before", "x"), C4_OK);
    assert_int_equal(c4_experiment_differences(&began, &now, &text), C4_OK);
    assert_string_equal(text, "");
    free(text);
    assert_int_equal(c4_experiment_set_real(&now, "lr", nextafter(0.001, 1)), C4_OK);
    assert_int_equal(c4_experiment_set(&now, "batch", "8"), C4_OK);
    assert_int_equal(c4_experiment_set(&now, "only now", "y"), C4_OK);
    assert_int_equal(c4_experiment_differences(&began, &now, &text), C4_OK);
    assert_string_equal(text, "lr 0.001, now 0.0010000000000000002; batch 32, now 8; only now "
                              "unknown, now y");
    free(text);
    /* A file's value never reaches a terminal unescaped. */
    began = now = (struct c4_experiment){0};
    assert_int_equal(c4_experiment_set(&began, "data", "\x1b[2J"), C4_OK);
    assert_int_equal(c4_experiment_set(&now, "data", "digits"), C4_OK);
    assert_int_equal(c4_experiment_differences(&began, &now, &text), C4_OK);
    assert_string_equal(text, "data ?[2J, now digits");
    free(text);
}

#define SCRATCH_TEST(f) cmocka_unit_test_setup_teardown(f, scratch_set_up, scratch_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(all_values_come_back),
        SCRATCH_TEST(a_changed_byte_breaks_the_sum),
        SCRATCH_TEST(metadata_that_is_not_ours_is_refused),
        SCRATCH_TEST(values_beyond_float_are_named),
        SCRATCH_TEST(negative_variances_are_named),
        cmocka_unit_test(an_experiment_never_cuts),
        cmocka_unit_test(differences_have_both_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
