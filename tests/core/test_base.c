/* Known answers of the generator (Random123's kat_vectors for philox4x32-10), the documented exit
 * statuses, and texts and arrays that grow. */
#include "core/base/array.h"
#include "core/base/rng.h"
#include "core/base/status.h"
#include "core/base/text.h"
#include "core/base/utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
    assert_int_equal(c4_status_exit_code(C4_ERR_UNFINISHED), 75);
    assert_int_equal(c4_status_exit_code(C4_ERR_INTERRUPTED), 130);
}

static void long_sentence_is_kept_whole(void **state) {
    (void)state;
    char path[5000];
    memset(path, 'p', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    c4_fail(C4_ERR_DATA, "%s: truncated", path);
    c4_fail(C4_ERR_DATA, "outer: %s", c4_error());
    assert_int_equal(strlen(c4_error()), sizeof path - 1 + strlen("outer: : truncated"));
    assert_string_equal(c4_error() + strlen(c4_error()) - 11, ": truncated");
    c4_fail(C4_ERR_DATA, "short %.3s", c4_error() + 7);
    assert_string_equal(c4_error(), "short ppp");
}

static void text_grows(void **state) {
    (void)state;
    struct c4_text text = {0};
    assert_string_equal(c4_text_string(&text), "");
    for (int i = 0; i < 1000; i++) assert_int_equal(c4_text_add(&text, "%d,", i), C4_OK);
    assert_int_equal(text.length, 10 * 2 + 90 * 3 + 900 * 4);
    assert_int_equal(strlen(c4_text_string(&text)), text.length);
    c4_text_clear(&text);
    assert_int_equal(c4_text_add_word(&text, ", ", "one"), C4_OK);
    assert_int_equal(c4_text_add_word(&text, ", ", "two"), C4_OK);
    assert_int_equal(c4_text_add(&text, "; %s", c4_text_string(&text)), C4_OK);
    assert_int_equal(c4_text_add_bytes(&text, text.bytes, 3), C4_OK);
    assert_string_equal(c4_text_string(&text), "one, two; one, twoone");
    assert_int_equal(c4_text_set(&text, text.bytes + 5), C4_OK);
    assert_string_equal(c4_text_string(&text), "two; one, twoone");
    c4_text_free(&text);
}

/* Every call after memory ran out fails, and says so, until the text is cleared. */
static void lost_text_stays_lost(void **state) {
    (void)state;
    struct c4_text text = {0};
    assert_int_equal(c4_text_add(&text, "kept"), C4_OK);
    assert_int_equal(c4_text_add_bytes(&text, "", SIZE_MAX), C4_ERR_MEMORY);
    assert_int_equal(c4_text_add(&text, "more"), C4_ERR_MEMORY);
    assert_string_equal(c4_error(), "out of memory for a text");
    assert_string_equal(c4_text_string(&text), "kept");
    c4_text_clear(&text);
    assert_int_equal(c4_text_add(&text, "more"), C4_OK);
    c4_text_free(&text);
}

static void what_does_not_fit_shows_it(void **state) {
    (void)state;
    char place[12];
    c4_text_fit(place, sizeof place, "11 bytes, 0");
    assert_string_equal(place, "11 bytes, 0");
    c4_text_fit(place, sizeof place, "12 bytes, no");
    assert_string_equal(place, "12 by [...]");
    c4_text_fit(place, sizeof place, "1234\u00b5 whole");
    assert_string_equal(place, "1234 [...]");
    c4_text_fit(place, sizeof place, "");
    assert_string_equal(place, "");
}

static void array_grows_or_stays(void **state) {
    (void)state;
    size_t capacity = 0;
    uint32_t *items = NULL;
    for (uint32_t i = 0; i < 1000; i++) {
        uint32_t *larger = c4_array_reserve(items, sizeof *items, i + 1, &capacity);
        assert_non_null(larger);
        items = larger;
        items[i] = i;
    }
    for (uint32_t i = 0; i < 1000; i++) assert_int_equal(items[i], i);
    size_t before = capacity;
    assert_null(c4_array_reserve(items, sizeof *items, SIZE_MAX, &capacity));
    assert_int_equal(capacity, before);
    free(items);
}

static void shown_text_acts_on_nothing(void **state) {
    (void)state;
    static const char text[] = "a\nb\x1b[31m \xe2\x80\xae \xe2\x81\xa6 \xc2\x9b \xff\xc3 \xc3\xa9 "
                               "\xd7\x90 \xf0\x9f\x99\x82 \xe2\x80\x8f\x7f";
    char *shown = NULL;
    size_t size;
    FILE *out = open_memstream(&shown, &size);
    assert_non_null(out);
    c4_utf8_show(out, text);
    assert_int_equal(fclose(out), 0);
    assert_string_equal(shown, "a\\nb\\x1b[31m \\u202e \\u2066 \\u009b \\xff\\xc3 \xc3\xa9 "
                               "\xd7\x90 \xf0\x9f\x99\x82 \xe2\x80\x8f\\x7f");
    free(shown);
    assert_int_equal(c4_utf8_length("\xed\xa0\x80"), 0); /* a surrogate */
    assert_int_equal(c4_utf8_length("\xc0\x80"), 0);     /* two bytes for NUL */
    assert_int_equal(c4_utf8_length("\xe2\x80"), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(philox_known_answers),
        cmocka_unit_test(permutation_holds_every_index_once),
        cmocka_unit_test(failure_keeps_one_sentence),
        cmocka_unit_test(long_sentence_is_kept_whole),
        cmocka_unit_test(text_grows),
        cmocka_unit_test(lost_text_stays_lost),
        cmocka_unit_test(what_does_not_fit_shows_it),
        cmocka_unit_test(array_grows_or_stays),
        cmocka_unit_test(shown_text_acts_on_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
