/* The standard streams as other programs see them. */
#define _GNU_SOURCE /* pipe2, O_DIRECT */
#include "core/cli/streams.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/utf8.h"
#include "tests/harness/unit.h"

#define SENTENCE "rank 1 on host \xc3\xbc: 1\n2"
#define SHOWN "rank 1 on host \xc3\xbc: 1\\n2\n"

/* In a child process, which writes to `to`. */
static void say(int to) {
    dup2(to, STDERR_FILENO);
    c4_streams_open();
    c4_utf8_show(stderr, SENTENCE);
    fputc('\n', stderr);
    fputs("50 %", stderr);
    fflush(stderr);
    _exit(0);
}

/* A pipe of packets keeps writes apart. */
static void test_a_line_is_one_write(void **state) {
    (void)state;
    int ends[2];
    char got[256];
    assert_int_equal(pipe2(ends, O_DIRECT), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        close(ends[0]);
        say(ends[1]);
    }
    close(ends[1]);
    assert_int_equal(read(ends[0], got, sizeof got), strlen(SHOWN));
    assert_memory_equal(got, SHOWN, strlen(SHOWN));
    assert_int_equal(read(ends[0], got, sizeof got), 4);
    assert_memory_equal(got, "50 %", 4);
    assert_int_equal(read(ends[0], got, sizeof got), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    close(ends[0]);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_a_line_is_one_write)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
