/* What a program itself tells of its hash and its plan's memory. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/exact/parts.h"
#include "bench/exact/run.h"

/* Runs a command whose output is one JSON object: a new reference, or NULL if it is none. */
static enum c4_status ask(const struct c4_exact_command *command, json_t **object, int *ended) {
    struct c4_child child;
    enum c4_status status = c4_exact_run(command, &child, ended);
    *object = status == C4_OK && child.text ? json_loadb(child.text, child.used, 0, NULL) : NULL;
    c4_child_free(&child);
    return status;
}

/* Also of a program whose self-test fails: its wrong hash is what tells it from the others. */
static enum c4_status take_hash(struct c4_exact_work *work, const json_t *object, int ended) {
    const char *hash = json_string_value(json_object_get(object, "selftest_training"));
    if (hash && strlen(hash) == sizeof work->exact->canonical_hash - 1) {
        snprintf(work->exact->canonical_hash, sizeof work->exact->canonical_hash, "%s", hash);
        return C4_OK;
    }
    return c4_exact_note(
        work->exact,
        "the canonical hash is unknown: \"%s doctor --selftest --json --backend %s\" tells none "
        "(exit status %d)",
        work->program, work->request->backend, ended);
}

enum c4_status c4_exact_hash(struct c4_exact_work *work) {
    struct c4_exact_command command = {0};
    json_t *object;
    int ended;
    c4_exact_words(&command, work->program, "doctor", "--selftest", "--json", "--backend",
                   work->request->backend, NULL);
    C4_TRY(ask(&command, &object, &ended));
    enum c4_status status =
        ended == 127 ? c4_fail(C4_ERR_DATA, "%s: cannot be run; give the path of a conv4 program",
                               work->program)
                     : take_hash(work, object, ended);
    json_decref(object);
    return status;
}

/* Three short samples are the least that bench step takes. */
static void bench_step(const struct c4_exact_work *work, struct c4_exact_command *command) {
    c4_exact_words(command, work->program, "bench", "step", "--json", "--quick", "--samples", "3",
                   "--batch", "32", "--threads", "1", "--backend", work->request->backend, NULL);
}

static enum c4_status take_arena(struct c4_exact_work *work, const json_t *object, int ended) {
    const json_t *row = json_array_get(json_object_get(object, "steps"), 0);
    const json_t *bytes = json_object_get(row, "plan_bytes");
    const char *backend = json_string_value(json_object_get(row, "backend"));
    if (!row || !backend)
        return c4_exact_note(
            work->exact, "the bytes of a plan are unknown: \"%s bench step\" ended with status %d",
            work->program, ended);
    if (!json_is_number(bytes))
        return c4_exact_note(
            work->exact, "the bytes of a plan are unknown: \"%s bench step --json\" %s",
            work->program, bytes ? "does not know those of this backend" : "is too old to tell");
    return c4_exact_add(work->exact, "arena/", backend,
                        (struct c4_exact_value){.benchmark = "step",
                                                .unit = "bytes",
                                                .batch = 32,
                                                .threads = 1,
                                                .value = json_number_value(bytes)});
}

enum c4_status c4_exact_arena(struct c4_exact_work *work) {
    struct c4_exact_command command = {0};
    json_t *object;
    int ended;
    bench_step(work, &command);
    C4_TRY(ask(&command, &object, &ended));
    enum c4_status status = take_arena(work, object, ended);
    json_decref(object);
    return status;
}

static enum c4_status take_choice(struct c4_exact_work *work, const json_t *object, int ended) {
    const char *wanted = work->request->backend;
    const char *counted = json_string_value(json_object_get(object, "step"));
    if (!counted)
        return c4_exact_note(work->exact,
                             "no instructions are counted: under valgrind, \"%s doctor\" ended "
                             "with status %d",
                             work->program, ended);
    work->counted = strdup(counted);
    if (!work->counted) return c4_fail(C4_ERR_MEMORY, "out of memory for a backend's name");
    if (strcmp(wanted, "auto") == 0 || strcmp(wanted, counted) == 0) return C4_OK;
    return c4_exact_note(work->exact, "instructions are those of %s, as valgrind cannot run %s",
                         counted, wanted);
}

/* Another version may count otherwise. */
static enum c4_status take_counter(struct c4_exact_work *work) {
    struct c4_exact_command command = {0};
    struct c4_child child;
    int ended;
    c4_exact_words(&command, "valgrind", "--version", NULL);
    enum c4_status status = c4_exact_run(&command, &child, &ended);
    if (status == C4_OK) {
        const char *text = child.text ? child.text : "";
        work->exact->counter = strndup(text, strcspn(text, "\n"));
        if (!work->exact->counter)
            status = c4_fail(C4_ERR_MEMORY, "out of memory for the version of valgrind");
    }
    c4_child_free(&child);
    return status;
}

enum c4_status c4_exact_choose(struct c4_exact_work *work) {
    struct c4_exact_command command = {0};
    json_t *object;
    int ended;
    char *valgrind;
    C4_TRY(c4_exact_locate("valgrind", &valgrind));
    if (!valgrind) return c4_exact_note(work->exact, "install valgrind to count instructions");
    free(valgrind);
    C4_TRY(take_counter(work));
    const char *wanted = work->request->backend;
    c4_exact_valgrind(&command, "--tool=none");
    c4_exact_words(&command, work->program, "doctor", "--json", "--backend",
                   strncmp(wanted, "avx512", 6) == 0 ? "auto" : wanted, NULL);
    C4_TRY(ask(&command, &object, &ended));
    enum c4_status status = take_choice(work, object, ended);
    json_decref(object);
    return status;
}
