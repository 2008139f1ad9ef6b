/* conv4 bench table: results of bench step as a Markdown table. */
#include <stdio.h>

#include "bench/commands.h"
#include "bench/results/table.h"
#include "core/cli/cli.h"

static const char *const examples[] = {
    "conv4 bench step --peers --json > step.json && conv4 bench table step.json",
    "conv4 bench table results/bench/*/step-*.json", NULL};

static int run(const struct c4_args *args) {
    struct c4_results results;
    enum c4_status status = c4_results_read(&results, args->positionals, args->positional_count);
    if (status == C4_OK) status = c4_table_write(&results, stdout);
    c4_results_free(&results);
    return c4_cli_exit(args, status);
}

const struct c4_command c4_bench_table = {
    .name = "table",
    .summary = "print results of bench step as a Markdown table",
    .description = "Reads the output of \"conv4 bench step --json\" and prints one table for each "
                   "machine, version and block order, with a line for each backend and peer and a "
                   "column for each number of threads and batch size. A cell has images/s, the "
                   "percentage of the FMA peak and the ratio to the fastest peer of the same file.",
    .usage_tail = "FILE...",
    .examples = examples,
    .min_positionals = 1,
    .max_positionals = -1,
    .run = run,
};
