/* Which places work together: what the scheduler decides becomes segments of workers' teams. */
#include <stdlib.h>

#include "repro/workers/coordinator_slots.h"

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

static enum c4_status decide(struct c4_coordinator *c, struct decision *d) {
    for (int i = 0; i < c->work.workers; i++) d->seat[i] = seat_of(c, i);
    const struct c4_sched_input input = {.schedule = c->work.schedule,
                                         .seconds = c->state->seconds,
                                         .state = c->state->state,
                                         .place = c->where,
                                         .seat = d->seat,
                                         .places = c->work.workers,
                                         .speeds = &c->speeds,
                                         .widest = c->work.widest};
    C4_TRY(c4_scheduler_decide(&input, d->assignment, &d->count));
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
