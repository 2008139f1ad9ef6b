#include "bench/compare/exact_changes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static struct c4_exact_change *find(const struct c4_exact_changes *changes,
                                    const struct c4_exact_value *value) {
    for (int i = 0; i < changes->count; i++) {
        struct c4_exact_change *change = &changes->change[i];
        if (change->batch == value->batch && change->threads == value->threads &&
            strcmp(change->row, value->row) == 0 && strcmp(change->unit, value->unit) == 0 &&
            strcmp(change->benchmark, value->benchmark) == 0)
            return change;
    }
    return NULL;
}

static void take_side(struct c4_exact_changes *changes, enum c4_side side) {
    const struct c4_exact *exact = &changes->side[side];
    for (int i = 0; i < exact->count; i++) {
        const struct c4_exact_value *value = &exact->value[i];
        struct c4_exact_change *change = find(changes, value);
        if (!change) {
            change = &changes->change[changes->count++];
            *change = (struct c4_exact_change){.row = value->row,
                                               .benchmark = value->benchmark,
                                               .unit = value->unit,
                                               .batch = value->batch,
                                               .threads = value->threads};
        }
        change->in[side] = true;
        change->value[side] = value->value;
    }
}

enum c4_status c4_exact_changes_of(const struct c4_exact *side, struct c4_exact_changes *changes) {
    size_t most = (size_t)side[C4_OLD].count + (size_t)side[C4_NEW].count;
    *changes = (struct c4_exact_changes){calloc(most + 1, sizeof *changes->change), 0, side};
    if (!changes->change) return c4_fail(C4_ERR_MEMORY, "out of memory for exact values");
    take_side(changes, C4_OLD);
    take_side(changes, C4_NEW);
    return C4_OK;
}

void c4_exact_changes_free(struct c4_exact_changes *changes) {
    free(changes->change);
    *changes = (struct c4_exact_changes){0};
}

bool c4_exact_is_same(const struct c4_exact_change *change) {
    return change->in[C4_OLD] && change->in[C4_NEW] &&
           change->value[C4_OLD] == change->value[C4_NEW];
}

bool c4_exact_counted_alike(const struct c4_exact_changes *changes) {
    const char *old = changes->side[C4_OLD].counter, *new = changes->side[C4_NEW].counter;
    return !old || !new || strcmp(old, new) == 0;
}

double c4_exact_step_growth(const struct c4_exact_changes *changes) {
    double growth = (double)-INFINITY;
    if (!c4_exact_counted_alike(changes)) return (double)NAN;
    for (int i = 0; i < changes->count; i++) {
        const struct c4_exact_change *change = &changes->change[i];
        if (strcmp(change->benchmark, "step") == 0 && strcmp(change->unit, "instructions") == 0 &&
            change->in[C4_OLD] && change->in[C4_NEW] && change->value[C4_OLD] > 0)
            growth = fmax(growth, change->value[C4_NEW] / change->value[C4_OLD] - 1);
    }
    return isfinite(growth) ? growth : (double)NAN;
}
