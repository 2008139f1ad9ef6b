/* Places of thousands of random machines, by what every placement promises. */
#include <stdlib.h>
#include <string.h>

#include "core/host/placement.h"
#include "core/host/topology.h"
#include "tests/harness/unit.h"

static uint64_t random_state;

static int pick(int from, int to) {
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return from + (int)((random_state >> 33) % (uint64_t)(to - from + 1));
}

enum { PUS_MOST = 4096 };

/* Grows a random tree, from which a mask takes PUs away; what is left is numbered anew. */
static struct c4_topology grow(void) {
    struct c4_topology t = {0};
    t.pu = calloc(PUS_MOST, sizeof *t.pu);
    assert_non_null(t.pu);
    bool shared_l3 = pick(0, 3) == 0, hybrid = pick(0, 2) == 0;
    int hole = pick(0, 2) ? 0 : pick(1, 60), packages = pick(1, 3), number = 0;
    int core = 0, l2 = 0, l3 = 0, node = 0, package = 0;
    for (int p = 0; p < packages; p++) {
        int package_pus = t.pus, l3_pus = t.pus;
        for (int n = pick(1, 4); n > 0; n--) {
            int node_pus = t.pus;
            for (int l = shared_l3 ? 1 : pick(1, 3); l > 0; l--) {
                if (!shared_l3) l3_pus = t.pus;
                for (int c = pick(1, 3); c > 0; c--) {
                    int l2_pus = t.pus, kind = hybrid ? pick(0, 2) : 0, threads = pick(1, 2);
                    for (int k = pick(1, 4); k > 0; k--) {
                        int core_pus = t.pus;
                        for (int s = 0; s < threads; s++, number++)
                            if (pick(0, 99) >= hole)
                                t.pu[t.pus++] =
                                    (struct c4_pu){number, core, l2, l3, node, package, kind};
                        core += t.pus > core_pus;
                    }
                    l2 += t.pus > l2_pus;
                }
                if (!shared_l3) l3 += t.pus > l3_pus;
            }
            node += t.pus > node_pus;
        }
        if (shared_l3) l3 += t.pus > l3_pus;
        package += t.pus > package_pus;
    }
    t.cores = core, t.l2_domains = l2, t.l3_domains = l3, t.nodes = node, t.packages = package;
    for (int i = t.pus - 1; i > 0; i--) { /* the system's numbers in any order */
        int k = pick(0, i), swap = t.pu[i].os_index;
        t.pu[i].os_index = t.pu[k].os_index;
        t.pu[k].os_index = swap;
    }
    return t;
}

static const struct c4_pu *find(const struct c4_topology *t, int os_index) {
    for (int i = 0; i < t->pus; i++)
        if (t->pu[i].os_index == os_index) return &t->pu[i];
    return NULL;
}

static bool same_domain(enum c4_place_scope scope, const struct c4_pu *a, const struct c4_pu *b) {
    switch (scope) {
    case C4_PLACE_CORE:
        return a->core == b->core;
    case C4_PLACE_L2:
        return a->l2 == b->l2;
    case C4_PLACE_L3:
        return a->l3 == b->l3 && a->node == b->node;
    case C4_PLACE_NODE:
        return a->node == b->node;
    case C4_PLACE_MACHINE:
        break;
    }
    return true;
}

/* Of the domain of `pu`: all PUs, and cores (or PUs, with siblings) of kind `kind` (-1: any). */
static int count_units(const struct c4_topology *t, const struct c4_placement_policy *policy,
                       const struct c4_pu *pu, int kind, int *pus) {
    int units = 0, core = -1;
    *pus = 0;
    for (int i = 0; i < t->pus; i++) {
        if (!same_domain(policy->scope, &t->pu[i], pu)) continue;
        ++*pus;
        if (kind >= 0 && t->pu[i].kind != kind) continue;
        units += policy->siblings || t->pu[i].core != core;
        core = t->pu[i].core;
    }
    return units;
}

#define PROMISE(condition)                                                                         \
    do {                                                                                           \
        if (!(condition)) return #condition;                                                       \
    } while (0)

/* The promise that a place breaks; NULL: none. */
static const char *broken_by_place(const struct c4_topology *t,
                                   const struct c4_placement_policy *policy,
                                   const struct c4_place *place, bool *used) {
    const struct c4_pu *first = find(t, place->pu[0]);
    bool one_node = true, one_l3 = true, one_kind = true, cores_differ = true;
    PROMISE(place->threads >= 1);
    for (int i = 0; i < place->threads; i++) {
        const struct c4_pu *pu = find(t, place->pu[i]);
        PROMISE(pu != NULL);
        PROMISE(!used[pu - t->pu]);
        used[pu - t->pu] = true;
        PROMISE(same_domain(policy->scope, pu, first));
        one_node = one_node && pu->node == first->node;
        one_l3 = one_l3 && pu->l3 == first->l3;
        one_kind = one_kind && pu->kind == first->kind;
        for (int k = 0; k < i; k++)
            cores_differ = cores_differ && find(t, place->pu[k])->core != pu->core;
    }
    PROMISE(place->node == (one_node ? first->node : -1));
    PROMISE(place->l3 == (one_l3 ? first->l3 : -1));
    int pus, units = count_units(t, policy, first, first->kind, &pus);
    if (policy->threads == 0) PROMISE(one_kind && place->threads == units);
    if (policy->threads > 0) PROMISE(place->threads == policy->threads);
    int all = count_units(t, policy, first, -1, &pus);
    if (!policy->siblings) PROMISE(cores_differ == (place->threads <= all));
    for (int kind = 0; !one_kind && kind < 3; kind++)
        PROMISE(count_units(t, policy, first, kind, &pus) < policy->threads);
    return NULL;
}

/* How many places there should be without a limit, one domain after another. */
static int expected_places(const struct c4_topology *t, const struct c4_placement_policy *policy) {
    int places = 0;
    for (int i = 0; i < t->pus; i++) {
        bool first = true;
        for (int k = 0; k < i; k++)
            first = first && !same_domain(policy->scope, &t->pu[k], &t->pu[i]);
        if (!first) continue;
        int pus, mine = 0, all = count_units(t, policy, &t->pu[i], -1, &pus);
        for (int kind = 0; kind < 3; kind++) {
            int units = count_units(t, policy, &t->pu[i], kind, &pus);
            mine += policy->threads ? units / policy->threads : units > 0;
        }
        if (mine == 0 && policy->threads > 0)
            mine = policy->threads <= all ? all / policy->threads : policy->threads <= pus;
        places += mine;
    }
    return places;
}

static int kind_of(const struct c4_topology *t, const struct c4_place *place) {
    int kind = 9;
    for (int i = 0; i < place->threads; i++)
        if (find(t, place->pu[i])->kind < kind) kind = find(t, place->pu[i])->kind;
    return kind;
}

/* Which of all places the limited placement has; PUs name a place. */
static void mark(const struct c4_placement *all, const struct c4_placement *some, bool *chosen) {
    for (int i = 0; i < all->places; i++)
        for (int k = 0; k < some->places; k++)
            if (all->place[i].pu[0] == some->place[k].pu[0]) chosen[i] = true;
}

/* Places that a package (or node) has of all, and of those that were chosen. */
static void count_in(const struct c4_topology *t, const struct c4_placement *all,
                     const bool *chosen, bool of_node, int group, int kind, int *there, int *mine) {
    *there = *mine = 0;
    for (int i = 0; i < all->places; i++) {
        const struct c4_pu *pu = find(t, all->place[i].pu[0]);
        if ((of_node ? pu->node : pu->package) != group || kind_of(t, &all->place[i]) != kind)
            continue;
        ++*there;
        *mine += chosen[i];
    }
}

/* The promise of a limited placement that is broken: the fastest first, then turns or neighbours.
 */
static const char *broken_by_choice(const struct c4_topology *t,
                                    const struct c4_placement_policy *policy,
                                    const struct c4_placement *all,
                                    const struct c4_placement *some) {
    static bool chosen[PUS_MOST];
    memset(chosen, 0, sizeof chosen);
    mark(all, some, chosen);
    int count = 0;
    for (int i = 0; i < all->places; i++) count += chosen[i];
    PROMISE(count == some->places);
    for (int i = 0; i < all->places; i++)
        for (int k = 0; k < all->places; k++) {
            if (!chosen[i] || chosen[k]) continue;
            int mine = kind_of(t, &all->place[i]), other = kind_of(t, &all->place[k]);
            PROMISE(mine >= other);
            if (policy->compact && mine == other) PROMISE(i < k);
        }
    for (int of_node = 0; of_node < 2 && !policy->compact; of_node++)
        for (int a = 0; a < (of_node ? t->nodes : t->packages); a++)
            for (int b = 0; b < (of_node ? t->nodes : t->packages); b++) {
                const struct c4_pu *x = NULL, *y = NULL;
                for (int i = 0; i < t->pus; i++) {
                    if (t->pu[i].node == a) x = &t->pu[i];
                    if (t->pu[i].node == b) y = &t->pu[i];
                }
                /* Packages come first. */
                if (of_node && x && y && x->package != y->package) continue;
                for (int kind = 0; kind < 3; kind++) {
                    int there, mine, there_too, other;
                    count_in(t, all, chosen, of_node, a, kind, &there, &mine);
                    count_in(t, all, chosen, of_node, b, kind, &there_too, &other);
                    PROMISE(mine <= other + 1 || other == there_too);
                }
            }
    return NULL;
}

static const char *broken_promise(const struct c4_topology *t, struct c4_placement_policy policy) {
    static bool used[PUS_MOST];
    struct c4_placement all, some, again;
    int limit = policy.max_places;
    policy.max_places = 0;
    int expected = expected_places(t, &policy);
    enum c4_status status = c4_placement_make(t, &policy, &all);
    PROMISE(status == (expected ? C4_OK : C4_ERR_USAGE));
    PROMISE(all.places == expected);
    if (expected == 0) return NULL;
    memset(used, 0, sizeof used);
    for (int i = 0; i < all.places; i++) {
        const char *broken = broken_by_place(t, &policy, &all.place[i], used);
        if (broken) return broken;
    }
    policy.max_places = limit;
    PROMISE(c4_placement_make(t, &policy, &some) == C4_OK);
    PROMISE(c4_placement_make(t, &policy, &again) == C4_OK);
    PROMISE(some.places == (limit && limit < expected ? limit : expected));
    PROMISE(memcmp(some.storage, again.storage, (size_t)t->pus * sizeof(int)) == 0);
    const char *broken = broken_by_choice(t, &policy, &all, &some);
    c4_placement_free(&all);
    c4_placement_free(&some);
    c4_placement_free(&again);
    return broken;
}

static void random_machines(void **state) {
    (void)state;
    enum { MACHINES = 6000 };
    int failures = 0;
    for (int seed = 1; seed <= MACHINES; seed++) {
        random_state = (uint64_t)seed * UINT64_C(0x9e3779b97f4a7c15);
        struct c4_topology t = grow();
        const struct c4_placement_policy policy = {.scope = (enum c4_place_scope)pick(0, 4),
                                                   .threads = pick(0, 2) ? pick(0, 6) : pick(0, 40),
                                                   .max_places = pick(0, 12),
                                                   .compact = pick(0, 1),
                                                   .siblings = pick(0, 2) == 0};
        const char *broken = t.pus > 0 ? broken_promise(&t, policy) : NULL;
        if (broken) {
            print_error("seed %d, scope %d, %d threads, %d places%s%s, %d PUs: not %s\n", seed,
                        (int)policy.scope, policy.threads, policy.max_places,
                        policy.compact ? ", compact" : "", policy.siblings ? ", smt" : "", t.pus,
                        broken);
            failures++;
        }
        c4_topology_free(&t);
    }
    assert_int_equal(failures, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(random_machines)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
