#include "bench/scale/pace.h"

#include <stdlib.h>
#include <string.h>

#include "core/file/file.h"
#include "core/file/json.h"

/* One line of the file. */
struct moment {
    int64_t clock_ns, epoch, images;
    bool trains;
};

static bool read_moment(const json_t *line, struct moment *moment) {
    const json_t *clock = json_object_get(line, "clock_ns"),
                 *epoch = json_object_get(line, "epoch");
    const json_t *images = json_object_get(line, "images");
    const char *pass = json_string_value(json_object_get(line, "pass"));
    if (!json_is_integer(clock) || !json_is_integer(epoch) || !json_is_integer(images) || !pass)
        return false;
    *moment = (struct moment){json_integer_value(clock), json_integer_value(epoch),
                              json_integer_value(images), strcmp(pass, "train") == 0};
    return true;
}

/* Adds what lies between two neighbouring lines and within the window. */
static void add(const struct moment *from, const struct moment *to, int64_t begin_ns,
                int64_t end_ns, struct c4_pace *pace) {
    int64_t first_ns = from->clock_ns > begin_ns ? from->clock_ns : begin_ns;
    int64_t last_ns = to->clock_ns < end_ns ? to->clock_ns : end_ns;
    if (last_ns <= first_ns) return;
    double seconds = (double)(last_ns - first_ns) * 1e-9;
    if (!from->trains || !to->trains || from->epoch != to->epoch) {
        pace->outside_seconds += seconds;
        return;
    }
    double share = (double)(last_ns - first_ns) / (double)(to->clock_ns - from->clock_ns);
    pace->images += share * (double)(to->images - from->images);
    pace->train_seconds += seconds;
}

static enum c4_status read_line(const char *path, const char *text, size_t length,
                                struct moment *moment) {
    json_t *line;
    json_error_t error;
    C4_TRY(c4_json_load(path, text, length, 0, &line, &error));
    bool known = read_moment(line, moment);
    json_decref(line);
    return known ? C4_OK
                 : c4_fail(C4_ERR_DATA, "%s: a line is not of \"conv4 train --progress\"", path);
}

static enum c4_status read_lines(const char *path, const char *text, int64_t begin_ns,
                                 int64_t end_ns, struct c4_pace *pace) {
    struct moment before = {0}, now;
    for (const char *end; (end = strchr(text, '\n')); text = end + 1) {
        C4_TRY(read_line(path, text, (size_t)(end - text), &now));
        if (now.clock_ns < before.clock_ns)
            return c4_fail(C4_ERR_DATA, "%s: its clock runs backwards", path);
        if (before.clock_ns) add(&before, &now, begin_ns, end_ns, pace);
        pace->trains = pace->trains || (now.trains && now.images > 0);
        before = now;
    }
    pace->last_ns = before.clock_ns;
    return C4_OK;
}

enum c4_status c4_pace_read(const char *path, int64_t begin_ns, int64_t end_ns,
                            struct c4_pace *pace) {
    unsigned char *text;
    size_t size;
    *pace = (struct c4_pace){.trains = false};
    if (!c4_path_exists(path)) return C4_OK;
    C4_TRY(c4_file_read(path, &text, &size));
    enum c4_status status = read_lines(path, (const char *)text, begin_ns, end_ns, pace);
    free(text);
    return status;
}
