/* How the predicted time of a study changes with the number of places and with what teams lose. */
#ifndef C4_REPRO_COMMANDS_SCALING_H
#define C4_REPRO_COMMANDS_SCALING_H

#include <jansson.h>

#include "repro/commands/outlook.h"

/* A row for the first 1, 2, 4, ... and for all places: time, utilisation, what no order of runs can
 * be faster than and, with teams, the times if these lose a fifth less or more than their speeds
 * say. seconds[i]: run i at one place. C4_ERR_MEMORY. */
enum c4_status c4_scaling_write(const struct c4_outlook *outlook, const struct c4_session *session,
                                const double *seconds, FILE *out);

/* Appends the same to a list of objects. */
enum c4_status c4_scaling_json(const struct c4_outlook *outlook, const struct c4_session *session,
                               const double *seconds, json_t *list);

#endif
