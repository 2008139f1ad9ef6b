#include "repro/workers/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/host/clock.h"
#include "core/host/program.h"
#include "core/host/team.h"

/* Runs in the child. Binds first, so that the worker inherits its place. The worker's OpenMP
 * runtime must not bind by variables that were meant for a single process. */
static void become_worker(const int *pu, int count, int in, int out) {
    static const char *const variables[] = {"OMP_PROC_BIND", "OMP_PLACES", "GOMP_CPU_AFFINITY"};
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) unsetenv(variables[i]);
    /* A launcher may send it to all processes of a job step, also before the worker has begun. */
    signal(SIGUSR1, SIG_IGN);
    if (count > 0) c4_bind_thread(pu, count); /* the worker reads back the result */
    char *argv[] = {"conv4", "worker", NULL};
    if (dup2(in, STDIN_FILENO) >= 0 && dup2(out, STDOUT_FILENO) >= 0) c4_program_execute(argv);
    _exit(C4_WORKER_NOT_STARTED);
}

static int make_pipe(int ends[2]) {
    if (pipe(ends) != 0) return -1;
    for (int i = 0; i < 2; i++) fcntl(ends[i], F_SETFD, FD_CLOEXEC);
    return 0;
}

enum c4_status c4_worker_start(struct c4_worker_process *worker, const int *pu, int count) {
    int down[2] = {-1, -1}, up[2] = {-1, -1};
    *worker = (struct c4_worker_process){.to = -1, .from = -1};
    int failed = make_pipe(down) != 0 || make_pipe(up) != 0;
    pid_t pid = failed ? -1 : fork();
    if (pid == 0) become_worker(pu, count, down[0], up[1]);
    int error = errno;
    if (down[0] >= 0) close(down[0]);
    if (up[1] >= 0) close(up[1]);
    if (pid < 0) {
        if (down[1] >= 0) close(down[1]);
        if (up[0] >= 0) close(up[0]);
        return c4_fail(C4_ERR_FAILED, "cannot start another process: %s", strerror(error));
    }
    fcntl(up[0], F_SETFL, O_NONBLOCK);
    worker->pid = pid;
    worker->to = down[1];
    worker->from = up[0];
    return C4_OK;
}

void c4_worker_allow(int workers) {
    struct rlimit limit;
    rlim_t needed = 64 + 2 * (rlim_t)workers; /* of two pipes one end each is open here */
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= needed) return;
    limit.rlim_cur =
        limit.rlim_max == RLIM_INFINITY || limit.rlim_max > needed ? needed : limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

void c4_worker_dismiss(struct c4_worker_process *worker) {
    if (worker->to >= 0) close(worker->to);
    if (worker->from >= 0) close(worker->from);
    worker->to = worker->from = -1;
    c4_inbox_free(&worker->inbox);
    worker->taken = 0;
}

void c4_worker_reap(struct c4_worker_process *worker, double patience_seconds,
                    struct c4_worker_end *end) {
    int64_t start_ns = c4_clock_ns();
    int status = 0;
    bool killed = false;
    *end = (struct c4_worker_end){.status = -1, .how = "is gone"};
    if (worker->pid <= 0) return;
    for (;;) {
        pid_t ended = waitpid(worker->pid, &status, WNOHANG);
        if (ended == worker->pid) break;
        if (ended < 0 && errno != EINTR) {
            worker->pid = 0;
            return;
        }
        if (!killed && (double)(c4_clock_ns() - start_ns) * 1e-9 > patience_seconds) {
            kill(worker->pid, SIGKILL);
            killed = true;
        }
        nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
    }
    if (killed)
        snprintf(end->how, sizeof end->how, "did not end, and was killed");
    else if (WIFSIGNALED(status))
        snprintf(end->how, sizeof end->how, "was killed by signal %d (%s)", WTERMSIG(status),
                 strsignal(WTERMSIG(status)));
    else
        snprintf(end->how, sizeof end->how, "exited with status %d", WEXITSTATUS(status));
    worker->pid = 0;
    end->status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void c4_worker_explain(struct c4_worker_end *end, struct c4_memory_kills *kills) {
    if (!strstr(end->how, "signal 9 ")) return;
    c4_memory_explain_kill("", kills, end->why, sizeof end->why);
    c4_memory_kills("", kills);
}
