#include "repro/commands/data_sources.h"

#include <stdlib.h>
#include <string.h>

#include "core/file/ini.h"

enum c4_status c4_data_sources_load(const char *path, struct c4_sources **sources) {
    *sources = calloc(1, sizeof **sources);
    if (!*sources) return c4_fail(C4_ERR_MEMORY, "out of memory for the table of data files");
    if (!path) return c4_sources_parse(c4_sources_text(), "mirrors.ini", *sources);
    char *text;
    C4_TRY(c4_ini_load(path, &text));
    enum c4_status status = c4_sources_parse(text, path, *sources);
    free(text);
    return status;
}

bool c4_data_sources_have(const struct c4_sources *sources, const char *set) {
    for (uint32_t i = 0; i < sources->count; i++)
        if (strcmp(sources->file[i].set, set) == 0) return true;
    return false;
}
