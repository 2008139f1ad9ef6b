/* conv4 plan: what a study would do, on this machine or another. */
#include <stdio.h>
#include <stdlib.h>

#include "core/base/utf8.h"
#include "core/cli/cli.h"
#include "core/cli/interrupt.h"
#include "core/cli/progress.h"
#include "core/file/json.h"
#include "repro/commands/lines.h"
#include "repro/commands/part.h"
#include "repro/commands/plan_memory.h"
#include "repro/commands/scaling.h"
#include "repro/ranks/launch.h"
#include "repro/session/engine.h"

static const struct c4_option options[] = {
    C4_SESSION_OPTIONS,
    C4_SELECTION_OPTIONS,
    {.name = "lines",
     .type = C4_OPTION_FLAG,
     .help =
         "instead of a plan print the study as commands, one for each group of runs that belong "
         "together, into folders of its own in --out; they may be started in any order and on "
         "any machines"},
    {.name = "topology",
     .type = C4_OPTION_STRING,
     .value = "TEXT",
     .help = "plan for another machine, given as an hwloc XML file or as \"pack:2 l3:4 core:8 "
             "pu:2\"; speed is measured on this one"},
    {.name = "nodes",
     .type = C4_OPTION_INTEGER,
     .value = "N",
     .initial = "1",
     .min = 1,
     .max = 1024,
     .help = "plan for N equal machines that share a study; --workers is for each of them, and no "
             "run trains on two"},
    {.name = "speed",
     .type = C4_OPTION_STRING,
     .value = "T,E,C,S",
     .help = "speed of one place instead of a measurement: images trained and images evaluated per "
             "second, seconds to prepare a network for CKA and to end a segment"},
    {.name = "scaling",
     .type = C4_OPTION_FLAG,
     .help = "instead of the list of runs print times for 1, 2, 4, ... places, what no order of "
             "runs can be faster than, what limits them (the work, runs that are too few, or the "
             "longest chain of them), and times if teams lose a fifth less or more than assumed"},
    C4_BACKEND_OPTIONS,
    C4_CHOICE_OPTIONS,
    {.name = "json", .type = C4_OPTION_FLAG, .help = "print one JSON object"},
    {.name = NULL},
};

static const char *const examples[] = {
    "conv4 plan --scale paper",
    "conv4 plan --scale paper --workers 64 --threads 1",
    "conv4 plan --scale paper --topology \"pack:2 [numa] l3:8 core:8 pu:2\" --scaling",
    "conv4 plan --topology \"pack:2 l3:8 core:8 pu:2\" --nodes 4 --scaling",
    "conv4 plan --scale paper --topology machine.xml --places l3,compact",
    "conv4 plan --scale paper --shard 1/4",
    "conv4 plan --lines --out parts --workers 1 --threads 1 | xargs -d '\\n' -P 4 -I{} sh -c '{}'",
    NULL};

/* One invocation. */
struct planning {
    const struct c4_args *args;
    struct c4_session session;
    struct c4_speed speed;
    struct c4_outlook outlook;
    double *seconds; /* of each run, at one place */
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

/* Sets plan->outlook: the places of --topology, or else this machine's; --nodes; --team-speeds. */
static enum c4_status look_ahead(struct planning *plan) {
    const struct c4_args *args = plan->args;
    const char *source = c4_arg_text(args, "topology");
    int nodes = (int)c4_arg_integer(args, "nodes");
    struct c4_outlook *outlook = &plan->outlook;
    struct c4_topology topology;
    C4_TRY(c4_outlook_make(&plan->session, outlook));
    if (!source && nodes == 1) return C4_OK;
    C4_TRY(c4_topology_load(source, &topology));
    enum c4_status status = c4_outlook_elsewhere(&plan->session, &topology, nodes, outlook);
    c4_topology_free(&topology);
    return status;
}

/* Reads --speed. */
static enum c4_status read_speed(const struct planning *plan, struct c4_speed *speed) {
    const struct c4_protocol *protocol = &plan->session.study.protocol;
    const char *text = c4_arg_text(plan->args, "speed"), *next = text;
    double value[4];
    for (int i = 0; i < 4; i++) {
        char *end;
        value[i] = strtod(next, &end);
        if (end == next || *end != (i < 3 ? ',' : '\0') || !(value[i] >= (i < 2 ? 1e-3 : 0)) ||
            value[i] > 1e9)
            return c4_fail(C4_ERR_USAGE,
                           "--speed takes four numbers, such as 2500,8000,0.1,0.03, not '%s'",
                           text);
        next = end + 1;
    }
    *speed =
        (struct c4_speed){.train_seconds = 1 / value[0],
                          .evaluate_seconds = 1 / value[1],
                          .cka_seconds = value[2],
                          .cka_flops = c4_forecast_prepare_flops(protocol, protocol->cka_images),
                          .segment_seconds = value[3]};
    return C4_OK;
}

/* Measures the speed as the study will run: in all workers of this machine at the same time. */
static enum c4_status measure(struct planning *plan) {
    struct c4_coordinator *coordinator;
    struct c4_work work = c4_session_work(&plan->session, NULL);
    work.watch = watch;
    work.report = report;
    C4_TRY(c4_coordinator_open(&work, &coordinator));
    struct c4_team_speeds teams;
    c4_session_see_places(&plan->session, coordinator);
    enum c4_status status = c4_coordinator_measure(coordinator, &plan->speed, &teams);
    c4_coordinator_close(coordinator);
    if (status == C4_OK) c4_outlook_measured(&plan->outlook, &teams);
    return status;
}

/* Where and when each run is done. */
static json_t *runs_json(const struct planning *plan, const struct c4_simulation *simulation) {
    const struct c4_schedule *schedule = &plan->session.schedule;
    json_t *runs = json_array();
    for (int i = 0; i < schedule->count; i++) {
        json_t *stays = json_array();
        for (int s = 0; s < simulation->stays; s++) {
            const struct c4_stay *stay = &simulation->stay[s];
            if (stay->run == i)
                json_array_append_new(stays, json_pack("{s:i, s:i, s:o, s:o}", "place", stay->first,
                                                       "places", stay->count, "begin_seconds",
                                                       c4_json_real(stay->begin), "end_seconds",
                                                       c4_json_real(stay->end)));
        }
        json_array_append_new(runs, json_pack("{s:s, s:o, s:s, s:o}", "run", schedule->run[i].key,
                                              "seconds", c4_json_real(plan->seconds[i]), "after",
                                              schedule->run[i].from, "stays", stays));
    }
    return runs;
}

static json_t *teams_json(const struct c4_outlook *outlook) {
    static const char *const sources[] = {"assumed", "given", "measured"};
    json_t *speeds = json_array();
    for (int k = 0; k < C4_TEAM_SIZES && 1 << k <= outlook->widest; k++)
        json_array_append_new(speeds, c4_json_real(outlook->speeds.of_ideal[k]));
    return json_pack("{s:i, s:o, s:s}", "widest", outlook->widest, "of_ideal", speeds, "source",
                     sources[outlook->source]);
}

static enum c4_status write_json(const struct planning *plan) {
    const struct c4_session *session = &plan->session;
    const struct c4_outlook *outlook = &plan->outlook;
    struct c4_simulation simulation;
    C4_TRY(
        c4_outlook_simulate(outlook, session, NULL, plan->seconds, outlook->places, &simulation));
    json_t *object = json_pack(
        "{s:s, s:s, s:i, s:i, s:i, s:i, s:o, s:o, s:o, s:o, s:s, s:o, s:I, s:o}", "scale",
        session->scale.name, "backend", session->runner.backend, "places", outlook->places,
        "machines", outlook->machines, "threads", outlook->threads, "bound", session->bound,
        "teams", teams_json(outlook), "images_per_s", c4_json_real(1 / plan->speed.train_seconds),
        "seconds", c4_json_real(simulation.makespan), "bound_seconds",
        c4_json_real(simulation.bound), "limit", c4_outlook_limit(&simulation), "busy",
        c4_json_real(simulation.busy), "disk_bytes",
        (json_int_t)c4_forecast_disk_bytes(&session->runner, &session->schedule, NULL,
                                           c4_session_figures(session), 0),
        "runs", runs_json(plan, &simulation));
    c4_simulation_free(&simulation);
    if (session->shared.bytes > 0)
        c4_json_set(&object, "memory", c4_plan_memory_json(outlook, session));
    struct c4_traffic traffic;
    if (c4_outlook_traffic(outlook, session, &plan->speed, &traffic))
        c4_json_set(&object, "traffic",
                    json_pack("{s:o, s:o, s:i}", "place_bytes_per_s",
                              c4_json_real(traffic.place_bytes_per_s), "node_bytes_per_s",
                              c4_json_real(traffic.node_bytes_per_s), "node_places",
                              traffic.node_places));
    c4_part_json(session, &object);
    if (c4_arg_flag(plan->args, "scaling")) {
        json_t *list = json_array();
        enum c4_status status = c4_scaling_json(outlook, session, plan->seconds, list);
        json_object_set_new(object, "scaling", list);
        if (status != C4_OK) json_decref(object);
        C4_TRY(status);
    }
    return c4_json_print(stdout, object, "the plan");
}

static enum c4_status make_plan(struct planning *plan) {
    struct c4_session *session = &plan->session;
    C4_TRY(c4_interrupt_catch());
    if (c4_arg_flag(plan->args, "lines")) return c4_lines_write(plan->args, session, stdout);
    bool elsewhere = c4_arg_given(plan->args, "topology");
    C4_TRY(c4_session_read(plan->args, c4_arg_text(plan->args, "out"),
                           elsewhere ? NULL : c4_arg_text(plan->args, "places"), NULL, session));
    if (session->schedule.count == 0)
        return c4_part_say_empty(session, c4_arg_flag(plan->args, "json"), stdout);
    if (!c4_arg_text(plan->args, "speed")) C4_TRY(c4_session_load(session));
    C4_TRY(look_ahead(plan));
    session->runner.folder = NULL; /* nothing is written */
    plan->seconds = calloc((size_t)session->schedule.count + 1, sizeof *plan->seconds);
    if (!plan->seconds) return c4_fail(C4_ERR_MEMORY, "out of memory for a plan");
    if (c4_arg_text(plan->args, "speed")) {
        C4_TRY(read_speed(plan, &plan->speed));
    } else {
        C4_TRY(measure(plan));
    }
    c4_forecast_runs(&session->runner, &session->schedule, NULL, &plan->speed, plan->seconds);
    if (c4_arg_flag(plan->args, "json")) return write_json(plan);
    if (session->taken.length)
        printf("Taken from the study in %s: %s.\n", c4_arg_text(plan->args, "out"),
               c4_text_string(&session->taken));
    c4_part_say(session, stdout);
    printf("Scale %s, ", session->scale.name);
    if (c4_arg_text(plan->args, "speed")) {
        printf("at a given speed");
    } else {
        printf("measured with ");
        c4_session_describe(session, stdout);
    }
    printf(": %.0f training images/s per worker.\n", 1 / plan->speed.train_seconds);
    if (session->shared.bytes > 0) C4_TRY(c4_plan_memory_write(&plan->outlook, session, stdout));
    struct c4_traffic traffic;
    if (c4_outlook_traffic(&plan->outlook, session, &plan->speed, &traffic))
        printf("Memory traffic while all train, beyond L2 caches: %.1f GB/s for a place, %.0f GB/s "
               "for a NUMA node with %d of them.\n",
               traffic.place_bytes_per_s / 1e9, traffic.node_bytes_per_s / 1e9,
               traffic.node_places);
    if (c4_arg_flag(plan->args, "scaling"))
        return c4_scaling_write(&plan->outlook, session, plan->seconds, stdout);
    return c4_outlook_write(&plan->outlook, session, NULL, plan->seconds, stdout);
}

static int run(const struct c4_args *args) {
    struct c4_launch launch;
    c4_launch_read(&launch);
    if (launch.rank > 0) return 0; /* rank 0 says it all */
    struct planning *plan = calloc(1, sizeof *plan);
    if (!plan) return c4_cli_exit(args, c4_fail(C4_ERR_MEMORY, "out of memory"));
    plan->args = args;
    int code = c4_cli_exit(args, make_plan(plan));
    c4_outlook_free(&plan->outlook);
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
        "When fewer runs than places are left, several places train one network together. "
        "Options that are not given are taken from the study in --out, if there is one; conv4 "
        "repro --dry-run shows how much of it is already done.",
    .options = options,
    .examples = examples,
    .run = run,
};
