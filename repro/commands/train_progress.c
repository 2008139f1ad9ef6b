#include "repro/commands/train_progress.h"

#include "core/host/clock.h"

/* A line takes some ten microseconds, a thousandth of this. */
static const int64_t pause_ns = 10000000;

enum c4_status c4_train_progress_open(struct c4_train_progress *progress, const char *path) {
    return c4_json_lines_open(&progress->lines, path);
}

static enum c4_status add(struct c4_train_progress *progress, uint32_t images, int64_t now_ns) {
    json_t *line =
        json_pack("{s:I, s:s, s:I, s:I}", "clock_ns", (json_int_t)now_ns, "pass", progress->pass,
                  "epoch", (json_int_t)progress->epoch, "images", (json_int_t)images);
    enum c4_status status = c4_json_lines_append(progress->lines, line);
    json_decref(line);
    progress->written_ns = now_ns;
    return status;
}

enum c4_status c4_train_progress_begin(struct c4_train_progress *progress, const char *pass,
                                       uint64_t epoch, uint32_t total) {
    if (!progress->lines) return C4_OK;
    progress->pass = pass;
    progress->epoch = epoch;
    progress->total = total;
    return add(progress, 0, c4_clock_ns());
}

enum c4_status c4_train_progress_update(struct c4_train_progress *progress, uint32_t images) {
    if (!progress->lines) return C4_OK;
    int64_t now_ns = c4_clock_ns();
    if (images < progress->total && now_ns - progress->written_ns < pause_ns) return C4_OK;
    return add(progress, images, now_ns);
}

enum c4_status c4_train_progress_close(struct c4_train_progress *progress) {
    return c4_json_lines_close(&progress->lines);
}
