/* For cmd_calibrate.c: bench calibrate --aa. */
#ifndef C4_BENCH_COMMANDS_CALIBRATE_AA_H
#define C4_BENCH_COMMANDS_CALIBRATE_AA_H

#include "core/cli/option.h"

/* Options that only --aa reads. */
#define C4_CALIBRATE_AA_OPTIONS                                                                    \
    {.name = "aa",                                                                                 \
     .type = C4_OPTION_INTEGER,                                                                    \
     .value = "N",                                                                                 \
     .min = 14,                                                                                    \
     .max = C4_PAIRS_MOST,                                                                         \
     .help = "in place of all that: so many pairs of this program with itself, which tell the "    \
             "machine's noise"},                                                                   \
        {.name = "benchmark",                                                                      \
         .type = C4_OPTION_CHOICE,                                                                 \
         .value = "NAME",                                                                          \
         .initial = "step",                                                                        \
         .choices = c4_calibrate_aa_benchmarks,                                                    \
         .help = "of --aa: which benchmark"},                                                      \
        {.name = "backend",                                                                        \
         .type = C4_OPTION_STRING,                                                                 \
         .value = "NAME",                                                                          \
         .initial = "auto",                                                                        \
         .help = "of --aa: the backend whose rows are compared"},                                  \
        {.name = "filter",                                                                         \
         .type = C4_OPTION_STRING,                                                                 \
         .value = "REGEX",                                                                         \
         .help = "of --aa --benchmark ops: only rows with this regular expression in their name"}, \
        {.name = "max-time",                                                                       \
         .type = C4_OPTION_STRING,                                                                 \
         .value = "TIME",                                                                          \
         .initial = "3m",                                                                          \
         .help = "of --aa: how long a comparison may take, as 90, 3m or 3:50:00"},                 \
    {                                                                                              \
        .name = "keep", .type = C4_OPTION_PATH, .value = "FILE",                                   \
        .help = "of --aa: append the verdicts to this file of JSON lines, and count them all"      \
    }

extern const char *const c4_calibrate_aa_benchmarks[];

enum c4_status c4_calibrate_aa(const struct c4_args *args);

#endif
