#include "repro/commands/part.h"

#include <math.h>

#include "core/cli/progress.h"
#include "core/cli/shell_word.h"
#include "core/file/json.h"
#include "core/op/conv4.h"

static const char *plural(int count) {
    return count == 1 ? "" : "s";
}

enum c4_status c4_part_check(const struct c4_session *session) {
    if (!c4_selection_given(&session->selection) || !c4_arg_flag(session->args, "strict-claims"))
        return C4_OK;
    return c4_fail(C4_ERR_USAGE,
                   "--strict-claims: a part of a study judges no claims; give it to 'conv4 report' "
                   "when all runs are in one folder");
}

void c4_part_say(const struct c4_session *session, FILE *out) {
    const struct c4_selection *part = &session->selection;
    if (!c4_selection_given(part)) return;
    fprintf(out, part->shard ? "Shard %s: " : "Chosen by --group: ", part->shard);
    fprintf(out, "%d of the study's %d run%s, in %d of %d group%s; %.0f %% of its work.\n",
            session->schedule.count, part->study.count, plural(part->study.count), part->groups,
            part->all_groups, plural(part->all_groups),
            100 * (double)part->work / (double)part->all_work);
}

void c4_part_json(const struct c4_session *session, json_t **object) {
    const struct c4_selection *part = &session->selection;
    if (!c4_selection_given(part)) return;
    c4_json_set(object, part->shard ? "shard" : "group",
                c4_json_text(part->shard ? part->shard : part->group));
    c4_json_set(object, "study_runs", json_integer(part->study.count));
}

/* What every object of a part has. */
static json_t *object_of(const struct c4_session *session, bool finished) {
    json_t *object =
        json_pack("{s:s, s:i, s:b, s:o, s:s}", "conv4", C4_VERSION, "arithmetic", C4_ARITHMETIC,
                  "finished", (int)finished, "folder",
                  c4_json_text(c4_arg_text(session->args, "out")), "scale", session->scale.name);
    c4_part_json(session, &object);
    c4_json_set(&object, "runs", json_integer(session->schedule.count));
    return object;
}

enum c4_status c4_part_say_empty(const struct c4_session *session, bool json, FILE *out) {
    const struct c4_selection *part = &session->selection;
    if (json) {
        c4_json_begin();
        return c4_json_print(out, object_of(session, true), "the summary");
    }
    fprintf(out,
            "Shard %s has no runs: the study's %d run%s in %d group%s that cannot be divided, and "
            "other shards have them. Nothing was done.\n",
            part->shard, part->study.count, part->study.count == 1 ? " is" : "s are",
            part->all_groups, plural(part->all_groups));
    return C4_OK;
}

/* *done: how many of the study's runs the folder has. */
static enum c4_status count_done(const struct c4_part_end *end, int *done) {
    const struct c4_schedule *study = c4_session_study_runs(end->session);
    *done = 0;
    for (int i = 0; i < study->count; i++) {
        enum c4_run_state state;
        C4_TRY(c4_store_run_state(end->store, study->run[i].key, &state));
        *done += state == C4_RUN_DONE;
    }
    return C4_OK;
}

static enum c4_status end_json(const struct c4_part_end *end, int done, FILE *out) {
    const struct c4_session *session = end->session;
    c4_json_begin();
    json_t *object = object_of(session, end->finished);
    c4_json_set(&object, "done_runs", json_integer(done));
    c4_json_set(&object, "backend", c4_json_text(session->runner.backend));
    c4_json_set(&object, "threads", json_integer(session->threads));
    c4_json_set(&object, "places", json_integer(end->places));
    c4_json_set(&object, "seconds", c4_json_real(end->seconds));
    c4_json_set(&object, "images_per_s",
                c4_json_real(end->images_per_s > 0 ? end->images_per_s : (double)NAN));
    return c4_json_print(out, object, "the summary");
}

enum c4_status c4_part_end(const struct c4_part_end *end, bool json, FILE *out) {
    const char *folder = c4_arg_text(end->session->args, "out");
    int done, all = c4_session_study_runs(end->session)->count;
    struct c4_text word = {0}, option = {0};
    char duration[32];
    C4_TRY(count_done(end, &done));
    if (json) return end_json(end, done, out);
    enum c4_status status = c4_shell_add_word(&word, folder);
    if (status == C4_OK) status = c4_shell_add_option(&option, "out", folder);
    c4_progress_duration(duration, sizeof duration, (uint64_t)(end->seconds * 1e9));
    if (end->images_per_s > 0)
        fprintf(out, "Time %s; training at %.0f images/s.\n", duration, end->images_per_s);
    if (status == C4_OK && done == all)
        fprintf(out,
                "All %d runs of the study are in %s. Its figures and claims:\n"
                "    conv4 report%s\n",
                all, folder, c4_text_string(&option));
    else if (status == C4_OK)
        fprintf(out,
                "%d of the study's %d runs are in %s. When the other parts are done:\n"
                "    conv4 merge OUT %s FOLDER...\n"
                "    conv4 report --out OUT\n",
                done, all, folder, c4_text_string(&word));
    c4_text_free(&word);
    c4_text_free(&option);
    return status;
}
