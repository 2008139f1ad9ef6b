#include "repro/commands/outlook.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/cli/progress.h"

/* Until a machine's own are measured. */
static const struct c4_team_speeds assumed = {{1, .95, .88, .75}};

/* Counts the places of each NUMA node. */
static enum c4_status count_nodes(const struct c4_topology *topology,
                                  const struct c4_placement *placement, int places,
                                  struct c4_outlook *outlook) {
    free(outlook->node);
    outlook->nodes = 0;
    outlook->machine_nodes = topology->nodes;
    outlook->machine_bytes = topology->memory_bytes;
    outlook->node = calloc((size_t)topology->nodes + 1, sizeof *outlook->node);
    if (!outlook->node) return c4_fail(C4_ERR_MEMORY, "out of memory for NUMA nodes");
    for (int n = 0; n < topology->nodes; n++) {
        struct c4_outlook_node node = {.os_index = topology->node[n].os_index,
                                       .memory_bytes = topology->node[n].memory_bytes};
        for (int i = 0; i < places; i++) node.places += placement->place[i].node == n;
        if (node.places > 0) outlook->node[outlook->nodes++] = node;
    }
    return C4_OK;
}

static enum c4_status add_machine(const struct c4_topology *topology,
                                  const struct c4_placement *placement, int places,
                                  struct c4_outlook *outlook) {
    int total = outlook->places + places;
    struct c4_sched_place *place =
        realloc(outlook->place, (size_t)(total > 0 ? total : 1) * sizeof *place);
    if (!place) return c4_fail(C4_ERR_MEMORY, "out of memory for %d places", total);
    outlook->place = place;
    c4_places_fill(topology, placement, outlook->machines, places, place + outlook->places);
    outlook->places = total;
    if (outlook->machines == 0 && placement)
        C4_TRY(count_nodes(topology, placement, places, outlook));
    outlook->machines++;
    return C4_OK;
}

enum c4_status c4_outlook_make(const struct c4_session *session, struct c4_outlook *outlook) {
    *outlook = (struct c4_outlook){
        .widest = session->widest, .threads = session->threads, .speeds = assumed};
    if (session->speeds.of_ideal[0] > 0) {
        outlook->speeds = session->speeds;
        outlook->source = C4_TEAM_GIVEN;
    }
    return add_machine(&session->topology,
                       session->placement.places > 0 ? &session->placement : NULL, session->workers,
                       outlook);
}

void c4_outlook_measured(struct c4_outlook *outlook, const struct c4_team_speeds *speeds) {
    if (outlook->source == C4_TEAM_GIVEN || outlook->elsewhere) return;
    for (int k = 1; k < C4_TEAM_SIZES; k++)
        if (speeds->of_ideal[k] > 0) {
            outlook->speeds.of_ideal[k] = speeds->of_ideal[k];
            outlook->source = C4_TEAM_MEASURED;
            outlook->widest = 1 << k; /* wider teams have no places */
        }
}

/* Places by --places, or else of one core or --threads. */
static enum c4_status place_elsewhere(const struct c4_session *session,
                                      const struct c4_topology *topology,
                                      struct c4_placement *placement) {
    const char *text = c4_arg_text(session->args, "places");
    struct c4_placement_policy policy = {.scope =
                                             session->threads > 1 ? C4_PLACE_L3 : C4_PLACE_CORE};
    enum c4_status status = text ? c4_placement_policy_parse(text, &policy) : C4_OK;
    policy.threads = text ? (int)c4_arg_integer(session->args, "threads") : session->threads;
    policy.max_places = (int)c4_arg_integer(session->args, "workers");
    if (status == C4_OK) status = c4_placement_make(topology, &policy, placement);
    for (int i = 0; status == C4_OK && i < placement->places; i++)
        if (placement->place[i].threads > C4_PLACE_PUS_MAX) {
            status = c4_fail(C4_ERR_USAGE, "a place has %d threads, more than %d; give --threads",
                             placement->place[i].threads, C4_PLACE_PUS_MAX);
            c4_placement_free(placement);
        }
    return status == C4_ERR_USAGE && text ? c4_fail(status, "--places: %s", c4_error()) : status;
}

enum c4_status c4_outlook_elsewhere(const struct c4_session *session,
                                    const struct c4_topology *topology, int machines,
                                    struct c4_outlook *outlook) {
    struct c4_placement placement;
    C4_TRY(place_elsewhere(session, topology, &placement));
    outlook->threads = placement.place[0].threads;
    for (int i = 1; i < placement.places; i++)
        if (placement.place[i].threads < outlook->threads)
            outlook->threads = placement.place[i].threads;
    if (outlook->threads > 1) outlook->widest = 1;
    enum c4_status status = C4_OK;
    outlook->places = outlook->machines = 0;
    outlook->elsewhere = true;
    for (int i = 0; status == C4_OK && i < machines; i++)
        status = add_machine(topology, &placement, placement.places, outlook);
    c4_placement_free(&placement);
    return status;
}

void c4_outlook_free(struct c4_outlook *outlook) {
    free(outlook->place);
    free(outlook->node);
    *outlook = (struct c4_outlook){0};
}

struct c4_team_speeds c4_team_speeds_with_losses(const struct c4_team_speeds *speeds,
                                                 double factor) {
    struct c4_team_speeds changed = *speeds;
    for (int k = 1; k < C4_TEAM_SIZES; k++)
        changed.of_ideal[k] = fmax(1 - factor * (1 - speeds->of_ideal[k]), ldexp(1, -k));
    return changed;
}

/* How much faster a place is than one with the session's threads, whose speed was measured. */
static double gain_of_place(const struct c4_outlook *outlook, const struct c4_session *session) {
    int k = 0;
    if (session->threads > 1 || outlook->threads == 1) return 1;
    while (k + 1 < C4_TEAM_SIZES && 2 << k <= outlook->threads) k++;
    return (1 << k) * outlook->speeds.of_ideal[k];
}

enum c4_status c4_outlook_simulate(const struct c4_outlook *outlook,
                                   const struct c4_session *session, const int64_t *done,
                                   const double *seconds, int places,
                                   struct c4_simulation *simulation) {
    const struct c4_schedule *schedule = &session->schedule;
    size_t runs = (size_t)schedule->count;
    double *segment = calloc(2 * runs + 1, sizeof *segment), *scaled = segment + runs;
    *simulation = (struct c4_simulation){0};
    if (!segment) return c4_fail(C4_ERR_MEMORY, "out of memory for a forecast");
    double gain = gain_of_place(outlook, session);
    for (size_t i = 0; i < runs; i++) scaled[i] = seconds[i] / gain;
    c4_forecast_segments(&session->runner, schedule, done, scaled, segment);
    const struct c4_simulation_input input = {.schedule = schedule,
                                              .seconds = scaled,
                                              .segment_seconds = segment,
                                              .place = outlook->place,
                                              .places = places,
                                              .speeds = &outlook->speeds,
                                              .widest = outlook->widest};
    enum c4_status status = c4_simulation_make(&input, simulation);
    simulation->work *= gain;
    simulation->longest *= gain;
    if (simulation->work > 0) simulation->busy *= gain * session->threads / outlook->threads;
    free(segment);
    return status;
}

bool c4_outlook_traffic(const struct c4_outlook *outlook, const struct c4_session *session,
                        const struct c4_speed *speed, struct c4_traffic *traffic) {
    *traffic = (struct c4_traffic){0};
    if (!(speed->train_bytes > 0)) return false;
    for (int i = 0, run = 0; i < outlook->places; i++) { /* places of a node are neighbours */
        run = i > 0 && outlook->place[i].node == outlook->place[i - 1].node ? run + 1 : 1;
        if (run > traffic->node_places) traffic->node_places = run;
    }
    traffic->place_bytes_per_s =
        gain_of_place(outlook, session) * speed->train_bytes / speed->train_seconds;
    traffic->node_bytes_per_s = traffic->node_places * traffic->place_bytes_per_s;
    return true;
}

void c4_outlook_write_teams(const struct c4_outlook *outlook, FILE *out) {
    static const char *const sources[] = {"assumed", "as given", "measured"};
    int sizes = 0;
    while (sizes + 1 < C4_TEAM_SIZES && 2 << sizes <= outlook->widest &&
           2 << sizes <= outlook->places)
        sizes++;
    if (sizes == 0) return;
    fprintf(out, "Teams of ");
    for (int k = 1; k <= sizes; k++) fprintf(out, "%s%d", k > 1 ? ", " : "", 1 << k);
    fprintf(out, " places have ");
    for (int k = 1; k <= sizes; k++)
        fprintf(out, "%s%.0f", k > 1 ? ", " : "", 100 * outlook->speeds.of_ideal[k]);
    fprintf(out, " %% of ideal speed (%s); they grow when fewer runs than places are left.\n",
            sources[outlook->source]);
}

const char *c4_outlook_limit(const struct c4_simulation *simulation) {
    const double near = 1.05;
    if (simulation->makespan <= near * simulation->chain) return "chain";
    return simulation->makespan <= near * simulation->bound ? "work" : "runs";
}

void c4_outlook_write_limit(const struct c4_outlook *outlook, const struct c4_session *session,
                            const struct c4_simulation *simulation, int places, FILE *out) {
    const char *limit = c4_outlook_limit(simulation);
    const bool teams = outlook->widest > 1;
    const int seeds = session->scale.seeds.count;
    const double filled = ceil(seeds * simulation->longest * places / simulation->work);
    char chain[32];
    if (strcmp(limit, "work") == 0 || !(simulation->work > 0)) return;
    c4_progress_duration(chain, sizeof chain, (uint64_t)(simulation->chain * 1e9));
    if (strcmp(limit, "chain") == 0)
        fprintf(out, "Limit: the longest chain of runs, %s%s; more places make nothing faster.",
                chain, teams ? " in the fastest team" : "");
    else
        fprintf(out, "Limit: fewer runs than places, %s.",
                teams ? "whose teams lose time" : "some of which idle");
    if (filled > seeds)
        fprintf(out, " About %.0f seeds, not %d, would keep %d places busy.", filled, seeds,
                places);
    fputc('\n', out);
}

/* Of a run: its first and last stay, and how many. */
struct course {
    const struct c4_stay *first, *last;
    int stays;
};

static struct course course_of(const struct c4_simulation *simulation, int run) {
    struct course course = {NULL, NULL, 0};
    for (int i = 0; i < simulation->stays; i++) {
        const struct c4_stay *stay = &simulation->stay[i];
        if (stay->run != run) continue;
        if (!course.first) course.first = stay;
        course.last = stay;
        course.stays++;
    }
    return course;
}

/* "40", "40-43", and "+2" for two more stays. */
static void name_places(const struct course *course, char *name, size_t size) {
    const struct c4_stay *stay = course->first;
    char last[16] = "", more[16] = "";
    if (stay->count > 1) snprintf(last, sizeof last, "-%d", stay->first + stay->count - 1);
    if (course->stays > 1) snprintf(more, sizeof more, " +%d", course->stays - 1);
    snprintf(name, size, "%d%s%s", stay->first, last, more);
}

static void write_run(const struct c4_run *run, const struct course *course, FILE *out) {
    char place[64], duration[32], start[32];
    if (!course->first) {
        fprintf(out, "%-52s %11s %9s %9s\n", run->key, "-", "-", "done");
        return;
    }
    name_places(course, place, sizeof place);
    double takes = course->last->end - course->first->begin;
    c4_progress_duration(duration, sizeof duration, (uint64_t)(takes * 1e9));
    c4_progress_duration(start, sizeof start, (uint64_t)(course->first->begin * 1e9));
    fprintf(out, "%-52s %11s %9s %9s  %s\n", run->key, place, start, duration, run->from);
}

enum c4_status c4_outlook_write(const struct c4_outlook *outlook, const struct c4_session *session,
                                const int64_t *done, const double *seconds, FILE *out) {
    const struct c4_schedule *schedule = &session->schedule;
    struct c4_simulation simulation;
    struct c4_text disk = {0};
    char duration[32];
    bool changes = false;
    C4_TRY(c4_outlook_simulate(outlook, session, done, seconds, outlook->places, &simulation));
    fprintf(out, "%-52s %11s %9s %9s  %s\n", "run", "place", "begins", "takes", "after");
    for (int i = 0; i < schedule->count; i++) {
        struct course course = course_of(&simulation, i);
        changes = changes || course.stays > 1;
        write_run(&schedule->run[i], &course, out);
    }
    if (changes) fprintf(out, "+N: the run goes on in other places or another team N times.\n");
    c4_outlook_write_teams(outlook, out);
    c4_progress_duration(duration, sizeof duration, (uint64_t)(simulation.makespan * 1e9));
    enum c4_status status =
        c4_session_add_bytes(&disk, c4_forecast_disk_bytes(&session->runner, schedule, NULL,
                                                           c4_session_figures(session), 0));
    fprintf(out, "%d runs on %d place%s", schedule->count, outlook->places,
            outlook->places == 1 ? "" : "s");
    if (outlook->machines > 1) fprintf(out, " of %d machines", outlook->machines);
    fprintf(out, ": predicted time %s, places busy %.0f %%; disk %s.\n", duration,
            100 * simulation.busy, c4_text_string(&disk));
    if (!done) c4_outlook_write_limit(outlook, session, &simulation, outlook->places, out);
    c4_text_free(&disk);
    c4_simulation_free(&simulation);
    return status;
}
