#include "core/cli/duration.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define YEAR_SECONDS (366.0 * 86400)

/* Digits with at most one point: no sign, no exponent, no "inf". *end is behind them. */
static bool read_number(const char *text, double *value, const char **end) {
    size_t length = strspn(text, "0123456789");
    bool any = length > 0;
    if (text[length] == '.') {
        size_t fraction = strspn(text + length + 1, "0123456789");
        any = any || fraction > 0;
        length += 1 + fraction;
    }
    *end = text + length;
    *value = any ? strtod(text, NULL) : 0;
    return any && length < 32;
}

static double unit_seconds(const char *unit) {
    static const struct {
        const char *name;
        double seconds;
    } units[] = {{"", 1}, {"s", 1}, {"m", 60}, {"min", 60}, {"h", 3600}, {"d", 86400}};
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (strcmp(units[i].name, unit) == 0) return units[i].seconds;
    return 0;
}

/* Minutes:seconds or hours:minutes:seconds; all but the first below 60. */
static double read_clock(const char *text) {
    double total = 0, part;
    for (int parts = 1; parts <= 3; parts++) {
        const char *end;
        if (!read_number(text, &part, &end) || (parts > 1 && part >= 60)) return 0;
        total = 60 * total + part;
        if (*end == '\0') return parts > 1 ? total : 0;
        if (*end != ':') return 0;
        text = end + 1;
    }
    return 0;
}

enum c4_status c4_duration_read(const char *option, const char *text, double *seconds) {
    const char *end;
    double value;
    if (strchr(text, ':'))
        *seconds = read_clock(text);
    else
        *seconds = read_number(text, &value, &end) ? value * unit_seconds(end) : 0;
    if (*seconds > 0 && *seconds <= YEAR_SECONDS) return C4_OK;
    return c4_fail(
        C4_ERR_USAGE,
        "--%s '%s' is no duration; write seconds (90), a number with s, m, h or d (3m), or "
        "3:50:00",
        option, text);
}
