/* `conv4 plan --lines`: a study as commands that any launcher may start in any order. */
#ifndef C4_REPRO_COMMANDS_LINES_H
#define C4_REPRO_COMMANDS_LINES_H

#include <stdio.h>

#include "repro/session/session.h"

/* Prints a line for each group of selected runs, the one with the most work first:
 *     conv4 repro --group KEY --out DIR/KEY --scale NAME ...
 * with every option that was given and is not about the plan, quoted for a POSIX shell. DIR is
 * --out. Reads the session itself and asks nothing of this machine, since others may do the lines.
 * Release it with c4_session_free(), also on failure. C4_ERR_USAGE: another kind of plan was asked
 * for, too; there is a study in DIR; a value has a line break. Else as c4_session_read_runs(). */
enum c4_status c4_lines_write(const struct c4_args *args, struct c4_session *session, FILE *out);

#endif
