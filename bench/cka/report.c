/* The table and JSON of bench cka. */
#include <stdio.h>

#include "bench/cka/cka.h"
#include "core/file/json.h"

void c4_cka_bench_print(const struct c4_cka_bench *bench) {
    if (bench->peak.count == 0) return;
    struct c4_spread peak = c4_peak_spread(&bench->peak);
    printf("CKA of a layer with a prepared reference, %d thread%s, median of %d samples taken in "
           "turn\n",
           bench->threads, bench->threads == 1 ? "" : "s", bench->samples);
    printf("%-22s %-7s %9s %9s %9s %9s %8s %8s %7s %-7s %s\n", "layer/examples/backend", "method",
           "s", "lowest", "highest", "prepare", "GFLOP", "GFLOP/s", "of peak", "checked", "origin");
    for (int i = 0; i < bench->count; i++) {
        const struct c4_cka_row *row = &bench->rows[i];
        if (row->fault[0]) printf("%-22s void: %s\n", row->name, row->fault);
        if (row->measured == 0) continue;
        struct c4_spread s = c4_spread_of(row->seconds, row->measured);
        double gflops = row->flops / s.median * 1e-9;
        printf("%-22s %-7s %9.4f %9.4f %9.4f %9.4f %8.2f %8.1f %6.1f%% %-7s %s\n", row->name,
               c4_cka_method_name(row->method), s.median, s.low, s.high, row->prepare_seconds,
               row->flops * 1e-9, gflops, 100 * gflops / peak.median, "yes", row->backend->variant);
    }
    printf("Checked on the first %d examples. FMA peak of %d thread%s: %.1f GFLOP/s (%.1f to %.1f, "
           "%s).\n",
           C4_CKA_CHECK_ROWS, bench->threads, bench->threads == 1 ? "" : "s", peak.median, peak.low,
           peak.high, bench->peak.loop->name);
}

json_t *c4_cka_bench_json(const struct c4_cka_bench *bench) {
    json_t *rows = json_array();
    for (int i = 0; i < bench->count; i++) {
        const struct c4_cka_row *row = &bench->rows[i];
        json_t *object = json_pack("{s:s, s:s, s:I, s:s, s:s, s:s, s:b}", "name", row->name,
                                   "layer", c4_layer_name[row->layer], "n", (json_int_t)row->n,
                                   "backend", row->backend->name, "origin", row->backend->variant,
                                   "method", c4_cka_method_name(row->method), "checked",
                                   !row->fault[0] && row->measured > 0);
        json_array_append_new(rows, object);
        if (row->fault[0]) json_object_set_new(object, "fault", json_string(row->fault));
        if (row->measured == 0) continue;
        struct c4_spread s = c4_spread_of(row->seconds, row->measured);
        double gflops = row->flops / s.median * 1e-9;
        const struct {
            const char *key;
            double value;
        } values[] = {{"seconds", s.median},
                      {"seconds_low", s.low},
                      {"seconds_high", s.high},
                      {"prepare_seconds", row->prepare_seconds},
                      {"flops", row->flops},
                      {"bytes", row->bytes},
                      {"gflops", gflops},
                      {"percent_of_peak", 100 * gflops / c4_peak_spread(&bench->peak).median}};
        for (size_t k = 0; k < sizeof values / sizeof *values; k++)
            json_object_set_new(object, values[k].key, c4_json_real(values[k].value));
        json_object_set_new(object, "samples_seconds",
                            c4_spread_json(row->seconds, row->measured, 1));
    }
    return rows;
}
