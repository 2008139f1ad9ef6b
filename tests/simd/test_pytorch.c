/* Training against PyTorch 2.13 (tests/reference/make_pytorch_steps.py).
 *
 * ref64 against PyTorch's double: everything within 1e-9. Float, with one backend for all that have
 * the reference's bits, and with each peer: gradients step by step against ref64 from the same
 * weights, the first loss, and over 20 free-running steps at most three times the error of
 * PyTorch's own float, by medians over ten seeds. This bound is for a peer's direct convolution;
 * its Winograd may have textbook points, which cost up to a digit, so there the bound is ten times.
 *
 * Most of such an error comes from pooling or ReLU decisions that rounding flips, and ten seeds are
 * few: oneDNN 3.7.2's AVX2 kernels have 1.1, 1.5, 2.7 and 6.5 times PyTorch's error on the same
 * batches with the images in four other orders. A peer's kernels differ between CPUs, so its median
 * is over seeds and orders (for Winograd only with C4_TEST_FULL=1). */
#include "tests/harness/unit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/file/safetensors.h"
#include "core/net/init.h"
#include "simd/dispatch.h"
#include "tests/harness/check_want.h"
#include "tests/simd/pytorch_inputs.h"

static const char *const order_names[] = {"bn-relu", "relu-bn"};
static const char *const conv_names[] = {[C4_WINOGRAD] = "winograd", [C4_DIRECT] = "direct"};
static const struct c4_sgd sgd = {0.001, 0.9};

static struct c4_safetensors dump;
static uint8_t images[PYTORCH_BATCH * C4_IMAGE_BYTES], labels[PYTORCH_BATCH];

static int open_dump(void **state) {
    (void)state;
    enum c4_status status =
        c4_safetensors_read(C4_TEST_REFERENCE "/pytorch_steps.safetensors", &dump);
    if (status != C4_OK) print_error("%s\n", c4_error());
    return status != C4_OK;
}

static int close_dump(void **state) {
    (void)state;
    c4_safetensors_free(&dump);
    return 0;
}

static const struct c4_tensor *expected(const char *order, const char *what, const char *name) {
    char full[96];
    snprintf(full, sizeof full, "%s.%s%s", order, what, name);
    const struct c4_tensor *tensor = c4_safetensors_find(&dump, full);
    if (!tensor) fail_msg("the dump has no tensor %s", full);
    return tensor;
}

static const struct c4_tensor *expected_of_seed(const char *order, int seed, const char *what) {
    char middle[32];
    snprintf(middle, sizeof middle, "%d.%s", seed, what);
    return expected(order, middle, "");
}

/* A network of one backend with the initial weights of a seed. */
struct network {
    const struct c4_step_api *step;
    struct c4_plan *plan;
    double state[C4_STATE_COUNT];
};

static struct network *network_new(const char *backend, enum c4_order order,
                                   enum c4_conv_algorithm conv, uint64_t seed) {
    struct c4_dispatch dispatch;
    struct network *net = calloc(1, sizeof *net);
    assert_non_null(net);
    assert_int_equal(c4_dispatch(backend, &dispatch), C4_OK);
    net->step = dispatch.backend.step;
    const struct c4_plan_config config = {order, conv, PYTORCH_BATCH, 2, {0}, NULL};
    assert_int_equal(net->step->create(&config, &net->plan), C4_OK);
    c4_net_init(seed, net->state);
    assert_int_equal(net->step->load(net->plan, net->state, NULL), C4_OK);
    return net;
}

static void network_free(struct network *net) {
    net->step->destroy(net->plan);
    free(net);
}

/* Rotates the batch to begin with image `first`: the same loss and gradients, rounded differently.
 */
static void turn_batch(size_t first) {
    static uint8_t old_images[sizeof images], old_labels[sizeof labels];
    memcpy(old_images, images, sizeof images);
    memcpy(old_labels, labels, sizeof labels);
    for (size_t i = 0; i < PYTORCH_BATCH; i++) {
        size_t from = (i + first) % PYTORCH_BATCH;
        memcpy(images + i * C4_IMAGE_BYTES, old_images + from * C4_IMAGE_BYTES, C4_IMAGE_BYTES);
        labels[i] = old_labels[from];
    }
}

static double run_step_from(struct network *net, uint64_t seed, uint32_t step, size_t first,
                            const struct c4_sgd *update) {
    struct c4_step_result result;
    pytorch_batch(seed, step, images, labels);
    turn_batch(first);
    const struct c4_batch batch = {images, labels, PYTORCH_BATCH, NULL};
    assert_int_equal(net->step->step(net->plan, &batch, update, &result), C4_OK);
    return result.loss;
}

static double run_step(struct network *net, uint64_t seed, uint32_t step,
                       const struct c4_sgd *update) {
    return run_step_from(net, seed, step, 0, update);
}

static void read_values(struct network *net, const char *name, double *values, size_t capacity) {
    size_t count;
    if (net->step->read(net->plan, name, values, capacity, &count) != C4_OK)
        fail_msg("%s", c4_error());
}

/* |a - b| / |b| over an array. */
static double distance(const double *a, const double *b, size_t count) {
    double difference = 0, size = 0;
    for (size_t i = 0; i < count; i++) {
        difference += (a[i] - b[i]) * (a[i] - b[i]);
        size += b[i] * b[i];
    }
    return sqrt(difference) / (size > 0 ? sqrt(size) : 1);
}

static bool bias_before_bn(enum c4_order order, int tensor) {
    return order == C4_BN_RELU && tensor < 16 && tensor % 4 == C4_PARAM_BIAS;
}

/* The first gradient against PyTorch's samples and projections; returns the largest error. */
static double check_first_gradient(struct network *net, enum c4_order order) {
    static double grad[C4_LEARNED_COUNT];
    read_values(net, "grad", grad, C4_LEARNED_COUNT);
    double worst = 0;
    for (int t = 0; t < C4_LEARNED_TENSORS; t++) {
        const struct c4_param *param = &c4_params[t];
        const double *g = grad + param->offset;
        const struct c4_tensor *samples = expected(order_names[order], "grad.", param->name);
        const struct c4_tensor *projections = expected(order_names[order], "project.", param->name);
        size_t stride = (param->count + 1023) / 1024;
        double ours[1024], theirs[1024], norm = 0;
        size_t count = 0;
        for (size_t i = 0; i < param->count; i += stride, count++) {
            ours[count] = g[i];
            theirs[count] = c4_tensor_get(samples, count);
        }
        assert_int_equal(samples->shape[0], count);
        for (size_t i = 0; i < param->count; i++) norm += g[i] * g[i];
        if (bias_before_bn(order, t)) { /* true gradient 0 */
            for (size_t i = 0; i < count; i++) {
                assert_true(fabs(ours[i]) <= 1e-12);
                assert_true(fabs(theirs[i]) <= 1e-12);
            }
            continue;
        }
        double error = distance(ours, theirs, count);
        for (int k = 0; k < 16; k++) {
            double sum = 0;
            for (size_t i = 0; i < param->count; i++) {
                uint32_t word =
                    c4_rng_draw(100 + (uint64_t)k, C4_RNG_TEST, (uint32_t)t, i / 4).word[i % 4];
                sum += word >> 31 ? g[i] : -g[i];
            }
            double off = fabs(sum - c4_tensor_get(projections, (size_t)k)) / sqrt(norm);
            error = off > error ? off : error;
        }
        if (!(error <= 1e-9)) fail_msg("%s: gradient error %g", param->name, error);
        worst = error > worst ? error : worst;
    }
    return worst;
}

static double check_evaluation(struct network *net, enum c4_order order,
                               enum c4_bn_statistics statistics) {
    const struct c4_tensor *want =
        expected(order_names[order], "eval.", statistics == C4_BN_BATCH ? "batch" : "running");
    struct c4_step_result result;
    double logits[PYTORCH_BATCH * C4_CLASSES], theirs[PYTORCH_BATCH * C4_CLASSES];
    pytorch_batch(1, PYTORCH_STEPS, images, labels);
    const struct c4_batch batch = {images, labels, PYTORCH_BATCH, NULL};
    assert_int_equal(net->step->evaluate(net->plan, &batch, statistics, &result, NULL), C4_OK);
    read_values(net, "logits", logits, PYTORCH_BATCH * C4_CLASSES);
    for (size_t i = 0; i < PYTORCH_BATCH * C4_CLASSES; i++) theirs[i] = c4_tensor_get(want, i);
    return distance(logits, theirs, PYTORCH_BATCH * C4_CLASSES);
}

static double check_running(struct network *net, enum c4_order order) {
    static double state[C4_STATE_COUNT];
    double worst = 0;
    assert_int_equal(net->step->store(net->plan, state, NULL), C4_OK);
    for (int t = C4_LEARNED_TENSORS; t < C4_STATE_TENSORS; t++) {
        const struct c4_tensor *want = expected(order_names[order], "running.", c4_params[t].name);
        double theirs[C4_CHANNELS];
        for (size_t i = 0; i < C4_CHANNELS; i++) theirs[i] = c4_tensor_get(want, i);
        double error = distance(state + c4_params[t].offset, theirs, C4_CHANNELS);
        worst = error > worst ? error : worst;
    }
    return worst;
}

static void double_reference_equals_pytorch(void **unused) {
    (void)unused;
    for (int order = 0; order < 2; order++)
        for (int conv = 0; conv < 2; conv++) {
            struct network *net =
                network_new("ref64", (enum c4_order)order, (enum c4_conv_algorithm)conv, 1);
            const struct c4_tensor *losses = expected_of_seed(order_names[order], 1, "loss64");
            double worst = 0, gradient = 0;
            for (uint32_t step = 0; step < PYTORCH_STEPS; step++) {
                double want = c4_tensor_get(losses, step);
                double error = fabs(run_step(net, 1, step, &sgd) - want) / want;
                if (step == 0) gradient = check_first_gradient(net, (enum c4_order)order);
                worst = error > worst ? error : worst;
            }
            double batch = check_evaluation(net, (enum c4_order)order, C4_BN_BATCH);
            double running = check_evaluation(net, (enum c4_order)order, C4_BN_RUNNING);
            double statistics = check_running(net, (enum c4_order)order);
            print_message("ref64 %s %s: loss %.1e  gradient %.1e  logits by batch %.1e, by running "
                          "%.1e  running statistics %.1e\n",
                          order_names[order], conv_names[conv], worst, gradient, batch, running,
                          statistics);
            assert_true(worst <= 1e-9 && batch <= 1e-9 && running <= 1e-9 && statistics <= 1e-9);
            network_free(net);
        }
}

static size_t differing_values(struct network *a, struct network *b, const char *kind, int block,
                               size_t count, bool signs) {
    static double x[PYTORCH_BATCH * 1024 * 64], y[PYTORCH_BATCH * 1024 * 64];
    char name[16];
    size_t differing = 0;
    snprintf(name, sizeof name, "%s%d", kind, block);
    read_values(a, name, x, count);
    read_values(b, name, y, count);
    for (size_t i = 0; i < count; i++) differing += signs ? (x[i] > 0) != (y[i] > 0) : x[i] != y[i];
    return differing;
}

/* The number of pooling winners and ReLU masks in which a float network differs from ref64. The
 * ReLU acts on the pooled values in bn-relu and on the whole convolution output in relu-bn. */
static size_t differing_selections(struct network *a, struct network *b, int order) {
    size_t differing = 0;
    for (int block = 1; block <= C4_BLOCKS; block++) {
        size_t pooled = PYTORCH_BATCH * c4_layer_features(block - 1);
        differing += differing_values(a, b, "arg", block, pooled, false);
        differing += order == C4_BN_RELU ? differing_values(a, b, "pool", block, pooled, true)
                                         : differing_values(a, b, "conv", block, 4 * pooled, true);
    }
    return differing;
}

/* Each step starts both networks from the float network's weights. Where a selection differs, the
 * functions differ, and so may their gradients; such steps are counted and exempt from the bound.
 */
static void check_step_by_step(const char *backend, int order) {
    static double state[C4_STATE_COUNT], a[C4_LEARNED_COUNT], b[C4_LEARNED_COUNT];
    struct network *narrow = network_new(backend, (enum c4_order)order, C4_WINOGRAD, 1);
    struct network *wide = network_new("ref64", (enum c4_order)order, C4_WINOGRAD, 1);
    double worst = 0;
    size_t selections = 0;
    int judged = 0;
    for (uint32_t step = 0; step < PYTORCH_STEPS; step++) {
        assert_int_equal(narrow->step->store(narrow->plan, state, NULL), C4_OK);
        assert_int_equal(wide->step->load(wide->plan, state, NULL), C4_OK);
        double loss32 = run_step(narrow, 1, step, &sgd), loss64 = run_step(wide, 1, step, NULL);
        if (step == 0) assert_true(fabs(loss32 - loss64) / loss64 <= 1e-6);
        size_t differing = differing_selections(narrow, wide, order);
        selections += differing;
        if (differing) continue;
        judged++;
        read_values(narrow, "grad", a, C4_LEARNED_COUNT);
        read_values(wide, "grad", b, C4_LEARNED_COUNT);
        for (int t = 0; t < C4_LEARNED_TENSORS; t++) {
            const struct c4_param *param = &c4_params[t];
            double error = distance(a + param->offset, b + param->offset, param->count);
            if (!(error <= 1e-5))
                fail_msg("%s %s step %u %s: gradient error %g", backend, order_names[order], step,
                         param->name, error);
            worst = error > worst ? error : worst;
        }
    }
    print_message("%s %s: gradients within %.1e in %d of %d steps; %zu selections differ in the "
                  "others\n",
                  backend, order_names[order], worst, judged, PYTORCH_STEPS, selections);
    assert_true(judged >= 3);
    network_free(narrow);
    network_free(wide);
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* For an even count. */
static double median(double *values, size_t count) {
    qsort(values, count, sizeof *values, ascending);
    return (values[count / 2 - 1] + values[count / 2]) / 2;
}

enum { TURNS = 4, TURN = PYTORCH_BATCH / TURNS };

/* The largest error of a loss in 20 steps of PyTorch's float. */
static double error_of_pytorch(int order, int seed) {
    const struct c4_tensor *wide = expected_of_seed(order_names[order], seed, "loss64");
    const struct c4_tensor *narrow = expected_of_seed(order_names[order], seed, "loss32");
    double largest = 0;
    for (uint32_t step = 0; step < PYTORCH_STEPS; step++) {
        double want = c4_tensor_get(wide, step);
        largest = fmax(largest, fabs(c4_tensor_get(narrow, step) - want) / want);
    }
    return largest;
}

/* The same of a backend, with batches that begin with image `first`. */
static double error_of(const char *backend, int order, enum c4_conv_algorithm conv, int seed,
                       size_t first) {
    struct network *net = network_new(backend, (enum c4_order)order, conv, (uint64_t)seed);
    const struct c4_tensor *wide = expected_of_seed(order_names[order], seed, "loss64");
    double largest = 0;
    for (uint32_t step = 0; step < PYTORCH_STEPS; step++) {
        double want = c4_tensor_get(wide, step);
        double error = fabs(run_step_from(net, (uint64_t)seed, step, first, &sgd) - want) / want;
        if (step == 0) assert_true(error <= 1e-6);
        assert_true(isfinite(error));
        largest = fmax(largest, error);
    }
    network_free(net);
    return largest;
}

static void check_free_running(const char *backend, int order, enum c4_conv_algorithm conv,
                               int turns, double bound) {
    double ours[TURNS * PYTORCH_SEEDS], theirs[PYTORCH_SEEDS];
    double turned[TURNS][PYTORCH_SEEDS];
    for (int seed = 1; seed <= PYTORCH_SEEDS; seed++) {
        theirs[seed - 1] = error_of_pytorch(order, seed);
        for (int turn = 0; turn < turns; turn++)
            turned[turn][seed - 1] = ours[turn * PYTORCH_SEEDS + seed - 1] =
                error_of(backend, order, conv, seed, (size_t)turn * TURN);
    }
    double our = median(ours, (size_t)turns * PYTORCH_SEEDS);
    double their = median(theirs, PYTORCH_SEEDS);
    print_message("%s %s %s: median largest loss error over 20 steps %.2e, PyTorch's float %.2e, "
                  "%.2f times (bound %g)",
                  backend, order_names[order], conv_names[conv], our, their, our / their, bound);
    for (int turn = 0; turn < turns && turns > 1; turn++)
        print_message("%s %.2f", turn ? "," : "; by order of the images",
                      median(turned[turn], PYTORCH_SEEDS) / their);
    print_message("\n");
    assert_true(our <= bound * their);
}

/* Calls `check` for every float backend with the reference's bits, or for every other one. */
static int for_each_backend(bool bit_exact, void (*check)(const char *backend, int order)) {
    const struct c4_backend *table;
    int checked = 0;
    for (int i = 0; c4_backend_name(i, NULL, NULL); i++) {
        const char *name = c4_backend_name(i, &table, NULL);
        if (!table || !table->step || strcmp(name, "ref64") == 0) continue;
        if (table->bit_exact != bit_exact) continue;
        for (int order = 0; order < 2; order++) check(name, order);
        checked++;
    }
    return checked;
}

/* The fastest backend with the reference's bits, which represents all of them. */
static const char *fastest_exact(void) {
    const struct c4_backend *table;
    struct c4_dispatch dispatch;
    assert_int_equal(c4_dispatch("auto", &dispatch), C4_OK);
    if (dispatch.backend.bit_exact) return dispatch.step_origin->name;
    for (int i = 0; c4_backend_name(i, NULL, NULL); i++) {
        const char *name = c4_backend_name(i, &table, NULL);
        if (table && table->step && table->bit_exact && strcmp(name, "ref64") != 0) return name;
    }
    fail_msg("there is no backend with the reference's bits");
    return NULL;
}

static void native_float_stays_near_double(void **unused) {
    (void)unused;
    for (int order = 0; order < 2; order++) {
        check_step_by_step(fastest_exact(), order);
        check_free_running(fastest_exact(), order, C4_WINOGRAD, 1, 3);
    }
}

/* What was shown for one of them holds for all: the same losses and weights. */
static void check_same_bits(const char *backend, int order) {
    static double state[2][C4_STATE_COUNT];
    struct network *net[2] = {network_new(fastest_exact(), (enum c4_order)order, C4_WINOGRAD, 1),
                              network_new(backend, (enum c4_order)order, C4_WINOGRAD, 1)};
    for (uint32_t step = 0; step < 5; step++) {
        double loss = run_step(net[0], 1, step, &sgd);
        assert_true(run_step(net[1], 1, step, &sgd) == loss);
    }
    for (int i = 0; i < 2; i++) {
        assert_int_equal(net[i]->step->store(net[i]->plan, state[i], NULL), C4_OK);
        network_free(net[i]);
    }
    assert_memory_equal(state[0], state[1], sizeof state[0]);
}

static void native_backends_have_the_same_bits(void **unused) {
    (void)unused;
    assert_true(for_each_backend(true, check_same_bits) >= 1);
}

static void peers_follow_step_by_step(void **unused) {
    (void)unused;
    assert_true(for_each_backend(false, check_step_by_step) >= 1);
}

static void check_peer_running(const char *backend, int order) {
    check_free_running(backend, order, C4_WINOGRAD, c4_want_full() ? TURNS : 1, 10);
    check_free_running(backend, order, C4_DIRECT, TURNS, 3);
}

static void peers_running_freely_stay_near_double(void **unused) {
    (void)unused;
    assert_true(for_each_backend(false, check_peer_running) >= 1);
}

static void not_at_all(const char *backend, int order) {
    (void)backend;
    (void)order;
}

/* usage: test_pytorch [native | peers | peers-running]: only that part */
int main(int argc, char **argv) {
    const struct CMUnitTest native[] = {
        cmocka_unit_test(double_reference_equals_pytorch),
        cmocka_unit_test(native_float_stays_near_double),
        cmocka_unit_test(native_backends_have_the_same_bits),
    };
    const struct CMUnitTest peers[] = {cmocka_unit_test(peers_follow_step_by_step)};
    const struct CMUnitTest running[] = {cmocka_unit_test(peers_running_freely_stay_near_double)};
    const char *part = argc > 1 ? argv[1] : "";
    bool has_peers = for_each_backend(false, not_at_all) > 0;
    int failed = 0;
    if (strncmp(part, "peers", 5) == 0 && !has_peers) {
        printf("skipped: no peer is built\n");
        return 77;
    }
    if (!*part || strcmp(part, "native") == 0)
        failed += cmocka_run_group_tests(native, open_dump, close_dump);
    if ((!*part && has_peers) || strcmp(part, "peers") == 0)
        failed += cmocka_run_group_tests(peers, open_dump, close_dump);
    if ((!*part && has_peers) || strcmp(part, "peers-running") == 0)
        failed += cmocka_run_group_tests(running, open_dump, close_dump);
    return failed;
}
