/* How a machine scales: gains over threads, beside the ideal line, the peak's and the triad's. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/results/pictures.h"
#include "core/file/csv.h"

enum { SERIES = 5, LOGARITHMIC = 8 };

/* Okabe and Ito's colours. */
static const struct {
    const char *name;
    const char *gain; /* the member with the gain */
    const char *look;
    bool team, single; /* of which rows */
} series[SERIES] = {
    {"FMA peak", "peak_gain", "lc rgb '#E69F00' dt 2 pt 6", false, false},
    {"triad", "triad_gain", "lc rgb '#56B4E9' dt 3 pt 4", false, false},
    {"workers", "gain", "lc rgb '#0072B2' dt 1 pt 7", false, false},
    {"a team", "gain", "lc rgb '#D55E00' dt 1 pt 9", true, true},
    {"teams", "gain", "lc rgb '#009E73' dt 1 pt 5", true, false},
};

static bool is_of(const json_t *row, int s) {
    bool team = c4_result_whole(row, "threads") > 1, single = c4_result_whole(row, "workers") == 1;
    return team == series[s].team && (!team || single == series[s].single);
}

static void add_point(struct c4_csv *csv, const json_t *row, int s, int threads) {
    const json_t *gain = json_object_get(row, series[s].gain);
    c4_csv_text(csv, series[s].name);
    c4_csv_integer(csv, threads);
    c4_csv_real(csv, c4_result_number(gain, "estimate"));
    c4_csv_real(csv, c4_result_number(gain, "low"));
    c4_csv_real(csv, c4_result_number(gain, "high"));
    c4_csv_text(csv, c4_result_text(row, "name", ""));
    c4_csv_end_row(csv);
}

/* Adds what a series has; returns how many points. */
static int add_series(struct c4_csv *csv, const json_t *rows, int s, int *widest) {
    int points = 0;
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        int threads = c4_result_whole(row, "workers") * c4_result_whole(row, "threads");
        const json_t *gain = json_object_get(row, series[s].gain);
        if (!is_of(row, s) || !isfinite(c4_result_number(gain, "estimate"))) continue;
        add_point(csv, row, s, threads);
        if (threads > *widest) *widest = threads;
        points++;
    }
    return points;
}

static void write_settings(FILE *out, const int points[SERIES], int widest, const char *title) {
    fprintf(out,
            "set title '%s' font 'sans-serif,12'\nset key left top reverse Left\n"
            "set xlabel 'threads in all'\nset ylabel 'times one worker'\n"
            "set grid lt 1 lw 0.7 lc rgb '#E3E3E3'\nset border 3 lc rgb '#404040'\n"
            "set xtics nomirror\nset ytics nomirror\n",
            title);
    if (widest > LOGARITHMIC)
        fprintf(out,
                "set logscale xy 2\nset xrange [0.9:%d*1.1]\nset yrange [0.7:%d*1.2]\n"
                "ideal(x) = x\n",
                widest, widest);
    else
        fprintf(out, "set xtics 1\nset xrange [0.8:%d+0.2]\nset yrange [0:%d*1.1]\nideal(x) = x\n",
                widest, widest);
    fputs("plot ideal(x) title 'ideal' with lines lc rgb '#999999' dt 4", out);
    for (int s = 0; s < SERIES; s++) {
        if (points[s] == 0) continue;
        fprintf(
            out,
            ", \\\n    data skip 1 using (stringcolumn(1) eq '%s' ? $2 : NaN):3 title '%s' with "
            "linespoints %s",
            series[s].name, series[s].name, series[s].look);
        fprintf(out,
                ", \\\n    data skip 1 using (stringcolumn(1) eq '%s' ? $2 : NaN):3:4:5 notitle "
                "with yerrorbars %s ps 0",
                series[s].name, series[s].look);
    }
    fputs("\n", out);
}

enum c4_status c4_picture_scale(struct c4_pictures *pictures, const json_t *file) {
    static const char *const heads[] = {"series", "threads", "gain", "low", "high", "row"};
    const json_t *rows = json_object_get(file, "rows");
    struct c4_picture picture = {.drawn = false};
    struct c4_csv csv = {0};
    int points[SERIES], all = 0, widest = 1;
    char *settings = NULL;
    size_t size;
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) c4_csv_text(&csv, heads[i]);
    c4_csv_end_row(&csv);
    for (int s = 0; s < SERIES; s++) all += points[s] = add_series(&csv, rows, s, &widest);
    FILE *out = all > 0 ? open_memstream(&settings, &size) : NULL;
    if (!out) {
        c4_csv_free(&csv);
        return all > 0 ? c4_fail(C4_ERR_MEMORY, "no memory for a picture") : C4_OK;
    }
    snprintf(picture.id, sizeof picture.id, "scale-%d", pictures->count + 1);
    snprintf(picture.title, sizeof picture.title, "Training in many processes at once");
    snprintf(
        picture.caption, sizeof picture.caption,
        "Gains over one worker of one thread, estimated in pairs, with 95 %% intervals. Workers "
        "are processes of one thread, teams are threads of one process; peak and triad are "
        "those of as many threads as workers, in the same places.");
    write_settings(out, points, widest, picture.title);
    enum c4_status status = C4_ERR_MEMORY;
    if (fclose(out) == 0)
        status = c4_picture_draw(pictures, &picture, 6.5, 5, settings, &csv);
    else
        c4_csv_free(&csv);
    free(settings);
    return status;
}
