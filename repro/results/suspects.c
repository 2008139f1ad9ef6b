#include "repro/results/suspects.h"

#include <string.h>

const char c4_suspects_reason[] =
    "test accuracy measured by conv4 0.1.0 with a native backend; images after those for CKA were "
    "normalised with other images' statistics. Everything else is correct";

/* The native backends of 0.1.0, not those of this build. */
static bool is_native(const char *backend) {
    static const char *const names[] = {"avx512", "avx512m", "avx2", "neon", "portable"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(backend, names[i]) == 0) return true;
    return false;
}

bool c4_row_is_suspect(const struct c4_row_facts *row) {
    return strcmp(row->code_version, "0.1.0") == 0 && is_native(row->backend) &&
           row->order == C4_BN_RELU && strcmp(row->statistics, "batch") == 0 &&
           (strcmp(row->quantity, "test_accuracy") == 0 ||
            strcmp(row->quantity, "test_accuracy_clean") == 0) &&
           row->n > row->forwarded;
}
