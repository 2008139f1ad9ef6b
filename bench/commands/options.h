/* Options shared by several benchmarks, so that they read the same everywhere. */
#ifndef C4_BENCH_COMMANDS_OPTIONS_H
#define C4_BENCH_COMMANDS_OPTIONS_H

#include "bench/measure/spread.h"
#include "core/cli/option.h"

/* clang-format off */
#define C4_BENCH_INTEGER(name_, initial_, min_, max_, help_)                                       \
    {.name = name_, .type = C4_OPTION_INTEGER, .value = "N", .initial = initial_, .min = min_,     \
     .max = max_, .help = help_}
#define C4_BENCH_FLAG(name_, help_) {.name = name_, .type = C4_OPTION_FLAG, .help = help_}

#define C4_BENCH_BACKEND                                                                           \
    {.name = "backend", .type = C4_OPTION_STRING, .value = "NAME", .initial = "all",               \
     .help = "one backend, or all that run here except ref64"}
#define C4_BENCH_THREADS(help_) C4_BENCH_INTEGER("threads", "1", 1, 1024, help_)
/* For C4_BENCH_THREADS of a command that starts the team itself: bench/commands/team.h. */
#define C4_BENCH_OWN_THREADS(help_)                                                                \
    C4_BENCH_THREADS(help_ "; without the option OMP_NUM_THREADS, if it is set")
#define C4_BENCH_NO_PIN                                                                            \
    C4_BENCH_FLAG("no-pin", "leave the threads to the system; by default each is bound to a core "  \
                            "of its own, the first ones, which another benchmark takes as well")
#define C4_BENCH_BATCH(help_) C4_BENCH_INTEGER("batch", "32", 1, 1024, help_)
#define C4_BENCH_SAMPLES(initial_, min_, help_)                                                    \
    C4_BENCH_INTEGER("samples", initial_, min_, C4_SAMPLES_MAX, help_)
#define C4_BENCH_QUICK(help_) C4_BENCH_FLAG("quick", help_)
#define C4_BENCH_LIST C4_BENCH_FLAG("list", "print the benchmarks' names and exit")
#define C4_BENCH_DRY_RUN                                                                           \
    C4_BENCH_FLAG("dry-run", "print the number of benchmarks and the expected time, and exit")
#define C4_BENCH_JSON C4_BENCH_FLAG("json", "print one JSON object with all samples")
#define C4_BENCH_PEERS_PYTHON                                                                      \
    {.name = "peers-python", .type = C4_OPTION_PATH, .value = "FILE",                              \
     .help = "the interpreter that has their packages; otherwise $C4_PEERS_PYTHON, peers-venv "    \
             "beside the program's folder, or python3"}
#define C4_BENCH_PEERS_PATIENCE(initial_, max_, help_)                                             \
    {.name = "peers-patience", .type = C4_OPTION_REAL, .value = "SECONDS", .initial = initial_,    \
     .min = 0.1, .max = max_, .help = help_}
#define C4_BENCH_END {.name = NULL}

/* Which rows of which benchmark of a program. */
#define C4_BENCH_OF_PROGRAM                                                                        \
    {.name = "benchmark", .type = C4_OPTION_CHOICE, .value = "NAME", .initial = "step",            \
     .choices = c4_program_benchmarks,                                                             \
     .help = "which of the program's benchmarks; google-benchmark: all of any program of that "    \
             "library"},                                                                           \
    {.name = "backend", .type = C4_OPTION_STRING, .value = "NAME", .initial = "auto",              \
     .help = "the backend whose rows are measured"},                                               \
    C4_BENCH_BATCH("images of a step or of an op's call"),                                         \
    C4_BENCH_THREADS("OpenMP threads of the program"),                                             \
    {.name = "filter", .type = C4_OPTION_STRING, .value = "REGEX",                                 \
     .help = "of ops and google-benchmark: only rows with this regular expression in their name"}
/* clang-format on */

#endif
