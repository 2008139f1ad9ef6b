/* Words shared by studies and rows: quantities, references. */
#ifndef C4_REPRO_STUDY_NAMES_H
#define C4_REPRO_STUDY_NAMES_H

#include <stdbool.h>

enum {
    C4_SECTION_NAME_SIZE = 32, /* of [run NAME] */
    C4_FAMILY_NAME_SIZE = 40   /* NAME, or NAME-SIZE */
};

enum c4_quantity {
/* similarity measures first */
#define C4_SIMILARITY(name)
#define C4_QUANTITY(id, name) C4_QUANTITY_##id,
#include "core/similarity/similarities.def"
#undef C4_SIMILARITY
#undef C4_QUANTITY
    C4_QUANTITY_LOSS,
    C4_QUANTITY_TRAIN_ACCURACY_RUNNING, /* the first accuracy; only accuracies follow */
    C4_QUANTITY_TRAIN_ACCURACY,
    C4_QUANTITY_TRAIN_ACCURACY_CLEAN,
    C4_QUANTITY_TEST_ACCURACY,
    C4_QUANTITY_TEST_ACCURACY_CLEAN
};
/* What CKA compares a network with. */
enum c4_reference {
    C4_REFERENCE_INITIALISATION, /* the initial network of the same seed */
    C4_REFERENCE_OTHER,          /* the initial network of another seed */
    C4_REFERENCE_PRETRAINED      /* where fine-tuning started */
};
enum { C4_REFERENCES = 3 };
_Static_assert(C4_REFERENCES == C4_REFERENCE_PRETRAINED + 1, "all references are counted");

/* What time was spent on. */
enum c4_cost_what {
    C4_COST_TRAIN,
    C4_COST_TRAIN_PHASE, /* parts of C4_COST_TRAIN */
    /* evaluation: */
    C4_COST_TRAIN_ACCURACY,
    C4_COST_FEATURES, /* of the run's own evaluation images, also for test accuracy */
    C4_COST_TEST_ACCURACY,
    C4_COST_CROSS_FEATURES, /* of the other task's images */
    C4_COST_CONTROL_BATCH,
    C4_COST_CONTROL_RUNNING,
    C4_COST_REFERENCE_FEATURES, /* of what runs are compared with */
    /* similarity: */
    C4_COST_CKA,
    C4_COST_CKA_CURVE, /* over curve_images */
    C4_COST_CKA_CROSS,
    C4_COST_CKA_CONTROL,
    C4_COST_CKA_OWN,       /* preparing the network itself: one product a set of images for these */
    C4_COST_CKA_REFERENCE, /* preparing what runs are compared with */
    C4_COST_CHECKPOINT,
    C4_COST_OTHER /* read, but unknown to this version; not written */
};

/* Each ends with NULL. */
extern const char *const c4_quantity_names[];  /* as in result.quantity */
extern const char *const c4_reference_names[]; /* as in result.reference */
extern const char *const c4_cost_names[];      /* as in cost.what */

bool c4_cost_is_evaluation(enum c4_cost_what what);
bool c4_cost_is_similarity(enum c4_cost_what what);
/* Comparisons with references, without what prepares either side. */
bool c4_cost_is_comparison(enum c4_cost_what what);
/* Work on references, which all runs share: such rows belong to no run, and there is one for each
 * reference. */
bool c4_cost_is_shared(enum c4_cost_what what);

#endif
