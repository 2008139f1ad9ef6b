/* Rooflines: performed FLOP/s over performed FLOPs per byte. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/results/pictures.h"
#include "core/file/csv.h"
#include "core/report/gnuplot.h"

static const double lowest = 0.05, highest = 400; /* FLOP/byte */

struct roofline {
    const json_t *file, *calibration;
    const char *backend;
    double peak, least, most; /* GFLOP/s */
    int points;
    struct c4_csv csv;
};

static void add_point(struct roofline *roofline, const char *name, bool is_named, double flops,
                      double bytes, double gflops) {
    if (!(flops > 0 && bytes > 0 && gflops > 0)) return;
    c4_csv_real(&roofline->csv, flops / bytes);
    c4_csv_real(&roofline->csv, gflops);
    c4_csv_text(&roofline->csv, name);
    c4_csv_text(&roofline->csv, is_named ? name : "");
    c4_csv_end_row(&roofline->csv);
    roofline->least = fmin(roofline->least, gflops);
    roofline->most = fmax(roofline->most, gflops);
    roofline->points++;
}

/* "conv_bwd_data_winograd/block2/n32/avx512" as "data w2": pass, algorithm and block. */
static void short_name(const char *name, char *text, size_t size) {
    static const char *const passes[][2] = {
        {"conv_fwd_", "fwd"}, {"conv_bwd_data_", "data"}, {"conv_bwd_weights_", "weights"}};
    const char *block = strstr(name, "/block");
    for (size_t i = 0; block && i < 3; i++) {
        size_t length = strlen(passes[i][0]);
        if (strncmp(name, passes[i][0], length) != 0) continue;
        snprintf(text, size, "%s %c%c", passes[i][1], name[length], block[6]);
        return;
    }
    snprintf(text, size, "%.*s", (int)strcspn(name, "/"), name);
    if (block) snprintf(text + strlen(text), size - strlen(text), " %c", block[6]);
}

static void add_points(struct roofline *roofline) {
    const json_t *rows = json_object_get(roofline->file, "rows");
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        char name[96];
        if (strcmp(c4_result_text(row, "backend", ""), roofline->backend) != 0) continue;
        if (!json_object_get(row, "images")) continue; /* not done for each image */
        short_name(c4_result_text(row, "name", "?"), name, sizeof name);
        /* Element-wise ops differ little between blocks: only block 1 is labelled. */
        bool is_named = !strstr(name, " ") || strchr(name, 0)[-1] == '1' ||
                        strncmp(c4_result_text(row, "name", ""), "conv", 4) == 0;
        add_point(roofline, name, is_named, c4_result_number(row, "flops_performed"),
                  c4_result_number(row, "bytes"), c4_result_number(row, "gflops_performed"));
    }
    const json_t *steps = json_object_get(roofline->file, "steps");
    for (size_t i = 0; i < json_array_size(steps); i++) {
        const json_t *step = json_array_get(steps, i), *phases = json_object_get(step, "phases");
        if (strcmp(c4_result_text(step, "backend", ""), roofline->backend) != 0) continue;
        for (size_t k = 0; k < json_array_size(phases); k++) {
            const json_t *phase = json_array_get(phases, k);
            add_point(roofline, c4_result_text(phase, "phase", "?"), true,
                      c4_result_number(phase, "flops_performed_per_image"),
                      c4_result_number(phase, "bytes_per_image"),
                      c4_result_number(phase, "gflops_performed"));
        }
    }
}

/* Slopes end where they meet the flat roof; each has its name at its middle. */
static void write_roofs(FILE *out, const struct roofline *roofline, double bottom) {
    static const char *const greys[] = {"4D4D4D", "737373", "999999"};
    const json_t *levels = json_object_get(roofline->calibration, "bandwidth");
    double leftmost = highest;
    for (size_t i = 0; i < json_array_size(levels) && i < 3; i++) {
        const json_t *level = json_array_get(levels, i);
        double gbytes = c4_result_number(level, "gbytes_per_s");
        if (!(gbytes > 0)) continue;
        double ridge = roofline->peak / gbytes, start = fmax(lowest, bottom / gbytes);
        leftmost = fmin(leftmost, ridge);
        char label[64];
        snprintf(label, sizeof label, "%s %.0f GB/s", c4_result_text(level, "level", "?"), gbytes);
        fprintf(out, "set arrow from %.6g,%.6g to %.6g,%.6g nohead lw 1.4 lc rgb '#%s'\nset label ",
                start, start * gbytes, ridge, roofline->peak, greys[i]);
        c4_gnuplot_string(out, label);
        bool last = i + 1 == json_array_size(levels); /* named below its line, others above */
        fprintf(out, " at %.6g,%.6g %s font 'sans-serif,8' textcolor rgb '#%s'\n",
                sqrt(start * ridge), sqrt(start * ridge) * gbytes,
                last ? "left offset 0.6,-0.5" : "right offset -0.4,0.3", greys[i]);
    }
    if (leftmost == highest) leftmost = lowest;
    fprintf(out,
            "set arrow from %.6g,%.6g to %.6g,%.6g nohead lw 1.8 lc rgb '#202020'\n"
            "set label 'FMA peak %.0f GFLOP/s' at %.6g,%.6g right offset 0,0.6 font "
            "'sans-serif,9'\n",
            leftmost, roofline->peak, highest, roofline->peak, roofline->peak, highest,
            roofline->peak);
}

static void write_settings(FILE *out, const struct roofline *roofline, const char *title) {
    double bottom = pow(10, floor(log10(fmin(roofline->least, roofline->peak / 10)) * 2) / 2);
    fputs("set title ", out);
    c4_gnuplot_string(out, title);
    fprintf(out,
            " font 'sans-serif,12'\nunset key\nset logscale xy\nset border 3 lc rgb '#404040'\n"
            "set tics nomirror out scale 0.6 format '%%h'\n"
            "set grid lt 1 lw 0.7 lc rgb '#EDEDED'\n"
            "set xrange [%g:%g]\nset yrange [%.6g:%.6g]\n"
            "set xlabel 'performed FLOP per byte'\nset ylabel 'performed GFLOP/s'\n",
            lowest, highest, bottom, fmax(roofline->peak * 1.6, roofline->most * 1.3));
    write_roofs(out, roofline, bottom);
    fputs("plot data skip 1 using 1:2 with points pt 7 ps 0.7 lc rgb '#0072B2', \\\n"
          "    data skip 1 using 1:2:4 with labels left offset 0.6,0 font 'sans-serif,8'\n",
          out);
}

static enum c4_status draw_one(struct c4_pictures *pictures, struct roofline *roofline) {
    static const char *const heads[] = {"flops_per_byte", "gflops", "pass", "label"};
    bool of_step = json_object_get(roofline->file, "steps");
    int threads = c4_result_whole(roofline->file, "threads");
    char *settings = NULL;
    size_t size;
    roofline->least = INFINITY;
    for (size_t i = 0; i < 4; i++) c4_csv_text(&roofline->csv, heads[i]);
    c4_csv_end_row(&roofline->csv);
    add_points(roofline);
    FILE *out = roofline->points > 0 ? open_memstream(&settings, &size) : NULL;
    if (!out) {
        c4_csv_free(&roofline->csv);
        return roofline->points > 0 ? c4_fail(C4_ERR_MEMORY, "no memory for a picture") : C4_OK;
    }
    struct c4_picture picture = {0};
    snprintf(picture.id, sizeof picture.id, "roofline-%d-%s", pictures->count + 1,
             roofline->backend);
    const char *phases =
        c4_result_evaluates(roofline->file) ? "phases of an evaluation" : "phases of a step";
    snprintf(picture.title, sizeof picture.title, "Roofline of %s: %s, %d thread%s",
             roofline->backend, of_step ? phases : "ops", threads, threads == 1 ? "" : "s");
    snprintf(picture.caption, sizeof picture.caption,
             "A point on a line can only get faster with %s. Operations are those performed: a "
             "Winograd convolution's own, not those of the direct sum. Bytes: %s%s",
             "fewer operations or bytes",
             of_step ? "traffic beyond a core's L2 cache, as the backend counts it."
                     : "each array once. Labels of convolutions: the pass (fwd, data, weights), d "
                       "(direct) or w (Winograd), and the block.",
             roofline->calibration ? ""
                                   : " The slopes of memory are missing: add the output of \"conv4 "
                                     "bench calibrate --json\" for as many threads.");
    write_settings(out, roofline, picture.title);
    enum c4_status status = C4_ERR_MEMORY;
    if (fclose(out) == 0)
        status = c4_picture_draw(pictures, &picture, 8, 5, settings, &roofline->csv);
    else
        c4_csv_free(&roofline->csv);
    free(settings);
    return status;
}

enum c4_status c4_picture_rooflines(struct c4_pictures *pictures, const json_t *file,
                                    const json_t *calibration) {
    const json_t *rows = json_object_get(file, "rows");
    if (!rows) rows = json_object_get(file, "steps");
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const char *backend = c4_result_text(json_array_get(rows, i), "backend", "?");
        bool seen = false;
        for (size_t k = 0; k < i; k++)
            seen = seen ||
                   strcmp(c4_result_text(json_array_get(rows, k), "backend", "?"), backend) == 0;
        if (seen) continue;
        struct roofline roofline = {.file = file, .calibration = calibration, .backend = backend};
        roofline.peak = c4_result_number(file, "peak.gflops");
        double other = c4_result_number(calibration, "peak_gflops");
        if (other > roofline.peak || isnan(roofline.peak)) roofline.peak = other;
        if (roofline.peak > 0) C4_TRY(draw_one(pictures, &roofline));
    }
    return C4_OK;
}
