#include "core/cli/progress.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define SECOND_NS UINT64_C(1000000000)

enum {
    COLUMNS_UNKNOWN = 80,
    BAR_MIN = 8,
    BAR_MAX = 40,
    LINE_MOST = 512 /* of a line without its label */
};

enum c4_progress_style c4_progress_style_of(FILE *stream, bool quiet) {
    if (quiet) return C4_PROGRESS_QUIET;
    const char *term = getenv("TERM"), *no_color = getenv("NO_COLOR");
    if (!isatty(fileno(stream)) || term == NULL || term[0] == '\0' || strcmp(term, "dumb") == 0)
        return C4_PROGRESS_LINES;
    return no_color != NULL && no_color[0] != '\0' ? C4_PROGRESS_BAR : C4_PROGRESS_COLOUR;
}

void c4_progress_duration(char *text, size_t size, uint64_t ns) {
    uint64_t s = ns / SECOND_NS;
    uint64_t minutes = s / 60 % 60, hours = s / 3600 % 24, days = s / 86400;
    if (days > 0)
        snprintf(text, size, "%" PRIu64 " d %02" PRIu64 ":%02" PRIu64, days, hours, minutes);
    else if (hours > 0)
        snprintf(text, size, "%" PRIu64 ":%02" PRIu64 ":%02" PRIu64, hours, minutes, s % 60);
    else
        snprintf(text, size, "%" PRIu64 ":%02" PRIu64, minutes, s % 60);
}

/* Units per second since the start; 0 while unknown. */
static double rate_of(const struct c4_progress_view *view) {
    if (view->done <= view->first || view->elapsed_ns < SECOND_NS / 10) return 0.0;
    return (double)(view->done - view->first) / ((double)view->elapsed_ns / 1e9);
}

static double share_of(const struct c4_progress_view *view) {
    return view->done >= view->total ? 1.0 : (double)view->done / (double)view->total;
}

/* ", 1234 images/s" or "". */
static void format_rate(char *text, size_t size, const struct c4_progress_view *view) {
    double rate = rate_of(view);
    text[0] = '\0';
    if (view->unit_size > 0) rate /= (double)view->unit_size;
    if (rate > 0.0) snprintf(text, size, ", %.*f %s/s", rate < 10.0 ? 2 : 0, rate, view->unit);
}

/* ", 0:12 left", at the end ", 0:42 in all", or "". */
static void format_time(char *text, size_t size, const struct c4_progress_view *view) {
    double rate = rate_of(view);
    char duration[32];
    text[0] = '\0';
    if (view->total > 0 && view->done >= view->total) {
        c4_progress_duration(duration, sizeof duration, view->elapsed_ns);
        snprintf(text, size, ", %s in all", duration);
    } else if (view->total > 0 && rate > 0.0) {
        double left_s = (double)(view->total - view->done) / rate;
        if (view->left_ns > 0) left_s = (double)view->left_ns * 1e-9;
        if (left_s > 1e9) return; /* decades: not worth a number */
        c4_progress_duration(duration, sizeof duration, (uint64_t)(left_s * 1e9 + 0.5e9));
        snprintf(text, size, ", %s left", duration);
    }
}

static void format_count(char *text, size_t size, const struct c4_progress_view *view) {
    double unit = (double)view->unit_size;
    if (view->unit_size > 0 && view->total > 0)
        snprintf(text, size, "%.1f of %.1f %s", (double)view->done / unit,
                 (double)view->total / unit, view->unit);
    else if (view->unit_size > 0)
        snprintf(text, size, "%.1f %s", (double)view->done / unit, view->unit);
    else if (view->total > 0)
        snprintf(text, size, "%" PRIu64 " of %" PRIu64 " %s", view->done, view->total, view->unit);
    else
        snprintf(text, size, "%" PRIu64 " %s", view->done, view->unit);
}

static void format_bar(char *text, size_t size, double share, int width, bool colour) {
    char fill[BAR_MAX + 1], rest[BAR_MAX + 1];
    int full = (int)(share * width);
    memset(fill, '=', sizeof fill);
    memset(rest, ' ', sizeof rest);
    snprintf(text, size, " [%s%.*s%s%.*s]", colour ? "\033[32m" : "", full, fill,
             colour ? "\033[0m" : "", width - full, rest);
}

size_t c4_progress_format(char *text, size_t size, const struct c4_progress_view *view,
                          enum c4_progress_style style, int columns) {
    char count[128], rate[64], left[48], percent[8] = "", bar[BAR_MAX + 16] = "";
    format_count(count, sizeof count, view);
    format_rate(rate, sizeof rate, view);
    format_time(left, sizeof left, view);
    /* Rounded down: 100 % only when all is done. */
    if (view->total > 0) snprintf(percent, sizeof percent, "%d%%", (int)(100.0 * share_of(view)));
    bool lines = style == C4_PROGRESS_LINES || style == C4_PROGRESS_QUIET;
    if (lines) {
        snprintf(text, size, "%s: %s%s%s%s%s%s", view->label, count, percent[0] ? " (" : "",
                 percent, percent[0] ? ")" : "", rate, left);
        return strlen(text);
    }
    int room = columns - 1; /* the last column makes some terminals wrap */
    int fixed = (int)(strlen(view->label) + 1 + strlen(percent));
    int counts = (int)strlen(count) + 2, rates = (int)strlen(rate), times = (int)strlen(left);
    if (fixed + times + counts > room) counts = 0, count[0] = '\0';
    if (fixed + times + counts + rates > room) rates = 0, rate[0] = '\0';
    int width = room - fixed - times - counts - rates - 3;
    if (width > BAR_MAX) width = BAR_MAX;
    if (view->total > 0 && width >= BAR_MIN)
        format_bar(bar, sizeof bar, share_of(view), width, style == C4_PROGRESS_COLOUR);
    int length = snprintf(text, size, "%s%s %s%s%s%s%s", view->label, bar, percent,
                          counts > 0 && percent[0] ? ", " : "", count, rate, left);
    /* Without a bar there are no escape sequences, so cutting cannot split one. */
    if (bar[0] == '\0' && length > room && room >= 0 && (size_t)room < size) text[room] = '\0';
    return strlen(text);
}

static int columns_of(FILE *stream) {
    struct winsize window;
    if (ioctl(fileno(stream), TIOCGWINSZ, &window) != 0 || window.ws_col == 0)
        return COLUMNS_UNKNOWN;
    return window.ws_col;
}

static bool is_bar(const struct c4_progress *progress) {
    return progress->style == C4_PROGRESS_BAR || progress->style == C4_PROGRESS_COLOUR;
}

static void draw(struct c4_progress *progress, uint64_t now_ns) {
    if (progress->style == C4_PROGRESS_QUIET) return;
    bool bar = is_bar(progress);
    size_t size = strlen(progress->view.label) + LINE_MOST;
    char *text = malloc(size);
    if (text == NULL) return; /* the next time, perhaps */
    progress->view.elapsed_ns = now_ns - progress->start_ns;
    progress->drawn_ns = now_ns;
    c4_progress_format(text, size, &progress->view, progress->style,
                       bar ? columns_of(progress->stream) : 0);
    if (bar)
        fprintf(progress->stream, "\r%s\033[K", text);
    else
        fprintf(progress->stream, "%s\n", text);
    fflush(progress->stream);
    progress->on_screen = bar;
    free(text);
}

static void start(struct c4_progress *progress, FILE *stream, enum c4_progress_style style,
                  const struct c4_progress_view *view, uint64_t now_ns) {
    *progress = (struct c4_progress){
        .stream = stream, .style = style, .view = *view, .start_ns = now_ns, .drawn_ns = now_ns};
    if (is_bar(progress)) draw(progress, now_ns);
}

void c4_progress_start(struct c4_progress *progress, FILE *stream, enum c4_progress_style style,
                       const char *label, const char *unit, uint64_t done, uint64_t total,
                       uint64_t now_ns) {
    const struct c4_progress_view view = {
        .label = label, .unit = unit, .done = done, .total = total, .first = done};
    start(progress, stream, style, &view, now_ns);
}

void c4_progress_start_bytes(struct c4_progress *progress, FILE *stream,
                             enum c4_progress_style style, const char *label, uint64_t done_bytes,
                             uint64_t total_bytes, uint64_t now_ns) {
    const struct c4_progress_view view = {.label = label,
                                          .unit = "MB",
                                          .done = done_bytes,
                                          .total = total_bytes,
                                          .first = done_bytes,
                                          .unit_size = 1000000};
    start(progress, stream, style, &view, now_ns);
}

void c4_progress_update(struct c4_progress *progress, uint64_t done, uint64_t now_ns) {
    progress->view.done = done;
    uint64_t pause_ns = is_bar(progress) ? SECOND_NS / 10 : 10 * SECOND_NS;
    if (now_ns - progress->drawn_ns >= pause_ns) draw(progress, now_ns);
}

void c4_progress_hide(struct c4_progress *progress) {
    if (!progress->on_screen) return;
    fputs("\r\033[K", progress->stream);
    fflush(progress->stream);
    progress->on_screen = false;
}

void c4_progress_finish(struct c4_progress *progress, uint64_t done, uint64_t now_ns) {
    progress->view.done = done;
    draw(progress, now_ns);
    if (progress->on_screen) {
        fputc('\n', progress->stream);
        fflush(progress->stream);
    }
    progress->on_screen = false;
}
