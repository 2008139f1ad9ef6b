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

static bool ask(void *context, const char *folder, bool version_2) {
    struct question *question = context;
    double one = question->throttled
                     ? throttled_of(question->root, folder, version_2, &question->known)
                     : quota_of(question->root, folder, version_2);
    bool better = question->throttled ? one > question->answer
                                      : question->answer == 0 || one < question->answer;
    if (one > 0 && better) question->answer = one;
    return true;
}

/* The group and each of its ancestors may set a limit. The controllers of version 1 name the
 * folder where they are mounted; version 2 has "". False once visit() is. */
static bool visit_upwards(const char *controllers, const char *group, c4_cgroup_visit_fn *visit,
                          void *context) {
    static const char mounts[] = "/sys/fs/cgroup";
    bool version_2 = *controllers == '\0', more = true;
    size_t mount = sizeof mounts - 1 + (version_2 ? 0 : 1 + strlen(controllers));
    struct c4_text folder = {0};
    c4_text_add(&folder, "%s%s%s%s", mounts, version_2 ? "" : "/", controllers, group);
    while (!folder.lost) {
        more = visit(context, folder.bytes, version_2);
        char *slash = strrchr(folder.bytes, '/');
        if (!more || !slash || (size_t)(slash - folder.bytes) < mount) break;
        *slash = '\0';
    }
    c4_text_free(&folder);
    return more;
}

static bool lists(const char *controllers, const char *name) {
    size_t length = strlen(name);
    for (const char *p = controllers; (p = strstr(p, name)) != NULL; p += length)
        if ((p == controllers || p[-1] == ',') && (p[length] == ',' || p[length] == '\0'))
            return true;
    return false;
}

void c4_cgroup_visit(const char *root, const char *controller, c4_cgroup_visit_fn *visit,
                     void *context) {
    FILE *file = c4_sysfile_open(root, "/proc/self/cgroup");
    if (!file) return;
    char *line = NULL;
    size_t capacity = 0;
    bool more = true;
    while (more && getline(&line, &capacity, file) >= 0) { /* id:controllers:/group */
        line[strcspn(line, "\n")] = '\0';
        char *controllers = strchr(line, ':');
        char *group = controllers ? strchr(controllers + 1, ':') : NULL;
        if (!group) continue;
        *group++ = '\0';
        controllers++;
        bool listed = lists(controllers, controller);
        if (*controllers == '\0' || listed)
            more = visit_upwards(controllers, group, visit, context);
        if (more && listed && strcmp(controllers, controller) != 0)
            more = visit_upwards(controller, group, visit, context);
    }
    free(line);
    fclose(file);
}

bool c4_cgroup_cpu_quota(const char *root, double *cpus) {
    struct question question = {.root = root};
    c4_cgroup_visit(root, "cpu", ask, &question);
    if (question.answer > 0) *cpus = question.answer;
    return question.answer > 0;
}

bool c4_cgroup_throttled(const char *root, double *seconds) {
    struct question question = {.root = root, .throttled = true};
    c4_cgroup_visit(root, "cpu", ask, &question);
    if (question.known) *seconds = question.answer;
    return question.known;
}
