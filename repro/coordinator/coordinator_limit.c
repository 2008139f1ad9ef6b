/* The coordinator and the clock: what time limits make of segments. */
#include <math.h>

#include "core/host/clock.h"
#include "repro/coordinator/coordinator_slots.h"

static double now(const struct c4_coordinator *c) {
    return 1e-9 * (double)(c4_clock_ns() - (c->work.limit ? c->work.limit->start_ns : c->start_ns));
}

double c4_coordinator_segment_seconds(const struct c4_coordinator *c, int run) {
    const struct c4_run *described = &c->work.schedule->run[run];
    int64_t done = c->state->done[run];
    double epochs = (double)(c4_run_segment_end(c->work.runner, described, done) - done);
    return c->first_seconds[run] * epochs / (double)(described->epochs - c->first_done[run]);
}

/* By this team (0: by the fastest one), corrected by what segments have taken so far. */
static double predict(const struct c4_coordinator *c, int run, int width) {
    double alone = c4_coordinator_segment_seconds(c, run);
    double seconds = width > 0 ? c4_team_seconds(&c->speeds, width, alone) : alone;
    for (int any = 2; width == 0 && any <= c->work.widest; any *= 2)
        seconds = fmin(seconds, c4_team_seconds(&c->speeds, any, alone));
    return seconds * c4_time_limit_pace(c->predicted_seconds, c->actual_seconds);
}

bool c4_coordinator_is_in_time(const struct c4_coordinator *c, int run, int width) {
    return c4_time_limit_may_start(c->work.limit, now(c), predict(c, run, width));
}

static bool is_busy(const struct c4_worker_slot *slot) {
    return slot->run >= 0 && !slot->is_between;
}

bool c4_coordinator_may_try(const struct c4_coordinator *c) {
    for (int i = 0; i < c->work.workers; i++)
        if (is_busy(&c->slot[i])) return false;
    return c4_time_limit_may_try(c->work.limit, now(c), c->state->segments);
}

void c4_coordinator_note_begin(struct c4_coordinator *c, struct c4_worker_slot *slot) {
    slot->begun = now(c);
    slot->team_seconds = c4_team_seconds(&c->speeds, slot->count, slot->segment_seconds);
}

void c4_coordinator_note_commit(struct c4_coordinator *c, const struct c4_worker_slot *slot) {
    c->predicted_seconds += slot->team_seconds;
    c->actual_seconds += now(c) - slot->begun;
    c->state->segments++;
}

/* Its worker ends when it finds the pipe closed, or with its rank, and is waited for then. */
static void cut(struct c4_coordinator *c, struct c4_worker_slot *slot) {
    c->state->state[slot->run] = C4_RUN_PLANNED;
    slot->run = -1;
    slot->images = 0;
    slot->is_ready = false;
    c4_coordinator_release(c, (int)(slot - c->slot));
    c4_channel_dismiss(&slot->channel);
}

enum c4_status c4_coordinator_heed_limit(struct c4_coordinator *c) {
    const struct c4_time_limit *limit = c->work.limit;
    if (!limit || !c4_time_limit_is_set(limit)) return C4_OK;
    int under_way = 0, late = 0, committed = c->state->segments;
    double pace = c4_time_limit_pace(c->predicted_seconds, c->actual_seconds);
    for (int i = 0; i < c->work.workers; i++) {
        struct c4_worker_slot *slot = &c->slot[i];
        if (!is_busy(slot)) continue;
        under_way++;
        if (!c4_time_limit_cuts(limit, now(c), slot->begun, pace * slot->team_seconds, committed))
            continue;
        late++;
        cut(c, slot);
    }
    if (c->closed || !c4_time_limit_is_closed(limit, now(c))) return C4_OK;
    c->closed = c->changed = true; /* runs between two segments have to leave their places */
    if (!isfinite(limit->asked)) return C4_OK;
    return c4_coordinator_say(c,
                              "SIGUSR1: nothing more is started; segments under way that are "
                              "predicted to end within %d s: %d of %d",
                              C4_EARLY_SECONDS, under_way - late, under_way);
}

/* The shortest segment that could come next. */
static double shortest(const struct c4_coordinator *c) {
    double least = (double)INFINITY;
    for (int i = 0; i < c->work.schedule->count; i++) {
        int after = c->work.schedule->after[i];
        if (c->state->state[i] == C4_RUN_PLANNED &&
            (after < 0 || c->state->state[after] == C4_RUN_DONE))
            least = fmin(least, predict(c, i, 0));
    }
    return least;
}

enum c4_status c4_coordinator_check_over(struct c4_coordinator *c) {
    const struct c4_time_limit *limit = c->work.limit;
    bool ready = !c->changed;
    if (!limit || !c4_time_limit_is_set(limit)) return C4_OK;
    for (int i = 0; i < c->work.workers; i++) ready = ready && c->slot[i].is_ready;
    /* All were there for the last decision, and it found nothing that ends in time; or a worker is
     * just being started anew, for which there may be no time any more. */
    if (!ready && (!c4_time_limit_is_closed(limit, now(c)) || c4_coordinator_may_try(c)))
        return C4_OK;
    c->state->segment_seconds = shortest(c);
    return c4_fail(C4_ERR_UNFINISHED, "the time is up");
}
