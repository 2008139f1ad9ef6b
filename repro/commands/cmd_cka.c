/* conv4 cka: compares representations in files, from conv4 or any other program. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cli/cli.h"
#include "core/host/team.h"
#include "repro/commands/cka_report.h"
#include "repro/commands/cka_source.h"
#include "repro/session/engine.h"
#include "simd/dispatch.h"

static const char *const methods[] = {"auto", "gram", "feature", NULL};

static const struct c4_option options[] = {
    {.name = "method",
     .type = C4_OPTION_CHOICE,
     .value = "FORM",
     .initial = "auto",
     .choices = methods,
     .help = "gram (n x n), feature (p x q), or whichever takes fewer operations"},
    {.name = "double",
     .type = C4_OPTION_FLAG,
     .help = "compute in double even where files hold F32"},
    {.name = "backend",
     .type = C4_OPTION_STRING,
     .value = "NAME",
     .initial = "auto",
     .help = "backend for the matrix products of F32 features"},
    {.name = "strict-backend",
     .type = C4_OPTION_FLAG,
     .help = "fail if these products would come from another backend"},
    {.name = "threads",
     .type = C4_OPTION_INTEGER,
     .value = "N",
     .min = 1,
     .max = 1024,
     .help = "OpenMP threads (default: OMP_NUM_THREADS, or else every core this process may use)"},
    {.name = "force",
     .type = C4_OPTION_FLAG,
     .help = "compare features even if their images or --statistics differ"},
    {.name = "json", .type = C4_OPTION_FLAG, .help = "print one JSON object"},
    {.name = NULL},
};

static const char *const examples[] = {
    "conv4 cka before.npy after.npy",
    "conv4 cka init-features.safetensors trained-features.safetensors --json", NULL};

/* Compares by every measure but CKA, which has its own options here. */
static enum c4_status compare_others(const struct c4_features *x, const struct c4_features *y,
                                     const struct c4_cka_options *how,
                                     struct c4_similarity_result others[C4_SIMILARITIES]) {
    const struct c4_similarity_options plain = {.gram = how->gram, .threads = how->threads};
    for (int i = C4_SIMILARITY_cka + 1; i < C4_SIMILARITIES; i++) {
        const struct c4_similarity *measure = c4_similarities[i];
        void *side = NULL, *other = NULL;
        enum c4_status status = measure->prepare(x, &plain, &side);
        if (status == C4_OK) status = measure->prepare(y, &plain, &other);
        if (status == C4_OK) status = measure->compare(side, other, x->rows, &others[i]);
        measure->release(side);
        measure->release(other);
        C4_TRY(status);
    }
    return C4_OK;
}

/* Compares a pair of arrays. Its errors are reported; fails only if reporting fails. */
static enum c4_status compare(const struct c4_cka_source *a, const struct c4_cka_array *x,
                              const struct c4_cka_source *b, const struct c4_cka_array *y,
                              const struct c4_cka_options *how, struct c4_cka_report *report) {
    bool renamed = x->name[0] && y->name[0] && strcmp(x->name, y->name) != 0;
    const struct c4_cka_pair pair = {.layer = x->name[0] ? x->name : "-",
                                     .a = a->path,
                                     .b = b->path,
                                     .layer_b = renamed ? y->name : NULL};
    struct c4_cka_view of_x, of_y = {0};
    struct c4_cka_result result;
    struct c4_similarity_result others[C4_SIMILARITIES];
    enum c4_status status = c4_cka_view_open(a->path, x, &of_x);
    if (status == C4_OK) status = c4_cka_view_open(b->path, y, &of_y);
    if (status == C4_OK) status = c4_cka(&of_x.features, &of_y.features, how, &result);
    if (status == C4_OK) status = compare_others(&of_x.features, &of_y.features, how, others);
    status = status == C4_OK ? c4_cka_report_result(report, &pair, &result, others)
                             : c4_cka_report_trouble(report, &pair, status);
    c4_cka_view_close(&of_x);
    c4_cka_view_close(&of_y);
    return status;
}

static const char otherwise[] = "; --force compares them anyway";

/* Compares the hashes of the images alone if both files have them; files of earlier versions have
 * one hash of images and labels. */
static enum c4_status check_images(const struct c4_cka_source *a, const struct c4_cka_source *b) {
    static const char *const keys[] = {"conv4.images", "conv4.data"};
    static const char *const what[] = {"images", "images or labels"};
    for (int i = 0; i < 2; i++) {
        const char *x = c4_arrays_metadata(&a->file, keys[i]);
        const char *y = c4_arrays_metadata(&b->file, keys[i]);
        if (!x || !y) continue;
        if (strcmp(x, y) == 0) return C4_OK;
        char shown[2][C4_NAME_SHOWN_SIZE];
        return c4_fail(C4_ERR_DATA,
                       "%s and %s hold features of different %s (SHA-256 %.12s... and %.12s...), "
                       "but CKA needs the same on both sides%s",
                       a->path, b->path, what[i], c4_name_show(x, shown[0]),
                       c4_name_show(y, shown[1]), otherwise);
    }
    return C4_OK;
}

/* Checks the metadata that 'conv4 eval --features' writes. Files without it fit any file. */
static enum c4_status check_origin(const struct c4_cka_source *a, const struct c4_cka_source *b) {
    C4_TRY(check_images(a, b));
    const char *x = c4_arrays_metadata(&a->file, "conv4.statistics");
    const char *y = c4_arrays_metadata(&b->file, "conv4.statistics");
    char shown[2][C4_NAME_SHOWN_SIZE];
    if (x && y && strcmp(x, y) != 0)
        return c4_fail(C4_ERR_DATA,
                       "%s was made with --statistics %s, %s with --statistics %s, which "
                       "alone changes features%s",
                       a->path, c4_name_show(x, shown[0]), b->path, c4_name_show(y, shown[1]),
                       otherwise);
    return C4_OK;
}

/* Reports the arrays of `a` that `b` lacks, except for `compared`. For an array that cannot be
 * read, the reason is reported. */
static enum c4_status report_unmatched(const struct c4_cka_source *a, const struct c4_cka_source *b,
                                       const struct c4_cka_array *compared,
                                       struct c4_cka_report *report) {
    for (size_t i = 0; i < a->count; i++) {
        const struct c4_cka_array *x = &a->arrays[i];
        const struct c4_cka_pair pair = {
            .layer = x->name[0] ? x->name : "-", .a = a->path, .b = b->path};
        if (x == compared || c4_cka_source_find(b, x->name)) continue;
        C4_TRY(x->reason
                   ? c4_cka_report_trouble(report, &pair, c4_fail(C4_ERR_DATA, "%s", x->reason))
                   : c4_cka_report_unmatched(report, pair.layer, pair.a, pair.b));
    }
    return C4_OK;
}

/* Compares arrays of the same name, and single arrays whatever their names. The unnamed array of an
 * NPY file is compared with the only readable array of the other file. */
static enum c4_status compare_sources(const struct c4_cka_source *a, const struct c4_cka_source *b,
                                      bool force, const struct c4_cka_options *how,
                                      struct c4_cka_report *report) {
    const struct c4_cka_pair whole = {.layer = "-", .a = a->path, .b = b->path};
    enum c4_status status = force ? C4_OK : check_origin(a, b);
    if (status != C4_OK) return c4_cka_report_trouble(report, &whole, status);
    if (a->count == 1 && b->count == 1)
        return compare(a, &a->arrays[0], b, &b->arrays[0], how, report);
    const struct c4_cka_array *x = c4_cka_source_single(a), *y = c4_cka_source_single(b);
    if (!x || !y || (x->name[0] && y->name[0])) x = y = NULL;
    if (x) C4_TRY(compare(a, x, b, y, how, report));
    size_t matched = x != NULL;
    for (size_t i = 0; i < a->count && !x; i++) {
        const struct c4_cka_array *same = c4_cka_source_find(b, a->arrays[i].name);
        if (!same) continue;
        C4_TRY(compare(a, &a->arrays[i], b, same, how, report));
        matched++;
    }
    C4_TRY(report_unmatched(a, b, x, report));
    C4_TRY(report_unmatched(b, a, y, report));
    if (matched > 0) return C4_OK;
    status = c4_fail(C4_ERR_DATA, "%s and %s have no tensor of the same name", a->path, b->path);
    return c4_cka_report_trouble(report, &whole, status);
}

/* A file that cannot be read does not stop the comparisons of the others. */
static enum c4_status compare_files(const struct c4_args *args, struct c4_cka_source *sources,
                                    const struct c4_cka_options *how,
                                    struct c4_cka_report *report) {
    int count = args->positional_count;
    bool force = c4_arg_flag(args, "force");
    for (int i = 0; i < count; i++) C4_TRY(c4_cka_source_open(args->positionals[i], &sources[i]));
    for (int i = 0; i < count; i++)
        for (int j = i + 1; j < count; j++)
            if (sources[i].status == C4_OK && sources[j].status == C4_OK)
                C4_TRY(compare_sources(&sources[i], &sources[j], force, how, report));
    for (int i = 0; i < count; i++)
        if (sources[i].status != C4_OK)
            C4_TRY(c4_cka_report_file(report, sources[i].path, sources[i].status,
                                      sources[i].sentence));
    return C4_OK;
}

static enum c4_status compare_all(const struct c4_args *args, struct c4_cka_source *sources,
                                  struct c4_cka_report *report) {
    struct c4_dispatch dispatch;
    const enum c4_op_slot used[] = {C4_SLOT_gram_pack, C4_SLOT_gram_block};
    C4_TRY(c4_dispatch(c4_arg_text(args, "backend"), &dispatch));
    if (c4_arg_flag(args, "strict-backend")) C4_TRY(c4_dispatch_strict(&dispatch, false, used, 2));
    int threads;
    C4_TRY(c4_threads_option(args, &threads));
    if (threads != 1) C4_TRY(c4_team_check_stacks());
    const struct c4_cka_options how = {
        .gram = c4_backend_gram(&dispatch.backend),
        .threads = threads,
        .in_double = c4_arg_flag(args, "double"),
        .method = c4_arg_includes(args, "method", "gram")      ? C4_CKA_GRAM
                  : c4_arg_includes(args, "method", "feature") ? C4_CKA_FEATURE
                                                               : C4_CKA_AUTO};
    C4_TRY(c4_cka_report_open(c4_arg_flag(args, "json"), report));
    C4_TRY(compare_files(args, sources, &how, report));
    return c4_cka_report_close(report, dispatch.slot_origin[C4_SLOT_gram_block]->name);
}

static int run(const struct c4_args *args) {
    struct c4_cka_source *sources = calloc((size_t)args->positional_count, sizeof *sources);
    if (!sources) return c4_cli_exit(args, c4_fail(C4_ERR_MEMORY, "out of memory"));
    struct c4_cka_report report = {0};
    enum c4_status status = compare_all(args, sources, &report);
    c4_cka_report_free(&report);
    for (int i = 0; i < args->positional_count; i++) c4_cka_source_close(&sources[i]);
    free(sources);
    return c4_cli_exit(args, status);
}

const struct c4_command c4_cmd_cka = {
    .name = "cka",
    .summary = "similarity of representations in NPY, NPZ or safetensors files",
    .description =
        "Computes linear CKA, biased and debiased, of every pair of files. Each file holds "
        "features of the same examples in the same order: an NPY array [n, ...], whose further "
        "dimensions are flattened, or an NPZ or safetensors file, whose arrays are matched by "
        "name. If both files hold a single array, these are compared even if their names differ, "
        "as 'A ~ B' (--json: layer_a and layer_b). A file's format is recognised by its content, "
        "not its suffix. Any number of examples and features is allowed. A constant layer has no "
        "CKA, and fewer than 4 examples have no debiased CKA; both are reported as undefined, not "
        "refused. What cannot be read or compared is reported, the rest is compared, and the exit "
        "status is that of the first failure, usually 3.",
    .usage_tail = "FILE FILE...",
    .options = options,
    .examples = examples,
    .min_positionals = 2,
    .max_positionals = -1,
    .run = run,
};
