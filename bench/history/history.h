/* The recorded history of benchmarks: a file of JSON lines, one for each commit and row.
 *
 * Lines are only ever appended, and what they mean does not depend on their order, so that two
 * branches' lines can be merged by keeping both (.gitattributes: merge=union). Members of a line,
 * as history.schema.json has them; unknown ones are ignored:
 *   schema "conv4-history", version 1
 *   commit           what was measured: 40 hexadecimal digits, or any word for imported results
 *   committed_utc    when it was committed, as 2026-11-29T12:00:00Z: the order of the history
 *   recorded_utc     when it was measured
 *   benchmark        step, ops, cka, program (exact values), or google-benchmark
 *   row              the row's name in that benchmark
 *   batch, threads   images of a step or call, OpenMP threads; null where there is no such thing
 *   unit             s, instructions, bytes
 *   exact            true: measured once and the same at any time; false: a time
 *   median, low, high  of the samples, and the interval of c4_median_interval() for alpha = .05;
 *                    null without a finite one. An exact value has itself for all three.
 *   samples          one for each process: its own median
 *   environment      {"key": 12 hexadecimal digits of what has to agree for values to compare:
 *                    machine, compiler, flags; "text": the same for people}
 *   counter          of instructions: "valgrind-3.19.0"; other counters may count otherwise; may be
 *                    missing
 *   canonical_hash   of row "size" of benchmark program; may be missing
 *   accepted         why a larger value than before is accepted; may be missing */
#ifndef C4_BENCH_HISTORY_HISTORY_H
#define C4_BENCH_HISTORY_HISTORY_H

#include <jansson.h>
#include <stdbool.h>

#include "core/base/status.h"

/* At most, in what c4_history_read() accepts. */
enum { C4_HISTORY_KEY_DIGITS = 12, C4_HISTORY_HASH_DIGITS = 64 };

/* Texts live as long as the history. */
struct c4_history_line {
    const char *commit, *committed_utc, *recorded_utc;
    const char *benchmark, *row, *unit;
    const char *environment, *machine;               /* its key, and its text */
    const char *counter, *canonical_hash, *accepted; /* NULL: none */
    int batch, threads;                              /* 0: none */
    bool exact;
    double median, low, high; /* low and high may be -INFINITY and INFINITY */
    double *sample;
    int samples; /* at least 1 */
    json_t *json;
};

struct c4_history {
    struct c4_history_line *line;
    int count;
};

/* Reads the lines of a file. A last line without a newline is what a killed program left, and is
 * not read. C4_ERR_DATA names the file, the line and the member that is missing or wrong; a
 * conflict that git has left is named as such. c4_history_free() in every case. */
enum c4_status c4_history_read(const char *path, struct c4_history *history);

/* A new line as JSON, its recorded time the present. `line` needs no median, low, high, json and
 * recorded_utc. C4_ERR_DATA: a sample is not finite. C4_ERR_MEMORY. */
enum c4_status c4_history_line_json(const struct c4_history_line *line, json_t **json);

/* Appends lines, all or, after an error, none, and makes the file and its folder if they are
 * missing; what a killed program left of a line is cut off first. */
enum c4_status c4_history_append(const char *path, json_t *const *lines, int count);

/* Fails now if c4_history_append() would fail later, with the same sentence; makes the folder. */
enum c4_status c4_history_probe(const char *path);

void c4_history_free(struct c4_history *history);

#endif
