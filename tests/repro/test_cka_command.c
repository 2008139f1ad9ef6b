/* conv4 cka and eval --features as a user types them: undefined values and mismatched features are
 * reported and do not hide the rest. */
#include <fcntl.h>
#include <jansson.h>
#include <sys/wait.h>

#include "core/cli/cli.h"
#include "core/file/npy.h"
#include "core/file/safetensors.h"
#include "repro/commands/cka_report.h"
#include "tests/core/test_cka_data.h"
#include "tests/core/test_file_scratch.h"

extern const struct c4_command c4_cmd_cka, c4_cmd_eval;
static const struct c4_command *const commands[] = {&c4_cmd_cka, &c4_cmd_eval, NULL};
static const struct c4_program program = {
    .name = "conv4", .version = "0", .build = "", .summary = "", .commands = commands};

static char out[65536], err[65536]; /* output of the last command */

static void read_back(const char *path, char *text, size_t size) {
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    text[fread(text, 1, size - 1, file)] = '\0';
    fclose(file);
}

/* Runs "conv4 FORMAT" in the scratch folder; its exit status. */
__attribute__((format(printf, 2, 3))) static int run(void **state, const char *format, ...) {
    const struct scratch *scratch = *state;
    char line[1024], name[] = "conv4", *argv[32] = {name};
    int argc = 1, status;
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    for (char *word = strtok(line, " "); word && argc < 31; word = strtok(NULL, " "))
        argv[argc++] = word;
    argv[argc] = NULL;
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (chdir(scratch->folder) != 0) _exit(99);
        int to_out = open("out", O_WRONLY | O_CREAT | O_TRUNC, 0600);
        int to_err = open("err", O_WRONLY | O_CREAT | O_TRUNC, 0600);
        if (dup2(to_out, 1) < 0 || dup2(to_err, 2) < 0) _exit(99);
        int code = c4_cli_run(&program, argc, argv, stdout, stderr);
        fflush(NULL);
        _exit(code);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    read_back(scratch_path(state, "out"), out, sizeof out);
    read_back(scratch_path(state, "err"), err, sizeof err);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void must_say(const char *text, const char *want) {
    if (!strstr(text, want)) fail_msg("'%s' is missing in:\n%s", want, text);
}

enum { N = 40, P = 6 };

static struct c4_tensor tensor(const char *name, void *data, size_t n, size_t p) {
    return (struct c4_tensor){.name = name,
                              .dtype = C4_F32,
                              .rank = 2,
                              .shape = {n, p},
                              .data = data,
                              .size_bytes = n * p * sizeof(float)};
}

static void write_npy(void **state, const char *name, float *data, size_t n, size_t p) {
    struct c4_tensor t = tensor("", data, n, p);
    assert_int_equal(c4_npy_write(scratch_path(state, name), &t), C4_OK);
}

static void write_file(void **state, const char *name, const struct c4_tensor *tensors,
                       size_t count, const char *images, const char *statistics) {
    struct c4_metadata metadata[] = {{(char *)"conv4.data", (char *)images},
                                     {(char *)"conv4.statistics", (char *)statistics}};
    size_t known = !images ? 0 : statistics ? 2 : 1;
    if (c4_safetensors_write(scratch_path(state, name), tensors, count, metadata, known) != C4_OK)
        fail_msg("%s", c4_error());
}

static float *random_features(uint32_t seed, size_t count) {
    struct numpy_random r;
    numpy_seed(&r, seed);
    float *x = test_alloc(count * sizeof *x);
    for (size_t i = 0; i < count; i++) x[i] = (float)numpy_gauss(&r);
    return x;
}

/* The JSON object on standard output. */
static json_t *object_of(const char *text) {
    json_error_t error;
    json_t *object = json_loads(text, 0, &error);
    if (!object) fail_msg("%s in:\n%s", error.text, text);
    return object;
}

static json_t *comparison_of(json_t *object, const char *layer) {
    size_t i;
    json_t *row;
    json_array_foreach(json_object_get(object, "comparisons"), i, row) {
        if (strcmp(json_string_value(json_object_get(row, "layer")), layer) == 0) return row;
    }
    fail_msg("there is no comparison of %s", layer);
    return NULL;
}

static const char *text_at(const json_t *row, const char *key) {
    const char *text = json_string_value(json_object_get(row, key));
    if (!text) fail_msg("there is no %s", key);
    return text;
}

static void few_examples(void **state) {
    float *x = random_features(1, (size_t)N * P), *y = random_features(2, (size_t)N * P);
    for (size_t n = 2; n <= 3; n++) {
        write_npy(state, "x.npy", x, n, P);
        write_npy(state, "y.npy", y, n, P);
        assert_int_equal(run(state, "cka x.npy y.npy"), 0);
        must_say(out, "debiased undefined (n < 4)");
        assert_int_equal(strstr(out, "with n = 2 biased CKA is always 1") != NULL, n == 2);
        assert_string_equal(err, "");
        assert_int_equal(run(state, "cka x.npy y.npy --json"), 0);
        json_t *object = object_of(out), *row = comparison_of(object, "-");
        assert_true(json_is_real(json_object_get(row, "biased")));
        assert_true(json_is_null(json_object_get(row, "debiased")));
        assert_string_equal(text_at(json_object_get(row, "undefined"), "debiased"), "n < 4");
        assert_null(json_object_get(json_object_get(row, "undefined"), "biased"));
        assert_int_equal(json_object_get(row, "note") != NULL, n == 2);
        json_decref(object);
    }
    free(x);
    free(y);
}

/* One value that differs: biased CKA has a value, debiased has none. */
static void a_single_deviation(void **state) {
    float x[N * P] = {0}, *y = random_features(2, (size_t)N * P);
    x[17 * P + 3] = 1;
    write_npy(state, "x.npy", x, N, P);
    write_npy(state, "y.npy", y, N, P);
    assert_int_equal(run(state, "cka x.npy y.npy"), 0);
    must_say(out, "biased 0.");
    must_say(out, "debiased undefined (nothing is left of x.npy after U-centring)");
    free(y);
}

static void an_outlier_is_compared_with_care(void **state) {
    float *x = random_features(1, (size_t)N * P), *y = random_features(2, (size_t)N * P);
    write_npy(state, "y.npy", y, N, P);
    for (int outlier = 0; outlier < 2; outlier++) {
        for (int j = 0; j < P && outlier; j++) x[3 * P + j] *= 1e5f;
        write_npy(state, "x.npy", x, N, P);
        assert_int_equal(run(state, "cka x.npy y.npy --json"), 0);
        json_t *object = object_of(out), *row = comparison_of(object, "-");
        assert_int_equal(json_is_true(json_object_get(row, "careful")), outlier);
        assert_true(json_is_real(json_object_get(row, "debiased")));
        json_decref(object);
    }
    free(x);
    free(y);
}

/* Layers a to d: b is constant on one side, c has a NaN, d has other rows; e and f are in one file.
 */
static void write_layers(void **state, bool bad) {
    float *x = random_features(1, (size_t)N * P), *y = random_features(2, (size_t)N * P);
    float *flat = test_alloc((size_t)N * P * sizeof *flat), *nan = random_features(3, N * P);
    for (size_t i = 0; i < (size_t)N * P; i++) flat[i] = 0.5f;
    nan[2 * P + 1] = NAN;
    struct c4_tensor first[] = {tensor("a", x, N, P), tensor("b", x, N, P), tensor("c", x, N, P),
                                tensor("d", x, N, P), tensor("e", x, N, P)};
    struct c4_tensor second[] = {tensor("a", y, N, P), tensor("b", flat, N, P),
                                 tensor("c", bad ? nan : y, N, P),
                                 tensor("d", y, bad ? N - 1 : N, P), tensor("f", y, N, P)};
    write_file(state, "x.st", first, 5, NULL, NULL);
    write_file(state, "y.st", second, 5, NULL, NULL);
    free(x);
    free(y);
    free(flat);
    free(nan);
}

static void a_constant_layer_hides_nothing(void **state) {
    write_layers(state, false);
    assert_int_equal(run(state, "cka x.st y.st"), 0);
    assert_string_equal(err, "");
    must_say(out, "biased undefined (layer b is constant in y.st)");
    must_say(out, "debiased undefined (layer b is constant in y.st)");
    assert_int_equal(run(state, "cka x.st y.st --json"), 0);
    json_t *object = object_of(out);
    assert_int_equal(json_array_size(json_object_get(object, "comparisons")), 4);
    for (const char *layer = "acd"; *layer; layer++)
        assert_true(json_is_real(
            json_object_get(comparison_of(object, (char[]){*layer, '\0'}), "debiased")));
    json_t *row = comparison_of(object, "b");
    assert_true(json_is_null(json_object_get(row, "biased")));
    assert_true(json_is_null(json_object_get(row, "debiased")));
    must_say(text_at(json_object_get(row, "undefined"), "biased"), "layer b is constant");
    json_decref(object);
}

static void bad_layers_hide_nothing(void **state) {
    write_layers(state, true);
    assert_int_equal(run(state, "cka x.st y.st"), 3);
    assert_int_equal(strncmp(out, "a   ", 4), 0);
    must_say(out, "layer b is constant");
    must_say(out, "not compared: y.st: 'c': row 2, column 1 is nan");
    must_say(out, "not compared: y.st: 'd': 39 rows");
    must_say(err, "2 of 4 comparisons could not be made");
    must_say(err, "y.st: 'c'");
    assert_int_equal(run(state, "cka x.st y.st --json"), 3);
    json_t *object = object_of(out);
    assert_true(json_is_real(json_object_get(comparison_of(object, "a"), "debiased")));
    must_say(text_at(comparison_of(object, "c"), "error"), "y.st: 'c'");
    must_say(text_at(comparison_of(object, "d"), "error"), "39 rows");
    json_decref(object);
}

static void what_only_one_file_has_is_named(void **state) {
    write_layers(state, false);
    assert_int_equal(run(state, "cka x.st y.st"), 0);
    must_say(out, "e          not compared: in x.st, but not in y.st");
    must_say(out, "f          not compared: in y.st, but not in x.st");
    assert_int_equal(run(state, "cka x.st y.st --json"), 0);
    json_t *object = object_of(out), *unmatched = json_object_get(object, "unmatched");
    assert_int_equal(json_array_size(unmatched), 2);
    assert_string_equal(text_at(json_array_get(unmatched, 0), "name"), "e");
    assert_string_equal(text_at(json_array_get(unmatched, 0), "file"), "x.st");
    assert_string_equal(text_at(json_array_get(unmatched, 1), "name"), "f");
    assert_string_equal(text_at(json_array_get(unmatched, 1), "file"), "y.st");
    json_decref(object);
    assert_int_equal(run(state, "cka x.st x.st --json"), 0);
    object = object_of(out);
    assert_int_equal(json_array_size(json_object_get(object, "unmatched")), 0);
    json_decref(object);

    float *x = random_features(1, (size_t)N * P);
    struct c4_tensor others[] = {tensor("g", x, N, P), tensor("h", x, N, P)};
    write_file(state, "z.st", others, 2, NULL, NULL);
    assert_int_equal(run(state, "cka x.st z.st y.st"), 3);
    must_say(out, "g          not compared: in z.st, but not in x.st");
    must_say(out, "x.st ~ y.st");
    must_say(err, "x.st and z.st have no tensor of the same name");
    free(x);
}

static void other_images_are_refused(void **state) {
    float *x = random_features(1, (size_t)N * P);
    struct c4_tensor layer = tensor("a", x, N, P);
    write_file(state, "test.st", &layer, 1, "0123456789abcdef", "batch");
    write_file(state, "train.st", &layer, 1, "fedcba9876543210", "batch");
    write_file(state, "running.st", &layer, 1, "0123456789abcdef", "running");
    write_file(state, "old.st", &layer, 1, "0123456789abcdef", NULL);
    write_file(state, "anybody.st", &layer, 1, NULL, NULL);
    assert_int_equal(run(state, "cka test.st train.st"), 3);
    must_say(err, "test.st and train.st hold features of different images or labels");
    must_say(err, "--force");
    assert_int_equal(run(state, "cka test.st train.st --force"), 0);
    must_say(out, "biased 1.000000");
    assert_int_equal(run(state, "cka test.st running.st"), 3);
    must_say(err, "--statistics batch");
    assert_int_equal(run(state, "cka test.st running.st --force"), 0);
    assert_int_equal(run(state, "cka test.st old.st anybody.st"), 0);
    /* The pair that fits is still compared. */
    assert_int_equal(run(state, "cka train.st test.st old.st --json"), 3);
    json_t *object = object_of(out);
    assert_true(json_is_real(json_object_get(comparison_of(object, "a"), "debiased")));
    must_say(text_at(comparison_of(object, "-"), "error"), "different images");
    json_decref(object);
    free(x);
}

/* Only the images' hash decides if both files have it, since labels do not matter to CKA. */
static void other_labels_are_compared(void **state) {
    float *x = random_features(1, (size_t)N * P);
    struct c4_tensor layer = tensor("a", x, N, P);
    static const char *const names[] = {"a.st", "b.st", "c.st"};
    static const char *const data[] = {"0123456789abcdef", "fedcba9876543210", "0123456789abcdef"};
    static const char *const images[] = {"00aa", "00aa", "\x1b[2J00bb"};
    for (int i = 0; i < 3; i++) {
        const struct c4_metadata metadata[] = {{(char *)"conv4.data", (char *)data[i]},
                                               {(char *)"conv4.images", (char *)images[i]}};
        assert_int_equal(
            c4_safetensors_write(scratch_path(state, names[i]), &layer, 1, metadata, 2), C4_OK);
    }
    assert_int_equal(run(state, "cka a.st b.st"), 0);
    assert_int_equal(run(state, "cka a.st c.st"), 3);
    must_say(err, "of different images (SHA-256 00aa... and ?[2J00bb...)");
    free(x);
}

/* a.st has tensors a, z and e, of which z and e have unsupported types; b.st has a, z and o. */
static void write_unreadable(void **state) {
    static const char *const headers[] = {
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[4,2],\"data_offsets\":[0,32]},"
        "\"z\":{\"dtype\":\"C64\",\"shape\":[4,1],\"data_offsets\":[32,64]},"
        "\"e\":{\"dtype\":\"F8_E4M3\",\"shape\":[4],\"data_offsets\":[64,68]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[4,2],\"data_offsets\":[0,32]},"
        "\"z\":{\"dtype\":\"F32\",\"shape\":[4,2],\"data_offsets\":[32,64]},"
        "\"o\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[64,68]}}"};
    static const float values[17] = {1, 2, 3, -4, 5, 7, -8, 9, 2, 1, 3, 3, 4, 0, 0, 1};
    for (int i = 0; i < 2; i++) {
        unsigned char bytes[1024];
        uint64_t length = strlen(headers[i]);
        memcpy(bytes, &length, 8);
        memcpy(bytes + 8, headers[i], length);
        memcpy(bytes + 8 + length, values, 68);
        put_file(scratch_path(state, i ? "b.st" : "a.st"), bytes, 8 + length + 68);
    }
}

static void a_type_that_is_not_read_hides_nothing(void **state) {
    write_unreadable(state);
    assert_int_equal(run(state, "cka a.st b.st"), 3);
    must_say(out, "biased 1.000000");
    must_say(out,
             "z          a.st ~ b.st\n           not compared: a.st: tensor z has the dtype C64");
    must_say(out,
             "e          a.st ~ b.st\n           not compared: a.st: tensor e has the dtype F8");
    must_say(out, "o          not compared: in b.st, but not in a.st");
    must_say(err, "2 of 3 comparisons could not be made");
    assert_int_equal(run(state, "cka b.st a.st --json"), 3);
    json_t *object = object_of(out);
    assert_int_equal(json_array_size(json_object_get(object, "comparisons")), 3);
    assert_int_equal(json_array_size(json_object_get(object, "unmatched")), 1);
    assert_true(json_is_real(json_object_get(comparison_of(object, "a"), "biased")));
    must_say(text_at(comparison_of(object, "z"), "error"), "a.st: tensor z has the dtype C64");
    must_say(text_at(comparison_of(object, "e"), "error"), "a.st: tensor e has the dtype F8_E4M3");
    json_decref(object);
    /* An unnamed array is paired with the only one that is read. */
    float *x = random_features(1, 4 * 2);
    write_npy(state, "x.npy", x, 4, 2);
    assert_int_equal(run(state, "cka x.npy a.st"), 3);
    must_say(out, "-          x.npy ~ a.st\n           biased 0.");
    must_say(out, "not compared: a.st: tensor z has the dtype C64");
    must_say(out, "not compared: a.st: tensor e has the dtype F8_E4M3");
    must_say(err, "2 of 3 comparisons could not be made");
    assert_null(strstr(out, "but not in"));
    assert_int_equal(run(state, "cka x.npy a.st none"), 3);
    must_say(err,
             "2 of 3 comparisons could not be made, 1 file could not be read; the first: a.st");
    assert_int_equal(run(state, "cka b.st x.npy"), 3);
    must_say(err, "b.st and x.npy have no tensor of the same name");
    free(x);
    assert_int_equal(run(state, "eval --quiet --init a.st"), 3);
    must_say(err, "tensor 'conv1.weight' is missing");
}

static void a_bad_file_hides_no_other(void **state) {
    float *x = random_features(1, (size_t)N * P), *y = random_features(2, (size_t)N * P);
    write_npy(state, "x.npy", x, N, P);
    write_npy(state, "y.npy", y, N, P);
    put_file(scratch_path(state, "cut.npy"), "\x93NUMPY\x01", 7);
    assert_int_equal(run(state, "cka none.npy x.npy y.npy"), 3);
    must_say(out, "x.npy ~ y.npy\n           biased 0.");
    must_say(out, "-          none.npy\n           not read: none.npy: there is no such file");
    must_say(err, "none.npy: there is no such file");
    assert_int_equal(run(state, "cka x.npy cut.npy y.npy none.npy --json"), 3);
    must_say(err, "2 files could not be read; the first: cut.npy");
    json_t *object = object_of(out), *unread = json_object_get(object, "unread");
    assert_int_equal(json_array_size(json_object_get(object, "comparisons")), 1);
    assert_true(json_is_real(json_object_get(comparison_of(object, "-"), "debiased")));
    assert_int_equal(json_array_size(unread), 2);
    assert_string_equal(text_at(json_array_get(unread, 0), "file"), "cut.npy");
    must_say(text_at(json_array_get(unread, 0), "error"), "cut.npy: has 7 bytes");
    must_say(text_at(json_array_get(unread, 1), "error"), "none.npy: there is no such file");
    json_decref(object);
    assert_int_equal(run(state, "cka x.npy y.npy --json"), 0);
    object = object_of(out);
    assert_int_equal(json_array_size(json_object_get(object, "unread")), 0);
    json_decref(object);
    free(x);
    free(y);
}

static void single_tensors_of_other_names_are_told(void **state) {
    float *x = random_features(1, (size_t)N * P), flat[N * P] = {0};
    struct c4_tensor a = tensor("a", x, N, P), c = tensor("c", x, N, P),
                     f = tensor("f", flat, N, P);
    struct c4_tensor g = tensor("g", flat, N, P);
    write_file(state, "a.st", &a, 1, NULL, NULL);
    write_file(state, "c.st", &c, 1, NULL, NULL);
    write_file(state, "f.st", &f, 1, NULL, NULL);
    write_file(state, "g.st", &g, 1, NULL, NULL);
    write_npy(state, "x.npy", x, N, P);
    assert_int_equal(run(state, "cka a.st c.st"), 0);
    assert_int_equal(strncmp(out, "a ~ c      a.st ~ c.st\n", 23), 0);
    must_say(out, "biased 1.000000");
    assert_int_equal(run(state, "cka a.st c.st a.st x.npy --json"), 0);
    json_t *object = object_of(out), *rows = json_object_get(object, "comparisons");
    const json_t *row = json_array_get(rows, 0);
    assert_string_equal(text_at(row, "layer"), "a ~ c");
    assert_string_equal(text_at(row, "layer_a"), "a");
    assert_string_equal(text_at(row, "layer_b"), "c");
    row = json_array_get(rows, 1);
    assert_string_equal(text_at(row, "layer"), "a");
    assert_null(json_object_get(row, "layer_a"));
    row = json_array_get(rows, 2);
    assert_string_equal(text_at(row, "layer"), "a");
    assert_null(json_object_get(row, "layer_b"));
    json_decref(object);
    assert_int_equal(run(state, "cka a.st f.st"), 0);
    must_say(out, "(layer f is constant in f.st)");
    assert_int_equal(run(state, "cka f.st g.st"), 0);
    must_say(out, "(layer f ~ g is constant in both files)");
    free(x);
}

static void names_of_any_bytes_are_told(void **state) {
    float *x = random_features(1, (size_t)N * P), bad[N * P] = {0};
    bad[3] = NAN;
    write_npy(state, "x\xff.npy", x, N, P);
    assert_int_equal(run(state, "cka x\xff.npy x\xff.npy none\xfe --json"), 3);
    json_t *object = object_of(out);
    assert_string_equal(text_at(comparison_of(object, "-"), "a"), "x\xef\xbf\xbd.npy");
    const json_t *unread = json_array_get(json_object_get(object, "unread"), 0);
    assert_string_equal(text_at(unread, "file"), "none\xef\xbf\xbd");
    must_say(text_at(unread, "error"), "none\xef\xbf\xbd: there is no such file");
    json_decref(object);

    /* Names that would colour, clear or confuse a terminal. */
    static const char *const names[] = {"\x1b[31m", "\x1b[2J", "\x1b[3J", "\x1b[4m"};
    struct c4_tensor first[] = {tensor(names[0], x, N, P), tensor(names[1], x, N, P),
                                tensor(names[2], x, N, P)};
    struct c4_tensor second[] = {tensor(names[0], x, N, P), tensor(names[1], bad, N, P),
                                 tensor(names[3], x, N, P)};
    write_file(state, "a.st", first, 3, NULL, NULL);
    write_file(state, "b.st", second, 3, NULL, NULL);
    assert_int_equal(run(state, "cka a.st b.st"), 3);
    must_say(out, "?[31m      a.st ~ b.st");
    must_say(out, "not compared: b.st: '?[2J': row 0, column 3 is nan");
    must_say(out, "?[3J       not compared: in a.st, but not in b.st");
    assert_null(strchr(out, '\x1b'));
    assert_null(strchr(err, '\x1b'));
    memset(bad, 0, sizeof bad);
    write_file(state, "b.st", &second[1], 1, NULL, NULL);
    assert_int_equal(run(state, "cka b.st b.st"), 0);
    must_say(out, "(layer ?[2J is constant in both files)");
    assert_int_equal(run(state, "cka a.st b.st --json"), 0);
    object = object_of(out);
    comparison_of(object, names[1]);
    json_decref(object);
    free(x);
}

/* Files that eval writes identify the images whose features they hold. */
static void eval_says_which_images(void **state) {
    static const char *const images[] = {"--images 40", "--images 40", "--images 44",
                                         "--images 40 --split train",
                                         "--images 40 --statistics running"};
    for (int i = 0; i < 5; i++)
        if (run(state, "eval --quiet --threads 1 --seed %d %s --features f%d.st", i, images[i],
                i) != 0)
            fail_msg("%s", err);
    assert_int_equal(run(state, "cka f0.st f1.st"), 0);
    assert_int_equal(run(state, "cka f0.st f2.st"), 3);
    must_say(err, "different images");
    assert_int_equal(run(state, "cka f0.st f3.st"), 3);
    must_say(err, "different images");
    assert_int_equal(run(state, "cka f0.st f3.st --force"), 0);
    assert_int_equal(run(state, "cka f0.st f4.st"), 3);
    must_say(err, "--statistics running");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, scratch_set_up, scratch_tear_down)

static void names_of_any_bytes_are_reported(void **state) {
    (void)state;
    const struct c4_cka_pair pair = {.layer = "a\xff", .layer_b = "b\"%s", .a = "x", .b = "y"};
    struct c4_cka_report report;
    assert_int_equal(c4_cka_report_open(true, &report), C4_OK);
    assert_int_equal(c4_cka_report_trouble(&report, &pair, C4_ERR_DATA), C4_OK);
    const json_t *row = json_array_get(report.comparisons, 0);
    assert_string_equal(json_string_value(json_object_get(row, "layer")), "a\xef\xbf\xbd ~ b\"%s");
    c4_cka_report_free(&report);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(names_of_any_bytes_are_reported),
                                       TEST(few_examples),
                                       TEST(a_single_deviation),
                                       TEST(an_outlier_is_compared_with_care),
                                       TEST(a_constant_layer_hides_nothing),
                                       TEST(bad_layers_hide_nothing),
                                       TEST(what_only_one_file_has_is_named),
                                       TEST(a_type_that_is_not_read_hides_nothing),
                                       TEST(a_bad_file_hides_no_other),
                                       TEST(single_tensors_of_other_names_are_told),
                                       TEST(names_of_any_bytes_are_told),
                                       TEST(other_images_are_refused),
                                       TEST(other_labels_are_compared),
                                       TEST(eval_says_which_images)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
