/* Whether a checkpoint belongs to the same training, where the command line cannot show it: files
 * of version 0.1.0, other library versions, and the choice of kernels. */
#include <stdlib.h>
#include <string.h>

#include "repro/commands/train_resume.h"
#include "tests/core/test_file_scratch.h"

extern const struct c4_command c4_cmd_train;

struct fixture {
    struct c4_args args;
    struct c4_backend exact, peer;
    struct c4_step_api exact_step, peer_step;
    struct c4_engine engine;
    struct c4_task task;
    struct c4_checkpoint *began;
    struct c4_experiment now;
    char *said;
    size_t said_bytes;
    FILE *messages;
};

static const char *chosen_from; /* `kernels` passed to choose() */

static enum c4_status choose(const struct c4_plan_config *config, char kernels[C4_KERNELS_SIZE]) {
    chosen_from = config->kernels;
    bool open = !config->kernels || strcmp(config->kernels, "auto") == 0;
    snprintf(kernels, C4_KERNELS_SIZE, "%s", open ? "measured" : config->kernels);
    return C4_OK;
}

static void parse(struct fixture *f, const char *option, const char *value) {
    static const struct c4_command *const commands[] = {&c4_cmd_train, NULL};
    static const struct c4_program program = {.name = "conv4", .commands = commands};
    static char words[4][64];
    char *argv[5] = {words[0], words[1], words[2], words[3], NULL};
    c4_args_free(&f->args);
    snprintf(words[0], 64, "conv4");
    snprintf(words[1], 64, "train");
    snprintf(words[2], 64, "%s", option ? option : "");
    snprintf(words[3], 64, "%s", value ? value : "");
    assert_int_equal(c4_args_parse(&f->args, &program, option ? 4 : 2, argv), C4_OK);
    f->engine.kernels = c4_arg_text(&f->args, "onednn-conv");
}

static int set_up(void **state) {
    struct fixture *f = calloc(1, sizeof *f);
    if (!f) return -1;
    *state = f;
    f->exact = (struct c4_backend){
        .name = "avx2", .variant = "AVX2", .bit_exact = true, .step = &f->exact_step};
    f->peer = (struct c4_backend){.name = "onednn", .variant = "dnnl 2.6.3", .step = &f->peer_step};
    f->peer_step.choose = choose;
    f->engine.dispatch.backend = f->exact;
    f->engine.team.threads = 1;
    snprintf(f->task.data.name, sizeof f->task.data.name, "CIFAR-10 train");
    memset(f->task.data.sha256, 'b', 64);
    f->task.data.count = 64;
    f->began = c4_checkpoint_new();
    if (!f->began) return -1;
    f->began->has_momentum = f->began->has_order = true;
    f->began->seed = 1;
    snprintf(f->began->backend, sizeof f->began->backend, "avx512");
    memset(f->began->data_sha256, 'b', 64);
    f->messages = open_memstream(&f->said, &f->said_bytes);
    parse(f, NULL, NULL);
    return f->messages ? 0 : -1;
}

static int tear_down(void **state) {
    struct fixture *f = *state;
    fclose(f->messages);
    free(f->said);
    c4_args_free(&f->args);
    c4_checkpoint_free(f->began);
    free(f);
    return 0;
}

static enum c4_status compare(struct fixture *f) {
    enum c4_status status =
        c4_train_experiment(&f->args, &f->engine, &f->task, NULL, f->began->state, &f->now);
    assert_int_equal(status, C4_OK);
    rewind(f->messages);
    status =
        c4_train_same_experiment("run.ck", f->began, &f->now, &f->engine, &f->task, 1, f->messages);
    fflush(f->messages);
    return status;
}

/* They recorded seed, order, backend and images, and nothing else. */
static void files_without_experiment_go_on_with_a_word(void **state) {
    struct fixture *f = *state;
    assert_int_equal(compare(f), C4_OK);
    assert_non_null(strstr(f->said, "run.ck: an earlier version wrote it"));
    assert_non_null(strstr(f->said, "cannot be checked"));

    f->began->seed = 2;
    assert_failed(compare(f), C4_ERR_USAGE, "its seed differs; give the same values");
    f->began->seed = 1;
    f->began->order = C4_RELU_BN;
    assert_failed(compare(f), C4_ERR_USAGE, "its block order differs");
    f->began->order = C4_BN_RELU;
    f->began->data_sha256[0] = 'c';
    assert_failed(compare(f), C4_ERR_USAGE, "its training images differ");
    f->began->data_sha256[0] = 'b';
    static const char *const others[] = {"onednn", "ref64", ""};
    for (int i = 0; i < 3; i++) {
        snprintf(f->began->backend, sizeof f->began->backend, "%s", others[i]);
        assert_failed(compare(f), C4_ERR_USAGE, "its backend computes other bits");
    }
    f->engine.dispatch.backend = f->peer;
    assert_failed(compare(f), C4_ERR_USAGE, "its backend computes other bits");
    snprintf(f->began->backend, sizeof f->began->backend, "onednn");
    assert_int_equal(compare(f), C4_OK);
}

static void the_same_experiment_goes_on_silently(void **state) {
    struct fixture *f = *state;
    assert_int_equal(compare(f), C4_OK);
    f->began->experiment = f->now;
    f->exact.name = "portable";
    f->engine.dispatch.backend = f->exact;
    f->engine.team.threads = 7;
    assert_int_equal(compare(f), C4_OK);
    assert_int_equal(f->said_bytes, 0);
    parse(f, "--lr", "0.0010000000000000002");
    assert_failed(compare(f), C4_ERR_USAGE, "lr 0.001, now 0.0010000000000000002; give the same");
    parse(f, "--epochs", "9");
    assert_int_equal(compare(f), C4_OK);
}

static void another_version_of_the_library_is_said(void **state) {
    struct fixture *f = *state;
    f->engine.dispatch.backend = f->peer;
    snprintf(f->began->backend, sizeof f->began->backend, "onednn");
    assert_int_equal(compare(f), C4_OK);
    f->began->experiment = f->now;
    assert_int_equal(compare(f), C4_OK);
    assert_int_equal(f->said_bytes, 0);
    f->peer.variant = "dnnl 3.1.0";
    f->engine.dispatch.backend = f->peer;
    assert_int_equal(compare(f), C4_OK);
    assert_non_null(strstr(f->said, "it was begun with dnnl 2.6.3, but this is dnnl 3.1.0"));
    /* What the checkpoint says from now on is what computes now. */
    assert_string_equal(c4_experiment_find(&f->now, "library"), "dnnl 3.1.0");
    f->engine.dispatch.backend = f->exact;
    assert_failed(compare(f), C4_ERR_USAGE, "backend onednn, now any bit-exact one");
}

static void kernels_are_those_that_were_kept(void **state) {
    struct fixture *f = *state;
    char kernels[C4_KERNELS_SIZE] = "";
    assert_int_equal(c4_train_choose_kernels(&f->args, &f->engine, 32, NULL, kernels), C4_OK);
    assert_string_equal(kernels, ""); /* no choice, no change */

    f->engine.dispatch.backend = f->peer;
    assert_int_equal(c4_train_choose_kernels(&f->args, &f->engine, 32, f->began, kernels), C4_OK);
    assert_string_equal(kernels, "measured");
    assert_ptr_equal(f->engine.kernels, kernels);

    assert_int_equal(c4_experiment_set(&f->began->experiment, "onednn-conv", "wwd,ddd,ddd"), C4_OK);
    parse(f, NULL, NULL);
    assert_int_equal(c4_train_choose_kernels(&f->args, &f->engine, 32, f->began, kernels), C4_OK);
    assert_string_equal(chosen_from, "wwd,ddd,ddd");
    assert_string_equal(kernels, "wwd,ddd,ddd");

    parse(f, "--onednn-conv", "direct");
    assert_int_equal(c4_train_choose_kernels(&f->args, &f->engine, 32, f->began, kernels), C4_OK);
    assert_string_equal(chosen_from, "direct");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(files_without_experiment_go_on_with_a_word, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(the_same_experiment_goes_on_silently, set_up, tear_down),
        cmocka_unit_test_setup_teardown(another_version_of_the_library_is_said, set_up, tear_down),
        cmocka_unit_test_setup_teardown(kernels_are_those_that_were_kept, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
