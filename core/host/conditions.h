/* What disturbed this machine while something was measured: read before and after. */
#ifndef C4_HOST_CONDITIONS_H
#define C4_HOST_CONDITIONS_H

#include <jansson.h>

/* A new object of what the system says now; null where it does not say. NULL only if out of memory.
 * Seconds are sums over all CPUs since the machine started, but for own_seconds.
 *   at_seconds         a clock that never goes backwards
 *   busy_seconds       any CPU worked for a process, of this machine's own (/proc/stat)
 *   steal_seconds      a hypervisor gave a CPU to somebody else although it had work
 *   own_seconds        CPU time of this process and of those that it started and waited for
 *   throttled_seconds  a quota stopped this process's control group (core/host/cgroup.h)
 *   load_1min          load average of the last minute
 *   clock_mhz          current frequency of the first CPU (cpufreq/scaling_cur_freq)
 * `root` as in core/host/sysfile.h. */
json_t *c4_conditions_read(const char *root);

/* A new object of two such readings, the first before the second, on a machine of `cpus` CPUs. NULL
 * only if out of memory.
 *   begin, end         the readings
 *   seconds            between them
 *   steal_share        steal_seconds between them / (seconds * cpus)
 *   others_cpus        (busy_seconds - own_seconds between them) / seconds: how many CPUs others
 *                      kept busy on average, at least 0
 *   throttled_seconds  between them
 *   notes              a sentence for each of these that makes measurements doubtful: steal above
 *                      1 %, others above a tenth of a CPU, any stop by a quota, and a clock that
 *                      differs by more than 5 %
 * A share of unknown readings is null, and never makes a note. */
json_t *c4_conditions_of(const json_t *begin, const json_t *end, int cpus);

#endif
