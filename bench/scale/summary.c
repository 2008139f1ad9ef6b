/* A row's summary over its rounds. */
#include <math.h>

#include "bench/measure/spread.h"
#include "bench/scale/scale.h"

/* Of the values that are there. */
static struct c4_spread spread_of(const double *values, int count) {
    double there[C4_SCALE_ROUNDS];
    int kept = 0;
    for (int i = 0; i < count; i++)
        if (isfinite(values[i])) there[kept++] = values[i];
    if (kept == 0) return (struct c4_spread){(double)NAN, (double)NAN, (double)NAN};
    return c4_spread_of(there, kept);
}

enum c4_status c4_scale_summarise(const struct c4_scale_bench *bench,
                                  const struct c4_scale_row *row,
                                  struct c4_scale_summary *summary) {
    const struct c4_scale_row *one = &bench->row[0];
    const int n = row->failed ? 0 : bench->rounds; /* a void row has samples, but no values */
    const int both = one->failed ? 0 : n;
    struct c4_spread rate = spread_of(row->images_per_s, n);
    *summary = (struct c4_scale_summary){
        .images_per_s = rate.median,
        .low = rate.low,
        .high = rate.high,
        .gflops = spread_of(row->gflops, bench->rounds).median,
        .gbytes_per_s = spread_of(row->gbytes_per_s, bench->rounds).median,
        .planned_per_s = spread_of(row->planned_per_s, bench->rounds).median};
    C4_TRY(c4_scale_gain(row->images_per_s, one->images_per_s, both, &summary->gain));
    C4_TRY(c4_scale_gain(row->gflops, one->gflops, bench->rounds, &summary->peak_gain));
    C4_TRY(
        c4_scale_gain(row->gbytes_per_s, one->gbytes_per_s, bench->rounds, &summary->triad_gain));
    C4_TRY(c4_scale_share(row->images_per_s, one->images_per_s, row->gflops, one->gflops, both,
                          &summary->of_peak));
    return c4_scale_gain(row->images_per_s, row->planned_per_s, n, &summary->of_plan);
}
