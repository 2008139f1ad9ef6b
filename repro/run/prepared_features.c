#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */
#include "repro/run/prepared_features.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "core/net/init.h"

/* Memory for cached references: large enough for those of one seed and one image set at the quick
 * scale. */
#define CACHE_BYTES ((size_t)192 << 20)
enum { ENTRIES = 96 };

struct entry {
    struct c4_network network;
    struct c4_features_of of;
    struct c4_prepared_features sides;
    size_t bytes;
    uint64_t used; /* the call that last used it */
};

struct c4_reference_cache {
    const struct c4_runner *runner;
    struct c4_plan *plan; /* for the references; the run's own plan is not touched */
    enum c4_order order;  /* of the plan */
    struct c4_checkpoint *scratch;
    struct c4_network loaded; /* the network in the plan */
    bool has_loaded;
    struct entry entry[ENTRIES];
    int entries;
    size_t bytes;
    uint64_t calls;
};

/* Features of this size are rare and short-lived. The heap keeps freed memory
 * (repro/workers/worker.c), and cached references would fragment the space that such features leave
 * behind. They are therefore mapped, and returned to the system. */
enum { RARE_BYTES = 64 << 20 };

struct block {
    size_t mapped_bytes; /* 0: from the heap */
    _Alignas(64) float values[];
};

static struct block *block_of(float *features) {
    return (struct block *)(void *)((char *)features - offsetof(struct block, values));
}

static float *allocate(size_t count, bool rare) {
    size_t bytes = sizeof(struct block) + count * sizeof(float);
    struct block *block;
    if (!rare) {
        block = aligned_alloc(_Alignof(struct block), (bytes + 63) / 64 * 64);
        if (!block) return NULL;
        block->mapped_bytes = 0;
    } else {
        block = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (block == MAP_FAILED) return NULL;
        block->mapped_bytes = bytes;
    }
    return block->values;
}

enum c4_status c4_features_alloc(uint32_t images, float *features[C4_LAYERS]) {
    size_t bytes = 0;
    memset(features, 0, C4_LAYERS * sizeof *features);
    for (int layer = 0; layer < C4_LAYERS; layer++)
        bytes += images * c4_layer_features(layer) * sizeof(float);
    for (int layer = 0; layer < C4_LAYERS; layer++) {
        features[layer] = allocate(images * c4_layer_features(layer), bytes >= RARE_BYTES);
        if (features[layer]) continue;
        c4_features_free(features);
        return c4_fail(C4_ERR_MEMORY, "out of memory for the features of %u images", images);
    }
    return C4_OK;
}

static void free_layer(float **features) {
    struct block *block = *features ? block_of(*features) : NULL;
    *features = NULL;
    if (block && block->mapped_bytes)
        munmap(block, block->mapped_bytes);
    else
        free(block);
}

void c4_features_free(float *features[C4_LAYERS]) {
    for (int layer = 0; layer < C4_LAYERS; layer++) free_layer(&features[layer]);
}

static enum c4_status make_layer(const struct c4_runner *runner, const float *features, int layer,
                                 uint32_t rows, struct c4_prepared_features *sides) {
    const struct c4_similarity_options options = {.gram = runner->gram, .threads = runner->threads};
    const struct c4_features of_layer = {.data = features,
                                         .type = C4_FEATURES_FLOAT,
                                         .rows = rows,
                                         .features = c4_layer_features(layer),
                                         .name = c4_layer_name[layer]};
    for (int i = 0; i < C4_SIMILARITIES; i++) {
        if (!(runner->protocol->similarities & 1u << i)) continue;
        C4_TRY(c4_similarities[i]->prepare(&of_layer, &options, &sides->of[i][layer]));
        C4_TRY(runner->advance(runner->context, 0));
    }
    return C4_OK;
}

enum c4_status c4_prepared_features_make(const struct c4_runner *runner,
                                         float *const features[C4_LAYERS], uint32_t rows,
                                         struct c4_prepared_features *sides) {
    enum c4_status status = C4_OK;
    *sides = (struct c4_prepared_features){0};
    for (int layer = 0; layer < C4_LAYERS && status == C4_OK; layer++)
        status = make_layer(runner, features[layer], layer, rows, sides);
    if (status != C4_OK) c4_prepared_features_free(sides);
    return status;
}

enum c4_status c4_prepared_features_use(const struct c4_runner *runner, float *features[C4_LAYERS],
                                        uint32_t rows, struct c4_prepared_features *sides) {
    enum c4_status status = C4_OK;
    *sides = (struct c4_prepared_features){0};
    for (int layer = 0; layer < C4_LAYERS && status == C4_OK; layer++) {
        status = make_layer(runner, features[layer], layer, rows, sides);
        free_layer(&features[layer]);
    }
    if (status != C4_OK) c4_prepared_features_free(sides);
    return status;
}

void c4_prepared_features_free(struct c4_prepared_features *sides) {
    for (int i = 0; i < C4_SIMILARITIES; i++)
        for (int layer = 0; layer < C4_LAYERS; layer++)
            if (sides->of[i][layer]) c4_similarities[i]->release(sides->of[i][layer]);
    *sides = (struct c4_prepared_features){0};
}

enum c4_status c4_prepared_features_out_cost(const struct c4_prepared_features *sides,
                                             enum c4_cost_what what, struct c4_row_list *rows) {
    for (int layer = 0; layer < C4_LAYERS; layer++)
        for (int i = 0; i < C4_SIMILARITIES; i++) {
            if (!sides->of[i][layer]) continue;
            const struct c4_similarity_work work = c4_similarities[i]->work(sides->of[i][layer]);
            C4_TRY(c4_out_similarity_cost(rows, what, c4_layer_name[layer], &work));
        }
    return C4_OK;
}

/* Expected size of a network's prepared features. */
static size_t expected_bytes(const struct c4_runner *runner, uint32_t rows) {
    size_t sum = 0;
    for (int i = 0; i < C4_SIMILARITIES; i++)
        for (int layer = 0; layer < C4_LAYERS; layer++)
            if (runner->protocol->similarities & 1u << i)
                sum += c4_similarities[i]->cost(rows, c4_layer_features(layer)).kept_bytes;
    return sum;
}

static size_t kept_bytes(const struct c4_prepared_features *sides) {
    size_t sum = 0;
    for (int i = 0; i < C4_SIMILARITIES; i++)
        for (int layer = 0; layer < C4_LAYERS; layer++)
            if (sides->of[i][layer]) sum += c4_similarities[i]->kept_bytes(sides->of[i][layer]);
    return sum;
}

enum c4_status c4_reference_cache_new(const struct c4_runner *runner,
                                      struct c4_reference_cache **out) {
    *out = NULL;
    struct c4_reference_cache *cache = calloc(1, sizeof *cache);
    if (!cache) return c4_fail(C4_ERR_MEMORY, "out of memory for reference networks");
    cache->runner = runner;
    cache->scratch = c4_checkpoint_new();
    if (!cache->scratch) {
        free(cache);
        return C4_ERR_MEMORY;
    }
    *out = cache;
    return C4_OK;
}

void c4_reference_cache_free(struct c4_reference_cache *cache) {
    if (!cache) return;
    for (int i = 0; i < cache->entries; i++) c4_prepared_features_free(&cache->entry[i].sides);
    cache->runner->step->destroy(cache->plan);
    c4_checkpoint_free(cache->scratch);
    free(cache);
}

static bool same_network(const struct c4_network *a, const struct c4_network *b) {
    return a->seed == b->seed && a->order == b->order &&
           strcmp(a->checkpoint.path, b->checkpoint.path) == 0 &&
           strcmp(a->checkpoint.sha256, b->checkpoint.sha256) == 0;
}

static struct entry *find(struct c4_reference_cache *cache, const struct c4_network *network,
                          const struct c4_features_of *of) {
    for (int i = 0; i < cache->entries; i++) {
        struct entry *entry = &cache->entry[i];
        if (same_network(&entry->network, network) && c4_image_set_same(entry->of.set, of->set) &&
            entry->of.statistics == of->statistics && entry->of.rows == of->rows)
            return entry;
    }
    return NULL;
}

/* Loads the network into the cache's plan. */
static enum c4_status load(struct c4_reference_cache *cache, const struct c4_network *network) {
    const struct c4_runner *runner = cache->runner;
    if (cache->has_loaded && same_network(&cache->loaded, network)) return C4_OK;
    cache->has_loaded = false;
    if (cache->plan && cache->order != network->order) {
        runner->step->destroy(cache->plan);
        cache->plan = NULL;
    }
    if (!cache->plan) {
        const struct c4_plan_config config = c4_runner_plan_config(runner, network->order);
        C4_TRY(runner->step->create(&config, &cache->plan));
        cache->order = network->order;
    }
    if (network->checkpoint.path[0])
        C4_TRY(c4_run_read_checkpoint(runner->folder, &network->checkpoint, network->seed,
                                      cache->scratch));
    else
        c4_net_init(network->seed, cache->scratch->state);
    C4_TRY(runner->step->load(cache->plan, cache->scratch->state, NULL));
    cache->loaded = *network;
    cache->has_loaded = true;
    return C4_OK;
}

/* c4_pass_watch: reports 0 images, because only the run's own images are counted. */
static enum c4_status watch(void *context, uint32_t images_done) {
    const struct c4_runner *runner = context;
    (void)images_done;
    return runner->advance(runner->context, 0);
}

static enum c4_status make(struct c4_reference_cache *cache, const struct c4_network *network,
                           const struct c4_features_of *of, struct c4_prepared_features *sides) {
    const struct c4_runner *runner = cache->runner;
    const struct c4_dataset *data = c4_images_of(runner->images, of->set);
    uint32_t images = c4_forwarded(runner->protocol->batch, of->rows, data->count);
    float *features[C4_LAYERS];
    C4_TRY(load(cache, network));
    C4_TRY(c4_features_alloc(images, features));
    const struct c4_pass pass = {.step = runner->step,
                                 .plan = cache->plan,
                                 .data = data,
                                 .labels = c4_dataset_labels(data),
                                 .batch = (int)runner->protocol->batch,
                                 .watch = watch,
                                 .watch_context = (void *)runner};
    struct c4_pass_result result;
    enum c4_status status = c4_evaluate(&pass, of->statistics, 0, images, &result, features);
    if (status == C4_OK) status = c4_prepared_features_use(runner, features, of->rows, sides);
    c4_features_free(features);
    return status;
}

static void drop(struct c4_reference_cache *cache, struct entry *entry) {
    c4_prepared_features_free(&entry->sides);
    cache->bytes -= entry->bytes;
    *entry = cache->entry[--cache->entries];
}

/* Drops the least recently used entries until there is room. */
static void make_room(struct c4_reference_cache *cache, size_t bytes) {
    while (cache->entries > 0 &&
           (cache->bytes + bytes > CACHE_BYTES || cache->entries == ENTRIES)) {
        struct entry *oldest = &cache->entry[0];
        for (int i = 1; i < cache->entries; i++)
            if (cache->entry[i].used < oldest->used) oldest = &cache->entry[i];
        drop(cache, oldest);
    }
}

enum c4_status c4_reference_cache_get(struct c4_reference_cache *cache,
                                      const struct c4_network *network,
                                      const struct c4_features_of *of, struct c4_row_list *rows,
                                      const struct c4_prepared_features **sides) {
    struct entry *entry = find(cache, network, of);
    if (!entry) {
        make_room(cache, expected_bytes(cache->runner, of->rows));
        struct c4_prepared_features made;
        C4_TRY(make(cache, network, of, &made));
        size_t bytes = kept_bytes(&made);
        entry = &cache->entry[cache->entries++];
        *entry = (struct entry){.network = *network, .of = *of, .sides = made, .bytes = bytes};
        cache->bytes += bytes;
        C4_TRY(c4_prepared_features_out_cost(&made, C4_COST_CKA_REFERENCE, rows));
    }
    entry->used = ++cache->calls;
    *sides = &entry->sides;
    return C4_OK;
}
