/* Instructions are counted by the real valgrind: of programs where they are known, and of conv4.
 * The programs are C4_TEST_PLAIN, C4_TEST_PLANTED and C4_TEST_PROGRAM. */
#include <stdlib.h>

#include "tests/bench/exact_world.h"

static void measure(const char *program, const char *filter, struct c4_exact *exact) {
    const struct c4_exact_request request = {
        .program = program, .backend = "auto", .ops = true, .filter = filter};
    assert_int_equal(c4_exact_measure(&request, exact), C4_OK);
}

static void difference(const char *old, const char *new, int of_planted) {
    static const char *const rows[] = {"a", "b", "c", "step/plain"};
    struct c4_exact a, b;
    measure(old, NULL, &a);
    measure(new, NULL, &b);
    for (int i = 0; i < 4; i++) {
        if (i < 3) assert_true(value_of(&a, rows[i]) < 1000 * (i + 1) + 20);
        double want = i % 2 ? of_planted : 0, by = value_of(&b, rows[i]) - value_of(&a, rows[i]);
        if (value_of(&a, rows[i]) < 1000 || by != want)
            fail_msg("%s is %.0f and then %.0f: %s", rows[i], value_of(&a, rows[i]),
                     value_of(&b, rows[i]), a.note);
    }
    c4_exact_free(&a);
    c4_exact_free(&b);
}

static void an_instruction_more_is_seen(void **state) {
    (void)state;
    difference(getenv("C4_TEST_PLAIN"), getenv("C4_TEST_PLANTED"), 1);
}

/* Another name of the program, and a larger environment. */
static void nothing_else_is_counted(void **state) {
    char variable[3001];
    const char *plain = getenv("C4_TEST_PLAIN"), *link = scratch_path(state, "another-name");
    assert_int_equal(plain ? symlink(plain, link) : -1, 0);
    memset(variable, 'x', sizeof variable);
    variable[sizeof variable - 1] = '\0';
    setenv("C4_TEST_LARGE", variable, 1);
    difference(plain, link, 0);
    unsetenv("C4_TEST_LARGE");
}

static void conv4_is_counted(void **state) {
    struct c4_exact exact;
    (void)state;
    measure(getenv("C4_TEST_PROGRAM"), "^(bn_apply/block4|linear_fwd)/", &exact);
    if (exact.note || exact.count != 5)
        fail_msg("%d values: %s", exact.count, exact.note ? exact.note : "");
    assert_string_equal(exact.value[0].row, "size");
    assert_true(exact.value[0].value > 100e3);
    assert_memory_equal(exact.value[1].row, "arena/", 6);
    assert_true(exact.value[1].value > 1e6);
    assert_memory_equal(exact.value[2].row, "step/", 5);
    assert_true(exact.value[2].value > 10e6 && exact.value[2].value < 1e9);
    assert_memory_equal(exact.value[3].row, "bn_apply/block4/n1/", 19);
    assert_memory_equal(exact.value[4].row, "linear_fwd/linear/n1/", 21);
    for (int i = 3; i < 5; i++)
        assert_true(exact.value[i].value > 100 && exact.value[i].value < 1e6);
    assert_int_equal(strlen(exact.canonical_hash), 64);
    c4_exact_free(&exact);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_instruction_more_is_seen),
        cmocka_unit_test_setup_teardown(nothing_else_is_counted, scratch_set_up, scratch_tear_down),
        cmocka_unit_test(conv4_is_counted),
    };
    if (!getenv("C4_TEST_PLANTED")) {
        puts("skipped: valgrind runs neither other CPUs' programs nor sanitized ones");
        return 77;
    }
    if (system("valgrind --version >/dev/null 2>&1") != 0) { /* NOLINT: a fixed command */
        puts("skipped: valgrind is missing");
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
