#include "core/cli/help.h"

#include <string.h>

#include "core/cli/cli.h"

enum { WIDTH = 80, LEFT_MAX = 28 };

/* Writes text from `column` on, wrapped at spaces to WIDTH columns; further lines begin with
 * `indent` spaces. */
static void write_wrapped(FILE *out, const char *text, int column, int indent) {
    bool first = true;
    while (*text != '\0') {
        int length = (int)strcspn(text, " ");
        if (!first && column + 1 + length > WIDTH) {
            fprintf(out, "\n%*s", indent, "");
            column = indent;
        } else if (!first) {
            fputc(' ', out);
            column++;
        }
        fprintf(out, "%.*s", length, text);
        column += length;
        text += length;
        text += strspn(text, " ");
        first = false;
    }
    fputc('\n', out);
}

/* "  left   right", the right part in its own column. */
static void write_row(FILE *out, const char *left, int left_width, const char *right) {
    int used = fprintf(out, "  %-*s  ", left_width, left);
    int indent = left_width + 4;
    if (used > indent) {
        fprintf(out, "\n%*s", indent, "");
        used = indent;
    }
    write_wrapped(out, right, used, indent);
}

enum c4_status c4_help_usage_tail(const struct c4_command *command, struct c4_text *text) {
    const char *options = command == NULL || command->options != NULL ? " [OPTION...]" : "";
    const char *words = "";
    if (command == NULL || command->commands != NULL)
        words = "COMMAND";
    else if (command->usage_tail != NULL)
        words = command->usage_tail;
    return c4_text_add(text, "%s%s%s", options, words[0] != '\0' ? " " : "", words);
}

static enum c4_status option_left(const struct c4_option *option, struct c4_text *text) {
    if (option->letter != '\0')
        c4_text_add(text, "-%c, ", option->letter);
    else
        c4_text_add(text, "    ");
    if (option->type == C4_OPTION_FLAG) return c4_text_add(text, "--%s", option->name);
    const char *form = option->implied != NULL ? "--%s[=%s]" : "--%s %s";
    return c4_text_add(text, form, option->name, option->value);
}

enum c4_status c4_help_option(const struct c4_option *option, struct c4_text *text) {
    const char *initial = option->initial;
    bool ranged = option->min != 0.0 || option->max != 0.0;
    bool domain = ranged || c4_option_choice(option, 0) != NULL;
    c4_text_add(text, "%s", option->help);
    if (domain || initial != NULL) c4_text_add(text, " (");
    if (ranged)
        c4_text_add(text, option->type == C4_OPTION_INTEGER ? "%.0f to %.0f" : "%.15g to %.15g",
                    option->min, option->max);
    else if (domain)
        c4_option_domain(option, text);
    if (initial != NULL) c4_text_add(text, "%sdefault %s", domain ? "; " : "", initial);
    return c4_text_add(text, "%s", domain || initial != NULL ? ")" : "");
}

static int widest_option(const struct c4_option *options, int width, struct c4_text *left) {
    for (; options != NULL && options->name != NULL; options++) {
        c4_text_clear(left);
        option_left(options, left);
        int length = (int)left->length;
        if (!options->hidden && length > width && length <= LEFT_MAX) width = length;
    }
    return width;
}

static enum c4_status write_options(FILE *out, const struct c4_option *options, int width,
                                    struct c4_text *left, struct c4_text *right) {
    for (; options != NULL && options->name != NULL; options++) {
        if (options->hidden) continue;
        c4_text_clear(left);
        c4_text_clear(right);
        C4_TRY(option_left(options, left));
        C4_TRY(c4_help_option(options, right));
        write_row(out, left->bytes, width, right->bytes);
    }
    return C4_OK;
}

static void write_commands(FILE *out, const struct c4_command *const *commands) {
    int width = 0;
    for (size_t i = 0; commands[i] != NULL; i++) {
        int length = (int)strlen(commands[i]->name);
        if (length > width) width = length;
    }
    fprintf(out, "\nCommands:\n");
    for (size_t i = 0; commands[i] != NULL; i++)
        write_row(out, commands[i]->name, width, commands[i]->summary);
}

static void write_examples(FILE *out, const char *const *examples) {
    if (examples == NULL || examples[0] == NULL) return;
    fprintf(out, "\nExamples:\n");
    for (size_t i = 0; examples[i] != NULL; i++) fprintf(out, "  %s\n", examples[i]);
}

static enum c4_status write_help(FILE *out, const struct c4_program *program,
                                 const struct c4_command *command, const char *path,
                                 struct c4_text *left, struct c4_text *right) {
    C4_TRY(c4_help_usage_tail(command, left));
    fprintf(out, "Usage: %s%s\n\n", path, left->bytes);
    const char *summary = command != NULL ? command->summary : program->summary;
    const char *description = command != NULL ? command->description : program->description;
    fprintf(out, "%s.\n", summary);
    if (description != NULL) {
        fputc('\n', out);
        write_wrapped(out, description, 0, 0);
    }
    write_examples(out, command != NULL ? command->examples : program->examples);
    const struct c4_command *const *commands =
        command != NULL ? command->commands : program->commands;
    if (commands != NULL) write_commands(out, commands);
    const struct c4_option *options = command != NULL ? command->options : NULL;
    int width = widest_option(c4_program_options, widest_option(options, 0, left), left);
    fprintf(out, "\nOptions:\n");
    C4_TRY(write_options(out, options, width, left, right));
    C4_TRY(write_options(out, c4_program_options, width, left, right));
    if (commands != NULL) fprintf(out, "\n\"%s COMMAND --help\" shows help for a command.\n", path);
    return C4_OK;
}

enum c4_status c4_help_write(FILE *out, const struct c4_program *program,
                             const struct c4_command *command, const char *path) {
    struct c4_text left = {0}, right = {0};
    enum c4_status status = write_help(out, program, command, path, &left, &right);
    c4_text_free(&left);
    c4_text_free(&right);
    return status;
}

void c4_version_write(FILE *out, const struct c4_program *program) {
    fprintf(out, "%s %s\n%s\n", program->name, program->version, program->build);
}

/* `conv4 help data info` is `conv4 data info --help`. */
static int run_help(const struct c4_args *args) {
    const char *words[8] = {args->program->name};
    int count = 1;
    for (int i = 0; i < args->positional_count; i++) words[count++] = args->positionals[i];
    words[count++] = "--help";
    return c4_cli_run(args->program, count, (char **)words, stdout, stderr);
}

static const char *const help_examples[] = {"conv4 help", "conv4 help help", NULL};

const struct c4_command c4_cmd_help = {
    .name = "help",
    .summary = "Show help for the program or a command",
    .usage_tail = "[COMMAND...]",
    .examples = help_examples,
    .max_positionals = 4,
    .run = run_help,
};
