#include "repro/run/reference_cache.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/text.h"
#include "core/net/init.h"
#include "repro/run/known_checkpoint.h"

/* Of all shared references: this, but at most a quarter of the memory. */
#define LEAST_BYTES (UINT64_C(256) << 20)
#define WORKER_BYTES (UINT64_C(96) << 20)

/* Sides that cannot be shared, because they need the careful form, or as there is no room. */
enum { OWN = 12 };

struct own {
    char key[C4_SHA256_HEX_SIZE];
    struct c4_prepared_features sides;
    uint64_t used; /* the call that last used it; 0: none */
};

/* What a call returned. */
struct loan {
    char key[C4_SHA256_HEX_SIZE];
    const struct c4_prepared_features
        *sides; /* those below, an own, or the other loan's; or NULL */
    struct c4_reference_lease lease;
    struct c4_prepared_features leased; /* refers to it */
};

struct c4_reference_cache {
    const struct c4_runner *runner;
    struct c4_feature_space *space;
    struct c4_shared_references shared; /* of the runner, or made for this process */
    bool made;
    struct c4_reference_pool *pool;
    struct loan loan[C4_SIDES];
    struct own own[OWN];
    uint64_t calls;
    struct c4_plan *plan; /* for the references; the run's own plan is not touched */
    enum c4_order order;  /* of the plan */
    struct c4_checkpoint *scratch;
    struct c4_network loaded; /* the network in the plan */
    bool has_loaded;
};

/* --- the memory --- */

/* Of a slot: every number of images that the scale has. */
static uint64_t slot_bytes(const struct c4_protocol *protocol, const struct c4_scale *scale) {
    enum {
        ROUNDED = 64,
        SUMS = 2 * sizeof(double) * (C4_SIMILARITY_SIZES_MAX + 1),
        HEAD = 1 << 13
    };
    size_t rows = protocol->cka_images;
    uint64_t sum = 4096;
    if (protocol->curve_images > rows) rows = protocol->curve_images;
    for (int i = 0; i < scale->control_images.count; i++)
        if (scale->control_images.value[i] > rows) rows = scale->control_images.value[i];
    for (int i = 0; i < C4_SIMILARITIES; i++)
        for (int layer = 0; layer < C4_LAYERS; layer++)
            if (protocol->similarities & 1u << i)
                sum +=
                    c4_similarities[i]->cost(rows + ROUNDED, c4_layer_features(layer)).kept_bytes +
                    (rows + ROUNDED) * SUMS + HEAD;
    return sum + (rows + protocol->batch) * C4_CLASSES * sizeof(float); /* logits */
}

uint64_t c4_reference_cache_limit(const struct c4_protocol *protocol, const struct c4_scale *scale,
                                  int workers, uint64_t available_bytes) {
    const uint64_t slot = slot_bytes(protocol, scale);
    const long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
    uint64_t quarter = pages > 0 && page > 0 ? (uint64_t)pages * (uint64_t)page / 4 : 0;
    if (available_bytes > 0 && (quarter == 0 || available_bytes / 4 < quarter))
        quarter = available_bytes / 4;
    uint64_t limit = LEAST_BYTES + WORKER_BYTES * (uint64_t)workers;
    if (quarter > 0 && limit > quarter) limit = quarter;
    return limit < 4 * slot ? 4 * slot : limit;
}

enum c4_status c4_reference_cache_share(const struct c4_protocol *protocol,
                                        const struct c4_scale *scale, int workers,
                                        uint64_t available_bytes,
                                        struct c4_shared_references *shared) {
    return c4_shared_references_make(
        slot_bytes(protocol, scale),
        c4_reference_cache_limit(protocol, scale, workers, available_bytes), shared);
}

/* --- the cache --- */

enum c4_status c4_reference_cache_new(const struct c4_runner *runner,
                                      struct c4_feature_space *space,
                                      struct c4_reference_cache **out) {
    *out = NULL;
    struct c4_reference_cache *cache = calloc(1, sizeof *cache);
    if (!cache) return c4_fail(C4_ERR_MEMORY, "out of memory for reference networks");
    cache->runner = runner;
    cache->space = space;
    for (int side = 0; side < C4_SIDES; side++) cache->loan[side].lease.slot = -1;
    cache->scratch = c4_checkpoint_new();
    enum c4_status status = cache->scratch ? C4_OK : C4_ERR_MEMORY;
    if (status == C4_OK && runner->references) {
        cache->shared = *runner->references;
    } else if (status == C4_OK) {
        status = c4_reference_cache_share(runner->protocol, runner->scale, 1, 0, &cache->shared);
        cache->made = status == C4_OK;
    }
    if (status == C4_OK) status = c4_reference_pool_open(&cache->shared, &cache->pool);
    if (status != C4_OK) {
        c4_reference_cache_free(cache);
        return status;
    }
    *out = cache;
    return C4_OK;
}

static void leave(struct c4_reference_cache *cache, struct loan *loan) {
    loan->sides = NULL;
    c4_prepared_features_free(&loan->leased);
    if (cache->pool) c4_reference_release(cache->pool, &loan->lease);
}

void c4_reference_cache_leave(struct c4_reference_cache *cache) {
    for (int side = 0; side < C4_SIDES; side++) leave(cache, &cache->loan[side]);
}

void c4_reference_cache_free(struct c4_reference_cache *cache) {
    if (!cache) return;
    c4_reference_cache_leave(cache);
    c4_reference_pool_close(cache->pool);
    if (cache->made) close(cache->shared.descriptor);
    for (int i = 0; i < OWN; i++) c4_prepared_features_free(&cache->own[i].sides);
    cache->runner->step->destroy(cache->plan);
    c4_checkpoint_free(cache->scratch);
    free(cache);
}

/* The next network makes its own plan. */
void c4_reference_cache_change_team(struct c4_reference_cache *cache) {
    cache->runner->step->destroy(cache->plan);
    cache->plan = NULL;
    cache->has_loaded = false;
}

static bool same_network(const struct c4_network *a, const struct c4_network *b) {
    return a->seed == b->seed && a->order == b->order &&
           strcmp(a->checkpoint.path, b->checkpoint.path) == 0 &&
           strcmp(a->checkpoint.sha256, b->checkpoint.sha256) == 0;
}

/* Loads the network into the cache's plan. */
static enum c4_status load(struct c4_reference_cache *cache, const struct c4_network *network) {
    const struct c4_runner *runner = cache->runner;
    if (cache->has_loaded && same_network(&cache->loaded, network)) return C4_OK;
    if (cache->plan && cache->order != network->order) c4_reference_cache_change_team(cache);
    cache->has_loaded = false;
    if (!cache->plan) {
        const struct c4_plan_config config = c4_runner_plan_config(runner, network->order);
        C4_TRY(runner->step->create(&config, &cache->plan));
        cache->order = network->order;
    }
    if (network->checkpoint.path[0])
        C4_TRY(
            c4_run_await_checkpoint(runner, &network->checkpoint, network->seed, cache->scratch));
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
                           const struct c4_features_of *of, struct c4_row_list *rows,
                           struct c4_prepared_features *sides) {
    const struct c4_runner *runner = cache->runner;
    const struct c4_dataset *data = c4_images_of(runner->images, of->set);
    uint32_t images =
        c4_forwarded(runner->protocol->batch, (uint32_t)c4_row_counts_most(&of->rows), data->count);
    C4_TRY(load(cache, network));
    C4_TRY(c4_feature_space_reserve(cache->space, images));
    const struct c4_pass pass = {.step = runner->step,
                                 .plan = cache->plan,
                                 .data = data,
                                 .labels = c4_dataset_labels(data),
                                 .batch = (int)runner->protocol->batch,
                                 .watch = watch,
                                 .watch_context = (void *)runner};
    struct c4_pass_result result;
    C4_TRY(c4_evaluate(&pass, of->statistics, 0, images, &result, cache->space->layer));
    C4_TRY(c4_out_pass(rows, C4_COST_REFERENCE_FEATURES, &result));
    C4_TRY(c4_prepared_features_make(runner, cache->space, &of->rows, sides));
    enum c4_status status = c4_prepared_features_keep_logits(sides, cache->space, images);
    if (status != C4_OK) c4_prepared_features_free(sides);
    return status;
}

/* What identifies a reference within a study. */
static enum c4_status key_of(const struct c4_network *network, const struct c4_features_of *of,
                             char key[C4_SHA256_HEX_SIZE]) {
    struct c4_text text = {0};
    c4_text_add(&text, "%" PRIu64 " %d %s %s %d %d %d", network->seed, (int)network->order,
                network->checkpoint.path, network->checkpoint.sha256, of->set.set,
                (int)of->set.heldout, (int)of->statistics);
    for (int i = 0; i < of->rows.count; i++) c4_text_add(&text, " %zu", of->rows.value[i]);
    enum c4_status status = C4_ERR_MEMORY; /* c4_text_add() has said so */
    if (!text.lost)
        status = c4_sha256_hex(c4_text_string(&text), strlen(c4_text_string(&text)), key);
    c4_text_free(&text);
    return status;
}

static struct own *find_own(struct c4_reference_cache *cache, const char *key) {
    for (int i = 0; i < OWN; i++)
        if (cache->own[i].used && strcmp(cache->own[i].key, key) == 0) return &cache->own[i];
    return NULL;
}

static bool is_lent(const struct c4_reference_cache *cache, const struct own *own) {
    for (int side = 0; side < C4_SIDES; side++)
        if (cache->loan[side].sides == &own->sides) return true;
    return false;
}

_Static_assert(OWN > (int)C4_SIDES, "one is not lent");

/* Keeps sides in this process, in place of those that were used longest ago. */
static struct own *keep(struct c4_reference_cache *cache, const char *key,
                        const struct c4_prepared_features *sides) {
    struct own *oldest = NULL;
    for (int i = 0; i < OWN; i++)
        if (!is_lent(cache, &cache->own[i]) && (!oldest || cache->own[i].used < oldest->used))
            oldest = &cache->own[i];
    c4_prepared_features_free(&oldest->sides);
    oldest->sides = *sides;
    memcpy(oldest->key, key, sizeof oldest->key);
    return oldest;
}

/* Hands new sides to the other processes, if they can be shared. */
static void publish(struct c4_reference_cache *cache, struct c4_reference_lease *lease,
                    const struct c4_prepared_features *sides) {
    const size_t bytes = c4_prepared_features_packed_bytes(sides);
    if (lease->slot < 0 || bytes == 0 || !c4_reference_reserve(cache->pool, lease, bytes)) return;
    c4_prepared_features_pack(sides, lease->bytes);
    c4_reference_publish(cache->pool, lease, bytes);
}

static enum c4_status open_lease(struct c4_reference_cache *cache, struct loan *loan) {
    C4_TRY(c4_prepared_features_open(cache->runner, loan->lease.bytes, &loan->leased));
    loan->sides = &loan->leased;
    return C4_OK;
}

static void lend(struct c4_reference_cache *cache, struct own *own, struct loan *loan) {
    own->used = ++cache->calls;
    loan->sides = &own->sides;
}

static enum c4_status make_and_share(struct c4_reference_cache *cache,
                                     const struct c4_network *network,
                                     const struct c4_features_of *of, struct c4_row_list *rows,
                                     struct loan *loan) {
    struct c4_prepared_features made;
    C4_TRY(make(cache, network, of, rows, &made));
    enum c4_status status = c4_prepared_features_out_cost(&made, C4_COST_CKA_REFERENCE, rows);
    if (status == C4_OK) publish(cache, &loan->lease, &made);
    if (status != C4_OK || loan->lease.filled) {
        c4_prepared_features_free(&made);
        return status == C4_OK ? open_lease(cache, loan) : status;
    }
    c4_reference_release(cache->pool, &loan->lease);
    lend(cache, keep(cache, loan->key, &made), loan);
    return C4_OK;
}

/* What the loan's key is of: the run's own side, if it is lent, or from this process, another one,
 * or anew. */
static enum c4_status borrow(struct c4_reference_cache *cache, const struct c4_network *network,
                             const struct c4_features_of *of, struct c4_row_list *rows,
                             struct loan *loan) {
    const struct loan *other = &cache->loan[C4_SIDE_OWN];
    struct own *own = find_own(cache, loan->key);
    if (other->sides && strcmp(other->key, loan->key) == 0) {
        loan->sides = other->sides;
        return C4_OK;
    }
    if (own) {
        lend(cache, own, loan);
        return C4_OK;
    }
    c4_reference_take(cache->pool, loan->key, false, &loan->lease);
    if (loan->lease.slot >= 0 && loan->lease.filled) return open_lease(cache, loan);
    return make_and_share(cache, network, of, rows, loan);
}

enum c4_status c4_reference_cache_get(struct c4_reference_cache *cache, enum c4_side side,
                                      const struct c4_network *network,
                                      const struct c4_features_of *of, struct c4_row_list *rows,
                                      const struct c4_prepared_features **sides) {
    struct loan *loan = &cache->loan[side];
    leave(cache, &cache->loan[C4_SIDE_REFERENCE]); /* it may be the other's */
    leave(cache, loan);
    C4_TRY(key_of(network, of, loan->key));
    enum c4_status status = borrow(cache, network, of, rows, loan);
    if (status != C4_OK) leave(cache, loan);
    *sides = loan->sides;
    return status;
}
