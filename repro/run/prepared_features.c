#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */
#include "repro/run/prepared_features.h"

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

static size_t layer_bytes(int layer, uint32_t images) {
    return images * c4_layer_features(layer) * sizeof(float);
}

void c4_feature_space_free(struct c4_feature_space *space) {
    for (int layer = 0; layer < C4_LAYERS; layer++)
        if (space->layer[layer]) munmap(space->layer[layer], layer_bytes(layer, space->images));
    *space = (struct c4_feature_space){.images = 0};
}

/* Mapped, not from the heap, which would not return them to the system (repro/workers/worker.c).
 * They stay until the process needs more: the system would fill new pages with zeros, which takes
 * as long as a third of the evaluation that overwrites them. */
enum c4_status c4_feature_space_reserve(struct c4_feature_space *space, uint32_t images) {
    if (space->images >= images) return C4_OK;
    c4_feature_space_free(space);
    space->images = images;
    for (int layer = 0; layer < C4_LAYERS; layer++) {
        const size_t bytes = layer_bytes(layer, images);
        void *block = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (block == MAP_FAILED) {
            c4_feature_space_free(space);
            return c4_fail(C4_ERR_MEMORY, "out of memory for the features of %u images", images);
        }
        c4_prefer_huge_pages(block, bytes);
        space->layer[layer] = block;
    }
    return C4_OK;
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
                                         const struct c4_feature_space *space,
                                         const struct c4_row_counts *rows,
                                         struct c4_prepared_features *sides) {
    enum c4_status status = C4_OK;
    *sides = (struct c4_prepared_features){0};
    for (int layer = 0; layer < C4_LAYERS && status == C4_OK; layer++)
        status = make_layer(runner, space->layer[layer], layer, rows, sides);
    if (status != C4_OK) c4_prepared_features_free(sides);
    return status;
}

static size_t logits_bytes(uint32_t images) {
    return (size_t)images * C4_CLASSES * sizeof(float);
}

enum c4_status c4_prepared_features_keep_logits(struct c4_prepared_features *sides,
                                                const struct c4_feature_space *space,
                                                uint32_t images) {
    float *logits = malloc(logits_bytes(images));
    if (!logits) return c4_fail(C4_ERR_MEMORY, "out of memory for the logits of %u images", images);
    memcpy(logits, space->layer[C4_LAYERS - 1], logits_bytes(images));
    sides->logits = sides->own_logits = logits;
    sides->images = images;
    return C4_OK;
}

void c4_prepared_features_free(struct c4_prepared_features *sides) {
    free(sides->own_logits);
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
