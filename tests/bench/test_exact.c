/* Exact values of a program: what is read of files and outputs, and what is left out and why. */
#include "bench/exact/callgrind.h"
#include "bench/exact/elf.h"
#include "core/cli/interrupt.h"
#include "tests/bench/exact_world.h"

static char *old_path;

static int set_up(void **state) {
    char path[8192];
    if (scratch_set_up(state) != 0) return -1;
    const struct scratch *scratch = *state;
    snprintf(path, sizeof path, "%s:%s", scratch->folder, old_path);
    setenv("PATH", path, 1);
    setenv("TMPDIR", scratch_path(state, "tmp"), 1);
    setenv("SECRET", "not for programs under valgrind", 1);
    write_script(state, "stand-in", program_text);
    write_script(state, "valgrind", valgrind_text);
    return mkdir(scratch_path(state, "tmp"), 0700);
}

static int tear_down(void **state) {
    setenv("PATH", old_path, 1);
    unsetenv("TMPDIR");
    return scratch_tear_down(state);
}

/* --- reading --- */

/* A little-endian ELF file of class 64 with two segments that are loaded and one that is not. */
enum { ELF_BYTES = 64 + 3 * 56 + 100 };

static void make_elf(unsigned char elf[ELF_BYTES]) {
    static const struct {
        unsigned char type, offset, filesz;
    } segments[] = {{1, 0, 200}, {4, 0, 50}, {1, 232, 100}};
    memset(elf, 0, ELF_BYTES);
    static const unsigned char ident[] = {0x7f, 'E', 'L', 'F', 2, 1, 1};
    memcpy(elf, ident, sizeof ident);
    elf[32] = 64;
    elf[54] = 56;
    elf[56] = 3;
    for (int i = 0; i < 3; i++) {
        unsigned char *segment = elf + 64 + 56 * i;
        segment[0] = segments[i].type;
        segment[8] = segments[i].offset;
        segment[32] = segments[i].filesz;
    }
}

static void sizes_of_elf_files(void **state) {
    unsigned char elf[ELF_BYTES];
    uint64_t bytes = 7;
    (void)state;
    make_elf(elf);
    assert_true(c4_elf_loaded_bytes(elf, sizeof elf, &bytes));
    assert_int_equal(bytes, 300);
    for (size_t size = 0; size < sizeof elf;
         size++) { /* the end of a page follows, for sanitizers */
        unsigned char *part = malloc(size ? size : 1);
        assert_non_null(part);
        memcpy(part, elf, size);
        assert_false(c4_elf_loaded_bytes(part, size, &bytes));
        free(part);
    }
    assert_int_equal(bytes, 300);
    memset(elf + 32, 0xff, 8); /* segments beyond any file */
    assert_false(c4_elf_loaded_bytes(elf, sizeof elf, &bytes));
    make_elf(elf);
    elf[4] = 3; /* no class */
    assert_false(c4_elf_loaded_bytes(elf, sizeof elf, &bytes));
    static const unsigned char big32[52 + 32] = {
        0x7f, 'E', 'L', 'F', 1, 2, 1, [31] = 52, [43] = 32, [45] = 1, [52 + 3] = 1, [52 + 19] = 40};
    assert_true(c4_elf_loaded_bytes(big32, sizeof big32, &bytes));
    assert_int_equal(bytes, 40);
    assert_false(
        c4_elf_loaded_bytes((const unsigned char *)program_text, sizeof program_text, &bytes));
}

static void take(void *context, int k, double total) {
    double *totals = context;
    totals[k] = total;
}

static void totals_of_parts(void **state) {
    static const char two[] = "part: 1\ndesc: Trigger: --dump-after=f\nsummary: 562\n0 562\n"
                              "totals: 562\n\npart: 2\ndesc: Trigger: --dump-after=f\n"
                              "totals: 602\n\ndesc: Trigger: Program termination\ntotals: 9\n";
    char cut[sizeof two];
    double totals[2] = {0};
    (void)state;
    assert_int_equal(c4_callgrind_totals(two, take, totals), 2);
    assert_true(totals[0] == 562 && totals[1] == 602);
    snprintf(cut, sizeof cut, "%.*s", (int)(strstr(two, "602") - two + 2), two);
    assert_int_equal(c4_callgrind_totals(cut, take, totals), -1);
    snprintf(cut, sizeof cut, "%.*s", (int)(strstr(two, "totals: 602") - two), two);
    assert_int_equal(c4_callgrind_totals(cut, take, totals), -1);
    assert_int_equal(c4_callgrind_totals("totals: 5\n", take, totals), 0);
}

/* --- measuring --- */

static int ticks;

static void tick(void *context, int done, int of) {
    (void)context;
    ticks++;
    assert_int_equal(done, ticks);
    assert_true(done <= of);
}

static enum c4_status measure(const char *program, const char *backend, struct c4_exact *exact) {
    const struct c4_exact_request request = {
        .program = program, .backend = backend, .ops = true, .tick = tick};
    ticks = 0;
    return c4_exact_measure(&request, exact);
}

static void expect_note(const struct c4_exact *exact, const char *words) {
    if (!exact->note || !strstr(exact->note, words))
        fail_msg("'%s' is not in the notes: %s", words, exact->note ? exact->note : "none");
}

static void values_and_what_they_are_of(void **state) {
    struct c4_exact exact;
    (void)state;
    assert_int_equal(measure("stand-in", "auto", &exact), C4_OK);
    assert_string_equal(exact.canonical_hash, HASH);
    assert_true(value_of(&exact, "arena/avx512") == 8192);
    assert_true(value_of(&exact, "step/avx2") == 700);
    assert_true(value_of(&exact, "a/n1/avx2") == 500 && value_of(&exact, "b/n1/avx2") == 600);
    assert_int_equal(exact.count, 4);
    expect_note(&exact, "no ELF file");
    assert_null(strchr(exact.note, '\n'));
    static const struct c4_exact_value as[] = {{NULL, "step", "bytes", 32, 1, 0},
                                               {NULL, "step", "instructions", 8, 1, 0},
                                               {NULL, "ops", "instructions", 1, 1, 0},
                                               {NULL, "ops", "instructions", 1, 1, 0}};
    for (int i = 0; i < exact.count; i++) {
        assert_string_equal(exact.value[i].benchmark, as[i].benchmark);
        assert_string_equal(exact.value[i].unit, as[i].unit);
        assert_int_equal(exact.value[i].batch, as[i].batch);
        assert_int_equal(exact.value[i].threads, as[i].threads);
    }
    c4_exact_free(&exact);
    assert_int_equal(measure(scratch_path(state, "stand-in"), "avx512", &exact), C4_OK);
    assert_true(value_of(&exact, "step/avx2") == 700);
    expect_note(&exact, "those of avx2, as valgrind cannot run avx512");
    c4_exact_free(&exact);
}

static void real_programs_have_a_size(void **state) {
    struct c4_exact exact;
    (void)state;
    assert_int_equal(measure("/bin/true", "auto", &exact), C4_OK);
    assert_true(value_of(&exact, "size") > 1000);
    assert_int_equal(exact.count, 1);
    assert_string_equal(exact.canonical_hash, "");
    expect_note(&exact, "canonical hash is unknown");
    expect_note(&exact, "bytes of a plan are unknown");
    expect_note(&exact, "no instructions are counted");
    c4_exact_free(&exact);
}

/* Writes a program's text with one part of it replaced. */
static void plant(void **state, const char *name, const char *text, const char *from,
                  const char *to) {
    char changed[4096];
    const char *at = strstr(text, from);
    assert_non_null(at);
    snprintf(changed, sizeof changed, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
    write_script(state, name, changed);
}

static void older_programs(void **state) {
    struct c4_exact exact;
    plant(state, "older", program_text, "'bench ops'", "'bench new'");
    assert_int_equal(measure("older", "auto", &exact), C4_OK);
    assert_int_equal(exact.count, 2);
    expect_note(&exact, "older programs has no --calls");
    c4_exact_free(&exact);
    plant(state, "older", program_text, ", \"plan_bytes\": 8192", "");
    assert_int_equal(measure("older", "auto", &exact), C4_OK);
    assert_int_equal(exact.count, 3);
    expect_note(&exact, "is too old to tell");
    c4_exact_free(&exact);
    plant(state, "older", program_text, "8192", "null");
    assert_int_equal(measure("older", "auto", &exact), C4_OK);
    expect_note(&exact, "does not know those of this backend");
    c4_exact_free(&exact);
}

/* No row gets another's count. */
static void damaged_counts(void **state) {
    struct c4_exact exact;
    plant(state, "valgrind", valgrind_text, "'500 600'", "500");
    assert_int_equal(measure("stand-in", "auto", &exact), C4_OK);
    assert_int_equal(exact.count, 2);
    expect_note(&exact, "counted 1 calls of 2 ops");
    c4_exact_free(&exact);
    plant(state, "valgrind", valgrind_text, "'900 700'", "900");
    assert_int_equal(measure("stand-in", "auto", &exact), C4_OK);
    assert_true(value_of(&exact, "step/avx2") == -1);
    expect_note(&exact, "instructions of a step are unknown");
    c4_exact_free(&exact);
    plant(state, "valgrind", valgrind_text, "'500 600'", "'500 601'");
    assert_int_equal(measure("stand-in", "auto", &exact), C4_OK);
    assert_true(value_of(&exact, "a/n1/avx2") == 500 && value_of(&exact, "b/n1/avx2") == 601);
    c4_exact_free(&exact);
}

static void without_valgrind(void **state) {
    struct c4_exact exact;
    setenv("PATH", "/nowhere", 1);
    assert_int_equal(measure(scratch_path(state, "stand-in"), "auto", &exact), C4_OK);
    assert_int_equal(exact.count, 1);
    assert_string_equal(exact.canonical_hash, HASH);
    expect_note(&exact, "install valgrind to count instructions");
    c4_exact_free(&exact);
}

static void no_program(void **state) {
    struct c4_exact exact;
    const char *path = scratch_path(state, "nonsense");
    assert_int_equal(measure("no-such-conv4", "auto", &exact), C4_ERR_DATA);
    assert_non_null(strstr(c4_error(), "no-such-conv4"));
    c4_exact_free(&exact);
    assert_int_equal(measure(scratch_path(state, "tmp"), "auto", &exact), C4_ERR_DATA);
    c4_exact_free(&exact);
    write_script(state, "nonsense", "#!/no/such/interpreter\n");
    assert_int_equal(measure(path, "auto", &exact), C4_ERR_DATA);
    assert_non_null(strstr(c4_error(), path));
    c4_exact_free(&exact);
}

/* The stand-in for callgrind sends the signal, and would then take a minute. */
static void interrupted(void **state) {
    struct c4_exact exact;
    plant(state, "valgrind", valgrind_text, "\"$@\"\n",
          "[ $tool != callgrind ] || [ $2 != bench ] || { : >\"$out\"; kill -TERM $PPID; sleep 60; "
          "}\n\"$@\"\n");
    assert_int_equal(c4_interrupt_catch(), C4_OK);
    assert_int_equal(measure("stand-in", "auto", &exact), C4_ERR_TERMINATED);
    assert_true(value_of(&exact, "step/avx2") == 700);
    assert_int_equal(rmdir(scratch_path(state, "tmp")), 0); /* nothing is left in it */
    c4_exact_free(&exact);
    assert_int_equal(c4_interrupt_catch(), C4_OK);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_of_elf_files),
        cmocka_unit_test(totals_of_parts),
        cmocka_unit_test_setup_teardown(values_and_what_they_are_of, set_up, tear_down),
        cmocka_unit_test_setup_teardown(real_programs_have_a_size, set_up, tear_down),
        cmocka_unit_test_setup_teardown(older_programs, set_up, tear_down),
        cmocka_unit_test_setup_teardown(damaged_counts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(without_valgrind, set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_program, set_up, tear_down),
        cmocka_unit_test_setup_teardown(interrupted, set_up, tear_down),
    };
    const char *path = getenv("PATH");
    old_path = strdup(path ? path : "/usr/bin:/bin");
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    free(old_path);
    return failed;
}
