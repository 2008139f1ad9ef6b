/* The first process of the guest that tests/emulate/run-avx512.sh boots: runs one program, forwards
 * its output, and turns the machine off.
 *
 * /run.d/program, /run.d/folder: the program's path and its working directory; /run.d/arguments,
 * /run.d/environment: its argument and environment strings, each ended by a NUL. Standard output
 * goes to the first parallel port, standard error to the second (a byte there takes no emulated
 * time), and one line to the third serial port, which is also the kernel's console:
 * "@guest exit N", "@guest signal N" or "@guest error TEXT". */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    PARALLEL_1 = 0x378,
    PARALLEL_2 = 0x278,
    SERIAL_3 = 0x3e8,
    LINE_STATUS = 5,
    TRANSMITTER_EMPTY = 0x40,
    STROBE_OFF = 0x0c,
    STROBE_ON = 0x0d,
    POWER = 0x8900 /* Bochs turns off when it reads "Shutdown" here */
};

static void print_parallel(unsigned short port, const char *bytes, ssize_t count) {
    for (ssize_t i = 0; i < count; i++) {
        outb((unsigned char)bytes[i], port);
        outb(STROBE_ON, port + 2);
        outb(STROBE_OFF, port + 2);
    }
}

static void wait_for_serial(void) {
    while (!(inb(SERIAL_3 + LINE_STATUS) & TRANSMITTER_EMPTY)) {
    }
}

static void print_serial(const char *text) {
    for (; *text; text++) {
        wait_for_serial();
        outb((unsigned char)*text, SERIAL_3);
    }
    wait_for_serial();
}

static _Noreturn void turn_off(const char *record) {
    print_serial("\n@guest ");
    print_serial(record);
    print_serial("\n");
    for (const char *c = "Shutdown"; *c; c++) outb((unsigned char)*c, POWER);
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

static void mount_system(void) {
    mkdir("/dev", 0755);
    mkdir("/proc", 0755);
    mkdir("/sys", 0755);
    mkdir("/tmp", 0777);
    mount("dev", "/dev", "devtmpfs", 0, NULL);
    mount("proc", "/proc", "proc", 0, NULL);
    mount("sys", "/sys", "sysfs", 0, NULL);
    mkdir("/dev/shm", 01777);
    mount("shm", "/dev/shm", "tmpfs", 0, NULL);
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
    for (int file = STDERR_FILENO + 1; file < 16; file++) close(file);
    iopl(0);
    if (chdir(folder) == 0) execve(program, arguments, environment);
    fprintf(stderr, "%s: %s\n", program, strerror(errno));
    _exit(errno == ENOENT ? 127 : 126);
}

int main(void) {
    static char buffer[65536];
    if (iopl(3) < 0) return 1;
    outb(STROBE_OFF, PARALLEL_1 + 2);
    outb(STROBE_OFF, PARALLEL_2 + 2);
    mount_system();

    int out[2], error[2], status;
    if (pipe(out) < 0 || pipe(error) < 0) fail("pipe");
    pid_t child = fork();
    if (child < 0) fail("fork");
    if (child == 0) become_program(out[1], error[1]);
    close(out[1]);
    close(error[1]);
    struct pollfd sources[2] = {{.fd = out[0], .events = POLLIN},
                                {.fd = error[0], .events = POLLIN}};
    for (int open_sources = 2; open_sources > 0;) {
        if (poll(sources, 2, -1) < 0) continue;
        for (int i = 0; i < 2; i++) {
            if (sources[i].fd < 0 || !sources[i].revents) continue;
            ssize_t count = read(sources[i].fd, buffer, sizeof buffer);
            if (count > 0) {
                print_parallel(i ? PARALLEL_2 : PARALLEL_1, buffer, count);
            } else {
                sources[i].fd = -1;
                open_sources--;
            }
        }
    }
    while (waitpid(child, &status, 0) != child) {
    }
    if (WIFSIGNALED(status))
        snprintf(buffer, sizeof buffer, "signal %d", WTERMSIG(status));
    else
        snprintf(buffer, sizeof buffer, "exit %d", WEXITSTATUS(status));
    turn_off(buffer);
}
