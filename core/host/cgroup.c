#include "core/host/cgroup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/host/sysfile.h"

/* The first line of a group's file, "" if it cannot be read. */
static void read_in(const char *root, const char *folder, const char *file, struct c4_text *line) {
    struct c4_text path = {0};
    c4_text_clear(line);
    if (c4_text_add(&path, "%s/%s", folder, file) == C4_OK) c4_sysfile_line(root, path.bytes, line);
    c4_text_free(&path);
}

/* The quota of a single group in CPUs, 0 = none. "max" and -1 mean no limit. */
static double quota_of(const char *root, const char *folder, bool version_2) {
    struct c4_text line = {0};
    double quota = 0, period = 0;
    read_in(root, folder, version_2 ? "cpu.max" : "cpu.cfs_quota_us", &line);
    int numbers = sscanf(c4_text_string(&line), "%lf %lf", &quota, &period);
    if (version_2 && numbers != 2) quota = 0;
    if (!version_2) {
        read_in(root, folder, "cpu.cfs_period_us", &line);
        period = strtod(c4_text_string(&line), NULL);
    }
    c4_text_free(&line);
    return quota > 0 && period > 0 ? quota / period : 0;
}

/* The seconds that a single group was stopped, 0 = never or unknown; *known is set if they can be
 * read. */
static double throttled_of(const char *root, const char *folder, bool version_2, bool *known) {
    struct c4_text path = {0};
    c4_text_add(&path, "%s/cpu.stat", folder);
    FILE *file = path.lost ? NULL : c4_sysfile_open(root, path.bytes);
    char *line = NULL;
    size_t capacity = 0;
    double value, seconds = 0;
    while (file && getline(&line, &capacity, file) >= 0) {
        if (sscanf(line, version_2 ? "throttled_usec %lf" : "throttled_time %lf", &value) != 1)
            continue;
        *known = true;
        seconds = value * (version_2 ? 1e-6 : 1e-9);
    }
    if (file) fclose(file);
    free(line);
    c4_text_free(&path);
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

/* The group and each of its ancestors may set a limit. The controllers of version 1 name the
 * folder where they are mounted; version 2 has "". */
static void ask_upwards(struct question *question, const char *controllers, const char *group) {
    static const char mounts[] = "/sys/fs/cgroup";
    bool version_2 = *controllers == '\0';
    size_t mount = sizeof mounts - 1 + (version_2 ? 0 : 1 + strlen(controllers));
    struct c4_text folder = {0};
    c4_text_add(&folder, "%s%s%s%s", mounts, version_2 ? "" : "/", controllers, group);
    while (!folder.lost) {
        ask(question, folder.bytes, version_2);
        char *slash = strrchr(folder.bytes, '/');
        if (!slash || (size_t)(slash - folder.bytes) < mount) break;
        *slash = '\0';
    }
    c4_text_free(&folder);
}

static bool lists_cpu(const char *controllers) {
    for (const char *p = controllers; (p = strstr(p, "cpu")) != NULL; p += 3)
        if ((p == controllers || p[-1] == ',') && (p[3] == ',' || p[3] == '\0')) return true;
    return false;
}

/* Asks all groups of this process that control its CPUs. */
static void ask_all(struct question *question) {
    FILE *file = c4_sysfile_open(question->root, "/proc/self/cgroup");
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
        if (*controllers == '\0' || lists_cpu(controllers))
            ask_upwards(question, controllers, group);
        if (lists_cpu(controllers)) ask_upwards(question, "cpu", group);
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
