#include "core/data/labels.h"

#include "core/base/rng.h"

const char *const c4_label_rule_names[] = {"true", "random", "shifted", NULL};
_Static_assert(sizeof c4_label_rule_names / sizeof *c4_label_rule_names == C4_LABELS_SHIFTED + 2,
               "a name for each rule, and NULL");

int c4_labels_shift(uint64_t seed) {
    return (int)((seed % 9 + 8) % 9) + 1;
}

enum c4_status c4_labels_make(struct c4_label_spec spec, uint64_t seed,
                              const struct c4_dataset *dataset, uint8_t *out) {
    bool random = spec.rule == C4_LABELS_RANDOM;
    if (random && (spec.degree < 0 || spec.degree > 9)) {
        return c4_fail(C4_ERR_USAGE, "degree of randomness %d is not from 0 to 9", spec.degree);
    }
    if (spec.rule == C4_LABELS_SHIFTED && (spec.shift < 0 || spec.shift > 9)) {
        return c4_fail(C4_ERR_USAGE, "label shift %d is not from 1 to 9", spec.shift);
    }
    uint32_t shift = 0;
    if (spec.rule == C4_LABELS_SHIFTED)
        shift = (uint32_t)(spec.shift > 0 ? spec.shift : c4_labels_shift(seed));
    const uint8_t *labels = c4_dataset_labels(dataset);
    for (uint32_t i = 0; i < dataset->count; i++) {
        if (random) {
            uint64_t index = (uint64_t)dataset->first_index + i;
            uint32_t word = c4_rng_draw(seed, C4_RNG_LABELS, (uint32_t)dataset->id, index).word[0];
            shift = c4_rng_below(word, (uint32_t)spec.degree + 1);
        }
        out[i] = (uint8_t)((labels[i] + shift) % C4_CLASSES);
    }
    return C4_OK;
}
