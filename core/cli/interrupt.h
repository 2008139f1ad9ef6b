/* SIGINT and SIGTERM: the first asks for an orderly end, the second ends the process at once.
 * SIGUSR1: a command that can go on later is asked to end soon. */
#ifndef C4_CLI_INTERRUPT_H
#define C4_CLI_INTERRUPT_H

#include <stdbool.h>

#include "core/base/status.h"

/* From now on the first of these signals is only recorded for c4_interrupted(), and the second ends
 * the process with status 130 (SIGINT) or 143 (SIGTERM). Interrupted system calls are restarted. A
 * SIGINT that the parent had ignored (nohup, background jobs) stays ignored. Another call forgets
 * an earlier signal. C4_ERR_FAILED if the handlers cannot be set. */
enum c4_status c4_interrupt_catch(void);

/* C4_OK, or, after a signal, C4_ERR_INTERRUPTED or C4_ERR_TERMINATED with a sentence. Any thread
 * may call it, any number of times. */
enum c4_status c4_interrupted(void);

/* From now on SIGUSR1, which batch systems send some time before they end a job, is only recorded
 * for c4_interrupt_early(), also if the parent had ignored or blocked it. Another call forgets an
 * earlier signal. C4_ERR_FAILED if the handler cannot be set. */
enum c4_status c4_interrupt_catch_early(void);

/* Whether SIGUSR1 has asked for an early end. Any thread may call it, any number of times. */
bool c4_interrupt_early(void);

/* From now on SIGUSR1 has no effect on this process, nor on those that it starts. */
void c4_interrupt_ignore_early(void);

#endif
