/* For environment*.c alone: the disclosure block under construction. */
#ifndef C4_HOST_ENVIRONMENT_BLOCK_H
#define C4_HOST_ENVIRONMENT_BLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "core/host/environment.h"

struct c4_block {
    const struct c4_environment_input *input;
    const char *root;    /* for sysfile.h, never NULL */
    struct c4_text read; /* what was last read from a file */
    json_t *object, *reasons, *warnings;
    bool incomplete; /* memory ran out somewhere; checked once, at the end */
};

/* Each adds a member to the group (which is made on first use). */
void c4_block_value(struct c4_block *b, const char *group, const char *member, json_t *value);
void c4_block_integer(struct c4_block *b, const char *group, const char *member, int64_t value);
void c4_block_null(struct c4_block *b, const char *group, const char *member, const char *reason);

/* Text, or null and the reason if it is NULL or "". If the text is not UTF-8, its bytes beyond
 * ASCII become question marks. */
void c4_block_text(struct c4_block *b, const char *group, const char *member, const char *text,
                   const char *reason);

/* The same of a list or a sentence that was put together, where memory may have run out. */
void c4_block_built(struct c4_block *b, const char *group, const char *member,
                    const struct c4_text *text, const char *reason);

/* The same of an environment variable in the group "variables", whose name may hold any bytes, too.
 */
void c4_block_variable(struct c4_block *b, const char *name, const char *value);

/* Bytes, or null if 0. */
void c4_block_bytes(struct c4_block *b, const char *group, const char *member, int64_t bytes,
                    const char *reason);

__attribute__((format(printf, 2, 3))) void c4_block_warn(struct c4_block *b, const char *format,
                                                         ...);

/* The groups that describe the machine: cpu, topology, frequency, memory, system, load, cgroup. */
void c4_block_add_machine(struct c4_block *b);

/* The groups that describe the program: build, libraries, variables, floating_point. */
void c4_block_add_program(struct c4_block *b);

#endif
