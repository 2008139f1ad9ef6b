/* The table of data files: the built-in one, and a user's mistakes. */
#include "core/data/sources.h"
#include "repro/commands/data_sources.h"
#include "tests/harness/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct c4_sources sources;

#define FILE_A "[file a.bin]\nset = s\nbytes = 5\nurl = http://h/a\n"

static void the_built_in_table_is_whole(void **state) {
    (void)state;
    struct c4_sources *built_in;
    assert_int_equal(c4_data_sources_load(NULL, &built_in), C4_OK);
    const struct c4_source *file = c4_sources_find(built_in, "cifar-10-binary.tar.gz");
    assert_non_null(file);
    assert_string_equal(file->set, "cifar10");
    assert_string_equal(file->unpack, "cifar-10-batches-bin");
    assert_int_equal(file->size_bytes, 170052171);
    assert_int_equal(file->members, 6);
    assert_in_range(file->urls, 2, C4_SOURCE_URLS);
    for (uint32_t i = 0; i < built_in->count; i++) {
        file = &built_in->file[i];
        if (file->set[0] == '\0') continue;
        assert_int_equal(strlen(file->md5), 32);
        assert_int_equal(strlen(file->sha256), 64);
        assert_true(file->urls > 0);
    }
    /* The labels of CIFAR-10: 5,000 train and 1,000 test images of each. */
    uint32_t sum[C4_CLASSES] = {0};
    for (int batch = 1; batch <= 5; batch++) {
        char path[64];
        snprintf(path, sizeof path, "cifar-10-batches-bin/data_batch_%d.bin", batch);
        file = c4_sources_find(built_in, path);
        assert_non_null(file);
        for (int label = 0; label < C4_CLASSES; label++) sum[label] += file->labels[label];
    }
    for (int label = 0; label < C4_CLASSES; label++) assert_int_equal(sum[label], 5000);
    file = c4_sources_find(built_in, "svhn/train_32x32.mat");
    assert_null(file);
    free(built_in);
}

static void keys_are_read(void **state) {
    (void)state;
    static const char text[] =
        "; comment\n[file sub/a.tar.gz]\nset = s\nbytes = 77\nmd5 = "
        "ABCDEF0123456789abcdef0123456789\nurl = https://h/a\nurl = http://i/a\nunpack = d/e\n"
        "member = x.bin 12\nmember = y.bin 13\n[known b]\nbytes = 3\n";
    assert_int_equal(c4_sources_parse(text, "t", &sources), C4_OK);
    assert_int_equal(sources.count, 2);
    const struct c4_source *a = &sources.file[0];
    assert_string_equal(a->path, "sub/a.tar.gz");
    assert_string_equal(a->md5, "abcdef0123456789abcdef0123456789");
    assert_string_equal(a->sha256, "");
    assert_int_equal(a->urls, 2);
    assert_string_equal(a->url[1], "http://i/a");
    assert_string_equal(a->unpack, "d/e");
    assert_int_equal(a->members, 2);
    assert_string_equal(a->member[1].name, "y.bin");
    assert_int_equal(a->member[1].size_bytes, 13);
    assert_string_equal(sources.file[1].set, "");
}

static void wrong_tables_are_refused(void **state) {
    (void)state;
    static const struct {
        const char *text, *words;
    } cases[] = {
        {"", "t: names no file"},
        {"bytes = 5\n", "unknown section []"},
        {"[place a]\nurl = http://h\n", "unknown section [place a]"},
        {"[file ../a]\nset = s\n", "line 2: [file ../a]: the path must be relative"},
        {"[file /a]\nset = s\n", "the path must be relative"},
        {"[file a//b]\nset = s\n", "the path must be relative"},
        {"[file a/]\nset = s\n", "the path must be relative"},
        {"[file a b]\nset = s\n", "the path must be relative"},
        {"[file .hidden]\nset = s\n", "the path must be relative"},
        {FILE_A "[known b]\nbytes = 3\n[file a.bin]\nset = s\n", "line 8: 'a.bin' occurs twice"},
        {FILE_A "speed = 3\n", "line 5: unknown key 'speed'"},
        {FILE_A "md5 = 12\n", "a.bin: '12' is not a valid value for md5"},
        {FILE_A "sha256 = abcdef0123456789abcdef0123456789\n", "not a valid value for sha256"},
        {FILE_A "md5 = gbcdef0123456789abcdef0123456789\n", "not a valid value for md5"},
        {FILE_A "bytes = 0\n", "not a valid value for bytes"},
        {FILE_A "bytes = -1\n", "not a valid value for bytes"},
        {FILE_A "bytes = 99999999999999999999999\n", "not a valid value for bytes"},
        {FILE_A "bytes = 5k\n", "not a valid value for bytes"},
        {FILE_A "labels = 1 2 3\n", "not a valid value for labels"},
        {FILE_A "url = ftp://h/a\n", "does not begin with http:// or https://"},
        {FILE_A "url = file:///etc/passwd\n", "does not begin with http:// or https://"},
        {FILE_A "unpack = ..\n", "not a valid value for unpack"},
        {FILE_A "unpack = d\n", "t: 'a.bin' needs a line 'member = ...'"},
        {FILE_A "member = x 3\n", "t: 'a.bin' needs a line 'unpack = ...'"},
        {FILE_A "unpack = d\nmember = ../x 3\n", "member '../x 3' is not NAME BYTES"},
        {FILE_A "unpack = d\nmember = x\n", "member 'x' is not NAME BYTES"},
        {"[file a]\nset = s\nurl = http://h\n", "needs a line 'bytes = ...'"},
        {"[file a]\nset = s\nbytes = 3\n", "needs a line 'url = ...'"},
        {"[file a]\nbytes = 3\nurl = http://h\n", "needs a line 'set = ...'"},
        {FILE_A "nonsense\n", "line 5: is neither a comment"},
        {FILE_A "[known 23456789/23456789/23456789/23456789/23456789]\nbytes = 3\n",
         "t, line 5: between [ and ] are more than 49 characters"},
        {FILE_A "url = http://h\nurl = http://h\nurl = http://h\nurl = http://h\nurl = http://h\n"
                "url = http://h\nurl = http://h\nurl = http://h\n",
         "a.bin has more than 8 urls"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (c4_sources_parse(cases[i].text, "t", &sources) != C4_ERR_USAGE ||
            strstr(c4_error(), cases[i].words) == NULL)
            fail_msg("%s: \"%s\" (want \"%s\")", cases[i].text, c4_error(), cases[i].words);
    }
    char text[600] = FILE_A "url = http://h/", *end = text + strlen(text);
    memset(end, 'a', 300);
    end[300] = '\0';
    assert_int_equal(c4_sources_parse(text, "t", &sources), C4_ERR_USAGE);
    assert_string_equal(c4_error(), "t, line 5: longer than 198 characters");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_built_in_table_is_whole),
        cmocka_unit_test(keys_are_read),
        cmocka_unit_test(wrong_tables_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
