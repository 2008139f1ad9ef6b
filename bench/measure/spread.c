#include "bench/measure/spread.h"

#include <stdlib.h>
#include <string.h>

#include "core/file/json.h"
#include "core/stats/sort.h"

struct c4_spread c4_spread_of(const double *samples, int count) {
    double sorted[C4_SAMPLES_MAX];
    memcpy(sorted, samples, (size_t)count * sizeof *sorted);
    c4_sort(sorted, count);
    return (struct c4_spread){sorted[0], (sorted[(count - 1) / 2] + sorted[count / 2]) / 2,
                              sorted[count - 1]};
}

double c4_spread_percent(const struct c4_spread *spread) {
    return spread->median > 0 ? 100 * (spread->high - spread->low) / spread->median : 0;
}

json_t *c4_spread_json(const double *samples, int count, double factor) {
    json_t *array = json_array();
    for (int i = 0; i < count; i++) json_array_append_new(array, c4_json_real(samples[i] * factor));
    return array;
}
