/* Runs the outputs of core/cli in the programs they are made for. Include it first, for popen. */
#ifndef C4_TESTS_CORE_CLI_SHELL_H
#define C4_TESTS_CORE_CLI_SHELL_H

#define _XOPEN_SOURCE 700 /* popen, mkstemp, mkdtemp */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/core/cli_sample.h"
#include "tests/harness/unit.h"

/* Ends the test program as skipped (77) unless the program is installed. */
static inline void need(const char *program) {
    char command[128];
    snprintf(command, sizeof command, "command -v %s >/dev/null 2>&1", program);
    if (system(command) == 0) return;
    printf("%s is missing\n", program);
    exit(77);
}

/* The output of a shell command, including standard error; the caller frees it. */
static inline char *output_of(const char *command) {
    char *text;
    size_t size;
    FILE *copy = open_memstream(&text, &size);
    FILE *pipe = popen(command, "r");
    assert_non_null(copy);
    assert_non_null(pipe);
    for (int byte; (byte = fgetc(pipe)) != EOF;) fputc(byte, copy);
    pclose(pipe);
    fclose(copy);
    return text;
}

/* Writes a text to a new file and its name to `path`. */
static inline void write_file(char *path, size_t size,
                              void (*write_text)(FILE *out, const struct c4_program *program)) {
    snprintf(path, size, "cli_file.XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    FILE *file = fdopen(fd, "w");
    assert_non_null(file);
    write_text(file, &sample);
    assert_int_equal(fclose(file), 0);
}

/* Fails unless the command prints exactly `want`. */
static inline void expect(const char *command, const char *want) {
    char *text = output_of(command);
    if (strcmp(text, want) != 0) fail_msg("%s\nprints: %s\nnot: %s", command, text, want);
    free(text);
}

#endif
