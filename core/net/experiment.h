/* The settings that define a training, as named text values. Its checkpoint keeps them, so that
 * resuming with other values is noticed. */
#ifndef C4_NET_EXPERIMENT_H
#define C4_NET_EXPERIMENT_H

#include "core/base/status.h"

enum { C4_EXPERIMENT_MOST = 24, C4_EXPERIMENT_NAME_SIZE = 24, C4_EXPERIMENT_TEXT_SIZE = 128 };

struct c4_experiment_value {
    char name[C4_EXPERIMENT_NAME_SIZE], text[C4_EXPERIMENT_TEXT_SIZE];
};

/* Zeroed: no values. May be copied. */
struct c4_experiment {
    int count;
    struct c4_experiment_value value[C4_EXPERIMENT_MOST];
};

/* Adds a value, or replaces the value of that name. C4_ERR_FAILED: the name or text is too long, or
 * there are too many values; then nothing changes. */
__attribute__((format(printf, 3, 4))) enum c4_status
c4_experiment_set(struct c4_experiment *experiment, const char *name, const char *format, ...);

/* The same for a real number, as the shortest decimal that reads back as the same double. */
enum c4_status c4_experiment_set_real(struct c4_experiment *experiment, const char *name,
                                      double value);

/* The value's text, or NULL. */
const char *c4_experiment_find(const struct c4_experiment *experiment, const char *name);

/* The values of `now` that are different or missing in `began`, as "lr 0.001, now 0.1; batch 32,
 * now 8"; "" if there are none. Values that only `began` has are ignored. The caller frees *text;
 * C4_ERR_MEMORY. */
enum c4_status c4_experiment_differences(const struct c4_experiment *began,
                                         const struct c4_experiment *now, char **text);

#endif
