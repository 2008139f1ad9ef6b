/* Which results were measured on the same machine, and what it is called. */
#ifndef C4_BENCH_RESULTS_MACHINES_H
#define C4_BENCH_RESULTS_MACHINES_H

#include <stdbool.h>

#include "bench/results/results.h"

/* Two files' CPU, its topology and the hypervisor's mark are the same. */
bool c4_same_machine(const json_t *a, const json_t *b);

enum { C4_MACHINE_BYTES = 256 };

struct c4_machines {
    int of[C4_RESULTS_MAX]; /* a file's machine, counted in the order in which they are met */
    const json_t *one[C4_RESULTS_MAX]; /* a file of each machine */
    int count;
};

void c4_machines_of(const struct c4_results *results, struct c4_machines *machines);

/* "CPU (features)", with the number of the machine where another one is called the same. */
void c4_machine_name(const struct c4_machines *machines, int machine, char name[C4_MACHINE_BYTES]);

#endif
