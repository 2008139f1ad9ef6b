/* conv4 data import: copies files that are already on this machine into the plain layout. */
#include <stdio.h>
#include <stdlib.h>

#include "core/cli/cli.h"
#include "core/data/digest.h"
#include "core/data/import.h"
#include "core/fetch/install.h"
#include "repro/commands/cmd_data.h"
#include "repro/commands/data_sources.h"

static const char *const examples[] = {"conv4 data import ~/torchvision",
                                       "conv4 data import downloads DIR", NULL};

static const struct c4_option options[] = {
    {.name = "mirrors",
     .type = C4_OPTION_PATH,
     .value = "FILE",
     .help = "take the archives' sizes and hashes from FILE instead of the built-in table"},
    {.name = NULL},
};

/* Whether c4_data_import() would find files of the set, sound or not. */
static bool has_set(const char *folder, const struct c4_set *set) {
    struct c4_data_files *files = malloc(sizeof *files);
    bool found = false;
    for (int split = 0; files && split < 2; split++)
        found = found || c4_data_find(folder, set, (enum c4_split)split, files) == C4_OK ||
                !files->absent;
    free(files);
    return found;
}

/* Unpacks downloaded archives, except those of sets that are also unpacked in `from`: the user
 * works with the unpacked files. Adds the number of unpacked files to *files. */
static enum c4_status import_archives(const char *from, const char *to,
                                      const struct c4_sources *sources, uint32_t *files) {
    for (uint32_t i = 0; i < sources->count; i++) {
        const struct c4_source *source = &sources->file[i];
        const struct c4_set *set = c4_set_find(source->set);
        char path[C4_PATH_BYTES];
        struct c4_digest digest;
        if (source->unpack[0] == '\0' || (set && has_set(from, set))) continue;
        C4_TRY(c4_path_join(path, sizeof path, from, source->path));
        if (!c4_path_exists(path)) continue;
        C4_TRY(c4_digest_file(path, &digest));
        C4_TRY(c4_digest_check(path, &digest, source));
        C4_TRY(c4_dir_make(to));
        C4_TRY(c4_install_archive(source, path, to));
        *files += source->members;
    }
    return C4_OK;
}

static enum c4_status import(const char *from, const char *to, const struct c4_sources *sources,
                             struct c4_data_found *found, uint32_t *files) {
    uint32_t unpacked = 0, copied = 0;
    bool any = false;
    for (int i = 0; i < c4_set_count; i++) any = any || has_set(from, &c4_sets[i]);
    enum c4_status status = import_archives(from, to, sources, &unpacked);
    if (status == C4_OK && (any || unpacked == 0))
        status = c4_data_import(from, to, &copied, found);
    *files = unpacked + copied;
    return status;
}

static void print_found(const struct c4_data_found *found) {
    for (uint32_t i = 0; i < found->count; i++) {
        if (found->info[i].passed_over[0])
            printf("skipped, not complete: %s\n", found->info[i].passed_over);
        if (found->info[i].standing == C4_STANDING_DIFFERS)
            printf("%s: NOT THE OFFICIAL FILE: it %s\n", found->info[i].path, found->info[i].why);
    }
}

static int run(const struct c4_args *args) {
    const char *to = args->positional_count > 1 ? args->positionals[1] : C4_DATA_FOLDER;
    uint32_t files = 0;
    struct c4_sources *sources;
    struct c4_data_found *found = calloc(1, sizeof *found);
    enum c4_status status = c4_data_sources_load(c4_arg_text(args, "mirrors"), &sources);
    if (!found)
        status = c4_fail(C4_ERR_MEMORY, "out of memory");
    else if (status == C4_OK)
        status = import(args->positionals[0], to, sources, found, &files);
    if (found) print_found(found);
    printf("%u file%s written to %s\n", files, files == 1 ? "" : "s", to);
    free(found);
    free(sources);
    return c4_cli_exit(args, status);
}

const struct c4_command c4_cmd_data_import = {
    .name = "import",
    .summary = "copy CIFAR-10 and SVHN files into the plain layout",
    .description =
        "Imports files that are already on this machine: cifar-10-binary.tar.gz or its unpacked "
        "folder, torchvision's folders (also cifar-10-batches-py), SVHN's .mat files, and record "
        "files, in one folder or side by side. Checks them completely, converts and copies them to "
        "TO (default: conv4-data), and reports files that differ from the official files of their "
        "name; a file UNOFFICIAL beside the copies records that.",
    .usage_tail = "FROM [DIR]",
    .options = options,
    .examples = examples,
    .min_positionals = 1,
    .max_positionals = 2,
    .run = run,
};
