#include "core/base/array.h"

#include <stdint.h>
#include <stdlib.h>

enum { FIRST_BYTES = 64 };

void *c4_array_reserve(void *items, size_t item_bytes, size_t needed, size_t *capacity) {
    if (needed <= *capacity && items) return items;
    size_t larger = *capacity <= SIZE_MAX / 2 ? 2 * *capacity : SIZE_MAX;
    if (larger < needed) larger = needed;
    if (larger < FIRST_BYTES / item_bytes) larger = FIRST_BYTES / item_bytes;
    if (larger == 0) larger = 1;
    if (larger > SIZE_MAX / item_bytes) return NULL;
    void *moved = realloc(items, larger * item_bytes);
    if (moved) *capacity = larger;
    return moved;
}
