#include "bench/cka/subject.h"

#include <math.h>
#include <stdlib.h>

#include "core/cost/cka_cost.h"
#include "core/host/clock.h"
#include "core/similarity/gram_form.h"
#include "core/similarity/gram_product.h"

enum { TILE = C4_CKA_TILE, AREA = TILE * TILE };

const char *c4_cka_subject_name(enum c4_cka_subject subject) {
    static const char *const names[] = {"value", "product", "files"};
    _Static_assert(sizeof names / sizeof *names == C4_CKA_FILES + 1, "a name for each subject");
    return names[subject];
}

static double seconds_between(int64_t from_ns, int64_t to_ns) {
    return (double)(to_ns - from_ns) * 1e-9;
}

/* --- values --- */

static struct c4_cka_options options_of(const struct c4_cka_row *row,
                                        const struct c4_backend *backend) {
    return (struct c4_cka_options){
        .gram = c4_backend_gram(backend), .threads = row->group.threads, .method = row->method};
}

/* As c4_cka(), whose parts are timed. */
static enum c4_status run_value(const struct c4_cka_row *row, const struct c4_cka_arrays *arrays,
                                struct c4_cka_sample *sample, double *values) {
    const struct c4_features x = c4_cka_arrays_features(arrays, 0, row->group.n);
    const struct c4_features y = c4_cka_arrays_features(arrays, 1, row->group.n);
    const struct c4_cka_options options = options_of(row, row->backend);
    struct c4_cka_reference *side;
    struct c4_cka_result result = {0};
    const int64_t start_ns = c4_clock_ns();
    C4_TRY(c4_cka_prepare(&x, &options, &side));
    const int64_t prepared_ns = c4_clock_ns();
    enum c4_status status = c4_cka_compare(side, &y, &result);
    const int64_t compared_ns = c4_clock_ns();
    const struct c4_cka_result work = c4_cka_reference_work(side);
    c4_cka_reference_free(side);
    sample->whole += seconds_between(start_ns, c4_clock_ns());
    sample->prepare += seconds_between(start_ns, prepared_ns);
    sample->compare += seconds_between(prepared_ns, compared_ns);
    sample->pack += work.pack_seconds / row->group.threads;
    sample->product += work.product_seconds / row->group.threads;
    values[0] = result.biased;
    values[1] = result.debiased;
    return status;
}

/* The debiased value is a small difference of large numbers here, so the error of both values is
 * judged on the scale of the biased one. */
static bool close_to(double got, double want, double scale, bool bit_exact) {
    return bit_exact ? got == want : fabs(got - want) <= C4_PEER_TOLERANCE * fabs(scale);
}

static enum c4_status check_value(struct c4_cka_row *row, const struct c4_backend *reference,
                                  const struct c4_cka_arrays *arrays, size_t n) {
    const struct c4_features x = c4_cka_arrays_features(arrays, 0, n);
    const struct c4_features y = c4_cka_arrays_features(arrays, 1, n);
    struct c4_cka_options options = options_of(row, row->backend);
    struct c4_cka_result got, want;
    C4_TRY(c4_cka(&x, &y, &options, &got));
    options = options_of(row, reference);
    C4_TRY(c4_cka(&x, &y, &options, &want));
    const bool exact = row->backend->bit_exact;
    if (close_to(got.biased, want.biased, want.biased, exact) &&
        close_to(got.debiased, want.debiased, want.biased, exact))
        return C4_OK;
    row->state = C4_PEER_VOID;
    return c4_text_add(&row->reason,
                       "CKA is %.17g, debiased %.17g; the reference has %.17g, debiased %.17g",
                       got.biased, got.debiased, want.biased, want.debiased);
}

/* --- products --- */

/* Of the features as they are: peers' products are not centred either. */
static enum c4_status multiply(const struct c4_features *x, const struct c4_backend *backend,
                               int threads, double **tiles, struct c4_gram_times *times) {
    const struct c4_gram_slots slots = c4_backend_gram(backend);
    float *zeros = calloc(x->features, sizeof *zeros);
    *tiles = NULL;
    if (!zeros) return c4_fail(C4_ERR_MEMORY, "out of memory for a product");
    const struct c4_centring plain = {
        .features = x, .type = C4_FEATURES_FLOAT, .shift = zeros, .scale = 1};
    enum c4_status status = c4_gram_tiles_allocate(x->rows, tiles);
    if (status == C4_OK) status = c4_gram_product(&plain, &slots, threads, *tiles, times);
    free(zeros);
    return status;
}

static double element(const double *tiles, size_t i, size_t j) {
    const size_t a = i / TILE, b = j / TILE;
    return tiles[(a * (a + 1) / 2 + b) * AREA + (i % TILE) * TILE + j % TILE];
}

static void sum_up(const double *tiles, size_t n, double *values) {
    double trace = 0, norm = 0;
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < i; j++) norm += 2 * element(tiles, i, j) * element(tiles, i, j);
        norm += element(tiles, i, i) * element(tiles, i, i);
        trace += element(tiles, i, i);
    }
    values[0] = trace;
    values[1] = norm;
    values[2] = element(tiles, n - 1, 0);
}

static enum c4_status run_product(const struct c4_cka_row *row, const struct c4_cka_arrays *arrays,
                                  struct c4_cka_sample *sample, double *values) {
    const struct c4_features x = c4_cka_arrays_features(arrays, 0, row->group.n);
    struct c4_gram_times times = {0, 0};
    double *tiles;
    const int64_t start_ns = c4_clock_ns();
    enum c4_status status = multiply(&x, row->backend, row->group.threads, &tiles, &times);
    const double seconds = seconds_between(start_ns, c4_clock_ns());
    sample->whole += seconds;
    sample->prepare += seconds;
    sample->compare += seconds;
    sample->pack += times.pack_seconds / row->group.threads;
    sample->product += times.product_seconds / row->group.threads;
    if (status == C4_OK && values) sum_up(tiles, row->group.n, values);
    free(tiles);
    return status;
}

static enum c4_status compare_products(struct c4_cka_row *row, const double *got,
                                       const double *want, size_t n) {
    double scale = 0;
    for (size_t i = 0; i < n; i++) scale = fmax(scale, element(want, i, i));
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j <= i; j++) {
            const double a = element(got, i, j), b = element(want, i, j);
            if (close_to(a, b, scale, row->backend->bit_exact)) continue;
            row->state = C4_PEER_VOID;
            return c4_text_add(&row->reason, "element %zu, %zu is %.17g; the reference has %.17g",
                               i, j, a, b);
        }
    return C4_OK;
}

static enum c4_status check_product(struct c4_cka_row *row, const struct c4_backend *reference,
                                    const struct c4_cka_arrays *arrays, size_t n) {
    const struct c4_features x = c4_cka_arrays_features(arrays, 0, n);
    struct c4_gram_times times = {0, 0};
    double *got, *want = NULL;
    enum c4_status status = multiply(&x, row->backend, row->group.threads, &got, &times);
    if (status == C4_OK) status = multiply(&x, reference, row->group.threads, &want, &times);
    if (status == C4_OK) status = compare_products(row, got, want, n);
    free(got);
    free(want);
    return status;
}

/* --- both --- */

enum c4_status c4_cka_subject_check(struct c4_cka_row *row, const struct c4_backend *reference,
                                    const struct c4_cka_arrays *arrays) {
    const size_t n = row->group.n < C4_CKA_CHECK_ROWS ? row->group.n : C4_CKA_CHECK_ROWS;
    return (row->group.subject == C4_CKA_PRODUCT ? check_product : check_value)(row, reference,
                                                                                arrays, n);
}

enum c4_status c4_cka_subject_run(const struct c4_cka_row *row, const struct c4_cka_arrays *arrays,
                                  struct c4_cka_sample *sample, double values[C4_CKA_PEER_VALUES],
                                  int *count) {
    double unread[C4_CKA_PEER_VALUES];
    if (count) *count = row->group.subject == C4_CKA_PRODUCT ? 3 : 2;
    if (row->group.subject == C4_CKA_PRODUCT) return run_product(row, arrays, sample, values);
    return run_value(row, arrays, sample, values ? values : unread);
}

bool c4_cka_subject_agrees(const struct c4_cka_row *row, const double *got, int got_count,
                           const double *want, int want_count, struct c4_text *reason) {
    static const char *const names[2][C4_CKA_PEER_VALUES] = {
        {"biased CKA", "debiased CKA", ""}, {"the trace", "the squared norm", "a corner"}};
    const bool product = row->group.subject == C4_CKA_PRODUCT;
    if (want_count == 0) {
        c4_text_add(reason, "no backend has a value to compare with");
        return false;
    }
    if (got_count != want_count) {
        c4_text_add(reason, "it reported %d values instead of %d", got_count, want_count);
        return false;
    }
    for (int i = 0; i < want_count && i < C4_CKA_PEER_VALUES; i++) {
        const double scale = !product ? want[0] : i < 2 ? want[i] : want[0] / (double)row->group.n;
        if (close_to(got[i], want[i], scale, false)) continue;
        c4_text_add(reason, "%s is %.9g, conv4's is %.9g", names[product][i], got[i], want[i]);
        return false;
    }
    return true;
}
