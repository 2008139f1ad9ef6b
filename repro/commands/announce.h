/* What `conv4 repro` says before it starts. */
#ifndef C4_REPRO_COMMANDS_ANNOUNCE_H
#define C4_REPRO_COMMANDS_ANNOUNCE_H

#include <stdio.h>

#include "repro/session/session.h"

/* Prints scale, runs, images, backend and places of a session whose images are loaded, which part
 * of the study is selected, what is not official, and what was taken from the folder. */
void c4_announce(const struct c4_session *session, FILE *out);

#endif
