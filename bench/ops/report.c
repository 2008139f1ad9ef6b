/* Tables and JSON of bench ops. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/ops/ops.h"
#include "core/file/file.h"
#include "core/file/json.h"

static double peak_gflops(const struct c4_ops_bench *bench) {
    return bench->peak.count ? c4_peak_spread(&bench->peak).median : 0;
}

/* Of all threads together. */
static double gflops_of(const struct c4_ops_bench *bench, double flops, double seconds) {
    return bench->threads * flops / seconds * 1e-9;
}

static void print_row(const struct c4_ops_bench *bench, const struct c4_ops_row *row) {
    if (row->fault.length > 0) {
        printf("%-46s void: %s\n", row->name, row->fault.bytes);
        return;
    }
    if (row->measured == 0) return;
    struct c4_spread s = c4_spread_of(row->seconds, row->measured);
    double reorder = c4_spread_of(row->reorder_seconds, row->reorders).median;
    double per = bench->threads * (row->shape->images ? row->shape->images : 1);
    double gflops = gflops_of(bench, row->cost.flops, s.median);
    printf("%-46s %9.2f %9.2f %9.2f ", row->name, s.median / per * 1e6, s.low / per * 1e6,
           s.high / per * 1e6);
    if (row->kernel.length > 0)
        printf("%9.2f", reorder / per * 1e6);
    else
        printf("%9s", "-");
    printf(" %-5s %8.1f %6.1f%% %6.1f %-7s %s%s%s\n", row->shape->images ? "image" : "call", gflops,
           100 * gflops / peak_gflops(bench), gflops_of(bench, row->cost.bytes, s.median), "yes",
           row->backend->variant, row->kernel.length > 0 ? " " : "", c4_text_string(&row->kernel));
}

void c4_ops_bench_print(const struct c4_ops_bench *bench) {
    printf("ops, %d thread%s, median of %d samples in random order\n", bench->threads,
           bench->threads == 1 ? "" : "s, each on its own images at the same time", bench->samples);
    printf("%-46s %9s %9s %9s %9s %-5s %8s %7s %6s %-7s %s\n", "slot/shape/backend", "us", "lowest",
           "highest", "reorder", "per", "GFLOP/s", "of peak", "GB/s", "checked", "origin");
    for (int i = 0; i < bench->count; i++) print_row(bench, &bench->rows[i]);
    if (bench->peak.count == 0) return;
    struct c4_spread peak = c4_peak_spread(&bench->peak);
    printf("reorder: us from and to canonical layouts, besides the call; -: the op works on them.\n"
           "GFLOP/s: nominal; a convolution counts as the direct sum.\n"
           "FMA peak: %.1f GFLOP/s (%.1f to %.1f, %s), %d samples in turn.\n",
           peak.median, peak.low, peak.high, bench->peak.loop->name, bench->peak.count);
}

static json_t *row_json(const struct c4_ops_bench *bench, const struct c4_ops_row *row) {
    json_t *object = json_pack("{s:s, s:s, s:s, s:s, s:s, s:b}", "name", row->name, "slot",
                               c4_slot_name(row->shape->slot), "shape", row->shape->label,
                               "backend", row->backend->name, "origin", row->backend->variant,
                               "checked", row->fault.length == 0);
    if (row->fault.length > 0) {
        json_object_set_new(object, "fault", json_string(row->fault.bytes));
        return object;
    }
    struct c4_spread s = c4_spread_of(row->seconds, row->measured);
    double gflops = gflops_of(bench, row->cost.flops, s.median);
    if (row->shape->images) {
        int images = bench->threads * row->shape->images;
        json_object_set_new(object, "images", json_integer(images));
        json_object_set_new(object, "seconds_per_image", c4_json_real(s.median / images));
    }
    if (row->kernel.length > 0) {
        json_object_set_new(object, "kernel", json_string(row->kernel.bytes));
        json_object_set_new(object, "reorder_seconds_per_call",
                            c4_json_real(c4_spread_of(row->reorder_seconds, row->reorders).median));
    }
    const struct {
        const char *key;
        double value;
    } values[] = {{"seconds_per_call", s.median},
                  {"seconds_per_call_low", s.low},
                  {"seconds_per_call_high", s.high},
                  {"flops_nominal", bench->threads * row->cost.flops},
                  {"flops_performed", bench->threads * c4_cost_performed(&row->cost)},
                  {"bytes", bench->threads * row->cost.bytes},
                  {"gflops", gflops},
                  {"gflops_performed", gflops_of(bench, c4_cost_performed(&row->cost), s.median)},
                  {"percent_of_peak", 100 * gflops / peak_gflops(bench)}};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        json_object_set_new(object, values[i].key, c4_json_real(values[i].value));
    json_object_set_new(object, "samples_seconds_per_call",
                        c4_spread_json(row->seconds, row->measured, 1));
    return object;
}

json_t *c4_ops_bench_json(const struct c4_ops_bench *bench) {
    json_t *rows = json_array();
    for (int i = 0; i < bench->count; i++)
        if (bench->rows[i].measured || bench->rows[i].fault.length > 0)
            json_array_append_new(rows, row_json(bench, &bench->rows[i]));
    return rows;
}

enum c4_status c4_ops_bench_save(const struct c4_ops_bench *bench, const char *path) {
    if (!bench->gbench_json) return c4_fail(C4_ERR_MEMORY, "no memory for %s", path);
    json_error_t error;
    json_t *object = json_loads(bench->gbench_json, JSON_REJECT_DUPLICATES, &error);
    if (!object)
        return c4_fail(
            C4_ERR_FAILED,
            "%s: not written, because Google Benchmark's output is not JSON, line %d: %s", path,
            error.line, error.text);
    json_t *context = json_object_get(object, "context");
    if (json_object_get(context, "host_name"))
        json_object_set_new(context, "host_name", json_string(""));
    enum c4_status status = c4_json_save(path, object);
    json_decref(object);
    return status;
}
