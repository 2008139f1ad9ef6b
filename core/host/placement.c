#include "core/host/placement_parts.h"

#include <stdlib.h>

/* A PU and its sort key. */
struct slot {
    int scope; /* number of the domain that a place must not leave */
    int round; /* PUs of its core that come before it; 0 for all if siblings count as cores */
    int kind;
    int index; /* in the topology */
};

enum { LEVELS = 6 };

struct candidate {
    int first;         /* in the slots */
    int threads;       /* slots first .. first + threads - 1 */
    int kind;          /* slowest core of the place: its team waits for that one */
    int group[LEVELS]; /* of its first PU: core, L2, L3, node, package, machine */
    int rank;          /* among those of its kind and group */
    int order;         /* topology order */
};

static int compare(int a, int b) {
    return (a > b) - (a < b);
}

static int compare_slots(const void *a, const void *b) {
    const struct slot *x = a, *y = b;
    if (x->scope != y->scope) return compare(x->scope, y->scope);
    if (x->round != y->round) return compare(x->round, y->round);
    if (x->kind != y->kind) return compare(y->kind, x->kind);
    return compare(x->index, y->index);
}

static int compare_order(const void *a, const void *b) {
    const struct candidate *x = a, *y = b;
    return compare(x->order, y->order);
}

static int compare_rank(const struct candidate *x, const struct candidate *y) {
    if (x->rank != y->rank) return compare(x->rank, y->rank);
    return compare(x->order, y->order);
}

/* qsort() hands nothing over to its function, so there is one for each level. */
#define COMPARE_LEVEL(level)                                                                       \
    static int compare_level_##level(const void *a, const void *b) {                               \
        const struct candidate *x = a, *y = b;                                                     \
        if (x->kind != y->kind) return compare(y->kind, x->kind);                                  \
        if (x->group[level] != y->group[level]) return compare(x->group[level], y->group[level]);  \
        return compare_rank(x, y);                                                                 \
    }
COMPARE_LEVEL(0)
COMPARE_LEVEL(1)
COMPARE_LEVEL(2)
COMPARE_LEVEL(3)
COMPARE_LEVEL(4)
COMPARE_LEVEL(5)

/* Sorts by preference. From the core up to the machine, the groups of a level take turns: a
 * candidate's rank in a group is its place in the order of (rank in its group of the level below,
 * that group). */
static void sort_by_preference(struct candidate *candidate, int count, bool compact) {
    static int (*const by_level[LEVELS])(const void *, const void *) = {
        compare_level_0, compare_level_1, compare_level_2,
        compare_level_3, compare_level_4, compare_level_5};
    for (int level = compact ? LEVELS - 1 : 0; level < LEVELS; level++) {
        qsort(candidate, (size_t)count, sizeof *candidate, by_level[level]);
        for (int i = 0; i < count; i++) {
            bool same = i > 0 && candidate[i].kind == candidate[i - 1].kind &&
                        candidate[i].group[level] == candidate[i - 1].group[level];
            candidate[i].rank = same ? candidate[i - 1].rank + 1 : 0;
        }
    }
}

/* Within a node, an L3 domain; hwloc also knows L3 caches around several nodes (sub-NUMA
 * clustering), of which a place gets one node's part. */
static int domain_of(const struct c4_topology *t, enum c4_place_scope scope, int i, int *seen,
                     int *count) {
    const struct c4_pu *pu = t->pu;
    switch (scope) {
    case C4_PLACE_CORE:
        return pu[i].core;
    case C4_PLACE_L2:
        return pu[i].l2;
    case C4_PLACE_NODE:
        return pu[i].node;
    case C4_PLACE_MACHINE:
        return 0;
    case C4_PLACE_L3:
        break;
    }
    for (int k = *count - 1; k >= 0; k--)
        if (pu[seen[k]].l3 == pu[i].l3 && pu[seen[k]].node == pu[i].node) return k;
    seen[*count] = i;
    return (*count)++;
}

static void fill_slots(const struct c4_topology *t, const struct c4_placement_policy *policy,
                       struct slot *slot, int *seen) {
    int domains = 0;
    for (int i = 0; i < t->pus; i++) {
        bool sibling = i > 0 && t->pu[i - 1].core == t->pu[i].core;
        slot[i] = (struct slot){.scope = domain_of(t, policy->scope, i, seen, &domains),
                                .round = sibling ? slot[i - 1].round + 1 : 0,
                                .kind = t->pu[i].kind,
                                .index = i};
    }
    for (int i = 0; i < t->pus && policy->siblings; i++) slot[i].round = 0;
    qsort(slot, (size_t)t->pus, sizeof *slot, compare_slots);
}

static struct candidate candidate_at(const struct c4_topology *t, const struct slot *slot,
                                     int first, int threads) {
    const struct c4_pu *pu = &t->pu[slot[first].index];
    struct candidate c = {.first = first,
                          .threads = threads,
                          .kind = pu->kind,
                          .group = {pu->core, pu->l2, pu->l3, pu->node, pu->package, 0},
                          .order = slot[first].index};
    for (int i = first; i < first + threads; i++)
        if (slot[i].kind < c.kind) c.kind = slot[i].kind;
    return c;
}

/* Cuts slots begin .. end - 1 into places of so many threads; returns the number of candidates. */
static int cut_range(const struct c4_topology *t, const struct slot *slot, int begin, int end,
                     int threads, struct candidate *candidate) {
    int count = 0;
    for (; end - begin >= threads; begin += threads)
        candidate[count++] = candidate_at(t, slot, begin, threads);
    return count;
}

/* Cuts the domain in slots begin .. end - 1. */
static int cut_domain(const struct c4_topology *t, const struct slot *slot, int begin, int end,
                      int threads, struct candidate *candidate) {
    int cores = 0, count = 0;
    while (begin + cores < end && slot[begin + cores].round == 0) cores++;
    for (int a = begin, b; a < begin + cores; a = b) {
        for (b = a + 1; b < begin + cores && slot[b].kind == slot[a].kind;) b++;
        count += cut_range(t, slot, a, b, threads ? threads : b - a, candidate + count);
    }
    if (count > 0) return count;
    if (threads <= cores) return cut_range(t, slot, begin, begin + cores, threads, candidate);
    if (threads > end - begin) return 0;
    candidate[0] = candidate_at(t, slot, begin, threads);
    return 1;
}

/* Cuts the domains one after another; returns the number of candidates. */
static int cut(const struct c4_topology *t, const struct slot *slot, int threads,
               struct candidate *candidate) {
    int count = 0;
    for (int begin = 0, end; begin < t->pus; begin = end) {
        for (end = begin + 1; end < t->pus && slot[end].scope == slot[begin].scope;) end++;
        count += cut_domain(t, slot, begin, end, threads, candidate + count);
    }
    return count;
}

static enum c4_status fill_placement(const struct c4_topology *t, const struct slot *slot,
                                     const struct candidate *candidate, int count,
                                     struct c4_placement *p) {
    C4_TRY(c4_placement_allocate(t, count, p));
    int used = 0;
    for (int i = 0; i < count; i++) {
        const struct candidate *c = &candidate[i];
        p->place[i].pu = p->storage + used;
        for (int k = 0; k < c->threads; k++)
            c4_place_add(&t->pu[slot[c->first + k].index], &p->place[i], p->storage + used);
        used += c->threads;
    }
    return C4_OK;
}

static enum c4_status fail_to_fit(const struct c4_topology *t,
                                  const struct c4_placement_policy *policy) {
    static const char *const scope_name[] = {"core", "L2 domain", "L3 domain", "NUMA node",
                                             "machine"};
    _Static_assert(sizeof scope_name / sizeof *scope_name == C4_PLACE_MACHINE + 1,
                   "a name for each scope");
    return c4_fail(C4_ERR_USAGE,
                   "%d threads do not fit into one %s of this machine (%d PUs, %d cores, %d L3 "
                   "domains); ask for fewer threads or a wider place.",
                   policy->threads, scope_name[policy->scope], t->pus, t->cores, t->l3_domains);
}

static enum c4_status place_by_scope(const struct c4_topology *t,
                                     const struct c4_placement_policy *policy,
                                     struct c4_placement *placement) {
    size_t pus = (size_t)t->pus;
    struct slot *slot = calloc(pus, sizeof *slot);
    struct candidate *candidate = calloc(pus, sizeof *candidate);
    int *seen = calloc(pus, sizeof *seen);
    enum c4_status status;
    if (!slot || !candidate || !seen) {
        status = c4_fail(C4_ERR_MEMORY, "Out of memory to place runs on %d PUs.", t->pus);
    } else {
        fill_slots(t, policy, slot, seen);
        int count = cut(t, slot, policy->threads, candidate);
        if (policy->max_places > 0 && policy->max_places < count) {
            sort_by_preference(candidate, count, policy->compact);
            count = policy->max_places;
        }
        if (count > 0) qsort(candidate, (size_t)count, sizeof *candidate, compare_order);
        status = count > 0 ? fill_placement(t, slot, candidate, count, placement)
                           : fail_to_fit(t, policy);
    }
    free(seen);
    free(candidate);
    free(slot);
    return status;
}

enum c4_status c4_placement_make(const struct c4_topology *topology,
                                 const struct c4_placement_policy *policy,
                                 struct c4_placement *placement) {
    *placement = (struct c4_placement){0};
    if (policy->threads < 0 || policy->max_places < 0)
        return c4_fail(C4_ERR_USAGE, "Threads per place (%d) and places (%d) cannot be negative.",
                       policy->threads, policy->max_places);
    if (topology->pus < 1)
        return c4_fail(C4_ERR_USAGE, "The topology has no PUs to place runs on.");
    return policy->places ? c4_placement_explicit(topology, policy, placement)
                          : place_by_scope(topology, policy, placement);
}
