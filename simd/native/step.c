/* A step: phases in order in one parallel region, with barriers only between phases.
 *
 * - stem: batch norm 1 from patch sums (relu-bn: conv1 as a separate block);
 * - blocks 2, 3, 4: convolution, statistics, pooled selection. A block's batch norm and ReLU are
 *   applied when the next block loads the selected values; conv1 runs just before block 2, image by
 *   image;
 * - head: batch norm 4, linear layer, loss, and their backward;
 * - blocks 4, 3, 2 backward: batch norm's gradient rebuilt from y, both gradients of the
 *   convolution, the sums that the block below needs, and the slices' weight gradients added; block
 *   2 continues with conv1's gradient from the selected pixels;
 * - update: SGD, weights transformed for the next step.
 *
 * One thread does the scalar mathematics between phases, which takes microseconds.
 *
 * An evaluation has the forward phases in a form that keeps nothing for a backward pass. With
 * running statistics no sums are needed, and a thread goes through its slices without waiting for
 * others. */
#include <omp.h>
#include <string.h>

#include "simd/native/native.h"

enum { C = C4_CHANNELS, WEIGHTS = 9 * C * C };

/* --- parameters in and out --- */

static const float *parameter(const struct c4_plan *plan, const size_t *offset, int b) {
    return plan->parameters + offset[b];
}

/* Packs what phases read besides the convolutions' own weights. */
static void pack_small(struct c4_plan *plan) {
    for (int b = 0; b < C4_BLOCKS; b++) {
        const float *gamma = parameter(plan, c4_native_layout.gamma, b);
        for (int c = 0; c < C; c++) plan->block[b].flip[c] = 0 > gamma[c] ? -0.0f : 0.0f;
    }
    const float *linear = plan->parameters + c4_native_layout.linear_weight;
    for (int k = 0; k < C4_FLAT; k++)
        for (int o = 0; o < C4_CLASSES; o++)
            plan->linear_wt[o * C4_FLAT + k] = linear[k * C4_LOGITS_STRIDE + o];
}

/* A block's weights are packed in pieces, those of the forward convolution and those of the
 * backward one, so that 8 threads have as many each. */
enum { BLOCK_PIECES = 2 * C / C4_NATIVE_PACKED, PIECES = (C4_BLOCKS - 1) * BLOCK_PIECES };
_Static_assert(PIECES % C4_MAX_SLICES == 0, "equal shares for a thread per slice");

static void pack_pieces(struct c4_plan *plan, struct c4_native_scratch *scratch, int from, int to) {
    for (int i = from; i < to; i++)
        plan->phases->pack(plan, scratch, 1 + i / BLOCK_PIECES,
                           i % BLOCK_PIECES / 2 * C4_NATIVE_PACKED, i % 2 != 0);
}

enum c4_status c4_native_load(struct c4_plan *plan, const double *state, const double *momentum) {
    c4_native_pack_vector(state, plan->parameters);
    if (momentum)
        c4_native_pack_vector(momentum, plan->velocity);
    else
        memset(plan->velocity, 0, c4_native_layout.count * sizeof *plan->velocity);
    for (int b = 0; b < C4_BLOCKS; b++) {
        const double *mean = state + c4_block_running(b, C4_PARAM_RUNNING_MEAN)->offset;
        const double *var = state + c4_block_running(b, C4_PARAM_RUNNING_VAR)->offset;
        for (int c = 0; c < C; c++) {
            plan->running_mean[b][c] = (float)mean[c];
            plan->running_var[b][c] = (float)var[c];
        }
    }
    pack_small(plan);
    pack_pieces(plan, plan->scratch, 0, PIECES);
    return C4_OK;
}

enum c4_status c4_native_store(const struct c4_plan *plan, double *state, double *momentum) {
    c4_native_unpack_vector(plan->parameters, state);
    if (momentum) c4_native_unpack_vector(plan->velocity, momentum);
    for (int b = 0; b < C4_BLOCKS; b++) {
        double *mean = state + c4_block_running(b, C4_PARAM_RUNNING_MEAN)->offset;
        double *var = state + c4_block_running(b, C4_PARAM_RUNNING_VAR)->offset;
        for (int c = 0; c < C; c++) {
            mean[c] = (double)plan->running_mean[b][c];
            var[c] = (double)plan->running_var[b][c];
        }
    }
    return C4_OK;
}

/* --- scalar mathematics between phases --- */

/* Adds the slices' parts from the left. */
static double add_slices(const struct c4_plan *plan, double (*sum)[2][C], int which, int c) {
    double total = sum[0][which][c];
    for (int s = 1; s < c4_slice_count(plan->n); s++) total += sum[s][which][c];
    return total;
}

static double value_count(const struct c4_plan *plan, int b) {
    return (double)plan->n * plan->block[b].side * plan->block[b].side;
}

static void add_patch_sums(struct c4_plan *plan) {
    memset(plan->first, 0, sizeof plan->first);
    memset(plan->second, 0, sizeof plan->second);
    for (int s = 0; s < c4_slice_count(plan->n); s++) {
        for (int k = 0; k < C4_PATCH; k++) plan->first[k] += plan->part[s].first[k];
        for (int k = 0; k < C4_PATCH * C4_PATCH; k++) plan->second[k] += plan->part[s].second[k];
    }
}

static void stem_statistics(struct c4_plan *plan, double mean[C], double var[C]) {
    double *w = plan->stem.w;
    for (int i = 0; i < C4_PATCH * C; i++) w[i] = (double)plan->parameters[i];
    add_patch_sums(plan);
    c4_stem_statistics(plan->first, plan->second, value_count(plan, 0), w, mean, var);
}

/* Batch norm's coefficients of block b, from the sums of its phase. */
static void normalise(struct c4_plan *plan, int b, enum c4_bn_statistics statistics) {
    struct c4_native_block *block = &plan->block[b];
    const float *gamma = parameter(plan, c4_native_layout.gamma, b);
    const float *beta = parameter(plan, c4_native_layout.beta, b);
    const float *bias = parameter(plan, c4_native_layout.bias, b);
    const bool bias_apart = plan->config.order == C4_BN_RELU; /* it is never added to y */
    double mean[C], var[C];
    if (statistics == C4_BN_RUNNING)
        for (int c = 0; c < C; c++) {
            mean[c] = (double)plan->running_mean[b][c] - (bias_apart ? (double)bias[c] : 0.0);
            var[c] = (double)plan->running_var[b][c];
        }
    else if (b == 0 && bias_apart)
        stem_statistics(plan, mean, var);
    for (int c = 0; c < C; c++) {
        const double g = (double)gamma[c], shift = (double)beta[c];
        if (statistics == C4_BN_RUNNING || (b == 0 && bias_apart))
            block->bn[c] = c4_bn_from_patch_sums(mean[c], var[c], g, shift);
        else
            block->bn[c] =
                c4_bn_from_sums(add_slices(plan, block->sum, 0, c),
                                add_slices(plan, block->sum, 1, c), value_count(plan, b), g, shift);
        block->scale[c] = (float)block->bn[c].scale;
        block->shift[c] = (float)block->bn[c].shift;
    }
}

/* Gradients of gamma and beta, and the coefficients that rebuild dY. */
static void normalise_back(struct c4_plan *plan, int b) {
    struct c4_native_block *block = &plan->block[b];
    struct c4_bn_gradient *bn = plan->bn_gradient;
    const float *gamma = parameter(plan, c4_native_layout.gamma, b);
    for (int c = 0; c < C; c++) {
        bn[c] = c4_bn_backward(&block->bn[c], (double)gamma[c], add_slices(plan, block->sum, 0, c),
                               add_slices(plan, block->sum, 1, c), value_count(plan, b));
        plan->gradient[c4_native_layout.gamma[b] + (size_t)c] = (float)bn[c].dgamma;
        plan->gradient[c4_native_layout.beta[b] + (size_t)c] = (float)bn[c].dbeta;
        block->c0[c] = (float)bn[c].c0;
        block->c1[c] = (float)bn[c].c1;
        block->c2[c] = (float)bn[c].c2;
    }
}

/* Conv bias: 0 if batch norm follows directly, else the sum of dY. */
static void bias_gradient(struct c4_plan *plan, int b) {
    float *out = plan->gradient + c4_native_layout.bias[b];
    for (int c = 0; c < C; c++) {
        double sum = 0;
        if (plan->config.order == C4_RELU_BN) {
            sum = plan->block[b].bias_sum[0][c];
            for (int s = 1; s < c4_slice_count(plan->n); s++) sum += plan->block[b].bias_sum[s][c];
        }
        out[c] = (float)sum;
    }
}

/* Adds the slices' parts of a small gradient, `stride` elements apart: `count` of each from `from`
 * on. */
static void add_all(struct c4_plan *plan, const float *part, size_t stride, size_t from,
                    size_t count, float *gradient) {
    if (count == 0) return;
    memcpy(gradient + from, part + from, count * sizeof *part);
    plan->phases->add_parts(count, c4_slice_count(plan->n) - 1, part + stride + from, stride,
                            gradient + from);
}

/* conv1 of bn-relu, inputs [from, to) of a patch: the dense gradient from that of the selected
 * pixels, the patch sums, and the weights, which the forward pass has left as double. */
static void stem_gradient(struct c4_plan *plan, int from, int to) {
    struct c4_native_stem *stem = &plan->stem;
    add_all(plan, plan->block[0].dw, C4_PATCH * C, (size_t)from * C, (size_t)(to - from) * C,
            stem->sum);
    for (int i = from * C; i < to * C; i++) stem->r[i] = (double)stem->sum[i];
    c4_stem_weight_grad(plan->first, plan->second, stem->w, stem->r, plan->bn_gradient, from, to,
                        stem->dw);
    for (int i = from * C; i < to * C; i++) plan->gradient[i] = (float)stem->dw[i];
}

static void add_loss(struct c4_plan *plan, struct c4_step_result *result) {
    *result = (struct c4_step_result){plan->part[0].loss, plan->part[0].hits};
    for (int s = 1; s < c4_slice_count(plan->n); s++) {
        result->loss += plan->part[s].loss;
        result->hits += plan->part[s].hits;
    }
    result->loss /= plan->n;
}

/* Running statistics describe y + bias. */
static void update_running(struct c4_plan *plan) {
    for (int b = 0; b < C4_BLOCKS; b++) {
        const float *bias = parameter(plan, c4_native_layout.bias, b);
        double count = value_count(plan, b);
        for (int c = 0; c < C; c++) {
            const struct c4_bn_channel *bn = &plan->block[b].bn[c];
            double apart = plan->config.order == C4_BN_RELU ? (double)bias[c] : 0.0;
            double unbiased = bn->var * (count / (count - 1.0));
            plan->running_mean[b][c] =
                (float)c4_bn_running((double)plan->running_mean[b][c], bn->mean + apart);
            plan->running_var[b][c] =
                (float)c4_bn_running((double)plan->running_var[b][c], unbiased);
        }
    }
}

/* --- one thread's work --- */

struct share {
    int thread, threads;
    int from, to; /* slices */
};

static struct share share_of(const struct c4_plan *plan) {
    int slices = c4_slice_count(plan->n);
    struct share s = {.thread = omp_get_thread_num(), .threads = omp_get_num_threads()};
    s.from = slices * s.thread / s.threads;
    s.to = slices * (s.thread + 1) / s.threads;
    return s;
}

/* What a thread has of a vector in whole cache lines. The same threads add, update and keep the
 * same elements, step after step, so that these stay in their caches. */
struct piece {
    size_t from, count;
};

static struct piece piece_of(const struct share *s, size_t count) {
    enum { LINE = 16 };
    size_t lines = count / LINE, thread = (size_t)s->thread, threads = (size_t)s->threads;
    size_t from = lines * thread / threads * LINE, to = lines * (thread + 1) / threads * LINE;
    return (struct piece){from, to - from};
}

static void forward(struct c4_plan *plan, const struct share *s) {
    struct c4_native_scratch *scratch = &plan->scratch[s->thread];
    plan->phases->stem(plan, scratch, s->from, s->to);
#pragma omp barrier
#pragma omp single
    normalise(plan, 0, C4_BN_BATCH);
    c4_native_time_phase(plan, C4_NATIVE_STEM);
    for (int b = 1; b < C4_BLOCKS; b++) {
        plan->phases->block(plan, scratch, b, s->from, s->to);
#pragma omp barrier
#pragma omp single
        normalise(plan, b, C4_BN_BATCH);
        c4_native_time_phase(plan, (enum c4_native_phase)b);
    }
}

/* What follows block b's sums; with running statistics nothing does. */
static void finish_evaluated(struct c4_plan *plan, int b, bool batch) {
    if (batch) {
#pragma omp barrier
#pragma omp single
        normalise(plan, b, C4_BN_BATCH);
    }
    c4_native_time_phase(plan, (enum c4_native_phase)(C4_NATIVE_EVALUATE + b));
}

static void evaluate(struct c4_plan *plan, const struct share *s,
                     enum c4_bn_statistics statistics) {
    struct c4_native_scratch *scratch = &plan->scratch[s->thread];
    const bool batch = statistics == C4_BN_BATCH;
    if (!batch) {
#pragma omp single
        for (int b = 0; b < C4_BLOCKS; b++) normalise(plan, b, statistics);
    }
    plan->phases->evaluate_stem(plan, scratch, batch, s->from, s->to);
    finish_evaluated(plan, 0, batch);
    for (int b = 1; b < C4_BLOCKS; b++) {
        plan->phases->evaluate_block(plan, scratch, b, batch, s->from, s->to);
        finish_evaluated(plan, b, batch);
    }
    plan->phases->evaluate_head(plan, s->from, s->to);
    if (plan->timed) {
#pragma omp barrier
        c4_native_time_phase(plan, (enum c4_native_phase)(C4_NATIVE_EVALUATE + C4_NATIVE_HEAD));
    }
}

/* Adds the other slices' weight gradients of a block b >= 1 to the sum of the first thread, a piece
 * per thread. */
static void add_weights(struct c4_plan *plan, const struct share *s, int b) {
    const int slices = c4_slice_count(plan->n);
    /* Slice 0 is always in that sum, even if another thread than the first has it. */
    const int added = slices > s->threads ? slices / s->threads : 1;
    const struct piece piece = piece_of(s, WEIGHTS);
    if (added == slices) return;
    plan->phases->add_parts(piece.count, slices - added,
                            plan->block[b].dw + (size_t)added * WEIGHTS + piece.from, WEIGHTS,
                            plan->gradient + c4_native_layout.weight[b] + piece.from);
}

/* The gradients that are left, those of conv1, the biases and the linear layer: a piece of each for
 * every thread. */
static void add_small(struct c4_plan *plan, const struct share *s) {
    enum { LINEAR = (C4_FLAT + 1) * C4_LOGITS_STRIDE };
    const int from = C4_PATCH * s->thread / s->threads,
              to = C4_PATCH * (s->thread + 1) / s->threads;
    const struct piece linear = piece_of(s, LINEAR);
    if (plan->config.order == C4_RELU_BN)
        add_all(plan, plan->block[0].dw, C4_PATCH * C, (size_t)from * C, (size_t)(to - from) * C,
                plan->gradient);
    else
        stem_gradient(plan, from, to);
    add_all(plan, plan->linear_dw, LINEAR, linear.from, linear.count,
            plan->gradient + c4_native_layout.linear_weight);
#pragma omp single nowait
    for (int b = 0; b < C4_BLOCKS; b++) bias_gradient(plan, b);
}

static void backward(struct c4_plan *plan, const struct share *s) {
    struct c4_native_scratch *scratch = &plan->scratch[s->thread];
    const bool dense = plan->config.order == C4_RELU_BN;
    for (int b = C4_BLOCKS - 1; b > 0; b--) {
#pragma omp single
        normalise_back(plan, b);
        plan->phases->block_back(plan, scratch, b, s->from, s->to);
#pragma omp barrier
        add_weights(plan, s, b);
        c4_native_time_phase(plan, (enum c4_native_phase)(C4_NATIVE_STEM_BACK - b));
    }
#pragma omp single
    normalise_back(plan, 0);
    if (dense) {
        plan->phases->stem_back(plan, scratch, s->from, s->to);
#pragma omp barrier
    }
    add_small(plan, s);
#pragma omp barrier
    c4_native_time_phase(plan, C4_NATIVE_STEM_BACK);
}

/* The thread's piece of parameters [from, end). */
static void update_piece(struct c4_plan *plan, const struct share *s, const struct c4_sgd *sgd,
                         size_t from, size_t end) {
    const struct piece piece = piece_of(s, end - from);
    from += piece.from;
    plan->phases->sgd((int64_t)piece.count, (float)sgd->lr, (float)sgd->momentum,
                      plan->gradient + from, plan->velocity + from, plan->parameters + from);
}

static void update(struct c4_plan *plan, const struct share *s, const struct c4_sgd *sgd) {
#pragma omp single
    update_running(plan);
    const size_t *weight = c4_native_layout.weight;
    size_t from = 0;
    for (int b = 1; b < C4_BLOCKS; b++) {
        update_piece(plan, s, sgd, from, weight[b]);
        update_piece(plan, s, sgd, weight[b], weight[b] + WEIGHTS);
        from = weight[b] + WEIGHTS;
    }
    update_piece(plan, s, sgd, from, c4_native_layout.count);
#pragma omp barrier
#pragma omp single nowait
    pack_small(plan);
    pack_pieces(plan, &plan->scratch[s->thread], PIECES * s->thread / s->threads,
                PIECES * (s->thread + 1) / s->threads);
#pragma omp barrier
    c4_native_time_phase(plan, C4_NATIVE_UPDATE);
}

/* --- the API --- */

static enum c4_status start_batch(struct c4_plan *plan, const struct c4_batch *batch) {
    if (batch->n < 1 || batch->n > plan->config.max_batch)
        return c4_fail(C4_ERR_USAGE, "a batch of %d images does not fit a plan for 1 to %d",
                       batch->n, plan->config.max_batch);
    plan->n = batch->n;
    plan->images = batch->images;
    plan->labels = batch->labels;
    plan->patch_sums = batch->patch_sums;
    return C4_OK;
}

enum c4_status c4_native_step(struct c4_plan *plan, const struct c4_batch *batch,
                              const struct c4_sgd *sgd, struct c4_step_result *result) {
    C4_TRY(start_batch(plan, batch));
    plan->evaluated = false;
    c4_native_time_start(plan);
#pragma omp parallel num_threads(plan->config.threads)
    {
        struct share s = share_of(plan);
        forward(plan, &s);
        plan->phases->head(plan, s.from, s.to);
#pragma omp barrier
        c4_native_time_phase(plan, C4_NATIVE_HEAD);
        backward(plan, &s);
        if (sgd) update(plan, &s, sgd);
    }
    add_loss(plan, result);
    return C4_OK;
}

enum c4_status c4_native_evaluate(struct c4_plan *plan, const struct c4_batch *batch,
                                  enum c4_bn_statistics statistics, struct c4_step_result *result,
                                  float *const features[C4_LAYERS]) {
    C4_TRY(start_batch(plan, batch));
    plan->evaluated = true;
    for (int layer = 0; layer < C4_LAYERS; layer++)
        plan->features[layer] = features ? features[layer] : NULL;
    c4_native_time_start(plan);
#pragma omp parallel num_threads(plan->config.threads)
    {
        struct share s = share_of(plan);
        evaluate(plan, &s, statistics);
    }
    add_loss(plan, result);
    return C4_OK;
}
