/* conv4 bench scale: how this machine scales. */
#include <stdio.h>
#include <stdlib.h>

#include "bench/commands.h"
#include "bench/commands/options.h"
#include "bench/commands/programs.h"
#include "bench/measure/disclose.h"
#include "bench/results/pictures.h"
#include "bench/scale/roofs.h"
#include "bench/scale/scale.h"
#include "core/cli/cli.h"
#include "core/cli/interrupt.h"
#include "core/file/file.h"
#include "core/file/json.h"
#include "core/host/team.h"
#include "simd/dispatch.h"

static const struct c4_option options[] = {
    {.name = "backend",
     .type = C4_OPTION_STRING,
     .value = "NAME",
     .initial = "auto",
     .help = "the backend that trains, as for train"},
    C4_BENCH_BATCH("images of a training step"),
    C4_BENCH_INTEGER("max-workers", "0", 0, 65536,
                     "the most workers, and threads of all teams together (0: as many as there are "
                     "cores that this process may use)"),
    C4_BENCH_INTEGER("threads", "8", 1, 1024, "the widest team; 1: no teams"),
    {.name = "samples",
     .type = C4_OPTION_INTEGER,
     .value = "N",
     .initial = "9",
     .min = 1,
     .max = C4_SCALE_ROUNDS,
     .help = "rounds: windows of each row, taken in turn; intervals need 6"},
    {.name = "seconds",
     .type = C4_OPTION_REAL,
     .value = "SECONDS",
     .initial = "0.6",
     .min = 0.05,
     .max = 60,
     .help = "a window: how long the images of all workers are counted"},
    C4_BENCH_FLAG("no-plan", "do not ask conv4 plan what it predicts"),
    C4_BENCH_QUICK("three rounds of short windows: for seeing that it works, not for figures"),
    C4_BENCH_JSON,
    {.name = "out",
     .type = C4_OPTION_PATH,
     .value = "FILE",
     .help = "also write that JSON object to this new file"},
    {.name = "plot",
     .type = C4_OPTION_PATH,
     .value = "DIR",
     .help =
         "also draw the gains: CSV, gnuplot script, SVG, PNG and PDF in this folder, made if it "
         "is missing"},
    {.name = "roofs",
     .type = C4_OPTION_INTEGER,
     .value = "N",
     .min = 1,
     .max = 65536,
     .help = "only the peak and the triad of N threads, as JSON",
     .hidden = true},
    C4_BENCH_END,
};

static const char *const examples[] = {
    "conv4 bench scale", "conv4 bench scale --out scale.json --plot scale",
    "conv4 bench scale --max-workers 16 --threads 4 --samples 15 --seconds 2", NULL};

static enum c4_status measure_roofs(const struct c4_args *args) {
    json_t *object;
    C4_TRY(c4_roofs_measure((int)c4_arg_integer(args, "roofs"), c4_arg_real(args, "seconds"),
                            &object));
    return c4_json_print(stdout, object, "the peak");
}

/* Nothing that was measured before is overwritten, and nothing is measured that cannot be kept. */
static enum c4_status check_files(const struct c4_args *args) {
    const char *out = c4_arg_text(args, "out"), *plot = c4_arg_text(args, "plot");
    if (out && c4_path_exists(out))
        return c4_fail(C4_ERR_USAGE, "--out %s: it exists; name a new file, or remove that one",
                       out);
    if (out) C4_TRY(c4_file_probe(out, 0));
    return plot ? c4_dir_probe(plot) : C4_OK;
}

/* The cores that a user of this process may fill: a quota of 3.5 CPUs gives 4. */
static int cores_of(const struct c4_args *args) {
    int cores = c4_team_threads_default(), most = (int)c4_arg_integer(args, "max-workers");
    return most > 0 && most < cores ? most : cores;
}

static enum c4_status prepare(const struct c4_args *args, struct c4_scale_bench *bench) {
    struct c4_topology topology;
    const bool quick = c4_arg_flag(args, "quick");
    bench->batch = (int)c4_arg_integer(args, "batch");
    bench->rounds =
        quick && !c4_arg_given(args, "samples") ? 3 : (int)c4_arg_integer(args, "samples");
    bench->seconds = quick && !c4_arg_given(args, "seconds") ? 0.2 : c4_arg_real(args, "seconds");
    bench->plans = !c4_arg_flag(args, "no-plan");
    C4_TRY(c4_topology_load(NULL, &topology));
    enum c4_status status = c4_scale_shapes_make(
        &topology, cores_of(args), (int)c4_arg_integer(args, "threads"), &bench->shapes);
    c4_topology_free(&topology);
    C4_TRY(status);
    return c4_scale_bench_start(bench);
}

/* What c4_tick() needs to know. */
struct ticking {
    struct c4_ticker ticker;
    int of;
};

static void tick(void *context, int done) {
    struct ticking *ticking = context;
    c4_tick(&ticking->ticker, done, ticking->of);
}

static enum c4_status measure(struct c4_scale_bench *bench) {
    struct ticking ticking = {.ticker = {.label = "bench scale", .unit = "measurements"},
                              .of = c4_scale_bench_count(bench)};
    char time[32];
    c4_progress_duration(time, sizeof time, (uint64_t)(c4_scale_bench_seconds(bench) * 1e9));
    fprintf(stderr, "bench scale: %d rows in %d rounds, about %s (minutes and seconds)\n",
            bench->shapes.count, bench->rounds, time);
    bench->tick = tick;
    bench->context = &ticking;
    tick(&ticking, 0);
    enum c4_status status = c4_scale_bench_run(bench);
    c4_progress_hide(&ticking.ticker.progress);
    return status;
}

static enum c4_status plot(const char *folder, const json_t *object) {
    struct c4_pictures *pictures = calloc(1, sizeof *pictures);
    if (!pictures) return c4_fail(C4_ERR_MEMORY, "out of memory for a picture");
    pictures->folder = folder;
    enum c4_status status = c4_picture_scale(pictures, object);
    if (status == C4_OK && pictures->note[0]) fprintf(stderr, "%s\n", pictures->note);
    free(pictures);
    return status;
}

static enum c4_status report(const struct c4_args *args, const struct c4_scale_bench *bench,
                             json_t *object) {
    const char *out = c4_arg_text(args, "out"), *folder = c4_arg_text(args, "plot");
    C4_TRY(c4_scale_bench_json(bench, object));
    if (c4_arg_flag(args, "json")) {
        c4_disclose_print(json_incref(object));
    } else {
        C4_TRY(c4_scale_bench_print(bench));
        c4_disclose_notes(object, stdout);
    }
    if (out) C4_TRY(c4_json_save(out, object));
    return folder ? plot(folder, object) : C4_OK;
}

/* What was measured is reported whatever happened meanwhile. */
static enum c4_status bench_scale(const struct c4_args *args, struct c4_scale_bench *bench) {
    char program[C4_PROGRAM_PATH_SIZE];
    struct c4_dispatch dispatch;
    json_t *object;
    C4_TRY(c4_dispatch(c4_arg_text(args, "backend"), &dispatch));
    bench->backend = dispatch.backend.name;
    bench->program = program;
    C4_TRY(c4_own_program(program));
    C4_TRY(check_files(args));
    C4_TRY(c4_interrupt_catch());
    C4_TRY(prepare(args, bench));
    C4_TRY(c4_disclose("scale", &object));
    enum c4_status status = measure(bench);
    c4_disclose_end(object, NULL);
    c4_disclose_partial(object, status);
    if (c4_is_partial(status) && !c4_arg_flag(args, "json"))
        printf("Partial: interrupted before all rounds were done.\n");
    if (status == C4_OK || status == C4_ERR_FAILED || c4_is_partial(status)) {
        struct c4_text sentence = {0};
        enum c4_status kept = c4_text_set(&sentence, c4_error());
        if (kept == C4_OK) kept = report(args, bench, object);
        if (kept != C4_OK)
            status = kept;
        else if (status != C4_OK)
            c4_fail(status, "%s", sentence.bytes);
        c4_text_free(&sentence);
    }
    json_decref(object);
    return status;
}

static int run(const struct c4_args *args) {
    if (c4_arg_given(args, "roofs")) return c4_cli_exit(args, measure_roofs(args));
    struct c4_scale_bench *bench = calloc(1, sizeof *bench);
    if (!bench) return c4_cli_exit(args, c4_fail(C4_ERR_MEMORY, "out of memory"));
    enum c4_status status = bench_scale(args, bench);
    c4_scale_bench_free(bench);
    free(bench);
    return c4_cli_exit(args, status);
}

const struct c4_command c4_bench_scale = {
    .name = "scale",
    .summary = "measure how training scales over the cores of this machine",
    .description =
        "Trains on built-in images with conv4 train in 1, 2, 4, ... processes of one thread, up to "
        "one for each core that this process may use, then in a team of 2, 4, ... threads within "
        "an L3 cache, and in as many teams as fit; SMT siblings stay idle. Each process is "
        "confined to its PUs before it starts, and where its threads were is read back in each "
        "window. Round by round, in new processes, the images of all are counted within a common "
        "window; beside them stand the FMA peak and the memory's bandwidth (triad) of as many "
        "threads in the same places, and the images/s that conv4 plan predicts for as many "
        "workers. Gains are estimated from the rounds' ratios, with 95 % intervals from 6 rounds "
        "on. A "
        "process that dies makes its row void (exit status 1). A signal ends all processes; what "
        "was measured is shown, as a part.",
    .options = options,
    .examples = examples,
    .run = run,
};
