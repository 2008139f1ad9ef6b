#include "bench/cka/arrays.h"

#include <stdlib.h>

#include "core/base/huge_pages.h"
#include "core/base/rng.h"
#include "core/base/text.h"
#include "core/file/npy.h"

enum c4_status c4_cka_arrays_make(struct c4_cka_arrays *arrays, size_t n, size_t p, int sides) {
    const size_t count = n * p;
    *arrays = (struct c4_cka_arrays){.n = n, .p = p, .sides = sides};
    for (int s = 0; s < sides; s++) {
        arrays->side[s] = malloc(count * sizeof(float));
        if (!arrays->side[s])
            return c4_fail(C4_ERR_MEMORY,
                           "no memory for features of %d x %zu bytes: choose a smaller --examples",
                           sides, count * sizeof(float));
        c4_prefer_huge_pages(arrays->side[s], count * sizeof(float)); /* as NumPy does */
    }
    for (size_t i = 0; i < count; i += 2) {
        struct c4_rng_block block = c4_rng_draw(1, C4_RNG_TEST, 1000, i / 2);
        for (size_t k = 0; k < 2 && i + k < count; k++)
            for (size_t s = 0; s < (size_t)sides; s++)
                arrays->side[s][i + k] = (float)(block.word[2 * s + k] >> 8) * 0x1p-23f - 1;
    }
    return C4_OK;
}

void c4_cka_arrays_free(struct c4_cka_arrays *arrays) {
    free(arrays->side[0]);
    free(arrays->side[1]);
    *arrays = (struct c4_cka_arrays){0};
}

struct c4_features c4_cka_arrays_features(const struct c4_cka_arrays *arrays, int side, size_t n) {
    return (struct c4_features){arrays->side[side], C4_FEATURES_FLOAT, n, arrays->p, NULL};
}

enum c4_status c4_cka_arrays_write(const struct c4_cka_arrays *arrays, const char *folder) {
    enum c4_status status = C4_OK;
    for (int s = 0; s < arrays->sides && status == C4_OK; s++) {
        const struct c4_tensor tensor = {.name = "",
                                         .dtype = C4_F32,
                                         .rank = 2,
                                         .shape = {arrays->n, arrays->p},
                                         .data = arrays->side[s],
                                         .size_bytes = arrays->n * arrays->p * sizeof(float)};
        struct c4_text path = {0};
        status = c4_text_add(&path, "%s/%c.npy", folder, "xy"[s]);
        if (status == C4_OK) status = c4_npy_write(path.bytes, &tensor);
        c4_text_free(&path);
    }
    return status;
}
