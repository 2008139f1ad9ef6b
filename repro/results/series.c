#include "repro/results/series.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/array.h"

static bool is_of(const struct c4_series *s, const struct c4_row_query *q) {
    if (strcmp(s->quantity, q->quantity) != 0) return false;
    return !c4_rows_is_similarity(q->quantity) ||
           (s->n == q->n && strcmp(s->layer, q->layer) == 0 &&
            strcmp(s->reference, q->reference) == 0 && strcmp(s->images, q->images) == 0 &&
            strcmp(s->statistics, q->statistics) == 0);
}

/* Rows arrive epoch by epoch in the same order, and queries run along a series, so the search
 * starts at the last series. */
static struct c4_series *find(struct c4_run_series *run, const struct c4_row_query *query) {
    for (int i = 0; i < run->count; i++) {
        int at = (run->last + i) % run->count;
        if (!is_of(&run->series[at], query)) continue;
        run->last = at;
        return &run->series[at];
    }
    return NULL;
}

/* Copies a text of a key; false if it is longer than any that is written. */
static bool take(const char *from, char *text, size_t size) {
    size_t length = strlen(from);
    if (length >= size) return false;
    memcpy(text, from, length + 1);
    return true;
}

static enum c4_status begin(struct c4_run_series *run, const struct c4_row_query *key,
                            struct c4_series **begun) {
    struct c4_series *grown =
        c4_array_reserve(run->series, sizeof *grown, (size_t)run->count + 1, &run->capacity);
    if (!grown) return c4_fail(C4_ERR_MEMORY, "out of memory for the rows of run %s", run->run);
    run->series = grown;
    struct c4_series *s = &grown[run->count];
    *s = (struct c4_series){.n = key->n};
    if (!take(key->quantity, s->quantity, sizeof s->quantity) ||
        !take(key->layer, s->layer, sizeof s->layer) ||
        !take(key->reference, s->reference, sizeof s->reference) ||
        !take(key->images, s->images, sizeof s->images) ||
        !take(key->statistics, s->statistics, sizeof s->statistics))
        return c4_fail(C4_ERR_DATA,
                       "run %s has a row of quantity '%s', layer '%s', reference '%s', images '%s' "
                       "and statistics '%s', which conv4 does not write",
                       run->run, key->quantity, key->layer, key->reference, key->images,
                       key->statistics);
    run->count++;
    *begun = s;
    return C4_OK;
}

static bool make_room(struct c4_series *s, int64_t epoch) {
    if (epoch < s->epochs) return true;
    int64_t epochs = 2 * s->epochs > epoch ? 2 * s->epochs : epoch + 8;
    double *value = realloc(s->value, (size_t)epochs * sizeof *value);
    if (!value) return false;
    s->value = value;
    bool *suspect = realloc(s->suspect, (size_t)epochs * sizeof *suspect);
    if (!suspect) return false;
    s->suspect = suspect;
    for (int64_t e = s->epochs; e < epochs; e++) {
        value[e] = (double)NAN;
        suspect[e] = false;
    }
    s->epochs = epochs;
    return true;
}

enum c4_status c4_series_add(struct c4_run_series *run, const struct c4_row_query *key,
                             int64_t epoch, double value, bool suspect) {
    if (epoch < 0 || epoch > INT32_MAX)
        return c4_fail(C4_ERR_DATA, "run %s has a row of epoch %lld; its database is damaged",
                       run->run, (long long)epoch);
    struct c4_series *s = find(run, key);
    if (!s) C4_TRY(begin(run, key, &s));
    if (!make_room(s, epoch))
        return c4_fail(C4_ERR_MEMORY, "out of memory for the rows of run %s", run->run);
    s->value[epoch] = value;
    s->suspect[epoch] = suspect;
    run->last = (run->last + 1) % run->count;
    return C4_OK;
}

double c4_series_find(struct c4_run_series *run, const struct c4_row_query *query, bool *suspect) {
    const struct c4_series *s = run->count > 0 ? find(run, query) : NULL;
    *suspect = false;
    if (!s || query->epoch < 0 || query->epoch >= s->epochs) return (double)NAN;
    *suspect = s->suspect[query->epoch];
    return s->value[query->epoch];
}

void c4_series_free(struct c4_run_series *run) {
    for (int i = 0; i < run->count; i++) {
        free(run->series[i].value);
        free(run->series[i].suspect);
    }
    free(run->series);
    run->series = NULL;
    run->count = 0;
    run->capacity = 0;
}
