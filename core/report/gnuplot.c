#define _GNU_SOURCE /* pipe2 */
#include "core/report/gnuplot.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/text.h"
#include "core/base/utf8.h"
#include "core/host/clock.h"

enum { TIMEOUT_MS = 120000, PIECE_BYTES = 4096 };

/* gnuplot does not read a doubled apostrophe right behind the one that opens the string: leading
 * ones stand in a string of their own. */
static void write_quoted(FILE *script, const char *text, size_t length, bool is_format) {
    size_t leading = 0;
    while (leading < length && text[leading] == '\'') leading++;
    if (leading > 0) fprintf(script, "\"%.*s\".", (int)leading, text);
    fputc('\'', script);
    for (size_t i = leading; i < length;) {
        size_t bytes = c4_utf8_length(text + i);
        if (text[i] == '\'' || (text[i] == '%' && is_format)) fputc(text[i], script);
        if (bytes == 1 && c4_utf8_is_control(text + i, bytes))
            fputc(' ', script);
        else if (bytes == 0 || bytes > length - i || c4_utf8_is_control(text + i, bytes))
            fputs("\xef\xbf\xbd", script);
        else
            fwrite(text + i, 1, bytes, script);
        i += bytes > 0 ? bytes : 1;
    }
    fputc('\'', script);
}

void c4_gnuplot_string(FILE *script, const char *text) {
    c4_gnuplot_part(script, text, strlen(text));
}

void c4_gnuplot_part(FILE *script, const char *text, size_t length) {
    write_quoted(script, text, length, false);
}

void c4_gnuplot_tick(FILE *script, const char *text) {
    write_quoted(script, text, strlen(text), true);
}

void c4_gnuplot_number(FILE *script, double value) {
    char text[40];
    snprintf(text, sizeof text, "%.10g", value);
    for (char *p = text; *p; p++)
        if (*p == ',') *p = '.';
    fputs(text, script);
}

bool c4_gnuplot_find(char *path, size_t size) {
    static const char name[] = "/gnuplot";
    const char *folders = getenv("PATH");
    while (folders && *folders) {
        size_t length = strcspn(folders, ":");
        if (length > 0 && length + sizeof name <= size) {
            memcpy(path, folders, length);
            memcpy(path + length, name, sizeof name);
            if (access(path, X_OK) == 0) return true;
        }
        folders += length + (folders[length] == ':');
    }
    path[0] = '\0';
    return false;
}

/* The first line that reports an error; gnuplot echoes the faulty command before it. */
static const char *error_line(const struct c4_text *output) {
    char *fallback = NULL, *rest = NULL;
    for (char *line = output->bytes ? strtok_r(output->bytes, "\n", &rest) : NULL; line;
         line = strtok_r(NULL, "\n", &rest)) {
        const char *number = strstr(line, "line ");
        if (number && strspn(number + 5, "0123456789") > 0 && !strstr(line, "warning")) return line;
        if (!fallback && line[strspn(line, " \t^")] != '\0') fallback = line;
    }
    return fallback ? fallback : "it gave no reason";
}

/* In the child of a multithreaded process: only async-signal-safe functions. */
static _Noreturn void become_gnuplot(const char *gnuplot, const char *folder, char *const *argv,
                                     int output) {
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* or it could draw into a folder already cleaned up */
    int null = open("/dev/null", O_RDWR);
    if (null >= 0 && dup2(null, 0) >= 0 && dup2(null, 1) >= 0 && dup2(output, 2) >= 0 &&
        chdir(folder) == 0)
        execv(gnuplot, argv);
    static const char sentence[] = "cannot be started here";
    ssize_t ignored = write(2, sentence, sizeof sentence - 1);
    (void)ignored;
    _exit(127);
}

/* Reads until the pipe closes; false on a timeout. */
static bool read_output(int input, struct c4_text *output) {
    int64_t end_ns = c4_clock_ns() + (int64_t)TIMEOUT_MS * 1000000;
    char piece[PIECE_BYTES];
    for (;;) {
        int64_t left_ns = end_ns - c4_clock_ns();
        if (left_ns <= 0) return false;
        struct pollfd wait = {.fd = input, .events = POLLIN};
        if (poll(&wait, 1, (int)(left_ns / 1000000) + 1) <= 0) continue;
        ssize_t n = read(input, piece, sizeof piece);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return true;
        for (ssize_t i = 0; i < n; i++)
            if (piece[i] == '\0') piece[i] = ' ';
        c4_text_add_bytes(output, piece, (size_t)n);
    }
}

static enum c4_status open_pipe(int ends[2]) {
    /* Close-on-exec from the start: another thread may start its own gnuplot at any moment. */
    if (pipe2(ends, O_CLOEXEC) != 0)
        return c4_fail(C4_ERR_ENVIRONMENT, "cannot make a pipe to gnuplot: %s", strerror(errno));
    return C4_OK;
}

/* gnuplot's arguments, a NULL-terminated vector for free(); NULL: no memory. execv() does not write
 * to its strings. */
static char **arguments_of(const struct c4_gnuplot_script *script, int count) {
    char **argv = malloc((size_t)(3 + 3 * count) * sizeof *argv);
    if (!argv) return NULL;
    char **next = argv;
    *next++ = "gnuplot";
    *next++ = "-d";
    for (int i = 0; i < count; i++) {
        *next++ = "-e";
        *next++ = (char *)script[i].command;
        *next++ = (char *)script[i].name;
    }
    *next = NULL;
    return argv;
}

/* What a gnuplot that has ended says; `output` is its standard error, `place` its script or, of
 * several, their folder. */
static enum c4_status result_of(const char *gnuplot, const char *place, int result,
                                struct c4_text *output) {
    if (WIFSIGNALED(result))
        return c4_fail(C4_ERR_FAILED, "%s: gnuplot was killed by signal %d", place,
                       WTERMSIG(result));
    if (output->lost) return c4_text_add_bytes(output, "", 0);
    if (WEXITSTATUS(result) == 127)
        return c4_fail(C4_ERR_ENVIRONMENT, "%s: %s %s", place, gnuplot, c4_text_string(output));
    if (WEXITSTATUS(result) != 0)
        return c4_fail(C4_ERR_FAILED, "%s: gnuplot failed: %s", place, error_line(output));
    return C4_OK;
}

static enum c4_status run(const char *gnuplot, const char *folder, char *const *argv,
                          const char *place) {
    int ends[2];
    C4_TRY(open_pipe(ends));
    pid_t child = fork();
    if (child == 0) become_gnuplot(gnuplot, folder, argv, ends[1]);
    close(ends[1]);
    if (child < 0) {
        close(ends[0]);
        return c4_fail(C4_ERR_ENVIRONMENT, "cannot start gnuplot: %s", strerror(errno));
    }
    struct c4_text output = {0};
    bool in_time = read_output(ends[0], &output);
    close(ends[0]);
    if (!in_time) kill(child, SIGKILL);
    int result = 0;
    while (waitpid(child, &result, 0) < 0 && errno == EINTR) {
    }
    enum c4_status status =
        in_time ? result_of(gnuplot, place, result, &output)
                : c4_fail(C4_ERR_FAILED, "%s: gnuplot took longer than %d s and was stopped", place,
                          TIMEOUT_MS / 1000);
    c4_text_free(&output);
    return status;
}

enum c4_status c4_gnuplot_run(const char *gnuplot, const char *folder,
                              const struct c4_gnuplot_script *script, int count) {
    struct c4_text place = {0};
    enum c4_status status = c4_text_add(&place, "%s%s%s", folder, count == 1 ? "/" : "",
                                        count == 1 ? script->name : "");
    char **argv = arguments_of(script, count);
    if (!argv) status = c4_fail(C4_ERR_MEMORY, "out of memory for gnuplot's arguments");
    if (status == C4_OK) status = run(gnuplot, folder, argv, c4_text_string(&place));
    free(argv);
    c4_text_free(&place);
    return status;
}
