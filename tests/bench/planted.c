/* A slower conv4, for trying out what finds slowdowns: the program's own main() with a part of its
 * backend's work done twice, bits and results unchanged. What is slower stands in the name that it
 * is called by, so that two names of one file can be compared:
 *   ...-conv10   conv_fwd_direct of block 2 (maps of 16 x 16) does the first tenth of its images
 *                twice; with --batch 40, 10 % and 5 % are whole images
 *   ...-step2    a training step of the native backends takes about 2 % more instructions
 * Any other name: nothing is planted. The linker hands calls of dispatch to the functions below
 * (--wrap), so that no product code knows of this. */
#define _GNU_SOURCE /* program_invocation_short_name */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "simd/dispatch.h"

enum c4_status __real_c4_dispatch(const char *name, struct c4_dispatch *dispatch);
enum c4_status __wrap_c4_dispatch(const char *name, struct c4_dispatch *dispatch);
const char *__real_c4_backend_name(int i, const struct c4_backend **table, const char **why);
const char *__wrap_c4_backend_name(int i, const struct c4_backend **table, const char **why);

/* The percentage behind a word at the end of the program's name; 0: none. */
static int planted(const char *word) {
    const char *name = strrchr(program_invocation_short_name, '-');
    size_t length = strlen(word);
    int percent = 0;
    if (name && strncmp(name + 1, word, length) == 0) sscanf(name + 1 + length, "%d", &percent);
    return percent;
}

/* Of the one backend that is slower. */
static struct {
    struct c4_backend original, slower;
    struct c4_step_api step;
} plant;

static void slower_conv(const struct c4_conv_shape *s, const float *x, const float *w, float *y) {
    struct c4_conv_shape again = *s;
    plant.original.conv_fwd_direct(s, x, w, y);
    again.n = s->n * planted("conv") / 100;
    if (s->h == 16 && again.n > 0) plant.original.conv_fwd_direct(&again, x, w, y);
}

/* A round is six instructions; a step takes some 4.6 million an image. */
static enum c4_status slower_step(struct c4_plan *plan, const struct c4_batch *batch,
                                  const struct c4_sgd *sgd, struct c4_step_result *result) {
    volatile int sum = 0;
    long rounds = 7650L * planted("step") * batch->n;
    for (long i = 0; i < rounds; i++) sum += 1;
    return plant.original.step->step(plan, batch, sgd, result);
}

/* Makes a copy of the best backend with its slower parts. */
static void make(void) {
    struct c4_dispatch best;
    if (plant.slower.name || __real_c4_dispatch("auto", &best) != C4_OK) return;
    plant.original = plant.slower = *best.step_origin;
    plant.step = *plant.original.step;
    if (planted("conv") > 0) plant.slower.conv_fwd_direct = slower_conv;
    if (planted("step") > 0) plant.step.step = slower_step;
    plant.slower.step = &plant.step;
}

enum c4_status __wrap_c4_dispatch(const char *name, struct c4_dispatch *dispatch) {
    C4_TRY(__real_c4_dispatch(name, dispatch));
    make();
    if (strcmp(dispatch->step_origin->name, plant.slower.name) != 0) return C4_OK;
    dispatch->step_origin = &plant.slower;
    dispatch->backend.step = plant.slower.step;
    dispatch->backend.conv_fwd_direct = plant.slower.conv_fwd_direct;
    return C4_OK;
}

const char *__wrap_c4_backend_name(int i, const struct c4_backend **table, const char **why) {
    const char *name = __real_c4_backend_name(i, table, why);
    make();
    if (name && table && *table && strcmp((*table)->name, plant.slower.name) == 0)
        *table = &plant.slower;
    return name;
}
