#include "repro/planning/scheduler.h"

#include <stdlib.h>
#include <string.h>

#include "repro/planning/forecast.h"
#include "repro/planning/scheduler_parts.h"

void c4_schedule_tails(const struct c4_schedule *schedule, const double *seconds, double *tail) {
    for (int i = 0; i < schedule->count; i++) tail[i] = 0;
    for (int i = 0; i < schedule->count; i++) {
        double chain = seconds[i] + tail[i];
        /* What was known of run i's own followers so far is passed on; those that come later in the
         * list pass on theirs themselves. */
        for (int up = schedule->after[i]; up >= 0 && tail[up] < chain; up = schedule->after[up]) {
            tail[up] = chain;
            chain += seconds[up];
        }
    }
}

static bool is_ready(const struct c4_sched_input *input, int run) {
    int after = input->schedule->after[run];
    enum c4_run_state state = input->state[run];
    return (state == C4_RUN_PLANNED || state == C4_RUN_RUNNING) &&
           (after < 0 || input->state[after] == C4_RUN_DONE);
}

/* Places of the team that begins at this place. */
static int team_at(const struct c4_sched_input *input, int leader) {
    int end = leader + 1;
    while (end < input->places && input->seat[end].run == input->seat[leader].run &&
           input->seat[end].leader == leader)
        end++;
    return end - leader;
}

/* Lists the runs that are under way or ready, in the order of the schedule. `tail`, `at` have room
 * for one element for each run. */
static void find_active(struct c4_sched_view *view, double *tail, int *at) {
    const struct c4_sched_input *input = view->input;
    int runs = input->schedule->count;
    c4_schedule_tails(input->schedule, input->seconds, tail);
    for (int i = 0; i < runs; i++) at[i] = -1;
    for (int p = 0; p < input->places; p++) {
        view->owner[p] = -1;
        view->taken[p] = false;
        if (input->seat[p].run >= 0 && input->seat[p].leader == p) at[input->seat[p].run] = p;
    }
    view->actives = 0;
    for (int i = 0; i < runs; i++) {
        if (at[i] < 0 && !is_ready(input, i)) continue;
        struct c4_sched_active *one = &view->active[view->actives++];
        const struct c4_sched_seat *seat = at[i] < 0 ? NULL : &input->seat[at[i]];
        double under_way = seat && !seat->between ? seat->segment_seconds : 0;
        double left = input->seconds[i] > under_way ? input->seconds[i] - under_way : 0;
        *one = (struct c4_sched_active){.run = i,
                                        .first = at[i],
                                        .count = seat ? team_at(input, at[i]) : 0,
                                        .free = !seat || seat->between,
                                        .left = left,
                                        .chain = left + tail[i],
                                        .width = 1,
                                        .at = -1};
        for (int p = 0; p < one->count; p++) view->owner[one->first + p] = view->actives - 1;
    }
}

/* Whether a run may take the place now, as far as others' segments go. */
static bool is_open(const struct c4_sched_view *view, int p) {
    int owner = view->owner[p];
    return !view->taken[p] && !view->input->seat[p].away && (owner < 0 || view->active[owner].free);
}

static void start(struct c4_sched_view *view, int run, int first, int count,
                  struct c4_assignment *assignment, int *assigned) {
    assignment[(*assigned)++] = (struct c4_assignment){run, first, count};
    for (int p = first; p < first + count; p++) view->taken[p] = true;
}

/* One place for each run: those under way stay, free places take the next ones. */
static void decide_singles(struct c4_sched_view *view, const double *tail, enum c4_run_state *state,
                           struct c4_assignment *assignment, int *count) {
    const struct c4_sched_input *input = view->input;
    for (int i = 0; i < input->schedule->count; i++)
        state[i] = input->state[i] == C4_RUN_RUNNING ? C4_RUN_PLANNED : input->state[i];
    for (int i = 0; i < view->actives; i++) {
        const struct c4_sched_active *one = &view->active[i];
        if (one->count == 0) continue;
        state[one->run] = C4_RUN_RUNNING;
        if (one->free && !input->seat[one->first].away)
            start(view, one->run, one->first, 1, assignment, count);
    }
    for (int p = 0; p < input->places; p++) {
        const struct c4_sched_seat *seat = &input->seat[p];
        if (!is_open(view, p)) continue;
        int next = c4_forecast_next(input->schedule, input->seconds, tail, state,
                                    seat->has_seed ? &seat->seed : NULL);
        if (next < 0) break;
        state[next] = C4_RUN_RUNNING;
        start(view, next, p, 1, assignment, count);
    }
}

static bool is_all_open(const struct c4_sched_view *view, int first, int count) {
    for (int p = first; p < first + count; p++)
        if (!is_open(view, p)) return false;
    return true;
}

/* Takes back the start of runs that would drive a run that cannot move yet from its leader's place;
 * starts[i]: active run i goes to its new places now. */
static void keep_leaders(const struct c4_sched_view *view, bool *starts) {
    for (bool changed = true; changed;) {
        changed = false;
        for (int i = 0; i < view->actives; i++) {
            const struct c4_sched_active *one = &view->active[i];
            if (!starts[i]) continue;
            for (int p = one->at; p < one->at + one->width; p++) {
                int owner = view->owner[p];
                if (owner < 0 || owner == i || starts[owner] || view->active[owner].first != p)
                    continue;
                starts[i] = false;
                changed = true;
            }
        }
    }
}

/* The places with which a run goes on that cannot have its new ones yet: the widest part of its old
 * ones that is not taken, if possible without those that are meant for others. It is no wider than
 * the new team: what the run gives up lets others move. */
static bool fall_back(const struct c4_sched_view *view, const struct c4_sched_active *one,
                      bool unused_only, int *first, int *count) {
    int widest = one->width < one->count ? one->width : one->count;
    for (int k = c4_team_index(widest); k >= 0; k--) {
        for (int p = one->first; p + (1 << k) <= one->first + one->count; p++) {
            bool good = view->blocks.block[k][p] && is_all_open(view, p, 1 << k);
            for (int i = p; i < p + (1 << k); i++) good = good && !(unused_only && view->used[i]);
            if (!good) continue;
            *first = p;
            *count = 1 << k;
            return true;
        }
    }
    return false;
}

static void decide_teams(struct c4_sched_view *view, bool *starts, struct c4_assignment *assignment,
                         int *count) {
    c4_sched_widths(view);
    c4_sched_layout(view);
    for (int i = 0; i < view->actives; i++) {
        const struct c4_sched_active *one = &view->active[i];
        starts[i] = one->free && is_all_open(view, one->at, one->width);
    }
    keep_leaders(view, starts);
    for (int i = 0; i < view->actives; i++) {
        const struct c4_sched_active *one = &view->active[i];
        if (starts[i]) start(view, one->run, one->at, one->width, assignment, count);
    }
    for (int i = 0; i < view->actives; i++) {
        const struct c4_sched_active *one = &view->active[i];
        int first, places;
        if (starts[i] || !one->free || one->count == 0) continue;
        if (fall_back(view, one, true, &first, &places) ||
            fall_back(view, one, false, &first, &places))
            start(view, one->run, first, places, assignment, count);
    }
}

enum c4_status c4_scheduler_decide(const struct c4_sched_input *input,
                                   struct c4_assignment *assignment, int *count) {
    size_t runs = (size_t)input->schedule->count + 1, places = (size_t)input->places + 1;
    struct c4_sched_view view = {.input = input};
    size_t doubles = runs * sizeof(double), active = runs * sizeof *view.active;
    size_t ints = (runs + places) * sizeof(int), states = runs * sizeof(enum c4_run_state);
    size_t flags = (places * (2 + C4_TEAM_SIZES) + runs) * sizeof(bool);
    /* One piece, largest alignment first. */
    char *memory = calloc(1, doubles + active + ints + states + flags), *next = memory;
    *count = 0;
    if (!memory) return c4_fail(C4_ERR_MEMORY, "out of memory for scheduling");
    double *tail = (double *)(void *)next;
    view.active = (struct c4_sched_active *)(void *)(next += doubles);
    int *at = (int *)(void *)(next += active);
    view.owner = at + runs;
    enum c4_run_state *state = (enum c4_run_state *)(void *)(next += ints);
    view.used = (bool *)(next + states);
    view.taken = view.used + places;
    for (int k = 0; k < C4_TEAM_SIZES; k++) view.blocks.block[k] = view.taken + (k + 1) * places;
    bool *starts = view.taken + (C4_TEAM_SIZES + 1) * places;
    find_active(&view, tail, at);
    c4_sched_find_blocks(input, &view.blocks);
    if (input->widest == 1 || view.actives >= view.blocks.total[0])
        decide_singles(&view, tail, state, assignment, count);
    else
        decide_teams(&view, starts, assignment, count);
    free(memory);
    return C4_OK;
}
