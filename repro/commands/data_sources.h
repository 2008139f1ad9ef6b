/* The table of data files that commands use: the built-in one, or the user's. */
#ifndef C4_REPRO_COMMANDS_DATA_SOURCES_H
#define C4_REPRO_COMMANDS_DATA_SOURCES_H

#include "core/data/sources.h"

/* Reads the table in `path`, or the built-in core/data/mirrors.ini if it is NULL. Release *sources
 * with free(), also after an error. Errors as c4_sources_parse() and c4_file_read(). */
enum c4_status c4_data_sources_load(const char *path, struct c4_sources **sources);

/* Whether the table has a file of that set to fetch. */
bool c4_data_sources_have(const struct c4_sources *sources, const char *set);

#endif
