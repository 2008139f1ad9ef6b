/* Places of made-up machines: those of tests/core/places as they are written there, and thousands
 * of random ones by what every placement promises. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <hwloc.h>

#include "core/host/placement.h"
#include "core/host/topology.h"
#include "tests/harness/unit.h"

/* --- machines and places as they are written --- */

/* Loads the machine as a file that lstopo could have written. */
static struct c4_topology load(hwloc_topology_t h) {
    struct c4_topology t;
    char name[] = "places-XXXXXX";
    int file = mkstemp(name);
    assert_true(file >= 0);
    close(file);
    assert_int_equal(hwloc_topology_export_xml(h, name, 0), 0);
    assert_int_equal(c4_topology_load(name, &t), C4_OK);
    unlink(name);
    hwloc_topology_destroy(h);
    return t;
}

static hwloc_bitmap_t bitmap(const char *list) {
    int *pu, count;
    const char *end;
    hwloc_bitmap_t set = hwloc_bitmap_alloc();
    assert_int_equal(c4_pu_list_read(list, &pu, &count, &end), C4_OK);
    for (int i = 0; i < count; i++) hwloc_bitmap_set(set, (unsigned)pu[i]);
    free(pu);
    return set;
}

static void add_place(const struct c4_place *place, struct c4_text *text) {
    assert_int_equal(c4_pu_list_add(text, place->pu, place->threads), C4_OK);
}

/* Compares a line "POLICY THREADS PLACES: 0,1|2,3" with what is made. */
static void check_line(const struct c4_topology *t, const char *file, char *line) {
    struct c4_placement_policy policy;
    struct c4_placement p;
    struct c4_text text = {0};
    char *colon = strchr(line, ':'), *space = strchr(line, ' ');
    assert_non_null(colon);
    assert_non_null(space);
    *space = '\0';
    assert_int_equal(c4_placement_policy_parse(line, &policy), C4_OK);
    assert_int_equal(sscanf(space + 1, "%d %d", &policy.threads, &policy.max_places), 2);
    if (c4_placement_make(t, &policy, &p) != C4_OK) c4_text_set(&text, "none");
    for (int i = 0; i < p.places; i++) {
        if (i > 0) c4_text_add(&text, "|");
        add_place(&p.place[i], &text);
    }
    if (strcmp(colon + 2, c4_text_string(&text)) != 0)
        fail_msg("%s: %s %s: made %s", file, line, space + 1, c4_text_string(&text));
    c4_text_free(&text);
    c4_placement_free(&p);
}

static void check_counts(const struct c4_topology *t, const char *file, const char *line) {
    struct c4_text text = {0};
    int64_t bytes = 0;
    c4_text_add(
        &text, "counts packages %d, nodes %d, l3 %d, l2 %d, cores %d, pus %d, memory nodes %d, MB",
        t->packages, t->nodes, t->l3_domains, t->l2_domains, t->cores, t->pus, t->memory_nodes);
    for (int i = 0; i < t->nodes; i++) {
        bytes += t->node[i].memory_bytes;
        c4_text_add(&text, " %d:%d", t->node[i].os_index, (int)(t->node[i].memory_bytes >> 20));
    }
    if (strcmp(line, c4_text_string(&text)) != 0) fail_msg("%s: %s", file, c4_text_string(&text));
    assert_int_equal(bytes, t->memory_bytes);
    c4_text_free(&text);
}

static void check_file(const char *path) {
    char line[4096];
    FILE *file = fopen(path, "r");
    hwloc_topology_t h = NULL;
    struct c4_topology t = {0};
    int lines = 0;
    assert_non_null(file);
    while (fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = '\0';
        if (line[0] == '#') continue;
        if (strncmp(line, "machine pack", 12) == 0 || strncmp(line, "machine core", 12) == 0 ||
            strncmp(line, "machine group", 13) == 0) {
            assert_int_equal(hwloc_topology_init(&h), 0);
            assert_int_equal(hwloc_topology_set_synthetic(h, line + strlen("machine ")), 0);
            assert_int_equal(hwloc_topology_load(h), 0);
        } else if (strncmp(line, "keep ", 5) == 0) {
            hwloc_bitmap_t set = bitmap(line + 5);
            assert_int_equal(hwloc_topology_restrict(h, set, 0), 0);
            hwloc_bitmap_free(set);
        } else if (strncmp(line, "kind ", 5) == 0) {
            hwloc_bitmap_t set = bitmap(line + 7);
            assert_int_equal(hwloc_cpukinds_register(h, set, line[5] - '0', 0, NULL, 0), 0);
            hwloc_bitmap_free(set);
        } else {
            if (!t.pu) t = load(h);
            if (strncmp(line, "counts ", 7) == 0)
                check_counts(&t, path, line);
            else
                check_line(&t, path, line);
            lines++;
        }
    }
    fclose(file);
    assert_true(lines > 10);
    c4_topology_free(&t);
}

static void machines_as_written(void **state) {
    (void)state;
    DIR *folder = opendir(C4_TEST_FOLDER "/core/places");
    assert_non_null(folder);
    int files = 0;
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        char path[4096];
        if (!strstr(entry->d_name, ".txt")) continue;
        snprintf(path, sizeof path, C4_TEST_FOLDER "/core/places/%s", entry->d_name);
        check_file(path);
        files++;
    }
    closedir(folder);
    assert_true(files >= 12);
}

/* --- random machines --- */

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

/* --- what a user types --- */

static void policies_are_read(void **state) {
    (void)state;
    struct c4_placement_policy p;
    assert_int_equal(c4_placement_policy_parse("numa,smt,compact", &p), C4_OK);
    assert_true(p.scope == C4_PLACE_NODE && p.siblings && p.compact && !p.places);
    assert_int_equal(c4_placement_policy_parse("l2,spread", &p), C4_OK);
    assert_true(p.scope == C4_PLACE_L2 && !p.siblings && !p.compact);
    assert_int_equal(c4_placement_policy_parse("machine", &p), C4_OK);
    assert_int_equal(p.scope, C4_PLACE_MACHINE);
    assert_int_equal(c4_placement_policy_parse("explicit=0-3,8/9", &p), C4_OK);
    assert_string_equal(p.places, "0-3,8/9");
}

static void bad_policies_are_sentences(void **state) {
    (void)state;
    static const char *const bad[][2] = {{"", "'' is no kind of place"},
                                         {"cores", "'cores' is no kind of place"},
                                         {"L3", "'L3' is no kind of place"},
                                         {"core compact", "'core compact' is no kind of place"},
                                         {"l3,", "'' says nothing about places"},
                                         {"l3,dense", "'dense' says nothing about places"},
                                         {"l3,compact,spread", "has 'spread' where"},
                                         {"l3,smt,smt", "has 'smt' where"},
                                         {"explicit", "'explicit' is no kind of place"},
                                         {"explicit=", "a place is empty"},
                                         {"explicit=0//1", "a place is empty"},
                                         {"explicit=0/", "a place is empty"},
                                         {"explicit=/0", "a place is empty"},
                                         {"explicit=0,", "'0,' is not a list of CPU numbers"},
                                         {"explicit=3-1", "'3-1' is not a list"},
                                         {"explicit=0/1-", "'1-' is not a list"},
                                         {"explicit=-1", "'-1' is not a list"},
                                         {"explicit=+1", "'+1' is not a list"},
                                         {"explicit=0 1", "'0 1' is not a list"},
                                         {"explicit=0,smt", "'0,smt' is not a list"},
                                         {"explicit=65536", "'65536' is not a list"},
                                         {"explicit=99999999999999999999", "is not a list"},
                                         {"explicit=0-65535,0-65535", "is not a list"}};
    struct c4_placement_policy p;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(c4_placement_policy_parse(bad[i][0], &p), C4_ERR_USAGE);
        if (!strstr(c4_error(), bad[i][1])) fail_msg("\"%s\": %s", bad[i][0], c4_error());
    }
}

static void explicit_places_are_checked(void **state) {
    (void)state;
    static const char *const bad[][2] = {
        {"explicit=0,2/7", "place 1 asks for PU 7"},
        {"explicit=0,1/1", "place 1 asks for PU 1, which a thread"},
        {"explicit=2,2", "place 0 asks for PU 2, which a thread"},
        {"explicit=0/1/2/3/0", "place 4 asks for PU 0"}};
    struct c4_topology t;
    struct c4_placement_policy policy;
    struct c4_placement p;
    assert_int_equal(c4_topology_load("pack:2 [numa] l3:1 core:2 pu:1", &t), C4_OK);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(c4_placement_policy_parse(bad[i][0], &policy), C4_OK);
        assert_int_equal(c4_placement_make(&t, &policy, &p), C4_ERR_USAGE);
        if (!strstr(c4_error(), bad[i][1])) fail_msg("\"%s\": %s", bad[i][0], c4_error());
        assert_null(p.place);
    }
    assert_int_equal(c4_placement_policy_parse("explicit=3,0/2", &policy), C4_OK);
    assert_int_equal(c4_placement_make(&t, &policy, &p), C4_OK);
    assert_int_equal(p.places, 2);
    assert_int_equal(p.place[0].threads, 2);
    assert_int_equal(p.place[0].pu[0], 3);
    assert_int_equal(p.place[0].pu[1], 0);
    assert_int_equal(p.place[0].node, -1);
    assert_int_equal(p.place[0].l3, -1);
    assert_int_equal(p.place[1].node, 1);
    c4_placement_free(&p);
    policy.threads = 2;
    assert_int_equal(c4_placement_make(&t, &policy, &p), C4_ERR_USAGE);
    assert_non_null(strstr(c4_error(), "place 1 has 1 PUs for 2 threads"));
    policy.threads = 0;
    policy.max_places = 1;
    assert_int_equal(c4_placement_make(&t, &policy, &p), C4_OK);
    assert_int_equal(p.places, 1);
    c4_placement_free(&p);
    c4_topology_free(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(machines_as_written),         cmocka_unit_test(random_machines),
        cmocka_unit_test(policies_are_read),           cmocka_unit_test(bad_policies_are_sentences),
        cmocka_unit_test(explicit_places_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
