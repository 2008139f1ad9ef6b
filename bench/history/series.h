/* A history as series: one row on one machine, commit by commit. */
#ifndef C4_BENCH_HISTORY_SERIES_H
#define C4_BENCH_HISTORY_SERIES_H

#include "bench/history/history.h"

/* Lines that agree in benchmark, row, batch, threads, unit, environment and counter, in ascending
 * order of committed_utc, then of the file; of several lines of one commit the one recorded last.
 */
struct c4_history_series {
    const struct c4_history_line **line; /* [points], the history's */
    int points;
};

struct c4_history_all {
    struct c4_history_series *series; /* by their first line in the file */
    int count;
};

/* C4_ERR_MEMORY. c4_history_all_free() in every case, before c4_history_free(). */
enum c4_status c4_history_series_of(const struct c4_history *history, struct c4_history_all *all);
void c4_history_all_free(struct c4_history_all *all);

/* Whether two lines belong to the same series. */
bool c4_history_same_series(const struct c4_history_line *a, const struct c4_history_line *b);

/* "step/avx2, batch 32, 1 thread" and so on, for people; cut to `size`, which 192 bytes are enough
 * for names of up to 127. */
void c4_history_series_title(const struct c4_history_line *line, char *title, size_t size);

#endif
