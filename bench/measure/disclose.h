/* What every benchmark reports besides its numbers. */
#ifndef C4_BENCH_MEASURE_DISCLOSE_H
#define C4_BENCH_MEASURE_DISCLOSE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "core/base/status.h"

/* *object is a new {"conv4", "arithmetic", "benchmark": name, "environment", "conditions"}, to
 * which the benchmark adds its own members. Call it before threads are bound
 * (core/host/environment.h) and before anything is measured: "conditions" is the first of two
 * readings (core/host/conditions.h).
 */
enum c4_status c4_disclose(const char *name, json_t **object);

struct c4_team;

/* Call it after the last measurement: reads the conditions again, and adds "bound", whether the
 * team's threads (NULL: there is none) are, and "bound_reason", why not or by what, null without
 * one. */
void c4_disclose_end(json_t *object, const struct c4_team *team);

/* After c4_disclose_end(): whatever makes the measurements doubtful, a line each, "Note: ...": why
 * threads are not bound, the environment's warnings, the conditions' notes. */
void c4_disclose_notes(const json_t *object, FILE *out);

/* Whether a benchmark ended with this status by a signal, so that what it has is only a part. */
bool c4_is_partial(enum c4_status status);

/* Adds "partial": true where that is so; other objects have no such member. */
void c4_disclose_partial(json_t *object, enum c4_status status);

/* Prints it to stdout, indented, with a newline, and releases it. */
void c4_disclose_print(json_t *object);

#endif
