#include "repro/study/names.h"

#include <stddef.h>

const char *const c4_quantity_names[] = {
#define C4_SIMILARITY(name)
#define C4_QUANTITY(id, name) name,
#include "core/similarity/similarities.def"
#undef C4_SIMILARITY
#undef C4_QUANTITY
    "loss",
    "train_accuracy_running",
    "train_accuracy",
    "train_accuracy_clean",
    "test_accuracy",
    "test_accuracy_clean",
    NULL};
const char *const c4_reference_names[] = {"initialisation", "other-initialisation", "pretrained",
                                          NULL};
const char *const c4_cost_names[] = {[C4_COST_TRAIN] = "train",
                                     [C4_COST_TRAIN_PHASE] = "train_phase",
                                     [C4_COST_TRAIN_ACCURACY] = "train_accuracy",
                                     [C4_COST_FEATURES] = "features",
                                     [C4_COST_TEST_ACCURACY] = "test_accuracy",
                                     [C4_COST_CROSS_FEATURES] = "cross_features",
                                     [C4_COST_CONTROL_BATCH] = "control_batch",
                                     [C4_COST_CONTROL_RUNNING] = "control_running",
                                     [C4_COST_REFERENCE_FEATURES] = "reference_features",
                                     [C4_COST_CKA] = "cka",
                                     [C4_COST_CKA_CURVE] = "cka_curve",
                                     [C4_COST_CKA_CROSS] = "cka_cross",
                                     [C4_COST_CKA_CONTROL] = "cka_control",
                                     [C4_COST_CKA_OWN] = "cka_own",
                                     [C4_COST_CKA_REFERENCE] = "cka_reference",
                                     [C4_COST_CHECKPOINT] = "checkpoint",
                                     [C4_COST_OTHER] = NULL};

#define COUNT(names) (sizeof(names) / sizeof *(names))
_Static_assert(COUNT(c4_quantity_names) == C4_QUANTITY_TEST_ACCURACY_CLEAN + 2 &&
                   COUNT(c4_reference_names) == C4_REFERENCES + 1 &&
                   COUNT(c4_cost_names) == C4_COST_OTHER + 1,
               "a name for each value, and NULL");

bool c4_cost_is_evaluation(enum c4_cost_what what) {
    return what >= C4_COST_TRAIN_ACCURACY && what <= C4_COST_REFERENCE_FEATURES;
}

bool c4_cost_is_similarity(enum c4_cost_what what) {
    return what >= C4_COST_CKA && what <= C4_COST_CKA_REFERENCE;
}

bool c4_cost_is_comparison(enum c4_cost_what what) {
    return what >= C4_COST_CKA && what <= C4_COST_CKA_CONTROL;
}

bool c4_cost_is_shared(enum c4_cost_what what) {
    return what == C4_COST_REFERENCE_FEATURES || what == C4_COST_CKA_REFERENCE;
}
