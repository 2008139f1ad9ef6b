/* What a study takes of this machine's memory, and whether it fits. */
#ifndef C4_REPRO_SESSION_SESSION_MEMORY_H
#define C4_REPRO_SESSION_SESSION_MEMORY_H

#include <jansson.h>
#include <stdio.h>

#include "repro/session/session.h"

/* Without --workers, takes as many as memory suffices for, at least one; if that is fewer than
 * there were to be, none is bound, as they do not take every core, unless --places is given: then
 * the places are chosen again. To be called when images are shared. C4_ERR_MEMORY. */
enum c4_status c4_session_fit_workers(struct c4_session *session);

/* Says if there are fewer workers than there were to be. C4_ERR_FAILED, with the numbers, if the
 * memory does not suffice for those that there are, unless `ignore`: then that is said. With `dry`
 * that is only said, too. */
enum c4_status c4_session_check_memory(const struct c4_session *session, bool ignore, bool dry,
                                       FILE *messages);

/* Bytes of the images, which a process loads, and of the copies that c4_node_images_make() then
 * makes on so many NUMA nodes. */
uint64_t c4_session_images_bytes(const struct c4_session *session, int nodes);

/* A limit as an object: bytes, by, control_group_bytes, process_bytes; null where there is none. */
json_t *c4_memory_limit_json(const struct c4_memory_limit *limit);

#endif
