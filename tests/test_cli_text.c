/* The manual page and the completions of the sample table, read by the programs they are for.
 * Exits 77 (skipped) if one of those is absent. */
#define _XOPEN_SOURCE 700 /* popen, mkstemp */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/cli/completion.h"
#include "core/cli/man.h"
#include "tests/cli_sample.h"
#include "tests/unit.h"

static int absent; /* programs that a test wanted */

static void need(const char *program) {
    char command[128];
    snprintf(command, sizeof command, "command -v %s >/dev/null 2>&1", program);
    if (system(command) == 0) return;
    absent++;
    print_message("%s is missing\n", program);
    skip();
}

/* What a shell command prints, standard error included; the caller frees it. */
static char *output_of(const char *command) {
    char *text;
    size_t size;
    FILE *copy = open_memstream(&text, &size);
    FILE *pipe = popen(command, "r");
    assert_non_null(copy);
    assert_non_null(pipe);
    for (int byte; (byte = fgetc(pipe)) != EOF;) fputc(byte, copy);
    pclose(pipe);
    fclose(copy);
    return text;
}

/* Writes a text to a new file, whose name is put into `path`. */
static void write_file(char *path, size_t size,
                       void (*write_text)(FILE *out, const struct c4_program *program)) {
    snprintf(path, size, "cli_text.XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    FILE *file = fdopen(fd, "w");
    assert_non_null(file);
    write_text(file, &sample);
    assert_int_equal(fclose(file), 0);
}

static void expect(const char *command, const char *want) {
    char *text = output_of(command);
    if (strcmp(text, want) != 0) fail_msg("%s\nprints: %s\nnot: %s", command, text, want);
    free(text);
}

static void manual_page(void **state) {
    (void)state;
    need("groff");
    char path[32], command[256];
    write_file(path, sizeof path, c4_man_write);
    snprintf(command, sizeof command, "groff -man -ww -z -Tutf8 %s 2>&1", path);
    expect(command, "");
    snprintf(command, sizeof command, "groff -man -Tascii -P-c -P-b -P-u -P-o %s 2>&1", path);
    char *text = output_of(command);
    static const char *const wanted[] = {
        "SAMPLE(1)",
        "sample - sample of every option",
        "sample train [OPTION...] [FILE...]",
        "-b, --batch N\n              images per step (1 to 4096; default 32).",
        "step's [length], in the \\ user's choice",
        "sample data info FILE",
        "sample train --batch 64 images",
        "143    Terminated",
    };
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
        if (strstr(text, wanted[i]) == NULL) fail_msg("no \"%s\" in:\n%s", wanted[i], text);
    assert_null(strstr(text, "trace"));
    free(text);
    unlink(path);
}

/* Each row: the words before the cursor's word, that word, and what it may become; FILE stands for
 * the name of an existing file, whose beginning is typed. */
static const struct {
    const char *words, *current, *want;
} completions[] = {
    {"sample", "", "train data help --help --version"},
    {"sample", "t", "train"},
    {"sample data", "i", "info import"},
    {"sample data info", "--", "--help --version"},
    {"sample train", "--b", "--batch --backend"},
    {"sample train", "--tr", ""},
    {"sample train --quiet", "--j", "--json"},
    {"sample train --backend", "", "auto ref avx2"},
    {"sample train --backend", "a", "auto avx2"},
    {"sample train --backend =", "r", "ref"},
    {"sample train --backend", "=", "auto ref avx2"},
    {"sample train --batch", "", ""},
    {"sample train --data", "FILE", "FILE"},
    {"sample train", "FILE", "FILE"},
    {"sample data info", "FILE", "FILE"},
    {"sample data import", "FILE", ""},
};

static void bash_completion(void **state) {
    (void)state;
    need("bash");
    char path[32], command[512], want[256];
    write_file(path, sizeof path, c4_completion_write_bash);
    for (size_t i = 0; i < sizeof completions / sizeof completions[0]; i++) {
        bool file = strcmp(completions[i].current, "FILE") == 0;
        snprintf(command, sizeof command,
                 "bash -euc 'source ./%s; COMP_WORDS=(%s \"%.*s\"); "
                 "COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _sample; echo \"${COMPREPLY[*]}\"' 2>&1",
                 path, completions[i].words, file ? (int)strlen(path) - 1 : 99,
                 file ? path : completions[i].current);
        snprintf(want, sizeof want, "%s\n",
                 strcmp(completions[i].want, "FILE") == 0 ? path : completions[i].want);
        expect(command, want);
    }
    unlink(path);
}

static void zsh_completion(void **state) {
    (void)state;
    need("zsh");
    char folder[] = "cli_zsh.XXXXXX", path[64], command[1024];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/_sample", folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    c4_completion_write_zsh(file, &sample);
    assert_int_equal(fclose(file), 0);
    snprintf(command, sizeof command,
             "timeout 120 zsh -f '%s/cli_complete.zsh' \"$PWD/%s\" "
             "'sample tra' 'sample train' "
             "'sample data inf' 'sample data info' "
             "'sample train --bac' '--backend' "
             "'sample train --backend=av' '=avx2' "
             "'sample train --figures=fig1,fi' '--figures=fig1,fig' "
             "'sample train --note x --qu' 'x --quiet' 2>&1",
             C4_TEST_FOLDER, folder);
    expect(command, "sample tra\nsample data inf\nsample train --bac\nsample train --backend=av\n"
                    "sample train --figures=fig1,fi\nsample train --note x --qu\n");
    unlink(path);
    rmdir(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(manual_page),
        cmocka_unit_test(bash_completion),
        cmocka_unit_test(zsh_completion),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    return failed != 0 ? failed : absent > 0 ? 77 : 0;
}
