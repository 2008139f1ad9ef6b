/* The sample's completion in an interactive zsh. Skipped without zsh. */
#include "tests/core/cli_shell.h"

#include "core/cli/completion.h"
#include "tests/core/test_file_scratch.h"

static void zsh_completion(void **state) {
    struct scratch *scratch = *state;
    char command[1536];
    FILE *file = fopen(scratch_path(state, "_sample"), "w");
    assert_non_null(file);
    c4_completion_write_zsh(file, &sample);
    assert_int_equal(fclose(file), 0);
    snprintf(command, sizeof command,
             "timeout 120 zsh -f '%s/core/cli_complete.zsh' '%s' "
             "'sample tra' 'sample train' "
             "'sample data inf' 'sample data info' "
             "'sample train --bac' '--backend' "
             "'sample train --backend=av' '=avx2' "
             "'sample train --figures=fig1,fi' '--figures=fig1,fig' "
             "'sample train --redo --qu' '--redo --quiet' "
             "'sample train --redo=fig1,fi' '--redo=fig1,fig' "
             "'sample train --note x --qu' 'x --quiet' 2>&1",
             C4_TEST_FOLDER, scratch->folder);
    expect(command, "sample tra\nsample data inf\nsample train --bac\nsample train --backend=av\n"
                    "sample train --figures=fig1,fi\n"
                    "sample train --redo --qu\nsample train --redo=fig1,fi\n"
                    "sample train --note x --qu\n");
}

int main(void) {
    need("zsh");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(zsh_completion, scratch_set_up, scratch_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
