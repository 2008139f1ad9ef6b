#include "bench/history/spark.h"

#include <langinfo.h>
#include <locale.h>
#include <math.h>
#include <string.h>

void c4_sparkline(FILE *out, const double *values, int n, double least_share, bool utf8) {
    static const char *const blocks[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    static const char ascii[] = ".:-=+*#@";
    double low = INFINITY, high = -INFINITY;
    for (int i = 0; i < n; i++) {
        low = fmin(low, values[i]);
        high = fmax(high, values[i]);
    }
    double middle = low + (high - low) / 2;
    double span = fmax(high - low, least_share * fmax(fabs(low), fabs(high)));
    for (int i = 0; i < n; i++) {
        double share = span > 0 ? (values[i] - middle) / span + 0.5 : 0.5;
        int level = (int)fmax(0, fmin(7, floor(8 * share))); /* the lowest may round below 0 */
        if (utf8)
            fputs(blocks[level], out);
        else
            fputc(ascii[level], out);
    }
}

bool c4_locale_is_utf8(void) {
    locale_t locale = newlocale(LC_CTYPE_MASK, "", (locale_t)0);
    if (!locale) return false;
    bool utf8 = strcmp(nl_langinfo_l(CODESET, locale), "UTF-8") == 0;
    freelocale(locale);
    return utf8;
}
