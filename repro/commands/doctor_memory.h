/* The memory part of 'conv4 doctor': what may be used, and what a worker of each scale takes. */
#ifndef C4_REPRO_COMMANDS_DOCTOR_MEMORY_H
#define C4_REPRO_COMMANDS_DOCTOR_MEMORY_H

#include <jansson.h>

#include "simd/dispatch.h"

/* Of the built-in study with this backend on one thread; the caller releases *memory.
 * C4_ERR_MEMORY.
 */
enum c4_status c4_doctor_memory(const struct c4_dispatch *dispatch, json_t **memory);

/* Prints it. */
void c4_doctor_print_memory(const json_t *memory);

#endif
