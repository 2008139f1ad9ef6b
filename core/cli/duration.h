/* Times as options take them: "90" (seconds), "1.5h", "3m", "20s", "3:50" (minutes), "3:50:00". */
#ifndef C4_CLI_DURATION_H
#define C4_CLI_DURATION_H

#include "core/base/status.h"

/* Reads a duration into *seconds. `option` is the option's name in the sentence of C4_ERR_USAGE,
 * which says what is allowed: anything but a duration above 0 and of at most a year is refused. */
enum c4_status c4_duration_read(const char *option, const char *text, double *seconds);

#endif
