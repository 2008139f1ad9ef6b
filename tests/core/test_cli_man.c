/* The sample's manual page, formatted by groff. Skipped without groff. */
#include "tests/core/cli_shell.h"

#include "core/cli/man.h"

static void write_page(FILE *out, const struct c4_program *program) {
    assert_int_equal(c4_man_write(out, program), C4_OK);
}

static void manual_page(void **state) {
    (void)state;
    char path[32], command[256];
    write_file(path, sizeof path, write_page);
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
        "75     Not finished",
        "143    Terminated",
    };
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
        if (strstr(text, wanted[i]) == NULL) fail_msg("no \"%s\" in:\n%s", wanted[i], text);
    assert_null(strstr(text, "trace"));
    free(text);
    unlink(path);
}

int main(void) {
    need("groff");
    const struct CMUnitTest tests[] = {cmocka_unit_test(manual_page)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
