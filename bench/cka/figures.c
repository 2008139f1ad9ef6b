#include "bench/cka/figures.h"

#include <math.h>
#include <stddef.h>

static double median_of(const struct c4_cka_row *row, size_t offset) {
    return c4_cka_row_spread(row, offset).median;
}

static double rest_of(const struct c4_cka_row *row) {
    double rest[C4_SAMPLES_MAX];
    for (int k = 0; k < row->measured; k++) {
        const struct c4_cka_sample *s = &row->samples[k];
        rest[k] = s->prepare - s->product - s->pack;
    }
    return c4_spread_of(rest, row->measured).median;
}

void c4_cka_figures_of(const struct c4_cka_bench *bench, const struct c4_cka_row *row,
                       struct c4_cka_figures *f) {
    const struct c4_peak *measured = c4_cka_row_peak(bench, row);
    const double peak = measured ? c4_peak_spread(measured).median : NAN;
    const bool in_memory = row->group.subject != C4_CKA_FILES;
    *f = (struct c4_cka_figures){.whole =
                                     c4_cka_row_spread(row, offsetof(struct c4_cka_sample, whole)),
                                 .compare = {NAN, NAN, NAN},
                                 .compare_gflops = NAN,
                                 .compare_percent = NAN,
                                 .prepare = NAN,
                                 .product = NAN,
                                 .pack = NAN,
                                 .rest = NAN,
                                 .product_gflops = NAN,
                                 .product_percent = NAN};
    f->whole_gflops = in_memory ? row->whole_flops / f->whole.median * 1e-9 : NAN;
    f->whole_percent = 100 * f->whole_gflops / peak;
    if (!row->backend || !in_memory) return;
    f->compare = c4_cka_row_spread(row, offsetof(struct c4_cka_sample, compare));
    f->compare_gflops = row->flops / f->compare.median * 1e-9;
    f->compare_percent = 100 * f->compare_gflops / peak;
    f->prepare = median_of(row, offsetof(struct c4_cka_sample, prepare));
    if (row->method != C4_CKA_GRAM) return;
    f->product = median_of(row, offsetof(struct c4_cka_sample, product));
    f->pack = median_of(row, offsetof(struct c4_cka_sample, pack));
    f->rest = rest_of(row);
    f->product_gflops = c4_cka_row_product_flops(row) / f->product * 1e-9;
    f->product_percent = 100 * f->product_gflops / peak;
}
