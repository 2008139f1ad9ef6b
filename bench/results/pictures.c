#include "bench/results/pictures.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/text.h"
#include "core/file/csv.h"
#include "core/file/file.h"
#include "core/report/figure.h"
#include "core/report/gnuplot.h"

static enum c4_status write_script(const struct c4_picture *picture, const char *machine,
                                   double width, double height, const char *settings,
                                   const char *path) {
    char *text = NULL;
    size_t size = 0;
    FILE *script = open_memstream(&text, &size);
    if (!script) return c4_fail(C4_ERR_MEMORY, "no memory for %s", path);
    fprintf(script, "# Draws %s.csv, which is in the same folder: gnuplot %s.gp\n", picture->id,
            picture->id);
    c4_figure_begin(script, picture->id);
    c4_figure_svg(script, picture->id, width, height);
    if (machine) {
        fputs("set label ", script);
        c4_gnuplot_string(script, machine);
        fputs(" at screen 0.01,0.02 left font 'sans-serif,8'\n", script);
    }
    fputs(settings, script);
    c4_figure_others(script, width, height);
    bool complete = !ferror(script);
    complete = fclose(script) == 0 && complete;
    enum c4_status status = complete ? c4_file_write_atomic(path, text, size)
                                     : c4_fail(C4_ERR_MEMORY, "no memory for %s", path);
    free(text);
    return status;
}

static enum c4_status draw(struct c4_pictures *pictures, struct c4_picture *picture, double width,
                           double height, const char *settings, const struct c4_csv *csv) {
    struct c4_text path = {0};
    struct c4_figure_files files;
    enum c4_status status = c4_text_add(&path, "%s/%s.csv", pictures->folder, picture->id);
    if (status == C4_OK) status = c4_csv_save(csv, path.bytes);
    c4_text_clear(&path);
    if (status == C4_OK) status = c4_text_add(&path, "%s/%s.gp", pictures->folder, picture->id);
    if (status == C4_OK)
        status = write_script(picture, pictures->machine, width, height, settings, path.bytes);
    c4_text_free(&path);
    C4_TRY(status);
    C4_TRY(c4_figure_draw(picture->id, pictures->folder, &files));
    picture->drawn = files.svg;
    if (files.note[0]) snprintf(pictures->note, sizeof pictures->note, "%s", files.note);
    return C4_OK;
}

enum c4_status c4_picture_draw(struct c4_pictures *pictures, const struct c4_picture *picture,
                               double width_inches, double height_inches, const char *settings,
                               struct c4_csv *csv) {
    enum c4_status status =
        c4_fail(C4_ERR_USAGE, "more than %d pictures: give fewer files", C4_PICTURES_MAX);
    if (pictures->count < C4_PICTURES_MAX) {
        struct c4_picture *own = &pictures->picture[pictures->count++];
        *own = *picture;
        own->machine = pictures->machine_index;
        status = draw(pictures, own, width_inches, height_inches, settings, csv);
    }
    c4_csv_free(csv);
    return status;
}
