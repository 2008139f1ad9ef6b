/* The native training step: its state, and the phases that an instruction set supplies.
 *
 * simd/native depends on no instruction set: it owns memory, slices, the team of threads and the
 * scalar mathematics between phases. simd/body/phases.h holds the phases, compiled once per
 * instruction set. A phase works on a range of slices (core/op/slice.h), so that any number of
 * threads gives the same bits. */
#ifndef C4_SIMD_NATIVE_NATIVE_H
#define C4_SIMD_NATIVE_NATIVE_H

#include <stdbool.h>

#include "core/op/linear.h"
#include "core/op/scalar.h"
#include "core/op/slice.h"
#include "core/op/stem.h"
#include "core/op/step.h"

enum {
    /* From one Winograd position's [64][64] to the next: not a multiple of 4 KB, or all positions
     * would share a few cache sets. */
    C4_NATIVE_POSITION = C4_CHANNELS * C4_CHANNELS + 16,
    C4_NATIVE_U_FLOATS = 36 * C4_NATIVE_POSITION,
    C4_NATIVE_HALO_SIDE = 18, /* the largest map of blocks 2-4 with its halo */
    C4_NATIVE_PACKED = 16,    /* channels that are packed together */
    C4_NATIVE_IMAGE_FLOATS = 34 * 34 * 3,
    C4_NATIVE_TABLE_FLOATS = 3 * 256 * 16 + 32
};

/* The learned parameters in one vector, in the op slots' layouts: for each block the weights
 * [9, ci, 64], then bias, gamma and beta [64]; the linear weights [256, 16] and bias [16],
 * zero-padded; the padding stays zero. Gradients and velocities have the same layout. */
struct c4_native_layout {
    size_t weight[C4_BLOCKS], bias[C4_BLOCKS], gamma[C4_BLOCKS], beta[C4_BLOCKS];
    size_t linear_weight, linear_bias, count;
};
extern const struct c4_native_layout c4_native_layout;

struct c4_native_block {
    int side, inputs; /* of the convolution's input */
    float *wt;        /* [9, 64, 64]; direct mode */
    float *u, *ut;    /* [36] positions of [64, 64]; Winograd mode */
    float *y;         /* [n, side, side, 64], after ReLU in relu-bn; not kept in the bn-relu stem */
    float *selected;  /* [n, side/2, side/2, 64] */
    uint8_t *arg;     /* the same shape */
    float *ds; /* the same shape: gradient passed back through pooling and ReLU; kept as y is */
    float *dw; /* [slices][9, ci, 64]: gradients of slices that are not added directly */
    double (*sum)[2][C4_CHANNELS];   /* [slices]: y and y^2, then ds and ds y */
    double (*bias_sum)[C4_CHANNELS]; /* [slices]: dY, relu-bn */
    struct c4_bn_channel bn[C4_CHANNELS];
    float scale[C4_CHANNELS], shift[C4_CHANNELS];
    float flip[C4_CHANNELS]; /* -0 where pooling selects the smallest value */
    float c0[C4_CHANNELS], c1[C4_CHANNELS], c2[C4_CHANNELS];
};

/* A thread's own memory. */
struct c4_native_scratch {
    float *x;         /* [34, 34, 3] with a halo of zeros */
    float *planes;    /* [3, 34, 34]: the same by channels, for the gradient of the bn-relu stem */
    float *activated; /* input of a convolution, with a halo of zeros in Winograd mode */
    float *ds;        /* [16, 16, 64]: of the bn-relu stem */
    float *dy, *dx;   /* one image's, or a few small ones in direct mode; dy also holds a piece of
                         the dense stem's dY, and an evaluation's two tiles of that stem's y or its
                         output of a direct convolution */
    float *v, *m;     /* groups of transformed tiles */
    float *du;        /* [36] positions */
    float *tables;    /* the stem's gradient */
    float *wt;        /* [16, 9, 64]: weights being packed */
};

struct c4_native_phases;

/* The phases of a step in order, as benchmarks see them: 1..3 are block indices, and
 * C4_NATIVE_STEM_BACK - b is the backward phase of block b. */
enum c4_native_phase {
    C4_NATIVE_STEM,
    C4_NATIVE_HEAD = 4,
    C4_NATIVE_STEM_BACK = 8,
    C4_NATIVE_UPDATE,
    C4_NATIVE_PHASES,
    /* Those of an evaluation have the first names, and clocks of their own. */
    C4_NATIVE_EVALUATE = C4_NATIVE_PHASES,
    C4_NATIVE_EVALUATE_PHASES = C4_NATIVE_HEAD + 1
};

struct c4_plan {
    struct c4_plan_config config;
    const struct c4_native_phases *phases;
    int tiles;      /* Winograd tiles in a group: from the cache size, changes no bit */
    int n;          /* images of the last step or evaluation */
    bool evaluated; /* the last was an evaluation, which keeps less */
    /* Of the last evaluation: the caller's arrays, or NULL. Only their being NULL is used later. */
    float *features[C4_LAYERS];
    const uint8_t *images, *labels;
    const int32_t *patch_sums;               /* NULL if the data set keeps none */
    float *parameters, *velocity, *gradient; /* c4_native_layout */
    float running_mean[C4_BLOCKS][C4_CHANNELS], running_var[C4_BLOCKS][C4_CHANNELS];
    struct c4_native_block block[C4_BLOCKS];
    float *pool4;             /* [n, 256] */
    float *logits, *d_logits; /* [n, 16] */
    float *linear_wt;         /* [10, 256] */
    float *linear_dw;         /* [slices][256 * 16 + 16] */
    struct c4_native_part {   /* one per slice */
        int64_t first[C4_PATCH], second[C4_PATCH * C4_PATCH];
        double loss;
        int hits;
    } part[C4_MAX_SLICES];
    int64_t first[C4_PATCH], second[C4_PATCH * C4_PATCH];
    struct c4_native_stem { /* conv1's weights, and the stages of its gradient */
        double w[C4_PATCH * C4_CHANNELS], r[C4_PATCH * C4_CHANNELS], dw[C4_PATCH * C4_CHANNELS];
        float sum[C4_PATCH * C4_CHANNELS];
    } stem;
    struct c4_bn_gradient bn_gradient[C4_CHANNELS]; /* of the current block */
    struct c4_native_scratch *scratch;              /* [threads] */
    bool timed;
    double last_seconds; /* of thread 0 */
    double phase_seconds[C4_NATIVE_PHASES + C4_NATIVE_EVALUATE_PHASES];
    struct c4_arena *arena; /* holds all of the above */
};

/* Phases of a step over slices [from, to), in order of use; simd/native/step.c describes them. All
 * read plan->n, images, labels and patch sums. Single-threaded, cannot fail. */
struct c4_native_phases {
    /* bn-relu: patch sums; conv1 itself runs just before block 1, while its output is in the cache.
     * relu-bn: conv1, ReLU, selection, channel sums. */
    void (*stem)(struct c4_plan *plan, struct c4_native_scratch *scratch, int from, int to);
    /* Block b >= 1: input from the block below, convolution, selection, channel sums. */
    void (*block)(struct c4_plan *plan, struct c4_native_scratch *scratch, int b, int from, int to);
    /* pool4, logits, loss, hits, their backward and the sums of block 4. */
    void (*head)(struct c4_plan *plan, int from, int to);
    /* Block b >= 1: the slices' weight gradients, into plan->gradient if `from` is 0, else into dw;
     * ds of the block below and its sums. The bn-relu stem has no ds, but its slices' weight
     * gradients instead. */
    void (*block_back)(struct c4_plan *plan, struct c4_native_scratch *scratch, int b, int from,
                       int to);
    void (*stem_back)(struct c4_plan *plan, struct c4_native_scratch *scratch, int from, int to);
    /* Adds the parts, `stride` floats apart, to gradient[i] from the left. */
    void (*add_parts)(size_t count, int parts, const float *part, size_t stride, float *gradient);
    void (*sgd)(int64_t count, float lr, float momentum, const float *gradient, float *velocity,
                float *parameters);
    /* Packs the weights [9, 64, 64] of block b >= 1 as a convolution reads them, C4_NATIVE_PACKED
     * channels from k on, a multiple of it: input channels for the forward pass, or, `transposed`,
     * output channels for the backward pass. */
    void (*pack)(struct c4_plan *plan, struct c4_native_scratch *scratch, int b, int k,
                 bool transposed);
    /* Pooled output of a block: [pixels, 64]. */
    void (*pool)(const struct c4_plan *plan, int b, int64_t pixels, const float *selected,
                 float *pool);

    /* An evaluation's stem, blocks and head: the same values, of which only `selected` (in bn-relu
     * not of the stem), logits, sums, loss and hits are kept, and sums only if `sums`. The pooled
     * output of the block below, block 4's and logits go to plan->features. */
    void (*evaluate_stem)(struct c4_plan *plan, struct c4_native_scratch *scratch, bool sums,
                          int from, int to);
    void (*evaluate_block)(struct c4_plan *plan, struct c4_native_scratch *scratch, int b,
                           bool sums, int from, int to);
    void (*evaluate_head)(struct c4_plan *plan, int from, int to);
};

enum c4_status c4_native_create(const struct c4_plan_config *config,
                                const struct c4_native_phases *phases, struct c4_plan **plan);
void c4_native_destroy(struct c4_plan *plan);
size_t c4_native_planned_bytes(const struct c4_plan *plan);
enum c4_status c4_native_load(struct c4_plan *plan, const double *state, const double *momentum);
enum c4_status c4_native_store(const struct c4_plan *plan, double *state, double *momentum);
enum c4_status c4_native_step(struct c4_plan *plan, const struct c4_batch *batch,
                              const struct c4_sgd *sgd, struct c4_step_result *result);
enum c4_status c4_native_evaluate(struct c4_plan *plan, const struct c4_batch *batch,
                                  enum c4_bn_statistics statistics, struct c4_step_result *result,
                                  float *const features[C4_LAYERS]);
enum c4_status c4_native_read(const struct c4_plan *plan, const char *name, double *values,
                              size_t capacity, size_t *count);

enum c4_status c4_native_phase_times(const struct c4_plan *plan, struct c4_phase_time *phases,
                                     int capacity, int *count);
void c4_native_time_phases(struct c4_plan *plan, bool on);

/* Start of a step, and end of a phase after its barrier, for the clocks. No effect if timing is
 * off. */
void c4_native_time_start(struct c4_plan *plan);
void c4_native_time_phase(struct c4_plan *plan, enum c4_native_phase phase);

/* Packed vector [c4_native_layout.count] from and to the canonical one [C4_LEARNED_COUNT]. */
void c4_native_pack_vector(const double *canonical, float *packed);
void c4_native_unpack_vector(const float *packed, double *canonical);

#endif
