/* `conv4 repro --max-time` and SIGUSR1: how a study is asked to end before it is done, and what is
 * said then. What is done then is decided by repro/planning/time_limit.h. */
#ifndef C4_REPRO_COMMANDS_MAX_TIME_H
#define C4_REPRO_COMMANDS_MAX_TIME_H

#include "core/cli/option.h"
#include "repro/coordinator/coordinator.h"
#include "repro/session/session.h"

#define C4_MAX_TIME_OPTION                                                                         \
    {                                                                                              \
        .name = "max-time", .type = C4_OPTION_STRING, .value = "TIME",                             \
        .help = "end after this time, or soon after SIGUSR1, with status 75, ready to go on: "     \
                "minutes or [DAYS-]H:M:S as Slurm takes them (90, 3:50:00, 1-12)",                 \
    }

/* Time counts from now on, and SIGUSR1 is recorded: before anything that takes time, such as the
 * start of MPI. C4_ERR_FAILED. */
enum c4_status c4_max_time_begin(struct c4_time_limit *limit);

/* Reads --max-time. C4_ERR_USAGE. */
enum c4_status c4_max_time_read(const struct c4_args *args, struct c4_time_limit *limit);

/* Takes over whether SIGUSR1 has asked for an early end; to be called again and again. */
void c4_max_time_look(struct c4_time_limit *limit);

/* The same, and C4_ERR_UNFINISHED if there was such a signal or the time is up: for the time before
 * the runs begin. */
enum c4_status c4_max_time_check(struct c4_time_limit *limit);

/* Appends the predicted `seconds` from now on: "12:30", or "12:30, of which 3:50 fit into
 * --max-time". C4_ERR_MEMORY. */
enum c4_status c4_max_time_add(const struct c4_time_limit *limit, double seconds,
                               struct c4_text *text);

/* The end of the session's study by C4_ERR_UNFINISHED, which is returned with the sentence for the
 * user: why it ended, how many runs are done, what to do next; and how much would have been enough
 * if nothing was committed within --max-time. With --json also prints an object with
 * "finished": false, and which part of the study it was. C4_ERR_MEMORY. */
enum c4_status c4_unfinished_end(const struct c4_session *session,
                                 const struct c4_work_state *state,
                                 const struct c4_time_limit *limit);

#endif
