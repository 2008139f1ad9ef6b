/* The canonical hash by every bit-exact table that runs here, with 1 and 2 threads (under an
 * emulator only with 2); with C4_TEST_WANT=NAME only by that one. */
#include "tests/harness/check_want.h"
#include "tests/harness/unit.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "core/net/selftest.h"
#include "simd/dispatch.h"

static void hash_is_the_recorded_one(void **state) {
    (void)state;
    const struct c4_backend *table;
    int checked = 0;
    for (int i = 0; c4_backend_name(i, NULL, NULL); i++) {
        const char *name = c4_backend_name(i, &table, NULL);
        if (!table || !table->bit_exact || !c4_wants(table)) continue;
        struct c4_dispatch dispatch;
        assert_int_equal(c4_dispatch(name, &dispatch), C4_OK);
        char hash[65] = "";
        for (int threads = c4_want_emulated() ? 2 : 1; threads <= 2; threads++) {
            if (c4_net_selftest(&dispatch.backend, threads, hash) != C4_OK)
                fail_msg("%s", c4_error());
            print_message("%s (%s), %d thread(s): %s\n", name, table->variant, threads, hash);
            assert_string_equal(hash, c4_net_selftest_hash);
        }
        printf("%s: canonical hash %s\n", name, hash);
        checked++;
    }
    assert_true(checked > 0);
}

/* A hash that cannot change would prove nothing: the double reference must give another one. */
static void hash_notices_another_backend(void **state) {
    (void)state;
    struct c4_dispatch dispatch;
    char hash[65];
    assert_int_equal(c4_dispatch("ref64", &dispatch), C4_OK);
    assert_int_equal(c4_net_selftest(&dispatch.backend, 1, hash), C4_OK);
    assert_string_not_equal(hash, c4_net_selftest_hash);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hash_is_the_recorded_one),
        cmocka_unit_test(hash_notices_another_backend),
    };
    /* If one backend is wanted, no other runs beside it. */
    const struct CMUnitTest wanted[] = {tests[0]};
    return c4_want_table() ? cmocka_run_group_tests(wanted, NULL, NULL)
                           : cmocka_run_group_tests(tests, NULL, NULL);
}
