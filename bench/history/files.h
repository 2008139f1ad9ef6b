/* Several files of a history, read as one. */
#ifndef C4_BENCH_HISTORY_FILES_H
#define C4_BENCH_HISTORY_FILES_H

#include "bench/history/history.h"

struct c4_history_files {
    char **path;
    int count;
};

/* The files of a folder whose names end in .ndjson, in ascending order of their names' bytes; none
 * if there is no such folder. C4_ERR_DATA: it cannot be read. C4_ERR_MEMORY.
 * c4_history_files_free() in every case. */
enum c4_status c4_history_files_of(const char *folder, struct c4_history_files *files);
void c4_history_files_free(struct c4_history_files *files);

/* The lines of all files, in their order. Statuses are those of c4_history_read().
 * c4_history_free() in every case. */
enum c4_status c4_history_read_all(char *const *paths, int count, struct c4_history *history);

/* Drops the lines of other benchmarks and those in whose row the POSIX extended regular expression
 * `filter` is not found; NULL: all stay. C4_ERR_USAGE: it is no such expression, or no line is left
 * of those there were. */
enum c4_status c4_history_select(struct c4_history *history, const char *benchmark,
                                 const char *filter);

#endif
