#include "core/cli/option.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cli/suggest.h"

static const char *const shells[] = {"bash", "zsh", NULL};

const struct c4_option c4_program_options[] = {
    {.name = "help", .letter = 'h', .help = "show this help and exit"},
    {.name = "version", .help = "show version and build, and exit"},
    {.name = "man", .help = "write the manual page (roff) to standard output", .hidden = true},
    {.name = "completion",
     .type = C4_OPTION_CHOICE,
     .value = "SHELL",
     .choices = shells,
     .help = "write a shell's completion script to standard output",
     .hidden = true},
    {0},
};

const char *c4_option_choice(const struct c4_option *option, int index) {
    if (option->choice != NULL) return option->choice(index);
    return option->choices != NULL ? option->choices[index] : NULL;
}

static bool has_range(const struct c4_option *option) {
    return option->min != 0.0 || option->max != 0.0;
}

enum c4_status c4_option_domain(const struct c4_option *option, struct c4_text *text) {
    bool one = option->type == C4_OPTION_CHOICE;
    switch (option->type) {
    case C4_OPTION_FLAG:
        return c4_text_add(text, "no value");
    case C4_OPTION_STRING:
        return c4_text_add(text, "any text");
    case C4_OPTION_PATH:
        return c4_text_add(text, "a path");
    case C4_OPTION_INTEGER:
    case C4_OPTION_REAL:
        if (option->type == C4_OPTION_INTEGER && has_range(option))
            return c4_text_add(text, "an integer from %.0f to %.0f", option->min, option->max);
        if (has_range(option))
            return c4_text_add(text, "a number from %g to %g", option->min, option->max);
        return c4_text_add(text, option->type == C4_OPTION_INTEGER ? "an integer" : "a number");
    case C4_OPTION_CHOICE:
    case C4_OPTION_CHOICES:
        break;
    }
    const char *word;
    for (int i = 0; (word = c4_option_choice(option, i)) != NULL; i++) {
        const char *before = i == 0 ? "" : ", ";
        if (i > 0 && one && c4_option_choice(option, i + 1) == NULL) before = " or ";
        c4_text_add(text, "%s%s", before, word);
    }
    return c4_text_add(text, "%s", one ? "" : " (separated by commas)");
}

/* C4_ERR_USAGE with a sentence that ends in what the option allows. */
__attribute__((format(printf, 2, 3))) static enum c4_status
fail_domain(const struct c4_option *option, const char *format, ...) {
    struct c4_text text = {0};
    va_list arguments;
    va_start(arguments, format);
    enum c4_status status = c4_text_add_list(&text, format, arguments);
    va_end(arguments);
    if (status == C4_OK) status = c4_option_domain(option, &text);
    if (status == C4_OK) status = c4_fail(C4_ERR_USAGE, "%s", text.bytes);
    c4_text_free(&text);
    return status;
}

/* The index of the first `length` bytes among the choices, or -1. */
static int find_choice(const struct c4_option *option, const char *text, size_t length) {
    const char *word;
    for (int i = 0; (word = c4_option_choice(option, i)) != NULL; i++)
        if (strlen(word) == length && memcmp(word, text, length) == 0) return i;
    return -1;
}

static bool is_choice(const struct c4_option *option, const char *text, size_t length) {
    return find_choice(option, text, length) >= 0;
}

static bool all_are_choices(const struct c4_option *option, const char *text) {
    for (;;) {
        size_t length = strcspn(text, ",");
        if (!is_choice(option, text, length)) return false;
        if (text[length] == '\0') return true;
        text += length + 1;
    }
}

static bool read_integer(struct c4_arg *arg, const struct c4_option *option, const char *text) {
    char *end;
    errno = 0;
    intmax_t value = strtoimax(text, &end, 10);
    if (end == text || *end != '\0' || errno != 0) return false;
    if (value < INT64_MIN || value > INT64_MAX) return false;
    /* As integers: a double rounds what is just above 2^53. */
    if (has_range(option) && (value < (int64_t)option->min || value > (int64_t)option->max))
        return false;
    arg->integer = value;
    return true;
}

static bool read_real(struct c4_arg *arg, const struct c4_option *option, const char *text) {
    char *end;
    double value = strtod(text, &end);
    if (end == text || *end != '\0' || !isfinite(value)) return false;
    if (has_range(option) && (value < option->min || value > option->max)) return false;
    arg->real = value;
    return true;
}

enum c4_status c4_arg_read(struct c4_arg *arg, const struct c4_option *option, const char *text) {
    bool fits = true;
    /* strtoimax() and strtod() skip spaces and accept "nan", which are not allowed here. */
    bool number = text[0] != '\0' && strchr("+-.0123456789", text[0]) != NULL;
    switch (option->type) {
    case C4_OPTION_FLAG:
        return c4_fail(C4_ERR_USAGE, "--%s takes no value", option->name);
    case C4_OPTION_STRING:
        break;
    case C4_OPTION_PATH:
        fits = text[0] != '\0';
        break;
    case C4_OPTION_INTEGER:
        fits = number && read_integer(arg, option, text);
        break;
    case C4_OPTION_REAL:
        fits = number && read_real(arg, option, text);
        break;
    case C4_OPTION_CHOICE:
        fits = is_choice(option, text, strlen(text));
        break;
    case C4_OPTION_CHOICES:
        fits = all_are_choices(option, text);
        break;
    }
    if (fits) {
        arg->text = text;
        return C4_OK;
    }
    return fail_domain(option, "--%s: '%s' is not allowed: give ", option->name, text);
}

/* Makes room for the options of a table and sets their defaults. */
static enum c4_status add_options(struct c4_args *args, const struct c4_option *options) {
    size_t count = 0;
    while (options != NULL && options[count].name != NULL) count++;
    if (count == 0) return C4_OK;
    struct c4_arg *more = realloc(args->args, (args->arg_count + count) * sizeof *more);
    if (more == NULL) return c4_fail(C4_ERR_MEMORY, "out of memory");
    args->args = more;
    for (size_t i = 0; i < count; i++) {
        struct c4_arg *arg = &more[args->arg_count++];
        *arg = (struct c4_arg){.option = &options[i]};
        if (options[i].initial != NULL) C4_TRY(c4_arg_read(arg, &options[i], options[i].initial));
    }
    return C4_OK;
}

/* The option with that name (`length` bytes) or that letter; NULL if there is none. */
static struct c4_arg *find_arg(const struct c4_args *args, const char *name, size_t length,
                               char letter) {
    for (size_t i = 0; i < args->arg_count; i++) {
        const struct c4_option *option = args->args[i].option;
        if (name != NULL && strlen(option->name) == length &&
            memcmp(option->name, name, length) == 0)
            return &args->args[i];
        if (letter != '\0' && option->letter == letter) return &args->args[i];
    }
    return NULL;
}

static enum c4_status unknown_option(const struct c4_args *args, const char *word) {
    char *name = strndup(word + 2, strcspn(word + 2, "="));
    if (name == NULL) return c4_fail(C4_ERR_MEMORY, "out of memory");
    struct c4_suggestion suggestion = C4_SUGGESTION(name);
    for (size_t i = 0; i < args->arg_count; i++)
        if (!args->args[i].option->hidden) c4_suggest(&suggestion, args->args[i].option->name);
    if (suggestion.nearest == NULL)
        c4_fail(C4_ERR_USAGE, "there is no option --%s", name);
    else
        c4_fail(C4_ERR_USAGE, "there is no option --%s; did you mean --%s?", name,
                suggestion.nearest);
    free(name);
    return C4_ERR_USAGE;
}

/* The value of the option in argv[*at]: `joined` if there is one, else the next word. */
static enum c4_status take_value(struct c4_arg *arg, const char *joined, int argc, char **argv,
                                 int *at) {
    if (joined == NULL) joined = arg->option->implied;
    if (joined == NULL) {
        bool next_is_option = *at + 1 < argc && strncmp(argv[*at + 1], "--", 2) == 0;
        if (*at + 1 >= argc || next_is_option)
            return fail_domain(arg->option, "--%s needs a value: ", arg->option->name);
        joined = argv[++*at];
    }
    C4_TRY(c4_arg_read(arg, arg->option, joined));
    arg->given = true;
    return C4_OK;
}

static enum c4_status read_long(struct c4_args *args, int argc, char **argv, int *at) {
    const char *name = argv[*at] + 2;
    size_t length = strcspn(name, "=");
    struct c4_arg *arg = find_arg(args, name, length, '\0');
    if (arg == NULL) return unknown_option(args, argv[*at]);
    const char *joined = name[length] == '=' ? name + length + 1 : NULL;
    if (arg->option->type != C4_OPTION_FLAG) return take_value(arg, joined, argc, argv, at);
    if (joined != NULL) return c4_arg_read(arg, arg->option, joined);
    arg->given = true;
    return C4_OK;
}

static enum c4_status read_letters(struct c4_args *args, int argc, char **argv, int *at) {
    for (const char *letter = argv[*at] + 1; *letter != '\0'; letter++) {
        struct c4_arg *arg = find_arg(args, NULL, 0, *letter);
        if (arg == NULL)
            return c4_fail(C4_ERR_USAGE, "there is no option -%c (in '%s')", *letter, argv[*at]);
        if (arg->option->type != C4_OPTION_FLAG)
            return take_value(arg, letter[1] != '\0' ? letter + 1 : NULL, argc, argv, at);
        arg->given = true;
    }
    return C4_OK;
}

void c4_command_path(char path[C4_COMMAND_PATH_MAX], const char *parent, const char *name) {
    int length = snprintf(path, C4_COMMAND_PATH_MAX, "%s %s", parent, name);
    assert(length < C4_COMMAND_PATH_MAX && "a command's name is too long");
    (void)length;
}

static enum c4_status choose_command(struct c4_args *args, const char *word) {
    const struct c4_command *const *commands =
        args->command != NULL ? args->command->commands : args->program->commands;
    struct c4_suggestion suggestion = C4_SUGGESTION(word);
    for (size_t i = 0; commands[i] != NULL; i++) {
        if (strcmp(commands[i]->name, word) == 0) {
            args->command = commands[i];
            char parent[C4_COMMAND_PATH_MAX];
            memcpy(parent, args->path, sizeof parent);
            c4_command_path(args->path, parent, word);
            return add_options(args, commands[i]->options);
        }
        c4_suggest(&suggestion, commands[i]->name);
    }
    if (suggestion.nearest == NULL) return c4_fail(C4_ERR_USAGE, "there is no command '%s'", word);
    return c4_fail(C4_ERR_USAGE, "there is no command '%s'; did you mean '%s'?", word,
                   suggestion.nearest);
}

static bool wants_command(const struct c4_args *args) {
    return args->command == NULL || args->command->commands != NULL;
}

static bool asks_for_text(const struct c4_args *args) {
    for (size_t i = 0; c4_program_options[i].name != NULL; i++)
        if (args->args[i].given) return true;
    return false;
}

static enum c4_status check_counts(const struct c4_args *args) {
    if (wants_command(args)) return c4_fail(C4_ERR_USAGE, "a command is missing");
    const struct c4_command *command = args->command;
    const char *tail = command->usage_tail != NULL ? command->usage_tail : "no further arguments";
    if (args->positional_count < command->min_positionals)
        return c4_fail(C4_ERR_USAGE, "too few arguments: give %s", tail);
    if (command->max_positionals >= 0 && args->positional_count > command->max_positionals)
        return c4_fail(C4_ERR_USAGE, "unexpected argument '%s': give %s",
                       args->positionals[command->max_positionals], tail);
    return C4_OK;
}

enum c4_status c4_args_parse(struct c4_args *args, const struct c4_program *program, int argc,
                             char **argv) {
    *args = (struct c4_args){.program = program};
    snprintf(args->path, sizeof args->path, "%s", program->name);
    C4_TRY(add_options(args, c4_program_options));
    args->positionals = calloc((size_t)argc + 1, sizeof *args->positionals);
    if (args->positionals == NULL) return c4_fail(C4_ERR_MEMORY, "out of memory");

    bool options_end = false;
    for (int i = 1; i < argc; i++) {
        char *word = argv[i];
        if (!options_end && strcmp(word, "--") == 0)
            options_end = true;
        else if (!options_end && strncmp(word, "--", 2) == 0)
            C4_TRY(read_long(args, argc, argv, &i));
        else if (!options_end && word[0] == '-' && word[1] != '\0')
            C4_TRY(read_letters(args, argc, argv, &i));
        else if (wants_command(args))
            C4_TRY(choose_command(args, word));
        else
            args->positionals[args->positional_count++] = word;
        if (asks_for_text(args)) return C4_OK;
    }
    return check_counts(args);
}

void c4_args_free(struct c4_args *args) {
    free(args->positionals);
    free(args->args);
    *args = (struct c4_args){0};
}

static const struct c4_arg *must_find(const struct c4_args *args, const char *name) {
    const struct c4_arg *arg = find_arg(args, name, strlen(name), '\0');
    assert(arg != NULL && "no such option in the command's table");
    return arg;
}

bool c4_arg_given(const struct c4_args *args, const char *name) {
    return must_find(args, name)->given;
}

bool c4_arg_flag(const struct c4_args *args, const char *name) {
    const struct c4_arg *arg = must_find(args, name);
    assert(arg->option->type == C4_OPTION_FLAG);
    return arg->given;
}

const char *c4_arg_text(const struct c4_args *args, const char *name) {
    return must_find(args, name)->text;
}

int64_t c4_arg_integer(const struct c4_args *args, const char *name) {
    const struct c4_arg *arg = must_find(args, name);
    assert(arg->option->type == C4_OPTION_INTEGER);
    return arg->integer;
}

double c4_arg_real(const struct c4_args *args, const char *name) {
    const struct c4_arg *arg = must_find(args, name);
    assert(arg->option->type == C4_OPTION_REAL);
    return arg->real;
}

int c4_arg_choice(const struct c4_args *args, const char *name) {
    const struct c4_arg *arg = must_find(args, name);
    assert(arg->option->type == C4_OPTION_CHOICE);
    int index = arg->text ? find_choice(arg->option, arg->text, strlen(arg->text)) : 0;
    return index > 0 ? index : 0;
}

bool c4_arg_includes(const struct c4_args *args, const char *name, const char *choice) {
    const struct c4_arg *arg = must_find(args, name);
    assert(arg->option->type == C4_OPTION_CHOICE || arg->option->type == C4_OPTION_CHOICES);
    assert(is_choice(arg->option, choice, strlen(choice)));
    const char *text = arg->text;
    while (text != NULL) {
        size_t length = strcspn(text, ",");
        if (length == strlen(choice) && memcmp(text, choice, length) == 0) return true;
        text = text[length] == ',' ? text + length + 1 : NULL;
    }
    return false;
}
