/* From a record to the lines of a history. */
#include <stdlib.h>
#include <string.h>

#include "bench/history/history.h"
#include "bench/record/recording.h"

static struct c4_history_line common(const struct c4_recording *record,
                                     const struct c4_recording_identity *identity) {
    return (struct c4_history_line){.commit = identity->commit,
                                    .committed_utc = identity->committed_utc,
                                    .environment = record->key,
                                    .machine = record->machine,
                                    .accepted = identity->accepted};
}

/* Side C4_NEW of the row. */
static enum c4_status line_of_row(const struct c4_recording *record,
                                  const struct c4_recording_identity *identity,
                                  struct c4_compared_row *row, json_t **json) {
    struct c4_history_line line = common(record, identity);
    line.benchmark = record->benchmark;
    line.row = row->name;
    line.unit = "s";
    line.batch = record->batch;
    line.threads = record->threads;
    line.sample = row->seconds[C4_NEW];
    line.samples = row->count[C4_NEW];
    return c4_history_line_json(&line, json);
}

static enum c4_status line_of_value(const struct c4_recording *record,
                                    const struct c4_recording_identity *identity,
                                    struct c4_exact_value *value, json_t **json) {
    struct c4_history_line line = common(record, identity);
    line.benchmark = value->benchmark;
    line.row = value->row;
    line.unit = value->unit;
    line.batch = value->batch;
    line.threads = value->threads;
    line.exact = true;
    line.sample = &value->value;
    line.samples = 1;
    if (strcmp(value->unit, "instructions") == 0) line.counter = record->exact.counter;
    if (record->exact.canonical_hash[0]) line.canonical_hash = record->exact.canonical_hash;
    return c4_history_line_json(&line, json);
}

enum c4_status c4_recording_append(const struct c4_recording *record,
                                   const struct c4_recording_identity *identity, const char *path,
                                   int *lines) {
    size_t most = (size_t)record->rows.count + (size_t)record->exact.count;
    json_t **json = calloc(most + 1, sizeof(void *));
    enum c4_status status = C4_OK;
    int count = 0;
    if (!json) return c4_fail(C4_ERR_MEMORY, "out of memory for a history's lines");
    for (int i = 0; i < record->rows.count && status == C4_OK; i++) {
        status = line_of_row(record, identity, &record->rows.row[i], &json[count]);
        count += status == C4_OK;
    }
    for (int i = 0; i < record->exact.count && status == C4_OK; i++) {
        status = line_of_value(record, identity, &record->exact.value[i], &json[count]);
        count += status == C4_OK;
    }
    if (status == C4_OK) status = c4_history_append(path, json, count);
    *lines = status == C4_OK ? count : 0;
    for (int i = 0; i < count; i++) json_decref(json[i]);
    free(json);
    return status;
}
