#include "repro/commands/train_log.h"

#include <string.h>

/* The library is left out: training may resume with another version of it. */
static json_t *experiment_object(const struct c4_experiment *experiment) {
    json_t *object = json_object();
    for (int i = 0; i < experiment->count; i++) {
        const struct c4_experiment_value *value = &experiment->value[i];
        if (strcmp(value->name, "library") == 0) continue;
        c4_json_set(&object, value->name, c4_json_text(value->text));
    }
    return object;
}

struct continuation {
    const char *path;
    const json_t *header;
    json_int_t epochs; /* of the checkpoint */
    json_int_t last;   /* epoch of the previous line */
    bool has_header;
};

static bool same_value(const json_t *a, const json_t *b, const char *key) {
    const json_t *of_a = json_object_get(a, key), *of_b = json_object_get(b, key);
    return of_a && of_b && json_equal(of_a, of_b);
}

/* Version 0.1.0 logged no experiment. */
static bool is_header_of(const json_t *line, const json_t *header) {
    return json_object_get(line, "conv4") && same_value(line, header, "data_sha256") &&
           same_value(line, header, "seed") &&
           (!json_object_get(line, "experiment") || same_value(line, header, "experiment"));
}

static enum c4_status judge(void *context, const json_t *line, bool *keeps) {
    struct continuation *log = context;
    if (!log->has_header) {
        if (!is_header_of(line, log->header))
            return c4_fail(C4_ERR_USAGE,
                           "%s is not the log of the training to resume; name another --log-json",
                           log->path);
        *keeps = log->has_header = true;
        return C4_OK;
    }
    json_int_t epoch = json_integer_value(json_object_get(line, "epoch"));
    *keeps = epoch > log->last && epoch <= log->epochs;
    log->last = epoch;
    return C4_OK;
}

enum c4_status c4_train_log_open(const char *path, const struct c4_checkpoint *net, bool resumed,
                                 json_t *header, struct c4_json_lines **log) {
    struct continuation before = {.path = path, .header = header, .epochs = (json_int_t)net->epoch};
    *log = NULL;
    if (!header ||
        (net->experiment.count > 0 &&
         json_object_set_new(header, "experiment", experiment_object(&net->experiment)) != 0))
        return c4_fail(C4_ERR_MEMORY, "%s: out of memory for its header", path);
    C4_TRY(resumed ? c4_json_lines_continue(log, path, judge, &before)
                   : c4_json_lines_open(log, path));
    return before.has_header ? C4_OK : c4_json_lines_append(*log, header);
}

enum c4_status c4_train_log_epoch(struct c4_json_lines *log, uint64_t epoch,
                                  const struct c4_pass_result *trained,
                                  const struct c4_pass_result *train,
                                  const struct c4_pass_result *test) {
    json_t *line =
        json_pack("{s:I, s:o, s:o, s:o, s:o, s:o, s:o}", "epoch", (json_int_t)epoch, "loss",
                  c4_json_real(trained->loss), "train_accuracy", c4_json_real(train->accuracy),
                  "train_accuracy_running", c4_json_real(trained->accuracy), "test_accuracy",
                  c4_json_real(test->accuracy), "seconds", c4_json_real(trained->seconds),
                  "images_per_s", c4_json_real(trained->images / trained->seconds));
    enum c4_status status = c4_json_lines_append(log, line);
    json_decref(line);
    return status;
}
