#define _GNU_SOURCE /* asprintf */
#include "bench/exact/callgrind.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/exact/run.h"
#include "core/file/file.h"

/* Collecting is switched at each entry and exit, so these switch it off inside of what is counted.
 */
static void leave_out_the_heap(struct c4_exact_command *command) {
    c4_exact_words(command, "--toggle-collect=malloc", "--toggle-collect=calloc",
                   "--toggle-collect=realloc", "--toggle-collect=free", "--toggle-collect=memalign",
                   "--toggle-collect=aligned_alloc", "--toggle-collect=posix_memalign", NULL);
}

static enum c4_status run_into(const char *file, const struct c4_callgrind_scope *scope,
                               const char *const *program, struct c4_callgrind *run) {
    static const char option[] = "--callgrind-out-file=";
    struct c4_exact_command command = {0};
    char *out;
    size_t size_bytes;
    int ended;
    if (asprintf(&out, "%s%s", option, file) < 0)
        return c4_fail(C4_ERR_MEMORY, "out of memory for a path");
    c4_exact_valgrind(&command, "--tool=callgrind");
    c4_exact_words(&command, out, "--combine-dumps=yes", "--collect-atstart=no", scope->collect,
                   scope->dump, NULL);
    if (scope->without_heap) leave_out_the_heap(&command);
    for (int i = 0; program[i]; i++) c4_exact_words(&command, program[i], NULL);
    enum c4_status status = c4_exact_run(&command, &run->child, &ended);
    free(out);
    C4_TRY(status);
    if (ended != 0)
        return c4_fail(C4_ERR_FAILED, "under callgrind, \"%s %s\" ended with status %d", program[0],
                       program[1], ended);
    return c4_file_read(file, (unsigned char **)&run->parts, &size_bytes);
}

static void remove_folder(const char *folder) {
    DIR *entries = opendir(folder);
    for (struct dirent *entry; entries && (entry = readdir(entries));)
        unlinkat(dirfd(entries), entry->d_name, 0);
    if (entries) closedir(entries);
    rmdir(folder);
}

static enum c4_status run_in(char *folder, const struct c4_callgrind_scope *scope,
                             const char *const *program, struct c4_callgrind *run) {
    char *file;
    if (!mkdtemp(folder)) return c4_fail(C4_ERR_FAILED, "%s: %s", folder, strerror(errno));
    if (asprintf(&file, "%s/out", folder) < 0) file = NULL;
    enum c4_status status = file ? run_into(file, scope, program, run)
                                 : c4_fail(C4_ERR_MEMORY, "out of memory for a path");
    free(file);
    remove_folder(folder);
    return status;
}

enum c4_status c4_callgrind_run(const struct c4_callgrind_scope *scope, const char *const *program,
                                struct c4_callgrind *run) {
    const char *under = getenv("TMPDIR");
    char *folder;
    *run = (struct c4_callgrind){.child.out = -1};
    if (asprintf(&folder, "%s/conv4-exact-XXXXXX", under && *under ? under : "/tmp") < 0)
        return c4_fail(C4_ERR_MEMORY, "out of memory for a path");
    enum c4_status status = run_in(folder, scope, program, run);
    free(folder);
    return status;
}

void c4_callgrind_free(struct c4_callgrind *run) {
    c4_child_free(&run->child);
    free(run->parts);
    run->parts = NULL;
}
