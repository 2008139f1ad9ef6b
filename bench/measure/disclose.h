/* What every benchmark reports besides its numbers. */
#ifndef C4_BENCH_MEASURE_DISCLOSE_H
#define C4_BENCH_MEASURE_DISCLOSE_H

#include <jansson.h>
#include <stdbool.h>

#include "core/base/status.h"

/* *object is a new {"conv4", "arithmetic", "benchmark": name, "environment"}, to which the
 * benchmark adds its own members. Call it before threads are bound (core/host/environment.h). */
enum c4_status c4_disclose(const char *name, json_t **object);

/* Whether a benchmark ended with this status by a signal, so that what it has is only a part. */
bool c4_is_partial(enum c4_status status);

/* Adds "partial": true where that is so; other objects have no such member. */
void c4_disclose_partial(json_t *object, enum c4_status status);

/* Prints it to stdout, indented, with a newline, and releases it. */
void c4_disclose_print(json_t *object);

#endif
