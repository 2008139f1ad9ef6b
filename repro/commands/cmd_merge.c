/* conv4 merge: studies of the same settings, made apart, become one. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/utf8.h"
#include "core/cli/cli.h"
#include "core/cli/interrupt.h"
#include "core/cli/shell_word.h"
#include "core/file/json.h"
#include "repro/commands/missing_runs.h"
#include "repro/merge/merge.h"

static const struct c4_option options[] = {
    {.name = "study",
     .type = C4_OPTION_PATH,
     .value = "FILE",
     .help = "the description that the studies were made with, if not the built-in paper.ini; it "
             "only says which runs are missing"},
    {.name = "take-over",
     .type = C4_OPTION_FLAG,
     .help = "go on even if a process on another host seems to be working on OUT, which then "
             "writes nothing more"},
    {.name = "json", .type = C4_OPTION_FLAG, .help = "print the outcome as one JSON object"},
    {.name = "quiet",
     .letter = 'q',
     .type = C4_OPTION_FLAG,
     .help = "print only what was left out"},
    {.name = NULL},
};

static const char *const examples[] = {"conv4 merge whole part1 part2 part3",
                                       "conv4 merge whole laptop && conv4 repro --out whole", NULL};

/* One invocation. */
struct merge {
    const struct c4_args *args;
    struct c4_merge_outcome outcome;
    struct c4_missing_runs missing;
};

static enum c4_status watch(void *context) {
    (void)context;
    return c4_interrupted();
}

static void report(void *context, const char *sentence) {
    (void)context;
    c4_utf8_show(stderr, sentence);
    fputc('\n', stderr);
}

static const char *plural(int64_t count) {
    return count == 1 ? "" : "s";
}

/* `out`: " --out OUT", as a shell reads it. */
static enum c4_status add_missing(const struct merge *m, const char *out, struct c4_text *text) {
    enum { SHOWN = 10 };
    const struct c4_missing_runs *missing = &m->missing;
    if (missing->unknown.length)
        return c4_text_add(text, "%s\n", c4_text_string(&missing->unknown));
    if (missing->count == 0)
        return c4_text_add(text,
                           "All %d runs of the study are done; this draws:\n"
                           "    conv4 report%s\n",
                           missing->all, out);
    C4_TRY(c4_text_add(text, "Missing: %d of the study's %d runs: ", missing->count, missing->all));
    for (int i = 0; i < missing->count && i < SHOWN; i++)
        C4_TRY(c4_text_add(text, "%s%s (%s)", i ? ", " : "", missing->run[i].key,
                           missing->run[i].state));
    if (missing->count > SHOWN) C4_TRY(c4_text_add(text, ", and %d more", missing->count - SHOWN));
    return c4_text_add(text,
                       ".\nThe first of these does the rest, the second draws what is there:\n"
                       "    conv4 repro%s\n"
                       "    conv4 report%s\n",
                       out, out);
}

static enum c4_status add_outcome(const struct merge *m, struct c4_text *text) {
    const struct c4_merge_outcome *outcome = &m->outcome;
    int folders = m->args->positional_count - 1;
    C4_TRY(c4_text_add(text, "Merged %d folder%s into %s.\n", folders, plural(folders),
                       m->args->positionals[0]));
    if (outcome->rows + outcome->networks > 0)
        C4_TRY(c4_text_add(text,
                           "What several studies hold is equal, bit for bit: %" PRId64
                           " comparison%s of rows and %" PRId64 " of networks.\n",
                           outcome->rows, plural(outcome->rows), outcome->networks));
    else
        C4_TRY(c4_text_add(text, "No two of the studies hold the same row.\n"));
    if (strchr(c4_text_string(&outcome->programs), ','))
        C4_TRY(c4_text_add(text, "The rows are by several versions of conv4: %s.\n",
                           c4_text_string(&outcome->programs)));
    struct c4_text out = {0};
    enum c4_status status = c4_shell_add_option(&out, "out", m->args->positionals[0]);
    if (status == C4_OK) status = add_missing(m, c4_text_string(&out), text);
    c4_text_free(&out);
    return status;
}

static enum c4_status print_text(const struct merge *m) {
    struct c4_text text = {0};
    enum c4_status status = add_outcome(m, &text);
    if (status == C4_OK) c4_utf8_show_lines(stdout, c4_text_string(&text));
    c4_text_free(&text);
    return status;
}

static json_t *missing_array(const struct c4_missing_runs *missing) {
    json_t *array = json_array();
    for (int i = 0; i < missing->count; i++)
        c4_json_append(&array, json_pack("{s:o, s:s}", "run", c4_json_text(missing->run[i].key),
                                         "state", missing->run[i].state));
    return array;
}

/* The parts of a list as an array of texts. */
static json_t *texts(const struct c4_text *list, const char *separator) {
    json_t *array = json_array();
    const char *at = c4_text_string(list);
    while (*at) {
        const char *end = strstr(at, separator);
        struct c4_text part = {0};
        bool kept = c4_text_add_bytes(&part, at, end ? (size_t)(end - at) : strlen(at)) == C4_OK;
        c4_json_append(&array, kept ? c4_json_text(c4_text_string(&part)) : NULL);
        c4_text_free(&part);
        if (!end) break;
        at = end + strlen(separator);
    }
    return array;
}

static json_t *outcome_object(const struct merge *m) {
    const struct c4_merge_outcome *outcome = &m->outcome;
    json_t *object = json_object(), *folders = json_array();
    for (int i = 1; i < m->args->positional_count; i++)
        c4_json_append(&folders, c4_json_text(m->args->positionals[i]));
    c4_json_set(&object, "out", c4_json_text(m->args->positionals[0]));
    c4_json_set(&object, "folders", folders);
    c4_json_set(&object, "equal_rows", json_integer(outcome->rows));
    c4_json_set(&object, "equal_networks", json_integer(outcome->networks));
    c4_json_set(&object, "copied_networks", json_integer(outcome->copied));
    c4_json_set(&object, "programs", texts(&outcome->programs, ", "));
    c4_json_set(&object, "left_out", texts(&outcome->left_out, "\n"));
    c4_json_set(&object, "runs",
                m->missing.unknown.length ? json_null() : json_integer(m->missing.all));
    c4_json_set(&object, "missing",
                m->missing.unknown.length ? json_null() : missing_array(&m->missing));
    return object;
}

static enum c4_status merge(struct merge *m) {
    const struct c4_args *args = m->args;
    const struct c4_merge_request request = {.out = args->positionals[0],
                                             .folder = args->positionals + 1,
                                             .folders = args->positional_count - 1,
                                             .take_over = c4_arg_flag(args, "take-over"),
                                             .watch = watch,
                                             .report = report};
    C4_TRY(c4_missing_runs_check(c4_arg_text(args, "study")));
    C4_TRY(c4_interrupt_catch());
    enum c4_status status = c4_merge(&request, &m->outcome);
    if (status == C4_ERR_INTERRUPTED || status == C4_ERR_TERMINATED)
        return c4_fail(status,
                       "stopped; the rows of %s are as they were, and the same command "
                       "begins again",
                       request.out);
    C4_TRY(status);
    C4_TRY(c4_missing_runs_find(request.out, c4_arg_text(args, "study"), &m->missing));
    if (c4_arg_flag(args, "json")) return c4_json_print(stdout, outcome_object(m), "the outcome");
    return c4_arg_flag(args, "quiet") ? C4_OK : print_text(m);
}

static int run(const struct c4_args *args) {
    struct merge m = {.args = args};
    int code = c4_cli_exit(args, merge(&m));
    c4_merge_outcome_free(&m.outcome);
    c4_missing_runs_free(&m.missing);
    return code;
}

const struct c4_command c4_cmd_merge = {
    .name = "merge",
    .summary = "merge studies of the same settings that were made apart",
    .description =
        "Joins the studies in the folders DIR, made on several machines or in parts, to the study "
        "in OUT, which is a new folder or a study that takes part like the others. Rows, networks "
        "and hashes that several studies hold are compared bit for bit: a difference is refused "
        "with status 7, other settings, images, seeds or arithmetic with status 1, before OUT is "
        "changed. An unfinished run is taken from where it is farthest, and 'conv4 repro --out "
        "OUT' "
        "goes on from there. The folders are only read, also while a study in them is running. "
        "The outcome depends neither on the folders' order nor on how many are merged at a time; "
        "killed at any moment, the same command begins again. The last words say which runs of the "
        "study are missing.",
    .usage_tail = "OUT DIR...",
    .options = options,
    .examples = examples,
    .min_positionals = 2,
    .max_positionals = -1,
    .run = run,
};
