/* The table of measures: its names are those of similarities.def, and its CKA is cka.h's. */
#include "core/similarity/similarity.h"
#include "tests/core/test_cka_data.h"

enum { N = 40, P = 12 };

/* In the order of the file, so that the enum of quantities fits, too. */
static void names_are_those_of_the_list(void **state) {
    static const char *const listed[] = {
#define C4_SIMILARITY(name)
#define C4_QUANTITY(id, name) name,
#include "core/similarity/similarities.def"
#undef C4_SIMILARITY
#undef C4_QUANTITY
    };
    (void)state;
    const char *given[C4_SIMILARITIES * C4_SIMILARITY_VALUES] = {NULL};
    size_t count = 0;
    for (int i = 0; i < C4_SIMILARITIES; i++)
        for (int v = 0; c4_similarities[i]->quantity[v]; v++) {
            enum c4_similarity_id id;
            given[count++] = c4_similarities[i]->quantity[v];
            assert_non_null(c4_similarities[i]->key[v]);
            assert_true(c4_is_similarity(c4_similarities[i]->quantity[v], &id));
            assert_int_equal(id, i);
        }
    assert_int_equal(count, sizeof listed / sizeof *listed);
    for (size_t i = 0; i < sizeof listed / sizeof *listed; i++)
        assert_string_equal(given[i], listed[i]);
    assert_false(c4_is_similarity("loss", NULL));
    assert_false(c4_is_similarity("cka", NULL));
}

static void cka_is_that_of_its_header(void **state) {
    static float x[N * P], y[N * P];
    const struct c4_similarity *cka = c4_similarities[C4_SIMILARITY_cka];
    const struct c4_similarity_options plain = {.gram = test_gram(), .threads = 1};
    const struct c4_cka_options options = {
        .gram = test_gram(), .threads = 1, .method = C4_CKA_GRAM};
    struct c4_similarity_result result;
    struct c4_cka_result want;
    struct numpy_random random;
    void *a, *b;
    (void)state;
    numpy_seed(&random, 3);
    for (size_t i = 0; i < N * P; i++) {
        x[i] = (float)numpy_gauss(&random);
        y[i] = x[i] + (float)numpy_gauss(&random);
    }
    const struct c4_features of_x = floats(x, N, P), of_y = floats(y, N, P);
    assert_int_equal(cka->prepare(&of_x, &plain, &a), C4_OK);
    assert_int_equal(cka->prepare(&of_y, &plain, &b), C4_OK);
    assert_int_equal(cka->compare(a, b, 0, &result), C4_OK);
    assert_int_equal(c4_cka(&of_x, &of_y, &options, &want), C4_OK);
    assert_true(result.value[0] == want.biased && result.value[1] == want.debiased);
    assert_int_equal(result.n, N);
    /* What is forecast is what preparing reports. */
    assert_true(cka->cost(N, P).flops == cka->work(a).flops);
    assert_int_equal(cka->cost(N, P).kept_bytes, cka->kept_bytes(a));
    assert_string_equal(cka->work(a).method, "gram");
    cka->release(a);
    cka->release(b);
    cka->release(NULL);
    x[5] = (float)NAN;
    assert_int_equal(cka->prepare(&of_x, &plain, &a), C4_ERR_DATA);
    assert_null(a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_those_of_the_list),
        cmocka_unit_test(cka_is_that_of_its_header),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
