/* The step of the oneDNN backend against the reference. */
#include "tests/simd/test_onednn.h"

#ifdef C4_HAVE_ONEDNN

#include <sys/resource.h>
#include <unistd.h>

#include "simd/onednn/describe.h"

/* Single images, small batches, several threads; then Winograd where the library has it, with
 * textbook points that cost another digit. */
static void one_step(enum c4_order order) {
    compare_steps(order, C4_DIRECT, 1, 1, SEEDS, 1);
    compare_steps(order, C4_DIRECT, 5, 1, SEEDS, 1);
    compare_steps(order, C4_DIRECT, 5, 2, SEEDS, 1);
    compare_steps(order, C4_DIRECT, 12, 2, SEEDS, 1);
    compare_steps(order, C4_DIRECT, 32, 2, order == C4_BN_RELU ? SEEDS : 2, 1);
    compare_steps(order, C4_WINOGRAD, 5, 2, SEEDS, 10);
    if (!has_winograd()) return;
    const char *const kernels[] = {"winograd", "wdw,dwd,ddw"};
    for (int i = 0; i < 2; i++) {
        kernels_wanted = kernels[i];
        compare_steps(order, C4_WINOGRAD, 5, 1, SEEDS, 10);
    }
    kernels_wanted = NULL;
}

/* A measured choice stays for this process, and its text fixes another plan's kernels. */
static void choices(void **state) {
    (void)state;
    struct input *in = room(1, sizeof *in);
    struct c4_dispatch dispatch;
    ok(c4_dispatch("onednn", &dispatch));
    const struct c4_step_api *api = dispatch.backend.step;
    struct c4_plan_config config = {.max_batch = MAX_BATCH, .threads = 1};
    char text[C4_KERNELS_SIZE], again[C4_KERNELS_SIZE];
    ok(api->choose(&config, text));
    print_message("auto for %d images: %s\n", MAX_BATCH, text);
    assert_int_equal(strspn(text, "wd,"), 11);
    assert_int_equal(strlen(text), 11);
    for (int i = 0; i < 3; i++) {
        config.kernels = i == 0 ? "auto" : i == 1 ? text : NULL;
        ok(api->choose(&config, again));
        assert_string_equal(again, text);
    }
    int winograd = 0;
    for (const char *c = text; *c; c++) winograd += *c == 'w';
    draw(700, C4_BN_RELU, in);
    struct plan p = open_plan("onednn", C4_BN_RELU, C4_WINOGRAD, 1, in);
    assert_int_equal(kernel_lines(&p, "conv", "wino"), winograd);
    assert_int_equal(kernel_lines(&p, "conv", ""), 11); /* no gradient of the images */
    close_plan(&p);
    if (!has_winograd()) assert_int_equal(winograd, 0);

    config.kernels = "direct";
    ok(api->choose(&config, again));
    assert_string_equal(again, "ddd,ddd,ddd");
    config.kernels = "winograd";
    ok(api->choose(&config, again));
    assert_string_equal(again, "www,www,www");
    config.conv = C4_DIRECT; /* the protocol overrides it */
    ok(api->choose(&config, again));
    assert_string_equal(again, "ddd,ddd,ddd");

    static const char *const bad[] = {"", "fast", "www,www,wwx", "www,www,www,", "wwwwwwwwwww"};
    struct c4_plan *plan;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        config.kernels = bad[i];
        assert_int_equal(api->choose(&config, again), C4_ERR_USAGE);
        assert_int_equal(api->create(&config, &plan), C4_ERR_USAGE);
    }
    free(in);
}

static void a_mixed_choice_is_what_runs(void **state) {
    (void)state;
    if (!has_winograd()) skip();
    struct input *in = room(1, sizeof *in);
    draw(701, C4_BN_RELU, in);
    kernels_wanted = "wdd,dwd,ddw";
    struct plan p = open_plan("onednn", C4_BN_RELU, C4_WINOGRAD, 1, in);
    kernels_wanted = NULL;
    assert_int_equal(kernel_lines(&p, "conv", "wino"), 3);
    assert_int_equal(kernel_lines(&p, "conv2 forward", "wino"), 1);
    assert_int_equal(kernel_lines(&p, "conv3 backward data", "wino"), 1);
    assert_int_equal(kernel_lines(&p, "conv4 backward weights", "wino"), 1);
    /* Describing does not count as a step and does not discard one. */
    double value;
    size_t count;
    assert_int_equal(p.api->read(p.plan, "logits", &value, 1, &count), C4_ERR_USAGE);
    const struct c4_batch batch = batch_of(in, 3);
    struct c4_step_result result;
    ok(p.api->step(p.plan, &batch, NULL, &result));
    assert_int_equal(kernel_lines(&p, "conv", "wino"), 3);
    double logits[3 * C4_CLASSES];
    ok(p.api->read(p.plan, "logits", logits, 3 * C4_CLASSES, &count));
    assert_int_equal(count, 3 * C4_CLASSES);
    close_plan(&p);
    free(in);
}

static void one_step_bn_relu(void **state) {
    (void)state;
    one_step(C4_BN_RELU);
}

static void one_step_relu_bn(void **state) {
    (void)state;
    one_step(C4_RELU_BN);
}

/* From initial weights, where half of the ReLU's outputs are zeros: variances differ by no more
 * than the convolution's rounding. */
static void variance_of_many_zeros(void **state) {
    (void)state;
    struct input *in = room(1, sizeof *in);
    draw(50, C4_RELU_BN, in);
    c4_net_init(50, in->state);
    struct plan p = open_plan("onednn", C4_RELU_BN, C4_DIRECT, 1, in);
    struct plan want = open_plan("ref64", C4_RELU_BN, C4_DIRECT, 2, in);
    const struct c4_batch batch = batch_of(in, MAX_BATCH);
    struct c4_step_result result;
    ok(p.api->step(p.plan, &batch, NULL, &result));
    ok(want.api->step(want.plan, &batch, NULL, &result));
    size_t count;
    double *var = values_of(&p, "var", 1, &count), *want_var = values_of(&want, "var", 1, &count);
    double worst = 0;
    for (size_t c = 0; c < C; c++) worst = fmax(worst, fabs(var[c] / want_var[c] - 1));
    print_message("variance of block 1 within %.1e\n", worst);
    near(worst, 0x1p-20, "var", 1);
    free(var);
    free(want_var);
    close_plan(&p);
    close_plan(&want);
    free(in);
}

/* Three steps of SGD, the last on a partial batch: weights, momentum and running statistics. */
/* Where batch norm rounds several values of a window to the same number, the library selects one
 * that need not have been the largest before, and passes the gradient there; the backend must
 * report that winner. */
static void winners_among_equals_are_the_librarys(void **state) {
    (void)state;
    const double gamma = 1e-5;
    const size_t side = C4_IMAGE_SIDE, half = side / 2;
    struct input *in = room(1, sizeof *in);
    draw(60, C4_BN_RELU, in);
    for (size_t c = 0; c < C; c++) {
        in->state[c4_block_param(0, C4_PARAM_GAMMA)->offset + c] = gamma;
        in->state[c4_block_param(0, C4_PARAM_BETA)->offset + c] = 1;
    }
    struct plan p = open_plan("onednn", C4_BN_RELU, C4_DIRECT, 1, in);
    const struct c4_batch batch = batch_of(in, 4);
    struct c4_step_result result;
    ok(p.api->step(p.plan, &batch, NULL, &result));
    size_t count, maps, channels, others = 0;
    double *y = values_of(&p, "conv", 1, &maps), *arg = values_of(&p, "arg", 1, &count);
    double *var = values_of(&p, "var", 1, &channels);
    for (size_t i = 0; i < count; i++) {
        const size_t c = i % C, column = i / C % half, row = i / C / half;
        const double *window = y + (2 * row * side + 2 * column) * C + c;
        const size_t places[] = {0, C, side * C, (side + 1) * C};
        double taken = window[places[(int)arg[i]]], most = taken;
        for (int k = 0; k < 4; k++) most = fmax(most, window[places[k]]);
        others += taken < most;
        near(gamma * (most - taken) / sqrt(var[c]), 0x1p-22, "winner", (int)i);
    }
    print_message("%zu of %zu winners are not the largest before batch norm\n", others, count);
    assert_true(others > 0 && others < count / 2);
    free(y);
    free(arg);
    free(var);
    close_plan(&p);
    free(in);
}

static void three_steps(void **state) {
    (void)state;
    struct input *in = room(1, sizeof *in);
    for (int i = 0; i < 2; i++) {
        enum c4_order order = (enum c4_order)i;
        draw(100, order, in);
        struct plan p = open_plan("onednn", order, C4_DIRECT, 2, in);
        struct plan want = open_plan("ref", order, C4_WINOGRAD, 2, in);
        const struct c4_sgd sgd = {0.001, 0.9};
        const int sizes[] = {32, 32, 7};
        for (int step = 0; step < 3; step++) {
            struct c4_step_result result, want_result;
            const struct c4_batch batch = batch_of(in, sizes[step]);
            ok(p.api->step(p.plan, &batch, &sgd, &result));
            ok(want.api->step(want.plan, &batch, &sgd, &want_result));
            print_message("%s step %d: loss %.9g, reference %.9g, %d flips\n", order_name[order],
                          step, result.loss, want_result.loss, flips(&p, &want, order));
            near(fabs(result.loss / want_result.loss - 1), TOLERANCE, "loss", step);
        }
        double *got = room(2 * C4_STATE_COUNT, sizeof *got), *momentum = got + C4_STATE_COUNT;
        double *ref = room(2 * C4_STATE_COUNT, sizeof *ref), *ref_momentum = ref + C4_STATE_COUNT;
        ok(p.api->store(p.plan, got, momentum));
        ok(want.api->store(want.plan, ref, ref_momentum));
        for (int t = 0; t < C4_STATE_TENSORS; t++) {
            const struct c4_param *param = &c4_params[t];
            size_t at = param->offset;
            near(distance(got + at, ref + at, param->count), 2e-4, param->name, 0);
            if (t < C4_LEARNED_TENSORS)
                near(distance(momentum + at, ref_momentum + at, param->count), LOOSE, param->name,
                     0);
            near(1e-5, distance(got + at, in->state + at, param->count), param->name,
                 0); /* moved */
        }
        free(got);
        free(ref);
        close_plan(&p);
        close_plan(&want);
    }
    free(in);
}

/* Both statistics, including features. */
static void evaluation(void **state) {
    (void)state;
    struct input *in = room(1, sizeof *in);
    for (int variant = 0; variant < 8; variant++) {
        enum c4_order order = (enum c4_order)(variant & 1);
        enum c4_bn_statistics statistics = (enum c4_bn_statistics)(variant >> 1 & 1);
        int n = variant & 4 ? 3 : MAX_BATCH;
        draw(200, order, in);
        struct plan p[2] = {open_plan("onednn", order, C4_DIRECT, 2, in),
                            open_plan("ref64", order, C4_DIRECT, 2, in)};
        struct c4_step_result result[2];
        float *features[2][C4_LAYERS];
        const struct c4_batch batch = batch_of(in, n);
        for (int i = 0; i < 2; i++) {
            for (int layer = 0; layer < C4_LAYERS; layer++)
                features[i][layer] = room((size_t)n * c4_layer_features(layer), sizeof(float));
            ok(p[i].api->evaluate(p[i].plan, &batch, statistics, &result[i], features[i]));
        }
        near(fabs(result[0].loss / result[1].loss - 1), TOLERANCE / 5, "loss", variant);
        assert_int_equal(result[0].hits, result[1].hits);
        for (int layer = 0; layer < C4_LAYERS; layer++) {
            double difference = 0, norm = 0;
            for (size_t i = 0; i < (size_t)n * c4_layer_features(layer); i++) {
                double a = (double)features[0][layer][i], b = (double)features[1][layer][i];
                difference += (a - b) * (a - b);
                norm += b * b;
            }
            assert_true(norm > 0);
            near(sqrt(difference / norm), TOLERANCE, c4_layer_name[layer], variant);
        }
        double *after = room(C4_STATE_COUNT, sizeof *after);
        ok(p[0].api->store(p[0].plan, after, NULL));
        assert_memory_equal(after, in->state, C4_STATE_COUNT * sizeof *after);
        struct c4_step_result alone; /* without features */
        ok(p[0].api->evaluate(p[0].plan, &batch, statistics, &alone, NULL));
        assert_true(alone.loss == result[0].loss);
        free(after);
        for (int i = 0; i < 2; i++) {
            for (int layer = 0; layer < C4_LAYERS; layer++) free(features[i][layer]);
            close_plan(&p[i]);
        }
    }
    free(in);
}

/* A plan stores what was loaded, and a plan loaded from a store continues like the old one. */
static void store_and_load(void **state) {
    (void)state;
    struct input *in = room(1, sizeof *in), *middle = room(1, sizeof *middle);
    draw(300, C4_BN_RELU, in);
    struct plan p = open_plan("onednn", C4_BN_RELU, C4_WINOGRAD, 1, in);
    ok(p.api->store(p.plan, middle->state, middle->momentum));
    assert_memory_equal(middle->state, in->state, sizeof in->state);
    assert_memory_equal(middle->momentum, in->momentum, sizeof in->momentum);

    const struct c4_batch batch = batch_of(in, 6);
    const struct c4_sgd sgd = {0.01, 0.9};
    struct c4_step_result result, resumed_result;
    ok(p.api->step(p.plan, &batch, &sgd, &result));
    ok(p.api->store(p.plan, middle->state, middle->momentum));
    ok(p.api->step(p.plan, &batch, &sgd, &result));
    struct plan resumed = open_plan("onednn", C4_BN_RELU, C4_WINOGRAD, 1, middle);
    ok(resumed.api->step(resumed.plan, &batch, &sgd, &resumed_result));
    assert_true(fabs(result.loss - resumed_result.loss) < 1e-6 * result.loss);
    ok(p.api->store(p.plan, in->state, in->momentum));
    ok(resumed.api->store(resumed.plan, middle->state, middle->momentum));
    assert_true(distance(middle->state, in->state, C4_STATE_COUNT) < 1e-6);
    assert_true(distance(middle->momentum, in->momentum, C4_LEARNED_COUNT) < 1e-4);

    ok(p.api->load(p.plan, middle->state, NULL)); /* no momentum: zeros */
    ok(p.api->store(p.plan, in->state, in->momentum));
    for (size_t i = 0; i < C4_LEARNED_COUNT; i++) assert_true(in->momentum[i] == 0.0);
    close_plan(&p);
    close_plan(&resumed);
    free(in);
    free(middle);
}

/* More batch sizes than a plan keeps at a time: an evicted one comes back unchanged, and changed
 * weights reach all of them. */
static void many_batch_sizes(void **state) {
    (void)state;
    struct input *in = room(1, sizeof *in);
    draw(400, C4_BN_RELU, in);
    struct plan p = open_plan("onednn", C4_BN_RELU, C4_WINOGRAD, 1, in);
    struct c4_step_result first[10], again;
    for (int n = 1; n < 10; n++) {
        const struct c4_batch batch = batch_of(in, n);
        ok(p.api->step(p.plan, &batch, NULL, &first[n]));
    }
    for (int n = 1; n < 10; n++) {
        const struct c4_batch batch = batch_of(in, n);
        ok(p.api->evaluate(p.plan, &batch, C4_BN_BATCH, &again, NULL));
        assert_true(fabs(again.loss - first[n].loss) < 1e-6 * first[n].loss);
    }
    const struct c4_batch one = batch_of(in, 9), other = batch_of(in, 8);
    const struct c4_sgd sgd = {0.1, 0.9};
    struct c4_step_result before, after, fresh;
    ok(p.api->evaluate(p.plan, &one, C4_BN_BATCH, &before, NULL));
    ok(p.api->step(p.plan, &other, &sgd, &again));
    ok(p.api->evaluate(p.plan, &one, C4_BN_BATCH, &after, NULL));
    assert_true(fabs(after.loss - before.loss) > 1e-4 * before.loss);
    ok(p.api->store(p.plan, in->state, in->momentum));
    struct plan q = open_plan("onednn", C4_BN_RELU, C4_WINOGRAD, 1, in);
    ok(q.api->evaluate(q.plan, &one, C4_BN_BATCH, &fresh, NULL));
    assert_true(fabs(after.loss - fresh.loss) < 1e-6 * fresh.loss);
    close_plan(&p);
    close_plan(&q);
    free(in);
}

static void refusals_and_threads(void **state) {
    (void)state;
    struct input *in = room(1, sizeof *in);
    draw(500, C4_BN_RELU, in);
    struct plan p = open_plan("onednn", C4_BN_RELU, C4_WINOGRAD, 2, in);
    assert_string_equal(c4_onednn_describe(p.plan), "");
    double value;
    size_t count;
    assert_int_equal(p.api->read(p.plan, "grad", &value, 1, &count), C4_ERR_USAGE);
    struct c4_step_result result;
    const struct c4_batch none = batch_of(in, 0), many = batch_of(in, MAX_BATCH + 1);
    assert_int_equal(p.api->step(p.plan, &none, NULL, &result), C4_ERR_USAGE);
    assert_int_equal(p.api->evaluate(p.plan, &many, C4_BN_BATCH, &result, NULL), C4_ERR_USAGE);

    int threads = omp_get_max_threads();
    omp_set_num_threads(3);
    const struct c4_batch batch = batch_of(in, 4);
    ok(p.api->step(p.plan, &batch, NULL, &result));
    assert_int_equal(omp_get_max_threads(), 3);
    omp_set_num_threads(threads);
    assert_ptr_equal(strstr(c4_onednn_describe(p.plan), "oneDNN "), c4_onednn_describe(p.plan));
    assert_non_null(strstr(c4_onednn_describe(p.plan), "conv1 forward: "));
    assert_non_null(strstr(c4_onednn_describe(p.plan), "conv4 backward data: "));
    assert_int_equal(p.api->read(p.plan, "grad", &value, 1, &count), C4_ERR_USAGE);
    assert_int_equal(count, C4_LEARNED_COUNT);
    assert_int_equal(p.api->read(p.plan, "conv5", &value, 1, &count), C4_ERR_USAGE);
    assert_int_equal(p.api->read(p.plan, "", &value, 1, &count), C4_ERR_USAGE);

    struct c4_plan *plan = NULL;
    const struct c4_plan_config bad[] = {{.max_batch = 0, .threads = 1},
                                         {.max_batch = 1, .threads = 0}};
    for (int i = 0; i < 2; i++) assert_int_equal(p.api->create(&bad[i], &plan), C4_ERR_USAGE);
    p.api->destroy(NULL);
    close_plan(&p);
    free(in);
}

/* The tensors of 512 images need about 400 MB. Without that memory the step fails with a sentence,
 * and a small batch still runs. */
static void too_little_memory(void **state) {
    (void)state;
#ifdef __SANITIZE_ADDRESS__
    skip(); /* its shadow memory is larger than any limit */
#else
    enum { MANY = 512 };
    struct input *in = room(1, sizeof *in);
    draw(600, C4_BN_RELU, in);
    struct c4_batch batch = {room(MANY, C4_IMAGE_BYTES), room(MANY, 1), MANY, NULL};
    struct c4_dispatch dispatch;
    ok(c4_dispatch("onednn", &dispatch));
    const struct c4_step_api *api = dispatch.backend.step;
    const struct c4_plan_config config = {.max_batch = MANY, .threads = 1};
    struct c4_plan *plan;
    ok(api->create(&config, &plan));
    ok(api->load(plan, in->state, NULL));

    struct rlimit old, limit;
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (!file) skip();
    assert_int_equal(fscanf(file, "%ld", &pages), 1);
    fclose(file);
    assert_int_equal(getrlimit(RLIMIT_AS, &old), 0);
    limit = old;
    limit.rlim_cur = (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE) + ((rlim_t)100 << 20);
    assert_int_equal(setrlimit(RLIMIT_AS, &limit), 0);
    struct c4_step_result result;
    enum c4_status refused = api->step(plan, &batch, NULL, &result);
    batch.n = 2;
    enum c4_status small = api->step(plan, &batch, NULL, &result);
    assert_int_equal(setrlimit(RLIMIT_AS, &old), 0);
    assert_int_equal(refused, C4_ERR_MEMORY);
    ok(small);
    api->destroy(plan);
    free((void *)batch.images);
    free((void *)batch.labels);
    free(in);
#endif
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_step_bn_relu),
        cmocka_unit_test(one_step_relu_bn),
        cmocka_unit_test(variance_of_many_zeros),
        cmocka_unit_test(winners_among_equals_are_the_librarys),
        cmocka_unit_test(three_steps),
        cmocka_unit_test(evaluation),
        cmocka_unit_test(choices),
        cmocka_unit_test(a_mixed_choice_is_what_runs),
        cmocka_unit_test(store_and_load),
        cmocka_unit_test(many_batch_sizes),
        cmocka_unit_test(refusals_and_threads),
        cmocka_unit_test(too_little_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

/* Makes it visible in the summary that a build without the library has not tested it. */
static void onednn_is_not_part_of_this_build(void **state) {
    (void)state;
    struct c4_dispatch dispatch;
    assert_int_equal(c4_dispatch("onednn", &dispatch), C4_ERR_ENVIRONMENT);
    skip();
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(onednn_is_not_part_of_this_build)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#endif
