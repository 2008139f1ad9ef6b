/* What a peer is compared with before it is timed: the double reference's values. */
#ifndef C4_BENCH_STEP_PEERS_VALUES_H
#define C4_BENCH_STEP_PEERS_VALUES_H

#include <jansson.h>

#include "core/base/text.h"
#include "core/op/step.h"

/* Batches whose values are compared. */
enum { C4_PEER_STEPS = 3 };

struct c4_peer_values {
    bool
        evaluates; /* of a network that stays as it is, by these statistics; else of its training */
    enum c4_bn_statistics statistics;
    double loss[C4_PEER_STEPS];
    double norm[C4_PEER_STEPS]
               [C4_LAYERS]; /* an evaluation's: of each layer's features, Euclidean */
};

/* Sets loss and norm from `state` (core/op/conv4.h) and C4_PEER_STEPS consecutive batches of
 * config->max_batch images. Errors as ref64's plan; C4_ERR_MEMORY. */
enum c4_status c4_peer_values_make(struct c4_peer_values *values,
                                   const struct c4_plan_config *config, const double *state,
                                   const uint8_t *images, const uint8_t *labels);

/* Compares an answer to "check" (README.md). false and a reason if a value is missing or differs by
 * more than 1e-5 of its size. *loss_error and *features_error become the largest differences seen.
 */
bool c4_peer_values_agree(const struct c4_peer_values *values, const json_t *answer,
                          double *loss_error, double *features_error, struct c4_text *reason);

#endif
