/* The table of commands. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "core/cli/cli.h"
#include "core/cli/option.h"
#include "core/cli/streams.h"
#include "core/host/program.h"
#include "repro/workers/worker.h"

#define C4_COMMAND(name) extern const struct c4_command c4_cmd_##name;
#include "repro/commands.def"
#undef C4_COMMAND

#ifdef __clang__
#define COMPILER "clang " __clang_version__
#else
#define COMPILER "gcc " __VERSION__
#endif

static const struct c4_command *const commands[] = {
#define C4_COMMAND(name) &c4_cmd_##name,
#include "repro/commands.def"
#undef C4_COMMAND
    NULL,
};

static const char *const examples[] = {"conv4 repro", "conv4 repro --data DIR --scale paper",
                                       "conv4 doctor", NULL};

static const struct c4_program program = {
    .name = "conv4",
    .version = C4_VERSION,
    .build = "Built by " COMPILER " for " C4_TARGET "; backends: " C4_BACKENDS,
    .summary = "Similarity of pre-trained and fine-tuned representations, on CPUs",
    .description = "Trains a four-block convolutional network, measures how far fine-tuning moves "
                   "its representations (centred kernel alignment, CKA), and draws the figures of "
                   "Goerttler and Obermayer, \"Similarity of Pre-trained and Fine-tuned "
                   "Representations\" (2022).",
    .examples = examples,
    .commands = commands,
};

/* "worker" is a hidden command with which a study starts its workers (repro/workers/worker.h). */
int main(int argc, char **argv) {
    c4_streams_open();
    c4_program_open();
    signal(SIGXFSZ, SIG_IGN); /* exceeding a file-size limit fails like a full disk */
    if (argc == 2 && strcmp(argv[1], "worker") == 0) return c4_worker_main();
    return c4_cli_run(&program, argc, argv, stdout, stderr);
}
