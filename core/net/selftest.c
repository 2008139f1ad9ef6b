#include "core/net/selftest.h"

#include <stdlib.h>
#include <string.h>

#include "core/data/batch.h"
#include "core/data/synthetic.h"
#include "core/file/sha256.h"
#include "core/net/init.h"
#include "core/similarity/cka.h"

const struct c4_selftest_hashes c4_net_selftest_hashes = {
    .training = "dce4222184675160a1a55092e72e14482ca2764d63c824609fadef3798cc5c24",
    .similarity = "b7b59d0796f87f0f7351d871e0c03d17e182d8b0e828a37b702797b121070a27",
};

_Static_assert(sizeof c4_net_selftest_hashes.training == C4_SHA256_HEX_SIZE, "in selftest.h");

enum { FIRST = 20, SECOND = 5, SEED = 1 };

struct work {
    const struct c4_backend *backend;
    int threads;
    struct c4_dataset data;
    double state[C4_STATE_COUNT], momentum[C4_LEARNED_COUNT];
    float *features[2][C4_LAYERS]; /* of the initial and of the trained network */
    struct c4_sha256 training, similarity;
};

static enum c4_status add(struct c4_sha256 *sha, const double *values, size_t count) {
    unsigned char bytes[8];
    for (size_t i = 0; i < count; i++) {
        uint64_t word;
        memcpy(&word, &values[i], sizeof word);
        for (int b = 0; b < 8; b++) bytes[b] = (unsigned char)(word >> (8 * b));
        C4_TRY(c4_sha256_update(sha, bytes, sizeof bytes));
    }
    return C4_OK;
}

static enum c4_status train_and_evaluate(struct work *work, struct c4_plan *plan) {
    const struct c4_step_api *step = work->backend->step;
    const struct c4_sgd sgd = {0.001, 0.9};
    const struct c4_batch first = c4_batch_in_place(&work->data, NULL, 0, FIRST);
    const struct c4_batch second = c4_batch_in_place(&work->data, NULL, FIRST, SECOND);
    struct c4_step_result r[4], unused;
    c4_net_init(SEED, work->state);
    C4_TRY(step->load(plan, work->state, NULL));
    C4_TRY(step->evaluate(plan, &first, C4_BN_BATCH, &unused, work->features[0]));
    C4_TRY(step->step(plan, &first, &sgd, &r[0]));
    C4_TRY(step->step(plan, &second, &sgd, &r[1]));
    C4_TRY(step->store(plan, work->state, work->momentum));
    C4_TRY(step->evaluate(plan, &first, C4_BN_BATCH, &r[2], work->features[1]));
    C4_TRY(step->evaluate(plan, &first, C4_BN_RUNNING, &r[3], NULL));
    C4_TRY(add(&work->training, &r[0].loss, 1));
    C4_TRY(add(&work->training, &r[1].loss, 1));
    C4_TRY(add(&work->training, work->state, C4_STATE_COUNT));
    C4_TRY(add(&work->training, work->momentum, C4_LEARNED_COUNT));
    C4_TRY(add(&work->training, &r[2].loss, 1));
    return add(&work->training, &r[3].loss, 1);
}

static enum c4_status compare_layers(struct work *work) {
    const struct c4_cka_options options = {.gram = c4_backend_gram(work->backend),
                                           .threads = work->threads};
    for (int layer = 0; layer < C4_LAYERS; layer++) {
        struct c4_features x = {.data = work->features[0][layer],
                                .rows = FIRST,
                                .features = c4_layer_features(layer),
                                .name = c4_layer_name[layer]};
        struct c4_features y = x;
        y.data = work->features[1][layer];
        struct c4_cka_result result;
        C4_TRY(c4_cka(&x, &y, &options, &result));
        C4_TRY(add(&work->similarity, &result.biased, 1));
        C4_TRY(add(&work->similarity, &result.debiased, 1));
    }
    return C4_OK;
}

static enum c4_status run(struct work *work) {
    C4_TRY(c4_synthetic_make(&c4_synthetic_objects, C4_TRAIN, SEED, FIRST + SECOND, &work->data));
    for (int net = 0; net < 2; net++)
        for (int layer = 0; layer < C4_LAYERS; layer++) {
            size_t bytes = FIRST * c4_layer_features(layer) * sizeof(float);
            work->features[net][layer] = malloc(bytes);
            if (!work->features[net][layer])
                return c4_fail(C4_ERR_MEMORY, "out of memory for the self-test");
        }
    for (int conv = 0; conv < 2; conv++)
        for (int order = 0; order < 2; order++) {
            const struct c4_plan_config config = {.order = (enum c4_order)order,
                                                  .conv = (enum c4_conv_algorithm)conv,
                                                  .max_batch = FIRST,
                                                  .threads = work->threads};
            struct c4_plan *plan;
            C4_TRY(work->backend->step->create(&config, &plan));
            enum c4_status status = train_and_evaluate(work, plan);
            work->backend->step->destroy(plan);
            C4_TRY(status);
            C4_TRY(compare_layers(work));
        }
    return C4_OK;
}

enum c4_status c4_net_selftest(const struct c4_backend *backend, int threads,
                               struct c4_selftest_hashes *hashes) {
    struct work *work = calloc(1, sizeof *work);
    if (!work) return c4_fail(C4_ERR_MEMORY, "out of memory for the self-test");
    work->backend = backend;
    work->threads = threads;
    enum c4_status status = c4_sha256_init(&work->training);
    if (status == C4_OK) status = c4_sha256_init(&work->similarity);
    if (status == C4_OK) status = run(work);
    if (status == C4_OK) status = c4_sha256_final(&work->training, hashes->training);
    if (status == C4_OK) status = c4_sha256_final(&work->similarity, hashes->similarity);
    c4_sha256_free(&work->training);
    c4_sha256_free(&work->similarity);
    for (int net = 0; net < 2; net++)
        for (int layer = 0; layer < C4_LAYERS; layer++) free(work->features[net][layer]);
    c4_dataset_free(&work->data);
    free(work);
    return status;
}
