#include "bench/history/words.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *unit, *more, *less;
} units[] = {
    {"s", "slower", "faster"}, {"bytes", "larger", "smaller"}, {"instructions", "more", "fewer"}};

enum { UNITS = sizeof units / sizeof *units };

/* UNITS: an unknown one. */
static int find_unit(const char *unit) {
    int i = 0;
    while (i < UNITS && strcmp(units[i].unit, unit) != 0) i++;
    return i;
}

void c4_write_plain(FILE *out, const char *text) {
    for (; *text; text++) fputc((unsigned char)*text < ' ' || *text == 127 ? ' ' : *text, out);
}

void c4_write_cell(FILE *out, const char *text) {
    for (; *text; text++) {
        if (*text == '|') fputc('\\', out);
        fputc((unsigned char)*text < ' ' || *text == 127 ? ' ' : *text, out);
    }
}

void c4_write_commit(FILE *out, const char *commit) {
    if (c4_commit_is_hash(commit))
        fprintf(out, "%.12s", commit);
    else
        c4_write_plain(out, commit);
}

static void write_seconds(FILE *out, double seconds) {
    static const struct {
        double below, scale;
        const char *unit;
    } scales[] = {{1e-6, 1e9, "ns"}, {1e-3, 1e6, "us"}, {1, 1e3, "ms"}, {INFINITY, 1, "s"}};
    size_t i = 0;
    while (i < 3 && fabs(seconds) >= scales[i].below) i++;
    fprintf(out, "%.4g %s", seconds * scales[i].scale, scales[i].unit);
}

void c4_write_value(FILE *out, const char *unit, double value) {
    if (strcmp(unit, "s") == 0) {
        write_seconds(out, value);
        return;
    }
    fprintf(out, find_unit(unit) < UNITS ? "%.0f " : "%.4g ", value);
    c4_write_plain(out, unit);
}

void c4_write_percent(FILE *out, double share, bool sign) {
    double percent = 100 * (sign ? share : fabs(share));
    if (isnan(percent)) {
        fputs("–", out);
        return;
    }
    if (sign && percent > 0) fputc('+', out);
    fprintf(out, percent != 0 && fabs(percent) < 0.1 ? "%.2g %%" : "%.1f %%", percent);
}

static void write_size(FILE *out, const struct c4_trend *trend,
                       const struct c4_history_change *change) {
    int unit = find_unit(trend->newest->unit);
    bool more = change->after > change->before;
    if (unit < UNITS)
        fputs(more ? units[unit].more : units[unit].less, out);
    else
        fputs(more ? "higher" : "lower", out);
    if (change->before == 0) return; /* by no share */
    fputs(" by ", out);
    c4_write_percent(out, change->after / change->before - 1, false);
}

void c4_write_change(FILE *out, const struct c4_trend *trend, int index) {
    const struct c4_history_change *change = &trend->change[index];
    const struct c4_history_line *line = trend->series->line[change->index];
    write_size(out, trend, change);
    fputs(" near commit ", out);
    c4_write_commit(out, line->commit);
    fprintf(out, " (%.10s), ", line->committed_utc);
    if (isnan(change->p)) {
        fprintf(out, "from %.17g to ", change->before);
        c4_write_value(out, line->unit, change->after);
    } else if (change->p < 1e-16) {
        fputs("p < 1e-16", out);
    } else {
        fprintf(out, "p = %.2g", change->p);
    }
    if (!line->accepted) return;
    fputs("; accepted: ", out);
    c4_write_plain(out, line->accepted);
}

void c4_write_median(FILE *out, const struct c4_trend *trend, int index) {
    c4_write_value(out, trend->newest->unit, trend->median[index]);
}

void c4_write_point(FILE *out, const struct c4_trend *trend, int index) {
    const struct c4_history_line *line = trend->series->line[index];
    c4_write_median(out, trend, index);
    fputs(", commit ", out);
    c4_write_commit(out, line->commit);
    fprintf(out, " (%.10s)", line->committed_utc);
}

char *c4_words_of(c4_trend_writer *write, const struct c4_trend *trend, int index) {
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (!out) return NULL;
    write(out, trend, index);
    if (fclose(out) == 0) return text;
    free(text);
    return NULL;
}

const char *c4_change_judgement(const struct c4_trend *trend, int index) {
    if (find_unit(trend->newest->unit) == UNITS) return "other";
    return trend->change[index].after > trend->change[index].before ? "worse" : "better";
}
