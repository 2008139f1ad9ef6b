/* A history as one self-contained HTML page. */
#ifndef C4_BENCH_HISTORY_PAGE_H
#define C4_BENCH_HISTORY_PAGE_H

#include "bench/history/trend.h"

/* Writes history.html to a folder, which is made if it is missing: for each machine its changes and
 * a plot and a table for each series. Without scripts and addresses. C4_ERR_USAGE: the folder's
 * name is too long; C4_ERR_MEMORY; statuses of c4_dir_make() and c4_html_save(). */
enum c4_status c4_history_page(const struct c4_trends *trends, const char *folder);

#endif
