/* Internals of an agent. */
#ifndef C4_REPRO_RANKS_AGENT_PARTS_H
#define C4_REPRO_RANKS_AGENT_PARTS_H

#include <poll.h>
#include <signal.h>

#include "repro/ranks/agent.h"
#include "repro/workers/process.h"

/* How long a worker may take to end before it is killed; how long a wait lasts before the transport
 * is looked at again, as it has no descriptor. */
enum { C4_AGENT_PATIENCE_SECONDS = 5, C4_AGENT_WAIT_MS = 5 };

struct c4_agent {
    struct c4_transport *transport;
    enum c4_status (*watch)(void *context);
    void *context;
    char host[C4_HOST_NAME_SIZE];
    const struct c4_work *work; /* NULL before hello */
    struct c4_worker_process *worker;
    struct pollfd *poll;
    struct c4_folder folder;
    struct c4_memory_kills kills;
    struct sigaction old_pipe;
    /* Taken from rank 0's messages: */
    struct c4_rank_build *build; /* with the study behind it */
    size_t study_bytes;          /* of both */
    struct c4_rank_folder *shown;
    bool ended;
    int exit_status;
    bool told;       /* rank 0 knows of a failure here */
    int64_t told_ns; /* since when */
    int64_t heard_ns, stepped_ns;
};

/* Sends an agent's NOTE or FAILED. */
enum c4_status c4_agent_say(struct c4_agent *agent, enum c4_rank_tag tag, enum c4_status status,
                            const char *sentence);

/* C4_ERR_FAILED with a sentence if rank 0 has ended the study. */
enum c4_status c4_agent_check_ended(const struct c4_agent *agent);

#endif
