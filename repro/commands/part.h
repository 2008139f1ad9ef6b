/* What `conv4 repro` and `conv4 plan` say of a part of a study (--shard, --group), which has no
 * figures and no claims of its own. */
#ifndef C4_REPRO_COMMANDS_PART_H
#define C4_REPRO_COMMANDS_PART_H

#include <jansson.h>
#include <stdio.h>

#include "repro/session/session.h"

/* C4_ERR_USAGE: an option of `conv4 repro` that a part cannot follow, --strict-claims. */
enum c4_status c4_part_check(const struct c4_session *session);

/* Prints "Shard 1/2: 13 of the study's 22 runs, in 9 of 12 groups; 49 % of its work.", or nothing
 * if everything is selected. */
void c4_part_say(const struct c4_session *session, FILE *out);

/* Adds "shard" or "group", and "study_runs", to an object, or nothing if everything is selected. */
void c4_part_json(const struct c4_session *session, json_t **object);

/* For a selection without runs: prints why there are none, or with `json` an object. */
enum c4_status c4_part_say_empty(const struct c4_session *session, bool json, FILE *out);

/* The end of `conv4 repro` for a part: how many of the study's runs the folder has now, and the
 * command that comes next. */
struct c4_part_end {
    const struct c4_session *session;
    struct c4_store *store;
    bool finished;       /* no run of the part is left to do */
    int places;          /* of all ranks */
    double seconds;      /* of this invocation */
    double images_per_s; /* in training; 0: nothing was trained */
};
/* Prints it, or with `json` one object. Errors as those of the store; C4_ERR_MEMORY. */
enum c4_status c4_part_end(const struct c4_part_end *end, bool json, FILE *out);

#endif
