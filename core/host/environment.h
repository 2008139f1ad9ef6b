/* The disclosure block: what a number depends on besides the program's inputs. */
#ifndef C4_HOST_ENVIRONMENT_H
#define C4_HOST_ENVIRONMENT_H

#include <stddef.h>

#include <jansson.h>

#include "core/base/text.h"
#include "core/host/topology.h"

/* What the caller knows and this module cannot. */
struct c4_environment_input {
    const struct c4_topology *topology; /* of this machine, read before threads were bound */
    const char *cpu_features;           /* such as "avx2+fma avx512"; NULL = unknown */
    const char *const *backend;         /* names of the backends that can run here */
    int backends;
    const char *root; /* folder above /proc and /sys; NULL or "" = this system */
};

/* A new JSON object with these members; sizes are in bytes.
 *   schema               1
 *   date_utc             ISO 8601
 *   program              version
 *   cpu                  architecture, model_name, vendor, family, model, stepping, microcode,
 *                        features, hypervisor, smt_active
 *   topology             packages, numa_nodes, l3_domains, cores, pus (those that this process may
 *                        use), logical_cpus (those of the system), l1d_bytes, l2_bytes, l3_bytes
 *   frequency            governor, driver, boost
 *   memory               total_bytes, transparent_huge_pages
 *   system               name, release, version, machine
 *   load                 average_1min, average_5min, average_15min
 *   cgroup               cpu_quota (in CPUs)
 *   build                compiler, flags, type, optimised, assertions, sanitizer
 *   libraries            hwloc, sqlite, jansson, openmp (specification date), openmp_runtime, libc
 *   variables            the environment variables that are set and steer threads, libraries, peers
 *                        or this program (OMP_*, GOMP_*, KMP_*, ONEDNN_*, DNNL_*, OPENBLAS_*,
 *                        HWLOC_*, ATEN_*, C4_*), and those of Google Benchmark (BENCHMARK_*)
 *   floating_point       subnormal_results_flushed, subnormal_inputs_flushed, rounding (of the
 *                        calling thread)
 *   backends             names
 *   reasons              for every null above, "group.member": a sentence; nothing is guessed
 *   warnings             sentences: what makes timings or results of this machine doubtful
 * No host, user or folder name of the machine's owner is read; values of variables are copied as
 * they are. The caller releases *environment with json_decref(). Errors: C4_ERR_MEMORY. */
enum c4_status c4_environment(const struct c4_environment_input *input, json_t **environment);

/* Appends the same as a few lines of text for people, each with a newline. C4_ERR_MEMORY. */
enum c4_status c4_environment_add(const json_t *environment, struct c4_text *text);

#endif
