#include "repro/commands/lines.h"

#include <stdlib.h>
#include <string.h>

#include "core/cli/shell_word.h"
#include "core/file/file.h"

static bool is_one_of(const char *name, const char *const *names) {
    while (*names && strcmp(*names, name) != 0) names++;
    return *names != NULL;
}

static enum c4_status add_option(struct c4_text *line, const char *name, const char *value) {
    if (strchr(value, '\n'))
        return c4_fail(C4_ERR_USAGE, "--%s has a line break, which a line of --lines cannot have",
                       name);
    return c4_shell_add_option(line, name, value);
}

/* What every line has: the options that were given, and the scale, whose default may change. */
static enum c4_status add_given(const struct c4_args *args, struct c4_text *options) {
    static const char *const own[] = {"out", "lines", "shard", "group", NULL};
    for (const struct c4_option *option = args->command->options; option->name; option++) {
        bool wanted = c4_arg_given(args, option->name) || strcmp(option->name, "scale") == 0;
        if (!wanted || is_one_of(option->name, own)) continue;
        if (option->type == C4_OPTION_FLAG)
            C4_TRY(c4_text_add(options, " --%s", option->name));
        else
            C4_TRY(add_option(options, option->name, c4_arg_text(args, option->name)));
    }
    return C4_OK;
}

static enum c4_status write_line(const struct c4_group *group, const char *folder,
                                 const char *options, FILE *out) {
    struct c4_text line = {0}, own = {0};
    size_t length = strlen(folder);
    const char *slash = length > 0 && folder[length - 1] == '/' ? "" : "/";
    enum c4_status status = c4_text_add(&own, "%s%s%s", folder, slash, group->key);
    if (status == C4_OK) status = add_option(&line, "group", group->key);
    if (status == C4_OK) status = add_option(&line, "out", c4_text_string(&own));
    if (status == C4_OK) fprintf(out, "conv4 repro%s%s\n", c4_text_string(&line), options);
    c4_text_free(&own);
    c4_text_free(&line);
    return status;
}

static enum c4_status write_groups(const struct c4_session *session, const char *options,
                                   FILE *out) {
    struct c4_groups groups;
    enum c4_status status =
        c4_selection_groups(&session->study.protocol, &session->scale, &session->schedule, &groups);
    int *order = calloc((size_t)session->schedule.count + 1, sizeof *order);
    if (status == C4_OK && !order)
        status = c4_fail(C4_ERR_MEMORY, "out of memory for groups of runs");
    if (status == C4_OK) c4_groups_by_work(&groups, order);
    for (int i = 0; status == C4_OK && i < groups.count; i++)
        status =
            write_line(&groups.group[order[i]], c4_arg_text(session->args, "out"), options, out);
    free(order);
    c4_groups_free(&groups);
    return status;
}

/* Options that a list of commands has no place for, and a study where folders of studies go: its
 * values would belong to the plan, but not to the lines. */
static enum c4_status check(const struct c4_args *args) {
    static const char *const others[] = {"json", "topology", "scaling", "nodes", "speed", NULL};
    const char *folder = c4_arg_text(args, "out");
    struct c4_text path = {0};
    for (const char *const *name = others; *name; name++)
        if (c4_arg_given(args, *name))
            return c4_fail(C4_ERR_USAGE,
                           "--lines prints commands, and predicts nothing; it cannot be combined "
                           "with --%s",
                           *name);
    C4_TRY(c4_text_add(&path, "%s/study.db", folder));
    bool exists = c4_path_exists(c4_text_string(&path));
    c4_text_free(&path);
    if (!exists) return C4_OK;
    return c4_fail(C4_ERR_USAGE,
                   "%s: is a study; --lines makes a study for each group in a folder of its own "
                   "inside --out, so give it another --out",
                   folder);
}

enum c4_status c4_lines_write(const struct c4_args *args, struct c4_session *session, FILE *out) {
    struct c4_text options = {0};
    C4_TRY(c4_session_read_runs(args, NULL, session));
    C4_TRY(check(args));
    enum c4_status status = add_given(args, &options);
    if (status == C4_OK) status = write_groups(session, c4_text_string(&options), out);
    c4_text_free(&options);
    return status;
}
