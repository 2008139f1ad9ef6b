/* The bits of Gram blocks and CKA: the reference against its written-out definition, both builds of
 * the reference, thread counts, padding, and a recorded value. */
#include "tests/core/test_cka_data.h"

static const size_t row_counts[] = {4, 47, 48, 49, 129};
static const size_t widths[] = {1, 15, 16, 17, 255, 256, 257, 300, 513, 1000};
enum { ROW_COUNTS = 5, WIDTHS = 10, PANEL = C4_GRAM_PANEL };

/* The definition in core/op/gram.h, literally: feature f of a row is at x[f * PANEL]. */
static double literal(const float *x, const float *y, size_t features, double sum) {
    for (size_t chunk = 0; chunk < features; chunk += 256) {
        float chain = 0;
        for (size_t f = chunk; f < features && f < chunk + 256; f++)
            chain = fmaf(x[f * PANEL], y[f * PANEL], chain);
        sum += (double)chain;
    }
    return sum;
}

struct forms {
    c4_gram_block_fn *block[2];
    int count;
};

static struct forms all_forms(void) {
    struct forms f = {{c4_gram_block_ref}, 1};
#if defined(__x86_64__)
    if (c4_cpu_features() & C4_CPU_AVX2_FMA) {
        f.block[1] = c4_gram_block_ref_fma;
        f.count = 2;
    }
#endif
    return f;
}

static size_t panels_of(size_t rows) {
    return (rows + PANEL - 1) / PANEL;
}

/* One shape with exactly sized panels (so that a sanitizer sees reads beyond them) and elements
 * beyond the block, which must stay. */
static void check_block(struct forms forms, size_t rows_x, size_t panels_y, size_t features) {
    size_t stride = features * PANEL + 32, columns = panels_y * PANEL, wide = columns + 2;
    struct numpy_random r;
    numpy_seed(&r, (uint32_t)(rows_x * 1000 + features));
    size_t count_x = (panels_of(rows_x) - 1) * stride + features * PANEL,
           count_y = (panels_y - 1) * stride + features * PANEL;
    double *x64 = numpy_randn(&r, count_x), *y64 = numpy_randn(&r, count_y);
    float *x = to_float(x64, count_x), *y = to_float(y64, count_y);
    double *gram = test_alloc(rows_x * wide * sizeof *gram);
    for (int f = 0; f < forms.count; f++) {
        for (size_t i = 0; i < rows_x * wide; i++) gram[i] = 0.75;
        forms.block[f](x, y, rows_x, panels_y, features, stride, gram, wide, NULL);
        for (size_t i = 0; i < rows_x; i++)
            for (size_t j = 0; j < wide; j++) {
                double want = 0.75;
                if (j < columns)
                    want = literal(x + i / PANEL * stride + i % PANEL,
                                   y + j / PANEL * stride + j % PANEL, features, want);
                if (!same_bits(gram[i * wide + j], want))
                    fail_msg("form %d, %zu x %zu rows, %zu features: [%zu][%zu] is %a, not %a", f,
                             rows_x, columns, features, i, j, gram[i * wide + j], want);
            }
    }
    free(x64);
    free(y64);
    free(x);
    free(y);
    free(gram);
}

static void reference_is_its_definition(void **state) {
    (void)state;
    struct forms forms = all_forms();
    for (int w = 0; w < WIDTHS; w++)
        for (size_t rows = 1; rows <= 19; rows += 3)
            check_block(forms, rows, 1 + rows % 3, widths[w]);
    check_block(forms, 48, 3, 272);
}

static void empty_blocks(void **state) {
    (void)state;
    struct forms forms = all_forms();
    _Alignas(64) const float one[PANEL] = {1};
    for (int f = 0; f < forms.count; f++) {
        double gram[PANEL] = {-12345.5};
        forms.block[f](one, one, 0, 1, 1, PANEL, gram, PANEL, NULL);
        forms.block[f](one, one, 1, 0, 1, PANEL, gram, PANEL, NULL);
        forms.block[f](one, one, 1, 1, 0, PANEL, gram, PANEL, NULL);
        assert_true(gram[0] == -12345.5);
    }
}

/* NaNs and infinities reach the Gram matrix; denormals are kept. */
static void special_values(void **state) {
    (void)state;
    struct forms forms = all_forms();
    _Alignas(64) float x[40 * PANEL] = {0}, y[40 * PANEL];
    for (int i = 0; i < 40 * PANEL; i++) y[i] = 1;
    float *last = &x[39 * PANEL];
    for (int f = 0; f < forms.count; f++) {
        const float values[] = {0x1p-149f, INFINITY, NAN};
        for (int v = 0; v < 3; v++) {
            double gram[PANEL] = {0};
            *last = values[v];
            forms.block[f](x, y, 1, 1, 40, 40 * PANEL, gram, PANEL, NULL);
            assert_true(v == 2 ? isnan(gram[0]) : gram[0] == (double)values[v]);
        }
    }
}

static struct c4_cka_result run(struct c4_features x, struct c4_features y,
                                struct c4_gram_slots gram, int threads, enum c4_cka_method method) {
    struct c4_cka_options options = {.gram = gram, .threads = threads, .method = method};
    struct c4_cka_result result;
    if (c4_cka(&x, &y, &options, &result) != C4_OK) fail_msg("%s", c4_error());
    return result;
}

static struct c4_gram_slots by(struct forms forms, int f) {
    return (struct c4_gram_slots){c4_gram_pack_ref, forms.block[f]};
}

static void check_shape(struct forms forms, size_t n, size_t p, size_t q) {
    struct numpy_random r;
    numpy_seed(&r, (uint32_t)(n + p));
    double *x64 = numpy_randn(&r, n * p), *y64 = numpy_randn(&r, n * q);
    for (size_t i = 0; i < n; i++) /* common features, or both values may be near 0 */
        for (size_t j = 0; j < p && j < q; j++) y64[i * q + j] += x64[i * p + j];
    float *x = to_float(x64, n * p), *y = to_float(y64, n * q);
    struct c4_cka_result form[2], wide;
    const struct c4_gram_slots none = {NULL, NULL};
    wide = run(doubles(x64, n, p), doubles(y64, n, q), none, 1, C4_CKA_AUTO);
    struct c4_cka_result wide2 = run(doubles(x64, n, p), doubles(y64, n, q), none, 2, C4_CKA_AUTO);
    assert_true(same_bits(wide.biased, wide2.biased));
    assert_true(same_bits(wide.debiased, wide2.debiased));
    for (int m = 0; m < 2; m++) {
        enum c4_cka_method method = m == 0 ? C4_CKA_GRAM : C4_CKA_FEATURE;
        if (method == C4_CKA_FEATURE && (p > 2000 || q > 2000)) continue;
        struct c4_features fx = floats(x, n, p), fy = floats(y, n, q);
        form[m] = run(fx, fy, by(forms, 0), 1, method);
        assert_near(form[m].biased, wide.biased, 1e-5);
        assert_near(form[m].debiased, wide.debiased, 1e-5);
        struct c4_cka_result threads2 = run(fx, fy, by(forms, 0), 2, method);
        assert_true(same_bits(form[m].biased, threads2.biased));
        assert_true(same_bits(form[m].debiased, threads2.debiased));
        for (int f = 1; f < forms.count; f++) {
            struct c4_cka_result other = run(fx, fy, by(forms, f), 3, method);
            assert_true(same_bits(form[m].biased, other.biased));
            assert_true(same_bits(form[m].debiased, other.debiased));
        }
    }
    free(x64);
    free(y64);
    free(x);
    free(y);
}

static void same_bits_for_threads_and_builds(void **state) {
    (void)state;
    struct forms forms = all_forms();
    for (int n = 0; n < ROW_COUNTS; n++)
        for (int w = 0; w < 7; w++) check_shape(forms, row_counts[n], widths[w], widths[6 - w]);
    check_shape(forms, 64, 16384, 10);
    check_shape(forms, 130, 16384, 300);
    check_shape(forms, 700, 17, 70);
}

/* The result depends on one feature's last bit, so comparing bits can find a fault. */
static void one_bit_is_noticed(void **state) {
    (void)state;
    enum { ROWS = 65, P = 257 };
    struct numpy_random r;
    numpy_seed(&r, 3);
    double *x64 = numpy_randn(&r, ROWS * P), *y64 = numpy_randn(&r, ROWS * P);
    float *x = to_float(x64, ROWS * P), *y = to_float(y64, ROWS * P);
    for (int m = 0; m < 2; m++) {
        enum c4_cka_method method = m == 0 ? C4_CKA_GRAM : C4_CKA_FEATURE;
        struct c4_cka_result before =
            run(floats(x, ROWS, P), floats(y, ROWS, P), test_gram(), 2, method);
        float kept = y[5000];
        y[5000] = nextafterf(kept, INFINITY);
        struct c4_cka_result after =
            run(floats(x, ROWS, P), floats(y, ROWS, P), test_gram(), 2, method);
        y[5000] = kept;
        assert_false(same_bits(before.biased, after.biased));
        assert_false(same_bits(before.debiased, after.debiased));
    }
    free(x64);
    free(y64);
    free(x);
    free(y);
}

/* Recorded bits of similarity version 2, on integers, which do not depend on the C library. */
static void recorded_bits(void **state) {
    (void)state;
    enum { ROWS = 70, P = 300 };
    static float x[ROWS * P], y[ROWS * P];
    struct numpy_random r;
    numpy_seed(&r, 9);
    for (size_t i = 0; i < ROWS * P; i++) {
        x[i] = (float)(numpy_word(&r) >> 8) * 0x1p-24f;
        y[i] = 0.5f * x[i] + (float)(numpy_word(&r) >> 8) * 0x1p-24f;
    }
    struct c4_cka_result gram =
        run(floats(x, ROWS, P), floats(y, ROWS, P), test_gram(), 2, C4_CKA_GRAM);
    struct c4_cka_result feature =
        run(floats(x, ROWS, P), floats(y, ROWS, P), test_gram(), 2, C4_CKA_FEATURE);
    const double want[4] = {0x1.b081318a71ec4p-1, 0x1.6a8b7fc12f0b4p-3, 0x1.b081316e25881p-1,
                            0x1.6a8b7d66ee43cp-3};
    const double got[4] = {gram.biased, gram.debiased, feature.biased, feature.debiased};
    for (int i = 0; i < 4; i++)
        if (!same_bits(got[i], want[i])) fail_msg("value %d is %a, not %a", i, got[i], want[i]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reference_is_its_definition),
        cmocka_unit_test(empty_blocks),
        cmocka_unit_test(special_values),
        cmocka_unit_test(same_bits_for_threads_and_builds),
        cmocka_unit_test(one_bit_is_noticed),
        cmocka_unit_test(recorded_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
