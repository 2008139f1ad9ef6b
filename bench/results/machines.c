#include "bench/results/machines.h"

#include <stdio.h>
#include <string.h>

bool c4_same_machine(const json_t *a, const json_t *b) {
    static const char *const ways[] = {"environment.cpu.architecture",
                                       "environment.cpu.model_name",
                                       "environment.cpu.family",
                                       "environment.cpu.model",
                                       "environment.cpu.stepping",
                                       "environment.cpu.features",
                                       "environment.cpu.hypervisor",
                                       "environment.topology.packages",
                                       "environment.topology.logical_cpus",
                                       "environment.topology.l2_bytes",
                                       "environment.topology.l3_bytes"};
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        const json_t *x = c4_result_at(a, ways[i]), *y = c4_result_at(b, ways[i]);
        if (x != y && !json_equal(x, y)) return false;
    }
    return true;
}

void c4_machines_of(const struct c4_results *results, struct c4_machines *machines) {
    machines->count = 0;
    for (int i = 0; i < results->count; i++) {
        int k = 0;
        while (k < machines->count && !c4_same_machine(machines->one[k], results->file[i])) k++;
        if (k == machines->count) machines->one[machines->count++] = results->file[i];
        machines->of[i] = k;
    }
}

static void plain_name(const json_t *file, char name[C4_MACHINE_BYTES]) {
    snprintf(name, C4_MACHINE_BYTES, "%s (%s)",
             c4_result_text(file, "environment.cpu.model_name", "unknown CPU"),
             c4_result_text(file, "environment.cpu.features", "?"));
}

void c4_machine_name(const struct c4_machines *machines, int machine, char name[C4_MACHINE_BYTES]) {
    char other[C4_MACHINE_BYTES];
    bool unique = true;
    plain_name(machines->one[machine], name);
    for (int i = 0; i < machines->count; i++) {
        plain_name(machines->one[i], other);
        if (i != machine && strcmp(name, other) == 0) unique = false;
    }
    size_t length = strlen(name);
    if (!unique) snprintf(name + length, C4_MACHINE_BYTES - length, ", machine %d", machine + 1);
}
