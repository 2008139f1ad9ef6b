/* Progress lines for given counts, times and widths, and output to a stream that is not a terminal.
 */
#define _XOPEN_SOURCE 700 /* pseudo-terminals */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/cli/progress.h"
#include "tests/harness/unit.h"

#define SECOND_NS UINT64_C(1000000000)

static struct c4_progress_view view_at(uint64_t done, uint64_t seconds) {
    return (struct c4_progress_view){.label = "train",
                                     .unit = "images",
                                     .done = done,
                                     .total = 10000,
                                     .elapsed_ns = seconds * SECOND_NS};
}

static void assert_line(struct c4_progress_view view, enum c4_progress_style style, int columns,
                        const char *want) {
    char text[512];
    size_t length = c4_progress_format(text, sizeof text, &view, style, columns);
    assert_string_equal(text, want);
    assert_int_equal(length, strlen(want));
}

static void lines(void **state) {
    (void)state;
    assert_line(view_at(0, 0), C4_PROGRESS_LINES, 0, "train: 0 of 10000 images (0%)");
    assert_line(view_at(2500, 2), C4_PROGRESS_LINES, 0,
                "train: 2500 of 10000 images (25%), 1250 images/s, 0:06 left");
    assert_line(view_at(9999, 10), C4_PROGRESS_LINES, 0,
                "train: 9999 of 10000 images (99%), 1000 images/s, 0:00 left");
    assert_line(view_at(10000, 125), C4_PROGRESS_LINES, 0,
                "train: 10000 of 10000 images (100%), 80 images/s, 2:05 in all");
    struct c4_progress_view view = view_at(6, 4);
    view.total = 0;
    assert_line(view, C4_PROGRESS_LINES, 0, "train: 6 images, 1.50 images/s");
    /* Resumed: earlier work counts for the share but not for the rate. */
    view = view_at(6000, 10);
    view.first = 5000;
    assert_line(view, C4_PROGRESS_LINES, 0,
                "train: 6000 of 10000 images (60%), 100 images/s, 0:40 left");
    /* Bytes are shown as MB. */
    view = (struct c4_progress_view){.label = "a.mat",
                                     .unit = "MB",
                                     .done = 43500000,
                                     .total = 182040794,
                                     .first = 1500000,
                                     .elapsed_ns = 10 * SECOND_NS,
                                     .unit_size = 1000000};
    assert_line(view, C4_PROGRESS_LINES, 0, "a.mat: 43.5 of 182.0 MB (23%), 4.20 MB/s, 0:33 left");
    view.total = 0;
    assert_line(view, C4_PROGRESS_LINES, 0, "a.mat: 43.5 MB, 4.20 MB/s");
    /* Longer than a decade: no remaining time is shown. */
    view = view_at(1, 1000000);
    view.total = UINT64_MAX;
    assert_line(view, C4_PROGRESS_LINES, 0,
                "train: 1 of 18446744073709551615 images (0%), 0.00 images/s");
}

static void bars_fit_their_width(void **state) {
    (void)state;
    assert_line(view_at(2500, 2), C4_PROGRESS_BAR, 80,
                "train [====               ] 25%, 2500 of 10000 images, 1250 images/s, 0:06 left");
    assert_line(
        view_at(2500, 2), C4_PROGRESS_COLOUR, 80,
        "train [\033[32m====\033[0m               ] 25%, 2500 of 10000 images, 1250 images/s, "
        "0:06 left");
    assert_line(view_at(2500, 2), C4_PROGRESS_BAR, 21, "train 25%, 0:06 left");
    assert_line(view_at(2500, 2), C4_PROGRESS_BAR, 8, "train 2");
    for (int columns = 1; columns < 200; columns++) {
        char text[512];
        struct c4_progress_view view = view_at(7777, 3);
        size_t length = c4_progress_format(text, sizeof text, &view, C4_PROGRESS_BAR, columns);
        assert_true(length < (size_t)columns);
        /* A small buffer never overflows and is always terminated. */
        char small[16];
        memset(small, '#', sizeof small);
        c4_progress_format(small, 8, &view, C4_PROGRESS_BAR, columns);
        assert_non_null(memchr(small, '\0', 8));
        for (int i = 8; i < 16; i++) assert_int_equal(small[i], '#');
    }
}

static void durations(void **state) {
    (void)state;
    static const struct {
        uint64_t s;
        const char *text;
    } cases[] = {{0, "0:00"},          {59, "0:59"},         {60, "1:00"},
                 {3599, "59:59"},      {3600, "1:00:00"},    {86399, "23:59:59"},
                 {86400, "1 d 00:00"}, {363660, "4 d 05:01"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[32];
        c4_progress_duration(text, sizeof text, cases[i].s * SECOND_NS + 999);
        assert_string_equal(text, cases[i].text);
    }
}

/* Counts to 100 in 25 seconds. */
static char *count_in(enum c4_progress_style style) {
    char *text;
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    assert_non_null(stream);
    struct c4_progress progress;
    c4_progress_start(&progress, stream, style, "cka", "layers", 0, 100, 7 * SECOND_NS);
    for (uint64_t i = 0; i < 100; i++)
        c4_progress_update(&progress, i, 7 * SECOND_NS + i * SECOND_NS / 4);
    c4_progress_hide(&progress);
    c4_progress_finish(&progress, 100, 32 * SECOND_NS);
    fclose(stream);
    return text;
}

static int count_of(const char *text, char byte) {
    int count = 0;
    for (; *text != '\0'; text++) count += *text == byte;
    return count;
}

static void a_stream_gets_few_plain_lines(void **state) {
    (void)state;
    char *text = count_in(C4_PROGRESS_LINES);
    assert_string_equal(text, "cka: 40 of 100 layers (40%), 4.00 layers/s, 0:15 left\n"
                              "cka: 80 of 100 layers (80%), 4.00 layers/s, 0:05 left\n"
                              "cka: 100 of 100 layers (100%), 4.00 layers/s, 0:25 in all\n");
    free(text);
    text = count_in(C4_PROGRESS_QUIET);
    assert_string_equal(text, "");
    free(text);
    text = count_in(C4_PROGRESS_BAR);
    assert_int_equal(count_of(text, '\n'), 1);
    assert_int_equal(count_of(text, '\r'), 102); /* start, 99 updates, hide and finish */
    assert_non_null(strstr(text, "\r\033[K\rcka [====="));
    free(text);
}

static void style_follows_stream_and_environment(void **state) {
    (void)state;
    FILE *file = tmpfile();
    assert_non_null(file);
    assert_int_equal(c4_progress_style_of(file, false), C4_PROGRESS_LINES);
    assert_int_equal(c4_progress_style_of(file, true), C4_PROGRESS_QUIET);
    fclose(file);
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0) skip();
    FILE *terminal = fopen(ptsname(master), "w");
    if (terminal == NULL) skip();
    setenv("TERM", "xterm", 1);
    unsetenv("NO_COLOR");
    assert_int_equal(c4_progress_style_of(terminal, false), C4_PROGRESS_COLOUR);
    setenv("NO_COLOR", "", 1);
    assert_int_equal(c4_progress_style_of(terminal, false), C4_PROGRESS_COLOUR);
    setenv("NO_COLOR", "1", 1);
    assert_int_equal(c4_progress_style_of(terminal, false), C4_PROGRESS_BAR);
    assert_int_equal(c4_progress_style_of(terminal, true), C4_PROGRESS_QUIET);
    setenv("TERM", "dumb", 1);
    assert_int_equal(c4_progress_style_of(terminal, false), C4_PROGRESS_LINES);
    unsetenv("TERM");
    assert_int_equal(c4_progress_style_of(terminal, false), C4_PROGRESS_LINES);
    fclose(terminal);
    close(master);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines),
        cmocka_unit_test(bars_fit_their_width),
        cmocka_unit_test(durations),
        cmocka_unit_test(a_stream_gets_few_plain_lines),
        cmocka_unit_test(style_follows_stream_and_environment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
