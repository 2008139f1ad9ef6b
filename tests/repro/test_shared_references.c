/* Memory that workers share for references: each is made by one process and read by all, whoever is
 * killed meanwhile, and slots that nobody reads make room for others. */
#include "tests/harness/unit.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "repro/run/shared_references.h"

enum { SLOT = 8192, BLOCK = 512, SLOTS = 128, WAIT_MS = 200, PATIENCE_MS = 60000 };

struct sharing {
    struct c4_shared_references shared;
    struct c4_reference_pool *pool;
};

static void share(struct sharing *s, uint64_t limit_bytes) {
    assert_int_equal(c4_shared_references_make(SLOT, limit_bytes, &s->shared), C4_OK);
    assert_int_equal(s->shared.slot_bytes, SLOT);
    assert_int_equal(c4_reference_pool_open(&s->shared, &s->pool), C4_OK);
}

static void unshare(struct sharing *s) {
    c4_reference_pool_close(s->pool);
    close(s->shared.descriptor);
}

/* Keys differ in their last digit only. */
static const char *key_of(int number) {
    static char key[C4_SHA256_HEX_SIZE];
    memset(key, '0', sizeof key - 1);
    for (size_t i = sizeof key - 2; number > 0; number /= 10) key[i--] = (char)('0' + number % 10);
    return key;
}

static struct c4_reference_lease take(const struct sharing *s, int number, bool only_look) {
    struct c4_reference_lease lease;
    c4_reference_take(s->pool, key_of(number), only_look, &lease);
    return lease;
}

static void fill(const struct sharing *s, int number, struct c4_reference_lease *lease) {
    memset(lease->bytes, number, SLOT);
    c4_reference_publish(s->pool, lease, SLOT);
}

static bool holds(const struct c4_reference_lease *lease, int number) {
    const unsigned char *bytes = lease->bytes;
    if (lease->slot < 0 || !lease->filled || lease->size_bytes != SLOT) return false;
    for (int i = 0; i < SLOT; i++)
        if (bytes[i] != (unsigned char)number) return false;
    return true;
}

/* Makes the reference, and gives it back. */
static void make(const struct sharing *s, int number) {
    struct c4_reference_lease lease = take(s, number, false);
    assert_true(lease.slot >= 0 && !lease.filled);
    assert_true(c4_reference_reserve(s->pool, &lease, SLOT));
    fill(s, number, &lease);
    assert_true(lease.filled);
    c4_reference_release(s->pool, &lease);
    assert_int_equal(lease.slot, -1);
}

static bool is_there(const struct sharing *s, int number) {
    struct c4_reference_lease lease = take(s, number, true);
    const bool there = lease.slot >= 0;
    assert_true(!there || holds(&lease, number));
    c4_reference_release(s->pool, &lease);
    return there;
}

/* --- other processes --- */

enum answer { NOTHING = 'n', TO_MAKE = 'm', FILLED = 'f', WRONG = 'w' };

struct child {
    pid_t pid;
    int answers, orders; /* pipes */
};

/* A process that takes the reference, answers what it got, and waits for an order: 'p' publishes,
 * 'r' releases, 'q' ends it; others are answered with FILLED. */
static struct child child_takes(const struct sharing *s, int number, bool only_look) {
    int answers[2], orders[2];
    assert_int_equal(pipe(answers), 0);
    assert_int_equal(pipe(orders), 0);
    struct child child = {.pid = fork(), .answers = answers[0], .orders = orders[1]};
    assert_true(child.pid >= 0);
    if (child.pid > 0) {
        close(answers[1]);
        close(orders[0]);
        return child;
    }
    close(answers[0]);
    close(orders[1]);
    alarm(2 * PATIENCE_MS / 1000); /* if the test fails and nobody ends it */
    struct sharing own = {.shared = s->shared};
    if (c4_reference_pool_open(&own.shared, &own.pool) != C4_OK) _exit(1);
    struct c4_reference_lease lease = take(&own, number, only_look);
    char word = lease.slot < 0          ? NOTHING
                : !lease.filled         ? TO_MAKE
                : holds(&lease, number) ? FILLED
                                        : WRONG;
    while (write(answers[1], &word, 1) == 1 && read(orders[0], &word, 1) == 1 && word != 'q') {
        if (word == 'p') fill(&own, number, &lease);
        if (word == 'r') c4_reference_release(own.pool, &lease);
        word = FILLED;
        /* What others do must not touch what is read here. */
        if (lease.slot >= 0 && !holds(&lease, number)) word = WRONG;
    }
    _exit(0);
}

static bool answers_within(const struct child *child, int ms) {
    struct pollfd answer = {.fd = child->answers, .events = POLLIN};
    return poll(&answer, 1, ms) == 1;
}

static char answer_of(const struct child *child) {
    char word = 0;
    if (!answers_within(child, PATIENCE_MS)) fail_msg("a process hangs");
    assert_int_equal(read(child->answers, &word, 1), 1);
    return word;
}

static void order(const struct child *child, char word) {
    assert_int_equal(write(child->orders, &word, 1), 1);
    assert_int_equal(answer_of(child), FILLED);
}

static void end(struct child *child, int signal) {
    int how;
    /* Not by closing the pipe: a later child has that end, too. */
    if (signal)
        kill(child->pid, signal);
    else
        assert_int_equal(write(child->orders, "q", 1), 1);
    close(child->orders);
    assert_int_equal(waitpid(child->pid, &how, 0), child->pid);
    if (!signal) assert_true(WIFEXITED(how) && WEXITSTATUS(how) == 0);
    close(child->answers);
}

/* --- tests --- */

static void made_once(void **state) {
    (void)state;
    struct sharing s;
    share(&s, 4 * SLOT);
    struct child maker = child_takes(&s, 1, false);
    assert_int_equal(answer_of(&maker), TO_MAKE);
    struct child reader = child_takes(&s, 1, false);
    assert_false(answers_within(&reader, WAIT_MS)); /* it waits for the maker */
    order(&maker, 'p');
    assert_int_equal(answer_of(&reader), FILLED);
    /* Many read at the same time, the maker among them. */
    assert_true(is_there(&s, 1));
    end(&maker, 0);
    assert_true(is_there(&s, 1));
    end(&reader, 0);
    assert_true(is_there(&s, 1));
    unshare(&s);
}

/* Whoever waits, or comes later, makes what a killed process began. */
static void a_maker_is_killed(void **state) {
    (void)state;
    struct sharing s;
    share(&s, 4 * SLOT);
    for (int waits = 0; waits < 2; waits++) {
        struct child maker = child_takes(&s, 1 + waits, false), next = {0};
        assert_int_equal(answer_of(&maker), TO_MAKE);
        if (waits) next = child_takes(&s, 1 + waits, false);
        if (waits) assert_false(answers_within(&next, WAIT_MS));
        end(&maker, SIGKILL);
        if (!waits) next = child_takes(&s, 1 + waits, false);
        assert_int_equal(answer_of(&next), TO_MAKE);
        order(&next, 'p');
        end(&next, 0);
        assert_true(is_there(&s, 1 + waits));
    }
    /* A killed reader holds nothing back either. */
    struct child reader = child_takes(&s, 1, false);
    assert_int_equal(answer_of(&reader), FILLED);
    end(&reader, SIGKILL);
    for (int i = 3; i < 7; i++) make(&s, i);
    assert_false(is_there(&s, 1));
    unshare(&s);
}

static void given_up(void **state) {
    (void)state;
    struct sharing s;
    share(&s, 4 * SLOT);
    struct child maker = child_takes(&s, 1, false);
    assert_int_equal(answer_of(&maker), TO_MAKE);
    struct child next = child_takes(&s, 1, false);
    assert_false(answers_within(&next, WAIT_MS));
    order(&maker, 'r');
    assert_int_equal(answer_of(&next), TO_MAKE);
    end(&maker, 0);
    order(&next, 'r');
    end(&next, 0);
    assert_false(is_there(&s, 1));
    make(&s, 1);
    unshare(&s);
}

static void only_look_never_waits_nor_makes(void **state) {
    (void)state;
    struct sharing s;
    share(&s, 4 * SLOT);
    assert_int_equal(take(&s, 1, true).slot, -1);
    struct child maker = child_takes(&s, 1, false);
    assert_int_equal(answer_of(&maker), TO_MAKE); /* the look left nothing */
    struct child looks = child_takes(&s, 1, true);
    assert_int_equal(answer_of(&looks), NOTHING);
    end(&looks, 0);
    order(&maker, 'p');
    looks = child_takes(&s, 1, true);
    assert_int_equal(answer_of(&looks), FILLED);
    end(&looks, 0);
    end(&maker, 0);
    unshare(&s);
}

static void keys_differ(void **state) {
    (void)state;
    struct sharing s;
    share(&s, 4 * SLOT);
    make(&s, 1);
    assert_false(is_there(&s, 2));
    make(&s, 2); /* as another one */
    assert_true(is_there(&s, 1) && is_there(&s, 2));
    unshare(&s);
}

/* Bytes that the system keeps for the file. */
static int64_t kept_bytes(const struct sharing *s) {
    struct stat status;
    assert_int_equal(fstat(s->shared.descriptor, &status), 0);
    return (int64_t)status.st_blocks * BLOCK;
}

/* Locks do not keep a process out of what it reads itself. */
static void what_is_read_makes_no_room(void **state) {
    (void)state;
    struct sharing s;
    share(&s, 3 * SLOT);
    make(&s, 1);
    struct c4_reference_lease first = take(&s, 1, false), second;
    assert_true(holds(&first, 1));
    for (int i = 2; i <= 5; i++) make(&s, i);
    assert_true(holds(&first, 1));
    second = take(&s, 5, false);
    assert_true(holds(&second, 5));
    c4_reference_release(s.pool, &second);
    make(&s, 6);
    assert_true(holds(&first, 1));
    c4_reference_release(s.pool, &first);
    for (int i = 7; i <= 9; i++) make(&s, i); /* now it does */
    assert_false(is_there(&s, 1));
    unshare(&s);
}

static void the_longest_unused_makes_room(void **state) {
    (void)state;
    struct sharing s;
    share(&s, 3 * SLOT);
    for (int i = 1; i <= 3; i++) make(&s, i);
    const int64_t full = kept_bytes(&s);
    assert_true(is_there(&s, 1)); /* used: 2, 3, 1 */
    make(&s, 4);
    assert_true(is_there(&s, 1) && !is_there(&s, 2) && is_there(&s, 3) && is_there(&s, 4));
    make(&s, 5); /* used before: 1, 3, 4 */
    assert_true(!is_there(&s, 1) && is_there(&s, 3) && is_there(&s, 4) && is_there(&s, 5));
    assert_int_equal(kept_bytes(&s), full);
    unshare(&s);
}

static void what_is_read_stays(void **state) {
    (void)state;
    struct sharing s;
    share(&s, 3 * SLOT);
    make(&s, 1);
    struct child reader = child_takes(&s, 1, false);
    assert_int_equal(answer_of(&reader), FILLED);
    struct child maker = child_takes(&s, 2, false);
    assert_int_equal(answer_of(&maker), TO_MAKE);
    for (int i = 3; i < 9; i++) make(&s, i);
    assert_true(is_there(&s, 1)); /* though used longest ago */
    order(&maker, 'p');
    order(&reader, '?');
    end(&maker, 0);
    end(&reader, 0);
    for (int i = 9; i < 12; i++) make(&s, i);
    assert_true(!is_there(&s, 1) && !is_there(&s, 2));
    unshare(&s);

    /* If all are read, there is no room for another one. */
    share(&s, SLOT);
    make(&s, 1);
    reader = child_takes(&s, 1, false);
    assert_int_equal(answer_of(&reader), FILLED);
    assert_int_equal(take(&s, 2, false).slot, -1);
    end(&reader, 0);
    make(&s, 2);
    assert_false(is_there(&s, 1));
    unshare(&s);
}

static void no_room_at_all(void **state) {
    (void)state;
    struct sharing s;
    share(&s, SLOT - 1);
    for (int i = 0; i < 3; i++) assert_int_equal(take(&s, 1, false).slot, -1);
    unshare(&s);
    share(&s, SLOT);
    struct c4_reference_lease lease = take(&s, 1, false);
    assert_true(lease.slot >= 0);
    assert_false(c4_reference_reserve(s.pool, &lease, SLOT + 1));
    c4_reference_release(s.pool, &lease);
    c4_reference_release(s.pool, &lease); /* nothing is left to give back */
    assert_false(is_there(&s, 1));
    unshare(&s);
}

static void more_references_than_slots(void **state) {
    (void)state;
    struct sharing s;
    share(&s, 4 * SLOTS * SLOT);
    for (int i = 1; i <= SLOTS + 2; i++) make(&s, i);
    assert_true(!is_there(&s, 1) && !is_there(&s, 2));
    for (int i = 3; i <= SLOTS + 2; i++) assert_true(is_there(&s, i));
    unshare(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(made_once),
                                       cmocka_unit_test(a_maker_is_killed),
                                       cmocka_unit_test(given_up),
                                       cmocka_unit_test(only_look_never_waits_nor_makes),
                                       cmocka_unit_test(keys_differ),
                                       cmocka_unit_test(what_is_read_makes_no_room),
                                       cmocka_unit_test(the_longest_unused_makes_room),
                                       cmocka_unit_test(what_is_read_stays),
                                       cmocka_unit_test(no_room_at_all),
                                       cmocka_unit_test(more_references_than_slots)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
