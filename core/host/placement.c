#include "core/host/placement.h"

#include <stdlib.h>

/* A PU and its sort key: its scope, then how many PUs of its core come before it. */
struct slot {
    int scope, round, index;
};

struct candidate {
    int first;   /* in the slots */
    int threads; /* slots first .. first + threads - 1 */
    int kind;    /* slowest core of the place: its team waits for that one */
    int l3, rank_in_l3;
    int order; /* topology order */
};

static int compare_slots(const void *a, const void *b) {
    const struct slot *x = a, *y = b;
    if (x->scope != y->scope) return x->scope < y->scope ? -1 : 1;
    if (x->round != y->round) return x->round < y->round ? -1 : 1;
    return (x->index > y->index) - (x->index < y->index);
}

static int compare_preference(const void *a, const void *b) {
    const struct candidate *x = a, *y = b;
    if (x->kind != y->kind) return x->kind > y->kind ? -1 : 1;
    if (x->rank_in_l3 != y->rank_in_l3) return x->rank_in_l3 < y->rank_in_l3 ? -1 : 1;
    return (x->order > y->order) - (x->order < y->order);
}

static int compare_order(const void *a, const void *b) {
    const struct candidate *x = a, *y = b;
    return (x->order > y->order) - (x->order < y->order);
}

static void fill_slots(const struct c4_topology *t, enum c4_place_scope scope, struct slot *slot) {
    for (int i = 0; i < t->pus; i++) {
        int owner = scope == C4_PLACE_CORE ? t->pu[i].core : scope == C4_PLACE_L3 ? t->pu[i].l3 : 0;
        int round = i > 0 && t->pu[i - 1].core == t->pu[i].core ? slot[i - 1].round + 1 : 0;
        slot[i] = (struct slot){.scope = owner, .round = round, .index = i};
    }
    qsort(slot, (size_t)t->pus, sizeof *slot, compare_slots);
}

static struct candidate candidate_at(const struct c4_topology *t, const struct slot *slot,
                                     int first, int threads, int *used_of_l3) {
    const struct c4_pu *pu = &t->pu[slot[first].index];
    struct candidate c = {.first = first, .threads = threads, .kind = pu->kind, .l3 = pu->l3};
    for (int i = first; i < first + threads; i++)
        if (t->pu[slot[i].index].kind < c.kind) c.kind = t->pu[slot[i].index].kind;
    c.rank_in_l3 = used_of_l3[c.l3]++;
    return c;
}

/* Cuts the scopes one after another; returns the number of candidates. */
static int cut(const struct c4_topology *t, const struct slot *slot, int threads,
               struct candidate *candidate, int *used_of_l3) {
    int count = 0;
    for (int begin = 0, end; begin < t->pus; begin = end) {
        int cores = 1; /* a scope begins with the first PU of a core */
        for (end = begin + 1; end < t->pus && slot[end].scope == slot[begin].scope; end++)
            cores += slot[end].round == 0;
        int each = threads ? threads : cores;
        int places = each <= cores ? cores / each : each <= end - begin;
        for (int k = 0; k < places; k++) {
            candidate[count] = candidate_at(t, slot, begin + k * each, each, used_of_l3);
            candidate[count].order = count;
            count++;
        }
    }
    return count;
}

static enum c4_status fill_placement(const struct c4_topology *t, const struct slot *slot,
                                     const struct candidate *candidate, int count,
                                     struct c4_placement *placement) {
    struct c4_placement p = {.places = count,
                             .place = calloc((size_t)count, sizeof *p.place),
                             .storage = calloc((size_t)t->pus, sizeof *p.storage)};
    if (!p.place || !p.storage) {
        c4_placement_free(&p);
        return c4_fail(C4_ERR_MEMORY, "Out of memory for %d places.", count);
    }
    int used = 0;
    for (int i = 0; i < count; i++) {
        const struct candidate *c = &candidate[i];
        p.place[i] = (struct c4_place){.threads = c->threads,
                                       .pu = p.storage + used,
                                       .node = t->pu[slot[c->first].index].node};
        for (int k = 0; k < c->threads; k++)
            p.storage[used++] = t->pu[slot[c->first + k].index].os_index;
    }
    *placement = p;
    return C4_OK;
}

enum c4_status c4_placement_make(const struct c4_topology *topology,
                                 const struct c4_placement_policy *policy,
                                 struct c4_placement *placement) {
    static const char *const scope_name[] = {"core", "L3 domain", "machine"};
    _Static_assert(sizeof scope_name / sizeof *scope_name == C4_PLACE_MACHINE + 1,
                   "a name for each scope");
    *placement = (struct c4_placement){0};
    if (policy->threads < 0 || policy->max_places < 0)
        return c4_fail(C4_ERR_USAGE, "Threads per place (%d) and places (%d) cannot be negative.",
                       policy->threads, policy->max_places);
    if (topology->pus < 1)
        return c4_fail(C4_ERR_USAGE, "The topology has no PUs to place runs on.");
    size_t pus = (size_t)topology->pus;
    struct slot *slot = calloc(pus, sizeof *slot);
    struct candidate *candidate = calloc(pus, sizeof *candidate);
    int *used_of_l3 = calloc(pus, sizeof *used_of_l3);
    enum c4_status status;
    if (!slot || !candidate || !used_of_l3) {
        status = c4_fail(C4_ERR_MEMORY, "Out of memory to place runs on %d PUs.", topology->pus);
    } else {
        fill_slots(topology, policy->scope, slot);
        int count = cut(topology, slot, policy->threads, candidate, used_of_l3);
        if (count == 0) {
            status = c4_fail(C4_ERR_USAGE,
                             "%d threads do not fit into one %s of this machine (%d PUs, %d cores, "
                             "%d L3 domains); ask for fewer threads or a wider place.",
                             policy->threads, scope_name[policy->scope], topology->pus,
                             topology->cores, topology->l3_domains);
        } else {
            if (policy->max_places > 0 && policy->max_places < count) {
                qsort(candidate, (size_t)count, sizeof *candidate, compare_preference);
                count = policy->max_places;
                qsort(candidate, (size_t)count, sizeof *candidate, compare_order);
            }
            status = fill_placement(topology, slot, candidate, count, placement);
        }
    }
    free(used_of_l3);
    free(candidate);
    free(slot);
    return status;
}

void c4_placement_free(struct c4_placement *placement) {
    free(placement->place);
    free(placement->storage);
    *placement = (struct c4_placement){0};
}
