/* Which places work together: what the scheduler decides becomes segments of workers' teams. */
#include <stdlib.h>
#include <string.h>

#include "repro/coordinator/coordinator_slots.h"

void c4_coordinator_place(const struct c4_coordinator *c, int first, int count,
                          struct c4_worker_place *place) {
    *place = (struct c4_worker_place){.bind = c->slot[first].own.bind};
    for (int k = first; k < first + count; k++) {
        const struct c4_slot_place *own = &c->slot[k].own;
        for (int i = 0; i < own->threads && place->threads < C4_PLACE_PUS_MAX; i++)
            place->pu[place->threads++] = own->pu ? own->pu[i] : 0;
    }
}

void c4_coordinator_release(struct c4_coordinator *c, int leader) {
    for (int i = 0; i < c->work.workers; i++)
        if (c->slot[i].leader == leader) c->slot[i].leader = i;
}

/* What a place does is what its team's leader does. */
static struct c4_sched_seat seat_of(const struct c4_coordinator *c, int i) {
    const struct c4_worker_slot *slot = &c->slot[i], *leader = &c->slot[slot->leader];
    return (struct c4_sched_seat){.run = leader->run,
                                  .leader = leader->run >= 0 ? leader->first : i,
                                  .between = leader->run >= 0 && leader->is_between,
                                  .away = !slot->is_ready,
                                  .segment_seconds =
                                      leader->is_between ? 0 : leader->segment_seconds,
                                  .has_seed = slot->has_seed,
                                  .seed = slot->segment.run.seed};
}

/* Ends the run's team, if it has one. Returns its leader, who has the run's network, or -1. */
static int dissolve(struct c4_coordinator *c, int run) {
    for (int i = 0; i < c->work.workers; i++) {
        if (c->slot[i].run != run) continue;
        c->slot[i].run = -1;
        c4_coordinator_release(c, i);
        return i;
    }
    return -1;
}

static enum c4_status start(struct c4_coordinator *c, const struct c4_assignment *a, int old) {
    int leader = old >= a->first && old < a->first + a->count ? old : a->first;
    struct c4_worker_slot *slot = &c->slot[leader];
    for (int i = a->first; i < a->first + a->count; i++) c->slot[i].leader = leader;
    slot->run = a->run;
    slot->first = a->first;
    slot->count = a->count;
    slot->is_between = false;
    c4_coordinator_place(c, a->first, a->count, &slot->place);
    c->state->state[a->run] = C4_RUN_RUNNING;
    return c4_coordinator_send_segment(c, slot);
}

/* What the scheduler needs and what it answers. */
struct decision {
    struct c4_sched_seat *seat;
    struct c4_assignment *assignment;
    int *old; /* of each assignment: the run's leader so far */
    int count;
};

static enum c4_status ask(struct c4_coordinator *c, struct decision *d,
                          const enum c4_run_state *state) {
    for (int i = 0; i < c->work.workers; i++) d->seat[i] = seat_of(c, i);
    const struct c4_sched_input input = {.schedule = c->work.schedule,
                                         .seconds = c->state->seconds,
                                         .state = state,
                                         .place = c->where,
                                         .seat = d->seat,
                                         .places = c->work.workers,
                                         .speeds = &c->speeds,
                                         .widest = c->work.widest};
    return c4_scheduler_decide(&input, d->assignment, &d->count);
}

/* The run is not started again before the end; its places are for others. */
static void leave_out(struct c4_coordinator *c, int run) {
    dissolve(c, run);
    c->state->state[run] = C4_RUN_PLANNED;
    c->in_time[run] = C4_RUN_FAILED;
}

/* Leaves out the runs, waiting or between two segments, that no team would bring in in time. */
static void leave_out_late(struct c4_coordinator *c) {
    memcpy(c->in_time, c->state->state, (size_t)c->work.schedule->count * sizeof *c->in_time);
    for (int i = 0; i < c->work.workers; i++) {
        int run = c->slot[i].run;
        if (run >= 0 && c->slot[i].is_between && !c4_coordinator_is_in_time(c, run, 0))
            leave_out(c, run);
    }
    for (int run = 0; run < c->work.schedule->count; run++)
        if (c->in_time[run] == C4_RUN_PLANNED && !c4_coordinator_is_in_time(c, run, 0))
            c->in_time[run] = C4_RUN_FAILED;
}

/* Asks until all that starts ends within the time limit. If nothing does, and nothing was done yet,
 * something is tried all the same. */
static enum c4_status ask_in_time(struct c4_coordinator *c, struct decision *d) {
    enum c4_status status = C4_OK;
    leave_out_late(c);
    for (bool late = true; status == C4_OK && late;) {
        late = false;
        status = ask(c, d, c->in_time);
        for (int i = 0; status == C4_OK && i < d->count; i++) {
            const struct c4_assignment *one = &d->assignment[i];
            if (c4_coordinator_is_in_time(c, one->run, one->count)) continue;
            leave_out(c, one->run);
            late = true;
        }
    }
    if (status != C4_OK || d->count > 0 || !c4_coordinator_may_try(c)) return status;
    return ask(c, d, c->state->state);
}

static enum c4_status decide(struct c4_coordinator *c, struct decision *d) {
    C4_TRY(c->work.limit && c4_time_limit_is_set(c->work.limit) ? ask_in_time(c, d)
                                                                : ask(c, d, c->state->state));
    /* All old teams end first: a new one may have places of several. */
    for (int i = 0; i < d->count; i++) d->old[i] = dissolve(c, d->assignment[i].run);
    for (int i = 0; i < d->count; i++) C4_TRY(start(c, &d->assignment[i], d->old[i]));
    return C4_OK;
}

enum c4_status c4_coordinator_decide(struct c4_coordinator *c) {
    size_t places = (size_t)c->work.workers;
    struct decision d = {.seat = calloc(places, sizeof *d.seat),
                         .assignment = calloc(places, sizeof *d.assignment),
                         .old = calloc(places, sizeof *d.old)};
    enum c4_status status =
        d.seat && d.assignment && d.old
            ? decide(c, &d)
            : c4_fail(C4_ERR_MEMORY, "out of memory to assign runs to %zu places", places);
    free(d.old);
    free(d.assignment);
    free(d.seat);
    return status;
}

bool c4_coordinator_leads(const struct c4_coordinator *c, int i, int width) {
    int k = 0;
    while (1 << (k + 1) <= width) k++;
    return c->may_lead[(size_t)k * (size_t)c->work.workers + (size_t)i];
}
