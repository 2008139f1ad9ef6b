#include "bench/scale/seen.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "core/host/sysfile.h"

enum { FIELDS_TO_PROCESSOR = 37 }; /* of stat, behind the name in brackets and its blank */

/* What one thread says. */
struct thread {
    char *allowed;
    int last;
};

struct threads {
    struct thread *thread;
    int count;
};

static int compare_numbers(const void *a, const void *b) {
    const int *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

/* By the first PU, then as text. */
static int compare_threads(const void *a, const void *b) {
    const struct thread *x = a, *y = b;
    long first = strtol(x->allowed, NULL, 10), second = strtol(y->allowed, NULL, 10);
    if (first != second) return first < second ? -1 : 1;
    return strcmp(x->allowed, y->allowed);
}

static enum c4_status add_numbers(int *number, int count, struct c4_text *text) {
    qsort(number, (size_t)count, sizeof *number, compare_numbers);
    c4_text_clear(text);
    for (int i = 0; i < count; i++) C4_TRY(c4_text_add(text, "%s%d", i ? " " : "", number[i]));
    return C4_OK;
}

/* -1: it does not say. The name may have blanks and brackets, so its last bracket counts. */
static int last_pu(const char *stat) {
    const char *field = strrchr(stat, ')');
    for (int i = 0; field && i < FIELDS_TO_PROCESSOR; i++) {
        field = strchr(field + 1, ' ');
        if (!field) return -1;
    }
    return field ? (int)strtol(field + 1, NULL, 10) : -1;
}

/* A thread that has ended meanwhile is left out. */
static enum c4_status read_thread(const char *root, const char *folder, const char *id,
                                  struct threads *threads) {
    struct c4_text path = {0}, value = {0};
    struct thread *grown =
        realloc(threads->thread, (size_t)(threads->count + 1) * sizeof *threads->thread);
    if (!grown) return c4_fail(C4_ERR_MEMORY, "out of memory for the threads of a process");
    threads->thread = grown;
    struct thread *thread = &grown[threads->count];
    *thread = (struct thread){NULL, -1};
    enum c4_status status = c4_text_add(&path, "%s/%s/status", folder, id);
    if (status == C4_OK && c4_sysfile_value(root, path.bytes, "Cpus_allowed_list", &value)) {
        thread->allowed = strdup(c4_text_string(&value));
        if (thread->allowed) threads->count++;
        c4_text_clear(&path);
        status = c4_text_add(&path, "%s/%s/stat", folder, id);
        if (status == C4_OK && c4_sysfile_line(root, path.bytes, &value))
            thread->last = last_pu(c4_text_string(&value));
    }
    c4_text_free(&value);
    c4_text_free(&path);
    return status;
}

static enum c4_status read_threads(const char *root, pid_t pid, struct threads *threads) {
    struct c4_text folder = {0}, path = {0};
    enum c4_status status = c4_text_add(&folder, "/proc/%ld/task", (long)pid);
    if (status == C4_OK) status = c4_text_add(&path, "%s%s", root, folder.bytes);
    DIR *tasks = status == C4_OK ? opendir(path.bytes) : NULL;
    for (struct dirent *entry; tasks && status == C4_OK && (entry = readdir(tasks));)
        if (entry->d_name[0] != '.')
            status = read_thread(root, folder.bytes, entry->d_name, threads);
    if (tasks) closedir(tasks);
    c4_text_free(&path);
    c4_text_free(&folder);
    return status;
}

/* The PUs where threads were last, as text; also whether one was elsewhere than asked. */
static enum c4_status conclude(const struct threads *threads, const int *pu, int count,
                               struct c4_seen *seen) {
    int *last = calloc((size_t)threads->count + 1, sizeof *last);
    if (!last) return c4_fail(C4_ERR_MEMORY, "out of memory for the threads of a process");
    if (threads->count > 0)
        qsort(threads->thread, (size_t)threads->count, sizeof *threads->thread, compare_threads);
    c4_text_clear(&seen->allowed);
    for (int i = 0; i < threads->count; i++) {
        bool known = false;
        last[i] = threads->thread[i].last;
        for (int k = 0; k < count; k++) known = known || pu[k] == last[i];
        seen->differs = seen->differs || !known;
        c4_text_add_word(&seen->allowed, " ", threads->thread[i].allowed);
    }
    enum c4_status status = add_numbers(last, threads->count, &seen->last);
    free(last);
    if (status == C4_OK && seen->allowed.lost)
        status = c4_fail(C4_ERR_MEMORY, "out of memory for the threads of a process");
    seen->known = threads->count > 0;
    seen->differs = seen->known && (seen->differs || strcmp(c4_text_string(&seen->allowed),
                                                            c4_text_string(&seen->asked)) != 0);
    return status;
}

enum c4_status c4_seen_read(const char *root, pid_t pid, const int *pu, int count,
                            struct c4_seen *seen) {
    struct threads threads = {0};
    int *asked = calloc((size_t)count + 1, sizeof *asked);
    if (!asked) return c4_fail(C4_ERR_MEMORY, "out of memory for a list of PUs");
    memcpy(asked, pu, (size_t)count * sizeof *pu);
    seen->known = seen->differs = false;
    enum c4_status status = add_numbers(asked, count, &seen->asked);
    free(asked);
    if (status == C4_OK) status = read_threads(root, pid, &threads);
    if (status == C4_OK) status = conclude(&threads, pu, count, seen);
    for (int i = 0; i < threads.count; i++) free(threads.thread[i].allowed);
    free(threads.thread);
    return status;
}

void c4_seen_free(struct c4_seen *seen) {
    c4_text_free(&seen->asked);
    c4_text_free(&seen->allowed);
    c4_text_free(&seen->last);
    *seen = (struct c4_seen){.known = false};
}
