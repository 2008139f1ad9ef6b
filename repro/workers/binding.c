#include "repro/workers/binding.h"

#include <stdio.h>
#include <string.h>

#include "core/base/text.h"

/* The first thread that is not where it should be; -1: all are. */
static int find_stray(const struct c4_binding *binding) {
    const struct c4_worker_place *place = &binding->place;
    for (int i = 0; place->bind && i < binding->team.threads; i++)
        if (binding->team.pu[i] != place->pu[i]) return i;
    return -1;
}

enum c4_status c4_binding_open(struct c4_binding *binding, const struct c4_worker_place *place) {
    /* The team's threads inherit the binding. */
    *binding = (struct c4_binding){.memory = {.node = -1}, .images_node = -1};
    if (place->bind) C4_TRY(c4_memory_bind(place->pu, place->threads, &binding->memory));
    return c4_binding_take(binding, place);
}

static bool is_same_place(const struct c4_worker_place *a, const struct c4_worker_place *b) {
    return a->threads == b->threads && a->bind == b->bind &&
           (!a->bind || memcmp(a->pu, b->pu, (size_t)a->threads * sizeof *a->pu) == 0);
}

enum c4_status c4_binding_take(struct c4_binding *binding, const struct c4_worker_place *place) {
    if (place->threads < 1 || place->threads > C4_PLACE_PUS_MAX)
        return c4_fail(C4_ERR_FAILED, "worker: a place of %d threads", place->threads);
    if (binding->team.threads > 0 && is_same_place(place, &binding->place)) {
        C4_TRY(c4_team_verify(&binding->team));
        if (!place->bind || (binding->team.bound && find_stray(binding) < 0)) return C4_OK;
    }
    binding->place = *place;
    c4_team_release(&binding->team);
    C4_TRY(c4_team_start(place->bind ? place->pu : NULL, place->threads, &binding->team));
    if (place->bind == 2 && !binding->team.bound)
        return c4_fail(C4_ERR_ENVIRONMENT, "--places: %s", binding->team.reason);
    return C4_OK;
}

enum c4_status c4_binding_read_back(struct c4_binding *binding, struct c4_worker_ready *found) {
    const struct c4_team *team = &binding->team;
    C4_TRY(c4_team_verify(&binding->team));
    int stray = find_stray(binding);
    *found = (struct c4_worker_ready){.bound = team->bound && stray < 0,
                                      .memory_bound = binding->memory.node,
                                      .images_node = binding->images_node};
    c4_memory_probe(team->threads, &found->memory_node);
    if (binding->place.bind && !team->bound)
        c4_text_fit(found->reason, sizeof found->reason, team->reason);
    else if (stray >= 0)
        snprintf(found->reason, sizeof found->reason, "Thread %d runs on PU %d instead of PU %d.",
                 stray, team->pu[stray], binding->place.pu[stray]);
    if (!team->bound) return C4_OK;
    found->threads = team->threads;
    for (int i = 0; i < team->threads; i++) found->pu[i] = team->pu[i];
    return C4_OK;
}

void c4_binding_close(struct c4_binding *binding) {
    c4_team_free(&binding->team);
}
