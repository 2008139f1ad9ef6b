/* Linear CKA against known answers (Kornblith's notebook, NumPy) and against its invariances. */
#include <stdio.h>

#include "core/cost/cka_cost.h"
#include "tests/core/test_cka_data.h"

enum { N = 100, P = 10 };

struct demo {
    double *x, *y;
};

/* Kornblith's notebook: X = randn(100, 10), Y = randn(100, 10) + X, seed 1337. */
static struct demo demo_make(void) {
    struct numpy_random r;
    numpy_seed(&r, 1337);
    struct demo d = {.x = numpy_randn(&r, N * P)};
    d.y = numpy_randn(&r, N * P);
    for (size_t i = 0; i < N * P; i++) d.y[i] += d.x[i];
    return d;
}

static void demo_free(struct demo d) {
    free(d.x);
    free(d.y);
}

static void generator_is_numpys(void **state) {
    (void)state;
    struct demo d = demo_make();
    assert_near(d.x[0], -0.7031873098624105, 1e-15);
    assert_near(d.x[1], -0.49028236278771464, 1e-15);
    assert_near(d.x[2], -0.3218143296501526, 1e-15);
    assert_near(d.y[0], 1.4120962000508448, 1e-15);
    assert_near(d.y[1], -1.096906826975006, 1e-15);
    assert_near(d.y[2], -0.49599472350970375, 1e-15);
    demo_free(d);
}

static const enum c4_cka_method methods[] = {C4_CKA_GRAM, C4_CKA_FEATURE};

static const double demo_biased = 0.557613256612, demo_debiased = 0.513456489506;

static void known_answers_of_the_notebook(void **state) {
    (void)state;
    struct demo d = demo_make();
    float *x = to_float(d.x, N * P), *y = to_float(d.y, N * P);
    for (int m = 0; m < 2; m++) {
        struct c4_cka_result wide = cka_by(doubles(d.x, N, P), doubles(d.y, N, P), methods[m]);
        assert_near(wide.biased, demo_biased, 1e-9);
        assert_near(wide.debiased, demo_debiased, 1e-9);
        assert_int_equal(wide.method, methods[m]);
        struct c4_cka_result narrow = cka_by(floats(x, N, P), floats(y, N, P), methods[m]);
        assert_near(narrow.biased, demo_biased, 1e-5);
        assert_near(narrow.debiased, demo_debiased, 1e-5);
        /* The double path must really compute in double: float rounding shows in the tenth digit.
         */
        assert_true(narrow.biased != wide.biased);
        struct c4_cka_result mixed = cka_by(floats(x, N, P), doubles(d.y, N, P), methods[m]);
        assert_near(mixed.biased, demo_biased, 1e-7);
    }
    free(x);
    free(y);
    demo_free(d);
}

/* This file's checks must notice one wrong feature value in a thousand. */
static void a_planted_fault_is_noticed(void **state) {
    (void)state;
    struct demo d = demo_make();
    d.y[777] += 0.5;
    float *x = to_float(d.x, N * P), *y = to_float(d.y, N * P);
    for (int m = 0; m < 2; m++) {
        struct c4_cka_result wide = cka_by(doubles(d.x, N, P), doubles(d.y, N, P), methods[m]);
        assert_true(fabs(wide.biased - demo_biased) > 1e-9);
        assert_true(fabs(wide.debiased - demo_debiased) > 1e-9);
        struct c4_cka_result narrow = cka_by(floats(x, N, P), floats(y, N, P), methods[m]);
        assert_true(fabs(narrow.biased - demo_biased) > 1e-5);
        assert_true(fabs(narrow.debiased - demo_debiased) > 1e-5);
    }
    free(x);
    free(y);
    demo_free(d);
}

static void known_answers_of_numpy(void **state) {
    (void)state;
    FILE *file = fopen(C4_TEST_REFERENCE "/cka_known.csv", "r");
    assert_non_null(file);
    char line[256];
    assert_non_null(fgets(line, sizeof line, file));
    int cases = 0;
    while (fgets(line, sizeof line, file)) {
        unsigned seed;
        size_t n, p, q;
        double mix, shift, biased, debiased;
        assert_int_equal(sscanf(line, "%u,%zu,%zu,%zu,%lf,%lf,%lf,%lf", &seed, &n, &p, &q, &mix,
                                &shift, &biased, &debiased),
                         8);
        struct numpy_random r;
        numpy_seed(&r, seed);
        double *x = numpy_randn(&r, n * p), *y = numpy_randn(&r, n * q);
        for (size_t i = 0; i < n; i++)
            for (size_t j = 0; j < p && j < q; j++) y[i * q + j] += mix * x[i * p + j];
        for (size_t i = 0; i < n * p; i++) x[i] += shift;
        float *xf = to_float(x, n * p), *yf = to_float(y, n * q);
        for (int m = 0; m < 2; m++) {
            struct c4_cka_result wide = cka_by(doubles(x, n, p), doubles(y, n, q), methods[m]);
            assert_near(wide.biased, biased, 1e-9);
            assert_near(wide.debiased, debiased, 1e-9);
            struct c4_cka_result narrow = cka_by(floats(xf, n, p), floats(yf, n, q), methods[m]);
            assert_near(narrow.biased, biased, 1e-5);
            assert_near(narrow.debiased, debiased, 1e-5);
        }
        free(x);
        free(y);
        free(xf);
        free(yf);
        cases++;
    }
    fclose(file);
    assert_true(cases >= 9);
}

/* A random orthogonal P x P matrix: Gram-Schmidt, twice for full precision. */
static void orthogonal(struct numpy_random *r, double q[P][P]) {
    for (int i = 0; i < P; i++) {
        for (int k = 0; k < P; k++) q[i][k] = numpy_gauss(r);
        for (int twice = 0; twice < 2; twice++)
            for (int j = 0; j < i; j++) {
                double dot = 0;
                for (int k = 0; k < P; k++) dot += q[i][k] * q[j][k];
                for (int k = 0; k < P; k++) q[i][k] -= dot * q[j][k];
            }
        double norm = 0;
        for (int k = 0; k < P; k++) norm += q[i][k] * q[i][k];
        for (int k = 0; k < P; k++) q[i][k] /= sqrt(norm);
    }
}

static double *times(const double *x, const double q[P][P]) {
    double *product = test_alloc(N * P * sizeof *product);
    for (int i = 0; i < N; i++)
        for (int j = 0; j < P; j++) {
            double sum = 0;
            for (int k = 0; k < P; k++) sum += x[i * P + k] * q[k][j];
            product[i * P + j] = sum;
        }
    return product;
}

static double *rows_moved(const double *x, int step) {
    double *moved = test_alloc(N * P * sizeof *moved);
    for (int i = 0; i < N; i++)
        memcpy(moved + (size_t)((i * step + 1) % N) * P, x + (size_t)i * P, P * sizeof *x);
    return moved;
}

static void expect(const double *x, const double *y, double biased, double debiased) {
    float *xf = to_float(x, N * P), *yf = to_float(y, N * P);
    for (int m = 0; m < 2; m++) {
        struct c4_cka_result wide = cka_by(doubles(x, N, P), doubles(y, N, P), methods[m]);
        assert_near(wide.biased, biased, 1e-9);
        assert_near(wide.debiased, debiased, 1e-9);
        struct c4_cka_result narrow = cka_by(floats(xf, N, P), floats(yf, N, P), methods[m]);
        assert_near(narrow.biased, biased, 1e-5);
        assert_near(narrow.debiased, debiased, 1e-5);
    }
    free(xf);
    free(yf);
}

static void invariances(void **state) {
    (void)state;
    struct demo d = demo_make();
    struct numpy_random r;
    numpy_seed(&r, 5);
    double q[P][P], general[P][P];
    orthogonal(&r, q);
    for (int i = 0; i < P; i++)
        for (int j = 0; j < P; j++) general[i][j] = numpy_gauss(&r);

    expect(d.x, d.x, 1, 1);
    expect(d.y, d.x, demo_biased, demo_debiased);
    double *turned = times(d.x, q);
    expect(turned, d.y, demo_biased, demo_debiased);
    double *mapped = times(d.x, general);
    struct c4_cka_result other = cka_by(doubles(mapped, N, P), doubles(d.y, N, P), C4_CKA_AUTO);
    assert_true(fabs(other.biased - demo_biased) > 1e-3);

    double *x2 = rows_moved(d.x, 37), *y2 = rows_moved(d.y, 37);
    expect(x2, y2, demo_biased, demo_debiased);
    struct c4_cka_result shuffled = cka_by(doubles(x2, N, P), doubles(d.y, N, P), C4_CKA_AUTO);
    assert_true(shuffled.biased < demo_biased - 0.2);
    assert_true(shuffled.debiased < demo_debiased - 0.2);

    for (int i = 0; i < N; i++)
        for (int j = 0; j < P; j++) x2[i * P + j] = 1.337 * d.x[i * P + j] + 10 * j - 3;
    expect(x2, d.y, demo_biased, demo_debiased);
    free(turned);
    free(mapped);
    free(x2);
    free(y2);
    demo_free(d);
}

/* No product may underflow or overflow in float, whatever the features' scale. */
static void any_scale_of_the_features(void **state) {
    (void)state;
    struct demo d = demo_make();
    const double scales[] = {0x1p-120, 0x1p-60, 0x1p100};
    double *x = test_alloc(N * P * sizeof *x);
    for (int s = 0; s < 3; s++) {
        for (size_t i = 0; i < N * P; i++) x[i] = scales[s] * d.x[i];
        expect(x, d.y, demo_biased, demo_debiased);
    }
    const double wide_scales[] = {0x1p-1000, 0x1p1000};
    for (int s = 0; s < 2; s++)
        for (int m = 0; m < 2; m++) {
            for (size_t i = 0; i < N * P; i++) x[i] = wide_scales[s] * d.x[i];
            struct c4_cka_result got = cka_by(doubles(x, N, P), doubles(d.y, N, P), methods[m]);
            assert_near(got.biased, demo_biased, 1e-9);
        }
    free(x);
    demo_free(d);
}

static void bias_of_independent_features(void **state) {
    (void)state;
    const size_t widths[] = {400, 1600};
    for (int w = 0; w < 2; w++) {
        size_t p = widths[w];
        struct numpy_random r;
        numpy_seed(&r, 11);
        double *x = numpy_randn(&r, N * p), *y = numpy_randn(&r, N * p);
        float *xf = to_float(x, N * p), *yf = to_float(y, N * p);
        struct c4_cka_result got = cka_by(floats(xf, N, p), floats(yf, N, p), C4_CKA_AUTO);
        assert_int_equal(got.method, C4_CKA_GRAM);
        assert_near(got.biased, (double)p / (double)(p + N), 0.02);
        assert_near(got.debiased, 0, 0.05);
        free(x);
        free(y);
        free(xf);
        free(yf);
    }
    /* Negative debiased values are kept. */
    const double a[] = {0, 0, 1, 1, 2, 2.5}, b[] = {0, 1, 0.1, 1.2, 0, 0.9};
    struct c4_cka_result negative = cka_by(doubles(a, 6, 1), doubles(b, 6, 1), C4_CKA_GRAM);
    struct c4_cka_result again = cka_by(doubles(a, 6, 1), doubles(b, 6, 1), C4_CKA_FEATURE);
    assert_true(negative.debiased < -0.01);
    assert_near(again.debiased, negative.debiased, 1e-12);
}

static void one_reference_serves_many(void **state) {
    (void)state;
    struct demo d = demo_make();
    float *x = to_float(d.x, N * P), *y = to_float(d.y, N * P);
    for (int m = 0; m < 2; m++) {
        struct c4_features fx = floats(x, N, P), fy = floats(y, N, P);
        struct c4_cka_options options = {.gram = test_gram(), .threads = 1, .method = methods[m]};
        struct c4_cka_reference *reference;
        assert_int_equal(c4_cka_prepare(&fx, &options, &reference), C4_OK);
        memset(x, 0, N * P * sizeof *x); /* the input is not kept */
        struct c4_cka_result first, second, self, direct;
        assert_int_equal(c4_cka_compare(reference, &fy, &first), C4_OK);
        free(x);
        x = to_float(d.x, N * P);
        fx.data = x;
        assert_int_equal(c4_cka_compare(reference, &fx, &self), C4_OK);
        assert_int_equal(c4_cka_compare(reference, &fy, &second), C4_OK);
        assert_int_equal(c4_cka(&fx, &fy, &options, &direct), C4_OK);
        assert_true(same_bits(first.biased, second.biased));
        assert_true(same_bits(first.debiased, direct.debiased));
        assert_true(m == 0 ? self.biased == 1 && self.debiased == 1
                           : fabs(self.biased - 1) < 1e-12);
        struct c4_cka_result work = c4_cka_reference_work(reference);
        assert_true(direct.flops == work.flops + first.flops);
        assert_true(direct.bytes == work.bytes + first.bytes);
        assert_true(first.seconds > 0 && work.seconds > 0 && direct.seconds > 0);
        assert_int_equal(first.n, N);
        assert_int_equal(first.p, P);
        assert_int_equal(first.q, P);
        c4_cka_reference_free(reference);
    }
    free(x);
    free(y);
    demo_free(d);
}

/* Comparing two prepared sides gives the same bits as comparing features; the sizes leave partial
 * tiles. */
static void prepared_sides_compare_alike(void **state) {
    (void)state;
    enum { ROWS = 150, FEATURES = 70 };
    struct numpy_random r;
    numpy_seed(&r, 7);
    double *wide_x = numpy_randn(&r, ROWS * FEATURES), *wide_y = numpy_randn(&r, ROWS * FEATURES);
    float *x = to_float(wide_x, ROWS * FEATURES), *y = to_float(wide_y, ROWS * FEATURES);
    for (int m = 0; m < 2; m++) {
        struct c4_features fx = floats(x, ROWS, FEATURES), fy = floats(y, ROWS, FEATURES);
        struct c4_cka_options options = {.gram = test_gram(), .threads = 2, .method = methods[m]};
        struct c4_cka_reference *a, *b, *other;
        struct c4_cka_result compared, between;
        assert_int_equal(c4_cka_prepare(&fx, &options, &a), C4_OK);
        assert_int_equal(c4_cka_prepare(&fy, &options, &b), C4_OK);
        assert_int_equal(c4_cka_compare(a, &fy, &compared), C4_OK);
        assert_int_equal(c4_cka_between(a, b, 0, &between), C4_OK);
        assert_true(same_bits(compared.biased, between.biased));
        assert_true(same_bits(compared.debiased, between.debiased));
        assert_int_equal(between.n, ROWS);
        struct c4_cka_result work = c4_cka_reference_work(b);
        assert_true(compared.flops == work.flops + between.flops);
        assert_int_equal(c4_cka_between(a, a, 0, &between), C4_OK);
        assert_true(fabs(between.biased - 1) < 1e-12);
        fy.rows--;
        assert_int_equal(c4_cka_prepare(&fy, &options, &other), C4_OK);
        assert_int_equal(c4_cka_between(a, other, 0, &between), C4_ERR_DATA);
        c4_cka_reference_free(other);
        fy.rows++;
        options.method = methods[1 - m];
        assert_int_equal(c4_cka_prepare(&fy, &options, &other), C4_OK);
        assert_int_equal(c4_cka_between(a, other, 0, &between), C4_ERR_USAGE);
        c4_cka_reference_free(other);
        c4_cka_reference_free(a);
        c4_cka_reference_free(b);
    }
    free(wide_x);
    free(wide_y);
    free(x);
    free(y);
}

static void form_follows_cost(void **state) {
    (void)state;
    struct c4_cka_shape shape = {.n = 500, .p = 16384, .q = 16384, .value_bytes = 4};
    double elements = 500.0 * 501 / 2; /* of the triangle, 2 FLOPs for each of its products */
    assert_true(c4_cka_gram_cost(&shape).flops == 2 * elements * (16384 + 16384));
    shape.reference_cached = true;
    assert_true(c4_cka_gram_cost(&shape).flops == 2 * elements * 16384);
    assert_true(c4_cka_gram_cost(&shape).bytes > 500 * 16384 * 4.0 * 3);
    assert_true(c4_cka_gram_is_cheaper(&shape));
    struct c4_cka_shape logits = {.n = 500, .p = 10, .q = 10, .value_bytes = 4};
    assert_true(c4_cka_feature_cost(&logits).flops == 2 * 500 * (2 * 55.0 + 100.0));
    assert_false(c4_cka_gram_is_cheaper(&logits));
    /* Bytes counted by hand: x packed (2 passes), read twice by 1 tile, and the cross product. */
    logits.reference_cached = true;
    assert_true(c4_cka_feature_cost(&logits).bytes ==
                4.0 * 500 * 10 * 2 + 4.0 * 500 * 10 * 2 + 4.0 * 500 * (10 + 10));
    /* The careful form: 8 bytes per value; a pass reads the rows of one tile twice; a side takes
     * two. */
    assert_true(c4_cka_careful_pass_cost(40, 10).flops == 40 * 41 * 10.0);
    assert_true(c4_cka_careful_pass_cost(40, 10).bytes == 8.0 * 40 * 10 * 2);
    assert_true(c4_cka_careful_cost(40, 10).flops == 2 * c4_cka_careful_pass_cost(40, 10).flops);
    assert_true(c4_cka_careful_cost(40, 10).bytes == 8.0 * 40 * 10 * (2 + 2 * 2));
    assert_string_equal(c4_cka_method_name(C4_CKA_GRAM), "gram");
    assert_string_equal(c4_cka_method_name(C4_CKA_FEATURE), "feature");
    assert_string_equal(c4_cka_method_name(C4_CKA_AUTO), "auto");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(generator_is_numpys),
        cmocka_unit_test(known_answers_of_the_notebook),
        cmocka_unit_test(a_planted_fault_is_noticed),
        cmocka_unit_test(known_answers_of_numpy),
        cmocka_unit_test(invariances),
        cmocka_unit_test(any_scale_of_the_features),
        cmocka_unit_test(bias_of_independent_features),
        cmocka_unit_test(one_reference_serves_many),
        cmocka_unit_test(prepared_sides_compare_alike),
        cmocka_unit_test(form_follows_cost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
