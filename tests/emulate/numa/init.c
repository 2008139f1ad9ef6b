/* The first process of the guest that tests/emulate/run-numa.sh boots: runs one program and turns
 * the machine off. The files in /run.d are those of tests/emulate/avx512/init.c. Standard output
 * goes to the second serial port, standard error to the third, and one line to the first, which is
 * also the kernel's console: "@guest exit N", "@guest signal N" or "@guest error TEXT". */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

static int console = -1;

/* A serial port that passes bytes as they are; bytes of earlier writes may be on their way. */
static int open_port(const char *path) {
    struct termios settings;
    int port = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (port >= 0 && tcgetattr(port, &settings) == 0) {
        cfmakeraw(&settings);
        tcsetattr(port, TCSANOW, &settings);
    }
    return port;
}

static _Noreturn void turn_off(const char *record) {
    dprintf(console, "\n@guest %s\n", record);
    tcdrain(console);
    sync();
    reboot(RB_POWER_OFF);
    for (;;) pause();
}

static _Noreturn void fail(const char *what) {
    char record[256];
    snprintf(record, sizeof record, "error %s: %s", what, strerror(errno));
    turn_off(record);
}

/* The whole file, followed by a NUL; *size = its bytes. */
static char *contents(const char *path, size_t *size) {
    struct stat status;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0 || fstat(file, &status) < 0) fail(path);
    char *bytes = calloc(1, (size_t)status.st_size + 1);
    if (!bytes || read(file, bytes, (size_t)status.st_size) != status.st_size) fail(path);
    close(file);
    *size = (size_t)status.st_size;
    return bytes;
}

static char **strings(const char *path) {
    size_t size, count = 0;
    char *next = contents(path, &size);
    for (size_t i = 0; i < size; i++) count += next[i] == '\0';
    char **list = calloc(count + 1, sizeof *list);
    if (!list) fail(path);
    for (size_t i = 0; i < count; i++, next += strlen(next) + 1) list[i] = next;
    return list;
}

static _Noreturn void become_program(int out, int error) {
    size_t size;
    const char *program = contents("/run.d/program", &size);
    const char *folder = contents("/run.d/folder", &size);
    char **arguments = strings("/run.d/arguments"), **environment = strings("/run.d/environment");
    setsid();
    dup2(open("/dev/null", O_RDONLY), STDIN_FILENO);
    dup2(out, STDOUT_FILENO);
    dup2(error, STDERR_FILENO);
    if (chdir(folder) == 0) execve(program, arguments, environment);
    fprintf(stderr, "%s: %s\n", program, strerror(errno));
    _exit(errno == ENOENT ? 127 : 126);
}

int main(void) {
    char record[64];
    int status;
    mkdir("/dev", 0755);
    mkdir("/proc", 0755);
    mkdir("/sys", 0755);
    mkdir("/tmp", 01777);
    mount("dev", "/dev", "devtmpfs", 0, NULL);
    mount("proc", "/proc", "proc", 0, NULL);
    mount("sys", "/sys", "sysfs", 0, NULL);
    mkdir("/dev/shm", 01777);
    mount("shm", "/dev/shm", "tmpfs", 0, NULL);
    console = open_port("/dev/ttyS0");
    int out = open_port("/dev/ttyS1"), error = open_port("/dev/ttyS2");
    if (console < 0 || out < 0 || error < 0) fail("serial ports");
    pid_t child = fork();
    if (child < 0) fail("fork");
    if (child == 0) become_program(out, error);
    while (waitpid(child, &status, 0) != child) {
    }
    tcdrain(out);
    tcdrain(error);
    if (WIFSIGNALED(status))
        snprintf(record, sizeof record, "signal %d", WTERMSIG(status));
    else
        snprintf(record, sizeof record, "exit %d", WEXITSTATUS(status));
    turn_off(record);
}
