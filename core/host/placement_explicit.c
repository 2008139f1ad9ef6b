/* Placements as such, and those that a user wrote down. */
#include <stdlib.h>

#include "core/host/placement_parts.h"

void c4_place_add(const struct c4_pu *pu, struct c4_place *place, int *storage) {
    if (place->threads == 0) place->node = pu->node, place->l3 = pu->l3;
    if (place->node != pu->node) place->node = -1;
    if (place->l3 != pu->l3) place->l3 = -1;
    storage[place->threads++] = pu->os_index;
}

enum c4_status c4_placement_allocate(const struct c4_topology *t, int places,
                                     struct c4_placement *p) {
    *p = (struct c4_placement){.places = places,
                               .place = calloc((size_t)places, sizeof *p->place),
                               .storage = calloc((size_t)t->pus, sizeof *p->storage)};
    if (p->place && p->storage) return C4_OK;
    c4_placement_free(p);
    return c4_fail(C4_ERR_MEMORY, "Out of memory for %d places.", places);
}

void c4_placement_free(struct c4_placement *placement) {
    free(placement->place);
    free(placement->storage);
    *placement = (struct c4_placement){0};
}

/* Takes the PUs of explicit place `i` from its list; `taken` marks PUs by index. */
static enum c4_status take_list(const struct c4_topology *t, const int *list, int count, int i,
                                bool *taken, struct c4_place *place, int *storage) {
    for (int k = 0; k < count; k++) {
        int at = 0;
        while (at < t->pus && t->pu[at].os_index != list[k]) at++;
        if (at == t->pus)
            return c4_fail(C4_ERR_USAGE,
                           "Explicit place %d asks for PU %d, which is not one of the %d PUs that "
                           "may be used here (conv4 doctor --topology lists them).",
                           i, list[k], t->pus);
        if (taken[at])
            return c4_fail(C4_ERR_USAGE,
                           "Explicit place %d asks for PU %d, which a thread has already; give "
                           "each PU once.",
                           i, list[k]);
        taken[at] = true;
        c4_place_add(&t->pu[at], place, storage);
    }
    return C4_OK;
}

static enum c4_status take_places(const struct c4_topology *t,
                                  const struct c4_placement_policy *policy, bool *taken,
                                  struct c4_placement *p) {
    const char *text = policy->places;
    int used = 0, places = 0;
    for (bool more = true; more; places++) {
        int *list, count;
        C4_TRY(c4_pu_list_read(text, &list, &count, &text));
        struct c4_place *place = &p->place[places];
        place->pu = p->storage + used;
        enum c4_status status = take_list(t, list, count, places, taken, place, p->storage + used);
        free(list);
        C4_TRY(status);
        used += place->threads;
        if (policy->threads && place->threads != policy->threads)
            return c4_fail(C4_ERR_USAGE,
                           "Explicit place %d has %d PUs for %d threads; leave out the number of "
                           "threads, or give as many PUs.",
                           places, place->threads, policy->threads);
        more = *text++ == '/';
    }
    p->places = policy->max_places > 0 && policy->max_places < places ? policy->max_places : places;
    return C4_OK;
}

enum c4_status c4_placement_explicit(const struct c4_topology *t,
                                     const struct c4_placement_policy *policy,
                                     struct c4_placement *placement) {
    struct c4_placement p;
    /* Each PU is taken once, and each place needs one; the place behind them has none left. */
    C4_TRY(c4_placement_allocate(t, t->pus + 1, &p));
    bool *taken = calloc((size_t)t->pus, sizeof *taken);
    enum c4_status status = taken ? take_places(t, policy, taken, &p)
                                  : c4_fail(C4_ERR_MEMORY, "Out of memory for explicit places.");
    free(taken);
    if (status == C4_OK)
        *placement = p;
    else
        c4_placement_free(&p);
    return status;
}
