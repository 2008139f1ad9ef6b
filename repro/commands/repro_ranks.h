/* `conv4 repro` under a launcher of several ranks: rank 0 makes the study, the others serve it. */
#ifndef C4_REPRO_COMMANDS_REPRO_RANKS_H
#define C4_REPRO_COMMANDS_REPRO_RANKS_H

#include "repro/commands/outlook.h"
#include "repro/ranks/launch.h"
#include "repro/ranks/ranks.h"
#include "repro/session/session.h"

/* Zeroed: this process is alone, and nothing below does anything. */
struct c4_repro_ranks {
    struct c4_transport transport;
    struct c4_rank_share share;
    struct c4_ranks *ranks; /* NULL: alone */
    int workers;            /* of the others, once they are gathered */
};

/* Joins the other ranks, if there are any. True if nothing is left to do for this process, which
 * ends with *exit_status: it was another rank than 0 and has served until the study's end, or it
 * could not join, which it has said. With `alone`, as for a plan, other ranks have nothing to do.
 */
bool c4_repro_ranks_join(const struct c4_args *args, bool alone, struct c4_repro_ranks *ranks,
                         int *exit_status);

/* For c4_session_read(); NULL: alone. */
const struct c4_rank_share *c4_repro_ranks_share(const struct c4_repro_ranks *ranks);

/* Lets the others read and load the study that was read. C4_ERR_USAGE: its results depend on the
 * machine. Errors: those of c4_ranks_begin(). */
enum c4_status c4_repro_ranks_begin(struct c4_repro_ranks *ranks, const struct c4_session *session);

/* After the images are loaded and the folder is made: waits for the others, adapts the session to
 * them, and prints "4 ranks on 2 hosts: 8, 8, 4 and 4 workers.", or nothing. Errors: those of
 * c4_ranks_gather(). */
enum c4_status c4_repro_ranks_gather(struct c4_repro_ranks *ranks, struct c4_session *session,
                                     const struct c4_rank_caller *caller, FILE *out);

/* Workers of all ranks, also after their end. */
int c4_repro_ranks_workers(const struct c4_repro_ranks *ranks, const struct c4_session *session);

/* Adds the others' places. C4_ERR_MEMORY. */
enum c4_status c4_repro_ranks_look_ahead(const struct c4_repro_ranks *ranks,
                                         struct c4_outlook *outlook);

/* Ends the others with this status; from now on this process is alone. */
void c4_repro_ranks_end(struct c4_repro_ranks *ranks, int exit_status);

#endif
