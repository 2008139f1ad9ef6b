/* Peers run only while they are asked, and end with the program. */
#include "bench/peers/process.h"
#include "core/host/sysfile.h"
#include "tests/harness/unit.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PATIENCE_SECONDS = 60 };

static const char *const no_variables[] = {NULL};
static struct c4_text reason;

static void start(struct c4_peer_process *peer, const char *script) {
    char *argv[] = {"sh", "-c", (char *)script, NULL};
    assert_int_equal(c4_peer_process_start(peer, argv, no_variables, NULL, 0, "/dev/null"), C4_OK);
}

/* The integer `key` of the answer. */
static int ask(struct c4_peer_process *peer, const char *line, const char *key) {
    json_t *answer;
    assert_int_equal(c4_peer_process_ask(peer, line, PATIENCE_SECONDS, &answer, &reason),
                     C4_PEER_ANSWERED);
    const int value = (int)json_integer_value(json_object_get(answer, key));
    json_decref(answer);
    return value;
}

/* 'R' running, 'S' sleeping, 'T' stopped, 'Z' ended; 0: no such process. */
static char state_of(pid_t pid) {
    struct c4_text path = {0}, line = {0};
    assert_int_equal(c4_text_add(&path, "/proc/%d/stat", (int)pid), C4_OK);
    const char *name_end = c4_sysfile_line("", path.bytes, &line) ? strrchr(line.bytes, ')') : NULL;
    const char state = name_end ? name_end[2] : 0;
    c4_text_free(&path);
    c4_text_free(&line);
    return state;
}

/* Whether the process comes into one of these states. */
static bool becomes(pid_t pid, const char *states) {
    for (int ms = 0; ms < 1000 * PATIENCE_SECONDS; ms += 10) {
        const char state = state_of(pid);
        if (state ? strchr(states, state) != NULL : strchr(states, 'Z') != NULL) return true;
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    }
    return false;
}

/* As the threads of a library do that wait for more work, but for ever. */
static void a_peer_runs_only_while_it_is_asked(void **state) {
    (void)state;
    struct c4_peer_process peer;
    start(&peer, "while kill -0 $$; do :; done & echo \"{\\\"busy\\\": $!}\"\n"
                 "while read -r word; do\n"
                 "  [ \"$word\" = quit ] && exit\n"
                 "  read -r line </proc/$!/stat; set -- ${line##*)}; echo \"{\\\"stopped\\\": "
                 "$([ $1 = T ] && echo 1 || echo 0)}\"\n"
                 "done");
    const pid_t leader = peer.pid, busy = ask(&peer, NULL, "busy");
    assert_true(busy > 0);
    for (int round = 0; round < 3; round++) {
        assert_true(becomes(busy, "T"));
        assert_true(becomes(leader, "T"));
        assert_int_equal(ask(&peer, "are you busy?", "stopped"), 0);
    }
    c4_peer_process_stop(&peer, PATIENCE_SECONDS);
    assert_true(becomes(leader, "Z"));
    assert_true(becomes(busy, "Z"));
}

/* The program is killed while its peer is stopped: the end of its input still reaches the peer,
 * which holds the writing end of `held` until it exits. */
static void a_stopped_peer_ends_with_the_program(void **state) {
    (void)state;
    int held[2];
    assert_int_equal(pipe(held), 0);
    const pid_t program = fork();
    assert_true(program >= 0);
    if (program == 0) {
        struct c4_peer_process peer;
        start(&peer, "echo '{\"value\": 1}'; while read -r word; do :; done");
        if (ask(&peer, NULL, "value") != 1 || !becomes(peer.pid, "T")) _exit(1);
        raise(SIGKILL);
    }
    int result;
    close(held[1]);
    assert_int_equal(waitpid(program, &result, 0), program);
    assert_true(WIFSIGNALED(result));
    struct pollfd end = {.fd = held[0], .events = POLLIN};
    assert_int_equal(poll(&end, 1, 1000 * PATIENCE_SECONDS), 1);
    char byte;
    assert_int_equal(read(held[0], &byte, 1), 0);
    close(held[0]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_peer_runs_only_while_it_is_asked),
        cmocka_unit_test(a_stopped_peer_ends_with_the_program),
    };
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    c4_text_free(&reason);
    return failed;
}
