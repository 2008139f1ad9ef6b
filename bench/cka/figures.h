/* What is reported of a measured row. */
#ifndef C4_BENCH_CKA_FIGURES_H
#define C4_BENCH_CKA_FIGURES_H

#include "bench/cka/cka.h"

/* Seconds; NaN where the row has none. */
struct c4_cka_figures {
    struct c4_spread whole;
    double whole_gflops, whole_percent; /* of the FMA peak */
    struct c4_spread compare;           /* of a product: the whole */
    double compare_gflops, compare_percent;
    double prepare;             /* one side: the next three together */
    double product, pack, rest; /* the first two a thread's share */
    double product_gflops, product_percent;
};

/* Of a row with samples. */
void c4_cka_figures_of(const struct c4_cka_bench *bench, const struct c4_cka_row *row,
                       struct c4_cka_figures *figures);

#endif
