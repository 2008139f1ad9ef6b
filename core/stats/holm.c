#include "core/stats/holm.h"

#include <math.h>
#include <stdbool.h>

/* A value with its sign bit set is adjusted already, so that p itself may be overwritten. */
void c4_holm(const double *p, int count, double *adjusted) {
    int left = 0;
    for (int i = 0; i < count; i++) {
        adjusted[i] = isnan(p[i]) ? p[i] : fabs(p[i]);
        left += !isnan(p[i]);
    }
    double highest = 0;
    for (; left > 0; left--) {
        int least = -1;
        for (int i = 0; i < count; i++) {
            bool open = !isnan(adjusted[i]) && !signbit(adjusted[i]);
            if (open && (least < 0 || adjusted[i] < adjusted[least])) least = i;
        }
        if (least < 0) break;
        highest = fmax(highest, fmin(1, left * adjusted[least]));
        adjusted[least] = -highest;
    }
    for (int i = 0; i < count; i++)
        if (!isnan(adjusted[i])) adjusted[i] = fabs(adjusted[i]);
}
