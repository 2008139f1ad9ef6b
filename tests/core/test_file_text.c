/* CSV tables, JSON files and JSON lines. */
#include "core/file/csv.h"
#include "core/file/json.h"
#include "tests/core/test_file_scratch.h"

#include <float.h>
#include <math.h>

static void csv_quotes_and_rounds_trip(void **state) {
    struct c4_csv csv = {0};
    const char *path = scratch_path(state, "t.csv");
    c4_csv_text(&csv, "layer");
    c4_csv_text(&csv, "a,b");
    c4_csv_text(&csv, "say \"hi\"");
    c4_csv_text(&csv, "two\nlines");
    c4_csv_text(&csv, "");
    c4_csv_end_row(&csv);
    c4_csv_real(&csv, 0.1);
    c4_csv_real(&csv, NAN);
    c4_csv_real(&csv, -INFINITY);
    c4_csv_real(&csv, 1.0 / 3);
    c4_csv_real(&csv, -0.0);
    c4_csv_end_row(&csv);
    c4_csv_integer(&csv, INT64_MIN);
    c4_csv_integer(&csv, 42);
    c4_csv_real(&csv, 3);
    c4_csv_real(&csv, DBL_MAX);
    c4_csv_real(&csv, DBL_TRUE_MIN);
    c4_csv_end_row(&csv);
    assert_int_equal(c4_csv_save(&csv, path), C4_OK);
    assert_text_file_is(path, "layer,\"a,b\",\"say \"\"hi\"\"\",\"two\nlines\",\n"
                              "0.1,,,0.3333333333333333,-0\n"
                              "-9223372036854775808,42,3,1.7976931348623157e+308,5e-324\n");
    assert_failed(c4_csv_save(&csv, scratch_path(state, "none/t.csv")), C4_ERR_FAILED,
                  "folder does not exist");
    csv.out_of_memory = 1;
    assert_failed(c4_csv_save(&csv, path), C4_ERR_MEMORY, "out of memory");
    c4_csv_free(&csv);
    assert_null(csv.text);
    assert_int_equal(c4_csv_save(&csv, path), C4_OK);
    assert_text_file_is(path, "");
}

static void csv_grows(void **state) {
    enum { ROWS = 20000 };
    struct c4_csv csv = {0};
    const char *path = scratch_path(state, "long.csv");
    for (int i = 0; i < ROWS; i++) {
        c4_csv_integer(&csv, i);
        c4_csv_real(&csv, sqrt(i));
        c4_csv_end_row(&csv);
    }
    assert_int_equal(c4_csv_save(&csv, path), C4_OK);
    c4_csv_free(&csv);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    char line[64];
    for (int i = 0; i < ROWS; i++) {
        char *rest;
        assert_non_null(fgets(line, sizeof line, file));
        assert_int_equal(strtol(line, &rest, 10), i);
        assert_int_equal(*rest, ',');
        assert_true(strtod(rest + 1, &rest) == sqrt(i));
        assert_string_equal(rest, "\n");
    }
    assert_null(fgets(line, sizeof line, file));
    fclose(file);
}

static void json_is_saved(void **state) {
    const char *path = scratch_path(state, "r.json");
    json_t *object = json_pack("{s:o, s:o, s:o, s:i}", "z", c4_json_real(0.5), "nan",
                               c4_json_real(NAN), "inf", c4_json_real(INFINITY), "a", 1);
    assert_int_equal(c4_json_save(path, object), C4_OK);
    assert_text_file_is(path, "{\n  \"z\": 0.5,\n  \"nan\": null,\n  \"inf\": null,\n"
                              "  \"a\": 1\n}\n");
    assert_failed(c4_json_save(scratch_path(state, "none/r.json"), object), C4_ERR_FAILED,
                  "folder does not exist");
    json_decref(object);
    assert_failed(c4_json_save(path, NULL), C4_ERR_MEMORY, "memory");
    assert_failed(c4_json_save(path, json_true()), C4_ERR_USAGE, "object or array");
    assert_int_equal(scratch_entries(state), 1);
}

static void json_lines_are_whole(void **state) {
    const char *path = scratch_path(state, "log.jsonl");
    struct c4_json_lines *lines;
    json_t *object = json_pack("{s:i, s:s}", "epoch", 1, "text", "two\nlines");
    put_file(path, "something older and longer than one line", 40);
    assert_int_equal(c4_json_lines_open(&lines, path), C4_OK);
    assert_int_equal(c4_json_lines_append(lines, object), C4_OK);
    assert_text_file_is(path, "{\"epoch\":1,\"text\":\"two\\nlines\"}\n");
    assert_failed(c4_json_lines_append(lines, json_true()), C4_ERR_USAGE, "object");
    assert_failed(c4_json_lines_append(lines, NULL), C4_ERR_MEMORY, "memory");

    struct rlimit old;
    file_size_limit_begin(40, &old);
    enum c4_status status = c4_json_lines_append(lines, object);
    file_size_limit_end(&old);
    assert_failed(status, C4_ERR_FAILED, "ulimit");
    assert_text_file_is(path, "{\"epoch\":1,\"text\":\"two\\nlines\"}\n");
    assert_int_equal(c4_json_lines_append(lines, object), C4_OK);
    assert_int_equal(c4_json_lines_close(&lines), C4_OK);
    assert_text_file_is(path, "{\"epoch\":1,\"text\":\"two\\nlines\"}\n"
                              "{\"epoch\":1,\"text\":\"two\\nlines\"}\n");
    assert_null(lines);
    assert_int_equal(c4_json_lines_close(&lines), C4_OK);
    json_decref(object);
}

struct judged {
    int asked, kept; /* the first `kept` lines stay */
    bool refuse;
    char seen[8]; /* 'o' an object, '-' none */
};

static enum c4_status judge(void *context, const json_t *object, bool *keeps) {
    struct judged *judged = context;
    assert_true(judged->asked < 7);
    judged->seen[judged->asked++] = object ? 'o' : '-';
    *keeps = judged->asked <= judged->kept;
    return judged->refuse ? c4_fail(C4_ERR_USAGE, "not this file") : C4_OK;
}

static void json_lines_go_on(void **state) {
    static const struct {
        const char *text, *seen, *after;
        int kept;
    } cases[] = {
        {"{\"a\":1}\n{\"a\":2}\n", "oo", "{\"a\":1}\n{\"a\":2}\n{\"b\":1}\n", 9},
        {"{\"a\":1}\n{\"a\":2}\n{\"a\":3}\n", "oo", "{\"a\":1}\n{\"b\":1}\n", 1},
        {"{\"a\":1}\n{\"a\":2", "o", "{\"a\":1}\n{\"b\":1}\n", 9},
        {"{\"a\":1}\n{\"a\":2}", "o", "{\"a\":1}\n{\"b\":1}\n", 9},
        {"{\"a\":1}\n[2]\n{x\n", "o-", "{\"a\":1}\n{\"b\":1}\n", 1},
        {"\n", "-", "{\"b\":1}\n", 0},
        {"", "", "{\"b\":1}\n", 9},
    };
    const char *path = scratch_path(state, "log.jsonl");
    struct c4_json_lines *lines;
    json_t *object = json_pack("{s:i}", "b", 1);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct judged judged = {.kept = cases[i].kept};
        put_file(path, cases[i].text, strlen(cases[i].text));
        assert_int_equal(c4_json_lines_continue(&lines, path, judge, &judged), C4_OK);
        assert_string_equal(judged.seen, cases[i].seen);
        struct rlimit old;
        file_size_limit_begin(strlen(cases[i].after) - 1, &old);
        enum c4_status status = c4_json_lines_append(lines, object);
        file_size_limit_end(&old);
        assert_failed(status, C4_ERR_FAILED, "ulimit");
        assert_int_equal(c4_json_lines_append(lines, object), C4_OK);
        assert_int_equal(c4_json_lines_close(&lines), C4_OK);
        assert_text_file_is(path, cases[i].after);
    }
    struct judged refusal = {.refuse = true};
    put_file(path, "mine\nand", 8);
    assert_failed(c4_json_lines_continue(&lines, path, judge, &refusal), C4_ERR_USAGE, "not this");
    assert_null(lines);
    assert_text_file_is(path, "mine\nand");

    struct judged unasked = {.refuse = true};
    const char *absent = scratch_path(state, "absent");
    assert_int_equal(c4_json_lines_continue(&lines, absent, judge, &unasked), C4_OK);
    assert_int_equal(c4_json_lines_append(lines, object), C4_OK);
    assert_int_equal(c4_json_lines_close(&lines), C4_OK);
    assert_text_file_is(absent, "{\"b\":1}\n");
    assert_int_equal(c4_json_lines_continue(&lines, "/dev/null", judge, &unasked), C4_OK);
    assert_int_equal(c4_json_lines_append(lines, object), C4_OK);
    assert_int_equal(c4_json_lines_close(&lines), C4_OK);
    assert_int_equal(unasked.asked, 0);
    json_decref(object);
}

static void json_lines_report_a_full_disk(void **state) {
    struct scratch *scratch = *state;
    struct c4_json_lines *lines;
    json_t *object = json_pack("{s:i}", "epoch", 1);
    if (c4_path_exists("/dev/full")) {
        assert_int_equal(c4_json_lines_open(&lines, "/dev/full"), C4_OK);
        assert_failed(c4_json_lines_append(lines, object), C4_ERR_FAILED, "the disk is full");
        assert_int_equal(c4_json_lines_close(&lines), C4_OK);
    }
    assert_failed(c4_json_lines_open(&lines, scratch_path(state, "none/x")), C4_ERR_FAILED,
                  "folder does not exist");
    assert_null(lines);
    assert_failed(c4_json_lines_open(&lines, scratch->folder), C4_ERR_FAILED, "is a folder");
    const char *locked = scratch_path(state, "locked");
    put_file(locked, "old", 3);
    assert_int_equal(chmod(locked, 0444), 0);
    assert_int_equal(chmod(scratch->folder, 0777), 0);
    unprivileged_begin();
    enum c4_status status = c4_json_lines_open(&lines, locked);
    unprivileged_end();
    assert_failed(status, C4_ERR_ENVIRONMENT, "permission to write");
    assert_text_file_is(locked, "old");
    json_decref(object);
}

static void text_of_any_bytes_is_json(void **state) {
    (void)state;
    static const char *const cases[][2] = {
        {"", ""},
        {"plain", "plain"},
        {"\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80", "\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80"},
        {"a\xff", "a\xef\xbf\xbd"},
        {"\xc3", "\xef\xbf\xbd"},
        {"\xc3z", "\xef\xbf\xbdz"},
        {"\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd"},
        {"\xe0\x9f\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
        {"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
        {"\xf4\x90\x80\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
        {"\xe2\x82", "\xef\xbf\xbd\xef\xbf\xbd"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        json_t *value = c4_json_text(cases[i][0]);
        assert_non_null(value);
        assert_string_equal(json_string_value(value), cases[i][1]);
        json_decref(value);
    }
    json_t *lines = c4_json_text_lines("a\xc3\nb\n");
    assert_int_equal(json_array_size(lines), 2);
    assert_string_equal(json_string_value(json_array_get(lines, 0)), "a\xef\xbf\xbd");
    json_decref(lines);
}

/* Nothing is left out: what cannot be made makes the whole NULL. */
static void json_is_whole_or_null(void **state) {
    const char *path = scratch_path(state, "printed");
    json_t *array = json_array(), *object = json_object();
    c4_json_append(&array, json_integer(1));
    assert_int_equal(json_array_size(array), 1);
    c4_json_append(&array, NULL);
    assert_null(array);
    c4_json_append(&array, json_integer(2));
    assert_null(array);
    c4_json_set(&object, "a\xff", json_integer(1));
    c4_json_set(&object, "a\xfe", json_integer(2));
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(c4_json_print(file, json_incref(object), "the test"), C4_OK);
    assert_failed(c4_json_print(file, NULL, "the test"), C4_ERR_MEMORY, "out of memory");
    fclose(file);
    assert_text_file_is(path, "{\n  \"a\xef\xbf\xbd\": 1,\n"
                              "  \"a\xef\xbf\xbd\xef\xbf\xbd\": 2\n}\n");
    c4_json_set(&object, "b", NULL);
    assert_null(object);
    c4_json_set(&object, "c", json_integer(3));
    assert_null(object);
}

#define SCRATCH_TEST(f) cmocka_unit_test_setup_teardown(f, scratch_set_up, scratch_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(csv_quotes_and_rounds_trip),
        SCRATCH_TEST(text_of_any_bytes_is_json),
        SCRATCH_TEST(json_is_whole_or_null),
        SCRATCH_TEST(csv_grows),
        SCRATCH_TEST(json_is_saved),
        SCRATCH_TEST(json_lines_are_whole),
        SCRATCH_TEST(json_lines_go_on),
        SCRATCH_TEST(json_lines_report_a_full_disk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
