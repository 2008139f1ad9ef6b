#include "bench/peers/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench/measure/child.h"
#include "core/cli/interrupt.h"
#include "core/host/clock.h"
#include "core/host/team.h"

extern char **environ;

enum { LINE_BYTES_MAX = 1 << 20, POLL_MS = 100 };

/* --- starting --- */

/* Variables for this process's threads and allocator must not affect a peer's. */
static bool is_kept(const char *variable) {
    static const char *const dropped[] = {"OMP_",
                                          "GOMP_",
                                          "KMP_",
                                          "MKL_",
                                          "OPENBLAS_NUM_THREADS=",
                                          "GOTO_NUM_THREADS=",
                                          "MALLOC_",
                                          "GLIBC_TUNABLES=",
                                          "NPROC=",
                                          "XLA_FLAGS="};
    for (size_t i = 0; i < sizeof dropped / sizeof *dropped; i++)
        if (strncmp(variable, dropped[i], strlen(dropped[i])) == 0) return false;
    return true;
}

static char **make_environment(const char *const *added) {
    size_t count = 1;
    for (char **v = environ; *v; v++) count++;
    for (size_t i = 0; added[i]; i++) count++;
    char **environment = calloc(count, sizeof *environment);
    if (!environment) return NULL;
    size_t used = 0;
    for (char **v = environ; *v; v++)
        if (is_kept(*v)) environment[used++] = *v;
    for (size_t i = 0; added[i]; i++)
        environment[used++] = (char *)added[i]; /* execvp() does not write to its strings */
    return environment;
}

/* In the child of a multithreaded process. */
static _Noreturn void become_peer(char *const *argv, char **environment, const int *pu, int count,
                                  const int fds[3]) {
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGCONT); /* it may be stopped, and has to see the end of its input */
    if (count > 0) c4_bind_thread(pu, count);
    environ = environment;
    signal(SIGPIPE, SIG_DFL);
    if (dup2(fds[0], STDIN_FILENO) >= 0 && dup2(fds[1], STDOUT_FILENO) >= 0 &&
        dup2(fds[2], STDERR_FILENO) >= 0)
        execvp(argv[0], argv);
    dprintf(STDERR_FILENO, "%s: %s\n", argv[0], strerror(errno));
    _exit(127);
}

static int make_pipe(int ends[2]) {
    if (pipe(ends) != 0) return -1;
    for (int i = 0; i < 2; i++) fcntl(ends[i], F_SETFD, FD_CLOEXEC);
    return 0;
}

static void close_all(int *fds, int count) {
    for (int i = 0; i < count; i++) {
        if (fds[i] >= 0) close(fds[i]);
        fds[i] = -1;
    }
}

enum c4_status c4_peer_process_start(struct c4_peer_process *peer, char *const *argv,
                                     const char *const *environment, const int *pu, int count,
                                     const char *log) {
    *peer = (struct c4_peer_process){.to = -1, .from = -1, .log = log};
    signal(SIGPIPE, SIG_IGN); /* write() fails instead when a peer is gone */
    char **whole = make_environment(environment);
    if (!whole) return c4_fail(C4_ERR_MEMORY, "no memory for a peer's environment");
    int fds[5] = {-1, -1, -1, -1, -1}; /* its input: read, write; its output: read, write; log */
    bool made = make_pipe(fds) == 0 && make_pipe(fds + 2) == 0;
    if (made) fds[4] = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    pid_t pid = fds[4] >= 0 ? fork() : -1;
    if (pid == 0) become_peer(argv, whole, pu, count, (const int[]){fds[0], fds[3], fds[4]});
    int error = errno;
    free(whole);
    if (pid < 0) {
        close_all(fds, 5);
        return c4_fail(C4_ERR_FAILED, "cannot start a process for a peer: %s", strerror(error));
    }
    setpgid(pid, pid); /* in parent and child, whichever comes first */
    close_all((int[]){fds[0], fds[3], fds[4]}, 3);
    fcntl(fds[1], F_SETFL, O_NONBLOCK);
    fcntl(fds[2], F_SETFL, O_NONBLOCK);
    *peer = (struct c4_peer_process){.pid = pid, .to = fds[1], .from = fds[2], .log = log};
    return C4_OK;
}

/* --- stopping and going on --- */

/* Threads of libraries wait busily for a while after their last work, those of NumPy's OpenBLAS for
 * some 110 ms, on the cores of what is timed next. So a peer runs only while it is asked. */
static void suspend(const struct c4_peer_process *peer) {
    kill(-peer->pid, SIGSTOP);
}

static void resume(const struct c4_peer_process *peer) {
    kill(-peer->pid, SIGCONT);
}

/* --- ending --- */

static double seconds_since(int64_t start_ns) {
    return (double)(c4_clock_ns() - start_ns) * 1e-9;
}

/* Closes the pipes, waits, then kills the process group; *result is waitpid()'s status. */
static void reap(struct c4_peer_process *peer, double patience_seconds, int *result) {
    close_all(&peer->to, 1);
    close_all(&peer->from, 1);
    resume(peer);
    int64_t start_ns = c4_clock_ns();
    while (waitpid(peer->pid, result, WNOHANG) == 0 && seconds_since(start_ns) < patience_seconds)
        nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
    kill(-peer->pid, SIGKILL); /* with its own children */
    while (waitpid(peer->pid, result, 0) < 0 && errno == EINTR) continue;
    peer->pid = 0;
    free(peer->line);
    peer->line = NULL;
    peer->used = peer->capacity = 0;
}

void c4_peer_process_stop(struct c4_peer_process *peer, double patience_seconds) {
    static const char quit[] = "quit\n";
    int result;
    if (peer->pid <= 0) return;
    ssize_t written = write(peer->to, quit, sizeof quit - 1);
    (void)written; /* the end of its input means the same */
    reap(peer, patience_seconds, &result);
}

static enum c4_peer_answer died(struct c4_peer_process *peer, struct c4_text *reason) {
    int result = 0;
    reap(peer, 5, &result);
    c4_text_clear(reason);
    /* become_peer() or a shell has written why. */
    bool refused = WIFEXITED(result) && WEXITSTATUS(result) == 127;
    if (WIFSIGNALED(result))
        c4_text_add(reason, "it was killed by signal %d", WTERMSIG(result));
    else if (!refused)
        c4_text_add(reason, "it exited with status %d", WEXITSTATUS(result));
    struct c4_text words = {0}; /* such as the end of a traceback */
    c4_last_line(peer->log, &words);
    if (words.length) c4_text_add(reason, "%s%s", refused ? "" : ": ", words.bytes);
    c4_text_free(&words);
    return refused ? C4_PEER_REFUSED : C4_PEER_BROKEN;
}

/* --- talking --- */

static bool write_line(const struct c4_peer_process *peer, const char *line) {
    struct iovec parts[2] = {{(void *)line, strlen(line)}, {(void *)"\n", 1}};
    return writev(peer->to, parts, 2) == (ssize_t)parts[0].iov_len + 1;
}

enum arrival { LINE, NOTHING_YET, END };

/* Reads once. A complete line is then in peer->line, terminated, without its newline. */
static enum arrival read_some(struct c4_peer_process *peer) {
    if (peer->capacity - peer->used < 4096) {
        if (peer->capacity > LINE_BYTES_MAX) return END;
        char *more = realloc(peer->line, peer->capacity + 65536);
        if (!more) return END;
        peer->line = more;
        peer->capacity += 65536;
    }
    ssize_t n = read(peer->from, peer->line + peer->used, peer->capacity - peer->used - 1);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return NOTHING_YET;
    if (n <= 0) return END;
    char *newline = memchr(peer->line + peer->used, '\n', (size_t)n);
    peer->used += (size_t)n;
    if (!newline) return NOTHING_YET;
    *newline = '\0'; /* anything after the answer is dropped */
    peer->used = 0;
    return LINE;
}

static enum c4_peer_answer understand(struct c4_peer_process *peer, json_t **answer,
                                      struct c4_text *reason) {
    *answer = json_loads(peer->line, 0, NULL);
    int result;
    if (!json_is_object(*answer)) {
        c4_text_clear(reason);
        c4_text_add(reason, "its answer is not a JSON object: %s", peer->line);
        json_decref(*answer);
        *answer = NULL;
        reap(peer, 0, &result);
        return C4_PEER_BROKEN;
    }
    const char *error = json_string_value(json_object_get(*answer, "error"));
    if (!error) {
        suspend(peer);
        return C4_PEER_ANSWERED;
    }
    c4_text_set(reason, error);
    json_decref(*answer);
    *answer = NULL;
    c4_peer_process_stop(peer, 5);
    return C4_PEER_REFUSED;
}

enum c4_peer_answer c4_peer_process_ask(struct c4_peer_process *peer, const char *line,
                                        double patience_seconds, json_t **answer,
                                        struct c4_text *reason) {
    *answer = NULL;
    resume(peer);
    if (line && !write_line(peer, line)) return died(peer, reason);
    int64_t start_ns = c4_clock_ns();
    for (;;) {
        struct pollfd wait = {.fd = peer->from, .events = POLLIN};
        enum arrival arrival = poll(&wait, 1, POLL_MS) > 0 ? read_some(peer) : NOTHING_YET;
        if (arrival == LINE) return understand(peer, answer, reason);
        if (arrival == END) return died(peer, reason);
        if (c4_interrupted() != C4_OK) return C4_PEER_INTERRUPTED;
        if (seconds_since(start_ns) > patience_seconds) break;
    }
    int result;
    reap(peer, 0, &result);
    c4_text_clear(reason);
    c4_text_add(reason, "it did not answer within %.0f s", patience_seconds);
    return C4_PEER_BROKEN;
}
