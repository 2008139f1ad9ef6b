/* conv4 plan: what a study would do, on this machine or another. */
#include <stdio.h>
#include <stdlib.h>

#include "core/base/utf8.h"
#include "core/cli/cli.h"
#include "core/cli/interrupt.h"
#include "core/cli/progress.h"
#include "core/file/json.h"
#include "repro/commands/engine.h"
#include "repro/commands/session.h"
#include "repro/commands/session_memory.h"

static const struct c4_option options[] = {
    C4_SESSION_OPTIONS,
    {.name = "topology",
     .type = C4_OPTION_STRING,
     .value = "TEXT",
     .help = "plan for another machine, given as an hwloc XML file or as \"pack:2 l3:4 core:8 "
             "pu:2\"; speed is measured on this one"},
    {.name = "scaling",
     .type = C4_OPTION_FLAG,
     .help = "print times for 1, 2, 4, ... workers instead of the list of runs"},
    C4_BACKEND_OPTIONS,
    C4_CHOICE_OPTIONS,
    {.name = "json", .type = C4_OPTION_FLAG, .help = "print one JSON object"},
    {.name = NULL},
};

static const char *const examples[] = {
    "conv4 plan --scale paper", "conv4 plan --scale paper --workers 64 --threads 1",
    "conv4 plan --scale paper --topology \"pack:2 [numa] l3:8 core:8 pu:2\" --scaling", NULL};

/* One invocation. */
struct planning {
    const struct c4_args *args;
    struct c4_session session;
    struct c4_speed speed;
    int places;
    double *seconds; /* of each run, as last predicted */
};

static enum c4_status watch(void *context) {
    (void)context;
    return c4_interrupted();
}

static void report(void *context, const char *sentence) {
    (void)context;
    c4_utf8_show(stderr, sentence);
    fputc('\n', stderr);
}

/* Sets plan->places: places on the machine of --topology, or else the workers of this one. */
static enum c4_status places_of(struct planning *plan) {
    const struct c4_args *args = plan->args;
    const char *source = c4_arg_text(args, "topology");
    struct c4_session *session = &plan->session;
    plan->places = session->workers;
    if (!source) return C4_OK;
    struct c4_topology topology;
    struct c4_placement placement;
    C4_TRY(c4_topology_load(source, &topology));
    struct c4_placement_policy policy = {.scope =
                                             session->threads > 1 ? C4_PLACE_L3 : C4_PLACE_CORE,
                                         .threads = session->threads,
                                         .max_places = (int)c4_arg_integer(args, "workers")};
    enum c4_status status = c4_placement_make(&topology, &policy, &placement);
    if (status == C4_OK) {
        plan->places = placement.places;
        c4_placement_free(&placement);
    }
    c4_topology_free(&topology);
    if (plan->places > session->schedule.count) plan->places = session->schedule.count;
    return status;
}

/* Measures the speed as the study will run: in all workers of this machine at the same time. */
static enum c4_status measure(struct planning *plan) {
    struct c4_coordinator *coordinator;
    struct c4_work work = c4_session_work(&plan->session, NULL);
    work.watch = watch;
    work.report = report;
    C4_TRY(c4_coordinator_open(&work, &coordinator));
    enum c4_status status = c4_coordinator_measure(coordinator, &plan->speed);
    c4_coordinator_close(coordinator);
    return status;
}

static enum c4_status forecast(struct planning *plan, int places, double *end, double *work) {
    const struct c4_session *session = &plan->session;
    const struct c4_schedule *schedule = &session->schedule;
    struct c4_forecast_slot *slot = calloc((size_t)schedule->count + 1, sizeof *slot);
    if (!slot) return c4_fail(C4_ERR_MEMORY, "out of memory for a plan");
    c4_forecast_runs(&session->runner, schedule, NULL, &plan->speed, plan->seconds);
    enum c4_status status = c4_forecast_make(schedule, plan->seconds, places, slot, end);
    *work = 0;
    for (int i = 0; i < schedule->count; i++) *work += plan->seconds[i];
    free(slot);
    return status;
}

static enum c4_status write_scaling(struct planning *plan) {
    double end = 0, work = 0;
    printf("%7s %12s %6s\n", "workers", "time", "busy");
    for (int places = 1; places <= plan->places;) {
        char duration[32];
        C4_TRY(forecast(plan, places, &end, &work));
        c4_progress_duration(duration, sizeof duration, (uint64_t)(end * 1e9));
        printf("%7d %12s %4.0f %%\n", places, duration, 100 * work / (end * places));
        if (places == plan->places) break;
        places = 2 * places < plan->places ? 2 * places : plan->places;
    }
    return C4_OK;
}

static enum c4_status write_json(struct planning *plan) {
    const struct c4_schedule *schedule = &plan->session.schedule;
    double end = 0, work = 0;
    json_t *runs = json_array();
    C4_TRY(forecast(plan, plan->places, &end, &work));
    for (int i = 0; i < schedule->count; i++)
        json_array_append_new(runs, json_pack("{s:s, s:o, s:s}", "run", schedule->run[i].key,
                                              "seconds", c4_json_real(plan->seconds[i]), "after",
                                              schedule->run[i].from));
    json_t *object =
        json_pack("{s:s, s:s, s:i, s:i, s:o, s:o, s:o, s:I, s:o}", "scale",
                  plan->session.scale.name, "backend", plan->session.runner.backend, "places",
                  plan->places, "threads", plan->session.threads, "images_per_s",
                  c4_json_real(1 / plan->speed.train_seconds), "seconds", c4_json_real(end), "busy",
                  c4_json_real(work / (end * plan->places)), "disk_bytes",
                  (json_int_t)c4_forecast_disk_bytes(&plan->session.runner, schedule, NULL,
                                                     c4_session_figures(&plan->session), 0),
                  "runs", runs);
    c4_json_set(&object, "memory", c4_session_memory_json(&plan->session, plan->places));
    return c4_json_print(stdout, object, "the plan");
}

static enum c4_status make_plan(struct planning *plan) {
    struct c4_session *session = &plan->session;
    double end = 0, work = 0;
    C4_TRY(c4_interrupt_catch());
    C4_TRY(c4_session_read(plan->args, c4_arg_text(plan->args, "out"), session));
    C4_TRY(places_of(plan));
    C4_TRY(c4_session_load(session));
    if (!c4_arg_text(plan->args, "topology")) plan->places = session->workers; /* memory's share */
    session->runner.folder = NULL; /* nothing is written */
    plan->seconds = calloc((size_t)session->schedule.count + 1, sizeof *plan->seconds);
    if (!plan->seconds) return c4_fail(C4_ERR_MEMORY, "out of memory for a plan");
    C4_TRY(measure(plan));
    if (c4_arg_flag(plan->args, "json")) return write_json(plan);
    if (session->taken.length)
        printf("Taken from the study in %s: %s.\n", c4_arg_text(plan->args, "out"),
               c4_text_string(&session->taken));
    printf("Scale %s, measured with ", session->scale.name);
    c4_session_describe(session, stdout);
    printf(": %.0f training images/s per worker.\n", 1 / plan->speed.train_seconds);
    C4_TRY(c4_session_write_memory(session, plan->places, stdout));
    if (c4_arg_flag(plan->args, "scaling")) return write_scaling(plan);
    C4_TRY(forecast(plan, plan->places, &end, &work));
    return c4_session_write_plan(session, plan->seconds, plan->places, stdout);
}

static int run(const struct c4_args *args) {
    struct planning *plan = calloc(1, sizeof *plan);
    if (!plan) return c4_cli_exit(args, c4_fail(C4_ERR_MEMORY, "out of memory"));
    plan->args = args;
    int code = c4_cli_exit(args, make_plan(plan));
    c4_session_free(&plan->session);
    free(plan->seconds);
    free(plan);
    return code;
}

const struct c4_command c4_cmd_plan = {
    .name = "plan",
    .summary = "predict time and disk of a study without running it",
    .description =
        "Lists the runs that the chosen figures need, each once, the run that each starts from, "
        "and when and where it would be done; measures the speed of this machine for a few "
        "seconds; and predicts the total time, the utilisation of the places, and disk usage. "
        "Options that are not given are taken from the study in --out, if there is one; conv4 "
        "repro --dry-run shows how much of it is already done.",
    .options = options,
    .examples = examples,
    .run = run,
};
