/* conv4 cka: compares representations in files, ours or anybody's. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cli/cli.h"
#include "core/file/arrays.h"
#include "core/file/json.h"
#include "core/host/team.h"
#include "core/similarity/cka.h"
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

/* A tensor as [rows, everything else]. F16 and BF16 become float copies, integers double ones; all
 * exact but for those that warn_of_rounding() tells of. */
static enum c4_status view_features(const char *path, const struct c4_tensor *tensor,
                                    struct c4_features *features, void **copy) {
    size_t count;
    if (tensor->rank < 1 || !c4_tensor_count(tensor, &count) || count == 0)
        return c4_fail(C4_ERR_DATA, "%s: '%s' is not an array of at least one example", path,
                       tensor->name);
    *features = (struct c4_features){.data = tensor->data,
                                     .type = C4_FEATURES_FLOAT,
                                     .rows = tensor->shape[0],
                                     .features = count / tensor->shape[0],
                                     .name = path};
    if (tensor->dtype == C4_F32) return C4_OK;
    bool half = tensor->dtype == C4_F16 || tensor->dtype == C4_BF16;
    if (!half) features->type = C4_FEATURES_DOUBLE;
    if (tensor->dtype == C4_F64) return C4_OK;
    void *values = malloc(count * (half ? sizeof(float) : sizeof(double)));
    if (!values) return c4_fail(C4_ERR_MEMORY, "%s: out of memory for %zu values", path, count);
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

static void print_row(const char *layer, const char *a, const char *b,
                      const struct c4_cka_result *r) {
    printf("%-10s %s ~ %s\n"
           "           biased %.6f  debiased %.6f  n %zu  p %zu  q %zu  %s  %.3f s  %.3g GFLOP\n",
           layer, a, b, r->biased, r->debiased, r->n, r->p, r->q, c4_cka_method_name(r->method),
           r->seconds, r->flops * 1e-9);
}

static json_t *json_row(const char *layer, const char *a, const char *b,
                        const struct c4_cka_result *r) {
    return json_pack("{s:s, s:s, s:s, s:o, s:o, s:I, s:I, s:I, s:s, s:o, s:o, s:o}", "layer", layer,
                     "a", a, "b", b, "biased", c4_json_real(r->biased), "debiased",
                     r->has_debiased ? c4_json_real(r->debiased) : json_null(), "n",
                     (json_int_t)r->n, "p", (json_int_t)r->p, "q", (json_int_t)r->q, "method",
                     c4_cka_method_name(r->method), "seconds", c4_json_real(r->seconds), "flops",
                     c4_json_real(r->flops), "bytes", c4_json_real(r->bytes));
}

/* One pair of tensors; appends to `rows` or prints. */
static enum c4_status compare(const char *layer, const struct source *a, const struct c4_tensor *x,
                              const struct source *b, const struct c4_tensor *y,
                              const struct c4_cka_options *how, json_t *rows) {
    struct c4_features fx = {0}, fy = {0};
    void *copy_x = NULL, *copy_y = NULL;
    struct c4_cka_result result;
    enum c4_status status = view_features(a->path, x, &fx, &copy_x);
    if (status == C4_OK) status = view_features(b->path, y, &fy, &copy_y);
    if (status == C4_OK) {
        struct c4_cka_options choice = *how;
        choice.biased_only = fx.rows < 4; /* debiased is not defined */
        status = c4_cka(&fx, &fy, &choice, &result);
    }
    if (status == C4_OK && rows)
        json_array_append_new(rows, json_row(layer, a->path, b->path, &result));
    else if (status == C4_OK)
        print_row(layer, a->path, b->path, &result);
    free(copy_x);
    free(copy_y);
    return status;
}

/* Single arrays are compared as they are, whatever their names; else tensors of the same name. */
static enum c4_status compare_sources(const struct source *a, const struct source *b,
                                      const struct c4_cka_options *how, json_t *rows) {
    if (a->count == 1 && b->count == 1)
        return compare(a->tensors[0].name[0] ? a->tensors[0].name : "-", a, &a->tensors[0], b,
                       &b->tensors[0], how, rows);
    size_t matched = 0;
    for (size_t i = 0; i < a->count; i++)
        for (size_t j = 0; j < b->count; j++)
            if (strcmp(a->tensors[i].name, b->tensors[j].name) == 0) {
                C4_TRY(
                    compare(a->tensors[i].name, a, &a->tensors[i], b, &b->tensors[j], how, rows));
                matched++;
            }
    if (matched == 0)
        return c4_fail(C4_ERR_DATA, "%s and %s have no tensor of the same name", a->path, b->path);
    return C4_OK;
}

static enum c4_status compare_all(const struct c4_args *args, struct source *sources) {
    struct c4_dispatch dispatch;
    const enum c4_op_slot used[] = {C4_SLOT_gram_block};
    C4_TRY(c4_dispatch(c4_arg_text(args, "backend"), &dispatch));
    if (c4_arg_flag(args, "strict-backend")) C4_TRY(c4_dispatch_strict(&dispatch, false, used, 1));
    int threads = (int)c4_arg_integer(args, "threads");
    const struct c4_cka_options how = {
        .gram = dispatch.backend.gram_block,
        .threads = threads ? threads : c4_team_threads_default(),
        .in_double = c4_arg_flag(args, "double"),
        .method = c4_arg_includes(args, "method", "gram")      ? C4_CKA_GRAM
                  : c4_arg_includes(args, "method", "feature") ? C4_CKA_FEATURE
                                                               : C4_CKA_AUTO};
    for (int i = 0; i < args->positional_count; i++)
        C4_TRY(open_source(args->positionals[i], &sources[i]));
    json_t *rows = c4_arg_flag(args, "json") ? json_array() : NULL;
    enum c4_status status = C4_OK;
    for (int i = 0; status == C4_OK && i < args->positional_count; i++)
        for (int j = i + 1; status == C4_OK && j < args->positional_count; j++)
            status = compare_sources(&sources[i], &sources[j], &how, rows);
    if (status == C4_OK && rows) {
        json_t *object =
            json_pack("{s:s, s:i, s:s, s:O}", "conv4", C4_VERSION, "arithmetic", C4_ARITHMETIC,
                      "gram", dispatch.slot_origin[C4_SLOT_gram_block]->name, "comparisons", rows);
        json_dumpf(object, stdout, JSON_INDENT(2));
        putchar('\n');
        json_decref(object);
    }
    json_decref(rows);
    return status;
}

static int run(const struct c4_args *args) {
    struct source *sources = calloc((size_t)args->positional_count, sizeof *sources);
    if (!sources) return c4_cli_exit(args, c4_fail(C4_ERR_MEMORY, "out of memory"));
    enum c4_status status = compare_all(args, sources);
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
        "contains decides, not its suffix. Any number of examples and features.",
    .usage_tail = "FILE FILE...",
    .options = options,
    .examples = examples,
    .min_positionals = 2,
    .max_positionals = -1,
    .run = run,
};
