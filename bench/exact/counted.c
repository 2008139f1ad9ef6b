#define _GNU_SOURCE /* asprintf */
/* Instructions of a step and of ops, as valgrind counts them. */
#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/exact/parts.h"
#include "bench/exact/run.h"
#include "bench/exact/totals.h"
#include "core/file/file.h"

static const struct c4_exact_value instructions = {.unit = "instructions", .threads = 1};

/* --- a step --- */

/* Only options that version 0.1.0 has. The log goes to standard output, which is kept. */
static void train(const struct c4_exact_work *work, const char *steps,
                  struct c4_exact_command *command) {
    *command = (struct c4_exact_command){0};
    c4_exact_valgrind(command, "--tool=cachegrind");
    c4_exact_words(command, "--cache-sim=no", "--log-fd=1", "--cachegrind-out-file=/dev/null",
                   work->program, "train", "--batches", steps, "--batch", "8", "--images", "32",
                   "--test-images", "1", "--threads", "1", "--backend", work->counted, "-q", NULL);
}

static enum c4_status take_step(struct c4_exact_work *work, const struct c4_child child[2],
                                int ended) {
    double one, two;
    struct c4_exact_value value = instructions;
    value.benchmark = "step";
    value.batch = 8;
    if (ended == 0 && child[0].text && child[1].text && c4_totals_of_log(child[0].text, &one) &&
        c4_totals_of_log(child[1].text, &two) && two > one) {
        value.value = two - one;
        return c4_exact_add(work->exact, "step/", work->counted, value);
    }
    return c4_exact_note(work->exact,
                         "the instructions of a step are unknown: \"%s train\" under cachegrind "
                         "ended with status %d",
                         work->program, ended);
}

enum c4_status c4_exact_step(struct c4_exact_work *work) {
    struct c4_exact_command command[2];
    struct c4_child child[2];
    int ended;
    if (!work->counted) return C4_OK;
    train(work, "1", &command[0]);
    train(work, "2", &command[1]);
    enum c4_status status = c4_exact_run(command, 2, child, &ended);
    if (status == C4_OK) status = take_step(work, child, ended);
    for (int i = 0; i < 2; i++) c4_child_free(&child[i]);
    return status;
}

/* --- ops --- */

struct ops {
    struct c4_exact_work *work;
    const json_t *rows; /* of the program's output, in the order of the parts */
    enum c4_status status;
};

static void take_op(void *context, int k, double total) {
    struct ops *ops = context;
    const json_t *row = json_array_get(ops->rows, (size_t)k);
    const char *name = json_string_value(json_object_get(row, "name"));
    struct c4_exact_value value = instructions;
    value.benchmark = "ops";
    value.batch = 1;
    value.value = total;
    if (ops->status == C4_OK && name) ops->status = c4_exact_add(ops->work->exact, "", name, value);
}

static void skip_op(void *context, int k, double total) {
    (void)context;
    (void)k;
    (void)total;
}

/* Values only if each row has its part: otherwise they might be another row's. */
static enum c4_status take_ops(struct c4_exact_work *work, const char *file, const json_t *rows) {
    struct ops ops = {.work = work, .rows = rows};
    int parts = c4_totals_of_parts(file, skip_op, NULL);
    if (parts <= 0 || (size_t)parts != json_array_size(rows))
        return c4_exact_note(work->exact,
                             "the instructions of ops are unknown: callgrind has counted %d calls "
                             "of %zu ops; is \"%s\" stripped of its symbols?",
                             parts < 0 ? 0 : parts, json_array_size(rows), work->program);
    c4_totals_of_parts(file, take_op, &ops);
    return ops.status;
}

static enum c4_status read_ops(struct c4_exact_work *work, const char *path,
                               const struct c4_child *child, int ended) {
    unsigned char *file;
    size_t size_bytes;
    if (ended != 0)
        return c4_exact_note(work->exact,
                             "the instructions of ops are unknown: \"%s bench ops --calls\" under "
                             "callgrind ended with status %d%s",
                             work->program, ended,
                             ended == 2 ? "; it is too old, or no op matches the filter" : "");
    enum c4_status status = c4_file_read(path, &file, &size_bytes);
    if (status == C4_ERR_MEMORY) return status;
    if (status != C4_OK)
        return c4_exact_note(work->exact, "the instructions of ops are unknown: %s", c4_error());
    json_t *object = child->text ? json_loadb(child->text, child->used, 0, NULL) : NULL;
    status = take_ops(work, (char *)file, json_object_get(object, "rows"));
    json_decref(object);
    free(file);
    return status;
}

static enum c4_status count_ops(struct c4_exact_work *work, const char *folder) {
    struct c4_exact_command command = {0};
    struct c4_child child;
    char *option, *path;
    int ended;
    static const char flag[] = "--callgrind-out-file=";
    if (asprintf(&option, "%s%s/out", flag, folder) < 0)
        return c4_fail(C4_ERR_MEMORY, "out of memory for a path");
    path = option + sizeof flag - 1;
    c4_exact_valgrind(&command, "--tool=callgrind");
    c4_exact_words(&command, option, "--combine-dumps=yes", "--collect-atstart=no",
                   "--toggle-collect=c4_op_subject_count", "--dump-after=c4_op_subject_count",
                   work->program, "bench", "ops", "--json", "--calls", "1", "--batch", "1",
                   "--threads", "1", "--backend", work->counted, NULL);
    if (work->request->filter) c4_exact_words(&command, "--filter", work->request->filter, NULL);
    enum c4_status status = c4_exact_run(&command, 1, &child, &ended);
    if (status == C4_OK) status = read_ops(work, path, &child, ended);
    c4_child_free(&child);
    free(option);
    return status;
}

static void remove_folder(const char *folder) {
    DIR *entries = opendir(folder);
    for (struct dirent *entry; entries && (entry = readdir(entries));)
        unlinkat(dirfd(entries), entry->d_name, 0);
    if (entries) closedir(entries);
    rmdir(folder);
}

enum c4_status c4_exact_ops(struct c4_exact_work *work) {
    const char *under = getenv("TMPDIR");
    char *folder;
    if (!work->counted || !work->request->ops) return C4_OK;
    if (asprintf(&folder, "%s/conv4-exact-XXXXXX", under && *under ? under : "/tmp") < 0)
        return c4_fail(C4_ERR_MEMORY, "out of memory for a path");
    enum c4_status status;
    if (mkdtemp(folder)) {
        status = count_ops(work, folder);
        remove_folder(folder);
    } else {
        status = c4_exact_note(work->exact, "the instructions of ops are unknown: %s: %s", folder,
                               strerror(errno));
    }
    free(folder);
    return status;
}
