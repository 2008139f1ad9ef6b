#include "core/data/split.h"

#include <stdio.h>

_Static_assert(2 * C4_HALF_IMAGES == C4_FINETUNE_COUNT, "two halves of the fine-tuning images");

enum c4_status c4_dataset_view(const struct c4_dataset *parent, uint32_t first, uint32_t count,
                               struct c4_dataset *out) {
    *out = (struct c4_dataset){0};
    if (count == 0 || first > parent->count || count > parent->count - first) {
        return c4_fail(C4_ERR_USAGE, "%s has %u images; %u from image %u on were requested",
                       parent->name, parent->count, count, first);
    }
    struct c4_dataset view = *parent;
    view.owned = view.owned_patch_sums = NULL;
    view.first_index += first;
    view.count = count;
    if (count < parent->count) {
        int end = snprintf(NULL, 0, " [%u..%u]", first, first + count - 1);
        int room = (int)sizeof view.name - 1 - end;
        snprintf(view.name, sizeof view.name, "%.*s [%u..%u]", room, parent->name, first,
                 first + count - 1);
        C4_TRY(c4_dataset_hash(&view));
    }
    *out = view;
    return C4_OK;
}

enum c4_status c4_dataset_half(const struct c4_dataset *parent, enum c4_half half, uint32_t limit,
                               struct c4_dataset *out) {
    if (limit > C4_HALF_IMAGES) {
        *out = (struct c4_dataset){0};
        return c4_fail(C4_ERR_USAGE, "a fine-tuning half has %d images; %u were requested",
                       C4_HALF_IMAGES, limit);
    }
    return c4_dataset_view(parent, half == C4_HALF_TEST ? C4_HALF_IMAGES : 0,
                           limit > 0 ? limit : C4_HALF_IMAGES, out);
}
