/* conv4 bench record: a program's speed, kept in the history. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/commands.h"
#include "bench/commands/options.h"
#include "bench/commands/programs.h"
#include "bench/compare/recorded.h"
#include "bench/history/history.h"
#include "bench/measure/disclose.h"
#include "bench/measure/git.h"
#include "bench/record/recording.h"
#include "core/cli/cli.h"
#include "core/cli/interrupt.h"
#include "core/file/file.h"
#include "core/host/clock.h"

static const struct c4_option options[] = {
    C4_BENCH_OF_PROGRAM,
    C4_BENCH_INTEGER("processes", "14", 1, C4_PAIRS_MOST,
                     "how often the program is run; a verdict needs 14"),
    C4_BENCH_FLAG("no-exact", "leave out what valgrind counts, which takes half a minute"),
    {.name = "history",
     .type = C4_OPTION_PATH,
     .value = "FILE",
     .help = "append to this file instead of results/history/CPU.ndjson of the checkout"},
    {.name = "commit",
     .type = C4_OPTION_STRING,
     .value = "NAME",
     .help = "what is recorded, if it is not the checkout's HEAD"},
    {.name = "accept",
     .type = C4_OPTION_STRING,
     .value = "REASON",
     .help = "why larger values than before are accepted, for gates and readers"},
    C4_BENCH_END};

static const char *const examples[] = {
    "conv4 bench record", "conv4 bench record --benchmark ops --history ops.ndjson",
    "conv4 bench record --accept 'twice the accuracy'",
    "conv4 bench record --commit v1.2 --history theirs.ndjson run1.json run2.json run3.json", NULL};

/* --- what is recorded --- */

struct identity {
    char *commit, *date;
};

/* A checkout whose files differ from its HEAD is not what HEAD's line would say. */
static enum c4_status check_clean(void) {
    const char *const arguments[] = {"status", "--porcelain", "--untracked-files=no", NULL};
    char *changes;
    bool ok;
    C4_TRY(c4_git(arguments, &changes, &ok));
    bool clean = ok && !*changes;
    free(changes);
    if (clean) return C4_OK;
    return c4_fail(C4_ERR_USAGE,
                   "the checkout has changes that no commit has; commit them, or name what is "
                   "recorded by --commit");
}

static char *now_utc(void) {
    char text[C4_CLOCK_UTC_BYTES];
    c4_clock_utc(text);
    return strdup(text);
}

/* Of --commit, or of a revision on the command line, or HEAD. A name that git does not know is
 * taken as it is, and dated today. */
static enum c4_status identify(const struct c4_args *args, const char *word,
                               struct identity *identity) {
    const char *name = c4_arg_text(args, "commit");
    bool given = name != NULL;
    if (!given && word && !c4_path_exists(word)) name = word;
    if (!name) {
        C4_TRY(check_clean());
        name = "HEAD";
    }
    C4_TRY(c4_git_commit(name, &identity->commit));
    if (!identity->commit && !given)
        return c4_fail(C4_ERR_USAGE, "this is no git checkout: name what is recorded by --commit");
    if (identity->commit) C4_TRY(c4_git_date(identity->commit, &identity->date));
    if (!identity->commit) identity->commit = strdup(name);
    if (!identity->date) identity->date = now_utc();
    if (identity->commit && *identity->commit && identity->date) return C4_OK;
    return c4_fail(C4_ERR_USAGE, "--commit: a name is needed");
}

/* --- measuring --- */

static enum c4_status measure(const struct c4_args *args, const char *program,
                              struct c4_recording *record) {
    struct c4_ticker ticker = {.label = "measuring", .unit = "runs"};
    const struct c4_recording_run run = {
        .program = program,
        .setting = {.benchmark = c4_arg_text(args, "benchmark"),
                    .backend = c4_arg_text(args, "backend"),
                    .filter = c4_arg_text(args, "filter"),
                    .batch = (int)c4_arg_integer(args, "batch"),
                    .threads = (int)c4_arg_integer(args, "threads")},
        .processes = (int)c4_arg_integer(args, "processes"),
        .tick = c4_tick,
        .context = &ticker};
    bool google = strcmp(run.setting.benchmark, "google-benchmark") == 0;
    C4_TRY(c4_check_filter(&run.setting));
    enum c4_status status = c4_recording_run(&run, record);
    c4_progress_hide(&ticker.progress);
    if (status != C4_OK || google || c4_arg_flag(args, "no-exact")) return status;
    C4_TRY(c4_find_exact(&run.setting, program, "counting", &record->exact));
    if (record->exact.note) fprintf(stderr, "%s\n", record->exact.note);
    return C4_OK;
}

/* --- the file --- */

/* --history, or the machine's file of the checkout: new text. */
static enum c4_status history_path(const struct c4_args *args, const char *model, char **path) {
    const char *given = c4_arg_text(args, "history");
    char *root = NULL;
    if (!given) C4_TRY(c4_git_root(&root));
    if (!given && !root)
        return c4_fail(C4_ERR_USAGE, "this is no git checkout: name the file by --history FILE");
    size_t size = given ? strlen(given) + 1
                        : strlen(root) + strlen(model) + sizeof "/results/history/.ndjson";
    *path = malloc(size);
    if (*path && given) snprintf(*path, size, "%s", given);
    if (*path && !given) snprintf(*path, size, "%s/results/history/%s.ndjson", root, model);
    free(root);
    return *path ? C4_OK : c4_fail(C4_ERR_MEMORY, "out of memory for a path");
}

/* Before anything is measured. The program will run on this machine. */
static enum c4_status probe_history(const struct c4_args *args) {
    json_t *object;
    char *path = NULL;
    C4_TRY(c4_disclose("record", &object));
    char *model = c4_machine_file_name(object);
    json_decref(object);
    enum c4_status status = model ? history_path(args, model, &path)
                                  : c4_fail(C4_ERR_MEMORY, "out of memory for a path");
    if (status == C4_OK) status = c4_history_probe(path);
    free(path);
    free(model);
    return status;
}

static enum c4_status append(const struct c4_args *args, const struct c4_recording *record,
                             const struct identity *identity) {
    const struct c4_recording_identity of = {identity->commit, identity->date,
                                             c4_arg_text(args, "accept")};
    char *path = NULL;
    int lines;
    C4_TRY(history_path(args, record->model ? record->model : "", &path));
    enum c4_status status = c4_recording_append(record, &of, path, &lines);
    if (status == C4_OK)
        printf("%d line%s of %.12s appended to %s\n", lines, lines == 1 ? "" : "s",
               identity->commit, path);
    free(path);
    return status;
}

static enum c4_status take_record(const struct c4_args *args, struct c4_recording *record,
                                  struct identity *identity) {
    char program[C4_PROGRAM_PATH_SIZE];
    int words = args->positional_count;
    const char *word = words > 0 ? args->positionals[0] : NULL;
    C4_TRY(identify(args, word, identity));
    if (word && c4_is_recorded(word)) return c4_recording_read(args->positionals, words, record);
    if (words > 1)
        return c4_fail(C4_ERR_USAGE, "%s: give one program, or files of results",
                       args->positionals[1]);
    C4_TRY(probe_history(args));
    C4_TRY(word ? c4_revision_program(word, c4_say_build, program) : c4_own_program(program));
    return measure(args, program, record);
}

static int run(const struct c4_args *args) {
    struct c4_recording record = {0};
    struct identity identity = {NULL, NULL};
    enum c4_status status = c4_interrupt_catch();
    if (status == C4_OK) status = take_record(args, &record, &identity);
    if (status == C4_OK) status = append(args, &record, &identity);
    c4_recording_free(&record);
    free(identity.commit);
    free(identity.date);
    return c4_cli_exit(args, status);
}

const struct c4_command c4_bench_record = {
    .name = "record",
    .summary = "keep a program's speed in the history",
    .description =
        "Runs a benchmark of a conv4 program (this one, another, or a git revision, which it "
        "builds) as fresh processes, and appends a line for each row to a file of JSON lines: "
        "medians, their interval, every process's time, and what has to agree for times to "
        "compare. Beside them stand exact values, where they can be found: instructions of a step, "
        "bytes that it plans, bytes of the program. Instead of a program, FILEs may be the JSON "
        "output of one process each, by conv4 or by Google Benchmark. \"bench history\" shows such "
        "a file, \"bench compare\" compares two. Nothing is appended unless all of it was "
        "measured.",
    .usage_tail = "[PROGRAM|REVISION|FILE...]",
    .options = options,
    .examples = examples,
    .max_positionals = -1,
    .run = run,
};
