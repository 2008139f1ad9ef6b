/* From a backend's name to its table. If C4_TEST_CPU ("none", "avx2+fma", ...) and C4_TEST_WANT
 * describe the CPU, also whether it is recognised and which backend is chosen. */
#include <stdlib.h>
#include <string.h>

#include "core/op/slots.h"
#include "simd/cpu.h"
#include "simd/dispatch.h"
#include "tests/harness/check_want.h"
#include "tests/harness/unit.h"

extern const struct c4_backend c4_backend_ref;

static const enum c4_op_slot all_slots[] = {
#define C4_OP(slot, type) C4_SLOT_##slot,
#include "core/op/ops.def"
#undef C4_OP
};

static bool has_slot(const struct c4_backend *backend, enum c4_op_slot slot) {
    return c4_op_function(backend, slot);
}

static int mask_cpu(void **state) {
    (void)state;
    return setenv("C4_CPU_MASK", "0", 1);
}

static int unmask_cpu(void **state) {
    (void)state;
    return unsetenv("C4_CPU_MASK");
}

static void a_forced_backend_is_the_one_that_runs(void **state) {
    (void)state;
    const struct c4_backend *table;
    const char *why, *name;
    int runnable = 0;
    for (int i = 0; (name = c4_backend_name(i, &table, &why)); i++) {
        struct c4_dispatch dispatch;
        enum c4_status status = c4_dispatch(name, &dispatch);
        if (!table) {
            assert_int_equal(status, C4_ERR_ENVIRONMENT);
            assert_non_null(strstr(c4_error(), name));
            assert_non_null(strstr(c4_error(), why));
            continue;
        }
        runnable++;
        assert_int_equal(status, C4_OK);
        assert_string_equal(dispatch.backend.name, name);
        assert_string_equal(dispatch.backend.variant, table->variant);
        assert_int_equal(dispatch.backend.bit_exact, table->bit_exact);
        if (table->step) assert_ptr_equal(dispatch.step_origin, table);
        if (c4_cpu_features()) assert_null(c4_dispatch_cost(&dispatch));
        assert_string_equal(table->name, name);
    }
    assert_true(runnable >= 2); /* ref and ref64 run everywhere */
}

static void every_slot_and_the_step_are_filled(void **state) {
    (void)state;
    const struct c4_backend *table;
    const char *name;
    for (int i = 0; (name = c4_backend_name(i, &table, NULL)); i++) {
        if (!table) continue;
        struct c4_dispatch dispatch;
        assert_int_equal(c4_dispatch(name, &dispatch), C4_OK);
        assert_non_null(dispatch.backend.step);
        assert_ptr_equal(dispatch.backend.step, dispatch.step_origin->step);
        for (int slot = 0; slot < C4_SLOT_COUNT; slot++) {
            const struct c4_backend *origin = dispatch.slot_origin[slot];
            assert_true(has_slot(&dispatch.backend, all_slots[slot]));
            /* The backend's own slot if it has one, else the reference's. */
            if (has_slot(table, all_slots[slot]))
                assert_ptr_equal(origin, table);
            else
                assert_string_equal(origin->name, "ref");
        }
    }
}

static void an_unknown_name_is_answered_with_the_known_ones(void **state) {
    (void)state;
    const char *const unknown[] = {"avx1024", "", "REF", "ref ", "re"};
    for (size_t k = 0; k < sizeof unknown / sizeof *unknown; k++) {
        struct c4_dispatch dispatch;
        assert_int_equal(c4_dispatch(unknown[k], &dispatch), C4_ERR_USAGE);
        const char *name;
        for (int i = 0; (name = c4_backend_name(i, NULL, NULL)); i++)
            assert_non_null(strstr(c4_error(), name));
        assert_non_null(strstr(c4_error(), "auto"));
    }
}

static void auto_takes_the_best_that_trains_and_never_ref64(void **state) {
    (void)state;
    struct c4_dispatch named, unnamed;
    assert_int_equal(c4_dispatch("auto", &named), C4_OK);
    assert_int_equal(c4_dispatch(NULL, &unnamed), C4_OK);
    assert_string_equal(named.backend.name, unnamed.backend.name);
    assert_string_not_equal(named.backend.name, "ref64");
    assert_int_equal(c4_dispatch_strict(&named, true, NULL, 0), C4_OK);
    const struct c4_backend *table;
    for (int i = 0; c4_backend_name(i, &table, NULL); i++)
        if (table && table->step) { /* the first one with a step */
            assert_string_equal(table->name, named.backend.name);
            break;
        }
}

static void the_cpu_is_the_one_that_the_environment_tells(void **state) {
    (void)state;
    const char *cpu = getenv("C4_TEST_CPU");
    char text[64];
    if (!cpu) skip();
    c4_dispatch_cpu(text, sizeof text);
    assert_string_equal(text, cpu);
}

static void auto_takes_the_wanted_backend(void **state) {
    (void)state;
    struct c4_dispatch dispatch;
    if (!c4_want_name()) skip();
    assert_int_equal(c4_dispatch("auto", &dispatch), C4_OK);
    assert_string_equal(dispatch.backend.name, c4_want_name());
}

static void without_cpu_features_the_plain_reference_runs(void **state) {
    (void)state;
    assert_int_equal(c4_cpu_features(), 0);
    struct c4_dispatch dispatch;
    assert_int_equal(c4_dispatch("ref", &dispatch), C4_OK);
    assert_string_equal(dispatch.backend.variant, c4_backend_ref.variant);
    assert_ptr_equal(dispatch.step_origin, &c4_backend_ref);
    for (int slot = 0; slot < C4_SLOT_COUNT; slot++)
        assert_ptr_equal(dispatch.slot_origin[slot], &c4_backend_ref);
    assert_int_equal(c4_dispatch("ref64", &dispatch), C4_OK);
    assert_string_equal(dispatch.backend.name, "ref64");
    assert_null(strstr(dispatch.backend.variant, "FMA"));
    const char *const plain[] = {"ref", "ref64", "portable"};
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++) {
        if (c4_dispatch(plain[i], &dispatch) != C4_OK) continue; /* not in every build */
#if defined(__x86_64__)
        assert_non_null(c4_dispatch_cost(&dispatch));
        assert_non_null(strstr(c4_dispatch_cost(&dispatch), "FMA"));
#else
        assert_null(c4_dispatch_cost(&dispatch)); /* part of every AArch64 */
#endif
    }
    assert_int_equal(c4_dispatch("auto", &dispatch), C4_OK);
}

static void a_mask_only_takes_features_away(void **state) {
    (void)state;
    uint32_t real = c4_cpu_features();
    assert_int_equal(setenv("C4_CPU_MASK", "0xffffffff", 1), 0);
    assert_int_equal(c4_cpu_features(), real);
    assert_int_equal(setenv("C4_CPU_MASK", "0x2", 1), 0);
    assert_int_equal(c4_cpu_features(), real & 2);
    char text[64];
    c4_cpu_feature_names(0, text, sizeof text);
    assert_string_equal(text, "none");
    c4_cpu_feature_names(C4_CPU_AVX2_FMA | C4_CPU_AVX512, text, sizeof text);
    assert_string_equal(text, "avx2+fma avx512");
    char little[5];
    c4_cpu_feature_names(C4_CPU_AVX2_FMA | C4_CPU_AVX512, little, sizeof little);
    assert_int_equal(strlen(little), 4);
}

static void strict_reports_each_fallback(void **state) {
    (void)state;
    struct c4_dispatch dispatch;
    assert_int_equal(c4_dispatch("ref", &dispatch), C4_OK);
    assert_int_equal(c4_dispatch_strict(&dispatch, true, all_slots, C4_SLOT_COUNT), C4_OK);
    /* ref64 has a step and no slots. */
    assert_int_equal(c4_dispatch("ref64", &dispatch), C4_OK);
    assert_int_equal(c4_dispatch_strict(&dispatch, true, NULL, 0), C4_OK);
    for (int slot = 0; slot < C4_SLOT_COUNT; slot++) {
        assert_int_equal(c4_dispatch_strict(&dispatch, false, &all_slots[slot], 1),
                         C4_ERR_ENVIRONMENT);
        assert_non_null(strstr(c4_error(), c4_slot_name(all_slots[slot])));
        assert_non_null(strstr(c4_error(), "ref64"));
    }
    /* A backend without a step of its own. */
    struct c4_backend slots_only = c4_backend_ref;
    slots_only.name = "slots-only";
    dispatch.backend = slots_only;
    dispatch.step_origin = &c4_backend_ref;
    assert_int_equal(c4_dispatch_strict(&dispatch, true, NULL, 0), C4_ERR_ENVIRONMENT);
    assert_non_null(strstr(c4_error(), "slots-only"));
}

static void names_are_unique_and_end(void **state) {
    (void)state;
    const char *a;
    int count = 0;
    for (int i = 0; (a = c4_backend_name(i, NULL, NULL)); i++, count++)
        for (int k = 0; k < i; k++) assert_string_not_equal(a, c4_backend_name(k, NULL, NULL));
    assert_true(count >= 2);
    assert_null(c4_backend_name(count, NULL, NULL));
    assert_null(c4_backend_name(count + 100, NULL, NULL));
    for (int slot = 0; slot < C4_SLOT_COUNT; slot++)
        for (int k = 0; k < slot; k++)
            assert_string_not_equal(c4_slot_name(all_slots[slot]), c4_slot_name(all_slots[k]));
}

int main(void) {
    unsetenv("C4_CPU_MASK");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_forced_backend_is_the_one_that_runs),
        cmocka_unit_test(every_slot_and_the_step_are_filled),
        cmocka_unit_test(an_unknown_name_is_answered_with_the_known_ones),
        cmocka_unit_test(auto_takes_the_best_that_trains_and_never_ref64),
        cmocka_unit_test(the_cpu_is_the_one_that_the_environment_tells),
        cmocka_unit_test(auto_takes_the_wanted_backend),
        cmocka_unit_test_setup_teardown(without_cpu_features_the_plain_reference_runs, mask_cpu,
                                        unmask_cpu),
        cmocka_unit_test_setup_teardown(every_slot_and_the_step_are_filled, mask_cpu, unmask_cpu),
        cmocka_unit_test_teardown(a_mask_only_takes_features_away, unmask_cpu),
        cmocka_unit_test(strict_reports_each_fallback),
        cmocka_unit_test(names_are_unique_and_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
