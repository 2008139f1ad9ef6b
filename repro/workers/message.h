/* Messages between the coordinator and its workers: frames of kind, length and a payload of plain
 * values, sent over pipes. Both ends are the same program. */
#ifndef C4_REPRO_WORKERS_MESSAGE_H
#define C4_REPRO_WORKERS_MESSAGE_H

#include "core/host/team.h"
#include "repro/planning/forecast.h"

enum c4_message_kind {
    /* to a worker */
    C4_MESSAGE_SETUP = 1, /* struct c4_worker_setup; answer: READY */
    C4_MESSAGE_MEASURE,   /* struct c4_measurement_order; answer: SPEED */
    C4_MESSAGE_SEGMENT,   /* struct c4_segment_order; answer: PROGRESS at once and again and again,
                             then DONE or FAILED */
    /* from a worker */
    C4_MESSAGE_READY,    /* struct c4_worker_ready */
    C4_MESSAGE_SPEED,    /* struct c4_speed */
    C4_MESSAGE_PROGRESS, /* uint64_t: images of the segment so far */
    C4_MESSAGE_DONE,     /* struct c4_segment_done, its result rows, its cost rows */
    C4_MESSAGE_FAILED    /* struct c4_worker_failure, its sentence with the NUL */
};

enum { C4_PLACE_PUS_MAX = 256 };

/* Where a worker is to work. Its team changes with it. */
struct c4_worker_place {
    int threads;
    int bind;                 /* 1: thread i to pu[i]; 2: likewise, or fail */
    int pu[C4_PLACE_PUS_MAX]; /* OS indices */
};

/* What a worker needs once, at its start. */
struct c4_worker_setup {
    struct c4_protocol protocol;
    struct c4_scale scale;
    struct c4_shared_images images;
    int images_descriptor; /* inherited */
    struct c4_shared_references references;
    struct c4_worker_place place;
    char backend[16];
    char kernels[C4_KERNELS_SIZE]; /* "": the backend's own choice */
    char folder[C4_STORE_PATH_SIZE];
    struct c4_folder_identity folder_identity;
};

/* Where a worker's threads are, read back. */
struct c4_worker_ready {
    char backend[16];                 /* that it computes with */
    int node;                         /* NUMA node of its first thread, if bound; -1: unknown */
    int bound;                        /* every thread is confined to its PU */
    int threads;                      /* if bound, else 0 */
    int pu[C4_PLACE_PUS_MAX];         /* OS index of each thread's PU */
    char reason[C4_TEAM_REASON_SIZE]; /* why a thread is not where it should be; "": it is */
    int memory_bound;                 /* NUMA node that its memory is bound to; -1: not bound */
    int memory_node;                  /* that its memory was found on; -1: unknown, or several */
    int images_node;                  /* of the images that it maps, found likewise */
};

struct c4_measurement_order {
    struct c4_worker_place place;
    int training_only; /* 1: only c4_speed.train_seconds is wanted */
};

struct c4_segment_order {
    struct c4_segment segment;
    struct c4_worker_place place;
};

struct c4_segment_done {
    struct c4_worker_ready found; /* as read back at the segment's end */
    struct c4_known_checkpoint last;
    char training[C4_DATASET_TEXT_BYTES];     /* c4_dataset_text() of the run's images */
    char training_sha256[C4_SHA256_HEX_SIZE]; /* their SHA-256 */
    int synthetic, substitute;
    uint64_t trained_images;
    double trained_seconds;
    int result_count, cost_count;
};

struct c4_worker_failure {
    enum c4_status status;
    int faulty; /* 1: the run itself failed, and would fail again */
};

/* Writes a frame whose payload is `count` parts; blocks. C4_ERR_FAILED if the other end is closed;
 * an incomplete frame is never taken there. */
struct c4_message_part {
    const void *bytes;
    size_t size_bytes;
};
enum c4_status c4_message_write(int descriptor, enum c4_message_kind kind,
                                const struct c4_message_part *parts, int count);

/* Bytes received; the whole frames among them are taken one by one. */
struct c4_inbox {
    unsigned char *bytes;
    size_t used, capacity;
};

/* A frame; the payload lies in the inbox and is valid until the next call for that inbox. */
struct c4_message {
    enum c4_message_kind kind;
    const unsigned char *payload;
    size_t size_bytes;
};

/* Appends a frame, as c4_message_write() writes it, or bytes of one. C4_ERR_MEMORY. */
enum c4_status c4_inbox_add_message(struct c4_inbox *inbox, enum c4_message_kind kind,
                                    const struct c4_message_part *parts, int count);
enum c4_status c4_inbox_add(struct c4_inbox *inbox, const void *bytes, size_t size_bytes);

/* Reads once. Sets *open to false if the other end is closed or reading fails. C4_ERR_MEMORY. */
enum c4_status c4_inbox_read(struct c4_inbox *inbox, int descriptor, bool *open);
/* Drops the previous frame, which has *taken bytes, and takes the next one; false if it is not
 * whole yet. */
bool c4_inbox_next(struct c4_inbox *inbox, size_t *taken, struct c4_message *message);
void c4_inbox_free(struct c4_inbox *inbox);

#endif
