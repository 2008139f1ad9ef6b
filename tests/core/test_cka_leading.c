/* CKA of leading examples from one product, as bytes that processes share, and the shift that is
 * taken from the first rows. */
#include "core/cost/cka_cost.h"
#include "tests/core/test_cka_data.h"

enum { ROWS = 130, P = 300, Q = 40 };

static const size_t sizes[] = {2, 3, 32, 47, 48, 49, 96, 100, 129, ROWS};
enum { SIZES = sizeof sizes / sizeof *sizes };

struct sides {
    double *x64, *y64;
    float *x, *y;
};

static struct sides make(uint32_t seed) {
    struct numpy_random r;
    struct sides s;
    numpy_seed(&r, seed);
    s.x64 = numpy_randn(&r, ROWS * P);
    s.y64 = numpy_randn(&r, ROWS * Q);
    for (size_t i = 0; i < ROWS; i++)
        for (size_t f = 0; f < Q; f++) s.y64[i * Q + f] += s.x64[i * P + f];
    s.x = to_float(s.x64, ROWS * P);
    s.y = to_float(s.y64, ROWS * Q);
    return s;
}

static void free_sides(struct sides s) {
    free(s.x64);
    free(s.y64);
    free(s.x);
    free(s.y);
}

static struct c4_cka_reference *prepare(const float *x, size_t n, size_t p, size_t leading) {
    const struct c4_features features = floats(x, n, p);
    const struct c4_cka_options options = {.gram = test_gram(),
                                           .threads = 2,
                                           .method = C4_CKA_GRAM,
                                           .leading = sizes,
                                           .leading_count = leading};
    struct c4_cka_reference *side;
    if (c4_cka_prepare(&features, &options, &side) != C4_OK) fail_msg("%s", c4_error());
    return side;
}

static struct c4_cka_result between(const struct c4_cka_reference *a,
                                    const struct c4_cka_reference *b, size_t n) {
    struct c4_cka_result result;
    if (c4_cka_between(a, b, n, &result) != C4_OK) fail_msg("%s", c4_error());
    return result;
}

static void assert_same(struct c4_cka_result a, struct c4_cka_result b) {
    assert_true(same_bits(a.biased, b.biased) || (isnan(a.biased) && isnan(b.biased)));
    assert_true(same_bits(a.debiased, b.debiased) || (isnan(a.debiased) && isnan(b.debiased)));
    assert_memory_equal(a.undefined, b.undefined, sizeof a.undefined);
    assert_int_equal(a.careful, b.careful);
    assert_int_equal(a.n, b.n);
}

/* All leading sizes of both sides against each size alone: as prepared, and opened from bytes. The
 * first 32 rows make the shift, so that smaller sizes have other bits, but the same values. */
static void check_leading(struct sides s, bool careful) {
    struct c4_cka_reference *x = prepare(s.x, ROWS, P, SIZES), *y = prepare(s.y, ROWS, Q, SIZES);
    const struct c4_cka_options options = {
        .gram = test_gram(), .threads = 1, .method = C4_CKA_GRAM};
    const size_t bytes = c4_cka_packed_bytes(x);
    struct c4_cka_reference *opened = NULL;
    void *packed = NULL;
    assert_int_equal(bytes == 0, careful);
    if (bytes) {
        assert_int_equal(bytes % 64, 0);
        packed = aligned_alloc(64, bytes);
        assert_non_null(packed);
        c4_cka_pack(x, packed);
        assert_int_equal(c4_cka_open(packed, bytes, &options, &opened), C4_OK);
        struct c4_cka_reference *none;
        assert_int_equal(c4_cka_open(packed, bytes - 1, &options, &none), C4_ERR_DATA);
        assert_null(none);
    }
    for (int k = 0; k < SIZES; k++) {
        const size_t n = sizes[k];
        struct c4_cka_reference *a = prepare(s.x, n, P, 0), *b = prepare(s.y, n, Q, 0);
        struct c4_cka_result alone = between(a, b, 0), leading = between(x, y, n);
        if (n >= 32) {
            assert_same(leading, alone);
        } else {
            assert_near(leading.biased, alone.biased, 1e-6);
            assert_memory_equal(leading.undefined, alone.undefined, sizeof leading.undefined);
        }
        if (opened) assert_same(between(opened, y, n), leading);
        /* What a comparison costs is its own rows', whatever else the sides were prepared for. */
        const struct c4_cka_result mixed = between(x, b, n);
        if (!careful) {
            assert_true(alone.flops == c4_cka_gram_products_cost(n).flops);
            assert_true(leading.flops == alone.flops && mixed.flops == alone.flops);
            assert_true(leading.bytes == alone.bytes && mixed.bytes == alone.bytes);
        }
        c4_cka_reference_free(a);
        c4_cka_reference_free(b);
    }
    struct c4_cka_result result;
    assert_int_equal(c4_cka_between(x, y, 33, &result), C4_ERR_USAGE);
    c4_cka_reference_free(opened);
    free(packed);
    c4_cka_reference_free(x);
    c4_cka_reference_free(y);
}

static void leading_sizes_are_those_alone(void **state) {
    (void)state;
    struct sides s = make(11);
    check_leading(s, false);
    /* An outlier that the first sizes do not have. */
    for (size_t f = 0; f < P; f++) s.x[97 * P + f] *= 1e4F;
    check_leading(s, true);
    free_sides(s);
}

/* First rows that are all equal, and not to the shift, which has others in it: constant. */
static void constant_leading_rows(void **state) {
    (void)state;
    struct sides s = make(13);
    for (size_t i = 1; i < 10; i++) memcpy(s.x + i * P, s.x, P * sizeof *s.x);
    const size_t few[] = {3, 9, 10, 32};
    const struct c4_features fx = floats(s.x, ROWS, P), fy = floats(s.y, ROWS, Q);
    const struct c4_cka_options options = {.gram = test_gram(),
                                           .threads = 1,
                                           .method = C4_CKA_GRAM,
                                           .leading = few,
                                           .leading_count = 4};
    struct c4_cka_reference *x, *y;
    assert_int_equal(c4_cka_prepare(&fx, &options, &x), C4_OK);
    assert_int_equal(c4_cka_prepare(&fy, &options, &y), C4_OK);
    for (int k = 0; k < 3; k++) {
        const struct c4_cka_result result = between(x, y, few[k]);
        assert_true(isnan(result.biased) && isnan(result.debiased));
        assert_int_equal(result.undefined[0].biased, C4_CKA_CONSTANT);
        assert_int_equal(result.undefined[1].biased, C4_CKA_DEFINED);
    }
    assert_true(between(x, y, 32).biased > 0);
    c4_cka_reference_free(x);
    c4_cka_reference_free(y);
    free_sides(s);
}

static void leading_sizes_that_are_refused(void **state) {
    (void)state;
    struct sides s = make(12);
    const struct c4_features features = floats(s.x, ROWS, P);
    const size_t one[] = {1}, more[] = {ROWS + 1};
    const struct c4_cka_options plain = {
        .gram = test_gram(), .threads = 1, .leading = one, .leading_count = 1};
    struct c4_cka_options options = plain;
    struct c4_cka_reference *side;
    assert_int_equal(c4_cka_prepare(&features, &options, &side), C4_ERR_USAGE);
    options.leading = more;
    assert_int_equal(c4_cka_prepare(&features, &options, &side), C4_ERR_USAGE);
    options.leading_count = C4_CKA_SIZES_MAX + 1;
    assert_int_equal(c4_cka_prepare(&features, &options, &side), C4_ERR_USAGE);
    options = plain;
    options.leading = sizes;
    options.method = C4_CKA_FEATURE;
    assert_int_equal(c4_cka_prepare(&features, &options, &side), C4_ERR_USAGE);
    free_sides(s);
}

/* First rows that are nothing like the others, in both forms, against double. */
static void check_first_rows(const char *what, struct sides s) {
    for (size_t i = 0; i < ROWS * P; i++) s.x64[i] = (double)s.x[i];
    for (size_t i = 0; i < ROWS * Q; i++) s.y64[i] = (double)s.y[i];
    const struct c4_cka_result want =
        cka_by(doubles(s.x64, ROWS, P), doubles(s.y64, ROWS, Q), C4_CKA_GRAM);
    const enum c4_cka_method methods[] = {C4_CKA_GRAM, C4_CKA_FEATURE};
    for (int m = 0; m < 2; m++) {
        const struct c4_cka_result got =
            cka_by(floats(s.x, ROWS, P), floats(s.y, ROWS, Q), methods[m]);
        if (!(fabs(got.biased - want.biased) <= 1e-6) ||
            !(fabs(got.debiased - want.debiased) <= 1e-6))
            fail_msg("%s, form %d: %.9g and %.9g, not %.9g and %.9g", what, m, got.biased,
                     got.debiased, want.biased, want.debiased);
    }
    free_sides(s);
}

static void the_shift_may_be_far_off(void **state) {
    (void)state;
    static const float factors[] = {1e1F, 1e2F, 1e3F, 1e4F, 1e6F};
    for (int k = 0; k < 5; k++) {
        struct sides s = make(20);
        for (size_t i = 0; i < 32 * P; i++) s.x[i] += factors[k]; /* all of the first rows */
        check_first_rows("an offset of the first rows", s);
        s = make(21);
        for (size_t i = 0; i < ROWS * P; i++) s.x[i] += factors[k]; /* and of all others */
        check_first_rows("an offset of all rows", s);
        s = make(22);
        for (size_t f = 0; f < P; f++) s.x[3 * P + f] *= factors[k]; /* one of the first rows */
        check_first_rows("an outlier among the first rows", s);
        s = make(23);
        for (size_t i = 0; i < 20 * P; i++) s.x[i] *= factors[k]; /* most of them */
        check_first_rows("most of the first rows", s);
        s = make(24);
        for (size_t i = 0; i < 32 * P; i++) s.x[i] = factors[k]; /* all equal */
        check_first_rows("equal first rows", s);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(leading_sizes_are_those_alone),
        cmocka_unit_test(constant_leading_rows),
        cmocka_unit_test(leading_sizes_that_are_refused),
        cmocka_unit_test(the_shift_may_be_far_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
