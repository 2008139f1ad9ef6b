/* The arrays of a file that are valid but not supported: complex numbers, F8_E4M3, too many
 * dimensions. The other arrays can still be read; only a caller that needs one of these fails, with
 * its reason. */
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

/* Appends an array; the reason is the current c4_error(). On C4_ERR_MEMORY, whose sentence names
 * `path`, the list is unchanged. */
enum c4_status c4_unreadables_add(struct c4_unreadables *list, const char *path, const char *name);

/* The reason, or NULL if no array of that name is in the list. */
const char *c4_unreadables_find(const struct c4_unreadables *list, const char *name);

/* Releases everything and zeroes the list; a zeroed one is fine. */
void c4_unreadables_free(struct c4_unreadables *list);

#endif
