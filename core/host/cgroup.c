#include "core/host/cgroup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/host/sysfile.h"

enum { PATH_BYTES = 4096 };

/* The quota of a single group in CPUs, 0 = none. "max" and -1 mean no limit. */
static double quota_of(const char *root, const char *folder, bool version_2) {
    char path[PATH_BYTES + 32], line[64], period_line[64];
    double quota = 0, period = 0;
    if (version_2) {
        snprintf(path, sizeof path, "%s/cpu.max", folder);
        if (!c4_sysfile_line(root, path, line, sizeof line)) return 0;
        if (sscanf(line, "%lf %lf", &quota, &period) != 2) return 0;
    } else {
        snprintf(path, sizeof path, "%s/cpu.cfs_quota_us", folder);
        if (!c4_sysfile_line(root, path, line, sizeof line)) return 0;
        snprintf(path, sizeof path, "%s/cpu.cfs_period_us", folder);
        if (!c4_sysfile_line(root, path, period_line, sizeof period_line)) return 0;
        quota = strtod(line, NULL);
        period = strtod(period_line, NULL);
    }
    return quota > 0 && period > 0 ? quota / period : 0;
}

/* The group and each of its ancestors may set a limit. */
static double smallest_quota(const char *root, const char *mount, const char *group,
                             bool version_2) {
    char folder[PATH_BYTES];
    int n = snprintf(folder, sizeof folder, "%s%s", mount, group);
    if (n < 0 || (size_t)n >= sizeof folder) return 0;
    double smallest = 0;
    for (;;) {
        double quota = quota_of(root, folder, version_2);
        if (quota > 0 && (smallest == 0 || quota < smallest)) smallest = quota;
        char *slash = strrchr(folder, '/');
        if (!slash || (size_t)(slash - folder) < strlen(mount)) return smallest;
        *slash = '\0';
    }
}

static bool lists_cpu(const char *controllers) {
    for (const char *p = controllers; (p = strstr(p, "cpu")) != NULL; p += 3)
        if ((p == controllers || p[-1] == ',') && (p[3] == ',' || p[3] == '\0')) return true;
    return false;
}

bool c4_cgroup_cpu_quota(const char *root, double *cpus) {
    char name[PATH_BYTES];
    int n = snprintf(name, sizeof name, "%s/proc/self/cgroup", root);
    FILE *file = n > 0 && (size_t)n < sizeof name ? fopen(name, "r") : NULL;
    if (!file) return false;
    char *line = NULL;
    size_t capacity = 0;
    double smallest = 0;
    while (getline(&line, &capacity, file) >= 0) { /* id:controllers:/group */
        line[strcspn(line, "\n")] = '\0';
        char *controllers = strchr(line, ':');
        char *group = controllers ? strchr(controllers + 1, ':') : NULL;
        if (!group) continue;
        *group++ = '\0';
        controllers++;
        double quota = 0;
        if (*controllers == '\0') {
            quota = smallest_quota(root, "/sys/fs/cgroup", group, true);
        } else if (lists_cpu(controllers)) {
            char mount[PATH_BYTES];
            snprintf(mount, sizeof mount, "/sys/fs/cgroup/%s", controllers);
            quota = smallest_quota(root, mount, group, false);
            if (quota == 0) quota = smallest_quota(root, "/sys/fs/cgroup/cpu", group, false);
        }
        if (quota > 0 && (smallest == 0 || quota < smallest)) smallest = quota;
    }
    free(line);
    fclose(file);
    if (smallest > 0) *cpus = smallest;
    return smallest > 0;
}
