/* For results.c: validation of a result when it is read, so that later code can rely on it. */
#ifndef C4_BENCH_RESULTS_CHECK_H
#define C4_BENCH_RESULTS_CHECK_H

#include <jansson.h>

#include "core/base/status.h"

/* Checks a result of bench ops, step, cka, calibrate or scale: members that are read later exist
 * unless optional, have the right type and are within their bounds, names can be part of a file
 * name, and tables have rows. C4_ERR_DATA names the file (`path`) and the member. */
enum c4_status c4_result_check(const json_t *object, const char *path);

#endif
