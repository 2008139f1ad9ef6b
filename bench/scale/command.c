#include "bench/scale/command.h"

#include <sys/wait.h>

#include "core/file/json.h"

enum { NOT_STARTED = 127 };
static const double patience_seconds = 600;

enum c4_status c4_command_end(const struct c4_child *child, const char *log, struct c4_text *how) {
    if (WIFSIGNALED(child->status))
        return c4_text_add(how, "was killed by signal %d", WTERMSIG(child->status));
    if (WEXITSTATUS(child->status) == NOT_STARTED) return c4_text_add(how, "could not be started");
    struct c4_text said = {0};
    c4_last_line(log, &said);
    enum c4_status status = c4_text_add(how, "ended with status %d: %s", WEXITSTATUS(child->status),
                                        said.length ? said.bytes : "without a word");
    c4_text_free(&said);
    return status;
}

static enum c4_status read_back(const struct c4_child *child, const char *log, const char *what,
                                json_t **told) {
    if (!WIFEXITED(child->status) || WEXITSTATUS(child->status) != 0) {
        struct c4_text how = {0};
        enum c4_status status = c4_command_end(child, log, &how);
        if (status == C4_OK) status = c4_fail(C4_ERR_FAILED, "%s %s", what, how.bytes);
        c4_text_free(&how);
        return status;
    }
    json_error_t error;
    C4_TRY(c4_json_load(what, child->text ? child->text : "", child->used, 0, told, &error));
    if (json_is_object(*told)) return C4_OK;
    json_decref(*told);
    *told = NULL;
    return c4_fail(C4_ERR_FAILED, "%s printed no JSON object", what);
}

enum c4_status c4_command_json(char *const *argv, const int *pu, int count, const char *log,
                               const char *what, json_t **told) {
    struct c4_child child = {.out = -1};
    *told = NULL;
    enum c4_status status = c4_child_start_placed(&child, argv, pu, count, log);
    if (status == C4_OK) status = c4_children_wait(&child, 1, patience_seconds);
    if (status == C4_OK) status = read_back(&child, log, what, told);
    c4_child_free(&child);
    return status;
}
