#include "bench/commands/calibrate_aa.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/commands/programs.h"
#include "bench/compare/aa.h"
#include "bench/compare/run_pairs.h"
#include "bench/measure/disclose.h"
#include "bench/results/machines.h"
#include "core/cli/duration.h"
#include "core/cli/interrupt.h"
#include "core/file/file.h"
#include "core/file/json.h"
#include "core/host/clock.h"

const char *const c4_calibrate_aa_benchmarks[] = {"step", "ops", "cka", NULL};

static const double min_effect = .02; /* that of bench compare, unless it is told another */

/* --- the file of --keep --- */

static json_t *line_of(const struct c4_compare *compare, const struct c4_aa *aa,
                       const json_t *disclosed) {
    char now[C4_CLOCK_UTC_BYTES], key[C4_MACHINE_KEY_SIZE] = "", *machine = NULL;
    c4_clock_utc(now);
    if (c4_machine_key(disclosed, key, &machine) != C4_OK) return NULL;
    char grade[] = {aa->grade, '\0'};
    json_t *line = json_pack(
        "{s:s, s:i, s:s, s:{s:s, s:s}, s:s, s:s, s:o, s:s, s:i, s:i, s:i, s:i, s:i, s:s, s:f, s:O}",
        "schema", "conv4-aa", "version", 1, "recorded_utc", now, "environment", "key", key, "text",
        machine, "conv4", C4_VERSION, "benchmark", compare->setting.benchmark, "backend",
        c4_json_text(compare->setting.backend), "mode", c4_compare_modes[compare->mode],
        "comparisons", aa->comparisons, "alarms", aa->alarms, "equal", aa->equal, "unknown",
        aa->unknown, "wrong", aa->wrong, "grade", grade, "within", aa->within, "conditions",
        json_object_get(disclosed, "conditions"));
    free(machine);
    return line;
}

/* Sums over the lines of the file. */
struct kept {
    json_int_t comparisons, alarms, equal, unknown, wrong;
};

static enum c4_status add_line(void *context, const json_t *line, bool *keeps) {
    struct kept *kept = context;
    const char *schema = json_string_value(json_object_get(line, "schema"));
    if (!schema || strcmp(schema, "conv4-aa") != 0)
        return c4_fail(C4_ERR_DATA, "a line is not of bench calibrate --aa");
    kept->comparisons += json_integer_value(json_object_get(line, "comparisons"));
    kept->alarms += json_integer_value(json_object_get(line, "alarms"));
    kept->equal += json_integer_value(json_object_get(line, "equal"));
    kept->unknown += json_integer_value(json_object_get(line, "unknown"));
    kept->wrong += json_integer_value(json_object_get(line, "wrong"));
    *keeps = true;
    return C4_OK;
}

static enum c4_status keep(const char *path, json_t *line, struct kept *kept) {
    struct c4_json_lines *lines;
    bool keeps;
    enum c4_status status = c4_json_lines_continue(&lines, path, add_line, kept);
    if (status == C4_ERR_DATA)
        return c4_fail(status, "%s: holds other things than verdicts of --aa; name another file",
                       path);
    if (status == C4_OK) status = c4_json_lines_append(lines, line);
    enum c4_status closed = c4_json_lines_close(&lines);
    C4_TRY(status);
    C4_TRY(closed);
    return add_line(kept, line, &keeps);
}

/* --- what is shown --- */

static void print_text(const struct c4_compare *compare, const struct c4_aa *aa, int pairs,
                       const struct kept *kept, const json_t *disclosed) {
    char time[32], limit[32];
    c4_progress_duration(time, sizeof time, (uint64_t)(compare->seconds * 1e9));
    c4_progress_duration(limit, sizeof limit, (uint64_t)(compare->max_seconds * 1e9));
    printf("bench %s, backend %s, with itself: %d pairs, %s, in %s\n", compare->setting.benchmark,
           compare->setting.backend, pairs,
           compare->mode == C4_COMPARE_DUET ? "both at the same time on a core each" : "in turns",
           time);
    printf("%-46s %14s %22s\n", "row", "95 % within", "found, 9 times in 10");
    for (int i = 0; i < aa->count; i++)
        printf("%-46s %12.1f %% %20.1f %%\n", aa->row[i].row->name, 100 * aa->row[i].within,
               100 * aa->row[i].smallest);
    printf("Found: changes that nine of ten comparisons of %d pairs would find (%s).\n", aa->pairs,
           limit);
    printf("Grade %c: of all ratios 95 %% are within %.1f %% (A: 1 %%, B: 3 %%, C: 8 %%).\n",
           aa->grade, 100 * aa->within);
    printf("As %d comparison%s: %d with a row called slower or faster; of their rows %d equal, %d "
           "unknown, %d wrong.\n",
           aa->comparisons, aa->comparisons == 1 ? "" : "s", aa->alarms, aa->equal, aa->unknown,
           aa->wrong);
    if (kept)
        printf("Kept so far: %lld comparison%s, %lld with a false alarm; rows: %lld equal, %lld "
               "unknown, %lld wrong.\n",
               (long long)kept->comparisons, kept->comparisons == 1 ? "" : "s",
               (long long)kept->alarms, (long long)kept->equal, (long long)kept->unknown,
               (long long)kept->wrong);
    c4_disclose_notes(disclosed, stdout);
}

static json_t *json_of_rows(const struct c4_aa *aa) {
    json_t *rows = json_array();
    for (int i = 0; i < aa->count; i++) {
        const struct c4_compared_row *row = aa->row[i].row;
        json_t *ratios = json_array();
        for (int k = 0; k < c4_row_pairs(row); k++)
            json_array_append_new(ratios,
                                  c4_json_real(row->seconds[C4_NEW][k] / row->seconds[C4_OLD][k]));
        json_array_append_new(rows, json_pack("{s:s, s:o, s:o, s:o}", "name", row->name, "within",
                                              c4_json_real(aa->row[i].within), "smallest_found",
                                              c4_json_real(aa->row[i].smallest), "ratios", ratios));
    }
    return rows;
}

/* The verdicts of a part are not kept. */
static enum c4_status show(const struct c4_args *args, const struct c4_compare *compare,
                           const struct c4_aa *aa, int pairs, json_t *disclosed) {
    struct kept kept = {0};
    bool keeps = c4_arg_given(args, "keep") && !json_object_get(disclosed, "partial");
    json_t *line = line_of(compare, aa, disclosed);
    enum c4_status status = line ? C4_OK : c4_fail(C4_ERR_MEMORY, "out of memory for the verdicts");
    if (status == C4_OK && keeps) status = keep(c4_arg_text(args, "keep"), line, &kept);
    if (status == C4_OK && c4_arg_flag(args, "json")) {
        json_object_del(line, "environment");
        json_object_set_new(disclosed, "pairs", json_integer(pairs));
        json_object_set_new(disclosed, "pairs_of_a_comparison", json_integer(aa->pairs));
        json_object_set_new(disclosed, "aa", json_incref(line));
        json_object_set_new(disclosed, "rows", json_of_rows(aa));
        c4_disclose_print(json_incref(disclosed));
    } else if (status == C4_OK) {
        if (json_object_get(disclosed, "partial"))
            printf("Partial: interrupted before all pairs were measured.\n");
        print_text(compare, aa, pairs, keeps ? &kept : NULL, disclosed);
    }
    json_decref(line);
    return status;
}

/* --- measuring --- */

/* As many pairs as fit into the time of a comparison. */
static int pairs_in(double seconds, const struct c4_compare *compare, int pairs) {
    double most = seconds / (compare->seconds / pairs);
    return most < C4_PAIRS_MOST ? (int)most : C4_PAIRS_MOST;
}

static enum c4_status measure(const struct c4_args *args, struct c4_compare *compare,
                              struct c4_comparison *comparison, json_t *disclosed) {
    struct c4_ticker ticker = {.label = "measuring", .unit = "pairs"};
    int pairs = (int)c4_arg_integer(args, "aa");
    double limit_seconds;
    struct c4_aa aa;
    C4_TRY(c4_duration_read("max-time", c4_arg_text(args, "max-time"), &limit_seconds));
    C4_TRY(c4_check_filter(&compare->setting));
    if (c4_arg_given(args, "keep")) C4_TRY(c4_file_probe(c4_arg_text(args, "keep"), 0));
    C4_TRY(c4_compare_settle(compare));
    compare->tick = c4_tick;
    compare->context = &ticker;
    enum c4_status status = c4_compare_pairs(compare, comparison, pairs);
    c4_progress_hide(&ticker.progress);
    pairs = comparison->count > 0 ? c4_row_pairs(&comparison->row[0]) : 0;
    if (pairs == 0 || (status != C4_OK && !c4_is_partial(status))) return status;
    c4_disclose_partial(disclosed, status);
    c4_disclose_end(disclosed, NULL);
    compare->max_seconds = limit_seconds;
    enum c4_status shown = c4_aa_of(comparison, pairs_in(limit_seconds, compare, pairs), &aa);
    if (shown == C4_OK) shown = show(args, compare, &aa, pairs, disclosed);
    c4_aa_free(&aa);
    return status == C4_OK ? shown : c4_fail(status, "interrupted: the verdicts are of a part");
}

enum c4_status c4_calibrate_aa(const struct c4_args *args) {
    char program[C4_PROGRAM_PATH_SIZE];
    C4_TRY(c4_own_program(program));
    struct c4_compare compare = {.name = {"this program", "this program"},
                                 .program = {program, program},
                                 .setting = {.benchmark = c4_arg_text(args, "benchmark"),
                                             .backend = c4_arg_text(args, "backend"),
                                             .filter = c4_arg_text(args, "filter"),
                                             .batch = 32,
                                             .threads = (int)c4_arg_integer(args, "threads")}};
    struct c4_comparison comparison = {.min_effect = min_effect};
    json_t *disclosed;
    C4_TRY(c4_interrupt_catch());
    C4_TRY(c4_disclose("calibrate-aa", &disclosed));
    enum c4_status status = measure(args, &compare, &comparison, disclosed);
    json_decref(disclosed);
    c4_comparison_free(&comparison);
    return status;
}
