#include "repro/session/session_memory.h"

#include "core/file/json.h"
#include "repro/planning/forecast_memory.h"

/* NUMA nodes with images and references of their own. */
static int copies(const struct c4_session *session) {
    return c4_node_reference_copies(&session->placement, session->topology.nodes);
}

uint64_t c4_session_images_bytes(const struct c4_session *session, int nodes) {
    return session->shared.bytes * (uint64_t)(nodes + 1);
}

static uint64_t images_bytes(const struct c4_session *session) {
    bool copied = session->topology.nodes > 1 && session->placement.places > 0;
    return c4_session_images_bytes(session, copied ? copies(session) : 0);
}

static void forecast(const struct c4_session *session, int workers,
                     struct c4_memory_forecast *forecast) {
    c4_forecast_memory(&session->runner, workers, copies(session), images_bytes(session),
                       session->memory.bytes, forecast);
}

static int fitting(const struct c4_session *session, int wanted) {
    return c4_forecast_memory_fit(&session->runner, wanted, copies(session), images_bytes(session),
                                  &session->memory);
}

enum c4_status c4_session_fit_workers(struct c4_session *session) {
    session->wanted_workers = session->workers;
    if (c4_arg_given(session->args, "workers")) return C4_OK;
    int fit = fitting(session, session->workers);
    if (fit == session->workers) return C4_OK;
    session->workers = fit > 0 ? fit : 1;
    if (session->workers == session->wanted_workers) return C4_OK;
    c4_placement_free(&session->placement);
    if (!session->must_bind) return C4_OK;
    session->policy.max_places = session->workers;
    return c4_placement_make(&session->topology, &session->policy, &session->placement);
}

/* "2 workers need about 0.5 GB of memory, and 300 MB may be used (...)". */
static enum c4_status add_comparison(const struct c4_session *session, int workers,
                                     struct c4_text *text) {
    const struct c4_memory_limit *limit = &session->memory;
    struct c4_memory_forecast f;
    forecast(session, workers, &f);
    C4_TRY(c4_text_add(text, "%d worker%s need%s about ", workers, workers == 1 ? "" : "s",
                       workers == 1 ? "s" : ""));
    if (limit->process_bytes > 0 && limit->process_bytes < f.address_bytes) {
        C4_TRY(c4_session_add_bytes(text, f.address_bytes));
        C4_TRY(c4_text_add(text, " of address space each, and a process may use "));
        C4_TRY(c4_session_add_bytes(text, limit->process_bytes));
        return c4_text_add(text, " (ulimit -v)");
    }
    C4_TRY(c4_session_add_bytes(text, c4_forecast_memory_sum(&f, workers)));
    C4_TRY(c4_text_add(text, " of memory, and "));
    C4_TRY(c4_session_add_bytes(text, limit->bytes));
    return c4_text_add(text, " may be used (%s)", c4_memory_limiter_names[limit->by]);
}

enum c4_status c4_session_check_memory(const struct c4_session *session, bool ignore, bool dry,
                                       FILE *messages) {
    const int workers = session->workers, wanted = session->wanted_workers;
    const bool fits = fitting(session, workers) == workers;
    struct c4_text text = {0};
    if (fits && workers == wanted) return C4_OK;
    enum c4_status status = add_comparison(session, fits ? wanted : workers, &text);
    const char *sentence = c4_text_string(&text);
    if (status == C4_OK && fits)
        fprintf(messages, "%s: %d worker%s of %d started.\n", sentence, workers,
                workers == 1 ? "" : "s", wanted);
    else if (status == C4_OK && ignore)
        fprintf(messages, "%s; it is started all the same.\n", sentence);
    else if (status == C4_OK && dry)
        fprintf(messages, "Without --ignore-memory nothing would be done: %s.\n", sentence);
    else if (status == C4_OK)
        status = c4_fail(C4_ERR_FAILED,
                         "%s; choose fewer --workers or a smaller --scale, or start it all the "
                         "same with --ignore-memory",
                         sentence);
    c4_text_free(&text);
    return status;
}

static json_t *bytes_or_null(bool known, uint64_t bytes) {
    return known ? json_integer((json_int_t)bytes) : json_null();
}

json_t *c4_memory_limit_json(const struct c4_memory_limit *limit) {
    return json_pack("{s:o, s:s, s:o, s:o}", "bytes",
                     bytes_or_null(limit->by != C4_MEMORY_UNKNOWN, limit->bytes), "by",
                     c4_memory_limiter_names[limit->by], "control_group_bytes",
                     bytes_or_null(limit->set_bytes > 0, limit->set_bytes), "process_bytes",
                     bytes_or_null(limit->process_bytes > 0, limit->process_bytes));
}
