/* Words shared by studies and rows: quantities, references. */
#ifndef C4_REPRO_STUDY_NAMES_H
#define C4_REPRO_STUDY_NAMES_H

enum { C4_FAMILY_NAME_SIZE = 32 };

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

/* Each ends with NULL. */
extern const char *const c4_quantity_names[];  /* as in result.quantity */
extern const char *const c4_reference_names[]; /* as in result.reference */

#endif
