#include "simd/dispatch.h"

#include <string.h>

#include "core/base/text.h"
#include "simd/cpu.h"

#define C4_BACKEND(name, table, features) extern const struct c4_backend c4_backend_##table;
#include "backends_built.def"
#undef C4_BACKEND

static const struct {
    const char *name;
    const struct c4_backend *table;
    uint32_t features;
} built[] = {
#define C4_BACKEND(name, table, features) {#name, &c4_backend_##table, features},
#include "backends_built.def"
#undef C4_BACKEND
};

static const char *const known[] = {
#define C4_BACKEND(name, table, features) #name,
#include "simd/backends.def"
#undef C4_BACKEND
};

enum { BUILT = sizeof built / sizeof *built, KNOWN = sizeof known / sizeof *known };

/* The table of that name that can run here; otherwise NULL and the reason. */
static const struct c4_backend *find(const char *name, const char **why) {
    uint32_t features = c4_cpu_features();
    *why = "it is not part of this build";
    for (int i = 0; i < BUILT; i++) {
        if (strcmp(built[i].name, name) != 0) continue;
        if ((built[i].features & ~features) == 0) return built[i].table;
        *why = "this CPU or operating system lacks its instructions";
    }
    return NULL;
}

const char *c4_backend_name(int i, const struct c4_backend **table, const char **why) {
    const char *reason;
    for (int k = 0; k < KNOWN; k++) {
        bool repeated = k > 0 && strcmp(known[k], known[k - 1]) == 0;
        if (repeated || i-- > 0) continue;
        const struct c4_backend *found = find(known[k], &reason);
        if (table) *table = found;
        if (why) *why = found ? "" : reason;
        return known[k];
    }
    return NULL;
}

static const struct c4_backend *best(void) {
    const struct c4_backend *table = NULL;
    for (int i = 0; c4_backend_name(i, &table, NULL); i++)
        if (table && table->step && !table->is_double) return table;
    return NULL;
}

static enum c4_status no_backend(const char *name) {
    struct c4_text names = {0};
    enum c4_status status = C4_OK;
    for (int i = 0; c4_backend_name(i, NULL, NULL); i++)
        status = c4_text_add_word(&names, ", ", c4_backend_name(i, NULL, NULL));
    if (status == C4_OK)
        status = c4_fail(C4_ERR_USAGE, "there is no backend '%s'; choose auto or one of %s", name,
                         c4_text_string(&names));
    c4_text_free(&names);
    return status;
}

enum c4_status c4_dispatch(const char *name, struct c4_dispatch *dispatch) {
    const char *why = "";
    const struct c4_backend *chosen = NULL, *ref = find("ref", &why);
    if (!name || strcmp(name, "auto") == 0) {
        chosen = best();
    } else {
        bool exists = false;
        for (int i = 0; c4_backend_name(i, NULL, NULL); i++)
            exists = exists || strcmp(c4_backend_name(i, NULL, NULL), name) == 0;
        if (!exists) return no_backend(name);
        chosen = find(name, &why);
    }
    if (!chosen || !ref)
        return c4_fail(C4_ERR_ENVIRONMENT,
                       "backend '%s' cannot run here: %s ('conv4 doctor' lists what can)",
                       name ? name : "auto", why);

    dispatch->backend = *chosen;
    dispatch->step_origin = chosen->step ? chosen : ref;
    dispatch->backend.step = dispatch->step_origin->step;
#define C4_OP(slot, type)                                                                          \
    dispatch->slot_origin[C4_SLOT_##slot] = chosen->slot ? chosen : ref;                           \
    dispatch->backend.slot = dispatch->slot_origin[C4_SLOT_##slot]->slot;
#include "core/op/ops.def"
#undef C4_OP
    return C4_OK;
}

const char *c4_dispatch_cost(const struct c4_dispatch *dispatch) {
#if !defined(__FMA__) && !defined(__aarch64__)
    /* Tables that need no feature are compiled for any CPU. */
    for (int i = 0; i < BUILT; i++) {
        if (built[i].table != dispatch->step_origin || built[i].features != 0) continue;
        if (!built[i].table->bit_exact && !built[i].table->is_double) return NULL;
        return "No FMA instructions are used: each multiply-add is a call of the C library, and a "
               "training step takes about a hundred times as long; its bits are the same.";
    }
#endif
    (void)dispatch;
    return NULL;
}

void c4_dispatch_cpu(char *text, size_t size) {
    c4_cpu_feature_names(c4_cpu_features(), text, size);
}

const char *c4_slot_name(enum c4_op_slot slot) {
    static const char *const names[] = {
#define C4_OP(slot, type) #slot,
#include "core/op/ops.def"
#undef C4_OP
    };
    return names[slot];
}

enum c4_status c4_dispatch_strict(const struct c4_dispatch *dispatch, bool step,
                                  const enum c4_op_slot *slots, int slot_count) {
    const char *name = dispatch->backend.name;
    if (step && strcmp(dispatch->step_origin->name, name) != 0)
        return c4_fail(C4_ERR_ENVIRONMENT,
                       "backend '%s' has no training step of its own (--strict-backend)", name);
    for (int i = 0; i < slot_count; i++) {
        const struct c4_backend *origin = dispatch->slot_origin[slots[i]];
        if (strcmp(origin->name, name) != 0)
            return c4_fail(C4_ERR_ENVIRONMENT,
                           "backend '%s' would take %s from '%s' (--strict-backend)", name,
                           c4_slot_name(slots[i]), origin->name);
    }
    return C4_OK;
}
