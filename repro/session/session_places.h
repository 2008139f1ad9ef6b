/* For session.c and cmd_plan.c: workers, threads and places. */
#ifndef C4_REPRO_SESSION_SESSION_PLACES_H
#define C4_REPRO_SESSION_SESSION_PLACES_H

#include "repro/session/session.h"

/* Sets workers, threads, policy, must_bind, topology and placement of a session whose schedule and
 * backend are known; says on stderr what core/host/allowance.h has to say, and that OMP_NUM_THREADS
 * is not used. Without `places`, workers are bound only if together they take every core: two
 * programs that bind to some of the cores would choose the same ones. With it they are always
 * bound, to as many places as there are runs and as the allowance has threads for (but at least
 * one). C4_ERR_USAGE if the policy is none, or the machine has not the places that were asked for.
 */
enum c4_status c4_session_choose_places(struct c4_session *session, const char *places);

#endif
