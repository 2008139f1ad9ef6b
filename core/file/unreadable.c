#include "core/file/unreadable.h"

#include <stdlib.h>
#include <string.h>

enum c4_status c4_unreadables_add(struct c4_unreadables *list, const char *path, const char *name) {
    struct c4_unreadable *larger = realloc(list->items, (list->count + 1) * sizeof *list->items);
    if (larger != NULL) list->items = larger;
    struct c4_unreadable item = {strdup(name), strdup(c4_error())};
    if (larger == NULL || item.name == NULL || item.reason == NULL) {
        free(item.name);
        free(item.reason);
        return c4_fail(C4_ERR_MEMORY, "%s: out of memory", path);
    }
    list->items[list->count++] = item;
    return C4_OK;
}

const char *c4_unreadables_find(const struct c4_unreadables *list, const char *name) {
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->items[i].name, name) == 0) return list->items[i].reason;
    return NULL;
}

void c4_unreadables_free(struct c4_unreadables *list) {
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i].name);
        free(list->items[i].reason);
    }
    free(list->items);
    memset(list, 0, sizeof *list);
}
