/* "conv4 bench ..." as a user types it: output and exit status. */
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/ops/ops.h"
#include "core/cli/cli.h"
#include "tests/harness/unit.h"

extern const struct c4_command c4_cmd_bench;
static const struct c4_command *const commands[] = {&c4_cmd_bench, NULL};
static const struct c4_program program = {
    .name = "conv4", .version = "0", .build = "", .summary = "", .commands = commands};

static char folder[] = "/tmp/c4-bench-XXXXXX";
static char out_path[64], err_path[64];

/* Runs "conv4 bench WORDS" with its streams in files. */
static int bench(const char *words) {
    char line[512], *argv[32] = {"conv4", "bench"};
    int argc = 2;
    snprintf(line, sizeof line, "%s", words);
    for (char *word = strtok(line, " "); word && argc < 31; word = strtok(NULL, " "))
        argv[argc++] = word;
    fflush(stdout);
    fflush(stderr);
    int old_out = dup(STDOUT_FILENO), old_err = dup(STDERR_FILENO);
    assert_non_null(freopen(out_path, "w", stdout));
    assert_non_null(freopen(err_path, "w", stderr));
    int status = c4_cli_run(&program, argc, argv, stdout, stderr);
    fflush(stdout);
    fflush(stderr);
    dup2(old_out, STDOUT_FILENO);
    dup2(old_err, STDERR_FILENO);
    close(old_out);
    close(old_err);
    return status;
}

/* A file that the last command wrote. */
static const char *text_of(const char *path) {
    static char text[65536];
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    size_t size = fread(text, 1, sizeof text - 1, file);
    text[size] = 0;
    fclose(file);
    return text;
}

static void expect(int status, const char *words, const char *path, const char *text) {
    int got = bench(words);
    if (got != status || !strstr(text_of(path), text))
        print_error("bench %s: status %d, not %d; no '%s' in: %s\n", words, got, status, text,
                    text_of(path));
    assert_int_equal(got, status);
    assert_non_null(strstr(text_of(path), text));
}

static json_t *json_of(const char *words) {
    assert_int_equal(bench(words), 0);
    json_t *object = json_load_file(out_path, 0, NULL);
    assert_true(json_is_object(object));
    assert_true(json_is_object(json_object_get(object, "environment")));
    return object;
}

static void wrong_command_lines_are_refused(void **state) {
    (void)state;
    expect(2, "ops --samples 8", err_path, "--samples");
    expect(2, "ops --batch 0", err_path, "--batch");
    expect(2, "ops --backend nonsense", err_path, "there is no backend 'nonsense'");
    expect(2, "ops --filter nothing_like_it", err_path, "no benchmark matches");
    expect(2, "ops --list --filter nothing_like_it", err_path, "no benchmark matches");
    expect(2, "ops --dry-run --filter (", err_path, "regular expression");
    expect(2, "ops --filtre x", err_path, "did you mean --filter");
    expect(2, "cka --examples 600", err_path, "600");
    expect(2, "cka --layers pool5", err_path, "pool5");
    expect(2, "cka --threads 0", err_path, "'0' is not a number from 1 to 1024 or all");
    expect(2, "cka --threads 1,,2", err_path, "'' is not a number");
    expect(2, "cka --threads 2,alle", err_path, "'alle' is not a number");
    expect(2, "cka --peers=matlab", err_path, "matlab");
    expect(2, "cka --from-files --layers product", err_path, "no benchmark is left");
    expect(2, "cka --quick --examples 5000", err_path, "no benchmark is left");
    expect(2, "calibrate --samples 2", err_path, "--samples");
    expect(2, "step --backend nonsense", err_path, "there is no backend 'nonsense'");
    expect(2, "list everything", err_path, "everything");
    expect(2, "", err_path, "bench");
}

static int lines(const char *text) {
    int count = 0;
    for (; *text; text++) count += *text == '\n';
    return count;
}

static void lists_name_what_would_run(void **state) {
    (void)state;
    expect(0, "list", out_path, "ops conv_bwd_weights_winograd/block3/n32/ref\n");
    assert_non_null(strstr(text_of(out_path), "step ref\n"));
    assert_non_null(strstr(text_of(out_path), "cka pool4/n2000/ref\n"));
    assert_non_null(strstr(text_of(out_path), "calibrate "));
    expect(0, "ops --list --backend ref --batch 8 --filter winograd/block", out_path,
           "conv_bwd_data_winograd/block4/n8/ref\n");
    assert_int_equal(lines(text_of(out_path)), 9);
    expect(0, "cka --list --threads 1 --backend ref --layers pool3 --examples 500,2000", out_path,
           "pool3/n2000/ref\n");
    assert_int_equal(lines(text_of(out_path)), 2);
    expect(0, "cka --list --quick --threads 3,1,3 --backend ref --layers pool3,product --peers",
           out_path,
           "pool3/n500/ref\npool3/n500/numpy\npool3/n500/pytorch\npool3/n500/ckatorch\n"
           "product/n500/ref\nproduct/n500/numpy\nproduct/n500/pytorch\n"
           "pool3/n500/ref/t3\n");
    assert_int_equal(lines(text_of(out_path)), 14);
    expect(0, "cka --list --quick --from-files --threads 2 --backend ref --layers pool3 --peers",
           out_path, "files/pool3/n500/ref\nfiles/pool3/n500/numpy\nfiles/pool3/n500/pytorch\n");
    assert_int_equal(lines(text_of(out_path)), 3);
}

static void a_dry_run_predicts_and_times_nothing(void **state) {
    (void)state;
    expect(0, "ops --dry-run --backend ref --batch 2 --filter linear", out_path,
           "3 benchmarks, 9 samples each, about ");
    expect(0, "cka --dry-run --threads 1 --backend ref --quick --layers pool4,logits", out_path,
           "2 benchmarks, 9 samples each, about ");
    expect(0, "cka --dry-run --threads 1 --backend ref --layers logits --peers", out_path,
           "16 benchmarks, 3 to 9 samples each, about ");
    assert_non_null(strstr(text_of(out_path), "peers not counted"));
}

/* By a native backend where there is one. */
static void plans_have_a_known_size(void **state) {
    json_int_t bytes[3];
    (void)state;
    for (int i = 0; i < 3; i++) {
        char words[80];
        snprintf(words, sizeof words, "step --json --quick --backend auto --batch %d --samples 3",
                 i == 2 ? 3 : 2);
        json_t *object = json_of(words);
        const json_t *step = json_array_get(json_object_get(object, "steps"), 0);
        const char *backend = json_string_value(json_object_get(step, "backend"));
        bool native = strcmp(backend, "ref") != 0 && strcmp(backend, "onednn") != 0;
        bytes[i] = json_integer_value(json_object_get(step, "plan_bytes"));
        json_decref(object);
        if (!native) skip();
    }
    assert_true(bytes[0] > 1000000);
    assert_true(bytes[0] == bytes[1] && bytes[0] < bytes[2]);
}

/* In the order of --list, also in a build without Google Benchmark. */
static void ops_are_called_to_be_counted(void **state) {
    (void)state;
    expect(0, "ops --calls 2 --batch 1 --backend ref --filter linear", out_path,
           "linear_fwd/linear/n1/ref\nlinear_bwd_data/linear/n1/ref\n"
           "linear_bwd_weights/linear/n1/ref\n");
    assert_int_equal(bench("ops --calls 1 --batch 1 --backend ref --filter linear --json"), 0);
    json_t *object = json_load_file(out_path, 0, NULL);
    json_t *rows = json_object_get(object, "rows");
    assert_string_equal(json_string_value(json_object_get(object, "benchmark")), "ops-calls");
    assert_int_equal(json_array_size(rows), 3);
    assert_string_equal(json_string_value(json_object_get(json_array_get(rows, 1), "name")),
                        "linear_bwd_data/linear/n1/ref");
    json_decref(object);
    expect(2, "ops --calls 1 --threads 2 --backend ref", err_path, "leave out --threads");
    expect(2, "ops --calls 0", err_path, "--calls");
}

static void rows_are_checked_and_written(void **state) {
    (void)state;
    char words[256], path[96];
    snprintf(path, sizeof path, "%s/gbench.json", folder);
    snprintf(words, sizeof words,
             "ops --json --quick --batch 2 --backend ref --filter linear|sgd --gbench-json %s",
             path);
    if (c4_ops_bench_available() != C4_OK) {
        expect(6, words, err_path, "libbenchmark-dev");
        skip();
    }
    json_t *object = json_of(words);
    json_t *rows = json_object_get(object, "rows");
    assert_int_equal(json_array_size(rows), 4);
    for (size_t i = 0; i < 4; i++) {
        json_t *row = json_array_get(rows, i);
        assert_true(json_is_true(json_object_get(row, "checked")));
        assert_true(json_real_value(json_object_get(row, "percent_of_peak")) > 0);
        assert_int_equal(json_array_size(json_object_get(row, "samples_seconds_per_call")), 9);
    }
    assert_true(json_real_value(json_object_get(json_object_get(object, "peak"), "gflops")) > 0);
    json_decref(object);

    json_t *report = json_load_file(path, 0, NULL);
    assert_true(json_is_object(report));
    json_t *context = json_object_get(report, "context");
    assert_string_equal(json_string_value(json_object_get(context, "host_name")), "");
    assert_string_equal(json_string_value(json_object_get(context, "executable")), "conv4");
    assert_true(json_array_size(json_object_get(report, "benchmarks")) >= 4 * 9);
    json_decref(report);
    unlink(path);

    expect(0, "ops --quick --batch 2 --backend ref --filter relu_mask/block4", out_path, " yes ");
    expect(1, "ops --quick --batch 2 --backend ref --filter sgd --gbench-json /no/such/folder/x",
           err_path, "/no/such/folder/x");
    assert_null(strstr(text_of(out_path), "sgd_update")); /* before the first sample */
}

static void the_others_write_json_too(void **state) {
    (void)state;
    json_t *object = json_of("calibrate --samples 3 --json");
    json_t *loops = json_object_get(object, "loops");
    assert_true(json_array_size(loops) >= 1);
    assert_int_equal(json_array_size(json_object_get(json_array_get(loops, 0), "samples_gflops")),
                     3);
    assert_true(json_real_value(json_object_get(object, "peak_gflops")) > 0);
    json_t *bandwidth = json_object_get(object, "bandwidth");
    assert_true(json_array_size(bandwidth) >= 1);
    for (size_t i = 0; i < json_array_size(bandwidth); i++)
        assert_true(json_real_value(json_object_get(json_array_get(bandwidth, i), "gbytes_per_s")) >
                    0);
    json_decref(object);

    object =
        json_of("cka --json --quick --threads 1 --backend ref --layers pool4,logits --samples 1");
    json_t *rows = json_object_get(object, "rows");
    assert_int_equal(json_array_size(rows), 2);
    assert_true(json_is_true(json_object_get(json_array_get(rows, 1), "checked")));
    assert_string_equal(json_string_value(json_object_get(json_array_get(rows, 0), "method")),
                        "gram");
    const json_t *gram = json_array_get(rows, 0), *feature = json_array_get(rows, 1);
    static const char *const parts[] = {"product_seconds", "pack_seconds", "rest_seconds"};
    double side = 0;
    for (int i = 0; i < 3; i++) {
        side += json_number_value(json_object_get(gram, parts[i]));
        assert_true(json_is_null(json_object_get(feature, parts[i])));
    }
    double prepared = json_number_value(json_object_get(gram, "prepare_seconds"));
    assert_true(fabs(side - prepared) <= 1e-9 * prepared);
    assert_true(json_number_value(json_object_get(feature, "whole_seconds")) > 0);
    json_decref(object);

    object = json_of("step --json --quick --backend ref --batch 2 --samples 3");
    json_t *step = json_array_get(json_object_get(object, "steps"), 0);
    assert_int_equal(json_array_size(json_object_get(step, "samples_images_per_s")), 3);
    assert_true(json_real_value(json_object_get(step, "images_per_s")) > 0);
    assert_true(json_real_value(json_object_get(step, "percent_of_peak")) > 0);
    assert_true(json_is_null(json_object_get(step, "plan_bytes")));
    json_decref(object);
}

static int make_folder(void **state) {
    (void)state;
    if (!mkdtemp(folder)) return 1;
    snprintf(out_path, sizeof out_path, "%s/out", folder);
    snprintf(err_path, sizeof err_path, "%s/err", folder);
    return 0;
}

static int remove_folder(void **state) {
    (void)state;
    unlink(out_path);
    unlink(err_path);
    return rmdir(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrong_command_lines_are_refused),
        cmocka_unit_test(lists_name_what_would_run),
        cmocka_unit_test(a_dry_run_predicts_and_times_nothing),
        cmocka_unit_test(plans_have_a_known_size),
        cmocka_unit_test(ops_are_called_to_be_counted),
        cmocka_unit_test(rows_are_checked_and_written),
        cmocka_unit_test(the_others_write_json_too),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
