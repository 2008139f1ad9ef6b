#include "repro/workers/worker.h"

#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "core/host/clock.h"
#include "core/host/memory_bind.h"
#include "core/host/memory_limit.h"
#include "core/host/topology.h"
#include "core/op/names.h"
#include "repro/run/known_checkpoint.h"
#include "repro/workers/binding.h"
#include "repro/workers/speed.h"
#include "simd/dispatch.h"

#define PROGRESS_NS INT64_C(100000000)

/* The state of this process. */
struct worker {
    int in, out;
    struct c4_inbox inbox;
    size_t taken;
    struct c4_worker_setup setup;
    struct c4_topology topology;
    struct c4_images images;
    struct c4_dispatch dispatch;
    struct c4_binding binding;
    struct c4_runner runner;
    struct c4_execution *execution;
    struct c4_row_list rows;
    uint64_t images_done; /* of the segment */
    int64_t said_ns;
};

static enum c4_status answer(struct worker *worker, enum c4_message_kind kind, const void *bytes,
                             size_t size_bytes) {
    const struct c4_message_part part = {bytes, size_bytes};
    return c4_message_write(worker->out, kind, &part, 1);
}

/* Fails if the coordinator has closed its end of the pipe. */
static enum c4_status still_wanted(const struct worker *worker) {
    struct pollfd in = {.fd = worker->in, .events = POLLIN};
    if (poll(&in, 1, 0) > 0 && (in.revents & (POLLHUP | POLLERR)) && !(in.revents & POLLIN))
        return c4_fail(C4_ERR_TERMINATED, "the coordinator is gone");
    return C4_OK;
}

static enum c4_status advance(void *context, uint32_t images) {
    struct worker *worker = context;
    int64_t now_ns = c4_clock_ns();
    worker->images_done += images;
    if (now_ns - worker->said_ns < PROGRESS_NS) return C4_OK;
    worker->said_ns = now_ns;
    C4_TRY(still_wanted(worker));
    if (answer(worker, C4_MESSAGE_PROGRESS, &worker->images_done, sizeof worker->images_done) ==
        C4_OK)
        return C4_OK;
    return c4_fail(C4_ERR_TERMINATED, "the coordinator is gone");
}

/* Where the worker is, and what it computes with. */
static enum c4_status look_around(struct worker *worker, struct c4_worker_ready *found) {
    C4_TRY(c4_binding_read_back(&worker->binding, found));
    snprintf(found->backend, sizeof found->backend, "%s", worker->setup.backend);
    found->node = -1;
    for (int i = 0; found->threads > 0 && i < worker->topology.pus; i++)
        if (worker->topology.pu[i].os_index == found->pu[0])
            found->node = worker->topology.node[worker->topology.pu[i].node].os_index;
    return C4_OK;
}

static enum c4_status take_place(struct worker *worker, const struct c4_worker_place *place) {
    int before = worker->binding.team.threads;
    C4_TRY(c4_binding_take(&worker->binding, place));
    worker->runner.threads = place->threads;
    if (place->threads == before) return C4_OK;
    return c4_execution_change_team(worker->execution);
}

/* Binds first, so that later allocations are local; only the machine is read before, of which bound
 * threads see less. */
static enum c4_status set_up(struct worker *worker, const struct c4_message *message) {
    struct c4_worker_setup *setup = &worker->setup;
    if (message->size_bytes != sizeof *setup)
        return c4_fail(C4_ERR_FAILED, "worker: invalid message from the coordinator");
    memcpy(setup, message->payload, sizeof *setup);
    C4_TRY(c4_topology_load(NULL, &worker->topology));
    C4_TRY(c4_binding_open(&worker->binding, &setup->place));
    C4_TRY(c4_dispatch(setup->backend, &worker->dispatch));
    C4_TRY(c4_images_map(setup->images_descriptor, &setup->images, &setup->scale, &worker->images));
    /* From here on "." is the study's folder: what is written cannot end up elsewhere. */
    if (setup->folder[0]) C4_TRY(c4_folder_enter(setup->folder, &setup->folder_identity));
    worker->runner = (struct c4_runner){.folder = setup->folder[0] ? "." : NULL,
                                        .protocol = &setup->protocol,
                                        .scale = &setup->scale,
                                        .images = &worker->images,
                                        .step = worker->dispatch.backend.step,
                                        .gram = c4_backend_gram(&worker->dispatch.backend),
                                        .backend = setup->backend,
                                        .wide = worker->dispatch.backend.is_double,
                                        .threads = setup->place.threads,
                                        .caches = c4_topology_caches(&worker->topology),
                                        .kernels = setup->kernels[0] ? setup->kernels : NULL,
                                        .references = &setup->references,
                                        .arrival_seconds = C4_ARRIVAL_SECONDS,
                                        .advance = advance,
                                        .context = worker};
    C4_TRY(c4_execution_new(&worker->runner, &worker->execution));
    struct c4_worker_ready ready;
    worker->binding.images_node =
        c4_memory_probe_area(worker->images.mapping, worker->images.mapping_bytes);
    C4_TRY(look_around(worker, &ready));
    return answer(worker, C4_MESSAGE_READY, &ready, sizeof ready);
}

static enum c4_status measure_speed(struct worker *worker, const struct c4_message *message) {
    struct c4_measurement_order order;
    struct c4_speed speed;
    if (message->size_bytes != sizeof order)
        return c4_fail(C4_ERR_FAILED, "worker: invalid message from the coordinator");
    memcpy(&order, message->payload, sizeof order);
    C4_TRY(take_place(worker, &order.place));
    if (order.training_only)
        C4_TRY(c4_speed_measure_training(&worker->runner, &speed));
    else
        C4_TRY(c4_speed_measure(&worker->runner, &speed));
    return answer(worker, C4_MESSAGE_SPEED, &speed, sizeof speed);
}

static enum c4_status send_done(struct worker *worker, struct c4_segment_done *done) {
    const struct c4_row_list *rows = &worker->rows;
    const struct c4_dataset *training = c4_execution_training(worker->execution);
    c4_dataset_text(training, done->training);
    snprintf(done->training_sha256, sizeof done->training_sha256, "%s", training->sha256);
    done->synthetic = training->synthetic;
    done->substitute = training->substitute;
    done->result_count = rows->result_count;
    done->cost_count = rows->cost_count;
    for (int i = 0; i < rows->cost_count; i++)
        if (rows->costs[i].what == C4_COST_TRAIN) {
            done->trained_seconds += rows->costs[i].seconds;
            done->trained_images += training->count;
        }
    const struct c4_message_part parts[] = {
        {done, sizeof *done},
        {rows->results, (size_t)rows->result_count * sizeof *rows->results},
        {rows->costs, (size_t)rows->cost_count * sizeof *rows->costs}};
    return c4_message_write(worker->out, C4_MESSAGE_DONE, parts, 3);
}

static enum c4_status do_segment(struct worker *worker, const struct c4_message *message,
                                 bool *faulty) {
    struct c4_segment_order order;
    struct c4_segment_done done;
    memset(&done, 0, sizeof done);
    if (message->size_bytes != sizeof order)
        return c4_fail(C4_ERR_FAILED, "worker: invalid message from the coordinator");
    memcpy(&order, message->payload, sizeof order);
    worker->images_done = 0;
    C4_TRY(answer(worker, C4_MESSAGE_PROGRESS, &worker->images_done, sizeof worker->images_done));
    C4_TRY(take_place(worker, &order.place));
    worker->rows.result_count = worker->rows.cost_count = 0;
    worker->rows.statistics = c4_statistics_names[worker->setup.protocol.statistics];
    C4_TRY(
        c4_execution_segment(worker->execution, &order.segment, &worker->rows, &done.last, faulty));
    C4_TRY(look_around(worker, &done.found));
    return send_done(worker, &done);
}

static enum c4_status obey(struct worker *worker, const struct c4_message *message, bool *faulty) {
    switch (message->kind) {
    case C4_MESSAGE_SETUP:
        return set_up(worker, message);
    case C4_MESSAGE_MEASURE:
        return measure_speed(worker, message);
    case C4_MESSAGE_SEGMENT:
        return do_segment(worker, message, faulty);
    default:
        return c4_fail(C4_ERR_FAILED, "worker: unknown message %d", (int)message->kind);
    }
}

static enum c4_status say_failure(struct worker *worker, enum c4_status status, bool faulty) {
    const struct c4_worker_failure failure = {.status = status, .faulty = faulty};
    const struct c4_message_part parts[] = {{&failure, sizeof failure},
                                            {c4_error(), strlen(c4_error()) + 1}};
    return c4_message_write(worker->out, C4_MESSAGE_FAILED, parts, 2);
}

/* Handles messages until the coordinator closes its pipe. */
static void serve(struct worker *worker) {
    bool open = true;
    while (open) {
        struct c4_message message;
        if (!c4_inbox_next(&worker->inbox, &worker->taken, &message)) {
            if (c4_inbox_read(&worker->inbox, worker->in, &open) != C4_OK) return;
            continue;
        }
        bool faulty = false;
        enum c4_status status = obey(worker, &message, &faulty);
        if (status == C4_ERR_TERMINATED) return;
        if (status == C4_OK) continue;
        if (say_failure(worker, status, faulty) != C4_OK) return;
    }
}

/* Every CKA allocates and frees the same large blocks. Freed ones are kept: returned to the system,
 * they would have to be mapped and zeroed again each time. */
static void keep_memory(void) {
#ifdef __GLIBC__
    mallopt(M_MMAP_MAX, 0);
    mallopt(M_TRIM_THRESHOLD, INT_MAX);
#endif
}

int c4_worker_main(void) {
    static struct worker worker; /* zeroed; the setup alone takes hundreds of kilobytes */
    /* Ctrl-C reaches the whole process group; the coordinator ends its workers. */
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    signal(SIGUSR1, SIG_IGN); /* likewise, from a launcher that is to end a job soon */
    signal(SIGPIPE, SIG_IGN);
    c4_memory_go_first(""); /* the coordinator can start another worker, and say why */
    keep_memory();
    worker.in = dup(STDIN_FILENO);
    worker.out = dup(STDOUT_FILENO);
    /* What a library prints must not get between the messages. */
    dup2(STDERR_FILENO, STDOUT_FILENO);
    serve(&worker);
    c4_execution_free(worker.execution);
    c4_images_free(&worker.images);
    c4_topology_free(&worker.topology);
    c4_binding_close(&worker.binding);
    c4_out_free(&worker.rows);
    c4_inbox_free(&worker.inbox);
    return 0;
}
