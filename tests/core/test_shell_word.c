/* Words in single quotes: sh gives back the same bytes. */
#include "tests/harness/unit.h"

#include <stdio.h>
#include <string.h>

#include "core/cli/shell_word.h"

static void plain_words_stay(void **state) {
    (void)state;
    static const char *const words[] = {"a", "../b/c-1_2.db", "1-3", "a=1,b=2", "x@y:z+1%"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        struct c4_text text = {0};
        assert_int_equal(c4_shell_add_word(&text, words[i]), C4_OK);
        assert_string_equal(c4_text_string(&text), words[i]);
        c4_text_free(&text);
    }
}

static void read_back(const char *word) {
    struct c4_text command = {0};
    char got[64] = "";
    assert_int_equal(c4_text_add(&command, "printf '%%s|' "), C4_OK);
    assert_int_equal(c4_shell_add_word(&command, word), C4_OK);
    assert_int_equal(c4_text_add(&command, " end"), C4_OK);
    FILE *shell = popen(c4_text_string(&command), "r");
    assert_non_null(shell);
    size_t length = fread(got, 1, sizeof got - 1, shell);
    assert_int_equal(pclose(shell), 0);
    c4_text_clear(&command);
    assert_int_equal(c4_text_add(&command, "%s|end|", word), C4_OK);
    assert_int_equal(length, command.length);
    assert_string_equal(got, c4_text_string(&command));
    c4_text_free(&command);
}

static void a_shell_reads_them_back(void **state) {
    (void)state;
    read_back("");
    read_back("a b");
    read_back("it's");
    read_back("'");
    read_back("''a''");
    read_back("$HOME `id` \"x\" \\ * ? [a] ~ ! # & ; | < > ( ) { }");
    read_back("~/images");
    read_back("#x");
    read_back("a\tb\nc");
    read_back("Größe");
    for (char c = 1; c < 127; c++) read_back((char[]){'x', c, 'y', '\0'});
}

/* A value that begins with a dash would be read as an option of its own. */
static void options_take_any_value(void **state) {
    (void)state;
    struct c4_text text = {0};
    assert_int_equal(c4_shell_add_option(&text, "out", "a b"), C4_OK);
    assert_int_equal(c4_shell_add_option(&text, "out", "-x"), C4_OK);
    assert_int_equal(c4_shell_add_option(&text, "out", ""), C4_OK);
    assert_string_equal(c4_text_string(&text), " --out 'a b' --out=-x --out ''");
    c4_text_free(&text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_words_stay),
        cmocka_unit_test(a_shell_reads_them_back),
        cmocka_unit_test(options_take_any_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
