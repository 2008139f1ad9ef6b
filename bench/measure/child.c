#include "bench/measure/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif
#include <unistd.h>

#include "core/cli/interrupt.h"
#include "core/file/file.h"
#include "core/host/clock.h"
#include "core/host/team.h"

enum { READ_BYTES = 65536, POLL_MS = 100 };

/* Where a child runs. */
struct confinement {
    const int *pu;
    int count; /* 0: where this thread may */
    bool own;  /* no variable of OpenMP says otherwise */
};

/* A benchmark that is killed leaves nothing behind that would train for hours. */
static void end_with_parent(pid_t parent) {
#ifdef __linux__
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(127);
#else
    (void)parent;
#endif
}

static void become(char *const *argv, const struct confinement *place, pid_t parent, int out,
                   int log) {
    static const char *const variables[] = {"OMP_PROC_BIND", "OMP_PLACES", "GOMP_CPU_AFFINITY"};
    int null = open("/dev/null", O_RDWR);
    setpgid(0, 0);
    end_with_parent(parent);
    for (size_t i = 0; place->own && i < sizeof variables / sizeof *variables; i++)
        unsetenv(variables[i]);
    if (place->count > 0) c4_bind_thread(place->pu, place->count);
    if (null >= 0 && dup2(null, STDIN_FILENO) >= 0 &&
        dup2(log >= 0 ? log : null, STDERR_FILENO) >= 0 && dup2(out, STDOUT_FILENO) >= 0)
        execvp(argv[0], argv);
    _exit(127);
}

/* `log` is a descriptor, -1: none. */
static enum c4_status start(struct c4_child *child, char *const *argv,
                            const struct confinement *place, int log) {
    int ends[2];
    const pid_t parent = getpid();
    *child = (struct c4_child){.out = -1};
    if (pipe(ends) != 0)
        return c4_fail(C4_ERR_FAILED, "no pipe to another process: %s", strerror(errno));
    fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    fcntl(ends[1], F_SETFD, FD_CLOEXEC);
    pid_t pid = fork();
    if (pid == 0) become(argv, place, parent, ends[1], log);
    int error = errno;
    close(ends[1]);
    if (pid < 0) {
        close(ends[0]);
        return c4_fail(C4_ERR_FAILED, "no further process can be started: %s", strerror(error));
    }
    setpgid(pid, pid); /* whichever of the two is first */
    child->pid = pid;
    child->out = ends[0];
    return C4_OK;
}

enum c4_status c4_child_start(struct c4_child *child, char *const *argv, int pu) {
    return start(child, argv, &(struct confinement){&pu, pu >= 0, false}, -1);
}

static enum c4_status start_logged(struct c4_child *child, char *const *argv,
                                   const struct confinement *place, const char *log) {
    *child = (struct c4_child){.out = -1};
    int descriptor = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (descriptor < 0) return c4_fail_write(log, errno);
    enum c4_status status = start(child, argv, place, descriptor);
    close(descriptor);
    return status;
}

enum c4_status c4_child_start_logged(struct c4_child *child, char *const *argv, const char *log) {
    return start_logged(child, argv, &(struct confinement){NULL, 0, false}, log);
}

enum c4_status c4_child_start_placed(struct c4_child *child, char *const *argv, const int *pu,
                                     int count, const char *log) {
    return start_logged(child, argv, &(struct confinement){pu, count, true}, log);
}

bool c4_child_ended(struct c4_child *child) {
    if (child->pid <= 0) return true;
    if (waitpid(child->pid, &child->status, WNOHANG) != child->pid) return false;
    if (child->out >= 0) close(child->out);
    child->out = -1;
    child->pid = 0;
    return true;
}

void c4_last_line(const char *path, struct c4_text *line) {
    unsigned char *bytes;
    size_t length;
    if (c4_file_read(path, &bytes, &length) != C4_OK) return;
    char *rest = NULL, *last = NULL;
    for (char *each = strtok_r((char *)bytes, "\r\n", &rest); each;
         each = strtok_r(NULL, "\r\n", &rest))
        if (each[strspn(each, " \t")] != '\0') last = each;
    if (last) c4_text_add(line, "%s", last);
    free(bytes);
}

/* One read; closes `out` at the end of the output. */
static enum c4_status take(struct c4_child *child) {
    if (child->capacity - child->used < READ_BYTES + 1) {
        size_t capacity = 2 * child->capacity + READ_BYTES + 1;
        char *grown = realloc(child->text, capacity);
        if (!grown) return c4_fail(C4_ERR_MEMORY, "out of memory for the output of a program");
        child->text = grown;
        child->capacity = capacity;
    }
    ssize_t got;
    do got = read(child->out, child->text + child->used, READ_BYTES);
    while (got < 0 && errno == EINTR);
    if (got > 0) child->used += (size_t)got;
    child->text[child->used] = '\0';
    if (got > 0) return C4_OK;
    close(child->out);
    child->out = -1;
    return C4_OK;
}

static void end(struct c4_child *child) {
    if (child->pid <= 0) return;
    if (child->out >= 0) close(child->out);
    child->out = -1;
    kill(-child->pid, SIGKILL);
    while (waitpid(child->pid, &child->status, 0) < 0 && errno == EINTR) continue;
    child->pid = 0;
}

static enum c4_status wait_all(struct c4_child *children, int count, double patience_seconds) {
    int64_t start_ns = c4_clock_ns();
    for (;;) {
        struct pollfd polled[2];
        int open = 0;
        for (int i = 0; i < count; i++) open += children[i].out >= 0;
        if (open == 0) return C4_OK;
        for (int i = 0; i < count; i++)
            polled[i] = (struct pollfd){.fd = children[i].out, .events = POLLIN};
        if (poll(polled, (nfds_t)count, POLL_MS) < 0 && errno != EINTR)
            return c4_fail(C4_ERR_FAILED, "programs cannot be waited for: %s", strerror(errno));
        for (int i = 0; i < count; i++)
            if (children[i].out >= 0 && polled[i].revents) C4_TRY(take(&children[i]));
        C4_TRY(c4_interrupted());
        if ((double)(c4_clock_ns() - start_ns) * 1e-9 > patience_seconds)
            return c4_fail(C4_ERR_FAILED, "a program did not end within %.0f seconds",
                           patience_seconds);
    }
}

enum c4_status c4_children_wait(struct c4_child *children, int count, double patience_seconds) {
    enum c4_status status = wait_all(children, count, patience_seconds);
    for (int i = 0; i < count; i++) {
        struct c4_child *child = &children[i];
        if (status != C4_OK) end(child);
        while (child->pid > 0 && waitpid(child->pid, &child->status, 0) < 0 && errno == EINTR)
            continue;
        child->pid = 0;
    }
    return status;
}

void c4_child_free(struct c4_child *child) {
    end(child);
    free(child->text);
    *child = (struct c4_child){.out = -1};
}
