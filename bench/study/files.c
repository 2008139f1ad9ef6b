#include "bench/study/files.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/data/batch.h"
#include "core/data/split.h"
#include "core/file/safetensors.h"
#include "core/net/checkpoint.h"
#include "core/net/init.h"

/* Tensors to be written; names and owned data are freed together. */
struct tensors {
    struct c4_tensor *tensor;
    void **owned;
    struct c4_text *name;
    size_t count, capacity;
};

/* What a set's runs use. Empty: they do not. */
struct set_images {
    struct c4_dataset train, test, whole, tuning, heldout; /* the last two are views of `whole` */
};

static enum c4_status no_memory(void) {
    return c4_fail(C4_ERR_MEMORY, "out of memory for a peer's images and labels");
}

static enum c4_status grow(struct tensors *list) {
    if (list->count < list->capacity) return C4_OK;
    size_t capacity = 2 * list->capacity + 64;
    struct c4_tensor *tensor = realloc(list->tensor, capacity * sizeof *tensor);
    if (tensor) list->tensor = tensor;
    void **owned = realloc(list->owned, capacity * sizeof *owned);
    if (owned) list->owned = owned;
    struct c4_text *name = realloc(list->name, capacity * sizeof *name);
    if (name) list->name = name;
    if (!tensor || !owned || !name) return no_memory();
    list->capacity = capacity;
    return C4_OK;
}

static void free_all(struct tensors *list) {
    for (size_t i = 0; i < list->count; i++) {
        c4_text_free(&list->name[i]);
        free(list->owned[i]);
    }
    free(list->tensor);
    free(list->owned);
    free(list->name);
}

/* Takes the name, and `owned`, which is NULL for borrowed data, over. */
static enum c4_status add(struct tensors *list, struct c4_text *name, struct c4_tensor tensor,
                          void *owned) {
    enum c4_status status = c4_text_add(name, "%s", "");
    if (status == C4_OK) status = grow(list);
    if (status != C4_OK) {
        c4_text_free(name);
        free(owned);
        return status;
    }
    size_t count = 1;
    for (int i = 0; i < tensor.rank; i++) count *= tensor.shape[i];
    tensor.size_bytes = count * c4_dtype_size_bytes(tensor.dtype);
    list->tensor[list->count] = tensor;
    list->owned[list->count] = owned;
    list->name[list->count++] = *name;
    return C4_OK;
}

static bool has(const struct tensors *list, const char *name) {
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(c4_text_string(&list->name[i]), name) == 0) return true;
    return false;
}

static enum c4_status add_images(struct tensors *list, const char *set, const char *part,
                                 const struct c4_dataset *data) {
    struct c4_text name = {0};
    if (data->count == 0) return C4_OK;
    c4_text_add(&name, "images.%s-%s", set, part);
    return add(list, &name,
               (struct c4_tensor){.dtype = C4_U8,
                                  .rank = 4,
                                  .shape = {data->count, 3, C4_IMAGE_SIDE, C4_IMAGE_SIDE},
                                  .data = (uint8_t *)c4_dataset_images(data)},
               NULL); /* only read */
}

/* Labels under `rule` of the first `count` images of the data. */
static enum c4_status add_labels(struct tensors *list, const char *what,
                                 const struct c4_study_run *run, struct c4_label_spec rule,
                                 const struct c4_dataset *data, uint32_t count) {
    struct c4_text name = {0};
    uint8_t *labels = malloc(data->count);
    if (!labels) return no_memory();
    enum c4_status status = c4_labels_make(rule, run->seed, data, labels);
    if (status != C4_OK) {
        free(labels);
        return status;
    }
    c4_text_add(&name, "%s.%s", what, run->key);
    return add(list, &name,
               (struct c4_tensor){.dtype = C4_U8, .rank = 1, .shape = {count}, .data = labels},
               labels);
}

static enum c4_status add_orders(struct tensors *list, const struct c4_study_run *run) {
    struct c4_text name = {0};
    c4_text_add(&name, "order.%s.%" PRIu64 ".%" PRIu32 ".%" PRIu32, run->tunes ? "tune" : "train",
                run->seed, run->images, run->epochs);
    uint32_t *order = malloc((size_t)run->epochs * run->images * sizeof *order);
    if (!order || has(list, c4_text_string(&name))) {
        c4_text_free(&name);
        free(order);
        return order ? C4_OK : no_memory();
    }
    for (uint32_t epoch = 1; epoch <= run->epochs; epoch++)
        c4_batch_order(run->seed, run->tunes ? C4_RNG_FINETUNE_SHUFFLE : C4_RNG_SHUFFLE, epoch,
                       order + (size_t)(epoch - 1) * run->images, run->images);
    return add(list, &name,
               (struct c4_tensor){
                   .dtype = C4_I32, .rank = 2, .shape = {run->epochs, run->images}, .data = order},
               order);
}

static enum c4_status add_run(struct tensors *list, const struct set_images *sets,
                              const struct c4_study_run *run) {
    const struct c4_label_spec true_labels = {.rule = C4_LABELS_TRUE};
    const struct set_images *own = &sets[c4_set_find(run->data) - c4_sets];
    const struct c4_dataset *train = run->tunes ? &own->tuning : &own->train,
                            *test = run->tunes ? &own->heldout : &own->test;
    C4_TRY(add_labels(list, "drawn", run, run->labels, train, run->images));
    C4_TRY(add_labels(list, "true", run, true_labels, train, run->images));
    C4_TRY(add_labels(list, "evaluation", run, run->labels, test, test->count));
    C4_TRY(add_labels(list, "evaluation_true", run, true_labels, test, test->count));
    return add_orders(list, run);
}

static enum c4_status write_seed(const char *folder, uint64_t seed) {
    struct c4_text path = {0};
    struct c4_checkpoint *checkpoint = c4_checkpoint_new();
    if (!checkpoint) return C4_ERR_MEMORY;
    c4_net_init(seed, checkpoint->state);
    enum c4_status status = c4_text_add(&path, "%s/seed-%" PRIu64 ".safetensors", folder, seed);
    if (status == C4_OK) status = c4_checkpoint_write(path.bytes, checkpoint);
    c4_text_free(&path);
    c4_checkpoint_free(checkpoint);
    return status;
}

static enum c4_status write_seeds(const struct c4_study_tables *tables, const char *folder) {
    for (int i = 0; i < tables->runs; i++) {
        bool again = false;
        for (int k = 0; k < i; k++) again |= tables->run[k].seed == tables->run[i].seed;
        if (again) continue;
        C4_TRY(write_seed(folder, tables->run[i].seed));
        C4_TRY(write_seed(folder, tables->run[i].seed + 1));
    }
    return C4_OK;
}

/* As many training images as its runs need, and the halves for fine-tuning. */
static enum c4_status load_set(const struct c4_study_tables *tables, int index, const char *data,
                               uint64_t seed, struct set_images *images) {
    const struct c4_set *set = &c4_sets[index];
    uint32_t trained = 0;
    bool tunes = false;
    for (int i = 0; i < tables->runs; i++) {
        const struct c4_study_run *run = &tables->run[i];
        const struct c4_set *own = c4_set_find(run->data);
        if (!own)
            return c4_fail(C4_ERR_DATA, "%s: there is no data set '%s'",
                           c4_text_string(&tables->path), run->data);
        tunes |= run->tunes && (own == set || (run->crosses && own->tuning.other == index));
        if (own == set && !run->tunes && run->images > trained) trained = run->images;
    }
    if (trained) {
        C4_TRY(c4_dataset_load(data, set, C4_TRAIN, seed, trained, &images->train));
        C4_TRY(c4_dataset_load(data, set, C4_TEST, seed, 0, &images->test));
    }
    if (!tunes) return C4_OK;
    C4_TRY(c4_dataset_load(data, set, set->tuning.option ? C4_TUNING : set->tuning.split, seed, 0,
                           &images->whole));
    C4_TRY(c4_dataset_half(&images->whole, C4_HALF_TRAIN, 0, &images->tuning));
    return c4_dataset_half(&images->whole, C4_HALF_TEST, 0, &images->heldout);
}

static enum c4_status write_data(const struct c4_study_tables *tables, struct tensors *list,
                                 const struct set_images *sets, const char *folder) {
    for (int i = 0; i < c4_set_count; i++) {
        C4_TRY(add_images(list, c4_sets[i].word, "train", &sets[i].train));
        C4_TRY(add_images(list, c4_sets[i].word, "test", &sets[i].test));
        C4_TRY(add_images(list, c4_sets[i].word, "tuning", &sets[i].tuning));
        C4_TRY(add_images(list, c4_sets[i].word, "heldout", &sets[i].heldout));
    }
    for (int i = 0; i < tables->runs; i++) C4_TRY(add_run(list, sets, &tables->run[i]));
    for (size_t i = 0; i < list->count; i++) list->tensor[i].name = c4_text_string(&list->name[i]);
    struct c4_text path = {0};
    enum c4_status status = c4_text_add(&path, "%s/data.safetensors", folder);
    if (status == C4_OK)
        status = c4_safetensors_write(path.bytes, list->tensor, list->count, NULL, 0);
    c4_text_free(&path);
    return status;
}

enum c4_status c4_study_files_write(struct c4_study_tables *tables, const char *data,
                                    const char *folder) {
    struct set_images sets[C4_SETS_MAX] = {0};
    struct tensors list = {0};
    struct c4_text seed = {0};
    enum c4_status status = c4_study_tables_setting(tables, "synthetic_seed", &seed);
    for (int i = 0; i < c4_set_count && status == C4_OK; i++)
        status = load_set(tables, i, data, strtoull(c4_text_string(&seed), NULL, 10), &sets[i]);
    if (status == C4_OK) status = write_data(tables, &list, sets, folder);
    if (status == C4_OK) status = write_seeds(tables, folder);
    free_all(&list);
    c4_text_free(&seed);
    for (int i = 0; i < C4_SETS_MAX; i++) {
        c4_dataset_free(&sets[i].train);
        c4_dataset_free(&sets[i].test);
        c4_dataset_free(&sets[i].tuning);
        c4_dataset_free(&sets[i].heldout);
        c4_dataset_free(&sets[i].whole);
    }
    return status;
}
