/* Rank 0 and an agent, over a transport within this process: what is said, checked and relayed. The
 * workers are this program, which answers every message with its own payload. */
#include "tests/harness/unit.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/host/program.h"
#include "repro/ranks/agent.h"
#include "repro/ranks/ranks.h"

enum { QUEUE = 256, BIG = 300000 };

/* Messages on their way to each of two ranks. */
static struct wire {
    struct c4_transport_message message[QUEUE];
    int count;
} wires[2];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static bool put(struct c4_transport *transport, int rank, int tag, unsigned char *bytes,
                size_t size_bytes) {
    struct wire *wire = &wires[rank];
    pthread_mutex_lock(&lock);
    bool room = wire->count < QUEUE;
    if (room)
        wire->message[wire->count++] = (struct c4_transport_message){
            .rank = transport->rank, .tag = tag, .size_bytes = size_bytes, .bytes = bytes};
    pthread_mutex_unlock(&lock);
    return room;
}

static bool refuse(struct c4_transport *transport, int rank, int tag, unsigned char *bytes,
                   size_t size_bytes) {
    (void)rank, (void)tag, (void)size_bytes;
    snprintf(transport->why, sizeof transport->why, "no way");
    free(bytes);
    return false;
}

static bool take(struct c4_transport *transport, struct c4_transport_message *message, bool *got) {
    struct wire *wire = &wires[transport->rank];
    pthread_mutex_lock(&lock);
    *got = wire->count > 0;
    if (*got) {
        *message = wire->message[0];
        memmove(wire->message, wire->message + 1, (size_t)--wire->count * sizeof *wire->message);
    }
    pthread_mutex_unlock(&lock);
    return true;
}

static bool finish(struct c4_transport *transport) {
    (void)transport;
    return true;
}

static void end_all(struct c4_transport *transport, int exit_status) {
    (void)transport;
    fprintf(stderr, "aborted with %d\n", exit_status);
    abort();
}

/* Both ends, the agent's work, and a folder. */
struct ends {
    struct c4_transport transport[2];
    struct c4_ranks *ranks;
    struct c4_agent *agent;
    struct c4_rank_study study;
    struct c4_images images, others; /* of rank 0, of the agent */
    struct c4_runner runner;
    struct c4_topology topology;
    struct c4_place place[2];
    int pu[2];
    struct c4_placement placement;
    struct c4_work work;
    char folder[64];
    enum c4_status joined; /* the agent's */
    bool has_joined;
    int exit_status;
    char note[256];
};

static enum c4_status join(void *context) {
    struct ends *e = context;
    if (e->has_joined) return C4_OK;
    e->has_joined = true;
    e->joined = c4_agent_folder(e->agent, e->folder, &e->others);
    if (e->joined == C4_OK) e->joined = c4_agent_hello(e->agent, &e->work);
    if (e->joined != C4_OK) c4_agent_fail(e->agent, e->joined);
    return C4_OK;
}

static void report(void *context, const char *sentence) {
    struct ends *e = context;
    snprintf(e->note, sizeof e->note, "%s", sentence);
}

static struct c4_rank_caller caller_of(struct ends *e) {
    return (struct c4_rank_caller){join, report, e};
}

static void open_ends(struct ends *e) {
    memset(e, 0, sizeof *e);
    for (int i = 0; i < 2; i++)
        e->transport[i] = (struct c4_transport){
            .rank = i, .size = 2, .send = put, .receive = take, .finish = finish, .abort = end_all};
    snprintf(e->folder, sizeof e->folder, "/tmp/conv4-ranks-XXXXXX");
    assert_non_null(mkdtemp(e->folder));
    e->runner = (struct c4_runner){.backend = "portable"};
    e->topology = (struct c4_topology){.l3_domains = 1, .nodes = 1};
    for (int i = 0; i < 2; i++) {
        e->pu[i] = 3 + 2 * i;
        e->place[i] = (struct c4_place){.threads = 1, .pu = &e->pu[i]};
    }
    e->placement = (struct c4_placement){.places = 2, .place = e->place};
    e->work = (struct c4_work){.runner = &e->runner,
                               .images = {.bytes = 1234},
                               .images_descriptor = 77,
                               .references = {.descriptor = 78, .slot_bytes = 5},
                               .workers = 2,
                               .threads = 1,
                               .widest = 4,
                               .placement = &e->placement,
                               .topology = &e->topology,
                               .must_bind = true};
    e->study.protocol.batch = 17;
    assert_int_equal(c4_ranks_open(&e->transport[0], &e->ranks), C4_OK);
    assert_int_equal(c4_agent_open(&e->transport[1], NULL, NULL, &e->agent), C4_OK);
}

static void meet(struct ends *e) {
    struct c4_rank_study study;
    const struct c4_rank_caller caller = caller_of(e);
    int widest = C4_TEAM_WIDEST;
    open_ends(e);
    assert_int_equal(c4_ranks_begin(e->ranks, &e->study), C4_OK);
    assert_int_equal(c4_agent_study(e->agent, &study), C4_OK);
    assert_int_equal(study.protocol.batch, 17);
    assert_int_equal(c4_ranks_gather(e->ranks, e->folder, &e->images, &caller, &widest), C4_OK);
    assert_int_equal(e->joined, C4_OK);
    assert_int_equal(widest, 4);
}

static void *close_agent(void *context) {
    struct ends *e = context;
    e->exit_status = c4_agent_close(e->agent);
    return NULL;
}

/* Ends both, with a status that the agent gets. */
static void part(struct ends *e) {
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, close_agent, e), 0);
    c4_ranks_close(e->ranks, 3);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(e->exit_status, 3);
    assert_int_equal(wires[0].count + wires[1].count, 0);
    assert_int_equal(rmdir(e->folder), 0); /* the mark is gone */
}

/* Until the channel has a frame; false: the worker has ended. */
static bool await(struct ends *e, struct c4_channel *channel, struct c4_message *message) {
    const struct c4_rank_caller caller = caller_of(e);
    bool open = true, any;
    while (open) {
        assert_int_equal(c4_agent_step(e->agent, 5), C4_OK);
        assert_int_equal(c4_ranks_pump(e->ranks, &caller, &any), C4_OK);
        assert_int_equal(c4_channel_read(channel, &open), C4_OK);
        if (c4_channel_next(channel, message)) return true;
    }
    return false;
}

static void connect_worker(struct ends *e, int number, struct c4_channel *channel) {
    c4_channel_remote(channel, e->ranks, 1, number);
    c4_ranks_connect(e->ranks, 1, number, channel);
    assert_int_equal(c4_channel_start(channel, &e->pu[number], 1), C4_OK);
}

static void places_are_known(void **state) {
    (void)state;
    static const struct c4_sched_place own[] = {{0, 0, 0}, {4, 1, 0}};
    struct ends *e = malloc(sizeof *e);
    struct c4_text text = {0};
    assert_non_null(e);
    meet(e);
    assert_int_equal(c4_ranks_places(e->ranks), 2);
    for (int i = 0; i < 2; i++) {
        struct c4_ranks_place place;
        c4_ranks_place(e->ranks, i, own, 2, &place);
        assert_int_equal(place.rank, 1);
        assert_int_equal(place.number, i);
        assert_int_equal(place.threads, 1);
        assert_int_equal(place.bind, 2);
        assert_int_equal(place.pu[0], 3 + 2 * i);
        assert_true(place.where.l3 > 4 && place.where.node > 1);
    }
    assert_int_equal(c4_ranks_describe(e->ranks, 5, &text), C4_OK);
    assert_string_equal(c4_text_string(&text), "2 ranks on 1 host: 5 and 2 workers");
    c4_text_free(&text);
    part(e);
    free(e);
}

/* A setup arrives with what is local to the agent, everything else as it was sent. */
static void setups_become_local(void **state) {
    (void)state;
    struct ends *e = malloc(sizeof *e);
    struct c4_worker_setup *setup = calloc(1, sizeof *setup);
    struct c4_channel channel;
    struct c4_message message;
    struct stat info;
    assert_non_null(e);
    assert_non_null(setup);
    meet(e);
    connect_worker(e, 1, &channel);
    setup->protocol.batch = 19;
    setup->images_descriptor = 5;
    snprintf(setup->backend, sizeof setup->backend, "avx512");
    snprintf(setup->folder, sizeof setup->folder, "elsewhere");
    const struct c4_message_part sent = {setup, sizeof *setup};
    assert_int_equal(c4_channel_write(&channel, C4_MESSAGE_SETUP, &sent, 1), C4_OK);
    assert_true(await(e, &channel, &message));
    assert_int_equal(message.kind, C4_MESSAGE_SPEED);
    assert_int_equal(message.size_bytes, sizeof *setup);
    memcpy(setup, message.payload, sizeof *setup);
    assert_int_equal(setup->protocol.batch, 19);
    assert_int_equal(setup->images_descriptor, 77);
    assert_int_equal(setup->images.bytes, 1234);
    assert_int_equal(setup->references.descriptor, 78);
    assert_string_equal(setup->backend, "portable");
    assert_string_equal(setup->folder, e->folder);
    assert_int_equal(stat(e->folder, &info), 0);
    assert_int_equal(setup->folder_identity.inode, info.st_ino);
    c4_channel_dismiss(&channel);
    free(setup);
    part(e);
    free(e);
}

/* Large frames arrive whole and in order; a worker that dies says how, takes nothing more, and can
 * be started again. */
static void frames_are_relayed(void **state) {
    (void)state;
    struct ends *e = malloc(sizeof *e);
    unsigned char *bytes = malloc(BIG);
    struct c4_channel channel[2];
    struct c4_message message;
    struct c4_worker_end end;
    assert_non_null(e);
    assert_non_null(bytes);
    meet(e);
    for (int i = 0; i < 2; i++) connect_worker(e, i, &channel[i]);
    for (int round = 0; round < 6; round++) {
        struct c4_channel *one = &channel[round % 2];
        size_t size_bytes = round < 4 ? BIG - (size_t)round * 7 : 0;
        for (size_t i = 0; i < size_bytes; i++) bytes[i] = (unsigned char)(i * 31 + (size_t)round);
        const struct c4_message_part parts[] = {
            {bytes, size_bytes / 3}, {bytes + size_bytes / 3, size_bytes - size_bytes / 3}};
        assert_int_equal(c4_channel_write(one, C4_MESSAGE_MEASURE, parts, 2), C4_OK);
        assert_true(await(e, one, &message));
        assert_int_equal(message.size_bytes, size_bytes);
        assert_memory_equal(message.payload, bytes, size_bytes);
    }
    assert_int_equal(c4_channel_write(&channel[0], C4_MESSAGE_SEGMENT, NULL, 0), C4_OK);
    assert_false(await(e, &channel[0], &message));
    c4_channel_dismiss(&channel[0]);
    c4_channel_reap(&channel[0], 5, &end);
    assert_string_equal(end.how, "was killed by signal 9 (Killed)");
    assert_int_equal(end.status, -1);
    assert_int_equal(c4_channel_write(&channel[0], C4_MESSAGE_MEASURE, NULL, 0), C4_OK);
    assert_int_equal(c4_channel_start(&channel[0], &e->pu[0], 1), C4_OK);
    const struct c4_message_part part_of = {bytes, 9};
    assert_int_equal(c4_channel_write(&channel[0], C4_MESSAGE_MEASURE, &part_of, 1), C4_OK);
    assert_true(await(e, &channel[0], &message));
    assert_int_equal(message.size_bytes, 9);
    for (int i = 0; i < 2; i++) c4_channel_dismiss(&channel[i]);
    free(bytes);
    part(e);
    free(e);
}

/* A study that another rank cannot do ends with that rank's status and sentence. */
static void other_images_are_refused(void **state) {
    (void)state;
    struct ends *e = malloc(sizeof *e);
    struct c4_rank_study study;
    int widest = 8;
    assert_non_null(e);
    open_ends(e);
    const struct c4_rank_caller caller = caller_of(e);
    struct c4_dataset *set[] = {&e->images.set[0].split[0], &e->others.set[0].split[0]};
    for (int i = 0; i < 2; i++) {
        set[i]->count = 1;
        snprintf(set[i]->name, sizeof set[i]->name, "pictures");
        snprintf(set[i]->sha256, sizeof set[i]->sha256, "%d", i);
    }
    assert_int_equal(c4_ranks_begin(e->ranks, &e->study), C4_OK);
    assert_int_equal(c4_agent_study(e->agent, &study), C4_OK);
    assert_int_equal(c4_ranks_gather(e->ranks, e->folder, &e->images, &caller, &widest),
                     C4_ERR_DATA);
    assert_non_null(strstr(c4_error(), "rank 1 on host "));
    assert_non_null(strstr(c4_error(), "the images of pictures are not those of rank 0"));
    part(e);
    free(e);
}

static void another_program_is_refused(void **state) {
    (void)state;
    struct ends *e = malloc(sizeof *e);
    struct c4_rank_study study;
    const struct c4_rank_caller caller = {join, report, e};
    bool any;
    assert_non_null(e);
    open_ends(e);
    e->has_joined = true;
    assert_int_equal(c4_ranks_begin(e->ranks, &e->study), C4_OK);
    snprintf((char *)wires[1].message[0].bytes, 32, "0.0.1"); /* its version */
    assert_int_equal(c4_agent_study(e->agent, &study), C4_ERR_FAILED);
    assert_non_null(strstr(c4_error(), "rank 0 is 0.0.1"));
    c4_agent_fail(e->agent, C4_ERR_FAILED);
    assert_int_equal(c4_ranks_pump(e->ranks, &caller, &any), C4_ERR_FAILED);
    assert_non_null(strstr(c4_error(), "rank 1 on host "));
    part(e);
    free(e);
}

static void notes_are_passed_on(void **state) {
    (void)state;
    struct ends *e = malloc(sizeof *e);
    bool any;
    assert_non_null(e);
    meet(e);
    const struct c4_rank_caller caller = caller_of(e);
    assert_int_equal(c4_agent_note(e->agent, "it rains"), C4_OK);
    assert_int_equal(c4_ranks_pump(e->ranks, &caller, &any), C4_OK);
    assert_true(any);
    assert_non_null(strstr(e->note, ": it rains"));
    assert_int_equal(strncmp(e->note, "rank 1 on host ", 15), 0);
    part(e);
    free(e);
}

static bool fail_to_finish(struct c4_transport *transport) {
    snprintf(transport->why, sizeof transport->why, "the net is torn");
    return false;
}

static void leave(struct c4_transport *transport, int exit_status) {
    (void)transport;
    _exit(40 + exit_status);
}

/* Whoever is aborted is told why, as launchers only say that it was. */
static void an_abort_is_explained(void **state) {
    (void)state;
    struct ends *e = malloc(sizeof *e);
    char said[512] = "";
    int ends[2], status = 0;
    assert_non_null(e);
    meet(e);
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        e->transport[0].finish = fail_to_finish;
        e->transport[0].abort = leave;
        part(e);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 43);
    assert_true(read(ends[0], said, sizeof said - 1) > 0);
    assert_non_null(strstr(said, "the net is torn; all ranks are aborted"));
    close(ends[0]);
    close(ends[1]);
    part(e);
    free(e);
}

/* A worker of this machine that is gone is no error, as its end is read; a message to another rank
 * that is not even on its way would be waited for without an end. */
static void writes_that_are_lost_are_errors(void **state) {
    (void)state;
    struct ends *e = malloc(sizeof *e);
    struct c4_channel channel;
    assert_non_null(e);
    meet(e);
    c4_channel_local(&channel);
    assert_int_equal(c4_channel_write(&channel, C4_MESSAGE_MEASURE, NULL, 0), C4_OK);
    c4_channel_remote(&channel, e->ranks, 1, 0);
    e->transport[0].send = refuse;
    assert_int_equal(c4_channel_write(&channel, C4_MESSAGE_MEASURE, NULL, 0), C4_ERR_FAILED);
    e->transport[0].send = put;
    part(e);
    free(e);
}

/* As `conv4 worker`: answers with SPEED and the payload; SEGMENT kills it. */
static int answer(void) {
    struct c4_inbox inbox = {0};
    struct c4_message message;
    size_t taken = 0;
    bool open = true;
    while (open) {
        if (!c4_inbox_next(&inbox, &taken, &message)) {
            if (c4_inbox_read(&inbox, STDIN_FILENO, &open) != C4_OK) return 1;
            continue;
        }
        if (message.kind == C4_MESSAGE_SEGMENT) raise(SIGKILL);
        const struct c4_message_part part_of = {message.payload, message.size_bytes};
        if (c4_message_write(STDOUT_FILENO, C4_MESSAGE_SPEED, &part_of, 1) != C4_OK) return 1;
    }
    c4_inbox_free(&inbox);
    return 0;
}

int main(int argc, char **argv) {
    c4_program_open();
    if (argc == 2 && strcmp(argv[1], "worker") == 0) return answer();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(places_are_known),
        cmocka_unit_test(setups_become_local),
        cmocka_unit_test(frames_are_relayed),
        cmocka_unit_test(other_images_are_refused),
        cmocka_unit_test(another_program_is_refused),
        cmocka_unit_test(notes_are_passed_on),
        cmocka_unit_test(an_abort_is_explained),
        cmocka_unit_test(writes_that_are_lost_are_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
