#include "core/data/stretch.h"

#include "core/op/conv4.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t *image_at(const uint8_t *images, uint32_t i) {
    return images + (size_t)i * C4_IMAGE_BYTES;
}

static bool is_black(const uint8_t *image) {
    return image[0] == 0 && memcmp(image, image + 1, C4_IMAGE_BYTES - 1) == 0;
}

void c4_stretch_black(const uint8_t *images, uint32_t count, struct c4_stretch *stretch) {
    uint32_t length = 0;
    *stretch = (struct c4_stretch){0};
    for (uint32_t i = 0; i < count; i++) {
        bool black = is_black(image_at(images, i));
        if (!black && length >= C4_STRETCH_IMAGES) break;
        length = black ? length + 1 : 0;
        if (length >= C4_STRETCH_IMAGES)
            *stretch = (struct c4_stretch){.first = i + 1 - length, .count = length};
    }
}

static uint64_t mix(const uint8_t *image) {
    uint64_t hash = 0;
    for (size_t i = 0; i < C4_IMAGE_BYTES; i += sizeof hash) {
        uint64_t word;
        memcpy(&word, image + i, sizeof word);
        hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
        hash ^= hash >> 29;
    }
    return hash;
}

/* A hash table with open addressing: image index + 1 by content; 0 is free. */
struct table {
    uint32_t *slot;
    uint64_t *hash; /* of each image */
    size_t mask;
};

/* The last image before i that equals it, or i; i replaces it in the table. */
static uint32_t replace(struct table *table, const uint8_t *images, uint32_t i) {
    size_t place = table->hash[i] & table->mask;
    for (; table->slot[place] != 0; place = (place + 1) & table->mask) {
        uint32_t other = table->slot[place] - 1;
        if (table->hash[other] != table->hash[i] ||
            memcmp(image_at(images, other), image_at(images, i), C4_IMAGE_BYTES) != 0)
            continue;
        table->slot[place] = i + 1;
        return other;
    }
    table->slot[place] = i + 1;
    return i;
}

static void find_repeated(struct table *table, const uint8_t *images, uint32_t count,
                          struct c4_stretch *stretch) {
    uint32_t length = 0, distance = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t back = 0;
        if (!is_black(image_at(images, i))) {
            table->hash[i] = mix(image_at(images, i));
            back = i - replace(table, images, i);
        }
        if (back != distance && length >= C4_STRETCH_IMAGES) return;
        length = back == 0 ? 0 : back == distance ? length + 1 : 1;
        distance = back;
        if (length >= C4_STRETCH_IMAGES)
            *stretch = (struct c4_stretch){i + 1 - length, length, i + 1 - length - distance};
    }
}

enum c4_status c4_stretch_repeated(const uint8_t *images, uint32_t count,
                                   struct c4_stretch *stretch) {
    struct table table = {.mask = 1};
    *stretch = (struct c4_stretch){0};
    while (table.mask < (size_t)count * 2) table.mask = table.mask * 2 + 1;
    table.slot = calloc(table.mask + 1, sizeof *table.slot);
    table.hash = malloc((count + (size_t)1) * sizeof *table.hash);
    bool room = table.slot != NULL && table.hash != NULL;
    if (room) find_repeated(&table, images, count, stretch);
    free(table.slot);
    free(table.hash);
    return room ? C4_OK : c4_fail(C4_ERR_MEMORY, "out of memory to compare %u images", count);
}
