/* CKA against exact rational arithmetic (tests/reference/cka_exact.py) where centring leaves
 * little: outliers, offsets, rows of different scale. In both forms, in float and double. */
#include <stdio.h>

#include "tests/core/test_cka_data.h"

struct exact_case {
    uint32_t seed;
    size_t n, p, q;
    double scale[2];
    size_t row[2];
    double offset;
    int spread;
    double biased, debiased;
};

struct matrix {
    double *wide;
    float *narrow;
    size_t n, p;
};

static double draw(uint32_t *state) {
    *state = 1664525u * *state + 1013904223u;
    return (double)((*state >> 16) % 201) - 100;
}

static void place(struct matrix *m, const struct exact_case *c, int side) {
    for (size_t i = 0; i < m->n; i++) {
        int exponent = (int)(7 * i % (size_t)(2 * c->spread + 1)) - c->spread;
        double factor = ldexp(i == c->row[side] ? c->scale[side] : 1, exponent);
        for (size_t j = 0; j < m->p; j++) {
            double *value = &m->wide[i * m->p + j];
            *value = *value * factor + c->offset;
            assert_true((double)(float)*value == *value);
        }
    }
    m->narrow = to_float(m->wide, m->n * m->p);
}

static void make(const struct exact_case *c, struct matrix *x, struct matrix *y) {
    uint32_t state = c->seed;
    *x = (struct matrix){.wide = test_alloc(c->n * c->p * sizeof(double)), .n = c->n, .p = c->p};
    *y = (struct matrix){.wide = test_alloc(c->n * c->q * sizeof(double)), .n = c->n, .p = c->q};
    for (size_t i = 0; i < c->n * c->p; i++) x->wide[i] = draw(&state);
    for (size_t i = 0; i < c->n; i++)
        for (size_t j = 0; j < c->q; j++)
            y->wide[i * c->q + j] = x->wide[i * c->p + j % c->p] + draw(&state);
    place(x, c, 0);
    place(y, c, 1);
}

static void release(struct matrix m) {
    free(m.wide);
    free(m.narrow);
}

static struct c4_features view(const struct matrix *m, int wide) {
    return wide ? doubles(m->wide, m->n, m->p) : floats(m->narrow, m->n, m->p);
}

static int read_case(FILE *file, struct exact_case *c) {
    char line[256];
    if (!fgets(line, sizeof line, file)) return 0;
    assert_int_equal(sscanf(line, "%u,%zu,%zu,%zu,%lf,%zu,%lf,%zu,%lf,%d,%lf,%lf", &c->seed, &c->n,
                            &c->p, &c->q, &c->scale[0], &c->row[0], &c->scale[1], &c->row[1],
                            &c->offset, &c->spread, &c->biased, &c->debiased),
                     12);
    return 1;
}

/* Calls `check` for every case of the file, in both forms and types. */
static void for_each(void (*check)(const struct exact_case *, struct c4_features,
                                   struct c4_features, const struct c4_cka_options *)) {
    FILE *file = fopen(C4_TEST_REFERENCE "/cka_exact.csv", "r");
    char line[256];
    struct exact_case c;
    int cases = 0;
    assert_non_null(file);
    assert_non_null(fgets(line, sizeof line, file));
    while (read_case(file, &c)) {
        struct matrix x, y;
        make(&c, &x, &y);
        for (int form = 0; form < 4; form++) {
            int wide = form / 2;
            struct c4_cka_options options = {.gram = test_gram(),
                                             .threads = 1,
                                             .method = form % 2 ? C4_CKA_FEATURE : C4_CKA_GRAM};
            check(&c, view(&x, wide), view(&y, wide), &options);
        }
        release(x);
        release(y);
        cases++;
    }
    fclose(file);
    assert_true(cases >= 43);
}

static struct c4_cka_result compared(struct c4_features x, struct c4_features y,
                                     const struct c4_cka_options *options) {
    struct c4_cka_result result = {.biased = NAN, .debiased = NAN};
    if (c4_cka(&x, &y, options, &result) != C4_OK) fail_msg("%s", c4_error());
    return result;
}

static void expect_exact(const struct exact_case *c, struct c4_features x, struct c4_features y,
                         const struct c4_cka_options *options) {
    struct c4_cka_result got = compared(x, y, options), turned = compared(y, x, options);
    double bound = x.type == C4_FEATURES_DOUBLE ? 1e-8 : 1e-6;
    const double error[4] = {got.biased - c->biased, got.debiased - c->debiased,
                             turned.biased - c->biased, turned.debiased - c->debiased};
    for (int i = 0; i < 4; i++)
        if (!(fabs(error[i]) <= bound))
            fail_msg("seed %u, %zu x %zu and %zu, %s, %s: value %d is off by %.2g", c->seed, c->n,
                     c->p, c->q, c4_cka_method_name(options->method),
                     x.type == C4_FEATURES_DOUBLE ? "double" : "float", i, error[i]);
}

static void exact_values(void **state) {
    (void)state;
    for_each(expect_exact);
}

static void assert_alike(struct c4_cka_result a, struct c4_cka_result b) {
    assert_true(same_bits(a.biased, b.biased));
    assert_true(same_bits(a.debiased, b.debiased));
    assert_int_equal(a.careful, b.careful);
}

/* All ways of comparing, with any number of threads, give the same bits, and their work adds up. */
static void expect_alike(const struct exact_case *c, struct c4_features x, struct c4_features y,
                         const struct c4_cka_options *options) {
    (void)c;
    struct c4_cka_options two = *options;
    struct c4_cka_reference *a, *b;
    struct c4_cka_result direct = compared(x, y, options), cached, between;
    two.threads = 2;
    assert_alike(compared(x, y, &two), direct);
    assert_int_equal(c4_cka_prepare(&x, options, &a), C4_OK);
    assert_int_equal(c4_cka_prepare(&y, options, &b), C4_OK);
    assert_int_equal(c4_cka_compare(a, &y, &cached), C4_OK);
    assert_int_equal(c4_cka_between(a, b, 0, &between), C4_OK);
    assert_alike(cached, direct);
    assert_alike(between, direct);
    struct c4_cka_result work_a = c4_cka_reference_work(a), work_b = c4_cka_reference_work(b);
    assert_int_equal(direct.careful, work_a.careful || work_b.careful);
    assert_true(fabs(direct.flops - (work_a.flops + cached.flops)) <= 1e-9 * direct.flops);
    assert_true(fabs(cached.flops - (work_b.flops + between.flops)) <= 1e-9 * direct.flops);
    assert_true(fabs(direct.bytes - (work_a.bytes + cached.bytes)) <= 1e-9 * direct.bytes);
    assert_int_equal(c4_cka_between(a, a, 0, &between), C4_OK);
    assert_near(between.biased, 1, 1e-12);
    assert_near(between.debiased, 1, 1e-12);
    c4_cka_reference_free(a);
    c4_cka_reference_free(b);
}

static void every_way_gives_the_same_bits(void **state) {
    (void)state;
    for_each(expect_alike);
}

/* Where much is left, the fast forms are used; beside a large outlier, no float form is. */
static void expect_right_form(const struct exact_case *c, struct c4_features x,
                              struct c4_features y, const struct c4_cka_options *options) {
    struct c4_cka_result got = compared(x, y, options);
    double scale = fmax(c->scale[0], c->scale[1]);
    bool is_plain = scale == 1 && c->spread == 0;
    if (is_plain && !(options->method == C4_CKA_FEATURE && c->p > 4 * c->n))
        assert_false(got.careful);
    if (scale == 1e6) assert_true(got.careful);
    if (x.type == C4_FEATURES_FLOAT && scale >= 1e4) assert_true(got.careful);
}

static void care_is_taken_where_it_is_due(void **state) {
    (void)state;
    for_each(expect_right_form);
}

static void biased_alone_takes_no_care(void **state) {
    (void)state;
    enum { N = 40, P = 10 };
    double x[N * P];
    uint32_t seed = 3;
    for (size_t i = 0; i < (size_t)N * P; i++) x[i] = draw(&seed) * (i < P ? 1e6 : 1);
    struct c4_cka_options options = {.gram = test_gram(), .threads = 1, .biased_only = true};
    struct c4_cka_result got = compared(doubles(x, N, P), doubles(x, N, P), &options);
    assert_false(got.careful);
    assert_near(got.biased, 1, 1e-12);
    assert_true(isnan(got.debiased) && !got.has_debiased);
}

/* The whole range of doubles: beside this outlier's squared norm a double cannot hold the others'.
 */
static void outliers_at_the_end_of_the_range(void **state) {
    (void)state;
    enum { N = 40, P = 6 };
    static const double scales[][2] = {{1e6, 1e-120}, {1e60, 1e-60}, {1.6e300, 1e294}};
    double x[N * P], y[N * P], want = 0;
    for (int s = -1; s < 3; s++) {
        uint32_t seed = 3;
        for (size_t i = 0; i < (size_t)N * P; i++) {
            x[i] = draw(&seed);
            y[i] = x[i] + draw(&seed);
            double high = s < 0 ? 1e6 : scales[s][0], low = s < 0 ? 1 : scales[s][1];
            x[i] *= i < P ? high : low;
            y[i] *= i < P ? high : low;
        }
        struct c4_cka_result gram = cka_by(doubles(x, N, P), doubles(y, N, P), C4_CKA_GRAM);
        struct c4_cka_result feature = cka_by(doubles(x, N, P), doubles(y, N, P), C4_CKA_FEATURE);
        assert_true(gram.careful && feature.careful);
        assert_true(same_bits(gram.debiased, feature.debiased));
        if (s < 0) want = gram.debiased;
        /* Beside this outlier the structure of the other rows does not show. */
        assert_near(gram.debiased, want, 1e-7);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exact_values),
        cmocka_unit_test(every_way_gives_the_same_bits),
        cmocka_unit_test(care_is_taken_where_it_is_due),
        cmocka_unit_test(biased_alone_takes_no_care),
        cmocka_unit_test(outliers_at_the_end_of_the_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
