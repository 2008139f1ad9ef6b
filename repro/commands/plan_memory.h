/* What a study takes of memory where it is planned for: of each worker, machine and NUMA node. */
#ifndef C4_REPRO_COMMANDS_PLAN_MEMORY_H
#define C4_REPRO_COMMANDS_PLAN_MEMORY_H

#include <jansson.h>
#include <stdio.h>

#include "repro/commands/outlook.h"

/* "Memory: 201 MB for each worker, ..." in a line, and a line for NUMA nodes with as much each, or
 * for each node, if workers are bound and their machine has several; what does not fit is said. To
 * be called when images are loaded. C4_ERR_MEMORY. */
enum c4_status c4_plan_memory_write(const struct c4_outlook *outlook,
                                    const struct c4_session *session, FILE *out);

/* The same as an object; NULL without memory. */
json_t *c4_plan_memory_json(const struct c4_outlook *outlook, const struct c4_session *session);

#endif
