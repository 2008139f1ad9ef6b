/* Reading results back: the Markdown table and the page with pictures. */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "bench/commands.h"
#include "bench/results/page.h"
#include "bench/results/table.h"
#include "core/cli/cli.h"
#include "core/file/file.h"
#include "core/report/gnuplot.h"
#include "tests/core/test_file_scratch.h"
#include "tests/harness/unit.h"

#define MACHINE                                                                                    \
    "\"environment\": {\"cpu\": {\"model_name\": \"Made-up CPU\", \"features\": \"avx2+fma\"}}"

static const char steps[] =
    "{\"conv4\": \"1.2\", \"benchmark\": \"step\", " MACHINE
    ", \"batch\": 32, \"threads\": 1, \"bound\": true, \"order\": \"bn-relu\","
    " \"peak\": {\"gflops\": 100.4, \"gflops_low\": 90, \"gflops_high\": 110}, \"steps\": ["
    "{\"backend\": \"lib\", \"variant\": \"lib 2.6\", \"peer\": true, \"state\": \"measured\","
    " \"algorithm\": \"winograd\", \"images_per_s\": 800, \"images_per_s_low\": 790.4,"
    " \"images_per_s_high\": 810.6, \"percent_of_peak\": 65.2, \"phases\": []},"
    "{\"backend\": \"pytorch-nchw\", \"variant\": \"torch 2; eager | NCHW\", \"peer\": true,"
    " \"versions\": {\"torch\": \"2\"}, \"state\": \"measured\", \"algorithm\": \"eager | NCHW\","
    " \"images_per_s\": 400, \"images_per_s_low\": 300, \"images_per_s_high\": 500,"
    " \"percent_of_peak\": 32, \"phases\": []},"
    "{\"backend\": \"jax\", \"variant\": \"\", \"peer\": true, \"state\": \"absent\","
    " \"reason\": \"Python has no module jax\"},"
    "{\"backend\": \"fast\", \"variant\": \"16 lanes\", \"peer\": false, \"state\": \"measured\","
    " \"algorithm\": \"winograd\", \"images_per_s\": 1600.6, \"images_per_s_low\": 1500,"
    " \"images_per_s_high\": 1700, \"percent_of_peak\": 130, \"phases\": ["
    "{\"phase\": \"stem\", \"seconds_per_image\": 3e-4, \"flops_performed_per_image\": 1e7,"
    " \"bytes_per_image\": 1e5, \"gflops_performed\": 33},"
    "{\"phase\": \"head\", \"seconds_per_image\": 2e-4, \"flops_performed_per_image\": 1e6,"
    " \"bytes_per_image\": 1e5, \"gflops_performed\": 5}]}]}";

static const char ops[] =
    "{\"conv4\": \"1.2\", \"benchmark\": \"ops\", " MACHINE
    ", \"batch\": 32, \"threads\": 1, \"peak\": {\"gflops\": 100}, \"rows\": ["
    "{\"name\": \"conv_fwd_direct/block2/n32/fast\", \"backend\": \"fast\", \"images\": 32,"
    " \"seconds_per_call\": 0.001, \"flops_performed\": 1e9, \"bytes\": 1e7, \"gflops_performed\": "
    "50},"
    "{\"name\": \"conv_fwd_direct/block2/n32/lib\", \"backend\": \"lib\", \"images\": 32,"
    " \"seconds_per_call\": 0.004, \"flops_performed\": 1e9, \"bytes\": 1e7, \"gflops_performed\": "
    "12},"
    "{\"name\": \"sgd_update/parameters/fast\", \"backend\": \"fast\","
    " \"seconds_per_call\": 0.002, \"flops_performed\": 1e6, \"bytes\": 4e6, \"gflops_performed\": "
    "1}]}";

static const char roofs[] =
    "{\"conv4\": \"1.2\", \"benchmark\": \"calibrate\", " MACHINE
    ", \"threads\": 1, \"peak_gflops\": 120, \"bandwidth\": [{\"level\": \"L2\","
    " \"gbytes_per_s\": 100}, {\"level\": \"memory\", \"gbytes_per_s\": 10}]}";

static char *save(void **state, const char *name, const char *text) {
    char *path = strdup(scratch_path(state, name));
    assert_non_null(path);
    assert_int_equal(c4_file_write_atomic(path, text, strlen(text)), C4_OK);
    return path;
}

static char *text_of(const char *path) {
    unsigned char *bytes;
    size_t size;
    assert_int_equal(c4_file_read(path, &bytes, &size), C4_OK);
    char *text =
        strdup((const char *)bytes); /* without it gcc 12 takes strstr's results for dangling */
    free(bytes);
    assert_non_null(text);
    return text;
}

static char *table_of(char *const *paths, int count, enum c4_status want) {
    struct c4_results results;
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    enum c4_status status = c4_results_read(&results, paths, count);
    if (status == C4_OK) status = c4_table_write(&results, out);
    c4_results_free(&results);
    assert_int_equal(fclose(out), 0);
    assert_int_equal(status, want);
    return text;
}

static void a_file_becomes_a_table(void **state) {
    char *path = save(state, "step.json", steps);
    char *text = table_of(&path, 1, C4_OK);
    assert_string_equal(
        text,
        "Made-up CPU (avx2+fma), conv4 1.2, block order bn-relu. Training steps, images/s: median "
        "(lowest-highest), percentage of the FMA peak, ratio to the fastest peer of the same run.\n"
        "FMA peak in the same runs: 100 GFLOP/s (90-110) on 1 thread.\n\n"
        "| backend or peer | 1 thread, batch 32 | how |\n"
        "| --- | --- | --- |\n"
        "| `fast` | 1601 (1500-1700) 130 % 2.00x | 16 lanes, winograd |\n"
        "| `lib` | 800 (790-811) 65 % 1.00x | lib 2.6, winograd |\n"
        "| `pytorch-nchw` | 400 (300-500) 32 % 0.50x | torch 2; eager \\| NCHW |\n"
        "| `jax` | – | absent: Python has no module jax |\n");
    free(text);
    free(path);
}

/* The text with one piece replaced. */
static char *with(const char *text, const char *from, const char *to) {
    const char *found = strstr(text, from);
    assert_non_null(found);
    char *changed = malloc(strlen(text) + strlen(to) + 1);
    assert_non_null(changed);
    sprintf(changed, "%.*s%s%s", (int)(found - text), text, to, found + strlen(from));
    return changed;
}

static int count_of(const char *text, const char *part) {
    int count = 0;
    for (; (text = strstr(text, part)); text++) count++;
    return count;
}

/* An evaluation's rows are never put beside training steps. */
static void an_evaluation_has_its_own_table(void **state) {
    char *evaluation = with(steps, "\"batch\": 32",
                            "\"mode\": \"evaluate\", \"statistics\": \"running\", \"batch\": 32");
    char *paths[] = {save(state, "step.json", steps), save(state, "evaluation.json", evaluation)};
    char *text = table_of(paths, 2, C4_OK);
    assert_int_equal(count_of(text, "block order bn-relu. Training steps, images/s: median"), 1);
    assert_int_equal(
        count_of(text, "block order bn-relu. Evaluations by running statistics, images/s: median"),
        1);
    assert_int_equal(count_of(text, "| `fast` | 1601 (1500-1700) 130 % 2.00x |"), 2);
    for (int i = 0; i < 2; i++) free(paths[i]);
    free(evaluation);
    free(text);
}

/* Columns by threads and batch; another kernel gets its own line, a limited library its own table.
 */
static void files_become_columns(void **state) {
    char *batch = with(steps, "\"batch\": 32", "\"batch\": 128");
    char *slower = with(batch, "800, ", "700, ");
    char *other = with(slower, "\"algorithm\": \"winograd\"", "\"algorithm\": \"direct\"");
    char *limited = with(steps, "\"environment\": {",
                         "\"environment\": {\"variables\": {\"ONEDNN_MAX_CPU_ISA\": \"AVX2\"}, ");
    char *paths[] = {save(state, "limited.json", limited), save(state, "other.json", other),
                     save(state, "step.json", steps)};
    char *text = table_of(paths, 3, C4_OK);
    assert_non_null(
        strstr(text, "| backend or peer | 1 thread, batch 32 | 1 thread, batch 128 | how |"));
    assert_non_null(strstr(text, "| `fast` | 1601 (1500-1700) 130 % 2.00x | 1601 (1500-1700) 130 % "
                                 "2.29x | 16 lanes, winograd |\n"));
    assert_non_null(strstr(text, "| `lib` | 800 (790-811) 65 % 1.00x | – | lib 2.6, winograd |\n"));
    assert_non_null(strstr(text, "| `lib` | – | 700 (790-811) 65 % 1.00x | lib 2.6, direct |\n"));
    assert_non_null(strstr(text, "block order bn-relu, ONEDNN_MAX_CPU_ISA=AVX2. Training"));
    free(text);
    char *twice[] = {paths[2], save(state, "again.json", steps)};
    free(table_of(twice, 2, C4_ERR_DATA));
    assert_non_null(strstr(c4_error(), "on 1 thread(s) with batch 32 is in two"));
    free(twice[1]);
    for (int i = 0; i < 3; i++) free(paths[i]);
    free(limited);
    free(other);
    free(slower);
    free(batch);
}

static void what_is_no_result_is_refused(void **state) {
    char *bad[] = {save(state, "a.json", "{\"benchmark\": "), save(state, "b.json", "{}"),
                   save(state, "c.json", ops), strdup(scratch_path(state, "none.json"))};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        free(table_of(&bad[i], 1, C4_ERR_DATA));
        assert_non_null(strstr(c4_error(), bad[i]));
        free(bad[i]);
    }
}

/* Reading a file with one piece replaced fails, naming the file and the member. */
static void refuse(void **state, const char *whole, const char *from, const char *to,
                   const char *member) {
    char *changed = from ? with(whole, from, to) : strdup(whole);
    char *path = save(state, "changed.json", changed);
    struct c4_results results;
    enum c4_status status = c4_results_read(&results, &path, 1);
    bool named = strstr(c4_error(), path) && strstr(c4_error(), member);
    if (status != C4_ERR_DATA || !named)
        print_error("%s -> %s: status %d, no '%s' in: %s\n", from, to, status, member, c4_error());
    assert_int_equal(status, C4_ERR_DATA);
    assert_true(named);
    c4_results_free(&results);
    free(path);
    free(changed);
}

static void what_a_step_lacks_is_named(void **state) {
    static const char *const changes[][3] = {
        {"\"step\"", "\"walk\"", "\"benchmark\""},
        {"\"step\"", "7", "\"benchmark\""},
        {"\"environment\": {", "\"environs\": {", "\"environment\""},
        {"\"Made-up CPU\"", "4", "\"environment.cpu.model_name\""},
        {"\"batch\": 32", "\"batch\": null", "\"batch\" is missing"},
        {"\"batch\": 32", "\"batch\": 32.5", "\"batch\""},
        {"\"batch\": 32", "\"batch\": -1", "\"batch\""},
        {"\"batch\": 32", "\"batch\": 9223372036854775807", "\"batch\""},
        {"\"threads\": 1", "\"threads\": \"1\"", "\"threads\""},
        {"\"threads\": 1", "\"threads\": 0", "\"threads\""},
        {"\"threads\": 1,", "", "\"threads\" is missing"},
        {"\"gflops\": 100.4", "\"gflops\": [1]", "\"peak.gflops\""},
        {"\"gflops\": 100.4", "\"gflops\": 1e300", "\"peak.gflops\""},
        {"\"peak\": {", "\"top\": {", "\"peak.gflops\" is missing"},
        {"\"steps\": [", "\"steps\": [5, ", "\"steps[0]\" is not an object"},
        {"\"steps\": [", "\"steps\": [], \"stairs\": [", "\"steps\" has 0 rows"},
        {"\"steps\": [", "\"steps\": {}, \"stairs\": [", "\"steps\" is not a list"},
        {"\"backend\": \"lib\"", "\"backend\": \"../lib\"", "\"steps[0].backend\""},
        {"\"backend\": \"lib\"", "\"backend\": \"lib.2+\"", "\"steps[0].backend\""},
        {"\"backend\": \"lib\"", "\"backend\": \"\"", "\"steps[0].backend\""},
        {"\"variant\": \"lib 2.6\"", "\"variant\": true", "\"steps[0].variant\""},
        {": 800,", ": -800,", "\"steps[0].images_per_s\""},
        {": 800,", ": \"800\",", "\"steps[0].images_per_s\""},
        {"\"images_per_s_low\": 300,", "", "\"steps[1].images_per_s_low\" is missing"},
        {"\"percent_of_peak\": 130,", "", "\"steps[3].percent_of_peak\" is missing"},
        {"\"reason\"", "\"excuse\"", "\"steps[2].images_per_s\" is missing"},
        {"3e-4", "-3e-4", "\"steps[3].phases[0].seconds_per_image\""},
        {"\"phase\": \"head\",", "", "\"steps[3].phases[1].phase\" is missing"},
        {": 33}", ": 33}, 5", "\"steps[3].phases[1]\" is not an object"},
        {": 800,", ": NaN,", "is not JSON"},
        {": 800,", ": 1e999,", "is not JSON"},
        {": 5}]}]}", ": 5}", "is not JSON"},
    };
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++)
        refuse(state, steps, changes[i][0], changes[i][1], changes[i][2]);
}

static void what_other_results_lack_is_named(void **state) {
    static const char *const of_ops[][3] = {
        {"\"threads\": 1,", "", "\"threads\" is missing"},
        {"\"rows\": [", "\"rows\": [], \"lines\": [", "\"rows\" has 0 rows"},
        {"\"rows\": [", "\"rows\": [[], ", "\"rows[0]\" is not an object"},
        {"\"gflops\": 100}", "\"gflops\": -100}", "\"peak.gflops\""},
        {"\"name\": \"conv_fwd_direct/block2/n32/lib\",", "", "\"rows[1].name\" is missing"},
        {"/n32/lib", "/n32/l b", "\"rows[1].name\""},
        {"0.004", "0", "\"rows[1].seconds_per_call\""},
        {"\"images\": 32", "\"images\": 0", "\"rows[0].images\""},
        {"\"bytes\": 4e6", "\"bytes\": \"many\"", "\"rows[2].bytes\""},
        {"\"seconds_per_call\": 0.002,", "\"fault\": 7,", "\"rows[2].fault\""},
    };
    static const char *const of_roofs[][3] = {
        {"\"peak_gflops\": 120", "\"peak_gflops\": null", "\"peak_gflops\" is missing"},
        {"\"bandwidth\"", "\"breadth\"", "\"bandwidth\" is missing"},
        {"\"gbytes_per_s\": 100", "\"gbytes_per_s\": 0", "\"bandwidth[0].gbytes_per_s\""},
        {"{\"level\": \"memory\"", "{\"level\": 3", "\"bandwidth[1].level\""},
        {"\"bandwidth\": [", "\"bandwidth\": [{}, {}, ", "\"bandwidth\" has 4 rows"},
    };
    for (size_t i = 0; i < sizeof of_ops / sizeof *of_ops; i++)
        refuse(state, ops, of_ops[i][0], of_ops[i][1], of_ops[i][2]);
    for (size_t i = 0; i < sizeof of_roofs / sizeof *of_roofs; i++)
        refuse(state, roofs, of_roofs[i][0], of_roofs[i][1], of_roofs[i][2]);
    refuse(state, "{\"benchmark\": \"ops\", \"environment\": {}, \"rows\": []}", NULL, NULL,
           "\"threads\" is missing");
    refuse(state, "[1, 2]", NULL, NULL, "is not a benchmark result");
    refuse(state, "{\"context\": {\"num_cpus\": 2}, \"benchmarks\": []}", NULL, NULL,
           "is not a benchmark result");
    refuse(state, "", NULL, NULL, "is not JSON");
}

/* With any byte changed or cut off, a result is read or refused, and nothing worse happens. */
static void damaged_results_are_read_or_refused(void **state) {
    static const char *const whole[] = {steps, ops, roofs};
    for (size_t f = 0; f < sizeof whole / sizeof *whole; f++) {
        size_t size = strlen(whole[f]);
        for (size_t i = 0; i < size; i += 7) {
            char *text = strdup(whole[f]);
            text[i] = text[i] == '-' ? '9' : '-';
            char *path = save(state, "damaged.json", text);
            struct c4_results results;
            if (c4_results_read(&results, &path, 1) != C4_OK)
                assert_non_null(strstr(c4_error(), path));
            c4_results_free(&results);
            text[i] = '\0';
            free(save(state, "damaged.json", text));
            assert_int_equal(c4_results_read(&results, &path, 1), C4_ERR_DATA);
            c4_results_free(&results);
            free(path);
            free(text);
        }
    }
}

static void results_of_the_repository_are_read(void **state) {
    (void)state;
    glob_t found;
    assert_int_equal(glob(C4_TEST_FOLDER "/../results/bench/*/*.json", 0, NULL, &found), 0);
    struct c4_results results;
    enum c4_status status = c4_results_read(&results, found.gl_pathv, (int)found.gl_pathc);
    if (status != C4_OK) print_error("%s\n", c4_error());
    assert_int_equal(status, C4_OK);
    c4_results_free(&results);
    globfree(&found);
}

static struct c4_pictures *draw(void **state, struct c4_results *results) {
    char *paths[] = {save(state, "step.json", steps), save(state, "ops.json", ops),
                     save(state, "roofs.json", roofs)};
    struct c4_pictures *pictures = calloc(1, sizeof *pictures);
    assert_non_null(pictures);
    pictures->folder = ((struct scratch *)*state)->folder;
    assert_int_equal(c4_results_read(results, paths, 3), C4_OK);
    assert_int_equal(c4_picture_phases(pictures, results->file[0]), C4_OK);
    assert_int_equal(c4_picture_heat(pictures, results->file[1]), C4_OK);
    assert_int_equal(c4_picture_rooflines(pictures, results->file[0], results->file[2]), C4_OK);
    assert_int_equal(c4_picture_rooflines(pictures, results->file[1], NULL), C4_OK);
    return pictures; /* results keep the paths */
}

static void pictures_hold_the_numbers(void **state) {
    struct c4_results results;
    struct c4_pictures *pictures = draw(state, &results);
    assert_int_equal(pictures->count,
                     5); /* two backends of ops; one backend of the step has phases */
    char *text = text_of(scratch_path(state, "heat-2.csv"));
    assert_non_null(strstr(text, "1,0,4,2,4.00,conv_fwd_direct/block2/n32,lib,0.004\n"));
    assert_non_null(strstr(text, "0,1,1,0,1.00,sgd_update/parameters,fast,0.002\n"));
    free(text);
    text = text_of(scratch_path(state, "phases-1.csv"));
    assert_non_null(strstr(text, ",fast,stem\n"));
    assert_non_null(strstr(text, ",fast,rest\n")); /* 625 us per image, 500 of them in phases */
    assert_non_null(strstr(text, "1,0,2.5e+03,14540253,pytorch-nchw,whole step\n"));
    assert_null(strstr(text, "jax"));
    free(text);
    text = text_of(scratch_path(state, "roofline-3-fast.csv"));
    assert_non_null(strstr(text, "1e+02,33,stem,stem\n1e+01,5,head,head\n"));
    free(text);
    text = text_of(scratch_path(state, "roofline-3-fast.gp"));
    assert_non_null(strstr(text, "memory 10 GB/s"));
    free(text);
    text = text_of(scratch_path(state, "roofline-4-fast.csv"));
    assert_non_null(strstr(text, "1e+02,5e+01,fwd d2,fwd d2\n"));
    assert_null(strstr(text, "sgd")); /* not per image */
    free(text);

    struct c4_machines machines;
    c4_machines_of(&results, &machines);
    assert_int_equal(c4_bench_page(&results, &machines, pictures), C4_OK);
    text = text_of(scratch_path(state, "bench.html"));
    assert_non_null(strstr(text, "Made-up CPU"));
    assert_non_null(strstr(text, "Python has no module jax"));
    assert_null(strstr(text, "nan"));
    char gnuplot[4096];
    if (c4_gnuplot_find(gnuplot, sizeof gnuplot))
        for (int i = 0; i < pictures->count; i++) assert_true(pictures->picture[i].drawn);
    free(text);
    for (int i = 0; i < results.count; i++) free((char *)results.path[i]);
    c4_results_free(&results);
    free(pictures);
}

/* "conv4 bench report FILE... --out FOLDER"; its exit status. */
static int report(void **state, char *const *paths, int count) {
    char *argv[16] = {"conv4", "report"}, *folder = ((struct scratch *)*state)->folder;
    for (int i = 0; i < count; i++) argv[2 + i] = paths[i];
    argv[2 + count] = "--out";
    argv[3 + count] = folder;
    static const struct c4_command *const commands[] = {&c4_bench_report, NULL};
    static const struct c4_program program = {
        .name = "conv4", .version = "0", .build = "", .summary = "", .commands = commands};
    FILE *nowhere = fopen("/dev/null", "w");
    assert_non_null(nowhere);
    int status = c4_cli_run(&program, 4 + count, argv, nowhere, nowhere);
    fclose(nowhere);
    return status;
}

static size_t place_of(const char *text, const char *part) {
    const char *found = strstr(text, part);
    assert_non_null(found);
    return (size_t)(found - text);
}

/* Two machines, one of them measured twice: each table and picture is below its machine. */
static void machines_stand_apart(void **state) {
    char *other_steps = with(steps, "Made-up CPU", "Other CPU");
    char *other_roofs = with(roofs, "Made-up CPU", "Other CPU");
    char *more = with(steps, "\"batch\": 32", "\"batch\": 128");
    char *paths[] = {save(state, "a.json", steps), save(state, "b.json", other_steps),
                     save(state, "c.json", more), save(state, "d.json", other_roofs)};
    assert_int_equal(report(state, paths, 4), 0);
    char *text = text_of(scratch_path(state, "bench.html"));
    assert_int_equal(count_of(text, "<h2>Made-up CPU (avx2+fma)</h2>"), 1);
    assert_int_equal(count_of(text, "<h2>Other CPU (avx2+fma)</h2>"), 1);
    assert_non_null(strstr(text, "2 machines, each in its own section"));
    size_t made_up = place_of(text, "<h2>Made-up"), other = place_of(text, "<h2>Other");
    size_t batch = place_of(text, "Training steps, batch 128");
    assert_true(made_up < batch && batch < other && other < place_of(text, "<h2>Origin"));
    assert_int_equal(count_of(text + other, "Training steps, batch 32"), 1);
    assert_int_equal(count_of(text + other, "<figure"), 2); /* phases and one roofline */
    assert_int_equal(count_of(text, "<figure"), 6);
    free(text);
    /* The pictures name their machine, and the roofs are those of the same machine. */
    text = text_of(scratch_path(state, "roofline-3-fast.gp"));
    assert_non_null(strstr(text, "Made-up CPU (avx2+fma)"));
    assert_null(strstr(text, "memory 10 GB/s"));
    free(text);
    text = text_of(scratch_path(state, "roofline-6-fast.gp"));
    assert_non_null(strstr(text, "Other CPU (avx2+fma)"));
    assert_non_null(strstr(text, "memory 10 GB/s"));
    free(text);

    text = table_of(paths, 3, C4_OK);
    assert_int_equal(count_of(text, "Made-up CPU (avx2+fma), conv4 1.2"), 1);
    assert_int_equal(count_of(text, "Other CPU (avx2+fma), conv4 1.2"), 1);
    free(text);
    for (int i = 0; i < 4; i++) free(paths[i]);
    free(other_steps);
    free(other_roofs);
    free(more);
}

/* The same CPU in a machine with more of them is a different machine, with a different name. */
static void machines_of_one_cpu_stand_apart(void **state) {
    char *larger = with(steps, "\"environment\": {",
                        "\"environment\": {\"topology\": {\"logical_cpus\": 64}, ");
    char *paths[] = {save(state, "a.json", steps), save(state, "b.json", larger)};
    assert_int_equal(report(state, paths, 2), 0);
    char *text = text_of(scratch_path(state, "bench.html"));
    assert_int_equal(count_of(text, "<h2>Made-up CPU (avx2+fma), machine 1</h2>"), 1);
    assert_int_equal(count_of(text, "<h2>Made-up CPU (avx2+fma), machine 2</h2>"), 1);
    free(text);
    text = table_of(paths, 2, C4_OK);
    assert_int_equal(count_of(text, "| backend or peer | 1 thread, batch 32 | how |"), 2);
    free(text);
    for (int i = 0; i < 2; i++) free(paths[i]);
    free(larger);
}

static void one_machine_measured_twice_is_one(void **state) {
    char *more = with(steps, "\"batch\": 32", "\"batch\": 128");
    char *paths[] = {save(state, "a.json", steps), save(state, "b.json", more)};
    assert_int_equal(report(state, paths, 2), 0);
    char *text = text_of(scratch_path(state, "bench.html"));
    assert_non_null(strstr(text, "Made-up CPU (avx2+fma), medians of samples"));
    assert_int_equal(count_of(text, "<h2>"), 1); /* Origin */
    free(text);
    for (int i = 0; i < 2; i++) free(paths[i]);
    free(more);
}

/* A report without any result: status 3, and no page. */
static void a_report_of_no_result_has_status_3(void **state) {
    char *path =
        save(state, "empty.json", "{\"benchmark\": \"ops\", \"environment\": {}, \"rows\": []}");
    assert_int_equal(report(state, &path, 1), 3);
    assert_false(c4_path_exists(scratch_path(state, "bench.html")));
    free(path);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_a_step_lacks_is_named, scratch_set_up,
                                        scratch_tear_down),
        cmocka_unit_test_setup_teardown(what_other_results_lack_is_named, scratch_set_up,
                                        scratch_tear_down),
        cmocka_unit_test_setup_teardown(damaged_results_are_read_or_refused, scratch_set_up,
                                        scratch_tear_down),
        cmocka_unit_test(results_of_the_repository_are_read),
        cmocka_unit_test_setup_teardown(machines_stand_apart, scratch_set_up, scratch_tear_down),
        cmocka_unit_test_setup_teardown(machines_of_one_cpu_stand_apart, scratch_set_up,
                                        scratch_tear_down),
        cmocka_unit_test_setup_teardown(one_machine_measured_twice_is_one, scratch_set_up,
                                        scratch_tear_down),
        cmocka_unit_test_setup_teardown(a_report_of_no_result_has_status_3, scratch_set_up,
                                        scratch_tear_down),
        cmocka_unit_test_setup_teardown(a_file_becomes_a_table, scratch_set_up, scratch_tear_down),
        cmocka_unit_test_setup_teardown(an_evaluation_has_its_own_table, scratch_set_up,
                                        scratch_tear_down),
        cmocka_unit_test_setup_teardown(files_become_columns, scratch_set_up, scratch_tear_down),
        cmocka_unit_test_setup_teardown(what_is_no_result_is_refused, scratch_set_up,
                                        scratch_tear_down),
        cmocka_unit_test_setup_teardown(pictures_hold_the_numbers, scratch_set_up,
                                        scratch_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
