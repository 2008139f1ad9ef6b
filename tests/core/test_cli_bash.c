/* The sample's completion in bash. Skipped without bash. */
#include "tests/core/cli_shell.h"

#include "core/cli/completion.h"

/* Each row: the words before the cursor's word, that word, and its completions; FILE is the name of
 * an existing file, of which the beginning is typed. */
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
    {"sample train --figures", "", "fig1 fig2 fig3"},
    {"sample train --figures", "fig3,fig1,f", "fig3,fig1,fig1 fig3,fig1,fig2 fig3,fig1,fig3"},
    {"sample train --redo =", "fig1", "fig1"},
    {"sample train --redo =", "fig3,f", "fig3,fig1 fig3,fig2 fig3,fig3"},
    {"sample train --redo", "--q", "--quiet"},
    {"sample train --batch", "", ""},
    {"sample train --data", "FILE", "FILE"},
    {"sample train", "FILE", "FILE"},
    {"sample data info", "FILE", "FILE"},
    {"sample data import", "FILE", ""},
};

static void bash_completion(void **state) {
    (void)state;
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

int main(void) {
    need("bash");
    const struct CMUnitTest tests[] = {cmocka_unit_test(bash_completion)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
