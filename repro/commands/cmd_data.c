/* conv4 data: the commands info and synth, and the table of all data commands. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/cli/cli.h"
#include "core/data/import.h"
#include "core/data/synthetic.h"
#include "core/file/json.h"
#include "repro/commands/cmd_data.h"

static json_t *json_file(const struct c4_data_info *info) {
    json_t *histogram = json_array();
    for (int label = 0; label < C4_CLASSES; label++)
        c4_json_append(&histogram, json_integer(info->histogram[label]));
    return json_pack(
        "{s:o, s:s, s:s, s:b, s:I, s:o, s:s, s:s, s:o, s:o, s:o}", "path", c4_json_text(info->path),
        "set", info->set->word, "split", c4_split_word(info->split), "synthetic",
        (int)info->synthetic, "records", (json_int_t)info->records, "labels", histogram, "sha256",
        info->sha256, "standing", c4_standing_names[info->standing], "why", c4_json_text(info->why),
        "passed_over", c4_json_text(info->passed_over), "problem", c4_json_text(info->problem));
}

static void print_standing(const struct c4_data_info *info) {
    if (info->synthetic) return;
    switch (info->standing) {
    case C4_STANDING_OFFICIAL:
        printf("  the official file: it %s\n", info->why);
        break;
    case C4_STANDING_LABELS:
        printf("  it %s\n", info->why);
        break;
    case C4_STANDING_DIFFERS:
        printf("  NOT THE OFFICIAL FILE: it %s\n", info->why);
        break;
    case C4_STANDING_UNKNOWN:
        if (info->records < info->most)
            printf("  a part: %u of %u images; there is no published hash to compare with\n",
                   info->records, info->most);
        else
            printf("  there is no published hash to compare with\n");
    }
}

static void print_file(const struct c4_data_info *info) {
    if (info->passed_over[0]) printf("skipped, not complete: %s\n", info->passed_over);
    printf("%s\n", info->path);
    if (info->problem[0]) {
        printf("  problem: %s\n", info->problem);
        return;
    }
    printf("  %s %s%s, %u images, SHA-256 %s\n  labels", info->set->title,
           c4_split_word(info->split), info->synthetic ? " (synthetic)" : "", info->records,
           info->sha256);
    for (int label = 0; label < C4_CLASSES; label++)
        printf("  %d: %u", label, info->histogram[label]);
    printf("\n");
    print_standing(info);
}

static enum c4_status info(const struct c4_args *args, struct c4_data_found *found) {
    C4_TRY(c4_data_describe(args->positionals[0], found));
    const struct c4_data_info *broken = NULL;
    bool json = c4_arg_flag(args, "json");
    json_t *files = json ? json_array() : NULL;
    for (uint32_t i = 0; i < found->count; i++) {
        if (json)
            c4_json_append(&files, json_file(&found->info[i]));
        else
            print_file(&found->info[i]);
        if (found->info[i].problem[0] && !broken) broken = &found->info[i];
    }
    if (json) C4_TRY(c4_json_print(stdout, files, "the list of files"));
    return broken ? c4_fail(C4_ERR_DATA, "%s", broken->problem) : C4_OK;
}

static int run_info(const struct c4_args *args) {
    struct c4_data_found *found = calloc(1, sizeof *found);
    enum c4_status status = found ? info(args, found) : c4_fail(C4_ERR_MEMORY, "out of memory");
    free(found);
    return c4_cli_exit(args, status);
}

static int run_synth(const struct c4_args *args) {
    const char *folder = args->positionals[0];
    uint32_t train = (uint32_t)c4_arg_integer(args, "train");
    uint32_t test = (uint32_t)c4_arg_integer(args, "test");
    uint64_t seed = (uint64_t)c4_arg_integer(args, "seed");
    enum c4_status status = c4_synthetic_write(folder, seed, train, test);
    if (status != C4_OK) return c4_cli_exit(args, status);
    printf("%s: ", folder);
    for (int i = 0; i < c4_set_count; i++) {
        const struct c4_set *set = &c4_sets[i];
        if (set->pretrains)
            printf("%u train and %u test %s, ", c4_synthetic_count(set, C4_TRAIN, train, test),
                   c4_synthetic_count(set, C4_TEST, train, test), set->stand_in->name);
        else
            printf("%u %s of each split, ", c4_synthetic_count(set, C4_TEST, train, test),
                   set->stand_in->name);
    }
    printf("seed %llu\n", (unsigned long long)seed);
    return c4_cli_exit(args, status);
}

static const struct c4_option info_options[] = {
    {.name = "json", .type = C4_OPTION_FLAG, .help = "print one JSON array"},
    {.name = NULL},
};

static const struct c4_option synth_options[] = {
    {.name = "seed",
     .type = C4_OPTION_INTEGER,
     .value = "N",
     .initial = "1",
     .min = 0,
     .max = 0x1p53,
     .help = "seed of the images; commands without --data use seed 1"},
    {.name = "train",
     .type = C4_OPTION_INTEGER,
     .value = "N",
     .initial = "50000",
     .min = 1,
     .max = 50000,
     .help = "number of training objects"},
    {.name = "test",
     .type = C4_OPTION_INTEGER,
     .value = "N",
     .initial = "10000",
     .min = 1,
     .max = 10000,
     .help = "number of test objects, and of digits in each split"},
    {.name = NULL},
};

static const char *const info_examples[] = {"conv4 data info DIR", NULL};
static const char *const synth_examples[] = {"conv4 data synth DIR --train 4096 --test 2048", NULL};

static const struct c4_command info_command = {
    .name = "info",
    .summary = "check and describe the image files of a folder",
    .description = "Reads every CIFAR-10 and SVHN file of a folder completely, prints the numbers "
                   "of images and labels and the SHA-256, and compares each file with what is "
                   "published about it. Exit status 3 if a file is missing or damaged.",
    .usage_tail = "DIR",
    .options = info_options,
    .examples = info_examples,
    .min_positionals = 1,
    .max_positionals = 1,
    .run = run_info,
};

static const struct c4_command synth_command = {
    .name = "synth",
    .summary = "write the built-in synthetic pair as files",
    .description = "Writes the objects and digits that commands use without --data, in the layout "
                   "of the real files, marked as synthetic.",
    .usage_tail = "DIR",
    .options = synth_options,
    .examples = synth_examples,
    .min_positionals = 1,
    .max_positionals = 1,
    .run = run_synth,
};

static const struct c4_command *const commands[] = {&c4_cmd_data_fetch,  &c4_cmd_data_import,
                                                    &c4_cmd_data_verify, &info_command,
                                                    &synth_command,      NULL};

const struct c4_command c4_cmd_data = {
    .name = "data",
    .summary = "get, check, make and copy image data",
    .commands = commands,
};
