/* Elements of every type as doubles, and names in error sentences. */
#include "core/file/tensor.h"
#include "tests/harness/unit.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

enum { PATTERNS = 65536 };

/* The value of a 16-bit float by IEEE 754's definition. */
static double by_definition(unsigned pattern, int exponent_bits, int fraction_bits) {
    int bias = (1 << (exponent_bits - 1)) - 1, most = (1 << exponent_bits) - 1;
    int exponent = (int)(pattern >> fraction_bits) & most;
    double fraction = pattern % (1u << fraction_bits), sign = pattern >> 15 ? -1 : 1;
    if (exponent == most) return fraction > 0 ? NAN : sign * INFINITY;
    double whole = exponent > 0 ? ldexp(1, fraction_bits) : 0;
    return sign * ldexp(whole + fraction, (exponent > 0 ? exponent : 1) - bias - fraction_bits);
}

static void check_all_patterns(enum c4_dtype dtype, int exponent_bits, int fraction_bits) {
    int nans = 0, infinities = 0, subnormal = 0;
    for (unsigned pattern = 0; pattern < PATTERNS; pattern++) {
        uint16_t stored = (uint16_t)pattern;
        const struct c4_tensor tensor = {"", dtype, 0, {0}, &stored, sizeof stored};
        double want = by_definition(pattern, exponent_bits, fraction_bits);
        double got = c4_tensor_get(&tensor, 0);
        nans += isnan(want) != 0;
        infinities += isinf(want) != 0;
        subnormal += want != 0 && (pattern >> fraction_bits & ((1u << exponent_bits) - 1)) == 0;
        if (isnan(want) ? !isnan(got) : !(got == want && signbit(got) == signbit(want)))
            fail_msg("%s 0x%04x: %a instead of %a", c4_dtype_name(dtype), pattern, got, want);
        if (!isnan(want)) assert_true((double)(float)got == got);
    }
    assert_int_equal(infinities, 2);
    assert_int_equal(nans, 2 * ((1 << fraction_bits) - 1));
    assert_int_equal(subnormal, 2 * ((1 << fraction_bits) - 1));
}

static void every_half_is_exact(void **state) {
    (void)state;
    check_all_patterns(C4_F16, 5, 10);
}

static void every_bfloat_is_exact(void **state) {
    (void)state;
    check_all_patterns(C4_BF16, 8, 7);
}

/* Bytes 0x81 0xfe ..., little-endian, and their value as each type. */
static void integers_keep_sign_and_size(void **state) {
    (void)state;
    static unsigned char bytes[17] = {0, 0x81, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    static const struct {
        enum c4_dtype dtype;
        double value;
    } cases[] = {
        {C4_U8, 129},          {C4_BOOL, 1},   {C4_I8, -127},
        {C4_U16, 65153},       {C4_I16, -383}, {C4_I32, -383},
        {C4_U32, 4294966913.}, {C4_I64, -383}, {C4_U64, 0x1p64 - 383},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t size = c4_dtype_size_bytes(cases[i].dtype);
        /* At an odd address. */
        const struct c4_tensor tensor = {"", cases[i].dtype, 0, {0}, bytes + 1, size};
        assert_true(c4_tensor_valid(&tensor));
        if (c4_tensor_get(&tensor, 0) != cases[i].value)
            fail_msg("%s: %.17g", c4_dtype_name(cases[i].dtype), c4_tensor_get(&tensor, 0));
        assert_int_equal(c4_dtype_is_integer(cases[i].dtype), cases[i].dtype != C4_BOOL);
        assert_false(c4_dtype_is_float(cases[i].dtype));
    }
    unsigned char flags[3] = {0, 1, 2};
    const struct c4_tensor tensor = {"", C4_BOOL, 1, {3}, flags, sizeof flags};
    assert_true(c4_tensor_get(&tensor, 0) == 0);
    assert_true(c4_tensor_get(&tensor, 1) == 1);
    assert_true(c4_tensor_get(&tensor, 2) == 1);
}

static void what_a_double_cannot_hold_is_counted(void **state) {
    (void)state;
    int64_t of_i64[] = {0,
                        -1,
                        INT64_C(1) << 53,
                        (INT64_C(1) << 53) + 1,
                        -(INT64_C(1) << 53) - 1,
                        (INT64_C(1) << 53) + 2,
                        INT64_MIN,
                        INT64_MAX};
    uint64_t of_u64[] = {0, UINT64_MAX, UINT64_C(1) << 63, (UINT64_C(1) << 63) + 1,
                         (UINT64_C(1) << 63) + 2048};
    struct c4_tensor tensor = {"", C4_I64, 1, {8}, of_i64, sizeof of_i64};
    assert_int_equal(c4_tensor_rounded(&tensor), 3);
    tensor = (struct c4_tensor){"", C4_U64, 1, {5}, of_u64, sizeof of_u64};
    assert_int_equal(c4_tensor_rounded(&tensor), 2);
    tensor.dtype = C4_F64;
    assert_int_equal(c4_tensor_rounded(&tensor), 0);
}

static void names_are_shown_whole_or_with_dots(void **state) {
    (void)state;
    char shown[C4_NAME_SHOWN_SIZE], name[400];
    assert_string_equal(c4_name_show("conv1.weight", shown), "conv1.weight");
    assert_string_equal(c4_name_show("a\x1b[31m\nb\x7f", shown), "a?[31m?b?");
    /* U+009B begins a control sequence like ESC [; U+00A0 and U+06DB are not control characters. */
    assert_string_equal(c4_name_show("a\xc2\x9b"
                                     "2Jb",
                                     shown),
                        "a??2Jb");
    assert_string_equal(c4_name_show("\xc2\xa0\xdb\x9b", shown), "\xc2\xa0\xdb\x9b");
    memset(name, 'n', sizeof name);
    name[C4_NAME_SHOWN_SIZE - 1] = '\0';
    assert_string_equal(c4_name_show(name, shown), name);
    name[C4_NAME_SHOWN_SIZE - 1] = 'n';
    name[399] = '\0';
    assert_int_equal(strlen(c4_name_show(name, shown)), C4_NAME_SHOWN_SIZE - 1);
    assert_string_equal(shown + C4_NAME_SHOWN_SIZE - 4, "...");
    /* Never half of a character. */
    for (int i = 0; i < 200; i++) {
        name[2 * i] = '\xc3';
        name[2 * i + 1] = '\xa4';
    }
    name[399] = '\0';
    size_t length = strlen(c4_name_show(name, shown));
    assert_int_equal((length - 3) % 2, 0);
    assert_string_equal(shown + length - 3, "...");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_half_is_exact),
        cmocka_unit_test(every_bfloat_is_exact),
        cmocka_unit_test(integers_keep_sign_and_size),
        cmocka_unit_test(what_a_double_cannot_hold_is_counted),
        cmocka_unit_test(names_are_shown_whole_or_with_dots),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
