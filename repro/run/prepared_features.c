#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */
#include "repro/run/prepared_features.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "core/base/huge_pages.h"

/* --- numbers of images --- */

void c4_row_counts_add(struct c4_row_counts *counts, size_t value) {
    int at = 0;
    while (at < counts->count && counts->value[at] < value) at++;
    if ((at < counts->count && counts->value[at] == value) ||
        counts->count == C4_SIMILARITY_SIZES_MAX)
        return;
    memmove(counts->value + at + 1, counts->value + at,
            (size_t)(counts->count - at) * sizeof *counts->value);
    counts->value[at] = value;
    counts->count++;
}

size_t c4_row_counts_most(const struct c4_row_counts *counts) {
    return counts->count ? counts->value[counts->count - 1] : 0;
}

/* --- features --- */

/* Features of more than a few images are mapped, and returned to the system when they are freed.
 * The heap keeps freed memory (repro/workers/worker.c), and what is allocated meanwhile would
 * fragment the space that they leave behind. They are allocated a few times a run, not each epoch.
 */
enum { MAPPED_BYTES = 4 << 20 };

struct block {
    size_t mapped_bytes; /* 0: from the heap */
    _Alignas(64) float values[];
};

static struct block *block_of(float *features) {
    return (struct block *)(void *)((char *)features - offsetof(struct block, values));
}

static float *allocate(size_t count, bool mapped) {
    size_t bytes = sizeof(struct block) + count * sizeof(float);
    struct block *block;
    if (!mapped) {
        block = aligned_alloc(_Alignof(struct block), (bytes + 63) / 64 * 64);
        if (!block) return NULL;
        block->mapped_bytes = 0;
    } else {
        block = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (block == MAP_FAILED) return NULL;
        c4_prefer_huge_pages(block, bytes);
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
        features[layer] = allocate(images * c4_layer_features(layer), bytes >= MAPPED_BYTES);
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

/* --- sides --- */

static struct c4_similarity_options options_of(const struct c4_runner *runner,
                                               const struct c4_row_counts *rows) {
    return (struct c4_similarity_options){.gram = runner->gram,
                                          .threads = runner->threads,
                                          .leading = rows ? rows->value : NULL,
                                          .leading_count = rows ? (size_t)rows->count : 0};
}

static enum c4_status make_layer(const struct c4_runner *runner, const float *features, int layer,
                                 const struct c4_row_counts *rows,
                                 struct c4_prepared_features *sides) {
    const struct c4_similarity_options options = options_of(runner, rows);
    const struct c4_features of_layer = {.data = features,
                                         .type = C4_FEATURES_FLOAT,
                                         .rows = c4_row_counts_most(rows),
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
                                         float *const features[C4_LAYERS],
                                         const struct c4_row_counts *rows,
                                         struct c4_prepared_features *sides) {
    enum c4_status status = C4_OK;
    *sides = (struct c4_prepared_features){0};
    for (int layer = 0; layer < C4_LAYERS && status == C4_OK; layer++)
        status = make_layer(runner, features[layer], layer, rows, sides);
    if (status != C4_OK) c4_prepared_features_free(sides);
    return status;
}

enum c4_status c4_prepared_features_use(const struct c4_runner *runner, float *features[C4_LAYERS],
                                        uint32_t images, const struct c4_row_counts *rows,
                                        struct c4_prepared_features *sides) {
    float **logits = &features[C4_LAYERS - 1];
    enum c4_status status = C4_OK;
    *sides = (struct c4_prepared_features){.logits = *logits, .images = images};
    for (int layer = 0; layer < C4_LAYERS && status == C4_OK; layer++) {
        status = make_layer(runner, features[layer], layer, rows, sides);
        if (&features[layer] != logits) free_layer(&features[layer]);
    }
    sides->own_logits = *logits;
    *logits = NULL;
    if (status != C4_OK) c4_prepared_features_free(sides);
    return status;
}

static size_t logits_bytes(uint32_t images) {
    return (size_t)images * C4_CLASSES * sizeof(float);
}

void c4_prepared_features_free(struct c4_prepared_features *sides) {
    free_layer(&sides->own_logits);
    for (int i = 0; i < C4_SIMILARITIES; i++)
        for (int layer = 0; layer < C4_LAYERS; layer++)
            if (sides->of[i][layer]) c4_similarities[i]->release(sides->of[i][layer]);
    *sides = (struct c4_prepared_features){0};
}

enum c4_status c4_prepared_features_out_cost(const struct c4_prepared_features *sides,
                                             enum c4_cost_what what, struct c4_row_list *rows) {
    for (int layer = 0; layer < C4_LAYERS; layer++) {
        struct c4_similarity_work sum = {.method = NULL};
        for (int i = 0; i < C4_SIMILARITIES; i++) {
            if (!sides->of[i][layer]) continue;
            const struct c4_similarity_work work = c4_similarities[i]->work(sides->of[i][layer]);
            if (!sum.method) sum.method = work.method;
            sum.seconds += work.seconds;
            sum.flops += work.flops;
            sum.bytes += work.bytes;
        }
        if (sum.method) C4_TRY(c4_out_similarity_cost(rows, what, c4_layer_name[layer], &sum));
    }
    return C4_OK;
}

/* --- as bytes: a size for each side, then the sides, on 64-byte boundaries, then logits --- */

struct head {
    uint64_t side_bytes[C4_SIMILARITIES][C4_LAYERS];
    uint32_t images; /* of the logits; 0: none */
};

enum { HEAD_BYTES = (sizeof(struct head) + 63) / 64 * 64 };

size_t c4_prepared_features_packed_bytes(const struct c4_prepared_features *sides) {
    size_t sum = HEAD_BYTES + logits_bytes(sides->images);
    for (int i = 0; i < C4_SIMILARITIES; i++)
        for (int layer = 0; layer < C4_LAYERS; layer++) {
            if (!sides->of[i][layer]) continue;
            size_t bytes = c4_similarities[i]->packed_bytes(sides->of[i][layer]);
            if (bytes == 0) return 0;
            sum += bytes;
        }
    return sum;
}

void c4_prepared_features_pack(const struct c4_prepared_features *sides, void *bytes) {
    struct head *head = bytes;
    unsigned char *to = (unsigned char *)bytes + HEAD_BYTES;
    *head = (struct head){.images = sides->images};
    for (int i = 0; i < C4_SIMILARITIES; i++)
        for (int layer = 0; layer < C4_LAYERS; layer++) {
            if (!sides->of[i][layer]) continue;
            head->side_bytes[i][layer] = c4_similarities[i]->packed_bytes(sides->of[i][layer]);
            c4_similarities[i]->pack(sides->of[i][layer], to);
            to += head->side_bytes[i][layer];
        }
    if (sides->images > 0) memcpy(to, sides->logits, logits_bytes(sides->images));
}

enum c4_status c4_prepared_features_open(const struct c4_runner *runner, const void *bytes,
                                         struct c4_prepared_features *sides) {
    const struct c4_similarity_options options = options_of(runner, NULL);
    const struct head *head = bytes;
    const unsigned char *from = (const unsigned char *)bytes + HEAD_BYTES;
    enum c4_status status = C4_OK;
    *sides = (struct c4_prepared_features){.images = head->images};
    for (int i = 0; i < C4_SIMILARITIES; i++)
        for (int layer = 0; layer < C4_LAYERS && status == C4_OK; layer++) {
            const uint64_t size = head->side_bytes[i][layer];
            if (size == 0) continue;
            status = c4_similarities[i]->open(from, size, &options, &sides->of[i][layer]);
            from += size;
        }
    if (sides->images > 0) sides->logits = (const float *)(const void *)from;
    if (status != C4_OK) c4_prepared_features_free(sides);
    return status;
}
