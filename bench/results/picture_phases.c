/* Time per image by phase: a bar for each backend and peer. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/results/pictures.h"
#include "core/file/csv.h"
#include "core/report/gnuplot.h"

enum { NAMES = 40, COLOURS = 12 };

/* Paul Tol's light scheme and more like it: black text is readable on each. */
static const char *const colours[COLOURS] = {"77AADD", "EE8866", "EEDD88", "FFAABB",
                                             "99DDFF", "44BB99", "BBCC33", "C9B3E6",
                                             "AAAA00", "F2C2A0", "A0D8B3", "D0C4B0"};

struct bars {
    const char *name[NAMES]; /* phases in order of first appearance */
    int names, bars;
    double longest; /* us */
    struct c4_csv csv;
};

static int colour_of(struct bars *bars, const char *name) {
    for (int i = 0; i < bars->names; i++)
        if (strcmp(bars->name[i], name) == 0) return i % COLOURS;
    if (bars->names < NAMES) bars->name[bars->names++] = name;
    return (bars->names - 1) % COLOURS;
}

static void add_part(struct bars *bars, const char *backend, const char *phase, double from,
                     double to, long colour) {
    c4_csv_integer(&bars->csv, bars->bars);
    c4_csv_real(&bars->csv, from);
    c4_csv_real(&bars->csv, to);
    c4_csv_integer(&bars->csv, colour);
    c4_csv_text(&bars->csv, backend);
    c4_csv_text(&bars->csv, phase);
    c4_csv_end_row(&bars->csv);
}

/* Time that no phase accounts for, and a step without phases, is grey. */
static void add_bar(struct bars *bars, const json_t *step) {
    const json_t *phases = json_object_get(step, "phases");
    const char *backend = c4_result_text(step, "backend", "?");
    double whole = 1e6 / c4_result_number(step, "images_per_s"), from = 0;
    if (!isfinite(whole)) return;
    for (size_t i = 0; i < json_array_size(phases); i++) {
        const json_t *phase = json_array_get(phases, i);
        const char *name = c4_result_text(phase, "phase", "?");
        double us = c4_result_number(phase, "seconds_per_image") * 1e6;
        if (!(us > 0)) continue;
        add_part(bars, backend, name, from, from + us,
                 strtol(colours[colour_of(bars, name)], NULL, 16));
        from += us;
    }
    if (whole > from * 1.02)
        add_part(bars, backend, from > 0 ? "rest" : "whole step", from, whole, 0xDDDDDD);
    bars->longest = fmax(bars->longest, fmax(whole, from));
    bars->bars++;
}

static void write_settings(FILE *out, const struct bars *bars, const json_t *steps,
                           const char *title) {
    fputs("set title ", out);
    c4_gnuplot_string(out, title);
    fputs(" font 'sans-serif,12'\nunset key\nset border 1 lc rgb '#404040'\nset ytics (", out);
    for (size_t i = 0, bar = 0; i < json_array_size(steps); i++) {
        const json_t *step = json_array_get(steps, i);
        if (!isfinite(1 / c4_result_number(step, "images_per_s"))) continue;
        fputs(bar ? ", " : "", out);
        c4_gnuplot_tick(out, c4_result_text(step, "backend", "?"));
        fprintf(out, " %zu", bar++);
    }
    fprintf(out,
            ") scale 0\nset xtics nomirror out scale 0.6\nset xlabel 'microseconds per image'\n"
            "set grid xtics lt 1 lw 0.7 lc rgb '#E3E3E3'\n"
            "set yrange [%d.6:-0.6]\nset xrange [0:%.6g]\n",
            bars->bars - 1, bars->longest * 1.08);
    /* A name only where it fits: about a hundred characters span the width. */
    fprintf(
        out,
        "fits(text, from, to) = (to - from > strlen(text) * %.6g ? text : '')\n"
        "plot data skip 1 using 2:1:2:3:($1-0.36):($1+0.36):4 with boxxyerror fs solid 1 border "
        "rgb 'white' lc rgb variable, \\\n"
        "    data skip 1 using (0.5*($2+$3)):1:(fits(stringcolumn(6), $2, $3)) with labels "
        "font 'sans-serif,8'\n",
        bars->longest / 105);
}

enum c4_status c4_picture_phases(struct c4_pictures *pictures, const json_t *file) {
    static const char *const heads[] = {"bar", "from_us", "to_us", "colour", "backend", "phase"};
    const json_t *steps = json_object_get(file, "steps");
    struct bars bars = {0};
    char *settings = NULL;
    size_t size;
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) c4_csv_text(&bars.csv, heads[i]);
    c4_csv_end_row(&bars.csv);
    for (size_t i = 0; i < json_array_size(steps); i++) add_bar(&bars, json_array_get(steps, i));
    FILE *out = bars.bars > 0 ? open_memstream(&settings, &size) : NULL;
    if (!out) {
        c4_csv_free(&bars.csv);
        return bars.bars > 0 ? c4_fail(C4_ERR_MEMORY, "no memory for a picture") : C4_OK;
    }
    struct c4_picture picture = {0};
    int threads = c4_result_whole(file, "threads");
    snprintf(picture.id, sizeof picture.id, "phases-%d", pictures->count + 1);
    snprintf(picture.title, sizeof picture.title,
             "%s, batch %d, %d thread%s: time per image by phase",
             c4_result_evaluates(file) ? "Evaluation" : "Training step",
             c4_result_whole(file, "batch"), threads, threads == 1 ? "" : "s");
    snprintf(
        picture.caption, sizeof picture.caption,
        "Shorter is faster. Phases are timed separately from the samples, on thread 0, up to the "
        "barrier that ends each. Grey: a step without phases, or time that no phase accounts "
        "for.");
    write_settings(out, &bars, steps, picture.title);
    enum c4_status status = C4_ERR_MEMORY;
    if (fclose(out) == 0)
        status =
            c4_picture_draw(pictures, &picture, 9, 1.1 + 0.32 * bars.bars, settings, &bars.csv);
    else
        c4_csv_free(&bars.csv);
    free(settings);
    return status;
}
