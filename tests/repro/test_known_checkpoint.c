/* A checkpoint that was announced and becomes visible late, as on a network file system. */
#include <pthread.h>
#include <time.h>

#include "tests/core/test_file_scratch.h"

#include "core/file/sha256.h"
#include "core/host/clock.h"
#include "core/net/init.h"
#include "repro/run/known_checkpoint.h"

enum { SEED = 5, EPOCH = 3, STOP_AFTER = 4 };

/* How the file gets to its place: another thread renames it there after some time. */
struct arrival {
    char from[640], to[640];
    int delay_ms;
    pthread_t thread;
};

static void *bring(void *context) {
    struct arrival *arrival = context;
    nanosleep(&(struct timespec){.tv_sec = arrival->delay_ms / 1000,
                                 .tv_nsec = arrival->delay_ms % 1000 * 1000000L},
              NULL);
    return rename(arrival->from, arrival->to) == 0 ? context : NULL;
}

struct waiting {
    struct c4_runner runner;
    struct c4_known_checkpoint known;
    struct c4_checkpoint *read;
    struct arrival arrival;
    int calls;
    bool stops; /* the study is stopped in the wait */
};

static enum c4_status advance(void *context, uint32_t images) {
    struct waiting *w = context;
    assert_int_equal(images, 0);
    return ++w->calls >= STOP_AFTER && w->stops ? c4_fail(C4_ERR_TERMINATED, "stopped") : C4_OK;
}

/* A sound checkpoint beside its place, and what is known of it. */
static void set_up(void **state, struct waiting *w, double seconds) {
    struct scratch *scratch = *state;
    memset(w, 0, sizeof *w);
    w->runner = (struct c4_runner){
        .folder = scratch->folder, .arrival_seconds = seconds, .advance = advance, .context = w};
    w->read = c4_checkpoint_new();
    assert_non_null(w->read);
    c4_net_init(SEED, w->read->state);
    w->read->seed = SEED;
    w->read->epoch = EPOCH;
    w->known.epoch = EPOCH;
    c4_run_checkpoint_path("run", EPOCH, w->known.path);
    snprintf(w->arrival.from, sizeof w->arrival.from, "%s", scratch_path(state, "made"));
    snprintf(w->arrival.to, sizeof w->arrival.to, "%s", scratch_path(state, w->known.path));
    assert_int_equal(c4_dir_make(scratch_path(state, "checkpoints/run")), C4_OK);
    assert_int_equal(c4_checkpoint_write(w->arrival.from, w->read), C4_OK);
    assert_int_equal(c4_sha256_file(w->arrival.from, w->known.sha256), C4_OK);
    memset(w->read, 0, sizeof *w->read);
}

static void tear_down(struct waiting *w) {
    c4_checkpoint_free(w->read);
}

/* Puts the first `bytes` bytes of the checkpoint at its place. */
static void truncated(const struct waiting *w, size_t bytes) {
    unsigned char *whole;
    size_t size;
    assert_int_equal(c4_file_read(w->arrival.from, &whole, &size), C4_OK);
    assert_true(bytes < size);
    assert_int_equal(c4_file_write_atomic(w->arrival.to, whole, bytes), C4_OK);
    free(whole);
}

static void arrives(struct waiting *w, int delay_ms) {
    w->arrival.delay_ms = delay_ms;
    int64_t start_ns = c4_clock_ns();
    assert_int_equal(pthread_create(&w->arrival.thread, NULL, bring, &w->arrival), 0);
    if (c4_run_await_checkpoint(&w->runner, &w->known, SEED, w->read) != C4_OK)
        fail_msg("%s", c4_error());
    void *brought;
    assert_int_equal(pthread_join(w->arrival.thread, &brought), 0);
    assert_non_null(brought);
    assert_true(c4_clock_ns() - start_ns >= delay_ms * INT64_C(1000000));
    assert_int_equal(w->read->epoch, EPOCH);
    assert_true(w->calls > 0);
}

/* Missing with its folder at first, then there. */
static void a_late_file_is_read(void **state) {
    static struct waiting w;
    set_up(state, &w, 60);
    arrives(&w, 300);
    tear_down(&w);
}

/* First empty, or a part of it: the length is that of the writer's past. */
static void a_short_file_is_read_when_it_is_whole(void **state) {
    static const size_t bytes[] = {0, 5, 100000};
    for (size_t i = 0; i < sizeof bytes / sizeof *bytes; i++) {
        static struct waiting w;
        set_up(state, &w, 60);
        truncated(&w, bytes[i]);
        arrives(&w, 150);
        tear_down(&w);
    }
}

/* What never comes is told as always, and how long was waited. */
static void what_never_comes_is_told(void **state) {
    static struct waiting w;
    set_up(state, &w, 0.6);
    assert_int_equal(c4_run_await_checkpoint(&w.runner, &w.known, SEED, w.read), C4_ERR_DATA);
    assert_non_null(strstr(c4_error(), "there is no such file; check the path; waited 1 s for it"));
    truncated(&w, 1000);
    assert_int_equal(c4_run_await_checkpoint(&w.runner, &w.known, SEED, w.read), C4_ERR_DATA);
    assert_non_null(strstr(c4_error(), "its SHA-256 differs); waited 1 s for it"));
    tear_down(&w);
}

/* Nobody waits for what was not announced, nor for a file that is as announced and yet wrong. */
static void no_wait_for_others(void **state) {
    static struct waiting w;
    int64_t start_ns = c4_clock_ns();
    set_up(state, &w, 60);
    assert_int_equal(c4_run_read_checkpoint(w.runner.folder, &w.known, SEED, w.read), C4_ERR_DATA);
    assert_null(strstr(c4_error(), "waited"));
    w.runner.arrival_seconds = 0;
    assert_int_equal(c4_run_await_checkpoint(&w.runner, &w.known, SEED, w.read), C4_ERR_DATA);
    assert_null(strstr(c4_error(), "waited"));
    w.runner.arrival_seconds = 60;
    assert_int_equal(rename(w.arrival.from, w.arrival.to), 0);
    assert_int_equal(c4_run_await_checkpoint(&w.runner, &w.known, SEED + 1, w.read), C4_ERR_DATA);
    assert_non_null(strstr(c4_error(), "belongs to another run or epoch"));
    assert_int_equal(w.calls, 0);
    assert_true(c4_clock_ns() - start_ns < INT64_C(30000000000));
    tear_down(&w);
}

/* A study that is stopped does not wait for the file. */
static void a_stop_ends_the_wait(void **state) {
    static struct waiting w;
    int64_t start_ns = c4_clock_ns();
    set_up(state, &w, 60);
    w.stops = true;
    assert_int_equal(c4_run_await_checkpoint(&w.runner, &w.known, SEED, w.read), C4_ERR_TERMINATED);
    assert_string_equal(c4_error(), "stopped");
    assert_int_equal(w.calls, STOP_AFTER);
    assert_true(c4_clock_ns() - start_ns < INT64_C(30000000000));
    tear_down(&w);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, scratch_set_up, scratch_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_late_file_is_read),      TEST(a_short_file_is_read_when_it_is_whole),
        TEST(what_never_comes_is_told), TEST(no_wait_for_others),
        TEST(a_stop_ends_the_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
