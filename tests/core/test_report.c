/* Figures: the bytes of the CSV, text that gnuplot might misread, several drawn together, and
 * failures: no gnuplot, a broken one, nowhere to write. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/file/file.h"
#include "core/report/figure.h"
#include "core/report/gnuplot.h"
#include "tests/harness/unit.h"

static char folder[64];
static char *path_before;

static int make_folder(void **state) {
    (void)state;
    strcpy(folder, "report-XXXXXX");
    const char *path = getenv("PATH");
    path_before = path ? strdup(path) : NULL;
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state) {
    (void)state;
    if (path_before) setenv("PATH", path_before, 1);
    free(path_before);
    char command[256];
    snprintf(command, sizeof command, "chmod -R u+w ./%s; rm -rf ./%s", folder, folder);
    return system(command);
}

static const char *in_folder(const char *name) {
    static char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static char *contents(const char *name) {
    unsigned char *bytes = NULL;
    size_t size = 0;
    assert_int_equal(c4_file_read(in_folder(name), &bytes, &size), C4_OK);
    return (char *)bytes;
}

static int exists(const char *name) {
    return access(in_folder(name), F_OK) == 0;
}

static const double x3[3] = {0, 1, 2}, mean3[3] = {1, 0.5, 0.1}, error3[3] = {0, 0.125, NAN};
static const double seeds3[2][3] = {{1, 0.625, 0.1}, {1, 0.375, NAN}};
static const int n3[3] = {2, 2, 1};
static const uint64_t seed_numbers[2] = {1, 7};

static struct c4_series full_series(const char *label) {
    return (struct c4_series){.label = label,
                              .points = 3,
                              .x = x3,
                              .mean = mean3,
                              .standard_error = error3,
                              .n = n3,
                              .seed_values = &seeds3[0][0]};
}

static struct c4_figure figure_of(const struct c4_series *series, int count) {
    return (struct c4_figure){.id = "fig",
                              .title = "Title",
                              .x_label = "Epoch",
                              .y_label = "CKA",
                              .series_count = count,
                              .series = series,
                              .seeds = 2,
                              .seed = seed_numbers};
}

static void csv_bytes(void **state) {
    (void)state;
    static const char *const layers[] = {"pool1", "pool2"};
    struct c4_series series[2] = {full_series("a, \"b\""),
                                  {.label = "published",
                                   .kind = C4_SERIES_PUBLISHED,
                                   .points = 1,
                                   .x = x3,
                                   .mean = error3 + 1}};
    struct c4_figure figure = figure_of(series, 2);
    figure.ticks = 2;
    figure.tick = layers;
    struct c4_figure_files files;
    setenv("PATH", "", 1);
    assert_int_equal(c4_figure_write(&figure, folder, &files), C4_OK);
    char *csv = contents("fig.csv");
    assert_string_equal(csv, "series,x,mean,standard_error,n,seed_1,seed_7,x_label\n"
                             "\"a, \"\"b\"\"\",0,1,0,2,1,1,pool1\n"
                             "\"a, \"\"b\"\"\",1,0.5,0.125,2,0.625,0.375,pool2\n"
                             "\"a, \"\"b\"\"\",2,0.1,,1,0.1,,\n"
                             "published,0,0.125,,,,,pool1\n");
    free(csv);
}

static void no_gnuplot_leaves_table_and_script(void **state) {
    (void)state;
    struct c4_series series = full_series("a");
    struct c4_figure figure = figure_of(&series, 1);
    struct c4_figure_files files;
    /* An earlier run's picture must not pass for this run's. */
    assert_int_equal(c4_file_write_atomic(in_folder("fig.png"), "old", 3), C4_OK);
    const char *const paths[] = {"", ":", "/nonexistent", NULL};
    for (int i = 0; i < 4; i++) {
        if (paths[i])
            setenv("PATH", paths[i], 1);
        else
            unsetenv("PATH");
        assert_int_equal(c4_figure_write(&figure, folder, &files), C4_OK);
        assert_false(files.svg || files.png || files.pdf);
        assert_non_null(strstr(files.note, "gnuplot-nox"));
        assert_true(exists("fig.csv") && exists("fig.gp") && !exists("fig.png"));
    }
}

/* Puts a program called gnuplot first on PATH. */
static void fake_gnuplot(const char *script) {
    assert_int_equal(c4_file_write_atomic(in_folder("gnuplot"), script, strlen(script)), C4_OK);
    assert_int_equal(chmod(in_folder("gnuplot"), 0755), 0);
    char cwd[2048], path[4096];
    assert_non_null(getcwd(cwd, sizeof cwd));
    snprintf(path, sizeof path, "%s/%s:%s", cwd, folder, path_before ? path_before : "");
    setenv("PATH", path, 1);
}

static void gnuplot_failures_are_reported(void **state) {
    (void)state;
    struct c4_series series = full_series("a");
    struct c4_figure figure = figure_of(&series, 1);
    struct c4_figure_files files;
    static const struct {
        const char *program, *sentence;
    } cases[] = {
        {"#!/bin/sh\necho 'plot x y' >&2\necho '     ^' >&2\n"
         "echo '\"fig.gp\" line 7: undefined variable: y' >&2\nexit 1\n",
         "\"fig.gp\" line 7: undefined variable: y"},
        {"#!/bin/sh\nexit 3\n", "it gave no reason"},
        {"#!/bin/sh\nkill -9 $$\n", "signal 9"},
        {"#!/bin/sh\nexit 0\n", "drew nothing"},
        {"#!/nonexistent/interpreter\n", "cannot be started"},
        {"#!/bin/sh\nhead -c 100000 /dev/zero | tr '\\0' x >&2\nexit 1\n", "gnuplot failed: xxxx"},
        /* The error comes after many warnings. */
        {"#!/bin/sh\nyes 'warning: odd' | head -n 5000 >&2\necho 'line 7: late' >&2\nexit 1\n",
         "gnuplot failed: line 7: late"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fake_gnuplot(cases[i].program);
        enum c4_status status = c4_figure_write(&figure, folder, &files);
        assert_int_equal(status, i == 4 ? C4_ERR_ENVIRONMENT : C4_ERR_FAILED);
        if (!strstr(c4_error(), cases[i].sentence)) fail_msg("%s", c4_error());
        assert_true(exists("fig.csv") && exists("fig.gp"));
    }
}

static void gnuplot_without_cairo_says_so(void **state) {
    (void)state;
    struct c4_series series = full_series("a");
    struct c4_figure figure = figure_of(&series, 1);
    struct c4_figure_files files;
    /* Argument 3 is: stem = '.fig.tmp.PID.XXXXXXXX' */
    fake_gnuplot("#!/bin/sh\nstem=${3#*\\'}\necho svg > \"${stem%\\'}.svg\"\n");
    assert_int_equal(c4_figure_write(&figure, folder, &files), C4_OK);
    assert_true(files.svg && !files.png && !files.pdf);
    assert_non_null(strstr(files.note, "no PNG and PDF"));
    char *svg = contents("fig.svg");
    assert_string_equal(svg, "svg\n");
    free(svg);
}

static void starts_with(const char *name, const char *magic) {
    char *bytes = contents(name);
    assert_memory_equal(bytes, magic, strlen(magic));
    free(bytes);
}

/* Text that would run a command, end a string, continue a line or be taken as markup. */
#define NASTY "`touch pwned` $(touch pwned) it's \"q\" \\n \\ @x {a_b}^2 100%s %d #, \n ± end\\"

static void text_is_drawn_as_given(void **state) {
    (void)state;
    char gnuplot[4096];
    if (!c4_gnuplot_find(gnuplot, sizeof gnuplot)) skip();
    static const char *const ticks[] = {NASTY, "", "logits"};
    static const char *const notes[] = {NASTY, "", NASTY " " NASTY " " NASTY};
    double missing[3] = {NAN, NAN, NAN};
    struct c4_series series[4] = {full_series(NASTY), full_series(""), full_series("baseline"),
                                  full_series("all missing")};
    series[2].kind = C4_SERIES_BASELINE;
    series[3].mean = series[3].standard_error = missing;
    series[3].seed_values = NULL;
    struct c4_figure figure = figure_of(series, 4);
    figure.title = figure.mark = figure.x_label = figure.y_label = NASTY;
    figure.notes = 3;
    figure.note = notes;
    figure.width_inches = 4;
    figure.height_inches = 4;
    struct c4_figure_files files;
    for (int categories = 0; categories < 2; categories++) {
        figure.ticks = categories ? 3 : 0;
        figure.tick = ticks;
        enum c4_status status = c4_figure_write(&figure, folder, &files);
        if (status != C4_OK) fail_msg("%s", c4_error());
        assert_true(files.svg && !exists("pwned"));
    }
    /* In the SVG, where < and & are entities, the title contains no escapes. */
    char *svg = contents("fig.svg");
    const char *const shown[] = {"`touch pwned` $(touch pwned) it's",
                                 "\\n \\ @x {a_b}^2 100%s %d #"};
    for (int i = 0; i < 2; i++)
        if (!strstr(svg, shown[i])) fail_msg("not in the SVG: %s", shown[i]);
    free(svg);
}

/* Pixels from the top of an SVG to a text's baseline. */
static double y_of(const char *svg, const char *text) {
    char element[64];
    double x, y = NAN;
    snprintf(element, sizeof element, "<text>%s", text);
    const char *at = strstr(svg, element), *place = NULL;
    if (!at) fail_msg("not in the SVG: %s", text);
    for (const char *next = svg; (next = strstr(next, "translate(")) && next < at; next++)
        place = next;
    assert_non_null(place);
    assert_int_equal(sscanf(place, "translate(%lf,%lf", &x, &y), 2);
    return y;
}

static void an_axis_label_keeps_away_from_names_and_notes(void **state) {
    (void)state;
    char gnuplot[4096];
    if (!c4_gnuplot_find(gnuplot, sizeof gnuplot)) skip();
    static const char *const ticks[] = {"short", "a-name-of-twenty-six-bytes", "pool3"};
    static const char *const notes[] = {"The first note.", "The second one."};
    struct c4_series series = full_series("a");
    struct c4_figure figure = figure_of(&series, 1);
    figure.ticks = 3;
    figure.tick = ticks;
    figure.slanted_ticks = true;
    figure.width_inches = 8;
    figure.height_inches = 3.4;
    for (int count = 0; count <= 2; count += 2) {
        struct c4_figure_files files;
        figure.notes = count;
        figure.note = notes;
        if (c4_figure_write(&figure, folder, &files) != C4_OK) fail_msg("%s", c4_error());
        char *svg = contents("fig.svg");
        double label = y_of(svg, "Epoch"), below = y_of(svg, count ? notes[0] : "Bars");
        double name = y_of(svg, ticks[1]); /* its upper right end */
        if (!(label <= below - 12)) fail_msg("the label at %g, the note at %g", label, below);
        /* 26 letters of some 7 pixels, at 35 degrees */
        if (!(label >= name + 100)) fail_msg("the label at %g, a name at %g", label, name);
        free(svg);
        /* In PNG and PDF as well, where gnuplot places it differently. */
        char *script = contents("fig.gp");
        assert_null(strstr(script, "set xlabel"));
        free(script);
    }
}

static void pictures_are_drawn(void **state) {
    (void)state;
    char gnuplot[4096];
    if (!c4_gnuplot_find(gnuplot, sizeof gnuplot)) skip();
    enum { POINTS = 200 };
    static double x[POINTS], mean[POINTS], error[POINTS];
    for (int i = 0; i < POINTS; i++) {
        x[i] = i;
        mean[i] = exp(-i / 30.0);
        error[i] = 0.02;
    }
    struct c4_series series[3] = {
        {.label = "long", .points = POINTS, .x = x, .mean = mean, .standard_error = error},
        full_series("short"),
        {.label = "one point", .points = 1, .x = x, .mean = mean}};
    struct c4_figure figure = figure_of(series, 3);
    figure.mark = "synthetic data";
    figure.y_range = (struct c4_range){-0.1, 1.1};
    struct c4_figure_files files;
    for (int again = 0; again < 2; again++) { /* the second time over the first's files */
        enum c4_status status = c4_figure_write(&figure, folder, &files);
        if (status != C4_OK) fail_msg("%s", c4_error());
        assert_true(files.svg);
        starts_with("fig.svg", "<?xml");
        if (files.png) starts_with("fig.png", "\x89PNG");
        if (files.pdf) starts_with("fig.pdf", "%PDF");
        assert_int_equal(files.note[0] == '\0', files.png && files.pdf);
    }
    char *svg = contents("fig.svg"), *script = contents("fig.gp");
    assert_non_null(strstr(svg, "Title [synthetic data]"));
    assert_non_null(strstr(svg, "Bars and bands: mean ± standard error over 2 seeds; thin lines"));
    assert_null(strstr(script, folder));
    assert_non_null(strstr(script, "set yrange [-0.1:1.1]"));
    free(svg);
    free(script);
    /* The script also runs by hand in its folder. */
    char command[5000];
    snprintf(command, sizeof command, "cd ./%s && rm fig.svg && '%s' fig.gp && test -s fig.svg",
             folder, gnuplot);
    assert_int_equal(system(command), 0);
}

enum { TOGETHER = 3, KINDS = 2 };
static const char *const together[TOGETHER] = {"a", "b", "c"};
static const char *const kind[KINDS] = {"svg", "png"}; /* a PDF has a date */

static void write_together(void) {
    struct c4_series series[2] = {full_series("first"), full_series("second")};
    series[1].mean = error3;
    for (int i = 0; i < TOGETHER; i++) {
        struct c4_figure figure = figure_of(series, 1 + i % 2);
        figure.id = together[i];
        figure.width_inches = 4 + i;
        assert_int_equal(c4_figure_write_data(&figure, folder), C4_OK);
    }
}

struct picture {
    unsigned char *bytes;
    size_t size_bytes;
};

static struct picture picture_of(int figure, int kind_of_it) {
    struct picture p = {0};
    char name[16];
    snprintf(name, sizeof name, "%s.%s", together[figure], kind[kind_of_it]);
    if (exists(name))
        assert_int_equal(c4_file_read(in_folder(name), &p.bytes, &p.size_bytes), C4_OK);
    return p;
}

static void figures_drawn_together_are_those_drawn_alone(void **state) {
    (void)state;
    char gnuplot[4096];
    if (!c4_gnuplot_find(gnuplot, sizeof gnuplot)) skip();
    struct c4_figure_files files[TOGETHER];
    struct picture alone[TOGETHER][KINDS];
    write_together();
    for (int i = 0; i < TOGETHER; i++) {
        assert_int_equal(c4_figure_draw(together[i], folder, &files[i]), C4_OK);
        for (int k = 0; k < KINDS; k++) alone[i][k] = picture_of(i, k);
    }
    if (c4_figure_draw_together(together, TOGETHER, folder, files) != C4_OK)
        fail_msg("%s", c4_error());
    for (int i = 0; i < TOGETHER; i++) {
        assert_true(files[i].svg && alone[i][0].bytes);
        for (int k = 0; k < KINDS; k++) {
            struct picture now = picture_of(i, k);
            assert_int_equal(now.size_bytes, alone[i][k].size_bytes);
            if (now.size_bytes && memcmp(now.bytes, alone[i][k].bytes, now.size_bytes) != 0)
                fail_msg("%s.%s depends on what is drawn before it", together[i], kind[k]);
            free(now.bytes);
            free(alone[i][k].bytes);
        }
    }
}

static void a_failure_together_leaves_no_picture(void **state) {
    (void)state;
    char gnuplot[4096];
    if (!c4_gnuplot_find(gnuplot, sizeof gnuplot)) skip();
    struct c4_figure_files files[TOGETHER];
    write_together();
    assert_int_equal(c4_file_write_atomic(in_folder("b.gp"), "no command\n", 11), C4_OK);
    assert_int_equal(c4_figure_draw_together(together, TOGETHER, folder, files), C4_ERR_FAILED);
    if (!strstr(c4_error(), "\"b.gp\" line 1: ")) fail_msg("%s", c4_error());
    for (int i = 0; i < TOGETHER; i++) assert_false(files[i].svg || files[i].png || files[i].pdf);
    assert_false(exists("a.svg") || exists("b.svg") || exists("c.svg"));
    assert_int_equal(c4_figure_draw("c", folder, files), C4_OK);
    assert_true(exists("c.svg"));
}

static void unwritable_places_are_sentences(void **state) {
    (void)state;
    struct c4_series series = full_series("a");
    struct c4_figure figure = figure_of(&series, 1);
    struct c4_figure_files files;
    assert_int_not_equal(c4_figure_write(&figure, "no/such/folder", &files), C4_OK);
    assert_non_null(strstr(c4_error(), "no/such/folder/fig.csv"));
    assert_int_not_equal(c4_figure_write(&figure, "/proc", &files),
                         C4_OK); /* closed even to root */
    assert_non_null(strstr(c4_error(), "/proc/fig.csv"));
    assert_int_equal(mkdir(in_folder("fig.csv"), 0755), 0); /* a folder is in the way */
    assert_int_not_equal(c4_figure_write(&figure, folder, &files), C4_OK);
    assert_int_equal(rmdir(in_folder("fig.csv")), 0);
    if (geteuid() != 0) {
        assert_int_equal(chmod(folder, 0555), 0);
        assert_int_not_equal(c4_figure_write(&figure, folder, &files), C4_OK);
        assert_non_null(strstr(c4_error(), "fig.csv"));
        assert_int_equal(chmod(folder, 0755), 0);
    }
}

static void impossible_figures_are_refused(void **state) {
    (void)state;
    const double infinite[3] = {0, INFINITY, 1}, missing[3] = {NAN, NAN, NAN};
    struct c4_series series = full_series("a");
    struct c4_figure figure = figure_of(&series, 1);
    struct c4_figure_files files;
    static const char *const ids[] = {"", "../up", "a b", "a'b", "fig.1", NULL};
    for (int i = 0; i < 6; i++) {
        figure.id = ids[i];
        assert_int_equal(c4_figure_write(&figure, folder, &files), C4_ERR_USAGE);
    }
    figure.id = "fig";
    figure.series_count = 0;
    assert_int_equal(c4_figure_write(&figure, folder, &files), C4_ERR_USAGE);
    figure.series_count = 1;
    series.points = 0;
    assert_int_equal(c4_figure_write(&figure, folder, &files), C4_ERR_USAGE);
    series.points = 3;
    series.x = infinite;
    assert_int_equal(c4_figure_write(&figure, folder, &files), C4_ERR_USAGE);
    series.x = x3;
    series.mean = missing;
    assert_int_equal(c4_figure_write(&figure, folder, &files), C4_ERR_USAGE);
    assert_false(exists("fig.csv") || exists("fig.gp"));
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

/* Titles, notes and folders of any length; quotes and line breaks become part of the string. */
static void nothing_is_cut_from_a_figure(void **state) {
    (void)state;
    struct c4_series series = full_series("a");
    struct c4_figure figure = figure_of(&series, 1);
    char title[2000], *notes[40];
    memset(title, 'T', sizeof title);
    for (size_t i = 50; i < sizeof title; i += 50) title[i] = ' ';
    snprintf(title + sizeof title - 16, 16, "'title's\nend%%");
    figure.title = title;
    figure.mark = "marked";
    figure.notes = 40;
    for (int i = 0; i < 40; i++) {
        notes[i] = malloc(400);
        assert_non_null(notes[i]);
        memset(notes[i], 'n', 380);
        snprintf(notes[i] + 380, 20, "-end-of-%d", i);
    }
    figure.note = (const char *const *)notes;
    assert_int_equal(c4_figure_write_data(&figure, folder), C4_OK);
    char *script = contents("fig.gp");
    assert_non_null(strstr(script, "''title''s end% [marked]'"));
    assert_non_null(strstr(script, "-end-of-0'"));
    assert_non_null(strstr(script, "-end-of-39'"));
    assert_non_null(strstr(script, "standard error over 2 seeds"));
    free(script);
    for (int i = 0; i < 40; i++) free(notes[i]);
    figure.title = "t";
    figure.notes = 0;
    /* Below a folder whose name alone has almost 4096 bytes nothing can be made; no shorter name
     * is touched instead. */
    char *deep = malloc(5000);
    assert_non_null(deep);
    memset(deep, '/', 4990);
    deep[4990] = '\0';
    struct c4_figure_files files;
    assert_int_not_equal(c4_figure_write(&figure, deep, &files), C4_OK);
    free(deep);
    assert_int_equal(c4_figure_draw("no/name", folder, &files), C4_ERR_USAGE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_FOLDER(csv_bytes),
        IN_FOLDER(nothing_is_cut_from_a_figure),
        IN_FOLDER(no_gnuplot_leaves_table_and_script),
        IN_FOLDER(gnuplot_failures_are_reported),
        IN_FOLDER(gnuplot_without_cairo_says_so),
        IN_FOLDER(text_is_drawn_as_given),
        IN_FOLDER(an_axis_label_keeps_away_from_names_and_notes),
        IN_FOLDER(pictures_are_drawn),
        IN_FOLDER(figures_drawn_together_are_those_drawn_alone),
        IN_FOLDER(a_failure_together_leaves_no_picture),
        IN_FOLDER(unwritable_places_are_sentences),
        IN_FOLDER(impossible_figures_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
