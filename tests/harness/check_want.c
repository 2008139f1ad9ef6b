#include "tests/harness/check_want.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "simd/dispatch.h"

extern const struct c4_backend c4_backend_ref;

const char *c4_want_name(void) {
    const char *name = getenv("C4_TEST_WANT");
    return name && *name ? name : NULL;
}

static void give_up(const char *sentence) {
    fprintf(stderr, "C4_TEST_WANT=%s: %s\n", c4_want_name(), sentence);
    exit(1);
}

const struct c4_backend *c4_want_table(void) {
    static struct c4_dispatch dispatch; /* looked up once for all cases of a test */
    const char *name = c4_want_name();
    static const enum c4_op_slot slots[] = {
#define C4_OP(slot, type) C4_SLOT_##slot,
#define C4_OP_REF(slot, type)
#include "core/op/ops.def"
#undef C4_OP
    };
    if (!name) return NULL;
    if (dispatch.step_origin) return dispatch.step_origin;
    if (c4_dispatch(name, &dispatch) != C4_OK ||
        c4_dispatch_strict(&dispatch, true, slots, sizeof slots / sizeof *slots) != C4_OK)
        give_up(c4_error());
    return dispatch.step_origin;
}

bool c4_wants(const struct c4_backend *table) {
    const struct c4_backend *wanted = c4_want_table();
    return !wanted || wanted == table;
}

const struct c4_backend *c4_want_reference(void) {
    static struct c4_dispatch dispatch;
    if (!c4_want_name()) return &c4_backend_ref;
    if (!dispatch.step_origin && c4_dispatch("ref", &dispatch) != C4_OK) give_up(c4_error());
    return dispatch.step_origin;
}

static bool is_set(const char *name) {
    const char *value = getenv(name);
    return value && strcmp(value, "1") == 0;
}

bool c4_want_emulated(void) {
    return is_set("C4_TEST_EMULATED");
}

bool c4_want_full(void) {
    return is_set("C4_TEST_FULL");
}
