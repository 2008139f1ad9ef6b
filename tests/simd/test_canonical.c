/* The canonical hashes by every bit-exact table that runs here, with 1 and 2 threads (under an
 * emulator only with 2); with C4_TEST_WANT=NAME only by that one. */
#include "tests/harness/check_want.h"
#include "tests/harness/unit.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "core/net/selftest.h"
#include "simd/dispatch.h"

static void hashes_are_the_recorded_ones(void **state) {
    (void)state;
    const struct c4_backend *table;
    int checked = 0;
    for (int i = 0; c4_backend_name(i, NULL, NULL); i++) {
        const char *name = c4_backend_name(i, &table, NULL);
        if (!table || !table->bit_exact || !c4_wants(table)) continue;
        struct c4_dispatch dispatch;
        assert_int_equal(c4_dispatch(name, &dispatch), C4_OK);
        struct c4_selftest_hashes hashes = {0};
        for (int threads = c4_want_emulated() ? 2 : 1; threads <= 2; threads++) {
            if (c4_net_selftest(&dispatch.backend, threads, &hashes) != C4_OK)
                fail_msg("%s", c4_error());
            print_message("%s (%s), %d thread(s): %s, %s\n", name, table->variant, threads,
                          hashes.training, hashes.similarity);
            assert_string_equal(hashes.training, c4_net_selftest_hashes.training);
            assert_string_equal(hashes.similarity, c4_net_selftest_hashes.similarity);
        }
        printf("%s: canonical hash %s of training, %s of similarity\n", name, hashes.training,
               hashes.similarity);
        checked++;
    }
    assert_true(checked > 0);
}

/* Hashes that cannot change would prove nothing: the double reference must give other ones. */
static void hashes_notice_another_backend(void **state) {
    (void)state;
    struct c4_dispatch dispatch;
    struct c4_selftest_hashes hashes;
    assert_int_equal(c4_dispatch("ref64", &dispatch), C4_OK);
    assert_int_equal(c4_net_selftest(&dispatch.backend, 1, &hashes), C4_OK);
    assert_string_not_equal(hashes.training, c4_net_selftest_hashes.training);
    assert_string_not_equal(hashes.similarity, c4_net_selftest_hashes.similarity);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hashes_are_the_recorded_ones),
        cmocka_unit_test(hashes_notice_another_backend),
    };
    /* If one backend is wanted, no other runs beside it. */
    const struct CMUnitTest wanted[] = {tests[0]};
    return c4_want_table() ? cmocka_run_group_tests(wanted, NULL, NULL)
                           : cmocka_run_group_tests(tests, NULL, NULL);
}
