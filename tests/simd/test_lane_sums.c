/* Each variant of the sums over libraries' layouts against plain loops, bit for bit. */
#include <stdio.h>
#include <string.h>

#include "simd/cpu.h"
#include "simd/onednn/lane_sums/lane_sums.h"
#include "tests/harness/check.h"
#include "tests/harness/check_memory.h"
#include "tests/harness/unit.h"

enum { LANES = C4_SUM_LANES };

static void sum_plainly(const float *y, size_t groups, size_t stride, double *sum, double *sum_sq) {
    for (size_t lane = 0; lane < LANES; lane++) {
        sum[lane] = sum_sq[lane] = 0;
        for (size_t i = 0; i < groups; i++) {
            double a = (double)y[i * stride + lane];
            sum[lane] += a;
            sum_sq[lane] += a * a;
        }
    }
}

/* Values of very different magnitudes, so that a wrong order of summation shows; the last one is
 * just before an inaccessible page. */
static void check(c4_lane_sums_fn *variant, size_t groups, size_t stride) {
    size_t count = groups ? (groups - 1) * stride + LANES : 0;
    struct c4_guarded guarded;
    assert_true(c4_guarded_make(&guarded, count * sizeof(float), sizeof(float), C4_PLACE_AT_END));
    float *y = (float *)guarded.data;
    struct c4_check_rng rng = c4_check_rng_start(c4_check_seed(), "lane sums");
    for (size_t i = 0; i < count; i++) {
        float size = i % 3 == 0 ? 0x1p30F : 1.0F;
        y[i] = size * (float)(c4_check_rng_unit(&rng) - 0.4);
    }
    double sum[LANES + 1], sum_sq[LANES + 1], want[LANES], want_sq[LANES];
    for (int i = 0; i <= LANES; i++) sum[i] = sum_sq[i] = -7;
    variant(y, groups, stride, sum, sum_sq);
    sum_plainly(y, groups, stride, want, want_sq);
    assert_memory_equal(sum, want, sizeof want);
    assert_memory_equal(sum_sq, want_sq, sizeof want_sq);
    assert_true(sum[LANES] == -7 && sum_sq[LANES] == -7);
    ptrdiff_t offset;
    assert_true(c4_guarded_whole(&guarded, &offset));
    c4_guarded_free(&guarded);
}

static void check_all(c4_lane_sums_fn *variant) {
    static const size_t strides[] = {16, 64, 17};
    for (int s = 0; s < 3; s++)
        for (size_t groups = 0; groups <= 9; groups++) check(variant, groups, strides[s]);
    check(variant, 4096, 16);
}

static void plain_adds_in_order(void **state) {
    (void)state;
    check_all(c4_lane_sums_plain);
}

static void what_dispatch_picks_adds_in_order(void **state) {
    (void)state;
    c4_lane_sums_fn *picked = c4_dispatch_lane_sums();
    printf("picked: %s\n", picked == c4_lane_sums_plain ? "plain" : "avx2");
    check_all(picked);
}

static void dispatch_picks_what_the_cpu_has(void **state) {
    (void)state;
    bool wide = (c4_cpu_features() & C4_CPU_AVX2_FMA) != 0;
    assert_true((c4_dispatch_lane_sums() != c4_lane_sums_plain) == wide);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_adds_in_order),
        cmocka_unit_test(what_dispatch_picks_adds_in_order),
        cmocka_unit_test(dispatch_picks_what_the_cpu_has),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
