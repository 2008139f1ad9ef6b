#include "core/cli/man.h"

#include <ctype.h>
#include <string.h>

#include "core/cli/help.h"

/* Escapes text for roff: backslashes and dashes, and a control character at the beginning of the
 * line. */
static void write_text(FILE *out, const char *text) {
    if (*text == '.' || *text == '\'') fputs("\\&", out);
    for (; *text != '\0'; text++) {
        if (*text == '\\')
            fputs("\\e", out);
        else if (*text == '-')
            fputs("\\-", out);
        else
            fputc(*text, out);
    }
}

static void write_upper(FILE *out, const char *text) {
    for (; *text != '\0'; text++) fputc(toupper((unsigned char)*text), out);
}

static void write_sentence(FILE *out, const char *text) {
    write_text(out, text);
    fputs(".\n", out);
}

static enum c4_status write_options(FILE *out, const struct c4_option *options,
                                    struct c4_text *text) {
    for (; options != NULL && options->name != NULL; options++) {
        if (options->hidden) continue;
        fputs(".TP\n", out);
        if (options->letter != '\0') fprintf(out, "\\fB\\-%c\\fR, ", options->letter);
        fputs("\\fB\\-\\-", out);
        write_text(out, options->name);
        fputs("\\fR", out);
        if (options->type != C4_OPTION_FLAG) {
            fputs(options->implied != NULL ? "[=\\fI" : " \\fI", out);
            write_text(out, options->value);
            fputs(options->implied != NULL ? "\\fR]" : "\\fR", out);
        }
        c4_text_clear(text);
        C4_TRY(c4_help_option(options, text));
        fputc('\n', out);
        write_sentence(out, text->bytes);
    }
    return C4_OK;
}

static void write_examples(FILE *out, const char *const *examples) {
    if (examples == NULL || examples[0] == NULL) return;
    fputs(".PP\nExamples:\n.PP\n.RS 4\n.nf\n", out);
    for (size_t i = 0; examples[i] != NULL; i++) {
        write_text(out, examples[i]);
        fputc('\n', out);
    }
    fputs(".fi\n.RE\n", out);
}

static enum c4_status write_command(FILE *out, const struct c4_command *command, const char *parent,
                                    struct c4_text *text) {
    char path[C4_COMMAND_PATH_MAX];
    c4_command_path(path, parent, command->name);
    if (command->commands != NULL) {
        for (size_t i = 0; command->commands[i] != NULL; i++)
            C4_TRY(write_command(out, command->commands[i], path, text));
        return C4_OK;
    }
    c4_text_clear(text);
    C4_TRY(c4_help_usage_tail(command, text));
    fputs(".SS \"", out);
    write_text(out, path);
    write_text(out, text->bytes);
    fputs("\"\n", out);
    write_sentence(out, command->summary);
    if (command->description != NULL) {
        write_text(out, command->description);
        fputc('\n', out);
    }
    C4_TRY(write_options(out, command->options, text));
    write_examples(out, command->examples);
    return C4_OK;
}

static const struct {
    enum c4_status status;
    const char *meaning;
} statuses[] = {
    {C4_OK, "Success."},
    {C4_ERR_FAILED, "Something failed; the message says what."},
    {C4_ERR_USAGE, "The command line is wrong."},
    {C4_ERR_DATA, "A data file is missing, damaged or of the wrong kind."},
    {C4_ERR_CLAIM, "A claim does not hold (with --strict-claims)."},
    {C4_ERR_REGRESSION, "Slower than the baseline."},
    {C4_ERR_ENVIRONMENT, "This machine or build cannot do it."},
    {C4_ERR_RESULT, "A result differs from its reference."},
    {C4_ERR_UNFINISHED, "Not finished when the time was up (--max-time, SIGUSR1); start it again."},
    {C4_ERR_INTERRUPTED, "Interrupted (SIGINT); finished work is kept."},
    {C4_ERR_TERMINATED, "Terminated (SIGTERM); finished work is kept."},
};

_Static_assert(sizeof statuses / sizeof *statuses == C4_ERR_TERMINATED,
               "a meaning for each status but C4_ERR_MEMORY, which exits like C4_ERR_FAILED");

static enum c4_status write_page(FILE *out, const struct c4_program *program,
                                 struct c4_text *text) {
    fputs(".TH ", out);
    write_upper(out, program->name);
    fprintf(out, " 1 \"\" \"%s %s\" \"User Commands\"\n", program->name, program->version);
    fprintf(out, ".SH NAME\n%s \\- ", program->name);
    fputc(tolower((unsigned char)program->summary[0]), out);
    write_text(out, program->summary + 1);
    fprintf(out, "\n.SH SYNOPSIS\n.B %s\n.I COMMAND\n[\\fIOPTION\\fR...]\n", program->name);
    fputs(".SH DESCRIPTION\n", out);
    if (program->description != NULL) {
        write_text(out, program->description);
        fputc('\n', out);
    }
    write_examples(out, program->examples);
    fputs(".SH OPTIONS\nThese apply to every command.\n", out);
    C4_TRY(write_options(out, c4_program_options, text));
    fputs(".SH COMMANDS\n", out);
    for (size_t i = 0; program->commands[i] != NULL; i++)
        C4_TRY(write_command(out, program->commands[i], program->name, text));
    fputs(".SH EXIT STATUS\n", out);
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++)
        fprintf(out, ".TP\n.B %d\n%s\n", c4_status_exit_code(statuses[i].status),
                statuses[i].meaning);
    fputs(".SH ENVIRONMENT\n"
          ".TP\n.B NO_COLOR\nNo colours if set and not empty.\n"
          ".TP\n.B TERM\nIf unset or\n.BR dumb ,\nprogress is shown as plain lines.\n"
          ".TP\n.B TMPDIR\nThe folder for temporary files, instead of\n.IR /tmp .\n",
          out);
    return C4_OK;
}

enum c4_status c4_man_write(FILE *out, const struct c4_program *program) {
    struct c4_text text = {0};
    enum c4_status status = write_page(out, program, &text);
    c4_text_free(&text);
    return status;
}
