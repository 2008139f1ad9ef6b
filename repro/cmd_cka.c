/* conv4 cka: compares representations in files, ours or anybody's. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cli/cli.h"
#include "core/file/arrays.h"
#include "core/host/team.h"
#include "repro/cka_report.h"
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
     .help = "what computes the products of F32 features"},
    {.name = "strict-backend",
     .type = C4_OPTION_FLAG,
     .help = "fail if they would come from another backend"},
    {.name = "threads",
     .type = C4_OPTION_INTEGER,
     .value = "N",
     .min = 1,
     .max = 1024,
     .help = "OpenMP threads (default: every core this process may use)"},
    {.name = "force",
     .type = C4_OPTION_FLAG,
     .help = "compare features of different images, or by different statistics"},
    {.name = "json", .type = C4_OPTION_FLAG, .help = "print one JSON object"},
    {.name = NULL},
};

static const char *const examples[] = {
    "conv4 cka before.npy after.npy",
    "conv4 cka init-features.safetensors trained-features.safetensors --json", NULL};

/* One file: an NPY array, or the tensors of an NPZ or safetensors file. */
struct source {
    const char *path;
    struct c4_arrays file;
    const struct c4_tensor *tensors;
    size_t count;
};

/* What an integer beyond 2^53 loses is no error, but is said. */
static void warn_of_rounding(const struct source *source) {
    for (size_t i = 0; i < source->count; i++) {
        const struct c4_tensor *tensor = &source->tensors[i];
        char shown[C4_NAME_SHOWN_SIZE];
        size_t rounded = c4_tensor_rounded(tensor);
        if (rounded > 0)
            fprintf(stderr, "%s:%s%s %zu integers beyond 2^53 are rounded to doubles\n",
                    source->path, tensor->name[0] ? " tensor " : "",
                    c4_name_show(tensor->name, shown), rounded);
    }
}

static enum c4_status open_source(const char *path, struct source *source) {
    source->path = path;
    C4_TRY(c4_arrays_read(path, &source->file));
    source->tensors = source->file.tensors;
    source->count = source->file.count;
    if (source->file.left_out) fprintf(stderr, "%s\n", source->file.left_out);
    warn_of_rounding(source);
    return C4_OK;
}

static void close_source(struct source *source) {
    c4_arrays_free(&source->file);
}

/* What sentences call a tensor; a new string. */
static char *name_of(const char *path, const struct c4_tensor *tensor) {
    size_t size = strlen(path) + strlen(tensor->name) + 8;
    char *name = malloc(size);
    if (name && tensor->name[0])
        snprintf(name, size, "%s: '%s'", path, tensor->name);
    else if (name)
        snprintf(name, size, "%s", path);
    return name;
}

/* A tensor as [rows, everything else]. F16 and BF16 become float copies, integers double ones; all
 * exact but for those that warn_of_rounding() tells of. */
static enum c4_status view_features(const char *name, const struct c4_tensor *tensor,
                                    struct c4_features *features, void **copy) {
    size_t count;
    if (tensor->rank < 1 || !c4_tensor_count(tensor, &count) || count == 0)
        return c4_fail(C4_ERR_DATA, "%s is not an array of at least one example", name);
    *features = (struct c4_features){.data = tensor->data,
                                     .type = C4_FEATURES_FLOAT,
                                     .rows = tensor->shape[0],
                                     .features = count / tensor->shape[0],
                                     .name = name};
    if (tensor->dtype == C4_F32) return C4_OK;
    bool half = tensor->dtype == C4_F16 || tensor->dtype == C4_BF16;
    if (!half) features->type = C4_FEATURES_DOUBLE;
    if (tensor->dtype == C4_F64) return C4_OK;
    void *values = malloc(count * (half ? sizeof(float) : sizeof(double)));
    if (!values) return c4_fail(C4_ERR_MEMORY, "%s: out of memory for %zu values", name, count);
    for (size_t i = 0; i < count; i++) {
        double value = c4_tensor_get(tensor, i);
        if (half)
            ((float *)values)[i] = (float)value;
        else
            ((double *)values)[i] = value;
    }
    features->data = *copy = values;
    return C4_OK;
}

/* One side: a tensor with what was made for it. */
struct view {
    struct c4_features features;
    char *name;
    void *copy;
};

static enum c4_status open_view(const char *path, const struct c4_tensor *tensor,
                                struct view *view) {
    *view = (struct view){.name = name_of(path, tensor)};
    if (!view->name) return c4_fail(C4_ERR_MEMORY, "%s: out of memory for a name", path);
    return view_features(view->name, tensor, &view->features, &view->copy);
}

static void close_view(struct view *view) {
    free(view->name);
    free(view->copy);
}

/* One pair of tensors. What is wrong with it is reported; a failure is one of reporting. */
static enum c4_status compare(const struct source *a, const struct c4_tensor *x,
                              const struct source *b, const struct c4_tensor *y,
                              const struct c4_cka_options *how, struct c4_cka_report *report) {
    const struct c4_cka_pair pair = {x->name[0] ? x->name : "-", a->path, b->path};
    struct view of_x, of_y = {0};
    struct c4_cka_result result;
    enum c4_status status = open_view(a->path, x, &of_x);
    if (status == C4_OK) status = open_view(b->path, y, &of_y);
    if (status == C4_OK) status = c4_cka(&of_x.features, &of_y.features, how, &result);
    status = status == C4_OK ? c4_cka_report_result(report, &pair, &result)
                             : c4_cka_report_trouble(report, &pair, status);
    close_view(&of_x);
    close_view(&of_y);
    return status;
}

/* What 'conv4 eval --features' leaves in a file; other files have none of it, and fit everything.
 */
static enum c4_status check_origin(const struct source *a, const struct source *b) {
    static const char otherwise[] = "; --force compares them all the same";
    const char *x = c4_arrays_metadata(&a->file, "conv4.data");
    const char *y = c4_arrays_metadata(&b->file, "conv4.data");
    if (x && y && strcmp(x, y) != 0)
        return c4_fail(C4_ERR_DATA,
                       "%s and %s hold features of different images (SHA-256 %.12s... and "
                       "%.12s...), and CKA needs the same on both sides%s",
                       a->path, b->path, x, y, otherwise);
    x = c4_arrays_metadata(&a->file, "conv4.statistics");
    y = c4_arrays_metadata(&b->file, "conv4.statistics");
    if (x && y && strcmp(x, y) != 0)
        return c4_fail(C4_ERR_DATA,
                       "%s was made with --statistics %.16s, %s with --statistics %.16s, which "
                       "changes features by itself%s",
                       a->path, x, b->path, y, otherwise);
    return C4_OK;
}

static const struct c4_tensor *find(const struct source *source, const char *name) {
    for (size_t i = 0; i < source->count; i++)
        if (strcmp(source->tensors[i].name, name) == 0) return &source->tensors[i];
    return NULL;
}

static enum c4_status report_unmatched(const struct source *a, const struct source *b,
                                       struct c4_cka_report *report) {
    for (size_t i = 0; i < a->count; i++)
        if (!find(b, a->tensors[i].name))
            C4_TRY(c4_cka_report_unmatched(report, a->tensors[i].name[0] ? a->tensors[i].name : "-",
                                           a->path, b->path));
    return C4_OK;
}

/* Single arrays are compared as they are, whatever their names; else tensors of the same name. */
static enum c4_status compare_sources(const struct source *a, const struct source *b, bool force,
                                      const struct c4_cka_options *how,
                                      struct c4_cka_report *report) {
    const struct c4_cka_pair whole = {"-", a->path, b->path};
    enum c4_status status = force ? C4_OK : check_origin(a, b);
    if (status != C4_OK) return c4_cka_report_trouble(report, &whole, status);
    if (a->count == 1 && b->count == 1)
        return compare(a, &a->tensors[0], b, &b->tensors[0], how, report);
    size_t matched = 0;
    for (size_t i = 0; i < a->count; i++) {
        const struct c4_tensor *y = find(b, a->tensors[i].name);
        if (!y) continue;
        C4_TRY(compare(a, &a->tensors[i], b, y, how, report));
        matched++;
    }
    C4_TRY(report_unmatched(a, b, report));
    C4_TRY(report_unmatched(b, a, report));
    if (matched > 0) return C4_OK;
    status = c4_fail(C4_ERR_DATA, "%s and %s have no tensor of the same name", a->path, b->path);
    return c4_cka_report_trouble(report, &whole, status);
}

static enum c4_status compare_all(const struct c4_args *args, struct source *sources,
                                  struct c4_cka_report *report) {
    struct c4_dispatch dispatch;
    const enum c4_op_slot used[] = {C4_SLOT_gram_block};
    C4_TRY(c4_dispatch(c4_arg_text(args, "backend"), &dispatch));
    if (c4_arg_flag(args, "strict-backend")) C4_TRY(c4_dispatch_strict(&dispatch, false, used, 1));
    int threads = (int)c4_arg_integer(args, "threads");
    if (threads != 1) C4_TRY(c4_team_check_stacks());
    bool force = c4_arg_flag(args, "force");
    const struct c4_cka_options how = {
        .gram = dispatch.backend.gram_block,
        .threads = threads ? threads : c4_team_threads_default(),
        .in_double = c4_arg_flag(args, "double"),
        .method = c4_arg_includes(args, "method", "gram")      ? C4_CKA_GRAM
                  : c4_arg_includes(args, "method", "feature") ? C4_CKA_FEATURE
                                                               : C4_CKA_AUTO};
    C4_TRY(c4_cka_report_open(c4_arg_flag(args, "json"), report));
    for (int i = 0; i < args->positional_count; i++)
        C4_TRY(open_source(args->positionals[i], &sources[i]));
    for (int i = 0; i < args->positional_count; i++)
        for (int j = i + 1; j < args->positional_count; j++)
            C4_TRY(compare_sources(&sources[i], &sources[j], force, &how, report));
    return c4_cka_report_close(report, dispatch.slot_origin[C4_SLOT_gram_block]->name);
}

static int run(const struct c4_args *args) {
    struct source *sources = calloc((size_t)args->positional_count, sizeof *sources);
    if (!sources) return c4_cli_exit(args, c4_fail(C4_ERR_MEMORY, "out of memory"));
    struct c4_cka_report report = {0};
    enum c4_status status = compare_all(args, sources, &report);
    c4_cka_report_free(&report);
    for (int i = 0; i < args->positional_count; i++) close_source(&sources[i]);
    free(sources);
    return c4_cli_exit(args, status);
}

const struct c4_command c4_cmd_cka = {
    .name = "cka",
    .summary = "similarity of representations in NPY, NPZ or safetensors files",
    .description =
        "Linear CKA, biased and debiased, of every pair of the files. A file holds features of the "
        "same examples in the same order: an NPY array [n, ...], whose further dimensions are "
        "flattened, or an NPZ or safetensors file, whose arrays are matched by name. What a file "
        "contains decides, not its suffix. Any number of examples and features. A constant layer "
        "has no CKA, and fewer than 4 examples have no debiased one: both are told, not refused. "
        "What cannot be compared is named, the rest is compared, and the exit status is 3.",
    .usage_tail = "FILE FILE...",
    .options = options,
    .examples = examples,
    .min_positionals = 2,
    .max_positionals = -1,
    .run = run,
};
