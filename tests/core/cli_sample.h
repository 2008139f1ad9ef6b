/* A program's table with every type of option, for the tests of core/cli. */
#ifndef C4_TESTS_CORE_CLI_SAMPLE_H
#define C4_TESTS_CORE_CLI_SAMPLE_H

#include "core/cli/help.h"
#include "core/cli/option.h"

static const char *const sample_backends[] = {"auto", "ref", "avx2", NULL};
static const char *const sample_figures[] = {"fig1", "fig2", "fig3", NULL};

static const struct c4_option sample_train_options[] = {
    {.name = "data",
     .letter = 'd',
     .type = C4_OPTION_PATH,
     .value = "DIR",
     .help = "folder of the images"},
    {.name = "batch",
     .letter = 'b',
     .type = C4_OPTION_INTEGER,
     .value = "N",
     .initial = "32",
     .min = 1,
     .max = 4096,
     .help = "images per step"},
    {.name = "rate",
     .type = C4_OPTION_REAL,
     .value = "X",
     .initial = "0.001",
     .min = 0,
     .max = 10,
     .help = "learning rate: the step's [length], in the \\ user's choice"},
    {.name = "shift", .type = C4_OPTION_INTEGER, .value = "N", .help = "classes to shift by"},
    {.name = "backend",
     .type = C4_OPTION_CHOICE,
     .value = "NAME",
     .initial = "auto",
     .choices = sample_backends,
     .help = "who computes"},
    {.name = "figures",
     .type = C4_OPTION_CHOICES,
     .value = "LIST",
     .initial = "fig1,fig3",
     .choices = sample_figures,
     .help = "what to draw"},
    {.name = "redo",
     .type = C4_OPTION_CHOICES,
     .value = "LIST",
     .choices = sample_figures,
     .implied = "fig1,fig2,fig3",
     .help = "what to draw once more"},
    {.name = "note", .type = C4_OPTION_STRING, .value = "TEXT", .help = "kept with the results"},
    {.name = "quiet", .letter = 'q', .help = "no progress"},
    {.name = "json", .letter = 'j', .help = "for machines"},
    {.name = "trace", .hidden = true, .help = "for the developers"},
    {0},
};

/* The exit status tells a test which values arrived. */
static int sample_run(const struct c4_args *args) {
    return 40 + args->positional_count;
}

static const char *const sample_examples[] = {"sample train --batch 64 images", NULL};

static const struct c4_command sample_train = {
    .name = "train",
    .summary = "Train one network",
    .description = "A sentence that is long enough to need a second line in the help of a command, "
                   "which ends before the eightieth column.",
    .usage_tail = "[FILE...]",
    .options = sample_train_options,
    .examples = sample_examples,
    .max_positionals = -1,
    .run = sample_run,
};

static const struct c4_command sample_info = {
    .name = "info",
    .summary = "Describe a file",
    .usage_tail = "FILE",
    .min_positionals = 1,
    .max_positionals = 1,
    .run = sample_run,
};

static const struct c4_command sample_import = {
    .name = "import",
    .summary = "Import a folder",
    .run = sample_run,
};

static const struct c4_command *const sample_data_commands[] = {&sample_info, &sample_import, NULL};

static const struct c4_command sample_data = {
    .name = "data",
    .summary = "Work on data sets",
    .commands = sample_data_commands,
};

static const struct c4_command *const sample_commands[] = {&sample_train, &sample_data,
                                                           &c4_cmd_help, NULL};

static const struct c4_program sample = {
    .name = "sample",
    .version = "1.2.3",
    .build = "Built by a test",
    .summary = "Sample of every option",
    .examples = sample_examples,
    .commands = sample_commands,
};

#endif
