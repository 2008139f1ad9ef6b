/* Every op slot of every backend that can run here, against the baseline reference; and the
 * reference itself against plain loops in double. Bit-exact backends must agree bit for bit, others
 * within a tolerance. With C4_TEST_WANT=NAME, only that backend, against ref. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "simd/cpu.h"
#include "simd/dispatch.h"
#include "tests/harness/check_ops.h"
#include "tests/harness/check_want.h"
#include "tests/harness/unit.h"

#if defined(__x86_64__)
extern const struct c4_backend c4_backend_ref_fma;
#endif

enum { MAX_SUBJECTS = 16 };

static struct subject {
    const struct c4_backend *backend;
    int cases[C4_SLOT_COUNT];
} subjects[MAX_SUBJECTS];
static int subject_count;

static void add_subject(const struct c4_backend *backend) {
    if (!c4_wants(backend)) return;
    for (int i = 0; i < subject_count; i++)
        if (subjects[i].backend == backend) return;
    if (subject_count < MAX_SUBJECTS) subjects[subject_count++].backend = backend;
}

static void find_subjects(void) {
    const struct c4_backend *table;
    add_subject(&c4_backend_ref);
#if defined(__x86_64__)
    if (c4_cpu_features() & C4_CPU_AVX2_FMA) add_subject(&c4_backend_ref_fma);
#endif
    for (int i = 0; c4_backend_name(i, &table, NULL); i++)
        if (table) add_subject(table);
}

/* The table's name, which distinguishes the two builds of the reference. */
static const char *label(const struct c4_backend *backend) {
    if (backend == &c4_backend_ref) return "ref";
#if defined(__x86_64__)
    if (backend == &c4_backend_ref_fma) return "ref_fma";
#endif
    return backend->name;
}

static void run_subject(struct subject *subject, struct c4_check_case *c, enum c4_op_slot slot,
                        enum c4_check_data data, struct c4_check_tally *tally) {
    const struct c4_backend *backend = subject->backend;
    c4_op_fn *kernel = c4_op_function(backend, slot);
    if (!kernel || !c4_check_wanted(label(backend), c4_slot_name(slot))) return;
    if (!backend->bit_exact && data != C4_CHECK_INTEGERS && data != C4_CHECK_REALS) return;
    struct c4_check_result result;
    c->backend = label(backend);
    c->tolerance = backend->bit_exact ? 0 : C4_PEER_TOLERANCE;
    c4_check_run(c, kernel, &result);
    c4_check_count(tally, &result, stdout);
    subject->cases[slot]++;
}

/* Under an emulator, which takes minutes for them, each size gets one kind of data, in turn, and
 * the network's own shapes are left out: the others reach every tail and more than one group. */
static bool is_chosen(enum c4_op_slot slot, int size, enum c4_check_data data) {
    int kinds = 0, before = 0;
    const struct c4_check_op *op = c4_check_op(slot);
    if (!c4_want_emulated()) return true;
    if (!c4_want_full() && size >= op->size_count - op->long_sizes) return false;
    for (int kind = 0; kind < C4_CHECK_DATA_KINDS; kind++) {
        bool runs = c4_check_runs(slot, size, (enum c4_check_data)kind);
        kinds += runs;
        before += runs && kind < (int)data;
    }
    return size % kinds == before;
}

static void check_slot(void **state) {
    enum c4_op_slot slot = *(const enum c4_op_slot *)*state;
    const struct c4_check_op *op = c4_check_op(slot);
    const char *name = c4_slot_name(slot);
    struct c4_check_tally tally = {0, 0};
    struct c4_check_result result;
    for (int size = 0; size < op->size_count; size++)
        for (int kind = 0; kind < C4_CHECK_DATA_KINDS; kind++) {
            enum c4_check_data data = (enum c4_check_data)kind;
            if (!c4_check_runs(slot, size, data) || !is_chosen(slot, size, data)) continue;
            struct c4_check_case c;
            assert_true(c4_check_make(&c, slot, size, data, c4_check_seed()));
            assert_true(c4_check_expect(&c, c4_op_function(c4_want_reference(), slot)));
            if (!c4_want_name()) {
                c4_check_naive(&c, slot, data, &result);
                c4_check_count(&tally, &result, stdout);
            }
            for (int i = 0; i < subject_count; i++)
                run_subject(&subjects[i], &c, slot, data, &tally);
            c4_check_free(&c);
        }
    const struct c4_backend *wanted = c4_want_table();
    /* C4_CHECK_ONLY names another, or the slot is C4_OP_REF. */
    if (wanted && !(c4_op_function(wanted, slot) && c4_check_wanted(label(wanted), name))) skip();
    assert_true(c4_check_passed(&tally));
    for (int i = 0; i < subject_count; i++) {
        const struct c4_backend *backend = subjects[i].backend;
        bool ours = c4_op_function(backend, slot) && c4_check_wanted(label(backend), name);
        if (ours) assert_true(subjects[i].cases[slot] > 0);
    }
}

static void report_what_ran(void **state) {
    (void)state;
    int total = 0;
    printf("%-28s", "cases");
    for (int i = 0; i < subject_count; i++) printf(" %8s", label(subjects[i].backend));
    for (int slot = 0; slot < C4_SLOT_COUNT; slot++) {
        printf("\n%-28s", c4_slot_name((enum c4_op_slot)slot));
        for (int i = 0; i < subject_count; i++) {
            total += subjects[i].cases[slot];
            if (subjects[i].cases[slot])
                printf(" %8d", subjects[i].cases[slot]);
            else
                printf(" %8s", "-");
        }
    }
    printf("\n");
    for (int i = 0; i < subject_count; i++)
        printf("%s: %s, %s\n", label(subjects[i].backend), subjects[i].backend->variant,
               subjects[i].backend->bit_exact ? "bit for bit" : "by tolerance");
    for (int i = 0; i < subject_count; i++) {
        int executed = 0, filled = 0;
        for (int slot = 0; slot < C4_SLOT_COUNT; slot++) {
            executed += subjects[i].cases[slot] > 0;
            filled += c4_op_function(subjects[i].backend, (enum c4_op_slot)slot) != NULL;
        }
        printf("%s: %d slots executed\n", label(subjects[i].backend), executed);
        if (c4_want_name() && !getenv("C4_CHECK_ONLY")) assert_int_equal(executed, filled);
    }
    assert_true(total > 0);
}

int main(void) {
    static enum c4_op_slot slots[C4_SLOT_COUNT];
    struct CMUnitTest tests[C4_SLOT_COUNT + 1];
    for (int i = 0; i < C4_SLOT_COUNT; i++) {
        slots[i] = (enum c4_op_slot)i;
        tests[i] = (struct CMUnitTest){c4_slot_name(slots[i]), check_slot, NULL, NULL, &slots[i]};
    }
    tests[C4_SLOT_COUNT] = (struct CMUnitTest)cmocka_unit_test(report_what_ran);
    find_subjects();
    printf("seed %llu (C4_CHECK_SEED)\n", (unsigned long long)c4_check_seed());
    return cmocka_run_group_tests(tests, NULL, NULL);
}
