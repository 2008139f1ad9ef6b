/* Input for which CKA has no value: bad data are an error whose sentence names them, never a
 * number; undefined values are not an error, and give a reason. */
#include "tests/core/test_cka_data.h"

enum { N = 8, P = 300 };

struct fixture {
    float x[N * P], y[N * P];
    double x64[N * P];
    struct c4_features fx, fy;
    struct c4_cka_options options;
};

static struct fixture *fixture_make(void) {
    struct fixture *f = test_alloc(sizeof *f);
    struct numpy_random r;
    numpy_seed(&r, 1);
    for (size_t i = 0; i < N * P; i++) {
        f->x[i] = (float)numpy_gauss(&r);
        f->y[i] = (float)numpy_gauss(&r);
        f->x64[i] = f->x[i];
    }
    f->fx = floats(f->x, N, P);
    f->fy = floats(f->y, N, P);
    f->fx.name = "first.npy";
    f->fy.name = "second.npy";
    f->options = (struct c4_cka_options){.gram = test_gram(), .threads = 1};
    return f;
}

/* In all forms: the status, a sentence with all words (NULL-terminated), and an untouched result.
 */
static void expect_error(struct fixture *f, enum c4_status want, const char *const *words) {
    static const enum c4_cka_method methods[] = {C4_CKA_AUTO, C4_CKA_GRAM, C4_CKA_FEATURE};
    for (int m = 0; m < 3; m++) {
        f->options.method = methods[m];
        struct c4_cka_result result = {.biased = -7, .debiased = -7, .seconds = -7};
        c4_fail(C4_OK, "nothing");
        assert_int_equal(c4_cka(&f->fx, &f->fy, &f->options, &result), want);
        for (const char *const *word = words; *word; word++)
            if (!strstr(c4_error(), *word)) fail_msg("'%s' is not in '%s'", *word, c4_error());
        assert_true(result.biased == -7 && result.debiased == -7 && result.seconds == -7);
    }
    f->options.method = C4_CKA_AUTO;
}

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void values_that_are_not_finite(void **state) {
    (void)state;
    struct fixture *f = fixture_make();
    f->y[3 * P + 290] = NAN;
    f->y[2 * P + 299] = INFINITY;
    f->y[5 * P + 1] = -INFINITY;
    expect_error(f, C4_ERR_DATA, WORDS("second.npy", "row 2, column 299", "inf"));
    f->y[2 * P + 1] = NAN; /* another block of columns, same row */
    expect_error(f, C4_ERR_DATA, WORDS("second.npy", "row 2, column 1 ", "nan"));
    f->x[0] = NAN;
    expect_error(f, C4_ERR_DATA, WORDS("first.npy", "row 0, column 0 "));
    f->x64[P] = -INFINITY;
    f->fx = doubles(f->x64, N, P);
    expect_error(f, C4_ERR_DATA, WORDS("the reference features", "row 1, column 0 ", "-inf"));
    free(f);
}

static void values_too_far_apart(void **state) {
    (void)state;
    struct fixture *f = fixture_make();
    f->fx = doubles(f->x64, N, P);
    for (size_t i = 0; i < N; i++) f->x64[i * P + 7] = 1.7e308;
    f->x64[7] = -1.7e308;
    expect_error(f, C4_ERR_DATA, WORDS("the reference features", "too large"));
    /* Float's whole range is fine in double, however. */
    for (size_t i = 0; i < N; i++) f->y[i * P] = i % 2 ? 3.4e38f : -3.4e38f;
    f->fx = floats(f->x, N, P);
    struct c4_cka_result result;
    assert_int_equal(c4_cka(&f->fx, &f->fy, &f->options, &result), C4_OK);
    assert_true(result.biased > 0 && result.biased < 1);
    free(f);
}

/* In all forms, with and without cached sides: which values are undefined, on which side, and why.
 */
static void expect_undefined(struct c4_features x, struct c4_features y, bool biased_only,
                             struct c4_cka_reasons of_x, struct c4_cka_reasons of_y) {
    static const enum c4_cka_method methods[] = {C4_CKA_AUTO, C4_CKA_GRAM, C4_CKA_FEATURE};
    for (int m = 0; m < 3; m++) {
        struct c4_cka_options options = {
            .gram = test_gram(), .threads = 1, .method = methods[m], .biased_only = biased_only};
        struct c4_cka_result result[2];
        if (c4_cka(&x, &y, &options, &result[0]) != C4_OK) fail_msg("%s", c4_error());
        struct c4_cka_reference *a, *b;
        options.method = result[0].method;
        assert_int_equal(c4_cka_prepare(&x, &options, &a), C4_OK);
        assert_int_equal(c4_cka_prepare(&y, &options, &b), C4_OK);
        assert_int_equal(c4_cka_between(a, b, 0, &result[1]), C4_OK);
        c4_cka_reference_free(a);
        c4_cka_reference_free(b);
        for (int i = 0; i < 2; i++) {
            const struct c4_cka_result *r = &result[i];
            assert_memory_equal(&r->undefined[0], &of_x, sizeof of_x);
            assert_memory_equal(&r->undefined[1], &of_y, sizeof of_y);
            assert_int_equal(isnan(r->biased), of_x.biased || of_y.biased);
            assert_int_equal(isnan(r->debiased), of_x.debiased || of_y.debiased || biased_only);
            assert_int_equal(r->has_debiased, !biased_only);
            assert_int_equal(r->n, x.rows);
        }
        assert_int_equal(isnan(result[0].biased), isnan(result[1].biased));
        if (!isnan(result[0].biased)) assert_true(same_bits(result[0].biased, result[1].biased));
    }
}

static const struct c4_cka_reasons defined = {C4_CKA_DEFINED, C4_CKA_DEFINED};
static const struct c4_cka_reasons few = {C4_CKA_DEFINED, C4_CKA_FEW_EXAMPLES};
static const struct c4_cka_reasons constant = {C4_CKA_CONSTANT, C4_CKA_CONSTANT};
static const struct c4_cka_reasons empty = {C4_CKA_DEFINED, C4_CKA_NOTHING_LEFT};

static void no_variance(void **state) {
    (void)state;
    struct fixture *f = fixture_make();
    /* Each column has its own value, whose mean over 8 rows need not be exact. */
    for (size_t i = 0; i < N; i++)
        for (size_t j = 0; j < P; j++) f->y[i * P + j] = 0.1f * (float)(j + 1);
    expect_undefined(f->fx, f->fy, false, defined, constant);
    expect_undefined(f->fy, f->fx, false, constant, defined);
    expect_undefined(f->fy, f->fy, false, constant, constant);
    expect_undefined(f->fy, f->fx, true, (struct c4_cka_reasons){.biased = C4_CKA_CONSTANT},
                     defined);
    /* A fault of the other side is still found. */
    f->x[0] = NAN;
    expect_error(f, C4_ERR_DATA, WORDS("first.npy", "nan"));
    struct c4_features kept = f->fx;
    f->fx = f->fy;
    f->fy = kept;
    expect_error(f, C4_ERR_DATA, WORDS("first.npy", "nan"));
    free(f);
}

/* One differing row is enough for biased CKA but not for debiased CKA, whatever the other side. */
static void all_equal_but_one(void **state) {
    (void)state;
    struct fixture *f = fixture_make();
    double *wide = test_alloc(N * P * sizeof *wide);
    float *copy = test_alloc(N * P * sizeof *copy);
    for (size_t i = 0; i < N; i++)
        for (size_t j = 0; j < P; j++) copy[i * P + j] = 0.1f * (float)(j + 1);
    copy[3 * P + 5] += 1;
    for (size_t i = 0; i < N * P; i++) wide[i] = 0.1 * (double)copy[i];
    struct c4_features one = floats(copy, N, P), one64 = doubles(wide, N, P);
    expect_undefined(one, f->fy, false, empty, defined);
    expect_undefined(f->fy, one, false, defined, empty);
    expect_undefined(one64, doubles(f->x64, N, P), false, empty, defined);
    for (size_t i = 0; i < N * P; i++) f->y[i] = copy[i];
    f->y[3 * P + 5] -= 1;
    f->y[5 * P + 6] += 2;
    expect_undefined(one, f->fy, false, empty, empty);
    struct c4_cka_result result = cka_by(one, f->fy, C4_CKA_AUTO);
    assert_near(result.biased, 1.0 / ((N - 1) * (N - 1)), 1e-6);
    free(wide);
    free(copy);
    free(f);
}

/* Equidistant rows leave nothing after U-centring. */
static void nothing_left_to_debias(void **state) {
    (void)state;
    static const size_t sizes[] = {4, 7, 64, 100};
    for (int s = 0; s < 4; s++) {
        size_t n = sizes[s];
        struct numpy_random r;
        numpy_seed(&r, 2);
        double *y = numpy_randn(&r, n * n), *x = test_alloc(n * n * sizeof *x);
        for (size_t i = 0; i < n * n; i++) x[i] = i % (n + 1) == 0 ? 0.3 : 0;
        float *xf = to_float(x, n * n), *yf = to_float(y, n * n);
        for (int wide = 0; wide < 2; wide++) {
            struct c4_features fx = wide ? doubles(x, n, n) : floats(xf, n, n);
            struct c4_features fy = wide ? doubles(y, n, n) : floats(yf, n, n);
            expect_undefined(fx, fy, false, empty, defined);
            expect_undefined(fy, fx, false, defined, empty);
            expect_undefined(fx, fy, true, defined, defined);
            struct c4_cka_result result = cka_by(fx, fy, C4_CKA_AUTO);
            assert_true(result.biased > 0 && result.biased < 1);
        }
        free(x);
        free(y);
        free(xf);
        free(yf);
    }
}

static void row_counts(void **state) {
    (void)state;
    struct fixture *f = fixture_make();
    f->fy.rows = 7;
    expect_error(f, C4_ERR_DATA, WORDS("second.npy", "7 rows", "8"));
    for (size_t n = 2; n <= 3; n++) {
        f->fx.rows = f->fy.rows = n;
        expect_undefined(f->fx, f->fy, false, few, few);
        expect_undefined(f->fx, f->fy, true, defined, defined);
        struct c4_cka_result result = cka_by(f->fx, f->fy, C4_CKA_AUTO);
        assert_true(result.biased <= 1 + 1e-12);
        if (n == 2) assert_near(result.biased, 1, 1e-6); /* two points: one direction */
    }
    float same[4] = {1, 2, 1, 2};
    f->fx.rows = f->fy.rows = 2;
    expect_undefined(f->fx, floats(same, 2, 2), false, few,
                     (struct c4_cka_reasons){C4_CKA_CONSTANT, C4_CKA_FEW_EXAMPLES});
    f->fx.rows = f->fy.rows = 3;
    f->fx.rows = f->fy.rows = 1;
    expect_error(f, C4_ERR_DATA, WORDS("first.npy", "1 rows", "at least 2"));
    f->fx.rows = f->fy.rows = 0;
    expect_error(f, C4_ERR_DATA, WORDS("first.npy", "0 rows"));
    f->fx.rows = f->fy.rows = N;
    f->fy.features = 0;
    expect_error(f, C4_ERR_DATA, WORDS("second.npy", "no features"));
    free(f);
}

static void usage(void **state) {
    (void)state;
    struct fixture *f = fixture_make();
    f->options.threads = -1;
    expect_error(f, C4_ERR_USAGE, WORDS("-1 threads"));
    f->options.threads = 0;
    f->options.gram.block = NULL;
    expect_error(f, C4_ERR_USAGE, WORDS("Gram blocks"));
    f->options.in_double = true;
    struct c4_cka_result result;
    assert_int_equal(c4_cka(&f->fx, &f->fy, &f->options, &result), C4_OK);
    f->fy.data = NULL;
    expect_error(f, C4_ERR_USAGE, WORDS("second.npy", "no data"));

    f->options = (struct c4_cka_options){.gram = test_gram(), .threads = 1};
    struct c4_cka_reference *reference;
    assert_int_equal(c4_cka_prepare(&f->fx, &f->options, &reference), C4_OK);
    struct c4_features wide = doubles(f->x64, N, P);
    assert_int_equal(c4_cka_compare(reference, &wide, &result), C4_ERR_USAGE);
    assert_non_null(strstr(c4_error(), "double"));
    c4_cka_reference_free(reference);
    c4_cka_reference_free(NULL);
    f->fx.data = NULL;
    assert_int_equal(c4_cka_prepare(&f->fx, &f->options, &reference), C4_ERR_USAGE);
    assert_null(reference);
    free(f);
}

/* Shapes larger than any memory fail before a value is read. */
static void absurd_sizes(void **state) {
    (void)state;
    struct fixture *f = fixture_make();
    f->fx.features = SIZE_MAX / 16;
    expect_error(f, C4_ERR_MEMORY, WORDS("bytes"));
    f->fx.features = SIZE_MAX;
    expect_error(f, C4_ERR_MEMORY, WORDS("bytes", "more than this machine can address"));
    free(f);
}

/* A Gram slot's garbage must not become a result. */
static void rubbish_block(const float *x, const float *y, size_t rows_x, size_t panels_y,
                          size_t features, size_t stride, double *gram, size_t stride_gram,
                          struct c4_gram_ahead *ahead) {
    c4_gram_block_ref(x, y, rows_x, panels_y, features, stride, gram, stride_gram, ahead);
    gram[0] = NAN;
}

static void wrong_gram_blocks(void **state) {
    (void)state;
    struct fixture *f = fixture_make();
    f->options.gram.block = rubbish_block;
    expect_error(f, C4_ERR_FAILED, WORDS("first.npy", "Gram blocks are wrong"));
    free(f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_that_are_not_finite),
        cmocka_unit_test(values_too_far_apart),
        cmocka_unit_test(no_variance),
        cmocka_unit_test(all_equal_but_one),
        cmocka_unit_test(nothing_left_to_debias),
        cmocka_unit_test(row_counts),
        cmocka_unit_test(usage),
        cmocka_unit_test(absurd_sizes),
        cmocka_unit_test(wrong_gram_blocks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
