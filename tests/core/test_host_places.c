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
        cmocka_unit_test(machines_as_written),
        cmocka_unit_test(policies_are_read),
        cmocka_unit_test(bad_policies_are_sentences),
        cmocka_unit_test(explicit_places_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
