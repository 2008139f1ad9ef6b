/* The arrays of a file that are sound but of a kind that is not read: complex numbers, F8_E4M3, too
 * many dimensions. They hide no others: who needs one fails with its reason. */
#ifndef C4_FILE_UNREADABLE_H
#define C4_FILE_UNREADABLE_H

#include "core/base/status.h"

#include <stddef.h>

struct c4_unreadable {
    char *name, *reason; /* the reason: a sentence that names the file and the array */
};

struct c4_unreadables {
    struct c4_unreadable *items; /* in the order of the file */
    size_t count;
};

/* Appends an array whose refusal is the sentence of c4_error(). C4_ERR_MEMORY with a sentence on
 * `path`; the list stays as it was. */
enum c4_status c4_unreadables_add(struct c4_unreadables *list, const char *path, const char *name);

/* The reason, or NULL if no array of that name is in the list. */
const char *c4_unreadables_find(const struct c4_unreadables *list, const char *name);

/* Releases everything and zeroes the list; a zeroed one is fine. */
void c4_unreadables_free(struct c4_unreadables *list);

#endif
