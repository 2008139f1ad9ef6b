/* What a training is: named values as text, kept in its checkpoint, so that going on with other
 * values is noticed. */
#ifndef C4_NET_EXPERIMENT_H
#define C4_NET_EXPERIMENT_H

#include "core/base/status.h"

enum { C4_EXPERIMENT_MOST = 24, C4_EXPERIMENT_NAME_SIZE = 24, C4_EXPERIMENT_TEXT_SIZE = 128 };

struct c4_experiment_value {
    char name[C4_EXPERIMENT_NAME_SIZE], text[C4_EXPERIMENT_TEXT_SIZE];
};

/* Zeroed, it says nothing. A plain value. */
struct c4_experiment {
    int count;
    struct c4_experiment_value value[C4_EXPERIMENT_MOST];
};

/* Adds a value, or replaces the one of that name. C4_ERR_FAILED: name or text is too long, or there
 * are too many; then nothing changes. */
__attribute__((format(printf, 3, 4))) enum c4_status
c4_experiment_set(struct c4_experiment *experiment, const char *name, const char *format, ...);

/* The same for a real, by the shortest decimal that is read back as the same double. */
enum c4_status c4_experiment_set_real(struct c4_experiment *experiment, const char *name,
                                      double value);

/* The text, or NULL. */
const char *c4_experiment_find(const struct c4_experiment *experiment, const char *name);

/* The values of `now` that `began` has otherwise or does not have, as "lr 0.001, now 0.1; batch 32,
 * now 8"; "" if there are none. What only `began` has does not count. The caller frees *text;
 * C4_ERR_MEMORY. */
enum c4_status c4_experiment_differences(const struct c4_experiment *began,
                                         const struct c4_experiment *now, char **text);

#endif
