#include "bench/compare/report.h"

#include <string.h>

#include "bench/compare/report_exact.h"
#include "core/file/json.h"

static json_t *values_of(const double *values, int count) {
    json_t *array = json_array();
    for (int i = 0; i < count; i++) json_array_append_new(array, c4_json_real(values[i]));
    return array;
}

static json_t *json_of(const struct c4_compared_row *row) {
    const struct c4_row_verdict *v = &row->verdict;
    return json_pack("{s:s, s:b, s:b, s:s, s:i, s:o, s:o, s:o, s:o, s:o, s:o}", "name", row->name,
                     "in_old", (int)row->in[C4_OLD], "in_new", (int)row->in[C4_NEW], "verdict",
                     c4_change_names[v->change], "pairs", c4_row_pairs(row), "ratio",
                     c4_json_real(v->ratio), "ratio_low", c4_json_real(v->low), "ratio_high",
                     c4_json_real(v->high), "margin",
                     v->margin > 0 ? c4_json_real(v->margin) : json_null(), "old_seconds",
                     values_of(row->seconds[C4_OLD], row->count[C4_OLD]), "new_seconds",
                     values_of(row->seconds[C4_NEW], row->count[C4_NEW]));
}

/* What a run adds to "compare". */
static json_t *json_of_run(const struct c4_compare *compare) {
    const struct c4_program_setting *setting = &compare->setting;
    bool google = strcmp(setting->benchmark, "google-benchmark") == 0;
    return json_pack("{s:s, s:o, s:o, s:o, s:i, s:s, s:i, s:f}", "benchmark", setting->benchmark,
                     "backend", google ? json_null() : c4_json_text(setting->backend), "order",
                     strcmp(setting->benchmark, "step") == 0 ? c4_json_text(setting->order)
                                                             : json_null(),
                     "batch", google ? json_null() : json_integer(setting->batch), "threads",
                     setting->threads, "mode", c4_compare_modes[compare->mode], "processes",
                     compare->processes, "seconds", compare->seconds);
}

/* What recorded results add. */
static json_t *json_of_records(const struct c4_recorded *recorded) {
    return json_pack("{s:s, s:[s?, s?], s:[s?, s?]}", "mode", "recorded", "machines",
                     recorded[C4_OLD].machine, recorded[C4_NEW].machine, "commits",
                     recorded[C4_OLD].commit, recorded[C4_NEW].commit);
}

static json_t *json_of_counts(const struct c4_comparison *comparison) {
    return json_pack("{s:i, s:i, s:i, s:i}", "slower", c4_comparison_with(comparison, C4_SLOWER),
                     "faster", c4_comparison_with(comparison, C4_FASTER), "equal",
                     c4_comparison_with(comparison, C4_EQUAL), "unknown",
                     c4_comparison_with(comparison, C4_UNKNOWN));
}

enum c4_status c4_compare_json(const struct c4_compare_report *report, json_t *object) {
    const struct c4_comparison *comparison = report->comparison;
    json_t *rows = json_array();
    for (int i = 0; i < comparison->count; i++)
        json_array_append_new(rows, json_of(&comparison->row[i]));
    int count = c4_comparison_rows(comparison);
    json_t *of =
        json_pack("{s:o, s:o, s:b, s:f, s:f, s:i}", "old", c4_json_text(report->name[C4_OLD]),
                  "new", c4_json_text(report->name[C4_NEW]), "identical", (int)report->identical,
                  "min_effect", comparison->min_effect, "alpha_of_a_row", c4_row_alpha(count),
                  "pairs_needed", c4_pairs_needed(count));
    json_t *how = report->compare    ? json_of_run(report->compare)
                  : report->recorded ? json_of_records(report->recorded)
                                     : json_object();
    bool whole = of && how && json_object_update(of, how) == 0;
    json_decref(how);
    if (report->partial) json_object_set_new(object, "partial", json_true());
    whole &= json_object_set_new(object, "compare", of) == 0;
    whole &= json_object_set_new(object, "exact",
                                 report->exact ? c4_exact_json(report->exact) : json_null()) == 0;
    whole &= json_object_set_new(object, "rows", rows) == 0;
    whole &= json_object_set_new(object, "counts", json_of_counts(comparison)) == 0;
    return whole ? C4_OK : c4_fail(C4_ERR_MEMORY, "out of memory for the comparison");
}
