/* The algorithm of each convolution of blocks 2 to 4 in each pass. */
#ifndef C4_SIMD_ONEDNN_CHOICE_H
#define C4_SIMD_ONEDNN_CHOICE_H

#include "core/op/step.h"
#include "simd/onednn/shim.h"

struct c4_dnn_choice {
    bool winograd[C4_BLOCKS][C4_DNN_PASSES]; /* block 0 has no Winograd */
};

/* The choice for n images. config->conv C4_DIRECT: direct. Otherwise by config->kernels: "direct",
 * "winograd" (C4_ERR_ENVIRONMENT if the library has none for this CPU), or a text of
 * c4_dnn_choice_write(); NULL or "auto": the fastest in a few runs of each, measured once per
 * process for each convolution, pass, number of images (128 if more), number of threads and block
 * order. C4_ERR_USAGE for any other text. `dnn` must be open, and OpenMP's number of threads that
 * of the plan. */
enum c4_status c4_dnn_choose(struct c4_dnn *dnn, const struct c4_plan_config *config, int n,
                             struct c4_dnn_choice *choice);

/* C4_ERR_USAGE if config->kernels is none of the above. */
enum c4_status c4_dnn_choice_check(const struct c4_plan_config *config);

/* "wwd,wdd,ddd": blocks 2 to 4, each forward, data and weights, by Winograd or direct. */
void c4_dnn_choice_write(const struct c4_dnn_choice *choice, char text[C4_KERNELS_SIZE]);

#endif
