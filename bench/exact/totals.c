#include "bench/exact/totals.h"

#include <stdlib.h>
#include <string.h>

static const char *next_line(const char *line) {
    const char *end = strchr(line, '\n');
    return end ? end + 1 : line + strlen(line);
}

/* What follows `word` and spaces if the text begins with it, else NULL. */
static const char *after(const char *text, const char *word) {
    size_t length = strlen(word);
    if (!text || strncmp(text, word, length) != 0) return NULL;
    text += length;
    return text + strspn(text, " ");
}

/* Digits, with commas or without, that end their line. */
static bool read_count(const char *text, double *count) {
    double value = 0;
    if (!text || *text < '0' || *text > '9') return false;
    for (; (*text >= '0' && *text <= '9') || *text == ','; text++)
        if (*text != ',') value = 10 * value + (*text - '0');
    if (*text != '\n') return false;
    *count = value;
    return true;
}

bool c4_totals_of_log(const char *text, double *instructions) {
    bool found = false;
    for (const char *line = text; *line; line = next_line(line)) {
        const char *pid = after(line, "==");
        const char *words = pid ? after(pid + strspn(pid, "0123456789"), "==") : NULL;
        if (read_count(after(after(words, "I"), "refs:"), instructions)) found = true;
    }
    return found;
}

int c4_totals_of_parts(const char *text, void (*take)(void *context, int k, double total),
                       void *context) {
    bool open = false; /* in a part that was asked for and has had no total yet */
    int parts = 0;
    for (const char *line = text; *line; line = next_line(line)) {
        double total;
        if (after(line, "desc: Trigger: --dump-after=")) {
            if (open) return -1;
            open = true;
        } else if (open && after(line, "totals:")) {
            if (!read_count(after(line, "totals:"), &total)) return -1;
            take(context, parts++, total);
            open = false;
        }
    }
    return open ? -1 : parts;
}
