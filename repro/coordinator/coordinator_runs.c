/* Scheduling of runs: which worker gets which run, committing rows, failures. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/host/clock.h"
#include "repro/coordinator/coordinator_slots.h"
#include "repro/run/resume.h"
#include "repro/store/lock.h"

enum c4_status c4_coordinator_give_up(struct c4_coordinator *c, int run, const char *why) {
    struct c4_work_state *state = c->state;
    const char *key = c->work.schedule->run[run].key;
    struct c4_text sentence = {0};
    state->state[run] = C4_RUN_FAILED;
    if (state->failed++ == 0) C4_TRY(c4_text_add(&state->failure, "run %s: %s", key, why));
    enum c4_status status =
        c4_text_add(&sentence, "run %s failed, the others continue: %s", key, why);
    if (status == C4_OK) c4_coordinator_report(c, c4_text_string(&sentence));
    c4_text_free(&sentence);
    C4_TRY(status);
    return c4_store_run_set_state(c->work.store, key, C4_RUN_FAILED);
}

/* "0", "0-3" or "0,2"; "any" without PUs. */
static enum c4_status name_place(const int *pu, int count, struct c4_text *text) {
    return count == 0 ? c4_text_add(text, "any") : c4_pu_list_add(text, pu, count);
}

static enum c4_status name_places(const struct c4_worker_place *place,
                                  const struct c4_worker_ready *found, struct c4_text *asked,
                                  struct c4_text *read_back) {
    C4_TRY(name_place(place->pu, place->bind ? place->threads : 0, asked));
    return name_place(found->pu, found->threads, read_back);
}

static enum c4_status store_segment(struct c4_coordinator *c, const struct c4_worker_slot *slot,
                                    const struct c4_segment_done *done,
                                    struct c4_store_segment segment) {
    const struct c4_runner *runner = c->work.runner;
    const struct c4_run *run = &c->work.schedule->run[slot->run];
    const struct c4_dataset *own = c4_images_of(runner->images, c4_run_image_set(run));
    char evaluation[C4_DATASET_TEXT_BYTES], crossed[C4_DATASET_TEXT_BYTES];
    c4_dataset_text(own, evaluation);
    struct c4_provenance provenance = {.data = done->training,
                                       .data_sha256 = done->training_sha256,
                                       .evaluation = evaluation,
                                       .evaluation_sha256 = own->sha256,
                                       .code_version = C4_VERSION,
                                       .arithmetic = C4_ARITHMETIC,
                                       .backend = done->found.backend,
                                       .synthetic = done->synthetic || own->synthetic,
                                       .substitute = done->substitute || own->substitute};
    struct c4_provenance cross = provenance;
    struct c4_image_set other;
    segment.provenance = &provenance;
    segment.cross_provenance = &cross;
    if (c4_run_cross_set(run, &other)) {
        const struct c4_dataset *set = c4_images_of(runner->images, other);
        segment.cross_images = c4_image_set_name(other);
        c4_dataset_text(set, crossed);
        cross.evaluation = crossed;
        cross.evaluation_sha256 = set->sha256;
        cross.synthetic = done->synthetic || set->synthetic;
        cross.substitute = done->substitute || set->substitute;
    }
    return c4_store_segment(c->work.store, &segment);
}

static enum c4_status begin_batch(struct c4_coordinator *c) {
    if (c->storing) return C4_OK;
    C4_TRY(c4_store_begin(c->work.store));
    c->storing = true;
    c->store_failed = false;
    return C4_OK;
}

static enum c4_status store_rows(struct c4_coordinator *c, struct c4_worker_slot *slot,
                                 const struct c4_segment_done *done,
                                 const struct c4_result_row *results,
                                 const struct c4_cost_row *costs) {
    const struct c4_run *run = &c->work.schedule->run[slot->run];
    char own[C4_LOCK_HOST_SIZE];
    const char *host = c4_coordinator_host(c, (int)(slot - c->slot));
    c4_lock_host(own, sizeof own);
    struct c4_text asked = {0}, read_back = {0};
    enum c4_status status = name_places(&slot->place, &done->found, &asked, &read_back);
    struct c4_store_segment segment = {.run = run->key,
                                       .state = done->last.epoch == run->epochs ? C4_RUN_DONE
                                                                                : C4_RUN_RUNNING,
                                       .results = results,
                                       .result_count = done->result_count,
                                       .costs = costs,
                                       .cost_count = done->cost_count,
                                       .threads = slot->place.threads,
                                       .host = host ? host : own,
                                       .place = c4_text_string(&asked),
                                       .place_read_back = c4_text_string(&read_back),
                                       .node = done->found.node,
                                       .memory_node = done->found.memory_node,
                                       .program = C4_VERSION,
                                       .epoch = done->last.epoch,
                                       .checkpoint = done->last.path};
    memcpy(segment.checkpoint_sha256, done->last.sha256, sizeof segment.checkpoint_sha256);
    if (status == C4_OK) status = begin_batch(c);
    if (status == C4_OK) {
        status = store_segment(c, slot, done, segment);
        c->store_failed = c->store_failed || status != C4_OK;
        slot->stored = slot->run;
    }
    c4_text_free(&asked);
    c4_text_free(&read_back);
    return status;
}

static enum c4_status sweep(struct c4_coordinator *c) {
    for (int i = 0; i < c->work.workers; i++) {
        const int run = c->slot[i].stored;
        c->slot[i].stored = -1;
        if (run >= 0)
            C4_TRY(c4_resume_sweep(c->work.store, c->work.runner->folder,
                                   &c->work.schedule->run[run]));
    }
    return C4_OK;
}

enum c4_status c4_coordinator_end_batch(struct c4_coordinator *c, enum c4_status status) {
    if (!c->storing) return status;
    c->storing = false;
    C4_TRY(c4_store_end(c->work.store, c->store_failed ? status : C4_OK));
    return status == C4_OK ? sweep(c) : status;
}

enum c4_status c4_coordinator_commit(struct c4_coordinator *c, struct c4_worker_slot *slot,
                                     const struct c4_message *message) {
    struct c4_work_state *state = c->state;
    struct c4_segment_done done;
    memcpy(&done, message->payload, sizeof done);
    size_t result_bytes = (size_t)done.result_count * sizeof(struct c4_result_row);
    size_t cost_bytes = (size_t)done.cost_count * sizeof(struct c4_cost_row);
    if (message->size_bytes != sizeof done + result_bytes + cost_bytes)
        return c4_fail(C4_ERR_FAILED, "a message from a worker has the wrong size");
    /* The payload may be misaligned for rows, so they are copied. */
    unsigned char *copy = malloc(result_bytes + cost_bytes + 1);
    if (!copy) return c4_fail(C4_ERR_MEMORY, "out of memory for the rows of a run");
    memcpy(copy, message->payload + sizeof done, result_bytes + cost_bytes);
    enum c4_status status = store_rows(c, slot, &done, (struct c4_result_row *)(void *)copy,
                                       (struct c4_cost_row *)(void *)(copy + result_bytes));
    free(copy);
    C4_TRY(status);
    int run = slot->run;
    const struct c4_run *described = &c->work.schedule->run[run];
    state->done[run] = done.last.epoch;
    state->last[run] = done.last;
    state->images += slot->images;
    state->trained_images += done.trained_images;
    state->trained_seconds += done.trained_seconds;
    c4_coordinator_note_commit(c, slot);
    c4_coordinator_learn(c, slot->count, done.trained_images, done.trained_seconds);
    double span = (double)(described->epochs - c->first_done[run]);
    state->seconds[run] =
        c->first_seconds[run] * (double)(described->epochs - done.last.epoch) / span;
    c->attempts[run] = slot->losses = 0;
    slot->images = 0;
    slot->is_between = c->changed = true;
    if (done.last.epoch == described->epochs) {
        state->state[run] = C4_RUN_DONE;
        slot->run = -1;
        slot->is_between = false;
        c4_coordinator_release(c, (int)(slot - c->slot));
    }
    return c4_coordinator_say_place(c, slot, &done.found);
}

enum c4_status c4_coordinator_send_segment(struct c4_coordinator *c, struct c4_worker_slot *slot) {
    const struct c4_schedule *schedule = c->work.schedule;
    const struct c4_work_state *state = c->state;
    const struct c4_run *run = &schedule->run[slot->run];
    struct c4_segment_order *order = calloc(1, sizeof *order);
    if (!order) return c4_fail(C4_ERR_MEMORY, "out of memory for a segment");
    slot->segment =
        (struct c4_segment){.run = *run,
                            .from = state->done[slot->run],
                            .to = c4_run_segment_end(c->work.runner, run, state->done[slot->run])};
    slot->has_seed = true;
    if (slot->segment.from >= 0) slot->segment.last = state->last[slot->run];
    if (schedule->after[slot->run] >= 0)
        slot->segment.source = state->last[schedule->after[slot->run]];
    slot->images = 0;
    slot->has_begun = false;
    slot->segment_seconds = c4_coordinator_segment_seconds(c, slot->run);
    c4_coordinator_note_begin(c, slot);
    *order = (struct c4_segment_order){.segment = slot->segment, .place = slot->place};
    const struct c4_message_part part = {order, sizeof *order};
    enum c4_status status = c4_channel_write(&slot->channel, C4_MESSAGE_SEGMENT, &part, 1);
    free(order);
    return status;
}

/* Gives up the runs that start from a failed run. */
static enum c4_status give_up_followers(struct c4_coordinator *c) {
    const struct c4_schedule *schedule = c->work.schedule;
    for (int i = 0; i < schedule->count; i++) {
        int after = schedule->after[i];
        if (c->state->state[i] != C4_RUN_PLANNED || after < 0 ||
            c->state->state[after] != C4_RUN_FAILED)
            continue;
        C4_TRY(c4_coordinator_give_up(c, i, "the run that it starts from failed"));
    }
    return C4_OK;
}

/* Updates the predicted time left from the share of the predicted work that is done, including
 * segments under way. */
static void look_ahead(struct c4_coordinator *c) {
    struct c4_work_state *state = c->state;
    double total = 0, left = 0, elapsed = (double)(c4_clock_ns() - c->start_ns) * 1e-9;
    uint64_t under_way = 0;
    for (int i = 0; i < c->work.schedule->count; i++) {
        total += c->first_seconds[i];
        if (state->state[i] == C4_RUN_PLANNED || state->state[i] == C4_RUN_RUNNING)
            left += state->seconds[i];
    }
    for (int i = 0; i < c->work.workers; i++) under_way += c->slot[i].images;
    if (state->total_images > 0) left -= total * (double)under_way / (double)state->total_images;
    double done = total - left;
    if (elapsed > 2 && done > total / 100 && left > 0) state->left_seconds = elapsed * left / done;
}

/* Images of the segments under way. */
static uint64_t images_now(const struct c4_coordinator *c) {
    uint64_t images = 0;
    for (int i = 0; i < c->work.workers; i++) images += c->slot[i].images;
    return images;
}

static enum c4_status start_run(struct c4_coordinator *c, struct c4_work_state *state) {
    size_t runs = (size_t)c->work.schedule->count + 1;
    c->state = state;
    c->attempts = calloc(runs, sizeof *c->attempts);
    c->first_seconds = calloc(runs, sizeof *c->first_seconds);
    c->first_done = calloc(runs, sizeof *c->first_done);
    c->in_time = calloc(runs, sizeof *c->in_time);
    if (!c->attempts || !c->first_seconds || !c->first_done || !c->in_time)
        return c4_fail(C4_ERR_MEMORY, "out of memory for the list of runs");
    memcpy(c->first_seconds, state->seconds, (runs - 1) * sizeof *state->seconds);
    memcpy(c->first_done, state->done, (runs - 1) * sizeof *state->done);
    c->start_ns = c4_clock_ns();
    if (c->work.limit) state->started = 1e-9 * (double)(c->start_ns - c->work.limit->start_ns);
    c->changed = true;
    return C4_OK;
}

enum c4_status c4_coordinator_run(struct c4_coordinator *c, struct c4_work_state *state) {
    C4_TRY(start_run(c, state));
    for (;;) {
        bool busy = false;
        C4_TRY(give_up_followers(c));
        C4_TRY(c4_coordinator_heed_limit(c));
        if (c->changed) C4_TRY(c4_coordinator_decide(c));
        c->changed = false;
        for (int i = 0; i < c->work.workers; i++) busy = busy || c->slot[i].run >= 0;
        if (!busy) {
            bool waits = false;
            for (int i = 0; i < c->work.schedule->count; i++)
                waits = waits || state->state[i] == C4_RUN_PLANNED;
            if (!waits) return C4_OK;
            C4_TRY(c4_coordinator_check_over(c));
        }
        uint64_t before = state->images;
        state->images += images_now(c);
        look_ahead(c);
        enum c4_status status = c->work.watch ? c->work.watch(c->work.context) : C4_OK;
        state->images = before;
        if (status == C4_OK) status = c4_coordinator_pump(c, C4_POLL_MS);
        C4_TRY(status);
    }
}
