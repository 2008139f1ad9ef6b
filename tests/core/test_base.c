/* Known answers of the generator (Random123's kat_vectors for philox4x32-10), and the documented
 * exit statuses. */
#include "core/base/rng.h"
#include "core/base/status.h"
#include "tests/harness/unit.h"

static void philox_known_answers(void **state) {
    (void)state;
    struct c4_rng_block zero = c4_rng_draw(0, (enum c4_rng_purpose)0, 0, 0);
    const uint32_t want_zero[4] = {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8};
    struct c4_rng_block ones =
        c4_rng_draw(UINT64_MAX, (enum c4_rng_purpose)0xffffffffu, 0xffffffffu, UINT64_MAX);
    const uint32_t want_ones[4] = {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd};
    for (int i = 0; i < 4; i++) {
        assert_int_equal(zero.word[i], want_zero[i]);
        assert_int_equal(ones.word[i], want_ones[i]);
    }
}

static void permutation_holds_every_index_once(void **state) {
    (void)state;
    enum { N = 1000 };
    uint32_t order[N], again[N];
    int seen[N] = {0}, moved = 0;
    c4_rng_permutation(7, C4_RNG_SHUFFLE, 3, order, N);
    c4_rng_permutation(7, C4_RNG_SHUFFLE, 4, again, N);
    for (uint32_t i = 0; i < N; i++) {
        seen[order[i]]++;
        moved += order[i] != again[i];
    }
    for (int i = 0; i < N; i++) assert_int_equal(seen[i], 1);
    assert_true(moved > 900);
}

static void failure_keeps_one_sentence(void **state) {
    (void)state;
    assert_int_equal(c4_fail(C4_ERR_DATA, "%s: truncated", "a.bin"), C4_ERR_DATA);
    assert_string_equal(c4_error(), "a.bin: truncated");
    c4_fail(C4_ERR_FAILED, "outer: %s", c4_error());
    assert_string_equal(c4_error(), "outer: a.bin: truncated");
    assert_int_equal(c4_status_exit_code(C4_ERR_DATA), 3);
    assert_int_equal(c4_status_exit_code(C4_ERR_ENVIRONMENT), 6);
    assert_int_equal(c4_status_exit_code(C4_ERR_INTERRUPTED), 130);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(philox_known_answers),
        cmocka_unit_test(permutation_holds_every_index_once),
        cmocka_unit_test(failure_keeps_one_sentence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
