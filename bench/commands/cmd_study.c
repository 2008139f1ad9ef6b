/* conv4 bench study: a whole study, by kinds of work, and the same by a peer. */
#include <stdio.h>
#include <stdlib.h>

#include "bench/commands.h"
#include "bench/commands/options.h"
#include "bench/commands/programs.h"
#include "bench/measure/disclose.h"
#include "bench/peers/python.h"
#include "bench/study/study.h"
#include "core/cli/cli.h"
#include "core/cli/interrupt.h"

static const char *const peer_names[] = {"pytorch", NULL};

static const struct c4_option options[] = {
    {.name = "data",
     .type = C4_OPTION_PATH,
     .value = "DIR",
     .help = "folder with CIFAR-10 and SVHN files, as for repro (default: built-in synthetic "
             "images)"},
    {.name = "scale",
     .type = C4_OPTION_STRING,
     .value = "NAME",
     .initial = "smoke",
     .help = "size of the study: smoke (half a minute on one core), quick (minutes) or paper"},
    {.name = "seeds",
     .type = C4_OPTION_STRING,
     .value = "LIST",
     .initial = "1",
     .help = "seeds, such as 1-3 or 1,4"},
    {.name = "backend",
     .type = C4_OPTION_STRING,
     .value = "NAME",
     .initial = "auto",
     .help = "the backend that does it, as for repro"},
    C4_BENCH_INTEGER("workers", "1", 1, 1024, "processes that train at the same time"),
    C4_BENCH_INTEGER("threads", "1", 1, 256, "OpenMP threads of each worker"),
    {.name = "peers",
     .type = C4_OPTION_CHOICES,
     .value = "PEER,...",
     .choices = peer_names,
     .implied = "pytorch",
     .help = "then also do the same study with other software, and compare its values"},
    C4_BENCH_PEERS_PYTHON,
    C4_BENCH_PEERS_PATIENCE("7200", 8640000, "how long a peer's study may take"),
    C4_BENCH_QUICK("seed 1 of smoke with few images and epochs: every kind of run, in seconds"),
    C4_BENCH_JSON,
    C4_BENCH_END,
};

static const char *const examples[] = {"conv4 bench study",
                                       "conv4 bench study --data ~/images --scale quick --peers",
                                       "conv4 bench study --seeds 1-2 --workers 2 --json", NULL};

static enum c4_status run_peer(const struct c4_args *args, struct c4_study_bench *bench) {
    struct c4_text python = {0};
    if (!c4_arg_given(args, "peers")) return C4_OK;
    C4_TRY(c4_peers_python(c4_arg_text(args, "peers-python"), &python));
    bench->peer.python = python.bytes;
    bench->peer.patience_seconds = c4_arg_real(args, "peers-patience");
    enum c4_status status = c4_study_bench_run_peer(bench);
    bench->peer.python = NULL;
    c4_text_free(&python);
    return status;
}

/* What is there of an interrupted peer is not printed: a study is whole, or nothing. */
static enum c4_status measure(const struct c4_args *args, struct c4_study_bench *bench,
                              json_t *object) {
    C4_TRY(c4_study_bench_run(bench));
    C4_TRY(run_peer(args, bench));
    c4_disclose_end(object, NULL);
    if (c4_arg_flag(args, "json")) {
        c4_study_bench_json(bench, object);
        c4_disclose_print(json_incref(object));
    } else {
        const json_t *cpu = json_object_get(json_object_get(object, "environment"), "cpu");
        const char *model = json_string_value(json_object_get(cpu, "model_name"));
        c4_study_bench_print(bench, model ? model : "an unknown CPU");
        c4_disclose_notes(object, stdout);
    }
    if (!bench->peer.asked) return C4_OK;
    return c4_peer_verdict("pytorch", bench->peer.state, c4_text_string(&bench->peer.reason));
}

static enum c4_status bench_study(const struct c4_args *args, struct c4_study_bench *bench) {
    char program[C4_PROGRAM_PATH_SIZE];
    json_t *object;
    bench->data = c4_arg_text(args, "data");
    bench->scale = c4_arg_text(args, "scale");
    bench->seeds = c4_arg_text(args, "seeds");
    bench->backend = c4_arg_text(args, "backend");
    bench->workers = (int)c4_arg_integer(args, "workers");
    bench->threads = (int)c4_arg_integer(args, "threads");
    bench->quick = c4_arg_flag(args, "quick");
    bench->program = program;
    if (bench->quick && (c4_arg_given(args, "scale") || c4_arg_given(args, "seeds")))
        return c4_fail(C4_ERR_USAGE, "--quick is a study of its own: leave out --scale and "
                                     "--seeds, or --quick");
    C4_TRY(c4_own_program(program));
    C4_TRY(c4_interrupt_catch());
    C4_TRY(c4_disclose("study", &object));
    enum c4_status status = measure(args, bench, object);
    json_decref(object);
    return status;
}

static int run(const struct c4_args *args) {
    struct c4_study_bench *bench = calloc(1, sizeof *bench);
    if (!bench) return c4_cli_exit(args, c4_fail(C4_ERR_MEMORY, "out of memory"));
    enum c4_status status = bench_study(args, bench);
    c4_study_bench_free(bench);
    free(bench);
    return c4_cli_exit(args, status);
}

const struct c4_command c4_bench_study = {
    .name = "study",
    .summary = "time a whole study, by kinds of work",
    .description =
        "Does a study in a temporary folder, by conv4 repro in a process of its own, and tells "
        "where its core seconds went: training, forward passes for accuracies and features, CKA "
        "with its references, checkpoints; the report with its figures; and the rest, such as "
        "starting and waiting. A study that fails ends with its own exit status and last "
        "sentence; the folder is always removed. --peers then does the same runs, with the same "
        "images, labels, orders, initial weights and measurements, in PyTorch, one process for "
        "each core, and compares all rows: a peer whose rows or values differ is void (exit "
        "status 7), one that cannot run here is absent (6), one that fails has failed (1).",
    .options = options,
    .examples = examples,
    .run = run,
};
