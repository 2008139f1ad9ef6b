/* The control groups of this process, and the CPU quota that a container or batch system has set.
 */
#ifndef C4_HOST_CGROUP_H
#define C4_HOST_CGROUP_H

#include <stdbool.h>

/* The smallest quota, in CPUs (1.5 = one and a half), of this process's control group and its
 * ancestors: cpu.max of version 2, cpu.cfs_quota_us / cpu.cfs_period_us of version 1, mounted at
 * the customary /sys/fs/cgroup. False if no quota is set or none can be read. `root` as in
 * sysfile.h. */
bool c4_cgroup_cpu_quota(const char *root, double *cpus);

/* For how long a quota has stopped this process's control group or one of its ancestors, whichever
 * the longest, since it was made: throttled_usec (version 2) or throttled_time (version 1) of
 * cpu.stat. False if none can be read. */
bool c4_cgroup_throttled(const char *root, double *seconds);

/* Calls visit() with the folder of each control group of this process that may limit `controller`
 * ("cpu", "memory"), as a path below `root`: its own group first, then its ancestors, of each
 * hierarchy; groups of version 2 whatever they control. Folders that a container does not see are
 * visited, too. Stops once visit() returns false. */
typedef bool c4_cgroup_visit_fn(void *context, const char *folder, bool version_2);
void c4_cgroup_visit(const char *root, const char *controller, c4_cgroup_visit_fn *visit,
                     void *context);

#endif
