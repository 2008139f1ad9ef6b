/* The plan of the oneDNN backend: canonical vectors, and a net per batch size in use. */
#ifndef C4_SIMD_ONEDNN_PLAN_H
#define C4_SIMD_ONEDNN_PLAN_H

#include "simd/onednn/describe.h"
#include "simd/onednn/net.h"

/* Full and last partial batch, in training and in evaluation. */
enum { C4_DNN_NETS = 4 };

extern const struct c4_step_api c4_step_onednn;

struct c4_plan {
    struct c4_dnn_shared shared;
    char kernels[C4_KERNELS_SIZE]; /* the text of shared.config.kernels */
    struct c4_dnn_net *net[C4_DNN_NETS];
    struct c4_dnn_net *last; /* of the last step or evaluation; NULL before */
    uint64_t version;        /* of the weights in shared.state; starts at 1 */
    uint64_t clock;

    float *logits, *d_logits; /* [max_batch, 10] */
    double *loss;             /* [max_batch] */
    int *hit;
    float *memory; /* holds shared's vectors and the logits */
};

/* Sets OpenMP's number of threads to the plan's and returns the previous one for c4_dnn_leave().
 * The library asks OpenMP both when it creates a primitive and when it runs one. */
int c4_dnn_enter(const struct c4_plan *plan);
void c4_dnn_leave(int threads);

/* The parts of c4_step_api that do not compute. */
enum c4_status c4_dnn_plan_create(const struct c4_plan_config *config, struct c4_plan **plan);
void c4_dnn_plan_destroy(struct c4_plan *plan);
enum c4_status c4_dnn_plan_load(struct c4_plan *plan, const double *state, const double *momentum);
enum c4_status c4_dnn_plan_store(const struct c4_plan *plan, double *state, double *momentum);

/* plan->last = the net for n images: an existing one, or a new one in place of the least recently
 * used. */
enum c4_status c4_dnn_take_net(struct c4_plan *plan, int n);

/* Adds the backward part to plan->last. After a failure plan->last is NULL. */
enum c4_status c4_dnn_take_backward(struct c4_plan *plan);

/* c4_step_api.choose and .describe */
enum c4_status c4_dnn_plan_choose(const struct c4_plan_config *config,
                                  char kernels[C4_KERNELS_SIZE]);
enum c4_status c4_dnn_plan_describe(struct c4_plan *plan, const char **text);

/* c4_step_api.read and the features of evaluate(). */
enum c4_status c4_dnn_read(const struct c4_plan *plan, const char *name, double *values,
                           size_t capacity, size_t *count);
enum c4_status c4_dnn_features(struct c4_plan *plan, float *const features[C4_LAYERS]);

#endif
