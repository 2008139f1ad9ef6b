/* conv4 bench history: what recorded benchmarks have become, commit by commit. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/commands.h"
#include "bench/commands/options.h"
#include "bench/history/base.h"
#include "bench/history/files.h"
#include "bench/history/page.h"
#include "bench/history/report.h"
#include "bench/history/spark.h"
#include "bench/measure/git.h"
#include "core/cli/cli.h"
#include "core/cli/interrupt.h"
#include "core/file/file.h"

enum { COMMITS_LISTED = 10 };

static const char *format_name(int index) {
    return c4_history_formats[index];
}

static const struct c4_option options[] = {
    {.name = "benchmark",
     .type = C4_OPTION_STRING,
     .value = "NAME",
     .help = "only rows of this benchmark, such as step, ops, cka or program"},
    {.name = "filter",
     .type = C4_OPTION_STRING,
     .value = "REGEX",
     .help = "only rows with this regular expression in their name"},
    {.name = "max-p",
     .type = C4_OPTION_REAL,
     .value = "P",
     .initial = "0.001",
     .min = 0,
     .max = 1,
     .help = "the largest p of a change point"},
    {.name = "min-change",
     .type = C4_OPTION_REAL,
     .value = "SHARE",
     .initial = "0",
     .min = 0,
     .max = 1000,
     .help = "only change points of more than this"},
    C4_BENCH_INTEGER("window", "50", 2, 1000000,
                     "commits among which a change point is looked for"),
    {.name = "base",
     .type = C4_OPTION_STRING,
     .value = "REV",
     .help = "print the newest ancestor of a git revision that has records, and nothing else"},
    {.name = "max-growth",
     .type = C4_OPTION_REAL,
     .value = "SHARE",
     .initial = "0.02",
     .min = 0,
     .max = 10,
     .help = "of --base: leave out commits whose step has more than this share of further "
             "instructions than the recorded ones before, unless they are accepted"},
    {.name = "out",
     .type = C4_OPTION_PATH,
     .value = "DIR",
     .help = "write a page with plots, DIR/history.html, in place of text"},
    {.name = "format",
     .type = C4_OPTION_CHOICE,
     .value = "FORMAT",
     .initial = "text",
     .choice = format_name,
     .help = "how it is printed"},
    C4_BENCH_FLAG("json", "the same as --format json"),
    C4_BENCH_END};

static const char *const examples[] = {
    "conv4 bench history", "conv4 bench history --out history --min-change 0.02",
    "conv4 bench history results/history/ci.ndjson --benchmark program --format markdown",
    "conv4 bench compare $(conv4 bench history --base HEAD) HEAD", NULL};

/* What is printed is one thing: the page's path, a hash, or a format. */
static enum c4_status check(const struct c4_args *args, int *format) {
    bool formatted = c4_arg_given(args, "format") || c4_arg_flag(args, "json");
    if (c4_arg_given(args, "out") + c4_arg_given(args, "base") + formatted > 1)
        return c4_fail(C4_ERR_USAGE, "give only one of --out, --base and --format (or --json)");
    const char *name = c4_arg_flag(args, "json") ? "json" : c4_arg_text(args, "format");
    for (*format = 0; strcmp(c4_history_formats[*format], name) != 0;) ++*format;
    return C4_OK;
}

/* All files of the checkout. */
static enum c4_status find_files(struct c4_history_files *files) {
    char *root, folder[4096];
    C4_TRY(c4_git_root(&root));
    if (!root)
        return c4_fail(C4_ERR_DATA, "git finds no checkout here: name files of conv4 bench record");
    enum c4_status status = c4_path_join(folder, sizeof folder, root, "results/history");
    free(root);
    C4_TRY(status);
    return c4_history_files_of(folder, files);
}

static enum c4_status read_history(const struct c4_args *args, struct c4_history *history) {
    struct c4_history_files files = {0};
    if (args->positional_count > 0) {
        C4_TRY(c4_history_read_all(args->positionals, args->positional_count, history));
    } else {
        enum c4_status status = find_files(&files);
        if (status == C4_OK) status = c4_history_read_all(files.path, files.count, history);
        c4_history_files_free(&files);
        C4_TRY(status);
    }
    if (history->count == 0)
        return c4_fail(C4_ERR_DATA, "nothing is recorded in %s yet: conv4 bench record does it",
                       args->positional_count > 0 ? args->positionals[0]
                                                  : "results/history of this checkout");
    return c4_history_select(history, c4_arg_text(args, "benchmark"), c4_arg_text(args, "filter"));
}

static enum c4_status print_base(const struct c4_args *args, const struct c4_history *history) {
    char *commit;
    C4_TRY(c4_history_base(history, c4_arg_text(args, "base"), c4_arg_real(args, "max-growth"),
                           &commit));
    printf("%s\n", commit);
    free(commit);
    return C4_OK;
}

static enum c4_status show(const struct c4_args *args, int format, const struct c4_history *history,
                           const struct c4_history_all *all, struct c4_trends *trends) {
    const struct c4_change_options change_options = {.max_p = c4_arg_real(args, "max-p"),
                                                     .window = (int)c4_arg_integer(args, "window"),
                                                     .min_magnitude =
                                                         c4_arg_real(args, "min-change")};
    const char *folder = c4_arg_text(args, "out");
    C4_TRY(c4_trends_of(history, all, &change_options, trends));
    C4_TRY(c4_trends_add_commits(trends, COMMITS_LISTED));
    if (!folder) return c4_history_write(format, trends, c4_locale_is_utf8(), stdout);
    C4_TRY(c4_history_page(trends, folder));
    printf("%s/history.html\n", folder);
    return C4_OK;
}

static enum c4_status run_history(const struct c4_args *args, struct c4_history *history) {
    struct c4_history_all all;
    struct c4_trends trends = {0};
    int format = 0;
    C4_TRY(check(args, &format));
    C4_TRY(c4_interrupt_catch());
    C4_TRY(read_history(args, history));
    if (c4_arg_given(args, "base")) return print_base(args, history);
    enum c4_status status = c4_history_series_of(history, &all);
    if (status == C4_OK) status = show(args, format, history, &all, &trends);
    c4_trends_free(&trends);
    c4_history_all_free(&all);
    return status;
}

static int run(const struct c4_args *args) {
    struct c4_history history = {0};
    enum c4_status status = run_history(args, &history);
    c4_history_free(&history);
    return c4_cli_exit(args, status);
}

const struct c4_command c4_bench_history = {
    .name = "history",
    .summary = "show recorded benchmarks over time, and where they changed",
    .description =
        "Reads what conv4 bench record wrote: the files named, or all of results/history/*.ndjson "
        "in the git checkout of the working directory. For each row on each machine it shows the "
        "number of commits, the newest median, its change to the mean since the last change point, "
        "and the last 40 medians; then its change points, as Apache Otava finds them in the "
        "medians, and where git knows them the commits since the record before. Of exact values, "
        "such as instructions and sizes, every change is one. A change is near a commit; the cause "
        "may be another one, or the machine.",
    .usage_tail = "[FILE...]",
    .options = options,
    .examples = examples,
    .min_positionals = 0,
    .max_positionals = -1,
    .run = run,
};
