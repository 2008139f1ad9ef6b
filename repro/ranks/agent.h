/* What every rank but 0 does in a study: it starts workers as rank 0 asks for them, and passes
 * messages between them and rank 0 (repro/ranks/ranks.h). It writes nothing but what its workers
 * do, and prints nothing. */
#ifndef C4_REPRO_RANKS_AGENT_H
#define C4_REPRO_RANKS_AGENT_H

#include "repro/ranks/rank_messages.h"
#include "repro/workers/work.h"

struct c4_agent;

/* `transport` is borrowed. `watch` is called several times a second while the agent waits; a status
 * other than C4_OK, such as that of a signal, is told to rank 0, once, which then ends all ranks.
 * C4_ERR_MEMORY. */
enum c4_status c4_agent_open(struct c4_transport *transport, enum c4_status (*watch)(void *context),
                             void *context, struct c4_agent **agent);

/* Waits for the study. C4_ERR_FAILED: rank 0 is another program; or it has ended the study, here
 * and below (c4_agent_ended()). */
enum c4_status c4_agent_study(struct c4_agent *agent, struct c4_rank_study *study);

/* Waits until rank 0 has shown its images and the study's folder, and until `folder`, which may be
 * on a slow network file system, is seen to be the same: up to 90 seconds, or 5 on a local file
 * system. C4_ERR_DATA: other images. C4_ERR_ENVIRONMENT: another folder. */
enum c4_status c4_agent_folder(struct c4_agent *agent, const char *folder,
                               const struct c4_images *images);

/* Says hello: these workers can be had. `work` is borrowed. C4_ERR_FAILED, C4_ERR_MEMORY. */
enum c4_status c4_agent_hello(struct c4_agent *agent, const struct c4_work *work);

/* Handles what has arrived, after waiting for it at most `wait_ms`. Errors: a worker that cannot be
 * started; those of the transport. */
enum c4_status c4_agent_step(struct c4_agent *agent, int wait_ms);

/* Rank 0 has ended the study. */
bool c4_agent_ended(const struct c4_agent *agent);

/* A sentence for rank 0's user. With c4_agent_fail() c4_error() is that sentence, and rank 0 ends
 * the study. */
enum c4_status c4_agent_note(struct c4_agent *agent, const char *sentence);
void c4_agent_fail(struct c4_agent *agent, enum c4_status status);

/* Waits for the study's end, ends the workers, and leaves the transport together with all other
 * ranks. Returns the exit status that rank 0 gives to all. If rank 0 is gone, all ranks are aborted
 * and this process with them. */
int c4_agent_close(struct c4_agent *agent);

#endif
