/* Starting and ending the process of a worker slot. */
#include <stdio.h>
#include <stdlib.h>

#include "repro/coordinator/coordinator_slots.h"
#include "repro/planning/places.h"

/* The process may use the PUs of the whole node, as its team may grow there: what an OpenMP runtime
 * finds when it starts is what it takes for the number of CPUs, and with more threads than that
 * it does not let them wait actively. The worker then binds its threads. */
static enum c4_status start_process(struct c4_coordinator *c, struct c4_worker_slot *slot) {
    struct c4_worker_place *wide = malloc(sizeof *wide);
    int self = (int)(slot - c->slot), first = self, end = self + 1;
    if (!wide) return c4_fail(C4_ERR_MEMORY, "out of memory for a worker's PUs");
    if (c->work.widest > 1) {
        while (first > 0 && c->where[first - 1].node == c->where[self].node) first--;
        while (end < c->work.workers && c->where[end].node == c->where[self].node) end++;
    }
    c4_coordinator_place(c, first, end - first, wide);
    enum c4_status status =
        c4_channel_start(&slot->channel, wide->pu, wide->bind ? wide->threads : 0);
    free(wide);
    return status;
}

enum c4_status c4_coordinator_start_worker(struct c4_coordinator *c, struct c4_worker_slot *slot) {
    const struct c4_runner *runner = c->work.runner;
    const struct c4_placement *placement = c->work.placement;
    const int self = (int)(slot - c->slot);
    /* What is of another machine is filled in by its agent. */
    const bool here = self < c->own_workers;
    const struct c4_place *place = placement && here ? &placement->place[self] : NULL;
    struct c4_worker_setup *setup = calloc(1, sizeof *setup);
    if (!setup) return c4_fail(C4_ERR_MEMORY, "out of memory for a worker's settings");
    *setup = (struct c4_worker_setup){
        .protocol = *runner->protocol,
        .scale = *runner->scale,
        .images = c->work.images,
        .images_descriptor =
            c4_node_images_of(c->work.node_images, place, c->work.images_descriptor),
        .references = *c4_node_references_of(c->work.node_references, place, &c->work.references)};
    c4_coordinator_place(c, self, 1, &setup->place);
    snprintf(setup->backend, sizeof setup->backend, "%s", runner->backend);
    snprintf(setup->kernels, sizeof setup->kernels, "%s", runner->kernels ? runner->kernels : "");
    snprintf(setup->folder, sizeof setup->folder, "%s", runner->folder ? runner->folder : "");
    slot->is_ready = slot->is_asked = slot->has_speed = slot->has_seed = false;
    enum c4_status status =
        runner->folder ? c4_store_folder(c->work.store, &setup->folder_identity) : C4_OK;
    if (status == C4_OK) status = start_process(c, slot);
    const struct c4_message_part part = {setup, sizeof *setup};
    if (status == C4_OK) status = c4_channel_write(&slot->channel, C4_MESSAGE_SETUP, &part, 1);
    free(setup);
    return status;
}

void c4_coordinator_stop_worker(struct c4_coordinator *c, struct c4_worker_slot *slot,
                                struct c4_worker_end *end) {
    c4_channel_dismiss(&slot->channel);
    c4_channel_reap(&slot->channel, C4_PATIENCE_SECONDS, end);
    if (!slot->channel.ranks) c4_worker_explain(end, &c->kills);
}

static void fill_own(struct c4_coordinator *c) {
    const struct c4_work *work = &c->work;
    c4_places_fill(work->topology, work->placement, 0, c->own_workers, c->where);
    for (int i = 0; i < c->own_workers; i++) {
        const struct c4_place *place = work->placement ? &work->placement->place[i] : NULL;
        struct c4_worker_slot *slot = &c->slot[i];
        slot->own = (struct c4_slot_place){.threads = place ? place->threads : work->threads,
                                           .bind = !place            ? 0
                                                   : work->must_bind ? 2
                                                                     : 1,
                                           .pu = place ? place->pu : NULL};
        snprintf(slot->name, sizeof slot->name, "worker %d", i + 1);
        c4_channel_local(&slot->channel);
    }
}

void c4_coordinator_fill_slots(struct c4_coordinator *c) {
    struct c4_ranks *ranks = c->work.ranks;
    fill_own(c);
    for (int i = 0; i < c->work.workers; i++) {
        struct c4_worker_slot *slot = &c->slot[i];
        struct c4_ranks_place place;
        slot->run = slot->stored = -1;
        slot->leader = i;
        if (i < c->own_workers) continue;
        c4_ranks_place(ranks, i - c->own_workers, c->where, c->own_workers, &place);
        c->where[i] = place.where;
        slot->own = (struct c4_slot_place){place.threads, place.bind, place.pu};
        snprintf(slot->name, sizeof slot->name, "worker %d (rank %d on %s)", i + 1, place.rank,
                 c4_ranks_host(ranks, place.rank));
        c4_channel_remote(&slot->channel, ranks, place.rank, place.number);
    }
}
