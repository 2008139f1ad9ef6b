#include "core/cli/completion.h"

#include <string.h>

/* Called for a command before its subcommands; `path` is the words that lead to it. */
typedef void visit_fn(FILE *out, const struct c4_command *command, const char *path);

static void walk(FILE *out, const struct c4_command *const *commands, const char *parent,
                 visit_fn *visit) {
    for (size_t i = 0; commands != NULL && commands[i] != NULL; i++) {
        char path[C4_COMMAND_PATH_MAX];
        c4_command_path(path, parent, commands[i]->name);
        visit(out, commands[i], path);
        walk(out, commands[i]->commands, path, visit);
    }
}

/* Judged by the names of the positionals in the usage line. */
static bool takes_files(const struct c4_command *command) {
    const char *tail = command->usage_tail != NULL ? command->usage_tail : "";
    return strstr(tail, "FILE") != NULL || strstr(tail, "DIR") != NULL;
}

/* bash */

static void bash_path(FILE *out, const struct c4_command *command, const char *path) {
    (void)command;
    fprintf(out, "        '%s') path=${path:+$path }${COMP_WORDS[i]} ;;\n", path);
}

static void write_choices(FILE *out, const struct c4_option *option) {
    const char *word;
    for (int i = 0; (word = c4_option_choice(option, i)) != NULL; i++)
        fprintf(out, "%s%s", i == 0 ? "" : " ", word);
}

static void bash_values(FILE *out, const struct c4_option *options, const char *path) {
    for (; options != NULL && options->name != NULL; options++) {
        if (options->hidden || options->type == C4_OPTION_FLAG) continue;
        fprintf(out, "    '%s --%s'", path, options->name);
        if (options->letter != '\0') fprintf(out, " | '%s -%c'", path, options->letter);
        fputs(")", out);
        if (options->implied != NULL) fputs(" [[ -z $joined ]] && value= ||", out);
        if (options->type == C4_OPTION_PATH) {
            fputs(" files=1", out);
        } else if (c4_option_choice(options, 0) != NULL) {
            fputs(options->type == C4_OPTION_CHOICES ? " list=1 words='" : " words='", out);
            write_choices(out, options);
            fputs("'", out);
        }
        fputs(" ;;\n", out);
    }
}

static void bash_command_values(FILE *out, const struct c4_command *command, const char *path) {
    bash_values(out, command->options, path);
}

static void bash_option_words(FILE *out, const struct c4_option *options) {
    for (; options != NULL && options->name != NULL; options++)
        if (!options->hidden) fprintf(out, "--%s ", options->name);
}

static void bash_command_words(FILE *out, const struct c4_command *const *commands) {
    for (size_t i = 0; commands != NULL && commands[i] != NULL; i++)
        fprintf(out, "%s ", commands[i]->name);
}

static void bash_words(FILE *out, const struct c4_command *command, const char *path) {
    fprintf(out, "        '%s')%s words='", path, takes_files(command) ? " files=1" : "");
    bash_command_words(out, command->commands);
    bash_option_words(out, command->options);
    bash_option_words(out, c4_program_options);
    fputs("' ;;\n", out);
}

void c4_completion_write_bash(FILE *out, const struct c4_program *program) {
    const char *name = program->name;
    fprintf(out,
            "# bash completion for %s\n"
            "_%s() {\n"
            "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}\n"
            "    local path=%s words= files= list= joined= value=1 i\n"
            "    if [[ $cur == = ]]; then\n"
            "        cur= joined=1\n"
            "    elif [[ $prev == = ]]; then\n"
            "        joined=1\n"
            "        prev=${COMP_WORDS[COMP_CWORD - 2]}\n"
            "    fi\n"
            "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
            "        case \"$path ${COMP_WORDS[i]}\" in\n",
            name, name, name);
    walk(out, program->commands, name, bash_path);
    fputs("        esac\n"
          "    done\n"
          "    case \"$path $prev\" in\n",
          out);
    walk(out, program->commands, name, bash_command_values);
    fputs("    *) value= ;;\n"
          "    esac\n"
          "    if [[ -z $value ]]; then\n"
          "        case $path in\n",
          out);
    walk(out, program->commands, name, bash_words);
    fprintf(out, "        '%s') words='", name);
    bash_command_words(out, program->commands);
    bash_option_words(out, c4_program_options);
    fprintf(out,
            "' ;;\n"
            "        esac\n"
            "    fi\n"
            "    COMPREPLY=()\n"
            "    if [[ -n $files && $cur != -* ]]; then\n"
            "        compopt -o filenames 2>/dev/null || :\n"
            "        mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
            "    elif [[ -n $list && $cur == *,* ]]; then\n"
            "        mapfile -t COMPREPLY < <(compgen -P \"${cur%%,*},\" -W \"$words\" -- "
            "\"${cur##*,}\")\n"
            "    else\n"
            "        mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n"
            "    fi\n"
            "}\n"
            "complete -F _%s %s\n",
            name, name);
}

/* zsh */

/* Text inside '...' and, in _arguments, inside [...]: quotes, brackets, colons and backslashes are
 * escaped. */
static void zsh_text(FILE *out, const char *text) {
    for (; *text != '\0'; text++) {
        if (*text == '\'')
            fputs("'\\''", out);
        else if (strchr("[]:\\", *text) != NULL)
            fprintf(out, "\\%c", *text);
        else
            fputc(*text, out);
    }
}

static void zsh_options(FILE *out, const struct c4_option *options) {
    for (; options != NULL && options->name != NULL; options++) {
        if (options->hidden) continue;
        bool flag = options->type == C4_OPTION_FLAG;
        const char *equals = flag ? "" : options->implied != NULL ? "=-" : "=";
        if (options->letter != '\0')
            fprintf(out, " \\\n        '(-%c --%s)'{-%c%s,--%s%s}'[", options->letter,
                    options->name, options->letter, flag ? "" : "+", options->name, equals);
        else
            fprintf(out, " \\\n        '--%s%s[", options->name, equals);
        zsh_text(out, options->help);
        fputs("]", out);
        if (!flag) {
            fputs(options->implied != NULL ? "::" : ":", out);
            zsh_text(out, options->value);
            fputs(":", out);
        }
        if (options->type == C4_OPTION_PATH) {
            fputs("_files", out);
        } else if (c4_option_choice(options, 0) != NULL) {
            fputs(options->type == C4_OPTION_CHOICES ? "_sequence compadd - " : "(", out);
            write_choices(out, options);
            fputs(options->type == C4_OPTION_CHOICES ? "" : ")", out);
        }
        fputs("'", out);
    }
}

/* The function name for "conv4 data info": _conv4_data_info. */
static void zsh_name(FILE *out, const char *path) {
    fputc('_', out);
    for (; *path != '\0'; path++) fputc(*path == ' ' ? '_' : *path, out);
}

/* The body of a function that takes a command name and passes the rest of the line to that
 * command's function. */
static void zsh_group(FILE *out, const struct c4_command *const *commands, const char *path) {
    fputs("    local line state\n"
          "    local -a commands=(",
          out);
    for (size_t i = 0; commands[i] != NULL; i++) {
        fprintf(out, "\n        '%s:", commands[i]->name);
        zsh_text(out, commands[i]->summary);
        fputs("'", out);
    }
    fputs("\n    )\n    _arguments -C", out);
    zsh_options(out, c4_program_options);
    fputs(" \\\n        '1:command:->command' '*::argument:->argument'\n"
          "    case $state in\n"
          "    command) _describe command commands ;;\n"
          "    argument)\n"
          "        case $line[1] in\n",
          out);
    for (size_t i = 0; commands[i] != NULL; i++) {
        fprintf(out, "        %s) ", commands[i]->name);
        zsh_name(out, path);
        fprintf(out, "_%s ;;\n", commands[i]->name);
    }
    fputs("        esac ;;\n    esac\n", out);
}

static void zsh_function(FILE *out, const struct c4_command *command, const char *path) {
    zsh_name(out, path);
    fputs("() {\n", out);
    if (command->commands != NULL) {
        zsh_group(out, command->commands, path);
    } else {
        fputs("    _arguments -s", out);
        zsh_options(out, command->options);
        zsh_options(out, c4_program_options);
        fprintf(out, "%s\n", takes_files(command) ? " \\\n        '*:file:_files'" : "");
    }
    fputs("}\n\n", out);
}

void c4_completion_write_zsh(FILE *out, const struct c4_program *program) {
    fprintf(out, "#compdef %s\n\n", program->name);
    walk(out, program->commands, program->name, zsh_function);
    fprintf(out, "_%s() {\n", program->name);
    zsh_group(out, program->commands, program->name);
    fprintf(out, "}\n\n_%s \"$@\"\n", program->name);
}
