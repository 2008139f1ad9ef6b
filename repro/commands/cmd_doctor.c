/* conv4 doctor: what this machine and this build can do, and whether it computes the right bits. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "core/cli/cli.h"
#include "core/data/sets.h"
#include "core/file/json.h"
#include "core/host/environment.h"
#include "core/host/team.h"
#include "core/host/topology.h"
#include "core/net/selftest.h"
#include "core/report/gnuplot.h"
#include "core/similarity/similarity.h"
#include "repro/commands/doctor_memory.h"
#include "repro/commands/topology_drawing.h"
#include "repro/ranks/launch.h"
#include "simd/dispatch.h"

static const struct c4_option options[] = {
    {.name = "backend",
     .type = C4_OPTION_STRING,
     .value = "NAME",
     .initial = "auto",
     .help = "backend to describe, and to run with --selftest"},
    {.name = "selftest",
     .type = C4_OPTION_FLAG,
     .help = "compute the canonical hash, which must be the same on every machine; exit status 7 "
             "if it differs"},
    {.name = "topology",
     .type = C4_OPTION_FLAG,
     .help = "also draw packages, NUMA nodes, L3 domains and cores, and the places of each policy "
             "of --places, to which threads are bound for a moment and read back"},
    {.name = "json", .type = C4_OPTION_FLAG, .help = "print one JSON object"},
    {.name = NULL},
};

static const char *const examples[] = {"conv4 doctor", "conv4 doctor --topology",
                                       "conv4 doctor --selftest --backend ref", NULL};

enum { BACKENDS = 16 };

struct findings {
    struct c4_dispatch dispatch;
    const char *runnable[BACKENDS];
    int runnable_count;
    char features[64];
    json_t *environment, *memory;
    const char *gnuplot; /* what is missing, or NULL */
    const char *curl, *archive;
    struct c4_text plugin, mpi; /* the plug-in for several ranks; its MPI, or what is wrong */
    bool has_mpi;
    json_t *kernels; /* of the chosen backend's step, or NULL */
    bool tested;
    struct c4_selftest_hashes hashes;
    json_t *drawing; /* of the topology, or NULL */
};

/* Lists the kernels of a step of 32 images on one thread. */
static enum c4_status look_at_kernels(struct findings *f) {
    const struct c4_step_api *step = f->dispatch.backend.step;
    const struct c4_plan_config config = {.max_batch = 32, .threads = 1};
    struct c4_plan *plan;
    const char *text;
    if (!step->describe) return C4_OK;
    C4_TRY(step->create(&config, &plan));
    enum c4_status status = step->describe(plan, &text);
    if (status == C4_OK && !(f->kernels = c4_json_text_lines(text)))
        status = c4_fail(C4_ERR_MEMORY, "out of memory for the names of kernels");
    step->destroy(plan);
    return status;
}

static enum c4_status look_at_mpi(struct findings *f) {
    enum c4_status status = c4_launch_plugin(&f->plugin, &f->mpi);
    f->has_mpi = status == C4_OK;
    return status == C4_ERR_ENVIRONMENT ? c4_text_set(&f->mpi, c4_error()) : status;
}

static enum c4_status look_at_all(const struct c4_args *args, struct findings *f) {
    C4_TRY(c4_dispatch(c4_arg_text(args, "backend"), &f->dispatch));
    const struct c4_backend *table;
    for (int i = 0; c4_backend_name(i, NULL, NULL); i++) {
        const char *name = c4_backend_name(i, &table, NULL);
        if (table && f->runnable_count < BACKENDS) f->runnable[f->runnable_count++] = name;
    }
    C4_TRY(look_at_kernels(f));
    c4_dispatch_cpu(f->features, sizeof f->features);
    struct c4_topology topology;
    C4_TRY(c4_topology_load(NULL, &topology));
    const struct c4_environment_input input = {.topology = &topology,
                                               .cpu_features = f->features,
                                               .backend = f->runnable,
                                               .backends = f->runnable_count};
    enum c4_status status = c4_environment(&input, &f->environment);
    c4_topology_free(&topology);
    C4_TRY(status);
    C4_TRY(c4_doctor_memory(&f->dispatch, &f->memory));
    char path[4096];
    f->gnuplot = c4_gnuplot_find(path, sizeof path)
                     ? NULL
                     : "figures are written as tables and scripts only (install gnuplot-nox)";
#ifndef C4_HAVE_CURL
    f->curl = "data sets cannot be downloaded (install libcurl4-openssl-dev and build again)";
#endif
#ifndef C4_HAVE_ARCHIVE
    f->archive = "CIFAR-10's archive cannot be unpacked, and NPZ files cannot be read (install "
                 "libarchive-dev and build again)";
#endif
    C4_TRY(look_at_mpi(f));
    if (!c4_arg_flag(args, "selftest")) return C4_OK;
    if (!f->dispatch.backend.bit_exact)
        return c4_fail(C4_ERR_USAGE,
                       "backend '%s' is not bit-exact, so it has no canonical hash: choose "
                       "another, such as --backend ref",
                       f->dispatch.backend.name);
    f->tested = true;
    return c4_net_selftest(&f->dispatch.backend, c4_team_threads_default(), &f->hashes);
}

/* The drawing comes last: it binds threads. */
static enum c4_status look(const struct c4_args *args, struct findings *f) {
    C4_TRY(look_at_all(args, f));
    return c4_arg_flag(args, "topology") ? c4_topology_drawing_make(&f->drawing) : C4_OK;
}

static bool training_is_right(const struct findings *f) {
    return strcmp(f->hashes.training, c4_net_selftest_hashes.training) == 0;
}

static bool similarity_is_right(const struct findings *f) {
    return strcmp(f->hashes.similarity, c4_net_selftest_hashes.similarity) == 0;
}

static bool is_right(const struct findings *f) {
    return training_is_right(f) && similarity_is_right(f);
}

static json_t *as_json(const struct findings *f) {
    json_t *backends = json_object(), *origins = json_object();
    const struct c4_backend *table;
    const char *why;
    for (int i = 0; c4_backend_name(i, NULL, NULL); i++) {
        const char *name = c4_backend_name(i, &table, &why);
        c4_json_set(&backends, name, c4_json_text(table ? table->variant : why));
    }
    for (int slot = 0; slot < C4_SLOT_COUNT; slot++)
        c4_json_set(&origins, c4_slot_name((enum c4_op_slot)slot),
                    json_string(f->dispatch.slot_origin[slot]->name));
    json_t *object =
        json_pack("{s:s, s:i, s:i, s:o, s:s, s:s, s:o, s:O}", "conv4", C4_VERSION, "arithmetic",
                  C4_ARITHMETIC, "similarity_version", C4_SIMILARITY_VERSION, "backends", backends,
                  "backend", f->dispatch.backend.name, "step", f->dispatch.step_origin->name,
                  "slots", origins, "environment", f->environment);
    c4_json_set(&object, "memory", json_incref(f->memory));
    if (f->kernels) c4_json_set(&object, "kernels", json_incref(f->kernels));
    const char *cost = c4_dispatch_cost(&f->dispatch);
    if (cost) c4_json_set(&object, "cost", c4_json_text(cost));
    c4_json_set(&object, "mpi", f->has_mpi ? c4_json_text(c4_text_string(&f->mpi)) : json_null());
    if (f->drawing) c4_json_set(&object, "topology", json_incref(f->drawing));
    if (!f->tested) return object;
    c4_json_set(&object, "selftest_training", json_string(f->hashes.training));
    c4_json_set(&object, "selftest_similarity", json_string(f->hashes.similarity));
    c4_json_set(&object, "selftest_right", json_boolean(is_right(f)));
    return object;
}

static void print_unread(const struct c4_set *set) {
    const struct c4_format *format = c4_set_unread(set);
    if (format)
        printf("\n%s's %s files cannot be read (install %s and build again)\n", set->title,
               format->name, format->needs);
}

static enum c4_status print_text(const struct findings *f) {
    struct c4_text text = {0};
    enum c4_status status = c4_environment_add(f->environment, &text);
    if (status == C4_OK) printf("%s", c4_text_string(&text));
    c4_text_clear(&text);
    if (status == C4_OK && f->drawing) status = c4_topology_drawing_add(f->drawing, &text);
    if (status == C4_OK && f->drawing) printf("\n%s", c4_text_string(&text));
    c4_text_free(&text);
    C4_TRY(status);
    c4_doctor_print_memory(f->memory);
    printf("\nbackends, best first\n");
    const struct c4_backend *table;
    const char *why;
    for (int i = 0; c4_backend_name(i, NULL, NULL); i++) {
        const char *name = c4_backend_name(i, &table, &why);
        printf("  %-8s %s%s%s\n", name, table ? table->variant : "not available: ", why,
               table && table->bit_exact ? "; bit-exact" : "");
    }
    printf("\nchosen: %s (%s)\n  training step from %s\n", f->dispatch.backend.name,
           f->dispatch.backend.variant, f->dispatch.step_origin->name);
    for (int slot = 0; slot < C4_SLOT_COUNT; slot++)
        printf("  %-26s from %s\n", c4_slot_name((enum c4_op_slot)slot),
               f->dispatch.slot_origin[slot]->name);
    size_t i;
    json_t *line;
    if (f->kernels) printf("\nkernels of a step of 32 images\n");
    json_array_foreach(f->kernels, i, line) printf("  %s\n", json_string_value(line));
    const char *cost = c4_dispatch_cost(&f->dispatch);
    if (cost) printf("\n%s\n", cost);
    if (f->gnuplot) printf("\n%s\n", f->gnuplot);
    for (int set = 0; set < c4_set_count; set++) print_unread(&c4_sets[set]);
    if (f->curl) printf("\n%s\n", f->curl);
    if (f->archive) printf("\n%s\n", f->archive);
    if (f->has_mpi)
        printf("\nstudies over several MPI ranks: %s, by %s\n", c4_text_string(&f->mpi),
               c4_text_string(&f->plugin));
    else
        printf("\nno studies over several MPI ranks: %s\n", c4_text_string(&f->mpi));
    if (f->tested)
        printf("\nself-test of %s\n  training, arithmetic %d: %s, %s\n  similarity, version %d: "
               "%s, %s\n",
               f->dispatch.backend.name, C4_ARITHMETIC, f->hashes.training,
               training_is_right(f) ? "correct" : "wrong", C4_SIMILARITY_VERSION,
               f->hashes.similarity, similarity_is_right(f) ? "correct" : "wrong");
    else
        printf("\nto check its bits: conv4 doctor --selftest --backend %s\n",
               f->dispatch.backend.bit_exact ? f->dispatch.backend.name : "ref");
    return C4_OK;
}

static enum c4_status wrong(const struct findings *f) {
    bool training = !training_is_right(f);
    return c4_fail(C4_ERR_RESULT,
                   "the canonical hash of %s should be %s: this machine, compiler or build does "
                   "not compute as ARITHMETIC.md specifies; its results cannot be trusted",
                   training ? "training" : "similarity",
                   training ? c4_net_selftest_hashes.training : c4_net_selftest_hashes.similarity);
}

static int run(const struct c4_args *args) {
    struct findings findings = {0};
    enum c4_status status = look(args, &findings);
    if (status == C4_OK)
        status = c4_arg_flag(args, "json")
                     ? c4_json_print(stdout, as_json(&findings), "the findings")
                     : print_text(&findings);
    json_decref(findings.environment);
    json_decref(findings.memory);
    json_decref(findings.kernels);
    json_decref(findings.drawing);
    c4_text_free(&findings.plugin);
    c4_text_free(&findings.mpi);
    if (status == C4_OK && findings.tested && !is_right(&findings)) status = wrong(&findings);
    return c4_cli_exit(args, status);
}

const struct c4_command c4_cmd_doctor = {
    .name = "doctor",
    .summary = "what this machine and this build can do",
    .description = "Shows the machine, the backends that run here, the origin of each part of the "
                   "chosen one, what is missing, and how to install it.",
    .options = options,
    .examples = examples,
    .run = run,
};
