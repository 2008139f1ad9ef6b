/* What rank 0, which has the coordinator, and the agents of the other ranks send one another. All
 * ranks are the same program, which is checked first. */
#ifndef C4_REPRO_RANKS_RANK_MESSAGES_H
#define C4_REPRO_RANKS_RANK_MESSAGES_H

#include "repro/planning/scheduler.h"
#include "repro/ranks/transport.h"
#include "repro/workers/message.h"

enum c4_rank_tag {
    /* from rank 0 */
    C4_RANK_STUDY = 1, /* struct c4_rank_build, struct c4_rank_study */
    C4_RANK_FOLDER,    /* struct c4_rank_folder; answer: HELLO */
    C4_RANK_START,     /* struct c4_rank_worker, `count` PUs: starts a worker */
    C4_RANK_FRAME,     /* struct c4_rank_worker, a frame for that worker (message.h) */
    C4_RANK_PING,      /* answer: PING */
    C4_RANK_END,       /* int: the exit status for all; answer: BYE, as the last message */
    /* to rank 0 */
    C4_RANK_HELLO,  /* struct c4_rank_hello, its places, their PUs */
    C4_RANK_BYTES,  /* struct c4_rank_worker, bytes of that worker's frames, in their order */
    C4_RANK_CLOSED, /* struct c4_rank_worker, struct c4_worker_end */
    C4_RANK_NOTE,   /* host name and sentence, both with the NUL */
    C4_RANK_FAILED, /* int: enum c4_status; host name and sentence likewise */
    C4_RANK_BYE
};

enum { C4_HOST_NAME_SIZE = 80 };

/* Of the program. Differing ones understand no more of one another than this, NOTE and FAILED. */
struct c4_rank_build {
    char version[32];
    int arithmetic, similarity;
    uint32_t setup_bytes, segment_bytes; /* of messages, which depend on the machine's ABI */
};

struct c4_rank_study {
    struct c4_protocol protocol;
    struct c4_scale scale;
    char arithmetic[256];                 /* as the store has it */
    char runs_sha256[C4_SHA256_HEX_SIZE]; /* of the runs' keys */
};

/* How to know the study's folder, and the images that rank 0 has loaded. */
struct c4_rank_folder {
    char number[C4_SHA256_HEX_SIZE];                         /* that FOLDER/study.ranks has */
    char sha256[C4_SETS_MAX][C4_SPLITS][C4_SHA256_HEX_SIZE]; /* "": not loaded */
};

/* A place of a rank; `where` is numbered from 0 on each rank. */
struct c4_rank_place {
    struct c4_sched_place where;
    int threads, bind; /* of struct c4_worker_place */
};

struct c4_rank_hello {
    char host[C4_HOST_NAME_SIZE];
    char backend[16];
    int widest;
    int places, pus; /* pus: of all places together; 0 without a binding */
};

/* `number` counts a rank's workers from 0. */
struct c4_rank_worker {
    int number, count;
};

/* Sends the parts as one message, which is on its way then. C4_ERR_MEMORY, or C4_ERR_FAILED with
 * the transport's sentence. */
enum c4_status c4_rank_send(struct c4_transport *transport, int rank, enum c4_rank_tag tag,
                            const struct c4_message_part *parts, int count);

/* Takes the next message, if there is one. C4_ERR_FAILED with the transport's sentence. */
enum c4_status c4_rank_receive(struct c4_transport *transport, struct c4_transport_message *message,
                               bool *got);

void c4_rank_build_of_this(struct c4_rank_build *build);

/* SHA-256 of the schedule's keys, a line each. */
enum c4_status c4_rank_runs_hash(const struct c4_schedule *schedule, char hex[C4_SHA256_HEX_SIZE]);

#endif
