#include "repro/commands/cka_source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Rounding integers beyond 2^53 is not an error, but the user is warned. */
static void warn_of_rounding(const struct c4_cka_source *source) {
    for (size_t i = 0; i < source->file.count; i++) {
        const struct c4_tensor *tensor = &source->file.tensors[i];
        char shown[C4_NAME_SHOWN_SIZE];
        size_t rounded = c4_tensor_rounded(tensor);
        if (rounded > 0)
            fprintf(stderr, "%s:%s%s %zu integers beyond 2^53 are rounded to doubles\n",
                    source->path, tensor->name[0] ? " tensor " : "",
                    c4_name_show(tensor->name, shown), rounded);
    }
}

static enum c4_status list_arrays(struct c4_cka_source *source) {
    const struct c4_arrays *file = &source->file;
    source->arrays = calloc(file->count + file->unreadable.count + 1, sizeof *source->arrays);
    if (!source->arrays) return c4_fail(C4_ERR_MEMORY, "%s: out of memory", source->path);
    for (size_t i = 0; i < file->count; i++)
        source->arrays[source->count++] =
            (struct c4_cka_array){.name = file->tensors[i].name, .tensor = &file->tensors[i]};
    for (size_t i = 0; i < file->unreadable.count; i++)
        source->arrays[source->count++] = (struct c4_cka_array){
            .name = file->unreadable.items[i].name, .reason = file->unreadable.items[i].reason};
    return C4_OK;
}

enum c4_status c4_cka_source_open(const char *path, struct c4_cka_source *source) {
    *source = (struct c4_cka_source){.path = path};
    source->status = c4_arrays_read(path, &source->file);
    if (source->status != C4_OK) {
        source->sentence = strdup(c4_error());
        return source->sentence ? C4_OK : c4_fail(C4_ERR_MEMORY, "%s: out of memory", path);
    }
    C4_TRY(list_arrays(source));
    if (source->file.left_out) fprintf(stderr, "%s\n", source->file.left_out);
    warn_of_rounding(source);
    return C4_OK;
}

void c4_cka_source_close(struct c4_cka_source *source) {
    free(source->arrays);
    free(source->sentence);
    c4_arrays_free(&source->file);
    *source = (struct c4_cka_source){0};
}

const struct c4_cka_array *c4_cka_source_find(const struct c4_cka_source *source,
                                              const char *name) {
    for (size_t i = 0; i < source->count; i++)
        if (strcmp(source->arrays[i].name, name) == 0) return &source->arrays[i];
    return NULL;
}

const struct c4_cka_array *c4_cka_source_single(const struct c4_cka_source *source) {
    return source->file.count == 1 ? &source->arrays[0] : NULL;
}

static char *name_of(const char *path, const char *name) {
    char shown[C4_NAME_SHOWN_SIZE];
    size_t size = strlen(path) + sizeof shown + 8;
    char *text = malloc(size);
    if (text && name[0])
        snprintf(text, size, "%s: '%s'", path, c4_name_show(name, shown));
    else if (text)
        snprintf(text, size, "%s", path);
    return text;
}

static enum c4_status view_features(const struct c4_tensor *tensor, struct c4_cka_view *view) {
    struct c4_features *features = &view->features;
    size_t count;
    if (tensor->rank < 1 || !c4_tensor_count(tensor, &count) || count == 0)
        return c4_fail(C4_ERR_DATA, "%s is not an array of at least one example", view->name);
    *features = (struct c4_features){.data = tensor->data,
                                     .type = C4_FEATURES_FLOAT,
                                     .rows = tensor->shape[0],
                                     .features = count / tensor->shape[0],
                                     .name = view->name};
    if (tensor->dtype == C4_F32) return C4_OK;
    bool half = tensor->dtype == C4_F16 || tensor->dtype == C4_BF16;
    if (!half) features->type = C4_FEATURES_DOUBLE;
    if (tensor->dtype == C4_F64) return C4_OK;
    void *values = malloc(count * (half ? sizeof(float) : sizeof(double)));
    if (!values)
        return c4_fail(C4_ERR_MEMORY, "%s: out of memory for %zu values", view->name, count);
    for (size_t i = 0; i < count; i++) {
        double value = c4_tensor_get(tensor, i);
        if (half)
            ((float *)values)[i] = (float)value;
        else
            ((double *)values)[i] = value;
    }
    features->data = view->copy = values;
    return C4_OK;
}

enum c4_status c4_cka_view_open(const char *path, const struct c4_cka_array *array,
                                struct c4_cka_view *view) {
    *view = (struct c4_cka_view){0};
    if (array->reason) return c4_fail(C4_ERR_DATA, "%s", array->reason);
    view->name = name_of(path, array->name);
    if (!view->name) return c4_fail(C4_ERR_MEMORY, "%s: out of memory for a name", path);
    return view_features(array->tensor, view);
}

void c4_cka_view_close(struct c4_cka_view *view) {
    free(view->name);
    free(view->copy);
    *view = (struct c4_cka_view){0};
}
