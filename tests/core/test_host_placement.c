/* Placement is a pure function, so it is tested on made-up machines. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/host/placement.h"
#include "core/host/topology.h"
#include "tests/harness/unit.h"

static struct c4_topology machine(const char *synthetic) {
    struct c4_topology t;
    assert_int_equal(c4_topology_load(synthetic, &t), C4_OK);
    assert_false(t.this_machine);
    return t;
}

/* The placement as text, "0,1|2,3": places separated by bars, PUs by commas. */
static const char *plan(const struct c4_topology *t, enum c4_place_scope scope, int threads,
                        int max_places) {
    static char text[1024];
    struct c4_placement p;
    struct c4_placement_policy policy = {
        .scope = scope, .threads = threads, .max_places = max_places};
    assert_int_equal(c4_placement_make(t, &policy, &p), C4_OK);
    size_t used = 0;
    text[0] = '\0';
    for (int i = 0; i < p.places; i++)
        for (int k = 0; k < p.place[i].threads; k++)
            used += (size_t)snprintf(text + used, sizeof text - used, "%s%d",
                                     k   ? ","
                                     : i ? "|"
                                         : "",
                                     p.place[i].pu[k]);
    c4_placement_free(&p);
    return text;
}

static void one_node(void **state) {
    (void)state;
    struct c4_topology t = machine("pack:1 l3:1(size=33554432) l2:4(size=524288) "
                                   "l1d:1(size=32768) core:1 pu:1");
    assert_int_equal(t.packages, 1);
    assert_int_equal(t.nodes, 1);
    assert_int_equal(t.l3_domains, 1);
    assert_int_equal(t.cores, 4);
    assert_int_equal(t.pus, 4);
    assert_int_equal(t.l1d_bytes, 32768);
    assert_int_equal(t.l2_bytes, 524288);
    assert_int_equal(c4_topology_caches(&t).l2_bytes, 524288);
    assert_int_equal(c4_topology_caches(&t).l1d_bytes, t.l1d_bytes);
    assert_int_equal(t.l3_bytes, 33554432);
    assert_int_equal(t.memory_bytes, 0); /* not described, so not known */
    assert_string_equal(plan(&t, C4_PLACE_CORE, 0, 0), "0|1|2|3");
    assert_string_equal(plan(&t, C4_PLACE_CORE, 1, 2), "0|1");
    assert_string_equal(plan(&t, C4_PLACE_L3, 0, 0), "0,1,2,3");
    assert_string_equal(plan(&t, C4_PLACE_L3, 2, 0), "0,1|2,3");
    assert_string_equal(plan(&t, C4_PLACE_L3, 3, 0), "0,1,2");
    assert_string_equal(plan(&t, C4_PLACE_MACHINE, 0, 5), "0,1,2,3");
    c4_topology_free(&t);
    assert_null(t.pu);
    t = machine("pack:2 [numa(memory=3221225472)] core:1 pu:1");
    assert_int_equal(t.node[1].memory_bytes, 3221225472);
    assert_int_equal(t.memory_bytes, 6442450944);
    c4_topology_free(&t);
}

/* OS indices as on most servers: all cores' first threads come before the second ones. */
static void two_sockets_with_smt(void **state) {
    (void)state;
    struct c4_topology t =
        machine("pack:2 [numa] l3:2 core:2 pu:2(indexes=0,8,1,9,2,10,3,11,4,12,5,13,6,14,7,15)");
    assert_int_equal(t.packages, 2);
    assert_int_equal(t.nodes, 2);
    assert_int_equal(t.l3_domains, 4);
    assert_int_equal(t.cores, 8);
    assert_int_equal(t.pus, 16);
    assert_string_equal(plan(&t, C4_PLACE_CORE, 0, 0), "0|1|2|3|4|5|6|7");
    assert_string_equal(plan(&t, C4_PLACE_CORE, 2, 3), "0,8|2,10|4,12");
    assert_string_equal(plan(&t, C4_PLACE_L3, 0, 0), "0,1|2,3|4,5|6,7");
    assert_string_equal(plan(&t, C4_PLACE_L3, 3, 0), "0,1,8|2,3,10|4,5,12|6,7,14");
    assert_string_equal(plan(&t, C4_PLACE_L3, 4, 1), "0,1,8,9");
    assert_string_equal(plan(&t, C4_PLACE_MACHINE, 3, 0), "0,1,2|3,4,5");
    assert_string_equal(plan(&t, C4_PLACE_MACHINE, 10, 0), "0,1,2,3,4,5,6,7,8,9");
    /* Few places are spread over the L3 domains. */
    assert_string_equal(plan(&t, C4_PLACE_CORE, 1, 4), "0|2|4|6");
    assert_string_equal(plan(&t, C4_PLACE_CORE, 1, 5), "0|1|2|4|6");

    struct c4_placement p;
    struct c4_placement_policy policy = {.scope = C4_PLACE_L3};
    assert_int_equal(c4_placement_make(&t, &policy, &p), C4_OK);
    assert_int_equal(p.places, 4);
    assert_int_equal(p.place[1].node, 0);
    assert_int_equal(p.place[2].node, 1);
    c4_placement_free(&p);
    c4_topology_free(&t);
}

static struct c4_topology four_nodes_with_uneven_cores(void) {
    static const int cores_of_node[4] = {3, 1, 4, 2};
    struct c4_topology t = {.packages = 1, .nodes = 4, .l3_domains = 4, .cores = 10, .pus = 10};
    t.pu = calloc(10, sizeof *t.pu);
    assert_non_null(t.pu);
    int i = 0;
    for (int node = 0; node < 4; node++)
        for (int k = 0; k < cores_of_node[node]; k++, i++)
            t.pu[i] = (struct c4_pu){.os_index = 100 + i, .core = i, .l3 = node, .node = node};
    return t;
}

static void uneven_nodes(void **state) {
    (void)state;
    struct c4_topology t = four_nodes_with_uneven_cores();
    assert_string_equal(plan(&t, C4_PLACE_L3, 0, 0), "100,101,102|103|104,105,106,107|108,109");
    assert_string_equal(plan(&t, C4_PLACE_L3, 2, 0), "100,101|104,105|106,107|108,109");
    assert_string_equal(plan(&t, C4_PLACE_L3, 2, 3), "100,101|104,105|108,109");
    assert_string_equal(plan(&t, C4_PLACE_CORE, 0, 6), "100|101|103|104|105|108");
    c4_topology_free(&t);
}

static void hybrid_machine_prefers_fast_cores(void **state) {
    (void)state;
    struct c4_topology t = {.packages = 1, .nodes = 1, .l3_domains = 1, .cores = 4, .pus = 6};
    t.pu = calloc(6, sizeof *t.pu);
    assert_non_null(t.pu);
    /* Two slow cores, then two fast ones with two threads each. */
    const int core[6] = {0, 1, 2, 2, 3, 3}, kind[6] = {0, 0, 1, 1, 1, 1};
    for (int i = 0; i < 6; i++)
        t.pu[i] = (struct c4_pu){.os_index = i, .core = core[i], .kind = kind[i]};
    assert_string_equal(plan(&t, C4_PLACE_CORE, 0, 0), "0|1|2|4");
    assert_string_equal(plan(&t, C4_PLACE_CORE, 0, 2), "2|4");
    assert_string_equal(plan(&t, C4_PLACE_CORE, 0, 3), "0|2|4");
    assert_string_equal(plan(&t, C4_PLACE_L3, 2, 1), "2,4");
    c4_topology_free(&t);
}

/* Two sockets with SMT, of which a batch system grants PUs 1, 2, 3, 5 and 6. */
static void mask_with_holes(void **state) {
    (void)state;
    struct c4_topology t = {.packages = 2, .nodes = 2, .l3_domains = 2, .cores = 4, .pus = 5};
    t.pu = calloc(5, sizeof *t.pu);
    assert_non_null(t.pu);
    const int os[5] = {1, 2, 3, 5, 6}, core[5] = {0, 1, 1, 2, 3}, node[5] = {0, 0, 0, 1, 1};
    for (int i = 0; i < 5; i++)
        t.pu[i] = (struct c4_pu){os[i], core[i], core[i], node[i], node[i], node[i], 0};
    assert_string_equal(plan(&t, C4_PLACE_CORE, 0, 0), "1|2|5|6");
    assert_string_equal(plan(&t, C4_PLACE_CORE, 2, 0), "2,3");
    assert_string_equal(plan(&t, C4_PLACE_L3, 0, 0), "1,2|5,6");
    assert_string_equal(plan(&t, C4_PLACE_L3, 3, 0), "1,2,3");
    assert_string_equal(plan(&t, C4_PLACE_MACHINE, 5, 0), "1,2,5,6,3");
    c4_topology_free(&t);
}

static void impossible_wishes_are_sentences(void **state) {
    (void)state;
    struct c4_topology t = machine("pack:1 l3:2 core:2 pu:1");
    struct c4_placement p;
    const struct c4_placement_policy wishes[] = {
        {.scope = C4_PLACE_CORE, .threads = 2},
        {.scope = C4_PLACE_L3, .threads = 3},
        {.scope = C4_PLACE_MACHINE, .threads = 5},
        {.scope = C4_PLACE_MACHINE, .threads = 2147483647},
        {.scope = C4_PLACE_CORE, .threads = -1},
        {.scope = C4_PLACE_CORE, .threads = 1, .max_places = -1}};
    for (size_t i = 0; i < sizeof wishes / sizeof *wishes; i++) {
        assert_int_equal(c4_placement_make(&t, &wishes[i], &p), C4_ERR_USAGE);
        assert_null(p.place);
    }
    c4_placement_make(&t, &wishes[1], &p);
    assert_non_null(strstr(c4_error(), "3 threads do not fit into one L3 domain"));
    c4_topology_free(&t);
    struct c4_placement_policy any = {.scope = C4_PLACE_CORE};
    assert_int_equal(c4_placement_make(&t, &any, &p), C4_ERR_USAGE); /* freed, so without PUs */
}

static void every_pu_is_used_at_most_once(void **state) {
    (void)state;
    struct c4_topology t = machine("pack:2 [numa] l3:2 core:3 pu:2");
    for (int scope = C4_PLACE_CORE; scope <= C4_PLACE_MACHINE; scope++)
        for (int threads = 0; threads <= 24; threads++)
            for (int most = 0; most <= 5; most++) {
                struct c4_placement p;
                struct c4_placement_policy policy = {
                    .scope = (enum c4_place_scope)scope, .threads = threads, .max_places = most};
                if (c4_placement_make(&t, &policy, &p) != C4_OK) continue;
                int used[24] = {0};
                assert_true(most == 0 || p.places <= most);
                for (int i = 0; i < p.places; i++) {
                    assert_true(threads == 0 || p.place[i].threads == threads);
                    for (int k = 0; k < p.place[i].threads; k++)
                        assert_int_equal(used[p.place[i].pu[k]]++, 0);
                }
                c4_placement_free(&p);
            }
    c4_topology_free(&t);
}

static void bad_sources_are_refused(void **state) {
    (void)state;
    struct c4_topology t;
    assert_int_equal(c4_topology_load("pack:two", &t), C4_ERR_USAGE);
    assert_non_null(strstr(c4_error(), "pack:two"));
    assert_null(t.pu);
    assert_int_equal(c4_topology_load("", &t), C4_ERR_USAGE);
    assert_int_equal(c4_topology_load("no/such/file.xml", &t), C4_ERR_USAGE);

    char name[] = "topology-XXXXXX";
    int file = mkstemp(name);
    assert_true(file >= 0);
    const char truncated[] =
        "<?xml version=\"1.0\"?>\n<topology version=\"2.0\">\n <object type=\"Ma";
    assert_int_equal(write(file, truncated, sizeof truncated - 1), (ssize_t)sizeof truncated - 1);
    close(file);
    assert_int_equal(c4_topology_load(name, &t), C4_ERR_DATA);
    assert_non_null(strstr(c4_error(), name));
    assert_int_equal(truncate(name, 0), 0);
    assert_int_equal(c4_topology_load(name, &t), C4_ERR_DATA);
    unlink(name);
    assert_int_equal(c4_topology_load("/", &t), C4_ERR_DATA);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_node),
        cmocka_unit_test(two_sockets_with_smt),
        cmocka_unit_test(uneven_nodes),
        cmocka_unit_test(hybrid_machine_prefers_fast_cores),
        cmocka_unit_test(mask_with_holes),
        cmocka_unit_test(impossible_wishes_are_sentences),
        cmocka_unit_test(every_pu_is_used_at_most_once),
        cmocka_unit_test(bad_sources_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
