/* For results.c: what the readers of a result take for granted, checked when it is read. */
#ifndef C4_BENCH_RESULTS_CHECK_H
#define C4_BENCH_RESULTS_CHECK_H

#include <jansson.h>

#include "core/base/status.h"

/* A result of bench ops, step, cka or calibrate: every member that is read later is there, of its
 * type and within its bounds, names are words that can be part of a file's name, and tables have
 * rows. C4_ERR_DATA names the file (`path`) and the member. */
enum c4_status c4_result_check(const json_t *object, const char *path);

#endif
