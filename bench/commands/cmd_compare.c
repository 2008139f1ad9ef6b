/* conv4 bench compare: is the new program slower than the old one? */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "bench/commands.h"
#include "bench/commands/options.h"
#include "bench/commands/programs.h"
#include "bench/compare/report.h"
#include "bench/measure/disclose.h"
#include "core/cli/cli.h"
#include "core/cli/duration.h"
#include "core/cli/interrupt.h"
#include "core/file/sha256.h"
#include "core/op/names.h"

static const char *const formats[] = {"text", "markdown", "json", NULL};

static const struct c4_option options[] = {
    C4_BENCH_OF_PROGRAM,
    {.name = "order",
     .type = C4_OPTION_CHOICE,
     .value = "ORDER",
     .initial = "bn-relu",
     .choices = c4_order_names,
     .help = "of steps: order of batch norm and ReLU in a block"},
    {.name = "mode",
     .type = C4_OPTION_CHOICE,
     .value = "MODE",
     .initial = "auto",
     .choices = c4_compare_modes,
     .help =
         "duet: both programs at the same time, on a core each; turns: one after the other; auto: "
         "a duet where two cores are idle"},
    {.name = "min-effect",
     .type = C4_OPTION_REAL,
     .value = "SHARE",
     .initial = "0.02",
     .min = 0,
     .max = 1,
     .help = "the smallest change that counts as slower or faster"},
    {.name = "max-time",
     .type = C4_OPTION_STRING,
     .value = "TIME",
     .initial = "3m",
     .help = "how long the pairs may take, as 90, 3m or 3:50:00"},
    C4_BENCH_FLAG("no-exact",
                  "leave out exact values, such as the instructions that valgrind counts"),
    C4_BENCH_FLAG("exact-only", "find exact values, and time nothing"),
    {.name = "max-instructions",
     .type = C4_OPTION_REAL,
     .value = "SHARE",
     .min = 0,
     .max = 10,
     .help = "exit with 5 also if a training step has more than this share of further "
             "instructions, as 0.02"},
    C4_BENCH_FLAG("aa", "measure even if both programs are the same bytes"),
    C4_BENCH_FLAG("fail-on-unknown", "exit with 5 also if a row is unknown"),
    {.name = "format",
     .type = C4_OPTION_CHOICE,
     .value = "FORMAT",
     .initial = "text",
     .choices = formats,
     .help = "text, a Markdown table, or a JSON object with all pairs"},
    C4_BENCH_FLAG("json", "the same as --format json"),
    C4_BENCH_END};

static const char *const examples[] = {
    "conv4 bench compare old/conv4 new/conv4",
    "conv4 bench compare v0.1.0 HEAD",
    "conv4 bench compare --benchmark google-benchmark old/my_benchmarks new/my_benchmarks",
    "conv4 bench compare old.ndjson new.ndjson",
    "conv4 bench compare old/conv4 new/conv4 --benchmark ops --max-time 10m --format markdown",
    NULL};

static enum c4_status are_identical(const struct c4_compare *compare, bool *identical) {
    char sha256[C4_SIDES][C4_SHA256_HEX_SIZE];
    *identical = false;
    /* Names without a slash are found by PATH, and so not read here. */
    for (int i = 0; i < C4_SIDES; i++) {
        if (!strchr(compare->program[i], '/')) return C4_OK;
        C4_TRY(c4_sha256_file(compare->program[i], sha256[i]));
    }
    *identical = strcmp(sha256[C4_OLD], sha256[C4_NEW]) == 0;
    return C4_OK;
}

/* `object` is what was disclosed before anything was run. */
static enum c4_status print(const struct c4_args *args, const struct c4_compare_report *report,
                            json_t *object) {
    const char *format = c4_arg_flag(args, "json") ? "json" : c4_arg_text(args, "format");
    c4_disclose_end(object, NULL);
    if (strcmp(format, "markdown") == 0) c4_compare_markdown(report, stdout);
    if (strcmp(format, "text") == 0) {
        c4_compare_text(report, stdout);
        if (report->compare) c4_disclose_notes(object, stdout);
    }
    if (strcmp(format, "json") != 0) return C4_OK;
    C4_TRY(c4_compare_json(report, object));
    c4_disclose_print(json_incref(object));
    return C4_OK;
}

/* A gate that decided nothing says so. */
static enum c4_status judge_instructions(const struct c4_args *args,
                                         const struct c4_compare_report *report) {
    double growth = report->exact ? c4_exact_step_growth(report->exact) : (double)NAN;
    if (!c4_arg_given(args, "max-instructions") || report->identical) return C4_OK;
    if (growth > c4_arg_real(args, "max-instructions"))
        return c4_fail(C4_ERR_REGRESSION, "a training step has %.2f %% more instructions",
                       100 * growth);
    if (!isnan(growth)) return C4_OK;
    if (c4_arg_flag(args, "fail-on-unknown"))
        return c4_fail(C4_ERR_REGRESSION, "the instructions of a step are unknown");
    fputs("The instructions of a step are unknown, so --max-instructions decides nothing.\n",
          stderr);
    return C4_OK;
}

static enum c4_status conclude(const struct c4_args *args, const struct c4_compare_report *report) {
    const struct c4_comparison *comparison = report->comparison;
    int slower = c4_comparison_with(comparison, C4_SLOWER);
    int unknown = c4_comparison_with(comparison, C4_UNKNOWN);
    if (slower > 0)
        return c4_fail(C4_ERR_REGRESSION, "%d row%s slower", slower, slower == 1 ? " is" : "s are");
    C4_TRY(judge_instructions(args, report));
    if (unknown > 0 && c4_arg_flag(args, "fail-on-unknown"))
        return c4_fail(C4_ERR_REGRESSION, "%d row%s unknown; --max-time gives them longer", unknown,
                       unknown == 1 ? " is" : "s are");
    return C4_OK;
}

/* What was measured before an error is printed all the same, marked as a part. */
static enum c4_status measure(const struct c4_args *args, struct c4_compare *compare,
                              struct c4_compare_report *report, struct c4_comparison *comparison,
                              json_t *object) {
    struct c4_ticker ticker = {.label = "measuring", .unit = "pairs"};
    C4_TRY(c4_compare_settle(compare));
    compare->tick = c4_tick;
    compare->context = &ticker;
    enum c4_status status = c4_compare_run(compare, comparison);
    c4_progress_hide(&ticker.progress);
    if (status != C4_OK && comparison->count == 0) return status;
    report->compare = compare;
    report->partial = status != C4_OK;
    enum c4_status printed = print(args, report, object);
    if (status != C4_OK || printed != C4_OK) return status != C4_OK ? status : printed;
    return conclude(args, report);
}

/* --- exact values --- */

static bool wants_exact(const struct c4_args *args, const struct c4_compare *compare) {
    return strcmp(compare->setting.benchmark, "google-benchmark") != 0 &&
           !c4_arg_flag(args, "no-exact");
}

/* Exact values first, then, unless they are all that is wanted, times. */
static enum c4_status find_and_measure(const struct c4_args *args, struct c4_compare *compare,
                                       struct c4_compare_report *report,
                                       struct c4_comparison *comparison, json_t *object) {
    struct c4_exact side[C4_SIDES] = {{0}, {0}};
    struct c4_exact_changes changes = {0};
    enum c4_status status = C4_OK;
    if (wants_exact(args, compare)) {
        status = c4_find_exact(&compare->setting, compare->program[C4_OLD], "counting, old",
                               &side[C4_OLD]);
        if (status == C4_OK)
            status = c4_find_exact(&compare->setting, compare->program[C4_NEW], "counting, new",
                                   &side[C4_NEW]);
        if (status == C4_OK) status = c4_exact_changes_of(side, &changes);
        report->exact = &changes;
    }
    if (status == C4_OK && c4_arg_flag(args, "exact-only")) {
        status = print(args, report, object);
        if (status == C4_OK) status = conclude(args, report);
    } else if (status == C4_OK) {
        status = measure(args, compare, report, comparison, object);
    }
    report->exact = NULL;
    c4_exact_changes_free(&changes);
    for (int i = 0; i < C4_SIDES; i++) c4_exact_free(&side[i]);
    return status;
}

/* --- the two kinds of sides --- */

static enum c4_status compare_programs(const struct c4_args *args, struct c4_compare_report *report,
                                       struct c4_comparison *comparison, json_t *object) {
    char program[C4_SIDES][C4_PROGRAM_PATH_SIZE];
    struct c4_compare compare = {.name = {report->name[C4_OLD], report->name[C4_NEW]},
                                 .program = {program[C4_OLD], program[C4_NEW]},
                                 .setting = {.benchmark = c4_arg_text(args, "benchmark"),
                                             .backend = c4_arg_text(args, "backend"),
                                             .order = c4_arg_text(args, "order"),
                                             .filter = c4_arg_text(args, "filter"),
                                             .batch = (int)c4_arg_integer(args, "batch"),
                                             .threads = (int)c4_arg_integer(args, "threads")},
                                 .mode = (enum c4_compare_mode)c4_arg_choice(args, "mode")};
    C4_TRY(c4_duration_read("max-time", c4_arg_text(args, "max-time"), &compare.max_seconds));
    C4_TRY(c4_check_filter(&compare.setting));
    if (c4_arg_flag(args, "exact-only") && !wants_exact(args, &compare))
        return c4_fail(C4_ERR_USAGE,
                       "--exact-only: with --no-exact or google-benchmark nothing is left");
    for (int i = 0; i < C4_SIDES; i++)
        C4_TRY(c4_revision_program(report->name[i], c4_say_build, program[i]));
    C4_TRY(are_identical(&compare, &report->identical));
    if (c4_arg_flag(args, "aa")) report->identical = false;
    if (report->identical) return print(args, report, object);
    enum c4_status status = find_and_measure(args, &compare, report, comparison, object);
    report->compare = NULL;
    return status;
}

static enum c4_status compare_files(const struct c4_args *args, struct c4_compare_report *report,
                                    struct c4_comparison *comparison, json_t *object) {
    struct c4_recorded recorded[C4_SIDES];
    struct c4_exact side[C4_SIDES];
    struct c4_exact_changes changes = {0};
    enum c4_status status = c4_compare_recorded(report->name, comparison, recorded);
    for (int i = 0; i < C4_SIDES; i++) side[i] = recorded[i].exact;
    if (status == C4_OK) status = c4_exact_changes_of(side, &changes);
    report->recorded = recorded;
    if (changes.count > 0) report->exact = &changes;
    if (status == C4_OK) status = print(args, report, object);
    if (status == C4_OK) status = conclude(args, report);
    report->recorded = NULL;
    report->exact = NULL;
    c4_exact_changes_free(&changes);
    for (int i = 0; i < C4_SIDES; i++) c4_recorded_free(&recorded[i]);
    return status;
}

static enum c4_status run_comparison(const struct c4_args *args) {
    struct c4_comparison comparison = {.min_effect = c4_arg_real(args, "min-effect")};
    struct c4_compare_report report = {.name = {args->positionals[0], args->positionals[1]},
                                       .comparison = &comparison};
    bool files[C4_SIDES];
    for (int i = 0; i < C4_SIDES; i++) files[i] = c4_is_recorded(report.name[i]);
    if (files[C4_OLD] != files[C4_NEW])
        return c4_fail(C4_ERR_USAGE, "%s is a file of results, %s is none: give two of a kind",
                       report.name[files[C4_OLD] ? C4_OLD : C4_NEW],
                       report.name[files[C4_OLD] ? C4_NEW : C4_OLD]);
    json_t *object;
    C4_TRY(c4_interrupt_catch());
    C4_TRY(c4_disclose("compare", &object));
    enum c4_status status = files[C4_OLD] ? compare_files(args, &report, &comparison, object)
                                          : compare_programs(args, &report, &comparison, object);
    json_decref(object);
    c4_comparison_free(&comparison);
    return status;
}

static int run(const struct c4_args *args) {
    return c4_cli_exit(args, run_comparison(args));
}

const struct c4_command c4_bench_compare = {
    .name = "compare",
    .summary = "compare the speed of two programs",
    .description =
        "Runs a benchmark of two conv4 programs (version 0.1.0 or later), or of two git "
        "revisions, which it builds in build/compare of the checkout, as fresh processes, in "
        "pairs; or reads two files of \"bench record\"; and gives each row a ratio of new to old "
        "time with an interval and a verdict: "
        "slower or faster where the interval excludes 1 and the change is at least "
        "--min-effect; equal within 2, 3 or 5 % where the interval lies inside; otherwise "
        "unknown, as with fewer than 14 pairs. Of two equal programs, any row is called "
        "slower or faster in at most 1 % of comparisons by design. Rows that are not equal "
        "after the first pass are measured again. Before that, exact values are found, of which "
        "any change is real: instructions of a step (and of ops with --benchmark ops), as "
        "valgrind counts them, bytes of the program and of a step's plan, the canonical hash. The "
        "exit status is 5 if a row is slower.",
    .usage_tail = "OLD NEW",
    .options = options,
    .examples = examples,
    .min_positionals = 2,
    .max_positionals = 2,
    .run = run,
};
