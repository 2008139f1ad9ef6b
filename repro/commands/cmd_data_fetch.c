/* conv4 data fetch: downloads the official files from their mirrors. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/text.h"
#include "core/cli/cli.h"
#include "core/cli/interrupt.h"
#include "core/cli/progress.h"
#include "core/data/sets.h"
#include "core/fetch/fetch.h"
#include "core/host/clock.h"
#include "repro/commands/cmd_data.h"
#include "repro/commands/data_sources.h"

enum { RETRY_WAIT_MS = 1000 };

struct session {
    const struct c4_args *args;
    struct c4_progress progress;
};

static const struct c4_option options[] = {
    {.name = "data",
     .type = C4_OPTION_PATH,
     .value = "DIR",
     .initial = C4_DATA_FOLDER,
     .help = "folder for the files"},
    {.name = "mirrors",
     .type = C4_OPTION_PATH,
     .value = "FILE",
     .help = "take mirrors, sizes and hashes from FILE instead of the built-in table"},
    {.name = "print-mirrors", .type = C4_OPTION_FLAG, .help = "print the built-in table and stop"},
    {.name = "stall",
     .type = C4_OPTION_INTEGER,
     .value = "SECONDS",
     .initial = "30",
     .min = 1,
     .max = 3600,
     .help = "how long a mirror may send less than 1 kB/s"},
    {.name = "quiet", .type = C4_OPTION_FLAG, .help = "show no progress"},
    {.name = NULL},
};

static const char *const examples[] = {"conv4 data fetch cifar10 svhn",
                                       "conv4 data fetch cifar10 --data DIR",
                                       "conv4 data fetch --print-mirrors > mirrors.ini",
                                       "conv4 data fetch svhn --mirrors mirrors.ini", NULL};

static void begin(void *context, const char *name, uint64_t done_bytes, uint64_t size_bytes) {
    struct session *session = context;
    bool quiet = c4_arg_flag(session->args, "quiet");
    c4_progress_hide(&session->progress);
    c4_progress_start_bytes(&session->progress, stderr, c4_progress_style_of(stderr, quiet), name,
                            done_bytes, size_bytes, (uint64_t)c4_clock_ns());
}

static enum c4_status tick(void *context, uint64_t done_bytes) {
    struct session *session = context;
    c4_progress_update(&session->progress, done_bytes, (uint64_t)c4_clock_ns());
    return c4_interrupted();
}

static void end(void *context, uint64_t done_bytes) {
    struct session *session = context;
    if (done_bytes == session->progress.view.total)
        c4_progress_finish(&session->progress, done_bytes, (uint64_t)c4_clock_ns());
    else
        c4_progress_hide(&session->progress);
}

static void note(void *context, const char *sentence) {
    const struct session *session = context;
    fprintf(stderr, "%s: %s\n", session->args->path, sentence);
}

static bool is_wanted(const struct c4_args *args, const struct c4_source *source) {
    if (source->set[0] == '\0') return false;
    for (int i = 0; i < args->positional_count; i++)
        if (strcmp(args->positionals[i], source->set) == 0) return true;
    return args->positional_count == 0;
}

static enum c4_status refuse_set(const char *word, const struct c4_sources *sources) {
    struct c4_text sets = {0};
    for (uint32_t i = 0; i < sources->count; i++) {
        const char *set = sources->file[i].set;
        if (set[0] != '\0' && (i == 0 || strcmp(set, sources->file[i - 1].set) != 0))
            c4_text_add_word(&sets, ", ", set);
    }
    enum c4_status status =
        sets.lost ? C4_ERR_MEMORY
                  : c4_fail(C4_ERR_USAGE, "no data set '%s' to fetch; choose from: %s", word,
                            c4_text_string(&sets));
    c4_text_free(&sets);
    return status;
}

static enum c4_status check_sets(const struct c4_args *args, const struct c4_sources *sources) {
    for (int i = 0; i < args->positional_count; i++)
        if (!c4_data_sources_have(sources, args->positionals[i]))
            return refuse_set(args->positionals[i], sources);
    return C4_OK;
}

static void report(const char *folder, const struct c4_source *source,
                   const struct c4_fetch_result *result) {
    const char *there = result->was_there ? "already there, " : "";
    if (result->digest.sha256[0] == '\0')
        printf("%s/%s: %sunpacked from its verified archive\n", folder, source->unpack, there);
    else if (result->hash_known)
        printf("%s/%s: %s%" PRIu64 " bytes and SHA-256 %s, as expected\n", folder, source->path,
               there, result->digest.size_bytes, result->digest.sha256);
    else
        printf("%s/%s: %s%" PRIu64
               " bytes, as expected; SHA-256 %s, with no known hash to compare\n",
               folder, source->path, there, result->digest.size_bytes, result->digest.sha256);
    if (source->unpack[0] != '\0' && result->digest.sha256[0] != '\0')
        printf("%s/%s: %" PRIu32 " files unpacked\n", folder, source->unpack, source->members);
    fflush(stdout);
}

static enum c4_status fetch_one(struct session *session, const struct c4_source *source) {
    const struct c4_fetch_watch watch = {session, begin, tick, end, note};
    const char *folder = c4_arg_text(session->args, "data");
    const struct c4_fetch fetch = {.source = source,
                                   .folder = folder,
                                   .stall_s = (uint32_t)c4_arg_integer(session->args, "stall"),
                                   .retry_wait_ms = RETRY_WAIT_MS,
                                   .watch = &watch};
    struct c4_fetch_result result;
    enum c4_status status = c4_fetch_file(&fetch, &result);
    c4_progress_hide(&session->progress);
    if (status == C4_ERR_INTERRUPTED || status == C4_ERR_TERMINATED)
        return c4_fail(
            status,
            "stopped; the data received so far is in %s, and the same command goes on from there",
            folder);
    if (status == C4_OK) report(folder, source, &result);
    return status;
}

static enum c4_status fetch_all(struct session *session, const struct c4_sources *sources) {
    const struct c4_format *unread = NULL;
    C4_TRY(check_sets(session->args, sources));
    C4_TRY(c4_interrupt_catch());
    for (uint32_t i = 0; i < sources->count; i++) {
        if (!is_wanted(session->args, &sources->file[i])) continue;
        if (!unread) unread = c4_set_unread(c4_set_find(sources->file[i].set));
        C4_TRY(fetch_one(session, &sources->file[i]));
    }
    if (unread)
        fprintf(stderr, "%s: this build cannot read %s files; install %s and build again\n",
                session->args->path, unread->name, unread->needs);
    return C4_OK;
}

static int run(const struct c4_args *args) {
    struct session session = {.args = args};
    if (c4_arg_flag(args, "print-mirrors")) {
        fputs(c4_sources_text(), stdout);
        return c4_cli_exit(args, C4_OK);
    }
    struct c4_sources *sources;
    enum c4_status status = c4_data_sources_load(c4_arg_text(args, "mirrors"), &sources);
    if (status == C4_OK) status = fetch_all(&session, sources);
    free(sources);
    return c4_cli_exit(args, status);
}

const struct c4_command c4_cmd_data_fetch = {
    .name = "fetch",
    .summary = "download CIFAR-10 and SVHN",
    .description =
        "Downloads the official files of the named sets (cifar10, svhn; default: all) and unpacks "
        "them. Mirrors are tried in order. A download that was stopped, killed or cut off resumes "
        "when the same command is run again. Each file is checked by size, MD5 and SHA-256 before "
        "it gets its final name; an existing file is never replaced.",
    .usage_tail = "[SET...]",
    .options = options,
    .examples = examples,
    .max_positionals = 8,
    .run = run,
};
