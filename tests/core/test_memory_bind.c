/* Threads and memory of each place are where the plan says, on this machine: what they were bound
 * to is read back, thread by thread and page by page. On one NUMA node there is nothing to bind,
 * and that is said. The machine with two nodes on which tests/emulate/run-numa.sh runs this program
 * sets C4_TEST_NODES=2: fewer are then a failure. */
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS, madvise() */
#include <omp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/host/memory_bind.h"
#include "core/host/placement.h"
#include "core/host/team.h"
#include "tests/harness/unit.h"

enum { PAGE = 4096, PAGES = 1024 };

/* What a child found; its exit status. */
enum finding { RIGHT, NO_TEAM, WRONG_THREAD, NOT_BOUND, WRONG_PAGES, NO_ANSWER };
static const char *const finding_names[] = {
    "right", "no team", "a thread elsewhere", "memory not bound", "pages elsewhere", "no answer"};

static int node_of(const struct c4_topology *t, int pu) {
    for (int i = 0; i < t->pus; i++)
        if (t->pu[i].os_index == pu) return t->pu[i].node;
    return -1;
}

/* The system's number of the node that a place is on. */
static int number_of(const struct c4_topology *t, const struct c4_place *place) {
    int node = node_of(t, place->pu[0]);
    return node < 0 ? -1 : t->node[node].os_index;
}

/* In a process of its own, like a worker: binds memory to `node` (-1: the place's own), starts
 * the place's team, lets every thread touch its part of an area, and looks where all that is. */
static enum finding work_at(const struct c4_topology *t, const struct c4_place *place, int node) {
    struct c4_team team;
    struct c4_memory_binding binding;
    struct c4_memory_pages pages;
    const int planned = number_of(t, place);
    const enum c4_status status = node < 0 ? c4_memory_bind(place->pu, place->threads, &binding)
                                           : c4_memory_bind_node(node, &binding);
    if (status != C4_OK) return NO_ANSWER;
    if (t->nodes > 1 && binding.node != (node < 0 ? planned : node)) return NOT_BOUND;
    if (c4_team_start(place->pu, place->threads, &team) != C4_OK || !team.bound) return NO_TEAM;
    for (int i = 0; i < place->threads; i++)
        if (team.pu[i] != place->pu[i] || node_of(t, team.pu[i]) != place->node)
            return WRONG_THREAD;
    char *area = mmap(NULL, (size_t)PAGES * PAGE, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (area == MAP_FAILED) return NO_ANSWER;
#pragma omp parallel for schedule(static) num_threads(place->threads)
    for (int i = 0; i < PAGES; i++) area[(size_t)i * PAGE] = 1;
    if (!c4_memory_pages(area, (size_t)PAGES * PAGE, 0, &pages)) return NO_ANSWER;
    if (pages.absent > 0) return NO_ANSWER;
    return c4_memory_pages_node(&pages) == planned ? RIGHT : WRONG_PAGES;
}

static enum finding in_a_child(const struct c4_topology *t, const struct c4_place *place,
                               int node) {
    int status;
    pid_t child = fork();
    if (child == 0) _exit((int)work_at(t, place, node));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return (enum finding)WEXITSTATUS(status);
}

static void load(struct c4_topology *t) {
    const char *nodes = getenv("C4_TEST_NODES");
    assert_int_equal(c4_topology_load(NULL, t), C4_OK);
    if (nodes) assert_int_equal(t->nodes, strtol(nodes, NULL, 10));
}

/* One place for each node: of as many threads as its cores. */
static void each_place_is_where_the_plan_says(void **state) {
    (void)state;
    struct c4_topology t;
    struct c4_placement placement;
    load(&t);
    const struct c4_placement_policy policy = {.scope = C4_PLACE_L3, .threads = t.cores / t.nodes};
    if (c4_placement_make(&t, &policy, &placement) != C4_OK) {
        c4_topology_free(&t);
        print_message("skipped: no place of %d threads\n", policy.threads);
        skip();
    }
    bool seen[C4_MEMORY_NODES_MAX] = {false};
    for (int i = 0; i < placement.places; i++) {
        const struct c4_place *place = &placement.place[i];
        enum finding finding = in_a_child(&t, place, -1);
        print_message("place %d, %d threads on node %d of %d: %s\n", i, place->threads, place->node,
                      t.nodes, finding_names[finding]);
        if (finding == NO_TEAM || finding == NO_ANSWER) {
            assert_null(getenv("C4_TEST_NODES"));
            skip();
        }
        assert_int_equal(finding, RIGHT);
        seen[place->node] = true;
    }
    for (int node = 0; node < t.nodes; node++) assert_true(seen[node]);
    c4_placement_free(&placement);
    c4_topology_free(&t);
}

/* The planted fault: memory bound to another node than the place's must be found. */
static void a_wrong_node_is_found(void **state) {
    (void)state;
    struct c4_topology t;
    struct c4_placement placement;
    const struct c4_placement_policy policy = {.scope = C4_PLACE_CORE, .threads = 1};
    load(&t);
    if (t.nodes < 2) {
        c4_topology_free(&t);
        print_message("skipped: one NUMA node\n");
        skip();
    }
    assert_int_equal(c4_placement_make(&t, &policy, &placement), C4_OK);
    for (int i = 0; i < placement.places; i++) {
        int own = number_of(&t, &placement.place[i]);
        for (int k = 0; k < placement.places; k++) {
            int other = number_of(&t, &placement.place[k]);
            enum finding finding = in_a_child(&t, &placement.place[i], other);
            assert_int_equal(finding, other == own ? RIGHT : WRONG_PAGES);
        }
    }
    c4_placement_free(&placement);
    c4_topology_free(&t);
}

static void one_node_has_nothing_to_bind(void **state) {
    (void)state;
    struct c4_topology t;
    struct c4_memory_binding binding;
    load(&t);
    int pu = t.pu[0].os_index;
    bool single = t.nodes == 1;
    c4_topology_free(&t);
    if (!single) skip();
    assert_int_equal(c4_memory_bind(&pu, 1, &binding), C4_OK);
    assert_int_equal(binding.node, -1);
    assert_string_equal(binding.reason, "this machine has one NUMA node: there is nothing to bind");
}

static void pages_are_counted(void **state) {
    (void)state;
    struct c4_memory_pages pages;
    char *area = mmap(NULL, (size_t)PAGES * PAGE, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(area, MAP_FAILED);
    if (sysconf(_SC_PAGESIZE) != PAGE) skip();
    madvise(area, (size_t)PAGES * PAGE, MADV_NOHUGEPAGE);
    for (int i = 0; i < 100; i++) area[(size_t)i * PAGE] = 1;
    if (!c4_memory_pages(area, (size_t)PAGES * PAGE, 0, &pages)) {
        print_message("skipped: the system does not say where pages are\n");
        munmap(area, (size_t)PAGES * PAGE);
        skip();
    }
    uint64_t present = 0;
    for (int i = 0; i < C4_MEMORY_NODES_MAX; i++) present += pages.node[i];
    assert_int_equal(present, 100);
    assert_int_equal(pages.absent, PAGES - 100);
    /* Every tenth page, and an area that begins and ends within pages. */
    assert_true(c4_memory_pages(area, (size_t)PAGES * PAGE, 128, &pages));
    assert_int_equal(pages.absent, 128 - 13);
    assert_true(c4_memory_pages(area + 1, PAGE, 0, &pages));
    assert_int_equal(pages.absent, 0);
    assert_true(c4_memory_pages(area, 0, 0, &pages));
    assert_int_equal(c4_memory_pages_node(&pages), -1);
    pages = (struct c4_memory_pages){.node = {[1] = 3}};
    assert_int_equal(c4_memory_pages_node(&pages), 1);
    pages.node[0] = 1;
    assert_int_equal(c4_memory_pages_node(&pages), -1);
    munmap(area, (size_t)PAGES * PAGE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_place_is_where_the_plan_says),
        cmocka_unit_test(a_wrong_node_is_found),
        cmocka_unit_test(one_node_has_nothing_to_bind),
        cmocka_unit_test(pages_are_counted),
    };
    return cmocka_run_group_tests_name("memory_bind", tests, NULL, NULL);
}
