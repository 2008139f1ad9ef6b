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

/* The seconds that a single group was stopped, 0 = never or unknown; *known is set if they can be
 * read. */
static double throttled_of(const char *root, const char *folder, bool version_2, bool *known) {
    char path[PATH_BYTES + 32], name[4096], line[128];
    snprintf(path, sizeof path, "%s/cpu.stat", folder);
    int n = snprintf(name, sizeof name, "%s%s", root, path);
    FILE *file = n > 0 && (size_t)n < sizeof name ? fopen(name, "r") : NULL;
    double value, seconds = 0;
    while (file && fgets(line, sizeof line, file)) {
        if (sscanf(line, version_2 ? "throttled_usec %lf" : "throttled_time %lf", &value) != 1)
            continue;
        *known = true;
        seconds = value * (version_2 ? 1e-6 : 1e-9);
    }
    if (file) fclose(file);
    return seconds;
}

/* What is asked of every group. */
struct question {
    const char *root;
    bool throttled; /* the longest stop; otherwise the smallest quota above 0 */
    bool known;
    double answer; /* 0: none so far */
};

static void ask(struct question *question, const char *folder, bool version_2) {
    double one = question->throttled
                     ? throttled_of(question->root, folder, version_2, &question->known)
                     : quota_of(question->root, folder, version_2);
    bool better = question->throttled ? one > question->answer
                                      : question->answer == 0 || one < question->answer;
    if (one > 0 && better) question->answer = one;
}

/* The group and each of its ancestors may set a limit. */
static void ask_upwards(struct question *question, const char *mount, const char *group,
                        bool version_2) {
    char folder[PATH_BYTES];
    int n = snprintf(folder, sizeof folder, "%s%s", mount, group);
    if (n < 0 || (size_t)n >= sizeof folder) return;
    for (;;) {
        ask(question, folder, version_2);
        char *slash = strrchr(folder, '/');
        if (!slash || (size_t)(slash - folder) < strlen(mount)) return;
        *slash = '\0';
    }
}

static bool lists_cpu(const char *controllers) {
    for (const char *p = controllers; (p = strstr(p, "cpu")) != NULL; p += 3)
        if ((p == controllers || p[-1] == ',') && (p[3] == ',' || p[3] == '\0')) return true;
    return false;
}

/* Asks all groups of this process that control its CPUs. */
static void ask_all(struct question *question) {
    char name[PATH_BYTES];
    int n = snprintf(name, sizeof name, "%s/proc/self/cgroup", question->root);
    FILE *file = n > 0 && (size_t)n < sizeof name ? fopen(name, "r") : NULL;
    if (!file) return;
    char *line = NULL;
    size_t capacity = 0;
    while (getline(&line, &capacity, file) >= 0) { /* id:controllers:/group */
        line[strcspn(line, "\n")] = '\0';
        char *controllers = strchr(line, ':');
        char *group = controllers ? strchr(controllers + 1, ':') : NULL;
        if (!group) continue;
        *group++ = '\0';
        controllers++;
        if (*controllers == '\0') {
            ask_upwards(question, "/sys/fs/cgroup", group, true);
        } else if (lists_cpu(controllers)) {
            char mount[PATH_BYTES];
            snprintf(mount, sizeof mount, "/sys/fs/cgroup/%s", controllers);
            ask_upwards(question, mount, group, false);
            ask_upwards(question, "/sys/fs/cgroup/cpu", group, false);
        }
    }
    free(line);
    fclose(file);
}

bool c4_cgroup_cpu_quota(const char *root, double *cpus) {
    struct question question = {.root = root};
    ask_all(&question);
    if (question.answer > 0) *cpus = question.answer;
    return question.answer > 0;
}

bool c4_cgroup_throttled(const char *root, double *seconds) {
    struct question question = {.root = root, .throttled = true};
    ask_all(&question);
    if (question.known) *seconds = question.answer;
    return question.known;
}
