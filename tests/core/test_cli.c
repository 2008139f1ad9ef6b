/* Command lines as users type them, right and wrong, on a table with every type of option. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cli/cli.h"
#include "core/cli/suggest.h"
#include "tests/core/cli_sample.h"
#include "tests/harness/unit.h"

enum { MAX_WORDS = 32 };

/* Splits a line at single spaces; "''" is an empty word. Returns argc. */
static int split(char *line, char **argv) {
    int argc = 0;
    for (char *word = line; word != NULL && argc < MAX_WORDS - 1;) {
        char *space = strchr(word, ' ');
        if (space != NULL) *space++ = '\0';
        argv[argc++] = strcmp(word, "''") == 0 ? word + 2 : word;
        word = space;
    }
    argv[argc] = NULL;
    return argc;
}

/* One command line, with its words kept alive for `args`. */
struct line {
    char text[256];
    char *argv[MAX_WORDS];
    struct c4_args args;
};

static enum c4_status parse(struct line *line, const char *text) {
    snprintf(line->text, sizeof line->text, "%s", text);
    int argc = split(line->text, line->argv);
    return c4_args_parse(&line->args, &sample, argc, line->argv);
}

static void defaults_hold_until_changed(void **state) {
    (void)state;
    struct line line;
    assert_int_equal(parse(&line, "sample train"), C4_OK);
    assert_ptr_equal(line.args.command, &sample_train);
    assert_string_equal(line.args.path, "sample train");
    assert_int_equal(c4_arg_integer(&line.args, "batch"), 32);
    assert_true(c4_arg_real(&line.args, "rate") == 0.001);
    assert_string_equal(c4_arg_text(&line.args, "backend"), "auto");
    assert_true(c4_arg_includes(&line.args, "backend", "auto"));
    assert_true(c4_arg_includes(&line.args, "figures", "fig3"));
    assert_false(c4_arg_includes(&line.args, "figures", "fig2"));
    assert_null(c4_arg_text(&line.args, "data"));
    assert_int_equal(c4_arg_integer(&line.args, "shift"), 0);
    assert_false(c4_arg_given(&line.args, "batch"));
    assert_false(c4_arg_flag(&line.args, "quiet"));
    c4_args_free(&line.args);
}

static void an_option_alone_may_imply_a_value(void **state) {
    (void)state;
    struct line line;
    assert_int_equal(parse(&line, "sample train"), C4_OK);
    assert_null(c4_arg_text(&line.args, "redo"));
    c4_args_free(&line.args);
    assert_int_equal(parse(&line, "sample train --redo fig2"), C4_OK);
    assert_true(c4_arg_given(&line.args, "redo"));
    assert_string_equal(c4_arg_text(&line.args, "redo"), "fig1,fig2,fig3");
    assert_string_equal(line.args.positionals[0], "fig2");
    c4_args_free(&line.args);
    assert_int_equal(parse(&line, "sample train --redo=fig2"), C4_OK);
    assert_string_equal(c4_arg_text(&line.args, "redo"), "fig2");
    c4_args_free(&line.args);
    assert_int_equal(parse(&line, "sample train --redo="), C4_ERR_USAGE);
    c4_args_free(&line.args);
}

static void every_spelling_is_read(void **state) {
    (void)state;
    struct line line;
    assert_int_equal(parse(&line, "sample train one --data a/b --batch=7 --rate 2.5e-1 --shift -3 "
                                  "--figures=fig2,fig1 --backend ref -qj --note= two -- --three"),
                     C4_OK);
    assert_string_equal(c4_arg_text(&line.args, "data"), "a/b");
    assert_int_equal(c4_arg_integer(&line.args, "batch"), 7);
    assert_true(c4_arg_given(&line.args, "batch"));
    assert_true(c4_arg_real(&line.args, "rate") == 0.25);
    assert_int_equal(c4_arg_integer(&line.args, "shift"), -3);
    assert_true(c4_arg_includes(&line.args, "figures", "fig1"));
    assert_true(c4_arg_includes(&line.args, "figures", "fig2"));
    assert_false(c4_arg_includes(&line.args, "figures", "fig3"));
    assert_true(c4_arg_includes(&line.args, "backend", "ref"));
    assert_false(c4_arg_includes(&line.args, "backend", "auto"));
    assert_string_equal(c4_arg_text(&line.args, "note"), "");
    assert_true(c4_arg_flag(&line.args, "quiet"));
    assert_true(c4_arg_flag(&line.args, "json"));
    assert_int_equal(line.args.positional_count, 3);
    assert_string_equal(line.args.positionals[0], "one");
    assert_string_equal(line.args.positionals[2], "--three");
    assert_null(line.args.positionals[3]);
    c4_args_free(&line.args);

    assert_int_equal(parse(&line, "sample train -b64 -d - -qb 9 - --note=--x --trace"), C4_OK);
    assert_int_equal(c4_arg_integer(&line.args, "batch"), 9);
    assert_string_equal(c4_arg_text(&line.args, "data"), "-");
    assert_string_equal(c4_arg_text(&line.args, "note"), "--x");
    assert_string_equal(line.args.positionals[0], "-");
    c4_args_free(&line.args);

    assert_int_equal(parse(&line, "sample data info x"), C4_OK);
    assert_ptr_equal(line.args.command, &sample_info);
    assert_string_equal(line.args.path, "sample data info");
    c4_args_free(&line.args);
}

static void wrong_lines_are_explained(void **state) {
    (void)state;
    static const struct {
        const char *line, *says;
    } cases[] = {
        {"sample", "a command is missing"},
        {"sample data", "a command is missing"},
        {"sample trian", "there is no command 'trian'; did you mean 'train'?"},
        {"sample tra", "did you mean 'train'?"},
        {"sample zzz", "there is no command 'zzz'"},
        {"sample data inof", "did you mean 'info'?"},
        {"sample ''", "there is no command ''"},
        {"sample --bacth", "there is no option --bacth"},
        {"sample train --bacth 3", "there is no option --bacth; did you mean --batch?"},
        {"sample train --bacth=3", "there is no option --bacth; did you mean --batch?"},
        {"sample train --trac", "there is no option --trac"},
        {"sample train --=3", "there is no option --"},
        {"sample train -x", "there is no option -x (in '-x')"},
        {"sample train -qx", "there is no option -x (in '-qx')"},
        {"sample train --batch", "--batch needs a value: an integer from 1 to 4096"},
        {"sample train --batch --quiet", "--batch needs a value: an integer from 1 to 4096"},
        {"sample train -b", "--batch needs a value"},
        {"sample train --batch 0", "--batch: '0' is not allowed: give an integer from 1 to 4096"},
        {"sample train --batch 4097", "'4097' is not allowed"},
        {"sample train --batch 3x", "'3x' is not allowed"},
        {"sample train --batch ''", "'' is not allowed"},
        {"sample train --batch=", "'' is not allowed"},
        {"sample train --batch 1e2", "'1e2' is not allowed"},
        {"sample train --shift 99999999999999999999", "give an integer"},
        {"sample train --rate nan", "--rate: 'nan' is not allowed: give a number from 0 to 10"},
        {"sample train --rate +inf", "'+inf' is not allowed"},
        {"sample train --rate 1e999", "'1e999' is not allowed"},
        {"sample train --rate -0.1", "'-0.1' is not allowed"},
        {"sample train --data ''", "--data: '' is not allowed: give a path"},
        {"sample train --backend AVX2", "--backend: 'AVX2' is not allowed: give auto, ref or avx2"},
        {"sample train --figures fig1,fig9", "give fig1, fig2, fig3 (separated by commas)"},
        {"sample train --figures fig1,", "'fig1,' is not allowed"},
        {"sample train --figures ''", "'' is not allowed"},
        {"sample train --quiet=yes", "--quiet takes no value"},
        {"sample data info", "too few arguments: give FILE"},
        {"sample data info a b", "unexpected argument 'b': give FILE"},
        {"sample data import a", "unexpected argument 'a': give no further arguments"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct line line;
        assert_int_equal(parse(&line, cases[i].line), C4_ERR_USAGE);
        if (strstr(c4_error(), cases[i].says) == NULL)
            fail_msg("%s: says \"%s\", not \"%s\"", cases[i].line, c4_error(), cases[i].says);
        c4_args_free(&line.args);
    }
    /* A hidden option is not suggested, and names may have any length. */
    struct line line;
    assert_int_equal(parse(&line, "sample train --trac"), C4_ERR_USAGE);
    assert_null(strstr(c4_error(), "did you mean"));
    c4_args_free(&line.args);
    char word[4096];
    memset(word, 'a', sizeof word - 1);
    word[sizeof word - 1] = '\0';
    memcpy(word, "--", 2);
    char *argv[] = {(char[]){"sample"}, (char[]){"train"}, word, NULL};
    struct c4_args args;
    assert_int_equal(c4_args_parse(&args, &sample, 3, argv), C4_ERR_USAGE);
    c4_args_free(&args);
}

/* Runs a line through c4_cli_run and captures its output; the caller frees out and err. */
static int run(const char *text, char **out, char **err) {
    struct line line;
    size_t out_size, err_size;
    FILE *out_file = open_memstream(out, &out_size), *err_file = open_memstream(err, &err_size);
    assert_non_null(out_file);
    assert_non_null(err_file);
    snprintf(line.text, sizeof line.text, "%s", text);
    int argc = split(line.text, line.argv);
    int status = c4_cli_run(&sample, argc, line.argv, out_file, err_file);
    fclose(out_file);
    fclose(err_file);
    return status;
}

static void a_line_leads_to_an_exit_status(void **state) {
    (void)state;
    static const struct {
        const char *line;
        int status;
        const char *out, *err; /* required words; NULL: no output */
    } cases[] = {
        {"sample train a b c", 43, NULL, NULL},
        {"sample data import", 40, NULL, NULL},
        {"sample data inof", 2, NULL, "sample data: there is no command 'inof'"},
        {"sample", 2, NULL, "See \"sample --help\"."},
        {"sample train --batch x", 2, NULL, "See \"sample train --help\"."},
        {"sample --version", 0, "sample 1.2.3\nBuilt by a test\n", NULL},
        {"sample train --version", 0, "sample 1.2.3\n", NULL},
        {"sample --help", 0, "Usage: sample [OPTION...] COMMAND\n", NULL},
        {"sample -h nonsense", 0, "  data   Work on data sets\n", NULL},
        {"sample data --help", 0, "Usage: sample data COMMAND\n", NULL},
        {"sample train --help", 0, "Usage: sample train [OPTION...] [FILE...]\n", NULL},
        {"sample train -qh", 0, "\nExamples:\n  sample train --batch 64 images\n", NULL},
        {"sample train --help", 0,
         "  -b, --batch N       images per step (1 to 4096; default 32)\n", NULL},
        {"sample train --help", 0, "who computes (auto, ref or avx2; default auto)\n", NULL},
        {"sample train --help", 0, "      --version       show version and build, and exit\n",
         NULL},
        {"sample --completion fish", 2, NULL, "'fish' is not allowed: give bash or zsh"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *out, *err;
        assert_int_equal(run(cases[i].line, &out, &err), cases[i].status);
        if (cases[i].out == NULL ? out[0] != '\0' : strstr(out, cases[i].out) == NULL)
            fail_msg("%s: writes \"%s\"", cases[i].line, out);
        if (cases[i].err == NULL ? err[0] != '\0' : strstr(err, cases[i].err) == NULL)
            fail_msg("%s: says \"%s\"", cases[i].line, err);
        free(out);
        free(err);
    }
}

static void help_fits_a_terminal_and_hides_what_is_hidden(void **state) {
    (void)state;
    char *out, *err;
    assert_int_equal(run("sample train --help", &out, &err), 0);
    assert_null(strstr(out, "trace"));
    assert_null(strstr(out, "--man"));
    for (const char *line = out; *line != '\0'; line += strcspn(line, "\n") + 1) {
        assert_true(strcspn(line, "\n") <= 80);
        assert_true(line[0] != ' ' || strcspn(line, "\n") > 2);
    }
    free(out);
    free(err);
}

static void a_full_disk_is_an_error(void **state) {
    (void)state;
    FILE *full = fopen("/dev/full", "w");
    if (full == NULL) skip();
    char text[] = "sample --help", *err;
    char *argv[MAX_WORDS];
    size_t err_size;
    FILE *err_file = open_memstream(&err, &err_size);
    assert_int_equal(c4_cli_run(&sample, split(text, argv), argv, full, err_file), 1);
    fclose(full);
    fclose(err_file);
    assert_non_null(strstr(err, "sample: cannot write to standard output: No space left"));
    free(err);
}

static void edit_distances(void **state) {
    (void)state;
    assert_int_equal(c4_edit_distance("", ""), 0);
    assert_int_equal(c4_edit_distance("", "abc"), 3);
    assert_int_equal(c4_edit_distance("kitten", "sitting"), 3);
    assert_int_equal(c4_edit_distance("trian", "train"), 1);
    assert_int_equal(c4_edit_distance("ca", "abc"), 3); /* optimal string alignment; Damerau: 2 */
    assert_int_equal(c4_edit_distance("data", "data"), 0);
    struct c4_suggestion suggestion = C4_SUGGESTION("xy");
    c4_suggest(&suggestion, "ab"); /* none is kept */
    assert_null(suggestion.nearest);
}

/* Bounds hold exactly: as doubles, 2^53 and what follows it would be the same. */
static void large_integers(void **state) {
    const struct c4_option option = {
        .name = "seed", .type = C4_OPTION_INTEGER, .min = 0, .max = 0x1p53};
    struct c4_arg arg = {.option = &option};
    (void)state;
    assert_int_equal(c4_arg_read(&arg, &option, "9007199254740992"), C4_OK);
    assert_true(arg.integer == INT64_C(9007199254740992));
    assert_int_equal(c4_arg_read(&arg, &option, "9007199254740993"), C4_ERR_USAGE);
    assert_int_equal(c4_arg_read(&arg, &option, "-1"), C4_ERR_USAGE);
}

static const char *forty_choices(int index) {
    static char words[40][48];
    if (index >= 40) return NULL;
    snprintf(words[index], sizeof *words, "choice-number-%02d-of-forty-with-a-tail", index);
    return words[index];
}

static const struct c4_option long_options[] = {
    {.name = "long",
     .type = C4_OPTION_CHOICE,
     .value = "A-NAME-OF-A-VALUE-THAT-IS-LONGER-THAN-ANY-LINE-OF-A-TERMINAL-WOULD-BE-AND-GOES-ON-"
              "AND-ON-AND-ON-UNTIL-IT-IS-LONGER-THAN-ITS-OLD-ROOM",
     .choice = forty_choices,
     .help = "one of many"},
    {0},
};

/* Names, lists and words of any length come back whole. */
static void nothing_typed_or_offered_is_cut(void **state) {
    (void)state;
    char word[400];
    snprintf(word, sizeof word, "--%0300d-end", 0);
    char *unknown[] = {"sample", word, NULL};
    struct c4_args args;
    assert_int_equal(c4_args_parse(&args, &sample, 2, unknown), C4_ERR_USAGE);
    assert_non_null(strstr(c4_error(), "0-end"));
    c4_args_free(&args);

    struct c4_arg arg = {.option = long_options};
    assert_int_equal(c4_arg_read(&arg, long_options, "no"), C4_ERR_USAGE);
    assert_non_null(strstr(c4_error(), " or choice-number-39-of-forty-with-a-tail"));
    static const struct c4_command command = {
        .name = "long", .summary = "Long", .options = long_options};
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    assert_int_equal(c4_help_write(out, &sample, &command, "sample long"), C4_OK);
    assert_int_equal(fclose(out), 0);
    assert_non_null(strstr(text, "UNTIL-IT-IS-LONGER-THAN-ITS-OLD-ROOM"));
    assert_non_null(strstr(text, "choice-number-39-of-forty-with-a-tail)"));
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(large_integers),
        cmocka_unit_test(nothing_typed_or_offered_is_cut),
        cmocka_unit_test(defaults_hold_until_changed),
        cmocka_unit_test(an_option_alone_may_imply_a_value),
        cmocka_unit_test(every_spelling_is_read),
        cmocka_unit_test(wrong_lines_are_explained),
        cmocka_unit_test(a_line_leads_to_an_exit_status),
        cmocka_unit_test(help_fits_a_terminal_and_hides_what_is_hidden),
        cmocka_unit_test(a_full_disk_is_an_error),
        cmocka_unit_test(edit_distances),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
