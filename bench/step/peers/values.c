#include "bench/step/peers/values.h"

#include <math.h>
#include <stdlib.h>

#include "simd/dispatch.h"

static const double tolerance = 1e-5; /* the same as for a backend's loss */

static double norm_of(const float *features, size_t count) {
    double sum = 0;
    for (size_t i = 0; i < count; i++) sum += (double)features[i] * (double)features[i];
    return sqrt(sum);
}

static enum c4_status evaluate(struct c4_peer_values *values, const struct c4_step_api *api,
                               struct c4_plan *plan, const struct c4_batch *batch, int i) {
    struct c4_step_result result;
    float *features[C4_LAYERS] = {0};
    size_t n = (size_t)batch->n;
    bool complete = true;
    for (int layer = 0; layer < C4_LAYERS; layer++) {
        features[layer] = malloc(n * c4_layer_features(layer) * sizeof(float));
        complete = complete && features[layer];
    }
    enum c4_status status =
        complete ? api->evaluate(plan, batch, values->statistics, &result, features)
                 : c4_fail(C4_ERR_MEMORY, "out of memory for the features of %d images", batch->n);
    for (int layer = 0; status == C4_OK && layer < C4_LAYERS; layer++)
        values->norm[i][layer] = norm_of(features[layer], n * c4_layer_features(layer));
    if (status == C4_OK) values->loss[i] = result.loss;
    for (int layer = 0; layer < C4_LAYERS; layer++) free(features[layer]);
    return status;
}

static enum c4_status train(struct c4_peer_values *values, const struct c4_step_api *api,
                            struct c4_plan *plan, const struct c4_batch *batch, int i) {
    static const struct c4_sgd sgd = {0.001, 0.9};
    struct c4_step_result result;
    C4_TRY(api->step(plan, batch, &sgd, &result));
    values->loss[i] = result.loss;
    return C4_OK;
}

enum c4_status c4_peer_values_make(struct c4_peer_values *values,
                                   const struct c4_plan_config *config, const double *state,
                                   const uint8_t *images, const uint8_t *labels) {
    struct c4_dispatch reference;
    struct c4_plan *plan;
    C4_TRY(c4_dispatch("ref64", &reference));
    const struct c4_step_api *api = reference.backend.step;
    C4_TRY(api->create(config, &plan));
    enum c4_status status = api->load(plan, state, NULL);
    for (int i = 0; status == C4_OK && i < C4_PEER_STEPS; i++) {
        size_t first = (size_t)i * (size_t)config->max_batch;
        const struct c4_batch batch = {images + first * C4_IMAGE_BYTES, labels + first,
                                       config->max_batch, NULL};
        status = (values->evaluates ? evaluate : train)(values, api, plan, &batch, i);
    }
    api->destroy(plan);
    return status;
}

/* false: `value` is no number or too far from `want`. */
static bool agrees(const json_t *value, double want, double *got, double *worst) {
    *got = json_is_number(value) ? json_number_value(value) : (double)NAN;
    double error = fabs(*got - want) / want;
    if (!(error <= *worst)) *worst = error;
    return error <= tolerance;
}

static bool norms_agree(const struct c4_peer_values *values, const json_t *answer,
                        double *features_error, struct c4_text *reason) {
    const json_t *norms = json_object_get(answer, "norms");
    for (size_t i = 0; i < C4_PEER_STEPS; i++)
        for (size_t layer = 0; layer < C4_LAYERS; layer++) {
            const json_t *norm = json_array_get(json_array_get(norms, i), layer);
            double got;
            if (agrees(norm, values->norm[i][layer], &got, features_error)) continue;
            c4_text_add(reason,
                        "the norm of layer %zu's features of batch %zu is %.9g, the double "
                        "reference's is %.9g; not timed",
                        layer + 1, i + 1, got, values->norm[i][layer]);
            return false;
        }
    return true;
}

bool c4_peer_values_agree(const struct c4_peer_values *values, const json_t *answer,
                          double *loss_error, double *features_error, struct c4_text *reason) {
    const json_t *losses = json_object_get(answer, "losses");
    if (json_array_size(losses) != C4_PEER_STEPS) {
        c4_text_add(reason, "it reported %zu losses for %d steps", json_array_size(losses),
                    C4_PEER_STEPS);
        return false;
    }
    for (size_t i = 0; i < C4_PEER_STEPS; i++) {
        double got;
        if (agrees(json_array_get(losses, i), values->loss[i], &got, loss_error)) continue;
        c4_text_add(reason,
                    "the loss of step %zu is %.9g, the double reference's is %.9g; not timed",
                    i + 1, got, values->loss[i]);
        return false;
    }
    return !values->evaluates || norms_agree(values, answer, features_error, reason);
}
