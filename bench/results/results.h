/* Reading the output of "conv4 bench ... --json". */
#ifndef C4_BENCH_RESULTS_RESULTS_H
#define C4_BENCH_RESULTS_RESULTS_H

#include <jansson.h>
#include <stdbool.h>

#include "core/base/status.h"

enum { C4_RESULTS_MAX = 64 };

struct c4_results {
    json_t *file[C4_RESULTS_MAX]; /* objects with "benchmark" and "environment" */
    const char *path[C4_RESULTS_MAX];
    int count;
};

/* Reads 1..C4_RESULTS_MAX files. C4_ERR_DATA names a file that is missing or not JSON, or a member
 * that is missing, of another type or out of bounds (bench/results/check.h), so the functions below
 * can rely on it. C4_ERR_USAGE: too many files. Call c4_results_free() also after an error. */
enum c4_status c4_results_read(struct c4_results *results, char *const *paths, int count);
void c4_results_free(struct c4_results *results);

/* The member at a path such as "environment.cpu.model_name"; NULL if there is none. */
const json_t *c4_result_at(const json_t *object, const char *way);
/* The same as text, as a number, and as a whole number within its checked bounds; `otherwise`, NaN
 * or 0 if it has another type. */
const char *c4_result_text(const json_t *object, const char *way, const char *otherwise);
double c4_result_number(const json_t *object, const char *way);
int c4_result_whole(const json_t *object, const char *way);

/* Whether the steps of a file of bench step are evaluations. */
bool c4_result_evaluates(const json_t *file);

/* What the rows of a file of bench step are: "Training steps", or "Evaluations by batch
 * statistics". */
const char *c4_result_mode(const json_t *file);

#endif
