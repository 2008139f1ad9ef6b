#include "bench/peers/peer_state.h"

#include "core/cli/interrupt.h"

const char *c4_peer_state_name(enum c4_peer_state state) {
    static const char *const names[] = {"measured", "absent", "failed", "void"};
    _Static_assert(sizeof names / sizeof *names == C4_PEER_VOID + 1, "a name for each state");
    return names[state];
}

enum c4_status c4_peer_settle(enum c4_peer_answer answer, enum c4_peer_state *state,
                              struct c4_text *reason) {
    C4_TRY(c4_text_add_bytes(reason, "", 0)); /* fails if it is lost */
    if (answer == C4_PEER_INTERRUPTED) return c4_interrupted();
    if (answer == C4_PEER_REFUSED) *state = C4_PEER_ABSENT;
    if (answer == C4_PEER_BROKEN) *state = C4_PEER_FAILED;
    return C4_OK;
}

enum c4_status c4_peer_verdict(const char *name, enum c4_peer_state state, const char *reason) {
    static const enum c4_status statuses[] = {C4_OK, C4_ERR_ENVIRONMENT, C4_ERR_FAILED,
                                              C4_ERR_RESULT};
    _Static_assert(sizeof statuses / sizeof *statuses == C4_PEER_VOID + 1, "one for each state");
    if (state == C4_PEER_MEASURED) return C4_OK;
    return c4_fail(statuses[state], "peer %s (%s): %s", name, c4_peer_state_name(state), reason);
}

enum c4_status c4_peer_tell_origin(const json_t *ready, bool kept, struct c4_text *origin) {
    const char *library, *algorithm = json_string_value(json_object_get(ready, "algorithm"));
    json_t *version;
    json_object_foreach(json_object_get(ready, "versions"), library, version) {
        const char *text = json_string_value(version);
        if (!text) continue;
        c4_text_add(origin, "%s%s %s", origin->length > 0 ? ", " : "", library, text);
    }
    return c4_text_add(origin, "; %s%s", algorithm ? algorithm : "?", kept ? "; memory kept" : "");
}
