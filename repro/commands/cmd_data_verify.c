/* conv4 data verify: compares every file of a folder with its known hash. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/cli/cli.h"
#include "core/fetch/verify.h"
#include "core/file/json.h"
#include "repro/commands/cmd_data.h"
#include "repro/commands/data_sources.h"

static const struct c4_option options[] = {
    {.name = "mirrors",
     .type = C4_OPTION_PATH,
     .value = "FILE",
     .help = "take sizes and hashes from FILE instead of the built-in table"},
    {.name = "json", .type = C4_OPTION_FLAG, .help = "print one JSON array"},
    {.name = NULL},
};

static const char *const examples[] = {"conv4 data verify DIR", NULL};

static void print_text(const struct c4_verification *found) {
    uint32_t counts[4] = {0};
    _Static_assert(C4_VERDICT_MISSING == 3, "a count for each verdict");
    for (uint32_t i = 0; i < found->count; i++) {
        const struct c4_verified *file = &found->file[i];
        counts[file->verdict]++;
        printf("%-8s %s\n         %s\n", c4_file_verdict_names[file->verdict], file->path,
               file->why);
        if (file->sha256[0] != '\0' && file->verdict != C4_VERDICT_DIFFERS)
            printf("         SHA-256 %s\n", file->sha256);
    }
    printf("%u ok, %u differ, %u unknown, %u missing\n", counts[C4_VERDICT_OK],
           counts[C4_VERDICT_DIFFERS], counts[C4_VERDICT_UNKNOWN], counts[C4_VERDICT_MISSING]);
}

static enum c4_status print_json(const struct c4_verification *found) {
    json_t *files = json_array();
    for (uint32_t i = 0; i < found->count; i++) {
        const struct c4_verified *file = &found->file[i];
        c4_json_append(&files, json_pack("{s:o, s:s, s:s, s:o}", "path", c4_json_text(file->path),
                                         "verdict", c4_file_verdict_names[file->verdict], "sha256",
                                         file->sha256, "why", c4_json_text(file->why)));
    }
    return c4_json_print(stdout, files, "the list of files");
}

static enum c4_status verify(const struct c4_args *args, const struct c4_sources *sources,
                             struct c4_verification *found) {
    const char *folder = args->positional_count > 0 ? args->positionals[0] : C4_DATA_FOLDER;
    C4_TRY(c4_verify_folder(folder, sources, found));
    if (c4_arg_flag(args, "json"))
        C4_TRY(print_json(found));
    else
        print_text(found);
    if (found->wrong == 0) return C4_OK;
    return c4_fail(C4_ERR_DATA,
                   "%s: %u of %u files differ or are missing; move them away and fetch or import "
                   "them again",
                   folder, found->wrong, found->count);
}

static int run(const struct c4_args *args) {
    struct c4_sources *sources;
    enum c4_status status = c4_data_sources_load(c4_arg_text(args, "mirrors"), &sources);
    struct c4_verification *found = calloc(1, sizeof *found);
    if (!found && status == C4_OK)
        status = c4_fail(C4_ERR_MEMORY, "out of memory for the list of files");
    else if (status == C4_OK)
        status = verify(args, sources, found);
    free(found);
    free(sources);
    return c4_cli_exit(args, status);
}

const struct c4_command c4_cmd_data_verify = {
    .name = "verify",
    .summary = "compare a folder's files with known hashes",
    .description = "Reads every file of a data folder (default: conv4-data) and reports whether it "
                   "is ok (it has the official hash, or the hash it was fetched or unpacked with), "
                   "differs, is missing, or is unknown (no fault was found, but there is no hash "
                   "to compare with). Exit status 3 if a file differs or is missing.",
    .usage_tail = "[DIR]",
    .options = options,
    .examples = examples,
    .max_positionals = 1,
    .run = run,
};
