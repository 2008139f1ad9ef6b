#include <string.h>

#include "bench/history/report.h"

/* An entry for each sample, named after the series. */
static void add_samples(json_t *entries, json_t *name, int family,
                        const struct c4_history_line *line) {
    for (int i = 0; i < line->samples; i++) {
        double ns = line->sample[i] * 1e9;
        json_array_append_new(
            entries,
            json_pack("{s:O, s:i, s:i, s:O, s:s, s:i, s:i, s:i, s:i, s:f, s:f, s:s}", "name", name,
                      "family_index", family, "per_family_instance_index", 0, "run_name", name,
                      "run_type", "iteration", "repetitions", line->samples, "repetition_index", i,
                      "threads", line->threads > 0 ? line->threads : 1, "iterations", 1,
                      "real_time", ns, "cpu_time", ns, "time_unit", "ns"));
    }
}

static json_t *context_of(const struct c4_history_line *line) {
    return json_pack("{s:s, s:s, s:s, s:i, s:i, s:[], s:[], s:s, s:i, s:s, s:s}", "date",
                     line->recorded_utc, "host_name", "", "executable", "conv4", "num_cpus", 0,
                     "mhz_per_cpu", 0, "caches", "load_avg", "library_build_type", "release",
                     "json_schema_version", 1, "commit", line->commit, "environment",
                     line->machine);
}

enum c4_status c4_history_gbench(const struct c4_trends *trends, json_t **json) {
    const struct c4_history_line *first = NULL;
    json_t *entries = json_array();
    for (int i = 0; i < trends->count; i++) {
        const struct c4_trend *trend = &trends->trend[i];
        for (int k = 0; k < trend->series->points; k++) {
            const struct c4_history_line *line = trend->series->line[k];
            if (strcmp(line->commit, trends->newest_commit) != 0 || strcmp(line->unit, "s") != 0)
                continue;
            if (!first) first = line;
            json_t *name = c4_history_name(trends, trend);
            add_samples(entries, name, i, line);
            json_decref(name);
        }
    }
    if (!first) {
        json_decref(entries);
        return c4_fail(C4_ERR_DATA,
                       "commit %s, the newest, has no times for --format gbench; --filter or "
                       "--benchmark chooses others",
                       trends->newest_commit);
    }
    *json = json_pack("{s:o, s:o}", "context", context_of(first), "benchmarks", entries);
    return *json ? C4_OK : c4_fail(C4_ERR_MEMORY, "out of memory for a history as JSON");
}
