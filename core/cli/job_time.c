#include "core/cli/job_time.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { PARTS_MAX = 3, DIGITS_MAX = 9, YEAR_SECONDS = 366 * 86400 };

/* Whole numbers with colons between them: how many, or 0. */
static int read_parts(const char *text, long part[PARTS_MAX]) {
    for (int parts = 0; parts < PARTS_MAX; text++) {
        size_t digits = strspn(text, "0123456789");
        if (digits == 0 || digits > DIGITS_MAX) return 0;
        part[parts++] = strtol(text, NULL, 10);
        text += digits;
        if (*text == '\0') return parts;
        if (*text != ':') return 0;
    }
    return 0;
}

static bool read(const char *text, double *seconds) {
    /* Seconds of the parts: behind days they begin with hours, else they are M, M:S or H:M:S. */
    static const double behind_days[PARTS_MAX] = {3600, 60, 1};
    static const double alone[PARTS_MAX][PARTS_MAX] = {{60}, {60, 1}, {3600, 60, 1}};
    long part[PARTS_MAX], days = 0;
    const char *dash = strchr(text, '-');
    if (dash) {
        size_t digits = strspn(text, "0123456789");
        if (digits == 0 || digits > DIGITS_MAX || text + digits != dash) return false;
        days = strtol(text, NULL, 10);
    }
    int parts = read_parts(dash ? dash + 1 : text, part);
    if (parts == 0) return false;
    const double *unit = dash ? behind_days : alone[parts - 1];
    *seconds = 86400.0 * (double)days;
    for (int i = 0; i < parts; i++) {
        if ((i > 0 && part[i] > 59) || (i == 0 && dash && part[i] > 23)) return false;
        *seconds += unit[i] * (double)part[i];
    }
    return *seconds > 0 && *seconds <= YEAR_SECONDS;
}

enum c4_status c4_job_time_read(const char *option, const char *text, double *seconds) {
    double value;
    if (read(text, &value)) {
        *seconds = value;
        return C4_OK;
    }
    return c4_fail(C4_ERR_USAGE,
                   "--%s '%s' is no time limit; write it as Slurm does: minutes (90), "
                   "minutes:seconds (3:50), hours:minutes:seconds (12:00:00), days-hours (1-0), "
                   "days-hours:minutes or days-hours:minutes:seconds (1-12:30:00); more than 0, at "
                   "most 366 days",
                   option, text);
}
