#include "core/report/figure.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/text.h"
#include "core/file/csv.h"
#include "core/file/file.h"
#include "core/file/temporary.h"
#include "core/report/gnuplot.h"

enum { PATH_BYTES = 4096, ID_MOST = 64 };

static enum c4_status check_id(const char *id) {
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
    if (id && *id && !id[strspn(id, allowed)] && strlen(id) <= ID_MOST) return C4_OK;
    return c4_fail(C4_ERR_USAGE,
                   "\"%s\" cannot name a figure's files: use up to %d letters, digits, - and _",
                   id ? id : "", ID_MOST);
}

static enum c4_status check(const struct c4_figure *f) {
    C4_TRY(check_id(f->id));
    if (f->series_count < 1) return c4_fail(C4_ERR_USAGE, "figure %s has no series to draw", f->id);
    bool has_value = false;
    for (int i = 0; i < f->series_count; i++) {
        const struct c4_series *s = &f->series[i];
        for (int p = 0; p < s->points; p++) has_value = has_value || isfinite(s->mean[p]);
        if (s->points < 1)
            return c4_fail(C4_ERR_USAGE, "figure %s: series \"%s\" has no points", f->id, s->label);
        for (int p = 0; p < s->points; p++)
            if (!isfinite(s->x[p]))
                return c4_fail(C4_ERR_USAGE,
                               "figure %s: x of point %d of series \"%s\" is not finite", f->id, p,
                               s->label);
    }
    if (!has_value)
        return c4_fail(C4_ERR_USAGE, "figure %s has nothing to draw: every mean is missing", f->id);
    return C4_OK;
}

static void add_row(const struct c4_figure *f, const struct c4_series *s, int p,
                    struct c4_csv *csv) {
    c4_csv_text(csv, s->label);
    c4_csv_real(csv, s->x[p]);
    c4_csv_real(csv, s->mean[p]);
    c4_csv_real(csv, s->standard_error ? s->standard_error[p] : (double)NAN);
    if (s->n)
        c4_csv_integer(csv, s->n[p]);
    else
        c4_csv_text(csv, "");
    for (int k = 0; k < f->seeds; k++) {
        size_t at = (size_t)k * (size_t)s->points + (size_t)p;
        c4_csv_real(csv, s->seed_values ? s->seed_values[at] : (double)NAN);
    }
    if (f->ticks > 0) {
        double category = s->x[p];
        bool has_name = category >= 0 && category < f->ticks && category == floor(category);
        c4_csv_text(csv, has_name ? f->tick[(int)category] : "");
    }
    c4_csv_end_row(csv);
}

static enum c4_status write_csv(const struct c4_figure *f, const char *path) {
    static const char *const columns[] = {"series", "x", "mean", "standard_error", "n"};
    struct c4_csv csv = {0};
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) c4_csv_text(&csv, columns[i]);
    for (int k = 0; k < f->seeds; k++) {
        char name[32];
        snprintf(name, sizeof name, "seed_%llu", (unsigned long long)f->seed[k]);
        c4_csv_text(&csv, name);
    }
    if (f->ticks > 0) c4_csv_text(&csv, "x_label");
    c4_csv_end_row(&csv);
    for (int i = 0; i < f->series_count; i++)
        for (int p = 0; p < f->series[i].points; p++) add_row(f, &f->series[i], p, &csv);
    enum c4_status status = c4_csv_save(&csv, path);
    c4_csv_free(&csv);
    return status;
}

static enum c4_status write_script(const struct c4_figure *f, const char *path) {
    char *text = NULL;
    size_t size = 0;
    FILE *script = open_memstream(&text, &size);
    if (!script) return c4_fail(C4_ERR_MEMORY, "out of memory for the script of figure %s", f->id);
    enum c4_status status = c4_figure_script(f, script);
    bool complete = !ferror(script);
    complete = fclose(script) == 0 && complete && status == C4_OK;
    status = complete ? c4_file_write_atomic(path, text, size)
                      : c4_fail(C4_ERR_MEMORY, "out of memory for the script of figure %s", f->id);
    free(text);
    return status;
}

static const char *const extension[] = {"svg", "png", "pdf"};
enum { PICTURES = 3 };
_Static_assert(sizeof extension / sizeof *extension == PICTURES, "an extension for each picture");

/* Moves a finished picture into place; one that this gnuplot cannot draw is left out. */
static enum c4_status publish(const char *drawn, const char *final, bool *published) {
    struct stat info;
    *published = stat(drawn, &info) == 0 && info.st_size > 0;
    if (!*published) {
        unlink(drawn);
        return C4_OK;
    }
    if (rename(drawn, final) == 0) return C4_OK;
    int error = errno;
    unlink(drawn);
    return c4_fail_write(final, error);
}

/* FOLDER/NAME.extension. */
static enum c4_status path_of(struct c4_text *path, const char *folder, const char *name,
                              const char *suffix) {
    c4_text_clear(path);
    return c4_text_add(path, "%s/%s.%s", folder, name, suffix);
}

enum { STEM_BYTES = 1 + ID_MOST + C4_TEMPORARY_MARK_SIZE };

/* gnuplot writes a figure to temporary names, so that a reader never sees half a picture. */
struct drawing {
    const char *id;
    struct c4_figure_files *files;
    char stem[STEM_BYTES], command[STEM_BYTES + 16], script[ID_MOST + 8];
};

static struct drawing drawing_of(const char *id, struct c4_figure_files *files) {
    struct drawing d = {.id = id, .files = files};
    char mark[C4_TEMPORARY_MARK_SIZE];
    c4_temporary_mark(mark);
    snprintf(d.stem, sizeof d.stem, ".%s%s", id, mark);
    snprintf(d.command, sizeof d.command, "stem = '%s'", d.stem);
    snprintf(d.script, sizeof d.script, "%s.gp", id);
    return d;
}

/* Moves what was drawn into place, or removes it if drawing failed, with that `status`. */
static enum c4_status settle(struct drawing *d, const char *folder, enum c4_status status) {
    bool *published[PICTURES] = {&d->files->svg, &d->files->png, &d->files->pdf};
    struct c4_text drawn = {0}, final = {0};
    for (int i = 0; i < PICTURES; i++) {
        if (path_of(&drawn, folder, d->stem, extension[i]) != C4_OK ||
            path_of(&final, folder, d->id, extension[i]) != C4_OK)
            status = C4_ERR_MEMORY;
        if (status == C4_OK)
            status = publish(drawn.bytes, final.bytes, published[i]);
        else if (!drawn.lost)
            unlink(drawn.bytes);
    }
    if (status == C4_OK && !d->files->svg)
        status =
            c4_fail(C4_ERR_FAILED, "%s/%s: gnuplot succeeded but drew nothing", folder, d->script);
    c4_text_free(&drawn);
    c4_text_free(&final);
    return status;
}

static enum c4_status draw(const char *gnuplot, const char *folder, struct drawing *drawing,
                           struct c4_gnuplot_script *script, int count) {
    for (int i = 0; i < count; i++)
        script[i] =
            (struct c4_gnuplot_script){.command = drawing[i].command, .name = drawing[i].script};
    enum c4_status status = c4_gnuplot_run(gnuplot, folder, script, count);
    for (int i = 0; i < count; i++) {
        enum c4_status settled = settle(&drawing[i], folder, status);
        if (status == C4_OK) status = settled;
    }
    return status;
}

/* An old picture would not match the new numbers. */
static enum c4_status remove_pictures(const char *id, const char *folder, struct c4_text *path) {
    for (int i = 0; i < PICTURES; i++) {
        C4_TRY(path_of(path, folder, id, extension[i]));
        unlink(path->bytes);
    }
    return C4_OK;
}

static enum c4_status write_data(const struct c4_figure *figure, const char *folder,
                                 struct c4_text *path) {
    C4_TRY(path_of(path, folder, figure->id, "csv"));
    C4_TRY(write_csv(figure, path->bytes));
    C4_TRY(path_of(path, folder, figure->id, "gp"));
    C4_TRY(write_script(figure, path->bytes));
    return remove_pictures(figure->id, folder, path);
}

enum c4_status c4_figure_write_data(const struct c4_figure *figure, const char *folder) {
    struct c4_text path = {0};
    C4_TRY(check(figure));
    enum c4_status status = write_data(figure, folder, &path);
    c4_text_free(&path);
    return status;
}

static void note_no_gnuplot(const char *id, struct c4_figure_files *files) {
    snprintf(files->note, sizeof files->note,
             "Figure %s was not drawn, since gnuplot is not on PATH. Install it (Debian: "
             "gnuplot-nox), then run \"gnuplot %s.gp\" in the folder of the figures.",
             id, id);
}

static void note_no_cairo(const char *id, struct c4_figure_files *files) {
    if (files->png && files->pdf) return;
    snprintf(files->note, sizeof files->note,
             "Figure %s has no %s, since this gnuplot was built without cairo (Debian's "
             "gnuplot-nox has it).",
             id,
             files->png   ? "PDF"
             : files->pdf ? "PNG"
                          : "PNG and PDF");
}

static enum c4_status remove_all_pictures(const char *const *id, int count, const char *folder) {
    struct c4_text path = {0};
    enum c4_status status = C4_OK;
    for (int i = 0; i < count && status == C4_OK; i++)
        status = remove_pictures(id[i], folder, &path);
    c4_text_free(&path);
    return status;
}

enum c4_status c4_figure_draw_together(const char *const *id, int count, const char *folder,
                                       struct c4_figure_files *files) {
    for (int i = 0; i < count; i++) files[i] = (struct c4_figure_files){0};
    for (int i = 0; i < count; i++) C4_TRY(check_id(id[i]));
    C4_TRY(remove_all_pictures(id, count, folder));
    char gnuplot[PATH_BYTES];
    if (!c4_gnuplot_find(gnuplot, sizeof gnuplot)) {
        for (int i = 0; i < count; i++) note_no_gnuplot(id[i], &files[i]);
        return C4_OK;
    }
    struct drawing *drawing = malloc((size_t)count * sizeof *drawing);
    struct c4_gnuplot_script *script = malloc((size_t)count * sizeof *script);
    enum c4_status status = C4_OK;
    if (drawing && script) {
        for (int i = 0; i < count; i++) drawing[i] = drawing_of(id[i], &files[i]);
        status = draw(gnuplot, folder, drawing, script, count);
    } else {
        status = c4_fail(C4_ERR_MEMORY, "out of memory for drawing figures");
    }
    free(drawing);
    free(script);
    for (int i = 0; i < count && status == C4_OK; i++) note_no_cairo(id[i], &files[i]);
    return status;
}

enum c4_status c4_figure_draw(const char *id, const char *folder, struct c4_figure_files *files) {
    return c4_figure_draw_together(&id, 1, folder, files);
}

enum c4_status c4_figure_write(const struct c4_figure *figure, const char *folder,
                               struct c4_figure_files *files) {
    *files = (struct c4_figure_files){0};
    C4_TRY(c4_figure_write_data(figure, folder));
    return c4_figure_draw(figure->id, folder, files);
}
