/* Totals of the parts of a callgrind file, as --combine-dumps writes it. */
#include <stdbool.h>
#include <string.h>

#include "bench/exact/callgrind.h"

static const char *next_line(const char *line) {
    const char *end = strchr(line, '\n');
    return end ? end + 1 : line + strlen(line);
}

/* Whether a line is "totals: N", and its N; that of a line without end may lack digits. */
static bool read_total(const char *line, double *total) {
    static const char begin[] = "totals: ";
    if (strncmp(line, begin, sizeof begin - 1) != 0) return false;
    const char *digit = line + sizeof begin - 1;
    for (*total = 0; *digit >= '0' && *digit <= '9'; digit++) *total = 10 * *total + (*digit - '0');
    return digit > line + sizeof begin - 1 && *digit == '\n';
}

int c4_callgrind_totals(const char *parts, void (*take)(void *context, int k, double total),
                        void *context) {
    static const char begin[] = "desc: Trigger: --dump-";
    bool open = false; /* in a part that was asked for and has had no total yet */
    int count = 0;
    for (const char *line = parts; *line; line = next_line(line)) {
        double total;
        if (strncmp(line, begin, sizeof begin - 1) == 0) {
            if (open) return -1;
            open = true;
        } else if (open && read_total(line, &total)) {
            take(context, count++, total);
            open = false;
        }
    }
    return open ? -1 : count;
}
