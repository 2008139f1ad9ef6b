/* Arrays that grow. */
#ifndef C4_BASE_ARRAY_H
#define C4_BASE_ARRAY_H

#include <stddef.h>

/* Room for `needed` items of `item_bytes` in the array `items` of *capacity items (NULL and 0 at
 * first), at least doubling it if it is too small. Returns the array, which may have moved, and
 * updates *capacity; NULL, with array and *capacity unchanged, if memory runs out: the caller then
 * names what it was for. New items are not initialised. Release with free(). */
void *c4_array_reserve(void *items, size_t item_bytes, size_t needed, size_t *capacity);

#endif
