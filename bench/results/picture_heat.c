/* Heat map of ops (rows) by backends (columns): where a backend loses. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/results/pictures.h"
#include "core/file/csv.h"
#include "core/report/gnuplot.h"

enum { COLUMNS = 16, ROWS = 128 };

struct heat {
    const char *column[COLUMNS]; /* backends */
    char row[ROWS][96];          /* slot and shape */
    double seconds[ROWS][COLUMNS];
    int columns, rows;
};

static int column_of(struct heat *heat, const char *backend) {
    for (int i = 0; i < heat->columns; i++)
        if (strcmp(heat->column[i], backend) == 0) return i;
    if (heat->columns == COLUMNS) return -1;
    heat->column[heat->columns] = backend;
    return heat->columns++;
}

static int row_of(struct heat *heat, const char *name) {
    for (int i = 0; i < heat->rows; i++)
        if (strcmp(heat->row[i], name) == 0) return i;
    if (heat->rows == ROWS) return -1;
    for (int k = 0; k < COLUMNS; k++) heat->seconds[heat->rows][k] = NAN;
    snprintf(heat->row[heat->rows], sizeof heat->row[0], "%s", name);
    return heat->rows++;
}

/* Rows are SLOT/SHAPE, without the backend after the last slash. False: too many rows or columns.
 */
static bool fill(struct heat *heat, const json_t *rows) {
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        char name[96];
        snprintf(name, sizeof name, "%s", c4_result_text(row, "name", "?"));
        char *slash = strrchr(name, '/');
        if (slash) *slash = '\0';
        int x = column_of(heat, c4_result_text(row, "backend", "?")), y = row_of(heat, name);
        if (x < 0 || y < 0) return false;
        heat->seconds[y][x] = c4_result_number(row, "seconds_per_call");
    }
    return true;
}

static double fastest(const struct heat *heat, int y) {
    double best = NAN;
    for (int x = 0; x < heat->columns; x++)
        if (heat->seconds[y][x] > 0 && !(heat->seconds[y][x] >= best)) best = heat->seconds[y][x];
    return best;
}

static void write_table(const struct heat *heat, struct c4_csv *csv) {
    static const char *const heads[] = {"x",    "y",  "ratio",   "log2_ratio",
                                        "text", "op", "backend", "seconds_per_call"};
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) c4_csv_text(csv, heads[i]);
    c4_csv_end_row(csv);
    for (int y = 0; y < heat->rows; y++)
        for (int x = 0; x < heat->columns; x++) {
            double ratio = heat->seconds[y][x] / fastest(heat, y);
            char text[32];
            if (!isfinite(ratio)) continue;
            snprintf(text, sizeof text, ratio < 9.95 ? "%.2f" : "%.0f", ratio);
            c4_csv_integer(csv, x);
            c4_csv_integer(csv, y);
            c4_csv_real(csv, ratio);
            c4_csv_real(csv, log2(ratio));
            c4_csv_text(csv, text);
            c4_csv_text(csv, heat->row[y]);
            c4_csv_text(csv, heat->column[x]);
            c4_csv_real(csv, heat->seconds[y][x]);
            c4_csv_end_row(csv);
        }
}

static void write_names(FILE *out, const struct heat *heat) {
    fputs("set x2tics (", out);
    for (int x = 0; x < heat->columns; x++) {
        fputs(x ? ", " : "", out);
        c4_gnuplot_tick(out, heat->column[x]);
        fprintf(out, " %d", x);
    }
    fputs(") scale 0\nunset xtics\nset ytics (", out);
    for (int y = 0; y < heat->rows; y++) {
        fputs(y ? ", " : "", out);
        c4_gnuplot_tick(out, heat->row[y]);
        fprintf(out, " %d", y);
    }
    fputs(") scale 0 font 'sans-serif,9'\n", out);
}

/* The fastest is green; slower ones go from white to red, up to 16 times its time. */
static void write_settings(FILE *out, const struct heat *heat, const char *title) {
    fputs("set title ", out);
    c4_gnuplot_string(out, title);
    fprintf(out,
            " offset 0,0.6 font 'sans-serif,12'\nset border 0\nunset key\n"
            "set xrange [-0.5:%d.5]\nset x2range [-0.5:%d.5]\nset yrange [%d.5:-0.5]\n"
            "set cbrange [0:4]\nset palette maxcolors 64 defined (0 '#7FC97F', 0.06 '#E5F5E0', "
            "0.5 '#FFF7E0', 1 '#FDD49E', 2 '#FC8D59', 4 '#D7301F')\n"
            "set cbtics ('fastest' 0, '2 x' 1, '4 x' 2, '8 x' 3, '16 x' 4)\n"
            "set colorbox vertical user origin screen 0.885, graph 0.3 size screen 0.015, graph "
            "0.4\nset rmargin at screen 0.86\n",
            heat->columns - 1, heat->columns - 1, heat->rows - 1);
    write_names(out, heat);
    fputs("plot data skip 1 using 1:2:($1-0.49):($1+0.49):($2-0.47):($2+0.47):($4>4?4:$4) with "
          "boxxyerror fs solid 1 noborder lc palette, \\\n"
          "    data skip 1 using 1:2:5 with labels font 'sans-serif,9'\n",
          out);
}

enum c4_status c4_picture_heat(struct c4_pictures *pictures, const json_t *file) {
    struct heat *heat = calloc(1, sizeof *heat);
    char *settings = NULL;
    size_t size;
    FILE *out = heat ? open_memstream(&settings, &size) : NULL;
    if (!out) {
        free(heat);
        return c4_fail(C4_ERR_MEMORY, "no memory for a picture");
    }
    if (!fill(heat, json_object_get(file, "rows"))) {
        fclose(out);
        free(settings);
        free(heat);
        return c4_fail(
            C4_ERR_DATA,
            "%s has more than %d backends or %d ops: give one made with bench ops --filter",
            pictures->source ? pictures->source : "the file", COLUMNS, ROWS);
    }
    struct c4_picture picture = {0};
    struct c4_csv csv = {0};
    int batch = c4_result_whole(file, "batch");
    snprintf(picture.id, sizeof picture.id, "heat-%d", pictures->count + 1);
    snprintf(picture.title, sizeof picture.title,
             "Time of each op relative to the fastest backend, batch %d", batch);
    snprintf(
        picture.caption, sizeof picture.caption,
        "Median time of an op, without reordering from and to other layouts, divided by that of "
        "the fastest backend in the same row. Green: the fastest. Red: the backend loses here. "
        "Direct and Winograd convolutions are separate ops; an empty cell is an op that the "
        "backend does not have.");
    write_table(heat, &csv);
    if (pictures->machine) fputs("set bmargin 2.5\n", out); /* room for the machine's name */
    write_settings(out, heat, picture.title);
    enum c4_status status = C4_ERR_MEMORY;
    if (fclose(out) == 0)
        status = c4_picture_draw(pictures, &picture, 4.2 + 0.85 * heat->columns,
                                 1.0 + 0.19 * heat->rows, settings, &csv);
    free(settings);
    free(heat);
    return status;
}
