/* Groups results by machine, and names the machines. */
#ifndef C4_BENCH_RESULTS_MACHINES_H
#define C4_BENCH_RESULTS_MACHINES_H

#include <stdbool.h>

#include "bench/results/results.h"

/* Whether two files have the same CPU, topology and hypervisor flag. */
bool c4_same_machine(const json_t *a, const json_t *b);

enum { C4_MACHINE_KEY_SIZE = 13 };

/* 12 hexadecimal digits of what has to agree for times to compare: the members of
 * c4_same_machine(), compiler and flags. *text is the same for people, "AMD EPYC (avx2+fma), 2
 * CPUs, gcc 12.2.0 -O3"; release it with free(). `file` has a member "environment". C4_ERR_MEMORY.
 */
enum c4_status c4_machine_key(const json_t *file, char key[C4_MACHINE_KEY_SIZE], char **text);

/* The CPU's model name for a file's: letters and digits, in lower case, with hyphens between;
 * "unknown-cpu" without any. New text; NULL: no memory. */
char *c4_machine_file_name(const json_t *file);

enum { C4_MACHINE_BYTES = 256 };

struct c4_machines {
    int of[C4_RESULTS_MAX];            /* each file's machine, numbered by first appearance */
    const json_t *one[C4_RESULTS_MAX]; /* the first file of each machine */
    int count;
};

void c4_machines_of(const struct c4_results *results, struct c4_machines *machines);

/* "CPU (features)", with the machine's number if another machine has the same name. */
void c4_machine_name(const struct c4_machines *machines, int machine, char name[C4_MACHINE_BYTES]);

#endif
