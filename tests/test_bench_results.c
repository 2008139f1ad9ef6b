/* Results that were written, read again: the Markdown table and the page with pictures. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "bench/page.h"
#include "bench/table.h"
#include "core/file/file.h"
#include "core/report/gnuplot.h"
#include "tests/test_file_scratch.h"
#include "tests/unit.h"

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
    return (char *)bytes;
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

/* The text with one piece of it replaced. */
static char *with(const char *text, const char *from, const char *to) {
    const char *found = strstr(text, from);
    assert_non_null(found);
    char *changed = malloc(strlen(text) + strlen(to) + 1);
    assert_non_null(changed);
    sprintf(changed, "%.*s%s%s", (int)(found - text), text, to, found + strlen(from));
    return changed;
}

/* Columns by threads and batch; another kernel is another line, a limited library another table. */
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
    assert_int_equal(pictures->count, 5); /* two of ops' backends, one of the step's has phases */
    char *text = text_of(scratch_path(state, "heat-2.csv"));
    assert_non_null(strstr(text, "1,0,4,2,4.00,conv_fwd_direct/block2/n32,lib,0.004\n"));
    assert_non_null(strstr(text, "0,1,1,0,1.00,sgd_update/parameters,fast,0.002\n"));
    free(text);
    text = text_of(scratch_path(state, "phases-1.csv"));
    assert_non_null(strstr(text, ",fast,stem\n"));
    assert_non_null(strstr(text, ",fast,rest\n")); /* 625 us an image, 500 of them in phases */
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
    assert_null(strstr(text, "sgd")); /* not of an image */
    free(text);

    assert_int_equal(c4_bench_page(&results, pictures), C4_OK);
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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_file_becomes_a_table, scratch_set_up, scratch_tear_down),
        cmocka_unit_test_setup_teardown(files_become_columns, scratch_set_up, scratch_tear_down),
        cmocka_unit_test_setup_teardown(what_is_no_result_is_refused, scratch_set_up,
                                        scratch_tear_down),
        cmocka_unit_test_setup_teardown(pictures_hold_the_numbers, scratch_set_up,
                                        scratch_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
