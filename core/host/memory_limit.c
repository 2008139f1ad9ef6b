#include "core/host/memory_limit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "core/host/cgroup.h"
#include "core/host/sysfile.h"

const char *const c4_memory_limiter_names[] = {
    [C4_MEMORY_UNKNOWN] = "unknown",
    [C4_MEMORY_MACHINE] = "memory that the machine has left",
    [C4_MEMORY_CGROUP] = "memory limit of the control group",
};

/* The number in the first line of a group's file; false for "max" and whatever is no number. */
static bool number_in(const char *root, const char *folder, const char *file, uint64_t *number) {
    struct c4_text path = {0}, line = {0};
    bool found = c4_text_add(&path, "%s/%s", folder, file) == C4_OK &&
                 c4_sysfile_line(root, path.bytes, &line);
    char *end = NULL;
    if (found) {
        *number = strtoull(line.bytes, &end, 10);
        found = line.bytes[0] >= '0' && line.bytes[0] <= '9' && *end == '\0';
    }
    c4_text_free(&line);
    c4_text_free(&path);
    return found;
}

/* The sum of the numbers behind these words in a file of "word number" lines; false if it has none
 * of them. */
static bool words_in(const char *root, const char *folder, const char *file,
                     const char *const words[], uint64_t *sum) {
    struct c4_text path = {0};
    bool found = false;
    char *line = NULL;
    size_t capacity = 0;
    if (c4_text_add(&path, "%s/%s", folder, file) != C4_OK) return false;
    FILE *stream = c4_sysfile_open(root, path.bytes);
    *sum = 0;
    while (stream && getline(&line, &capacity, stream) >= 0)
        for (int i = 0; words[i]; i++) {
            size_t length = strlen(words[i]);
            if (strncmp(line, words[i], length) != 0 || line[length] != ' ') continue;
            *sum += strtoull(line + length, NULL, 10);
            found = true;
        }
    if (stream) fclose(stream);
    free(line);
    c4_text_free(&path);
    return found;
}

struct search {
    const char *root;
    struct c4_memory_limit *limit;
};

/* Pages of files are dropped before anybody is killed; the memory that processes share is not among
 * them. */
static bool look_at(void *context, const char *folder, bool version_2) {
    static const char *const files_2[] = {"inactive_file", "active_file", NULL};
    static const char *const files_1[] = {"total_inactive_file", "total_active_file", NULL};
    /* Version 1 says "none" with the largest number of whole pages. */
    const uint64_t none = UINT64_C(1) << 62;
    const struct search *search = context;
    struct c4_memory_limit *limit = search->limit;
    uint64_t set, used, droppable;
    if (!number_in(search->root, folder, version_2 ? "memory.max" : "memory.limit_in_bytes",
                   &set) ||
        set >= none)
        return true;
    if (!number_in(search->root, folder, version_2 ? "memory.current" : "memory.usage_in_bytes",
                   &used))
        used = 0;
    if (words_in(search->root, folder, "memory.stat", version_2 ? files_2 : files_1, &droppable))
        used -= used < droppable ? used : droppable;
    uint64_t left = set > used ? set - used : 0;
    if (limit->set_bytes == 0 || set < limit->set_bytes) limit->set_bytes = set;
    if (limit->by != C4_MEMORY_UNKNOWN && limit->bytes <= left) return true;
    limit->bytes = left;
    limit->by = C4_MEMORY_CGROUP;
    return true;
}

void c4_memory_limit(const char *root, struct c4_memory_limit *limit) {
    struct search search = {root, limit};
    struct c4_text available = {0};
    struct rlimit address_space;
    *limit = (struct c4_memory_limit){0};
    if (c4_sysfile_value(root, "/proc/meminfo", "MemAvailable", &available)) {
        limit->bytes = strtoull(available.bytes, NULL, 10) * 1024;
        limit->by = C4_MEMORY_MACHINE;
    }
    c4_text_free(&available);
    c4_cgroup_visit(root, "memory", look_at, &search);
    if (getrlimit(RLIMIT_AS, &address_space) == 0 && address_space.rlim_cur != RLIM_INFINITY)
        limit->process_bytes = address_space.rlim_cur;
}

/* --- kills --- */

static const char *const oom_kill[] = {"oom_kill", NULL};

struct count {
    const char *root;
    int64_t kills;
};

/* The kills of the innermost group that can be read. */
static bool count_kills(void *context, const char *folder, bool version_2) {
    struct count *count = context;
    uint64_t kills;
    if (!words_in(count->root, folder, version_2 ? "memory.events" : "memory.oom_control", oom_kill,
                  &kills))
        return true;
    count->kills = (int64_t)kills;
    return false;
}

void c4_memory_kills(const char *root, struct c4_memory_kills *kills) {
    struct count count = {root, -1};
    uint64_t machine;
    c4_cgroup_visit(root, "memory", count_kills, &count);
    kills->group = count.kills;
    kills->machine = words_in(root, "/proc", "vmstat", oom_kill, &machine) ? (int64_t)machine : -1;
}

/* With so much left it is more likely that somebody has killed it. */
static const uint64_t PLENTY_BYTES = 1000000000;

void c4_memory_explain_kill(const char *root, const struct c4_memory_kills *before, char *why,
                            size_t size) {
    struct c4_memory_kills now;
    struct c4_memory_limit limit;
    c4_memory_kills(root, &now);
    c4_memory_limit(root, &limit);
    why[0] = '\0';
    if (now.group > before->group && before->group >= 0)
        snprintf(why, size,
                 "the control group ran out of memory, its limit is %.0f MB; try fewer --workers",
                 (double)limit.set_bytes / 1e6);
    else if (now.machine > before->machine && before->machine >= 0)
        snprintf(why, size, "the machine ran out of memory; try fewer --workers");
    else if (limit.by != C4_MEMORY_UNKNOWN && limit.bytes < PLENTY_BYTES)
        snprintf(why, size, "perhaps it was out of memory: %.0f MB are left (%s)",
                 (double)limit.bytes / 1e6, c4_memory_limiter_names[limit.by]);
}

void c4_memory_go_first(const char *root) {
    enum { NEVER = -1000, HALF = 500, MOST = 1000 };
    static const char name[] = "/proc/self/oom_score_adj";
    struct c4_text path = {0}, line = {0};
    const bool found =
        c4_sysfile_line(root, name, &line) && c4_text_add(&path, "%s%s", root, name) == C4_OK;
    const long now = found ? strtol(line.bytes, NULL, 10) : NEVER;
    FILE *file = now > NEVER ? fopen(path.bytes, "w") : NULL;
    if (file) {
        fprintf(file, "%ld\n", now < MOST - HALF ? now + HALF : MOST);
        fclose(file);
    }
    c4_text_free(&line);
    c4_text_free(&path);
}
