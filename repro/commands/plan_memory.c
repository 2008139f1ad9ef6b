#include "repro/commands/plan_memory.h"

#include "core/file/json.h"
#include "repro/planning/forecast_memory.h"
#include "repro/session/session_memory.h"

/* Of one of the machines. */
struct need {
    struct c4_memory_forecast forecast;
    uint64_t bytes, has_bytes; /* has_bytes 0: unknown */
    int copies;                /* of images and references, on NUMA nodes */
};

static uint64_t memory_of(const struct c4_outlook *outlook, const struct c4_session *session) {
    return outlook->elsewhere ? (uint64_t)outlook->machine_bytes : session->memory.bytes;
}

static struct need need_of(const struct c4_outlook *outlook, const struct c4_session *session) {
    const int workers = outlook->places / outlook->machines;
    const bool copied = outlook->machine_nodes > 1 && outlook->nodes > 0;
    struct need need = {.copies = copied ? outlook->nodes : 1,
                        .has_bytes = memory_of(outlook, session)};
    c4_forecast_memory(&session->runner, workers, need.copies,
                       c4_session_images_bytes(session, copied ? need.copies : 0), need.has_bytes,
                       &need.forecast);
    need.bytes = c4_forecast_memory_sum(&need.forecast, workers);
    return need;
}

/* What is bound to the node: its workers, and its copies of images and references. */
static uint64_t node_bytes(const struct c4_session *session, const struct need *need,
                           const struct c4_outlook_node *node) {
    return (uint64_t)node->places * need->forecast.worker_bytes + session->shared.bytes +
           need->forecast.references_bytes / (uint64_t)need->copies;
}

static enum c4_status add_node(const struct c4_session *session, const struct need *need,
                               const struct c4_outlook_node *node, struct c4_text *text) {
    const uint64_t bytes = node_bytes(session, need, node);
    const uint64_t has_bytes = (uint64_t)node->memory_bytes;
    C4_TRY(c4_session_add_bytes(text, bytes));
    C4_TRY(c4_text_add(text, " for %d worker%s, images and references", node->places,
                       node->places == 1 ? "" : "s"));
    if (has_bytes == 0) return C4_OK;
    C4_TRY(c4_text_add(text, "; it has "));
    C4_TRY(c4_session_add_bytes(text, has_bytes));
    return bytes <= has_bytes
               ? C4_OK
               : c4_text_add(text, ": a part of it will lie on other nodes, which is slower");
}

/* "NUMA nodes 0-3, each: 14 GB for 64 workers, images and references; it has 128 GB." Equal
 * neighbours share a line. */
static enum c4_status write_nodes(const struct c4_outlook *outlook,
                                  const struct c4_session *session, const struct need *need,
                                  FILE *out) {
    struct c4_text text = {0};
    enum c4_status status = C4_OK;
    for (int n = 0, end; status == C4_OK && n < outlook->nodes; n = end) {
        const struct c4_outlook_node *node = &outlook->node[n], *last = node;
        for (end = n + 1; end < outlook->nodes && outlook->node[end].places == node->places &&
                          outlook->node[end].memory_bytes == node->memory_bytes;
             end++)
            last = &outlook->node[end];
        if (last == node)
            status = c4_text_set(&text, "NUMA node ");
        else
            status = c4_text_set(&text, "Each of the NUMA nodes ");
        if (status == C4_OK) status = c4_text_add(&text, "%d", node->os_index);
        if (status == C4_OK && last != node) status = c4_text_add(&text, " to %d", last->os_index);
        if (status == C4_OK) status = c4_text_add(&text, ": ");
        if (status == C4_OK) status = add_node(session, need, node, &text);
        if (status == C4_OK) fprintf(out, "%s.\n", c4_text_string(&text));
    }
    c4_text_free(&text);
    return status;
}

/* "101 MB for each worker, images 57 MB and references up to 256 MB for all together". */
static enum c4_status add_parts(const struct c4_memory_forecast *forecast, struct c4_text *text) {
    C4_TRY(c4_session_add_bytes(text, forecast->worker_bytes));
    C4_TRY(c4_text_add(text, " for each worker, images "));
    C4_TRY(c4_session_add_bytes(text, forecast->images_bytes));
    C4_TRY(c4_text_add(text, " and references up to "));
    C4_TRY(c4_session_add_bytes(text, forecast->references_bytes));
    return c4_text_add(text, " for all together");
}

static enum c4_status add_sum(const struct c4_outlook *outlook, const struct c4_session *session,
                              const struct need *need, struct c4_text *text) {
    C4_TRY(c4_text_add(text, ": "));
    C4_TRY(c4_session_add_bytes(text, need->bytes));
    if (outlook->machines > 1) C4_TRY(c4_text_add(text, " on each machine"));
    if (need->has_bytes == 0) return C4_OK;
    C4_TRY(c4_text_add(text, outlook->elsewhere ? "; the machine has " : "; this machine: "));
    C4_TRY(c4_session_add_bytes(text, need->has_bytes));
    if (!outlook->elsewhere)
        return c4_text_add(text, " (%s)", c4_memory_limiter_names[session->memory.by]);
    return need->bytes <= need->has_bytes ? C4_OK : c4_text_add(text, ", which does not suffice");
}

enum c4_status c4_plan_memory_write(const struct c4_outlook *outlook,
                                    const struct c4_session *session, FILE *out) {
    const struct need need = need_of(outlook, session);
    struct c4_text text = {0};
    enum c4_status status = add_parts(&need.forecast, &text);
    if (status == C4_OK) status = add_sum(outlook, session, &need, &text);
    if (status == C4_OK) fprintf(out, "Memory: %s.\n", c4_text_string(&text));
    c4_text_free(&text);
    if (status == C4_OK && outlook->machine_nodes > 1)
        status = write_nodes(outlook, session, &need, out);
    if (status == C4_OK && !outlook->elsewhere && session->workers < session->wanted_workers)
        fprintf(out, "There is no memory for %d workers.\n", session->wanted_workers);
    return status;
}

json_t *c4_plan_memory_json(const struct c4_outlook *outlook, const struct c4_session *session) {
    const struct need need = need_of(outlook, session);
    json_t *nodes = json_array();
    for (int n = 0; n < outlook->nodes; n++) {
        const struct c4_outlook_node *node = &outlook->node[n];
        json_array_append_new(
            nodes,
            json_pack("{s:i, s:i, s:I, s:o}", "node", node->os_index, "places", node->places,
                      "bytes", (json_int_t)node_bytes(session, &need, node), "has_bytes",
                      node->memory_bytes > 0 ? json_integer(node->memory_bytes) : json_null()));
    }
    return json_pack(
        "{s:I, s:I, s:I, s:I, s:o, s:o}", "worker_bytes", (json_int_t)need.forecast.worker_bytes,
        "images_bytes", (json_int_t)need.forecast.images_bytes, "references_bytes_max",
        (json_int_t)need.forecast.references_bytes, "sum_bytes", (json_int_t)need.bytes, "limit",
        outlook->elsewhere ? json_null() : c4_memory_limit_json(&session->memory), "nodes", nodes);
}
