/* Out of memory while a backend makes a plan and computes: status, sentence, no plan, nothing left
 * behind. */
#define _GNU_SOURCE /* strcasestr */
#include "core/net/init.h"
#include "simd/dispatch.h"
#include "tests/faults/memory.h"

static double state[C4_STATE_COUNT], momentum[C4_LEARNED_COUNT];
static uint8_t images[2 * C4_IMAGE_BYTES], labels[2];

#ifdef __clang__
enum { OPENMP_ABORTS = 60 };
#else
enum { OPENMP_ABORTS = 0 };
#endif

struct work {
    const struct c4_step_api *api;
    struct c4_plan_config config;
    bool computes;
};

static enum c4_status compute(struct c4_plan *plan, const struct work *work) {
    const struct c4_batch batch = {.images = images, .labels = labels, .n = 2};
    const struct c4_sgd sgd = {0.001, 0.9};
    struct c4_step_result result;
    C4_TRY(work->api->load(plan, state, NULL));
    if (work->computes) C4_TRY(work->api->step(plan, &batch, &sgd, &result));
    if (work->computes) C4_TRY(work->api->evaluate(plan, &batch, C4_BN_BATCH, &result, NULL));
    return work->api->store(plan, state, momentum);
}

static enum c4_status make_and_compute(void *context) {
    const struct work *work = context;
    struct c4_plan *plan = NULL;
    enum c4_status status = work->api->create(&work->config, &plan);
    if (status != C4_OK)
        return plan ? c4_fail(C4_ERR_RESULT, "a plan in spite of the failure") : status;
    status = compute(plan, work);
    work->api->destroy(plan);
    return status;
}

static void every_plan(struct work *work, struct operation *op) {
    for (int order = 0; order < 2; order++) {
        work->config = (struct c4_plan_config){.order = order ? C4_RELU_BN : C4_BN_RELU,
                                               .conv = order ? C4_DIRECT : C4_WINOGRAD,
                                               .max_batch = 2,
                                               .threads = 1};
        every_allocation_fails(op);
    }
}

static void native_plans(void **unused) {
    (void)unused;
    const struct c4_backend *backend;
    const char *name;
    for (int i = 0; (name = c4_backend_name(i, &backend, NULL)); i++) {
        if (!backend || !backend->step || strcmp(name, "onednn") == 0) continue;
        struct work work = {.api = backend->step, .computes = true};
        /* libgomp ends the program if it has no memory for a team, even of one thread; clang's
         * runtime aborts. */
        struct operation op = {.name = name,
                               .path = "a training plan",
                               .run = make_and_compute,
                               .context = &work,
                               .ends = 60,
                               .signals = OPENMP_ABORTS};
        every_plan(&work, &op);
    }
}

static void onednn_plans(void **unused) {
    (void)unused;
    const struct c4_backend *backend = NULL;
    const char *name;
    int i = 0;
    while ((name = c4_backend_name(i, &backend, NULL)) && strcmp(name, "onednn") != 0) i++;
    if (!name || !backend) {
        skip();
        return;
    }
    struct work work = {.api = backend->step};
    /* The guard (simd/onednn/calls.h) catches what the library throws. Some of its classes return
     * NULL from operator new and are constructed there nevertheless, and exceptions in its parallel
     * regions end the program; what it had made until then is lost. */
    struct operation op = {.name = "onednn",
                           .path = "oneDNN",
                           .run = make_and_compute,
                           .context = &work,
                           .ends = 4,
                           .signals = 12,
                           .unnoticed = 4,
                           .leaks = true};
    every_plan(&work, &op);
    work.computes = true;
    op.name = "onednn, computing";
    op.step = 499;
    every_plan(&work, &op);
}

int main(void) {
    c4_net_init(1, state);
    const struct CMUnitTest tests[] = {cmocka_unit_test(native_plans),
                                       cmocka_unit_test(onednn_plans)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
