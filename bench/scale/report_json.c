/* The JSON of bench scale; bench/results/scale.schema.json says what each member is. */
#include <math.h>

#include "bench/measure/spread.h"
#include "bench/scale/scale.h"
#include "core/file/json.h"

static json_t *factor_json(const struct c4_interval *factor) {
    return json_pack("{s:o, s:o, s:o}", "estimate", c4_json_real(factor->estimate), "low",
                     c4_json_real(factor->low), "high", c4_json_real(factor->high));
}

static json_t *text_or_null(const struct c4_text *text) {
    return text->length > 0 ? c4_json_text(text->bytes) : json_null();
}

static json_t *pus_json(const int *pu, int count) {
    json_t *list = json_array();
    for (int i = 0; i < count; i++) c4_json_append(&list, json_integer(pu[i]));
    return list;
}

static json_t *places_json(const struct c4_scale_row *row) {
    json_t *places = json_array();
    for (int i = 0; i < row->workers; i++) {
        const struct c4_seen *seen = &row->seen[i];
        json_t *place = json_object();
        c4_json_set(&place, "asked",
                    pus_json(row->pu + (size_t)i * (size_t)row->threads, row->threads));
        c4_json_set(&place, "allowed", text_or_null(&seen->allowed));
        c4_json_set(&place, "last", text_or_null(&seen->last));
        c4_json_append(&places, place);
    }
    return places;
}

static void add_values(const struct c4_scale_summary *summary, json_t **object) {
    const struct {
        const char *key;
        double value;
    } values[] = {{"images_per_s", summary->images_per_s},
                  {"images_per_s_low", summary->low},
                  {"images_per_s_high", summary->high},
                  {"peak_gflops", summary->gflops},
                  {"triad_gbytes_per_s", summary->gbytes_per_s},
                  {"planned_images_per_s", summary->planned_per_s}};
    const struct {
        const char *key;
        const struct c4_interval *factor;
    } factors[] = {{"gain", &summary->gain},
                   {"peak_gain", &summary->peak_gain},
                   {"triad_gain", &summary->triad_gain},
                   {"of_peak_gain", &summary->of_peak},
                   {"of_plan", &summary->of_plan}};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        c4_json_set(object, values[i].key, c4_json_real(values[i].value));
    for (size_t i = 0; i < sizeof factors / sizeof *factors; i++)
        c4_json_set(object, factors[i].key, factor_json(factors[i].factor));
}

static void add_samples(const struct c4_scale_row *row, int rounds, json_t **object) {
    const struct {
        const char *key;
        const double *values;
    } samples[] = {{"samples_images_per_s", row->images_per_s},
                   {"samples_outside_share", row->outside},
                   {"samples_peak_gflops", row->gflops},
                   {"samples_triad_gbytes_per_s", row->gbytes_per_s},
                   {"samples_planned_images_per_s", row->planned_per_s}};
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++)
        c4_json_set(object, samples[i].key, c4_spread_json(samples[i].values, rounds, 1));
}

static json_t *row_json(const struct c4_scale_bench *bench, const struct c4_scale_row *row,
                        const struct c4_scale_summary *summary) {
    json_t *object =
        json_pack("{s:s, s:i, s:i, s:s}", "name", row->name.bytes, "workers", row->workers,
                  "threads", row->threads, "state", row->failed ? "void" : "measured");
    c4_json_set(&object, "reason", text_or_null(&row->reason));
    c4_json_set(&object, "roofs_reason", text_or_null(&row->roofs_reason));
    c4_json_set(&object, "plan_reason", text_or_null(&row->plan_reason));
    c4_json_set(&object, "places", places_json(row));
    c4_json_set(&object, "elsewhere", text_or_null(&row->elsewhere));
    c4_json_set(&object, "peak_loop", text_or_null(&row->loop));
    c4_json_set(&object, "triad_bytes",
                row->triad_bytes > 0 ? c4_json_real(row->triad_bytes) : json_null());
    add_values(summary, &object);
    add_samples(row, bench->rounds, &object);
    return object;
}

enum c4_status c4_scale_bench_json(const struct c4_scale_bench *bench, json_t *object) {
    json_t *rows = json_array();
    for (int i = 0; i < bench->shapes.count; i++) {
        struct c4_scale_summary summary;
        enum c4_status status = c4_scale_summarise(bench, &bench->row[i], &summary);
        if (status != C4_OK) {
            json_decref(rows);
            return status;
        }
        c4_json_append(&rows, row_json(bench, &bench->row[i], &summary));
    }
    json_t *work = json_pack("{s:s, s:s, s:i}", "command", "train", "data", "synthetic", "batch",
                             bench->batch);
    bool failed = json_object_set_new(object, "work", work) != 0;
    failed |= json_object_set_new(object, "backend", c4_json_text(bench->backend)) != 0;
    failed |= json_object_set_new(object, "rounds", json_integer(bench->rounds)) != 0;
    failed |= json_object_set_new(object, "rounds_done", json_integer(bench->rounds_done)) != 0;
    failed |= json_object_set_new(object, "window_seconds", c4_json_real(bench->seconds)) != 0;
    failed |= json_object_set_new(object, "left_out", text_or_null(&bench->shapes.left_out)) != 0;
    failed |= json_object_set_new(object, "rows", rows) != 0;
    return failed ? c4_fail(C4_ERR_MEMORY, "out of memory for the results") : C4_OK;
}
