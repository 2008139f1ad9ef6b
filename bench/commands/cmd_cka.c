/* conv4 bench cka: time of CKA, layer by layer. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/cka/cka.h"
#include "bench/cka/files.h"
#include "bench/commands.h"
#include "bench/commands/options.h"
#include "bench/commands/programs.h"
#include "bench/commands/team.h"
#include "bench/measure/backends.h"
#include "bench/measure/disclose.h"
#include "bench/peers/python.h"
#include "core/cli/cli.h"
#include "core/cli/interrupt.h"
#include "core/cli/progress.h"
#include "core/host/clock.h"

static const char *const examples_of_cka[] = {"500", "1000", "2000", "5000", NULL};
static const char *const layers[] = {"pool1", "pool2", "pool3", "pool4", "logits", "product", NULL};
enum { FEW_EXAMPLES = 1000, SAMPLES_OF_MANY = 3, THREADS_MOST = 1024 };

static const struct c4_option options[] = {
    {.name = "examples",
     .type = C4_OPTION_CHOICES,
     .value = "N,...",
     .initial = "500,1000,2000,5000",
     .choices = examples_of_cka,
     .help = "how many examples are compared"},
    {.name = "layers",
     .type = C4_OPTION_CHOICES,
     .value = "LAYER,...",
     .initial = "pool1,pool2,pool3,pool4,logits,product",
     .choices = layers,
     .help = "which layers; product: only the product X X' of 16,384 features, in float"},
    C4_BENCH_BACKEND,
    {.name = "threads",
     .type = C4_OPTION_STRING,
     .value = "N,...",
     .initial = "1,all",
     .help = "numbers of OpenMP threads; all: one for each core; without the option "
             "OMP_NUM_THREADS, if it is set"},
    C4_BENCH_NO_PIN,
    C4_BENCH_SAMPLES("9", 1,
                     "samples of each benchmark, taken in turn; by default 3 of more than 1,000 "
                     "examples"),
    {.name = "from-files",
     .type = C4_OPTION_FLAG,
     .help = "time whole processes in their place, from two NPY files to a value: conv4 cka, and "
             "scripts of peers"},
    {.name = "peers",
     .type = C4_OPTION_CHOICES,
     .value = "PEER,...",
     .choices = c4_cka_peer_names,
     .implied = c4_cka_peer_all,
     .help = "also time other software on the same features, each in a separate process; without a "
             "value: all that are installed"},
    C4_BENCH_PEERS_PYTHON,
    C4_BENCH_PEERS_PATIENCE("600", 86400, "how long a peer may take to answer"),
    C4_BENCH_QUICK("500 examples only"),
    C4_BENCH_LIST,
    C4_BENCH_DRY_RUN,
    C4_BENCH_JSON,
    C4_BENCH_END,
};

static const char *const examples[] = {
    "conv4 bench cka --quick", "conv4 bench cka --examples 5000 --layers pool3,pool4 --threads 1",
    "conv4 bench cka --backend auto --peers=numpy,pytorch",
    "conv4 bench cka --from-files --examples 500 --backend auto --peers", NULL};

/* --- what is asked for --- */

static enum c4_status add_count(const char *word, size_t length, int *counts, int *count) {
    char *end;
    long threads = strtol(word, &end, 10);
    if (length == 3 && strncmp(word, "all", 3) == 0)
        threads = c4_team_threads_default();
    else if (end != word + length || length == 0 || word[0] < '1' || word[0] > '9' ||
             threads > THREADS_MOST)
        return c4_fail(C4_ERR_USAGE,
                       "--threads: '%.*s' is not a number from 1 to %d or all; several are "
                       "separated by commas",
                       (int)length, word, THREADS_MOST);
    int at = 0;
    while (at < *count && counts[at] < threads) at++;
    if (at < *count && counts[at] == threads) return C4_OK;
    if (*count == C4_CKA_TEAMS)
        return c4_fail(C4_ERR_USAGE, "--threads: more than %d numbers", C4_CKA_TEAMS);
    memmove(&counts[at + 1], &counts[at], (size_t)(*count - at) * sizeof *counts);
    counts[at] = (int)threads;
    ++*count;
    return C4_OK;
}

/* Ascending, each once. */
static enum c4_status read_threads(const char *list, int counts[C4_CKA_TEAMS], int *count) {
    *count = 0;
    for (const char *word = list;; word++) {
        size_t length = strcspn(word, ",");
        C4_TRY(add_count(word, length, counts, count));
        word += length;
        if (!*word) return C4_OK;
    }
}

static enum c4_status add_layers(const struct c4_args *args, struct c4_cka_group group,
                                 const struct c4_backend *const *backends, int count,
                                 struct c4_cka_bench *bench) {
    const bool files = c4_arg_flag(args, "from-files");
    for (group.layer = 0; group.layer < C4_LAYERS; group.layer++) {
        group.subject = files ? C4_CKA_FILES : C4_CKA_VALUE;
        if (c4_arg_includes(args, "layers", c4_layer_name[group.layer]))
            C4_TRY(c4_cka_bench_add(bench, &group, backends, count));
    }
    group.subject = C4_CKA_PRODUCT;
    if (!files && c4_arg_includes(args, "layers", c4_cka_product_name))
        return c4_cka_bench_add(bench, &group, backends, count);
    return C4_OK;
}

static enum c4_status add_rows(const struct c4_args *args, struct c4_cka_bench *bench) {
    const struct c4_backend *backends[C4_BENCH_BACKENDS];
    int count, threads[C4_CKA_TEAMS], threads_count;
    C4_TRY(c4_bench_backends(c4_arg_text(args, "backend"), backends, &count));
    int one;
    C4_TRY(c4_bench_openmp_threads(args, &one));
    if (one)
        threads[0] = one, threads_count = 1;
    else
        C4_TRY(read_threads(c4_arg_text(args, "threads"), threads, &threads_count));
    for (int t = 0; t < threads_count; t++)
        for (int i = 0; examples_of_cka[i]; i++) {
            if (c4_arg_flag(args, "quick") && i > 0) break;
            if (!c4_arg_includes(args, "examples", examples_of_cka[i])) continue;
            struct c4_cka_group group = {.n = (size_t)strtoul(examples_of_cka[i], NULL, 10),
                                         .threads = threads[t],
                                         .samples = (int)c4_arg_integer(args, "samples")};
            if (!c4_arg_given(args, "samples") && group.n > FEW_EXAMPLES)
                group.samples = SAMPLES_OF_MANY;
            C4_TRY(add_layers(args, group, backends, count, bench));
        }
    if (bench->count > 0) return C4_OK;
    return c4_fail(
        C4_ERR_USAGE,
        c4_arg_flag(args, "quick")
            ? "no benchmark is left: --quick runs only 500 examples, which --examples leaves out"
            : "no benchmark is left: this backend has no Gram slot of its "
              "own, or --from-files has no product; choose another");
}

/* --- measuring --- */

/* Progress counts MFLOP, to which the time is proportional. */
static void tick(void *context, double flops_done) {
    c4_progress_update(context, (uint64_t)(flops_done * 1e-6), (uint64_t)c4_clock_ns());
}

static enum c4_status run_rows(const struct c4_args *args, struct c4_cka_bench *bench,
                               struct c4_progress *progress) {
    struct c4_dispatch reference;
    char program[C4_PROGRAM_PATH_SIZE];
    C4_TRY(c4_dispatch("ref", &reference));
    if (!c4_arg_flag(args, "from-files"))
        return c4_cka_bench_run(bench, &reference.backend, tick, progress);
    C4_TRY(c4_own_program(program));
    return c4_cka_files_run(bench, program, tick, progress);
}

static void add_json(const struct c4_cka_bench *bench, json_t *object) {
    json_t *peaks = json_array();
    for (int i = 0; i < bench->peak_count; i++)
        if (bench->peaks[i].count) json_array_append_new(peaks, c4_peak_json(&bench->peaks[i]));
    json_object_set_new(object, "threads", json_integer(bench->threads));
    if (json_array_size(peaks)) json_object_set(object, "peak", json_array_get(peaks, 0));
    json_object_set_new(object, "peaks", peaks);
    json_object_set_new(object, "rows", c4_cka_bench_json(bench));
}

static enum c4_status measure(const struct c4_args *args, struct c4_cka_bench *bench,
                              json_t *object) {
    struct c4_progress progress;
    c4_progress_start(&progress, stderr, c4_progress_style_of(stderr, false), "bench cka", "MFLOP",
                      0, (uint64_t)(c4_cka_bench_flops(bench) * 1e-6), (uint64_t)c4_clock_ns());
    enum c4_status status = run_rows(args, bench, &progress);
    c4_progress_hide(&progress);
    if (status != C4_OK && status != C4_ERR_RESULT && !c4_is_partial(status)) return status;
    c4_disclose_partial(object, status);
    c4_disclose_end(object, bench->has_team ? &bench->team : NULL);
    if (c4_arg_flag(args, "json")) {
        add_json(bench, object);
        c4_disclose_print(json_incref(object));
    } else {
        if (c4_is_partial(status)) printf("Partial: interrupted before all samples were taken.\n");
        c4_cka_bench_print(bench);
        c4_disclose_notes(object, stdout);
    }
    C4_TRY(status);
    /* Peers that were named are all required; with --peers alone, one is enough. */
    const char *list = c4_arg_text(args, "peers");
    return c4_cka_bench_verdict(bench, list && strcmp(list, c4_cka_peer_all) != 0);
}

static enum c4_status time_rows(const struct c4_args *args, struct c4_cka_bench *bench) {
    json_t *object;
    bench->pinning = c4_bench_pinning(args);
    C4_TRY(c4_disclose("cka", &object));
    enum c4_status status = measure(args, bench, object);
    json_decref(object);
    return status;
}

static enum c4_status dry_run(const struct c4_args *args, const struct c4_cka_bench *bench) {
    double seconds;
    int fewest = bench->rows[0].group.samples, most = fewest;
    for (int i = 1; i < bench->count; i++) {
        const int samples = bench->rows[i].group.samples;
        fewest = samples < fewest ? samples : fewest;
        most = samples > most ? samples : most;
    }
    C4_TRY(c4_cka_bench_predict(bench, &seconds));
    printf("%d benchmarks, ", bench->count);
    if (fewest < most) printf("%d to ", fewest);
    printf("%d samples each, about %.0f s%s\n", most, seconds,
           c4_arg_given(args, "peers") ? ", peers not counted" : "");
    return C4_OK;
}

static enum c4_status bench_cka(const struct c4_args *args, struct c4_cka_bench *bench,
                                struct c4_text *python) {
    bench->sample_seconds = 0.02;
    for (int i = 0; c4_arg_given(args, "peers") && i < C4_CKA_PEERS; i++)
        bench->peers.wanted[i] = c4_arg_includes(args, "peers", c4_cka_peer_names[i]);
    C4_TRY(c4_peers_python(c4_arg_text(args, "peers-python"), python));
    bench->peers.python = python->bytes;
    bench->peers.patience_seconds = c4_arg_real(args, "peers-patience");
    C4_TRY(c4_interrupt_catch());
    C4_TRY(add_rows(args, bench));
    if (c4_arg_flag(args, "list")) {
        for (int i = 0; i < bench->count; i++) puts(bench->rows[i].name);
        return C4_OK;
    }
    return c4_arg_flag(args, "dry-run") ? dry_run(args, bench) : time_rows(args, bench);
}

static int run(const struct c4_args *args) {
    struct c4_text python = {0};
    struct c4_cka_bench *bench = calloc(1, sizeof *bench);
    if (!bench) return c4_cli_exit(args, c4_fail(C4_ERR_MEMORY, "out of memory"));
    enum c4_status status = bench_cka(args, bench, &python);
    c4_cka_bench_free(bench);
    c4_text_free(&python);
    free(bench);
    return c4_cli_exit(args, status);
}

const struct c4_command c4_bench_cka = {
    .name = "cka",
    .summary = "time CKA, layer by layer",
    .description =
        "Computes biased and debiased CKA of two sides of random features of each layer's size, in "
        "the form (Gram or feature) that needs fewer operations, and times the whole, one side "
        "with its product, packing and the rest, and the comparison with a side that is prepared, "
        "as a study does after each epoch. Before timing, each backend's CKA of some of the "
        "examples is checked against backend ref; a row that differs is void, and the exit status "
        "is 7. Peers are NumPy, PyTorch and ckatorch, on the same features and cores; one whose "
        "values differ is void (7), one that is absent or fails has a row that says why (exit "
        "status 6 if an absent peer was named or all are absent, 1 if one failed). 5000 examples "
        "of pool1 take 2 GB of memory and, without a fast backend, minutes: see --dry-run.",
    .options = options,
    .examples = examples,
    .run = run,
};
