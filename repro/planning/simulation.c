#include "repro/planning/simulation.h"

#include <float.h>
#include <stdlib.h>
#include <string.h>

/* The study as it is at a time. */
struct clock {
    const struct c4_simulation_input *input;
    struct c4_simulation *out;
    double now;
    double *left;             /* of each run, from its last finished segment */
    enum c4_run_state *state; /* of each run */
    struct c4_sched_seat *seat;
    double *until; /* of each place that leads a team */
    int *last;     /* of each run: index of its last stay; -1: none */
    struct c4_assignment *assignment;
};

static double later(double a, double b) {
    return a > b ? a : b;
}

static double segment_of(const struct clock *c, int run) {
    const double *each = c->input->segment_seconds;
    return each && each[run] > 0 && each[run] < c->left[run] ? each[run] : c->left[run];
}

static enum c4_status add_stay(struct clock *c, const struct c4_assignment *a, double end) {
    struct c4_simulation *out = c->out;
    struct c4_stay *last = c->last[a->run] < 0 ? NULL : &out->stay[c->last[a->run]];
    if (last && last->first == a->first && last->count == a->count && last->end == c->now) {
        last->end = end;
        return C4_OK;
    }
    if (out->stays == out->room) {
        int room = 2 * out->room + 64;
        struct c4_stay *stay = realloc(out->stay, (size_t)room * sizeof *stay);
        if (!stay) return c4_fail(C4_ERR_MEMORY, "out of memory for a forecast");
        out->stay = stay;
        out->room = room;
    }
    c->last[a->run] = out->stays;
    out->stay[out->stays++] = (struct c4_stay){a->run, a->first, a->count, c->now, end};
    return C4_OK;
}

static enum c4_status start(struct clock *c, const struct c4_assignment *a) {
    double alone = segment_of(c, a->run);
    double end = c->now + c4_team_seconds(c->input->speeds, a->count, alone);
    c->state[a->run] = C4_RUN_RUNNING;
    c->until[a->first] = end;
    for (int p = a->first; p < a->first + a->count; p++)
        c->seat[p] = (struct c4_sched_seat){.run = a->run,
                                            .leader = a->first,
                                            .segment_seconds = alone,
                                            .has_seed = true,
                                            .seed = c->input->schedule->run[a->run].seed};
    return add_stay(c, a, end);
}

static void leave(struct clock *c, int run) {
    for (int p = 0; p < c->input->places; p++)
        if (c->seat[p].run == run) c->seat[p].run = -1;
}

/* Starts what the scheduler says. Runs between two segments that it leaves out lose their places.
 */
static enum c4_status decide(struct clock *c) {
    const struct c4_simulation_input *in = c->input;
    const struct c4_sched_input input = {in->schedule, c->left,    c->state,   in->place,
                                         c->seat,      in->places, in->speeds, in->widest};
    int count;
    C4_TRY(c4_scheduler_decide(&input, c->assignment, &count));
    for (int p = 0; p < in->places; p++)
        if (c->seat[p].run >= 0 && c->seat[p].between) c->seat[p].run = -1;
    for (int i = 0; i < count; i++) C4_TRY(start(c, &c->assignment[i]));
    return C4_OK;
}

/* When the next segment ends or a worker goes or comes back; DBL_MAX: never. */
static double next_event(const struct clock *c) {
    double next = DBL_MAX;
    for (int p = 0; p < c->input->places; p++)
        if (c->seat[p].run >= 0 && c->seat[p].leader == p && c->until[p] < next) next = c->until[p];
    for (int i = 0; i < c->input->outages; i++) {
        const struct c4_outage *outage = &c->input->outage[i];
        if (outage->begin > c->now && outage->begin < next) next = outage->begin;
        if (outage->end > c->now && outage->end < next) next = outage->end;
    }
    return next;
}

static void end_segments(struct clock *c) {
    for (int p = 0; p < c->input->places; p++) {
        struct c4_sched_seat *seat = &c->seat[p];
        int run = seat->run;
        if (run < 0 || seat->leader != p || seat->between || c->until[p] > c->now) continue;
        c->left[run] -= seat->segment_seconds;
        if (c->left[run] <= 1e-9 * c->input->seconds[run]) {
            c->left[run] = 0;
            c->state[run] = C4_RUN_DONE;
            leave(c, run);
            continue;
        }
        for (int i = p; i < c->input->places && c->seat[i].run == run; i++)
            c->seat[i].between = true;
    }
}

/* A worker that goes takes its team's segment with it. */
static void change_workers(struct clock *c) {
    for (int p = 0; p < c->input->places; p++) c->seat[p].away = false;
    for (int i = 0; i < c->input->outages; i++) {
        const struct c4_outage *outage = &c->input->outage[i];
        if (outage->begin > c->now || outage->end <= c->now) continue;
        struct c4_sched_seat *seat = &c->seat[outage->place];
        if (seat->run >= 0) {
            c->out->stay[c->last[seat->run]].end = c->now;
            c->state[seat->run] = C4_RUN_PLANNED;
            leave(c, seat->run);
        }
        *seat = (struct c4_sched_seat){.run = -1, .away = true};
    }
}

static enum c4_status go_through(struct clock *c) {
    for (;;) {
        change_workers(c);
        C4_TRY(decide(c));
        double next = next_event(c);
        if (next == DBL_MAX) break;
        c->now = next;
        end_segments(c);
    }
    for (int i = 0; i < c->input->schedule->count; i++)
        if (c->state[i] != C4_RUN_DONE)
            return c4_fail(C4_ERR_FAILED, "no place takes run %s", c->input->schedule->run[i].key);
    return C4_OK;
}

/* The totals, from the seconds at the beginning; *tail has room for one element for each run. */
static void sum_up(struct clock *c, double *tail) {
    const struct c4_simulation_input *input = c->input;
    struct c4_simulation *out = c->out;
    double longest = 0, fastest = 1;
    for (int i = 0; i < input->schedule->count; i++) {
        c->left[i] = later(input->seconds[i], 0);
        out->work += c->left[i];
    }
    c4_schedule_tails(input->schedule, c->left, tail);
    for (int i = 0; i < input->schedule->count; i++) longest = later(longest, c->left[i] + tail[i]);
    for (int width = 1; width <= input->widest && width <= input->places; width *= 2)
        fastest = later(fastest, 1 / c4_team_seconds(input->speeds, width, 1));
    for (int i = 0; i < out->stays; i++) out->makespan = later(out->makespan, out->stay[i].end);
    out->longest = longest;
    out->chain = longest / fastest;
    out->bound = later(out->work / input->places, out->chain);
    out->busy = out->makespan > 0 ? out->work / (input->places * out->makespan) : 1;
}

enum c4_status c4_simulation_make(const struct c4_simulation_input *input,
                                  struct c4_simulation *out) {
    size_t runs = (size_t)input->schedule->count + 1, places = (size_t)input->places + 1;
    *out = (struct c4_simulation){0};
    double *tail = calloc(runs, sizeof *tail);
    struct clock c = {.input = input,
                      .out = out,
                      .left = calloc(runs, sizeof(double)),
                      .state = calloc(runs, sizeof(enum c4_run_state)),
                      .seat = calloc(places, sizeof(struct c4_sched_seat)),
                      .until = calloc(places, sizeof(double)),
                      .last = calloc(runs, sizeof(int)),
                      .assignment = calloc(places, sizeof(struct c4_assignment))};
    enum c4_status status = C4_OK;
    if (tail && c.left && c.state && c.seat && c.until && c.last && c.assignment) {
        for (int p = 0; p < input->places; p++) c.seat[p].run = -1;
        for (int i = 0; i < input->schedule->count; i++) {
            c.left[i] = later(input->seconds[i], 0);
            c.state[i] = c.left[i] > 0 ? C4_RUN_PLANNED : C4_RUN_DONE;
            c.last[i] = -1;
        }
        status = go_through(&c);
        if (status == C4_OK) sum_up(&c, tail);
    } else {
        status = c4_fail(C4_ERR_MEMORY, "out of memory for a forecast");
    }
    free(c.assignment);
    free(c.last);
    free(c.until);
    free(c.seat);
    free(c.state);
    free(c.left);
    free(tail);
    if (status != C4_OK) c4_simulation_free(out);
    return status;
}

void c4_simulation_free(struct c4_simulation *simulation) {
    free(simulation->stay);
    *simulation = (struct c4_simulation){0};
}
