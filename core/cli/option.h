/* Commands, their options, and parsing the command line.
 *
 * One table of struct c4_command drives parsing, --help, the man page and the shell completions, so
 * that they cannot disagree. Tables are constant; a struct c4_args takes what was parsed. */
#ifndef C4_CLI_OPTION_H
#define C4_CLI_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/status.h"
#include "core/base/text.h"

enum c4_option_type {
    C4_OPTION_FLAG,    /* given or not, no value */
    C4_OPTION_STRING,  /* any text */
    C4_OPTION_PATH,    /* any text but ""; completed with file names */
    C4_OPTION_INTEGER, /* decimal, from min to max */
    C4_OPTION_REAL,    /* decimal, from min to max, never NaN or infinite */
    C4_OPTION_CHOICE,  /* one of choices */
    C4_OPTION_CHOICES  /* one or more of choices, separated by commas */
};

/* One option. Only name and help, and value for all types but flags, are required. */
struct c4_option {
    const char *name;           /* without dashes; NULL ends a table */
    const char *help;           /* its purpose: a phrase without a full stop */
    const char *value;          /* the value's name in help, such as N or FILE */
    const char *initial;        /* the default as the user would type it; NULL: none */
    const char *const *choices; /* NULL ends it */
    const char *(*choice)(int); /* in its place: the choice of an index, NULL behind the last */
    const char *implied;        /* the value of a bare --name; others are joined by "="; NULL: a
                                   value is required */
    double min, max;            /* inclusive, at most 2^53 in size; both 0: unlimited */
    enum c4_option_type type;
    char letter; /* also accepted as -letter; '\0': none */
    bool hidden; /* accepted, but left out of help, man page and completions */
};

/* The choice of an index; NULL behind the last, and of an option that has none. */
const char *c4_option_choice(const struct c4_option *option, int index);

struct c4_args;

enum { C4_COMMAND_PATH_MAX = 96 };

/* A command either runs or has subcommands (then run, options and positionals are absent). */
struct c4_command {
    const char *name;
    const char *summary;     /* one line, no full stop */
    const char *description; /* whole sentences for help and man page; NULL: none */
    const char *usage_tail;  /* the positionals in the usage line, such as "FILE..."; or NULL; FILE
                                and DIR are completed with file names */
    const struct c4_option *options;          /* NULL: none */
    const char *const *examples;              /* whole command lines; NULL ends it; NULL: none */
    int min_positionals;                      /* how many words it takes besides options */
    int max_positionals;                      /* -1: any number */
    int (*run)(const struct c4_args *args);   /* returns the exit status: see c4_cli_exit() */
    const struct c4_command *const *commands; /* NULL ends it; NULL: none */
};

struct c4_program {
    const char *name;
    const char *version; /* "0.1.0" */
    const char *build;   /* one line on compiler and backends */
    const char *summary;
    const char *description;
    const char *const *examples;
    const struct c4_command *const *commands; /* NULL ends it */
};

/* The options that every command has: --help, --version, and the hidden --man and --completion. */
extern const struct c4_option c4_program_options[];

struct c4_arg {
    const struct c4_option *option;
    const char *text; /* as typed, or the default; NULL if neither */
    int64_t integer;  /* C4_OPTION_INTEGER */
    double real;      /* C4_OPTION_REAL */
    bool given;       /* on the command line, not by default */
};

/* A parsed command line. Texts point into argv or the tables. */
struct c4_args {
    const struct c4_program *program;
    const struct c4_command *command; /* NULL: none was named */
    char path[C4_COMMAND_PATH_MAX];   /* "conv4 data info" */
    char **positionals;               /* in order, NULL after the last */
    int positional_count;
    struct c4_arg *args; /* c4_program_options, then the command's */
    size_t arg_count;
};

/* Reads argv[1..argc-1]: --name value, --name=value, -l value, -lvalue, flags, -ab for two flags,
 * "--" before words that begin with a dash. Later options override earlier ones. A value that
 * begins with "--" must be joined with "=", like any value of an option with `implied`. Parsing
 * stops at --help and the other c4_program_options. C4_ERR_USAGE with a sentence that names the
 * option, the value and what is allowed, or the nearest command or option that exists; args->path
 * then shows how far it got. Release `args` with c4_args_free() in every case. */
enum c4_status c4_args_parse(struct c4_args *args, const struct c4_program *program, int argc,
                             char **argv);
void c4_args_free(struct c4_args *args);

/* Values by option name. The name must be in the command's table or in c4_program_options, and its
 * type must fit (asserted: anything else is a bug in the caller, not bad input). */
bool c4_arg_given(const struct c4_args *args, const char *name);
bool c4_arg_flag(const struct c4_args *args, const char *name);
const char *c4_arg_text(const struct c4_args *args, const char *name); /* any type; NULL: none */
int64_t c4_arg_integer(const struct c4_args *args, const char *name);  /* 0: none */
double c4_arg_real(const struct c4_args *args, const char *name);      /* 0: none */
bool c4_arg_includes(const struct c4_args *args, const char *name,
                     const char *choice); /* C4_OPTION_CHOICE and C4_OPTION_CHOICES */
int c4_arg_choice(const struct c4_args *args, const char *name); /* C4_OPTION_CHOICE: its index in
                                                                    the choices; 0: none */

/* Reads `text` as a value of `option` into arg->text, integer and real; C4_ERR_USAGE says what is
 * allowed. Flags take no value. */
enum c4_status c4_arg_read(struct c4_arg *arg, const struct c4_option *option, const char *text);

/* What the user types to reach a command: "conv4 data" and "info" give "conv4 data info". */
void c4_command_path(char path[C4_COMMAND_PATH_MAX], const char *parent, const char *name);

/* Appends the values the option allows, such as "an integer from 1 to 64". C4_ERR_MEMORY. */
enum c4_status c4_option_domain(const struct c4_option *option, struct c4_text *text);

#endif
