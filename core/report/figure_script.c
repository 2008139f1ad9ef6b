/* The gnuplot script of a figure: its whole layout and style. */
#include <math.h>
#include <string.h>

#include "core/base/text.h"
#include "core/report/figure.h"
#include "core/report/gnuplot.h"

enum { FEW_POINTS = 12, MARKERS_ON_LONG_LINE = 10, STYLES = 7, NOTE_BYTES = 320 };

/* Inches, and characters per inch for fonts as wide as DejaVu Sans; most others are narrower. */
#define SIDE 0.1
#define KEY_ROW 0.19
#define NOTE_LINE 0.155
#define LOWEST_NOTE 0.11
#define X_LABEL 0.15 /* its middle above the notes */
#define TITLE_COLUMNS_PER_INCH 10.5
#define KEY_COLUMNS_PER_INCH 12.0
#define NOTE_COLUMNS_PER_INCH 15.0

/* Okabe and Ito's colours without the yellow that fades on white. Marker and dash differ as well,
 * so that a figure can be read without colours. */
static const struct {
    const char *colour;
    int marker;
    const char *dash;
} styles[STYLES] = {
    {"0072B2", 7, "1"},           {"D55E00", 5, "(14,4)"}, {"009E73", 9, "(5,3)"},
    {"CC79A7", 13, "(14,4,3,4)"}, {"E69F00", 11, "(3,3)"}, {"56B4E9", 15, "(18,3,3,3,3,3)"},
    {"000000", 7, "(9,3,9,8)"},
};

struct script {
    const struct c4_figure *figure;
    FILE *out;
    double width, height;         /* inches */
    int key_rows;                 /* of a legend on top; 0 = it is on the right */
    char uncertainty[NOTE_BYTES]; /* the last note, or "" */
    int note_lines;
    int clauses; /* of the plot command so far */
};

/* Bytes of the text's next line, broken at a blank. UTF-8 continuation bytes take no column. */
static size_t line_length(const char *text, int columns) {
    size_t end = 0, blank = 0;
    for (int used = 0; text[end]; end++) {
        if (((unsigned char)text[end] & 0xC0) != 0x80) used++;
        if (used > columns && blank > 0) return blank;
        if (text[end] == ' ') blank = end;
    }
    return end;
}

/* Note `i`: the figure's, then that on the uncertainty; NULL after the last. */
static const char *note_of(const struct script *s, int i) {
    if (s->figure->plain) return NULL;
    if (i < s->figure->notes) return s->figure->note[i];
    return i == s->figure->notes ? s->uncertainty : NULL;
}

/* Bytes of the note's next line. */
static size_t note_line_length(const struct script *s, const char *text) {
    return line_length(text, (int)((s->width - 2 * SIDE) * NOTE_COLUMNS_PER_INCH));
}

static int count_note_lines(const struct script *s) {
    int lines = 0;
    const char *text;
    for (int i = 0; (text = note_of(s, i)) != NULL; i++)
        for (; *text; lines++) {
            text += note_line_length(s, text);
            text += strspn(text, " ");
        }
    return lines;
}

static bool has_finite(const double *values, int count) {
    for (int i = 0; values && i < count; i++)
        if (isfinite(values[i])) return true;
    return false;
}

static const double *seed_curve(const struct c4_series *series, int k) {
    return series->seed_values ? series->seed_values + (size_t)k * (size_t)series->points : NULL;
}

/* Error bars instead of a band. */
static bool has_bars(const struct c4_figure *f, const struct c4_series *series) {
    return f->apart || series->points <= FEW_POINTS;
}

/* A note in the figure explains its bars and thin lines. */
static void write_uncertainty_note(struct script *s) {
    const struct c4_figure *f = s->figure;
    int low = 0, high = 0;
    bool bars = false, bands = false, single = false;
    for (int i = 0; i < f->series_count; i++) {
        const struct c4_series *series = &f->series[i];
        if (series->kind != C4_SERIES_MEASURED) continue;
        for (int k = 0; k < f->seeds; k++)
            single = single || has_finite(seed_curve(series, k), series->points);
        if (!has_finite(series->standard_error, series->points)) continue;
        if (has_bars(f, series))
            bars = true;
        else
            bands = true;
        for (int p = 0; series->n && p < series->points; p++) {
            if (!isfinite(series->standard_error[p])) continue;
            if (low == 0 || series->n[p] < low) low = series->n[p];
            if (series->n[p] > high) high = series->n[p];
        }
    }
    if (!bars && !bands && !single) return;
    const char *what = bars && bands ? "Bars and bands" : bars ? "Bars" : "Bands";
    const char *thin = f->apart ? "small points" : "thin lines";
    char over[64] = "";
    if (low > 0 && low == high)
        snprintf(over, sizeof over, " over %d seeds", low);
    else if (low > 0)
        snprintf(over, sizeof over, " over %d to %d seeds", low, high);
    if (bars || bands)
        snprintf(s->uncertainty, NOTE_BYTES, "%s: mean ± standard error%s%s%s%s.", what, over,
                 single ? "; " : "", single ? thin : "", single ? ": single seeds" : "");
    else
        snprintf(s->uncertainty, NOTE_BYTES, "%s: single seeds.",
                 f->apart ? "Small points" : "Thin lines");
}

static void write_text(const struct script *s, const char *command, const char *text,
                       const char *options) {
    if (!text || !*text) return;
    fprintf(s->out, "%s ", command);
    c4_gnuplot_string(s->out, text);
    fprintf(s->out, "%s\n", options);
}

static void write_line(const struct script *s, const char *text, size_t length, double y,
                       const char *font) {
    fputs("set label ", s->out);
    c4_gnuplot_part(s->out, text, length);
    fprintf(s->out, " at screen %.4f,%.4f left %s\n", SIDE / s->width, y / s->height, font);
}

/* A wide figure has room for the legend beside it. A narrow one would lose its shape, so it grows
 * by the rows of a legend on top. Notes add to the height of either. */
static void lay_out(struct script *s) {
    const struct c4_figure *f = s->figure;
    s->width = f->width_inches > 0 ? f->width_inches : 8.0;
    s->height = f->height_inches > 0 ? f->height_inches : 3.8;
    if (s->width >= 1.5 * s->height) return;
    size_t widest = 0;
    int labels = 0;
    for (int i = 0; i < f->series_count; i++) {
        size_t columns = strlen(f->series[i].label);
        if (f->series[i].unlisted) continue;
        if (columns > widest) widest = columns;
        labels++;
    }
    int entries = (int)((s->width - 2 * SIDE) / (0.55 + (double)widest / KEY_COLUMNS_PER_INCH));
    if (entries < 1) entries = 1;
    s->key_rows = (labels + entries - 1) / entries;
    s->height += KEY_ROW * s->key_rows;
}

/* From the top: the title, then the legend of a narrow figure. A wide one has it at the side. */
static enum c4_status write_head(const struct script *s) {
    const struct c4_figure *f = s->figure;
    struct c4_text title = {0};
    c4_text_add(&title, "%s", f->title ? f->title : "");
    if (f->mark && *f->mark) c4_text_add(&title, " [%s]", f->mark);
    double y = s->height - 0.1;
    for (const char *rest = c4_text_string(&title); *rest;) {
        size_t length = line_length(rest, (int)((s->width - 2 * SIDE) * TITLE_COLUMNS_PER_INCH));
        write_line(s, rest, length, y - 0.1, "font 'sans-serif,12'");
        y -= 0.22;
        rest += length;
        rest += strspn(rest, " ");
    }
    if (s->key_rows == 0) {
        fputs("set key outside right center vertical", s->out);
    } else {
        fprintf(s->out, "set key at screen 0.5,%.4f center top vertical maxrows %d",
                (y - 0.02) / s->height, s->key_rows);
        y -= KEY_ROW * s->key_rows + 0.05;
    }
    fputs(" font 'sans-serif,10' Left reverse samplen 3 spacing 1.2 noautotitle\n", s->out);
    fprintf(s->out, "set tmargin at screen %.4f\n", (y - 0.1) / s->height);
    enum c4_status status = c4_text_add_bytes(&title, "", 0); /* fails if something was lost */
    c4_text_free(&title);
    return status;
}

static void write_range(const struct script *s, char axis, struct c4_range range) {
    if (!(range.low < range.high)) return;
    fprintf(s->out, "set %crange [", axis);
    c4_gnuplot_number(s->out, range.low);
    fputc(':', s->out);
    c4_gnuplot_number(s->out, range.high);
    fputs("]\n", s->out);
}

static struct c4_range x_range_of(const struct c4_figure *f) {
    if (f->x_range.low < f->x_range.high) return f->x_range;
    if (f->ticks > 0) return (struct c4_range){-0.35, f->ticks - 0.65};
    struct c4_range range = {f->series[0].x[0], f->series[0].x[0]};
    for (int i = 0; i < f->series_count; i++)
        for (int p = 0; p < f->series[i].points; p++) {
            range.low = fmin(range.low, f->series[i].x[p]);
            range.high = fmax(range.high, f->series[i].x[p]);
        }
    double pad = range.high > range.low ? 0.02 * (range.high - range.low) : 1;
    return (struct c4_range){range.low - pad, range.high + pad};
}

/* Epochs are whole numbers: a short axis of whole numbers gets no ticks between them. */
static bool counts_few(const struct c4_figure *f) {
    for (int i = 0; i < f->series_count; i++)
        for (int p = 0; p < f->series[i].points; p++)
            if (f->series[i].x[p] != floor(f->series[i].x[p])) return false;
    struct c4_range range = x_range_of(f);
    return range.high - range.low <= 10.5;
}

static void write_axes(const struct script *s) {
    const struct c4_figure *f = s->figure;
    if (!f->slanted_ticks) write_text(s, "set xlabel", f->x_label, " offset 0,0.2");
    write_text(s, "set ylabel", f->y_label, " offset 0.5,0");
    write_range(s, 'x', x_range_of(f));
    write_range(s, 'y', f->y_range);
    fputs("set border 3 lw 1 lc rgb '#404040'\n"
          "set tics nomirror out scale 0.6 textcolor rgb '#202020' format '%h'\n"
          "set grid ytics lt 1 lw 0.7 lc rgb '#E3E3E3'\n",
          s->out);
    if (f->ticks > 0) {
        fputs(f->slanted_ticks ? "set xtics rotate by 35 right (" : "set xtics (", s->out);
        for (int i = 0; i < f->ticks; i++) {
            fputs(i ? ", " : "", s->out);
            c4_gnuplot_tick(s->out, f->tick[i]);
            fprintf(s->out, " %d", i);
        }
        fputs(")\n", s->out);
    } else if (counts_few(f)) {
        fputs("set xtics 1\n", s->out);
    }
}

/* Inches that tick names at 35 degrees reach further down than level ones. Their letters are a
 * fifth smaller than the legend's. */
static double slant_height(const struct c4_figure *f) {
    size_t longest = 0;
    for (int i = 0; i < f->ticks; i++) {
        size_t length = strlen(f->tick[i]);
        if (length > longest) longest = length;
    }
    return 0.46 * (double)longest / KEY_COLUMNS_PER_INCH;
}

static double foot_height(const struct script *s) {
    return s->note_lines ? LOWEST_NOTE + NOTE_LINE * s->note_lines : 0.08;
}

/* From the bottom: notes, the last one lowest, then room for the axis. */
static void write_foot(const struct script *s) {
    const double axis = 0.54 + (s->figure->slanted_ticks ? slant_height(s->figure) : 0);
    int below = s->note_lines;
    const char *text;
    for (int i = 0; (text = note_of(s, i)) != NULL; i++)
        while (*text) {
            size_t length = note_line_length(s, text);
            write_line(s, text, length, LOWEST_NOTE + NOTE_LINE * --below,
                       "font 'sans-serif,8.5' textcolor rgb '#595959'");
            text += length;
            text += strspn(text, " ");
        }
    /* gnuplot guesses the length of slanted names and would put the axis label into the notes. */
    if (s->figure->slanted_ticks && s->figure->x_label && *s->figure->x_label) {
        fputs("set label ", s->out);
        c4_gnuplot_string(s->out, s->figure->x_label);
        fprintf(s->out, " at graph 0.5, screen %.4f center\n",
                (foot_height(s) + X_LABEL) / s->height);
    }
    fprintf(s->out, "set bmargin at screen %.4f\n", (axis + foot_height(s)) / s->height);
}

static void write_styles(const struct script *s) {
    fputs(
        "# Line styles: from 1 the means, from 101 bands and error bars, from 201 single seeds.\n",
        s->out);
    for (int i = 0; i < STYLES; i++)
        fprintf(s->out,
                "set style line %d lc rgb '#%s' lw 1.8 pt %d ps 0.65 dt %s\n"
                "set style line %d lc rgb '#%s' lw 1.2 dt 1\n"
                "set style line %d lc rgb '#A8%s' lw 0.8 dt 1\n",
                i + 1, styles[i].colour, styles[i].marker, styles[i].dash, i + 101,
                styles[i].colour, i + 201, styles[i].colour);
}

/* Begins a clause of the plot command: the rows of the CSV that belong to one series. */
static void begin_clause(struct script *s, int first_row, int points) {
    fprintf(s->out, "%s data skip 1 every ::%d::%d using ", s->clauses++ ? ", \\\n    " : "plot",
            first_row, first_row + points - 1);
}

static void end_clause_with_title(const struct script *s, const struct c4_series *series) {
    if (series->unlisted) return;
    fputs(" title ", s->out);
    c4_gnuplot_string(s->out, series->label);
}

static int interval_of_markers(int points) {
    return points <= FEW_POINTS ? 1 : (points + MARKERS_ON_LONG_LINE - 1) / MARKERS_ON_LONG_LINE;
}

enum layer { BANDS, SEEDS, MEANS, LAYERS };

static void plot_measured(struct script *s, const struct c4_series *series, int row, int style,
                          double dodge, enum layer layer) {
    char x[40] = "2";
    if (dodge != 0) snprintf(x, sizeof x, "($2%+.2f)", dodge);
    const bool apart = s->figure->apart, bars = has_bars(s->figure, series);
    bool has_errors = has_finite(series->standard_error, series->points);
    if (layer == BANDS && has_errors && !bars) {
        begin_clause(s, row, series->points);
        fprintf(s->out,
                "%s:($3-$4):($3+$4) with filledcurves ls %d fs transparent solid 0.18 "
                "noborder",
                x, style + 101);
    }
    if (layer == SEEDS)
        for (int k = 0; k < s->figure->seeds; k++) {
            if (!has_finite(seed_curve(series, k), series->points)) continue;
            begin_clause(s, row, series->points);
            fprintf(s->out, "%s:%d with %s ls %d%s", x, 6 + k, apart ? "points" : "lines",
                    style + 201, apart ? " pt 7 ps 0.3" : "");
        }
    if (layer != MEANS) return;
    if (has_errors && bars) { /* capped vectors: yerrorbars would blank a disc around each point */
        begin_clause(s, row, series->points);
        fprintf(s->out,
                "%s:($3-$4):(0):(2*$4) with vectors heads size screen %.4f,90 nofilled ls %d", x,
                0.035 / s->width, style + 101);
    }
    begin_clause(s, row, series->points);
    if (apart)
        fprintf(s->out, "%s:3 with points ls %d", x, style + 1);
    else
        fprintf(s->out, "%s:3 with linespoints ls %d pointinterval %d", x, style + 1,
                interval_of_markers(series->points));
    end_clause_with_title(s, series);
}

/* On a category axis, error bars are side by side: the offset of the nth of `measured` series from
 * its category. */
static double dodge_of(const struct c4_figure *f, int nth, int measured) {
    return f->ticks > 0 ? 0.06 * (nth - 0.5 * (measured - 1)) : 0;
}

/* How many of the first `count` series are measured. */
static int measured_before(const struct c4_figure *f, int count) {
    int measured = 0;
    for (int i = 0; i < count && i < f->series_count; i++)
        measured += f->series[i].kind == C4_SERIES_MEASURED;
    return measured;
}

/* A baseline that belongs to a measured series. */
static void plot_like(struct script *s, const struct c4_series *series, int row) {
    const struct c4_figure *f = s->figure;
    int nth = measured_before(f, series->like - 1);
    char x[40] = "2";
    double dodge = dodge_of(f, nth, measured_before(f, f->series_count));
    if (dodge != 0) snprintf(x, sizeof x, "($2%+.2f)", dodge);
    begin_clause(s, row, series->points);
    fprintf(s->out, "%s:3 with lines lc rgb '#%s' lw 1.6 dt (2,4)", x, styles[nth % STYLES].colour);
    end_clause_with_title(s, series);
}

static void plot_other(struct script *s, const struct c4_series *series, int row, int order) {
    static const char *const dashes[] = {"(4,4)", "(10,4)", "(2,3)", "(10,3,2,3)"};
    static const int open_markers[] = {6, 4, 8, 12};
    if (series->kind == C4_SERIES_BASELINE && series->like > 0) {
        plot_like(s, series, row);
        return;
    }
    begin_clause(s, row, series->points);
    if (series->kind == C4_SERIES_BASELINE)
        fprintf(s->out, "2:3 with lines lc rgb '#7F7F7F' lw 1.3 dt %s", dashes[order % 4]);
    else
        fprintf(s->out, "2:3 with points lc rgb 'black' lw 1 pt %d ps 0.9",
                open_markers[order % 4]);
    end_clause_with_title(s, series);
}

/* Layer by layer, so that no band covers another series' line. */
static void write_plot(struct script *s) {
    const struct c4_figure *f = s->figure;
    int measured = measured_before(f, f->series_count);
    for (int layer = BANDS; layer < LAYERS; layer++) {
        int row = 0, nth = 0, other = 0;
        for (int i = 0; i < f->series_count; row += f->series[i].points, i++) {
            const struct c4_series *series = &f->series[i];
            if (series->kind == C4_SERIES_MEASURED) {
                plot_measured(s, series, row, nth % STYLES, dodge_of(f, nth, measured),
                              (enum layer)layer);
                nth++;
            } else if (layer == MEANS) {
                plot_other(s, series, row, other);
                other += series->like == 0;
            }
        }
    }
    fputc('\n', s->out);
}

void c4_figure_begin(FILE *script, const char *id) {
    fputs("# An SVG begins with the colour that this gnuplot used last. Nothing is drawn here, in "
          "black.\nset terminal svg\nset output '/dev/null'\n"
          "set multiplot title ' '\nunset multiplot\n\n",
          script);
    fprintf(script,
            "reset\nset encoding utf8\nset datafile separator comma\n"
            "data = '%s.csv'\nif (!exists('stem')) stem = '%s' # the pictures' name\n\n",
            id, id);
}

void c4_figure_svg(FILE *script, const char *id, double width, double height) {
    fprintf(script,
            "set terminal svg size %.0f,%.0f fixed fontscale 1.333 linewidth 1.1 noenhanced "
            "font 'sans-serif,11' name '",
            width * 96, height * 96);
    /* The prefix of the ids inside, so that one page can hold several figures. */
    for (const char *p = id; *p; p++) fputc(*p == '-' ? '_' : *p, script);
    fputs("' background rgb 'white'\nset output stem.'.svg'\n", script);
}

void c4_figure_others(FILE *script, double width, double height) {
    fprintf(script,
            "if (strstrt(GPVAL_TERMINALS, ' pngcairo ')) {\n"
            "    set terminal pngcairo size %.0f,%.0f fontscale 2.083 linewidth 2.3 pointscale 2.1 "
            "noenhanced font 'sans-serif,11' background rgb 'white'\n"
            "    set output stem.'.png'\n    replot\n}\n"
            "if (strstrt(GPVAL_TERMINALS, ' pdfcairo ')) {\n"
            "    set terminal pdfcairo size %.3fin,%.3fin fontscale 0.75 linewidth 1 dashlength 2 "
            "pointscale "
            "0.75 noenhanced "
            "font 'sans-serif,11'\n"
            "    set output stem.'.pdf'\n    replot\n}\n"
            "set output\n",
            width * 200, height * 200, width, height);
}

enum c4_status c4_figure_script(const struct c4_figure *figure, FILE *script) {
    struct script s = {.figure = figure, .out = script};
    lay_out(&s);
    write_uncertainty_note(&s);
    s.note_lines = count_note_lines(&s);
    s.height += foot_height(&s);
    fprintf(script,
            "# Draws %s.csv, which is in the same folder: gnuplot %s.gp\n"
            "# Rows of one series follow one another; \"every\" picks them, counting from 0.\n",
            figure->id, figure->id);
    c4_figure_begin(script, figure->id);
    C4_TRY(write_head(&s));
    write_axes(&s);
    write_foot(&s);
    write_styles(&s);
    fputc('\n', script);
    c4_figure_svg(script, figure->id, s.width, s.height);
    write_plot(&s);
    c4_figure_others(script, s.width, s.height);
    return C4_OK;
}
