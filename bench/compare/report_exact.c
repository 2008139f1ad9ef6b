#include "bench/compare/report_exact.h"

#include <math.h>
#include <string.h>

#include "core/file/json.h"

static int count_same(const struct c4_exact_changes *changes) {
    int same = 0;
    for (int i = 0; i < changes->count; i++) same += c4_exact_is_same(&changes->change[i]);
    return same;
}

/* "step/avx2, batch 8", and blanks up to `width`. */
static void write_name(const struct c4_exact_change *change, int width, FILE *out) {
    int used = fprintf(out, "%s", change->row);
    if (change->batch > 0) used += fprintf(out, ", batch %d", change->batch);
    fprintf(out, "%*s", used < width ? width - used : 0, "");
}

/* "+2.1 %", or which side lacks it. */
static void write_change(const struct c4_exact_change *change, char *text, size_t size) {
    if (!change->in[C4_OLD])
        snprintf(text, size, "new");
    else if (!change->in[C4_NEW])
        snprintf(text, size, "gone");
    else
        snprintf(text, size, "%+.3g %%", 100 * (change->value[C4_NEW] / change->value[C4_OLD] - 1));
}

static void write_value(const struct c4_exact_change *change, enum c4_side side, char *text,
                        size_t size) {
    if (change->in[side]) /* counts; of a file from elsewhere perhaps anything */
        snprintf(text, size, fabs(change->value[side]) < 1e30 ? "%.0f" : "%g", change->value[side]);
    else
        snprintf(text, size, "-");
}

static void write_hash(const struct c4_exact_changes *changes, const char *before, FILE *out) {
    const char *old = changes->side[C4_OLD].canonical_hash;
    const char *new = changes->side[C4_NEW].canonical_hash;
    if (!*old || !*new) return;
    if (strcmp(old, new) == 0)
        fprintf(out, "%sThe canonical hash is the same, %.12s.\n", before, old);
    else
        fprintf(out, "%sOther bits: the canonical hash was %.12s and is %.12s.\n", before, old,
                new);
}

/* Each line of a side's note, once. */
static void write_notes(const struct c4_exact_changes *changes, const char *before, FILE *out) {
    if (!c4_exact_counted_alike(changes))
        fprintf(out, "%sInstructions were counted by %s and by %s, which may count otherwise.\n",
                before, changes->side[C4_OLD].counter, changes->side[C4_NEW].counter);
    static const char *const names[] = {"old", "new"};
    const char *old = changes->side[C4_OLD].note, *new = changes->side[C4_NEW].note;
    bool same = old && new &&strcmp(old, new) == 0;
    for (int side = 0; side < C4_SIDES; side++) {
        const char *line = side == C4_OLD ? old : same ? NULL : new;
        while (line && *line) {
            int length = (int)strcspn(line, "\n");
            fprintf(out, "%s%s: %.*s\n", before, same ? "both" : names[side], length, line);
            line += length + (line[length] == '\n');
        }
    }
}

/* What a line of either table shows. */
struct cells {
    char old[32], new[32], change[32];
};

/* False for a value that did not change, which no line shows. */
static bool make_cells(const struct c4_exact_change *change, struct cells *cells) {
    if (c4_exact_is_same(change)) return false;
    write_value(change, C4_OLD, cells->old, sizeof cells->old);
    write_value(change, C4_NEW, cells->new, sizeof cells->new);
    write_change(change, cells->change, sizeof cells->change);
    return true;
}

void c4_exact_text(const struct c4_exact_changes *changes, FILE *out) {
    struct cells cells;
    fprintf(out, "Exact values: %d, %d the same.\n", changes->count, count_same(changes));
    for (int i = 0; i < changes->count; i++)
        if (make_cells(&changes->change[i], &cells)) {
            write_name(&changes->change[i], 46, out);
            fprintf(out, " %14s %14s %-12s  %s\n", cells.old, cells.new, changes->change[i].unit,
                    cells.change);
        }
    write_hash(changes, "", out);
    write_notes(changes, "", out);
}

void c4_exact_markdown(const struct c4_exact_changes *changes, FILE *out) {
    struct cells cells;
    int same = count_same(changes);
    fprintf(out, "Exact values: %d, %d the same.\n\n", changes->count, same);
    if (same < changes->count)
        fprintf(out, "| exact | old | new | unit | change |\n| --- | ---: | ---: | --- | ---: |\n");
    for (int i = 0; i < changes->count; i++)
        if (make_cells(&changes->change[i], &cells)) {
            fputs("| `", out);
            write_name(&changes->change[i], 0, out);
            fprintf(out, "` | %s | %s | %s | %s |\n", cells.old, cells.new, changes->change[i].unit,
                    cells.change);
        }
    if (same < changes->count) fputc('\n', out);
    write_hash(changes, "- ", out);
    write_notes(changes, "- ", out);
    fputc('\n', out);
}

static json_t *value_or_null(const struct c4_exact_change *change, enum c4_side side) {
    return change->in[side] ? c4_json_real(change->value[side]) : json_null();
}

static json_t *count_or_null(int count) {
    return count > 0 ? json_integer(count) : json_null();
}

static json_t *text_or_null(const char *text) {
    return text && *text ? c4_json_text(text) : json_null();
}

json_t *c4_exact_json(const struct c4_exact_changes *changes) {
    json_t *values = json_array();
    for (int i = 0; i < changes->count; i++) {
        const struct c4_exact_change *change = &changes->change[i];
        json_array_append_new(values, json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:b}", "name",
                                                change->row, "benchmark", change->benchmark, "unit",
                                                change->unit, "batch", count_or_null(change->batch),
                                                "threads", count_or_null(change->threads), "old",
                                                value_or_null(change, C4_OLD), "new",
                                                value_or_null(change, C4_NEW), "same",
                                                (int)c4_exact_is_same(change)));
    }
    const struct c4_exact *side = changes->side;
    return json_pack("{s:o, s:[o, o], s:[o, o]}", "values", values, "canonical_hash",
                     text_or_null(side[C4_OLD].canonical_hash),
                     text_or_null(side[C4_NEW].canonical_hash), "notes",
                     text_or_null(side[C4_OLD].note), text_or_null(side[C4_NEW].note));
}
