#include "simd/onednn/choice.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_IMAGES = 128, MEMORIES = 3, LETTERS = 11 };
_Static_assert(LETTERS == 4 * (C4_BLOCKS - 1) - 1 && C4_DNN_PASSES == 3 &&
                   (int)LETTERS < (int)C4_KERNELS_SIZE,
               "three letters for each block of c4_dnn_choice_write()");

/* --- measured --- */

/* One convolution in one pass, with tensors of its own. */
struct trial {
    struct c4_dnn_op forward, backward, *op; /* op is one of the two; NULL if there is no kernel */
    dnnl_memory_t memory[MEMORIES + 1];      /* and a bias */
    void *scratch;
    double best_seconds;
};

static void close_trial(struct trial *trial) {
    for (int i = 0; i <= MEMORIES; i++)
        if (trial->memory[i]) dnnl_memory_destroy(trial->memory[i]);
    c4_dnn_op_close(&trial->backward);
    c4_dnn_op_close(&trial->forward);
    free(trial->scratch);
}

static enum c4_status add_tensor(struct c4_dnn *dnn, struct trial *trial, int i, int arg,
                                 dnnl_query_t tensor) {
    c4_dnn_layout layout = c4_dnn_op_layout(trial->op, tensor);
    C4_TRY(c4_dnn_memory(dnn, layout, NULL, &trial->memory[i]));
    /* Floats of 0.0115: no zeros, no denormals, no uninitialised memory. */
    memset(c4_dnn_memory_data(trial->memory[i]), 0x3c, c4_dnn_bytes(layout));
    c4_dnn_bind(trial->op, arg, trial->memory[i]);
    return C4_OK;
}

static enum c4_status open_trial(struct c4_dnn *dnn, const struct c4_dnn_conv *conv,
                                 enum c4_dnn_pass pass, struct trial *trial) {
    static const struct {
        int arg;
        dnnl_query_t tensor;
    } tensors[C4_DNN_PASSES][MEMORIES] = {
        [C4_DNN_CONV_FORWARD] = {{DNNL_ARG_SRC, dnnl_query_src_md},
                                 {DNNL_ARG_WEIGHTS, dnnl_query_weights_md},
                                 {DNNL_ARG_DST, dnnl_query_dst_md}},
        [C4_DNN_CONV_DATA] = {{DNNL_ARG_DIFF_DST, dnnl_query_diff_dst_md},
                              {DNNL_ARG_WEIGHTS, dnnl_query_weights_md},
                              {DNNL_ARG_DIFF_SRC, dnnl_query_diff_src_md}},
        [C4_DNN_CONV_WEIGHTS] = {{DNNL_ARG_SRC, dnnl_query_src_md},
                                 {DNNL_ARG_DIFF_DST, dnnl_query_diff_dst_md},
                                 {DNNL_ARG_DIFF_WEIGHTS, dnnl_query_diff_weights_md}}};
    const int channels[4] = {C4_CHANNELS};
    C4_TRY(c4_dnn_conv(dnn, conv, C4_DNN_CONV_FORWARD, NULL, &trial->forward));
    if (pass != C4_DNN_CONV_FORWARD)
        C4_TRY(c4_dnn_conv(dnn, conv, pass, &trial->forward, &trial->backward));
    trial->op = pass == C4_DNN_CONV_FORWARD ? &trial->forward : &trial->backward;
    for (int i = 0; i < MEMORIES; i++)
        C4_TRY(add_tensor(dnn, trial, i, tensors[pass][i].arg, tensors[pass][i].tensor));
    if (pass == C4_DNN_CONV_FORWARD && conv->bias) {
        dnnl_memory_t *bias = &trial->memory[MEMORIES];
        C4_TRY(c4_dnn_plain_memory(dnn, C4_DNN_VECTOR, channels, NULL, bias));
        memset(c4_dnn_memory_data(*bias), 0x3c, C4_CHANNELS * sizeof(float));
        c4_dnn_bind(trial->op, DNNL_ARG_BIAS, *bias);
    }
    size_t bytes = c4_dnn_scratch_bytes(trial->op);
    if (bytes == 0) return C4_OK;
    trial->scratch = aligned_alloc(64, (bytes + 63) / 64 * 64);
    if (!trial->scratch) return c4_fail(C4_ERR_MEMORY, "out of memory to try a convolution");
    return c4_dnn_bind_scratch(dnn, trial->op, trial->scratch);
}

/* The two alternate, so that a busy moment hits both. The first round is warm-up. */
static enum c4_status race(struct c4_dnn *dnn, struct trial trial[2]) {
    const double enough_seconds = 0.01;
    double spent = 0;
    for (int round = 0; round < 3 || (round < 12 && spent < enough_seconds); round++)
        for (int i = 0; i < 2; i++) {
            double start = omp_get_wtime();
            C4_TRY(c4_dnn_run(dnn, trial[i].op));
            double seconds = omp_get_wtime() - start;
            spent += seconds;
            if (round == 1 || (round > 1 && seconds < trial[i].best_seconds))
                trial[i].best_seconds = seconds;
        }
    return C4_OK;
}

static enum c4_status measure(struct c4_dnn *dnn, const struct c4_dnn_conv *conv,
                              enum c4_dnn_pass pass, bool *winograd) {
    struct trial trial[2] = {{.op = NULL}, {.op = NULL}};
    *winograd = false;
    struct c4_dnn_conv wish = *conv;
    wish.winograd = true;
    enum c4_status status = open_trial(dnn, &wish, pass, &trial[1]);
    if (status == C4_ERR_ENVIRONMENT) {
        close_trial(&trial[1]);
        return C4_OK;
    }
    if (status == C4_OK) status = open_trial(dnn, conv, pass, &trial[0]);
    if (status == C4_OK) status = race(dnn, trial);
    if (status == C4_OK) *winograd = trial[1].best_seconds < trial[0].best_seconds;
    for (int i = 0; i < 2; i++) close_trial(&trial[i]);
    return status;
}

/* --- remembered --- */

struct known {
    int n, threads;
    enum c4_order order;
    struct c4_dnn_choice choice;
};

static struct known known[64];
static int known_count;

static enum c4_status measure_all(struct c4_dnn *dnn, struct known *found) {
    bool relu = found->order == C4_RELU_BN;
    for (int b = 1; b < C4_BLOCKS; b++)
        for (int pass = 0; pass < C4_DNN_PASSES; pass++) {
            const struct c4_dnn_conv conv = {.n = found->n,
                                             .h = c4_block_side(b),
                                             .w = c4_block_side(b),
                                             .ci = c4_block_inputs(b),
                                             .bias = relu,
                                             .relu = relu};
            C4_TRY(measure(dnn, &conv, (enum c4_dnn_pass)pass, &found->choice.winograd[b][pass]));
        }
    return C4_OK;
}

static enum c4_status recall(struct c4_dnn *dnn, struct known *wanted) {
    for (int i = 0; i < known_count; i++)
        if (known[i].n == wanted->n && known[i].threads == wanted->threads &&
            known[i].order == wanted->order) {
            *wanted = known[i];
            return C4_OK;
        }
    C4_TRY(measure_all(dnn, wanted));
    if (known_count < (int)(sizeof known / sizeof *known)) known[known_count++] = *wanted;
    return C4_OK;
}

/* --- given --- */

static bool is_open(const char *kernels) {
    return !kernels || strcmp(kernels, "auto") == 0;
}

static bool read_letters(const char *text, struct c4_dnn_choice *choice) {
    if (strlen(text) != LETTERS) return false;
    for (int i = 0; i < LETTERS; i++) {
        if (i % 4 == 3 && text[i] != ',') return false;
        if (i % 4 == 3) continue;
        if (text[i] != 'w' && text[i] != 'd') return false;
        choice->winograd[1 + i / 4][i % 4] = text[i] == 'w';
    }
    return true;
}

static bool read_given(const char *kernels, struct c4_dnn_choice *choice) {
    if (strcmp(kernels, "direct") == 0) return read_letters("ddd,ddd,ddd", choice);
    if (strcmp(kernels, "winograd") == 0) return read_letters("www,www,www", choice);
    return read_letters(kernels, choice);
}

enum c4_status c4_dnn_choice_check(const struct c4_plan_config *config) {
    struct c4_dnn_choice choice;
    if (is_open(config->kernels) || read_given(config->kernels, &choice)) return C4_OK;
    return c4_fail(C4_ERR_USAGE,
                   "'%s' is no choice of oneDNN's convolutions: auto, direct, winograd, or nine "
                   "letters as www,wwd,ddd",
                   config->kernels);
}

enum c4_status c4_dnn_choose(struct c4_dnn *dnn, const struct c4_plan_config *config, int n,
                             struct c4_dnn_choice *choice) {
    *choice = (struct c4_dnn_choice){0};
    C4_TRY(c4_dnn_choice_check(config));
    if (config->conv == C4_DIRECT) return C4_OK;
    if (!is_open(config->kernels)) {
        read_given(config->kernels, choice);
        return C4_OK;
    }
    struct known wanted = {
        .n = n < MOST_IMAGES ? n : MOST_IMAGES, .threads = config->threads, .order = config->order};
    enum c4_status status;
#pragma omp critical(c4_dnn_choices)
    status = recall(dnn, &wanted);
    *choice = wanted.choice;
    return status;
}

void c4_dnn_choice_write(const struct c4_dnn_choice *choice, char text[C4_KERNELS_SIZE]) {
    for (int i = 0; i < LETTERS; i++)
        text[i] = i % 4 == 3 ? ',' : choice->winograd[1 + i / 4][i % 4] ? 'w' : 'd';
    text[LETTERS] = '\0';
}
