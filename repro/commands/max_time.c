#include "repro/commands/max_time.h"

#include <math.h>
#include <stdio.h>

#include "core/cli/interrupt.h"
#include "core/cli/job_time.h"
#include "core/cli/progress.h"
#include "core/cli/shell_word.h"
#include "core/file/json.h"
#include "core/host/clock.h"
#include "repro/commands/part.h"

static double since_start(const struct c4_time_limit *limit) {
    return 1e-9 * (double)(c4_clock_ns() - limit->start_ns);
}

enum c4_status c4_max_time_begin(struct c4_time_limit *limit) {
    *limit = c4_time_limit_none(c4_clock_ns());
    return c4_interrupt_catch_early();
}

enum c4_status c4_max_time_read(const struct c4_args *args, struct c4_time_limit *limit) {
    const char *text = c4_arg_text(args, "max-time");
    return text ? c4_job_time_read("max-time", text, &limit->end) : C4_OK;
}

void c4_max_time_look(struct c4_time_limit *limit) {
    if (c4_interrupt_early() && !isfinite(limit->asked)) limit->asked = since_start(limit);
}

enum c4_status c4_max_time_check(struct c4_time_limit *limit) {
    c4_max_time_look(limit);
    if (!isfinite(limit->asked) && since_start(limit) < limit->end) return C4_OK;
    return c4_fail(C4_ERR_UNFINISHED, "the time is up");
}

static enum c4_status add_duration(struct c4_text *text, const char *format, double seconds) {
    char duration[32];
    c4_progress_duration(duration, sizeof duration, (uint64_t)(fmax(seconds, 0) * 1e9));
    return c4_text_add(text, format, duration);
}

enum c4_status c4_max_time_add(const struct c4_time_limit *limit, double seconds,
                               struct c4_text *text) {
    double left = c4_time_limit_closing(limit) - since_start(limit);
    C4_TRY(add_duration(text, "%s", seconds));
    return left < seconds ? add_duration(text, ", of which %s fit into --max-time", left) : C4_OK;
}

/* What a study has come to. Borrowed. */
struct unfinished {
    const struct c4_session *session;
    const struct c4_work_state *state;
    const struct c4_time_limit *limit;
    int done;
};

static enum c4_status write_json(const struct unfinished *u, FILE *out) {
    const char *folder = u->session->runner.folder;
    c4_json_begin();
    json_t *object =
        json_pack("{s:s, s:i, s:b, s:o, s:i, s:i, s:i, s:i, s:o}", "conv4", C4_VERSION,
                  "arithmetic", C4_ARITHMETIC, "finished", 0, "folder", c4_json_text(folder),
                  "runs", u->session->schedule.count, "done", u->done, "failed", u->state->failed,
                  "segments", u->state->segments, "seconds", c4_json_real(since_start(u->limit)));
    c4_part_json(u->session, &object);
    return c4_json_print(out, object, "the summary");
}

/* Nothing was done: what would have been enough. */
static enum c4_status add_advice(const struct unfinished *u, struct c4_text *text) {
    const struct c4_work_state *state = u->state;
    if (!(state->started > 0))
        return c4_text_add(text,
                           ", too short for the start, before a segment of epochs could begin");
    C4_TRY(c4_text_add(text, ", too short for a single segment of epochs"));
    if (!isfinite(state->segment_seconds)) return C4_OK;
    C4_TRY(add_duration(text, ": it took %s to start", ceil(state->started)));
    return add_duration(text, ", and the shortest segment is predicted to take %s",
                        ceil(state->segment_seconds));
}

static enum c4_status describe(const struct unfinished *u, struct c4_text *text) {
    const struct c4_args *args = u->session->args;
    bool fresh = c4_arg_flag(args, "fresh"); /* again, it would start over again */
    if (isfinite(u->limit->asked)) {
        C4_TRY(c4_text_add(text, "ended early, as SIGUSR1 asked for"));
    } else {
        C4_TRY(c4_text_add(text, "--max-time %s is over", c4_arg_text(args, "max-time")));
        if (u->state->segments == 0) C4_TRY(add_advice(u, text));
    }
    C4_TRY(c4_text_add(text, "; %d of %d runs are done", u->done, u->session->schedule.count));
    if (u->state->segments > 0)
        C4_TRY(c4_text_add(text, " (segments of epochs this time: %d)", u->state->segments));
    if (u->state->failed > 0) C4_TRY(c4_text_add(text, ", %d failed", u->state->failed));
    C4_TRY(c4_text_add(text, ". Start the same command again%s to go on; conv4 report",
                       fresh ? " without --fresh" : ""));
    C4_TRY(c4_shell_add_option(text, "out", u->session->runner.folder));
    return c4_text_add(text, " draws what is there.");
}

enum c4_status c4_unfinished_end(const struct c4_session *session,
                                 const struct c4_work_state *state,
                                 const struct c4_time_limit *limit) {
    const struct c4_schedule *schedule = &session->schedule;
    struct unfinished u = {session, state, limit, 0};
    struct c4_text text = {0};
    for (int i = 0; i < schedule->count; i++) u.done += state->state[i] == C4_RUN_DONE;
    enum c4_status status = c4_arg_flag(session->args, "json") ? write_json(&u, stdout) : C4_OK;
    if (status == C4_OK) status = describe(&u, &text);
    if (status == C4_OK) status = c4_fail(C4_ERR_UNFINISHED, "%s", c4_text_string(&text));
    c4_text_free(&text);
    return status;
}
