/* The trial: how fast workers are, each on its own place and in teams. */
#include <math.h>
#include <string.h>

#include "repro/coordinator/coordinator_slots.h"

/* Lets teams of `width` places measure at the same time. *whole: no worker died meanwhile; the
 * others have answered in any case. */
static enum c4_status measure_once(struct c4_coordinator *c, int width, bool *whole) {
    int workers = c->work.workers;
    for (int i = 0; i < workers; i++) {
        struct c4_worker_slot *slot = &c->slot[i];
        struct c4_measurement_order order = {.training_only = width > 1};
        const struct c4_message_part part = {&order, sizeof order};
        slot->is_asked = c4_coordinator_leads(c, i, width);
        slot->has_speed = !slot->is_asked;
        if (!slot->is_asked) continue;
        c4_coordinator_place(c, i, width, &order.place);
        C4_TRY(c4_channel_write(&slot->channel, C4_MESSAGE_MEASURE, &part, 1));
    }
    for (bool waiting = true; waiting;) {
        C4_TRY(c4_coordinator_pump(c, C4_POLL_MS));
        waiting = false;
        *whole = true;
        for (int i = 0; i < workers; i++) {
            waiting = waiting || (c->slot[i].is_asked && !c->slot[i].has_speed);
            *whole = *whole && c->slot[i].is_ready &&
                     (c->slot[i].is_asked || !c4_coordinator_leads(c, i, width));
        }
    }
    return C4_OK;
}

/* The mean speed of the teams of `width` places; false if there are none. */
static enum c4_status measure(struct c4_coordinator *c, int width, struct c4_speed *speed,
                              bool *measured) {
    int teams = 0;
    *speed = (struct c4_speed){0};
    for (bool whole = false; !whole;) {
        C4_TRY(c4_coordinator_await_ready(c));
        C4_TRY(measure_once(c, width, &whole));
    }
    for (int i = 0; i < c->work.workers; i++) {
        const struct c4_speed *one = &c->slot[i].speed;
        c->slot[i].losses = 0;
        if (!c4_coordinator_leads(c, i, width)) continue;
        teams++;
        speed->train_seconds += one->train_seconds;
        speed->evaluate_seconds += one->evaluate_seconds;
        speed->cka_seconds += one->cka_seconds;
        speed->segment_seconds += one->segment_seconds;
        speed->cka_flops = one->cka_flops;
        speed->train_bytes = one->train_bytes;
    }
    *measured = teams > 0;
    if (!*measured) return C4_OK;
    speed->train_seconds /= teams;
    speed->evaluate_seconds /= teams;
    speed->cka_seconds /= teams;
    speed->segment_seconds /= teams;
    return C4_OK;
}

/* Speeds of teams from seconds for an image. A width that no places have is no gain. */
static void compare_teams(struct c4_coordinator *c) {
    const double *seconds = c->image_seconds;
    double *speed = c->speeds.of_ideal;
    speed[0] = 1;
    for (int k = 1; k < C4_TEAM_SIZES; k++)
        speed[k] =
            seconds[k] > 0 ? fmin(seconds[0] / (seconds[k] * (1 << k)), 1) : speed[k - 1] / 2;
}

enum c4_status c4_coordinator_measure(struct c4_coordinator *c, struct c4_speed *speed,
                                      struct c4_team_speeds *teams) {
    bool measured;
    C4_TRY(measure(c, 1, speed, &measured));
    if (c->work.speeds) {
        *teams = c->speeds = *c->work.speeds;
        return C4_OK;
    }
    c->image_seconds[0] = speed->train_seconds;
    for (int k = 1; k < C4_TEAM_SIZES && 1 << k <= c->work.widest; k++) {
        struct c4_speed team;
        C4_TRY(measure(c, 1 << k, &team, &measured));
        if (measured) c->image_seconds[k] = team.train_seconds;
    }
    memcpy(c->trial_seconds, c->image_seconds, sizeof c->trial_seconds);
    compare_teams(c);
    *teams = c->speeds;
    for (int k = 1; k < C4_TEAM_SIZES; k++)
        if (!(c->image_seconds[k] > 0)) teams->of_ideal[k] = 0;
    return C4_OK;
}

void c4_coordinator_learn(struct c4_coordinator *c, int places, uint64_t images, double seconds) {
    /* How many segments count of a team's own width, and of other widths until what was learned of
     * this one is forgotten, so that it is tried again. */
    enum { OWN = 4, OTHERS = 16 };
    int own = 0;
    while (own + 1 < C4_TEAM_SIZES && 2 << own <= places) own++;
    double *known = &c->image_seconds[own];
    if (c->work.speeds || images == 0 || !(*known > 0)) return;
    /* One segment beside another program's burst is not the rule. */
    *known += (fmin(seconds / (double)images, 2 * *known) - *known) / OWN;
    for (int k = 0; k < C4_TEAM_SIZES; k++)
        if (k != own) c->image_seconds[k] += (c->trial_seconds[k] - c->image_seconds[k]) / OTHERS;
    compare_teams(c);
}
