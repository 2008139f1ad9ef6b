#include "core/cli/cli.h"

#include <errno.h>
#include <string.h>

#include "core/base/utf8.h"
#include "core/cli/completion.h"
#include "core/cli/help.h"
#include "core/cli/man.h"

static int run(const struct c4_args *args, FILE *out) {
    const struct c4_program *program = args->program;
    if (c4_arg_flag(args, "help"))
        return c4_cli_exit(args, c4_help_write(out, program, args->command, args->path));
    if (c4_arg_flag(args, "version")) {
        c4_version_write(out, program);
        return 0;
    }
    if (c4_arg_flag(args, "man")) return c4_cli_exit(args, c4_man_write(out, program));
    if (c4_arg_given(args, "completion")) {
        if (c4_arg_includes(args, "completion", "bash"))
            c4_completion_write_bash(out, program);
        else
            c4_completion_write_zsh(out, program);
        return 0;
    }
    return args->command->run(args);
}

/* One line, whatever names are in the sentence. */
static void say_error(FILE *out, const char *program) {
    fprintf(out, "%s: ", program);
    c4_utf8_show(out, c4_error());
    fputc('\n', out);
}

int c4_cli_run(const struct c4_program *program, int argc, char **argv, FILE *out, FILE *err) {
    struct c4_args args;
    int status;
    enum c4_status parsed = c4_args_parse(&args, program, argc, argv);
    if (parsed != C4_OK) {
        say_error(err, args.path);
        if (parsed == C4_ERR_USAGE) fprintf(err, "See \"%s --help\".\n", args.path);
        status = c4_status_exit_code(parsed);
    } else {
        status = run(&args, out);
    }
    errno = 0;
    if ((fflush(out) != 0 || ferror(out)) && status == 0) {
        fprintf(err, "%s: cannot write to standard output: %s\n", args.path,
                errno != 0 ? strerror(errno) : "an earlier write failed");
        status = c4_status_exit_code(C4_ERR_FAILED);
    }
    c4_args_free(&args);
    return status;
}

int c4_cli_exit(const struct c4_args *args, enum c4_status status) {
    if (status != C4_OK) say_error(stderr, args->path);
    return c4_status_exit_code(status);
}
