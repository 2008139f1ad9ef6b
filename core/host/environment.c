#include "core/host/environment.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/host/clock.h"
#include "core/host/environment_block.h"

void c4_block_value(struct c4_block *b, const char *group, const char *member, json_t *value) {
    json_t *object = json_object_get(b->object, group);
    if (!object) {
        object = json_object();
        if (json_object_set_new(b->object, group, object) != 0) b->incomplete = true;
    }
    if (json_object_set_new(object, member, value) != 0) b->incomplete = true;
}

void c4_block_integer(struct c4_block *b, const char *group, const char *member, int64_t value) {
    c4_block_value(b, group, member, json_integer(value));
}

/* jansson refuses text that is not UTF-8; /proc and environment variables may hold any bytes. */
static json_t *text_value(const char *text) {
    json_t *value = json_string(text);
    if (value) return value;
    char *ascii = strdup(text);
    if (!ascii) return NULL;
    for (char *p = ascii; *p; p++)
        if ((unsigned char)*p >= 0x80) *p = '?';
    value = json_string(ascii);
    free(ascii);
    return value;
}

void c4_block_variable(struct c4_block *b, const char *name, const char *value) {
    json_t *key = text_value(name);
    if (key)
        c4_block_text(b, "variables", json_string_value(key), value,
                      "The variable is set, but empty.");
    else
        b->incomplete = true;
    json_decref(key);
}

void c4_block_null(struct c4_block *b, const char *group, const char *member, const char *reason) {
    struct c4_text path = {0};
    c4_block_value(b, group, member, json_null());
    if (c4_text_add(&path, "%s.%s", group, member) != C4_OK ||
        json_object_set_new(b->reasons, path.bytes, text_value(reason)) != 0)
        b->incomplete = true;
    c4_text_free(&path);
}

void c4_block_text(struct c4_block *b, const char *group, const char *member, const char *text,
                   const char *reason) {
    if (text && *text)
        c4_block_value(b, group, member, text_value(text));
    else
        c4_block_null(b, group, member, reason);
}

void c4_block_built(struct c4_block *b, const char *group, const char *member,
                    const struct c4_text *text, const char *reason) {
    if (text->lost) b->incomplete = true;
    c4_block_text(b, group, member, c4_text_string(text), reason);
}

void c4_block_bytes(struct c4_block *b, const char *group, const char *member, int64_t bytes,
                    const char *reason) {
    if (bytes > 0)
        c4_block_integer(b, group, member, bytes);
    else
        c4_block_null(b, group, member, reason);
}

void c4_block_warn(struct c4_block *b, const char *format, ...) {
    struct c4_text text = {0};
    va_list args;
    va_start(args, format);
    if (c4_text_add_list(&text, format, args) != C4_OK ||
        json_array_append_new(b->warnings, text_value(text.bytes)) != 0)
        b->incomplete = true;
    va_end(args);
    c4_text_free(&text);
}

static void add_backends(struct c4_block *b) {
    json_t *names = json_array();
    for (int i = 0; i < b->input->backends; i++)
        if (json_array_append_new(names, text_value(b->input->backend[i])) != 0)
            b->incomplete = true;
    if (json_object_set_new(b->object, "backends", names) != 0) b->incomplete = true;
}

enum c4_status c4_environment(const struct c4_environment_input *input, json_t **environment) {
    struct c4_block b = {.input = input,
                         .root = input->root ? input->root : "",
                         .object = json_object(),
                         .reasons = json_object(),
                         .warnings = json_array()};
    char date[C4_CLOCK_UTC_BYTES];
    c4_clock_utc(date);
    b.incomplete = !b.object || !b.reasons || !b.warnings ||
                   json_object_set_new(b.object, "schema", json_integer(1)) != 0 ||
                   json_object_set_new(b.object, "date_utc", json_string(date)) != 0;
    if (!b.incomplete) {
        c4_block_text(&b, "program", "version", C4_VERSION, "The build has no version.");
        c4_block_add_machine(&b);
        c4_block_add_program(&b);
        add_backends(&b);
    }
    c4_text_free(&b.read);
    if (json_object_set_new(b.object, "reasons", b.reasons) != 0) b.incomplete = true;
    if (json_object_set_new(b.object, "warnings", b.warnings) != 0) b.incomplete = true;
    if (b.incomplete) {
        json_decref(b.object);
        *environment = NULL;
        return c4_fail(C4_ERR_MEMORY, "Out of memory to describe the environment.");
    }
    *environment = b.object;
    return C4_OK;
}
