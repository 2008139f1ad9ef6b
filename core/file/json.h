/* What the program's JSON output needs beyond jansson: non-finite numbers, atomic files, lines. */
#ifndef C4_FILE_JSON_H
#define C4_FILE_JSON_H

#include "core/base/status.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/* json_loadb(), whose error does not always say that memory ran out, and which may lose characters
 * then. *value is NULL with C4_ERR_MEMORY and a sentence about `path`, and NULL with C4_OK if the
 * text is not JSON for the reason in *error. */
enum c4_status c4_json_load(const char *path, const char *text, size_t size_bytes, size_t flags,
                            json_t **value, json_error_t *error);

/* jansson's functions fail for want of memory one by one, and a caller that checks only the last
 * would print what is incomplete. Therefore c4_json_print() and the functions below that write fail
 * if any allocation of jansson's or of the functions here failed in this thread since the last
 * c4_json_begin(), print or write. */
void c4_json_begin(void);

/* Prints a value, indented by two, and a newline, and releases it; NULL (a failed construction) is
 * C4_ERR_MEMORY, and the sentence says that memory was wanted for `what`. Errors of writing are
 * left to the stream. */
enum c4_status c4_json_print(FILE *out, json_t *value, const char *what);

/* A new reference to a real; null for NaN and infinities, which JSON does not have. NULL only if
 * out of memory. */
json_t *c4_json_real(double value);

/* A new reference to a string; each byte that is not part of a UTF-8 character becomes U+FFFD. NULL
 * only if out of memory. */
json_t *c4_json_text(const char *text);

/* Whether the text is UTF-8, so that json_string() makes NULL of it only if out of memory. */
bool c4_json_is_utf8(const char *text);

/* A new array of the text's lines, each as c4_json_text() makes it. NULL only if out of memory. */
json_t *c4_json_text_lines(const char *text);

/* Appends to an array, or adds a member to an object, and takes the value over. If memory runs out,
 * also if the value is NULL for that reason, the whole is released and becomes NULL, so that only
 * the last of several calls has to be checked. Keys are treated like c4_json_text(); one that is
 * there already gets a U+FFFD more, so that no member is lost. */
void c4_json_append(json_t **array, json_t *value);
void c4_json_set(json_t **object, const char *key, json_t *value);

/* Saves an object or array atomically (core/file/file.h), indented by two, keys in insertion order,
 * with a newline at the end. A NULL value (a failed construction) is C4_ERR_MEMORY. */
enum c4_status c4_json_save(const char *path, const json_t *value);

/* A file of JSON lines: one object per line. One thread at a time. */
struct c4_json_lines;

/* Creates the file, or empties it. Devices and pipes are allowed. On failure *lines is NULL. */
enum c4_status c4_json_lines_open(struct c4_json_lines **lines, const char *path);

/* Called for each whole line of a file in turn: sets *keeps if the line stays. `object` is NULL if
 * the line is not a JSON object. Any status but C4_OK ends the opening and becomes its result. */
typedef enum c4_status c4_json_line_judge(void *context, const json_t *object, bool *keeps);

/* Opens the file to continue it: everything from the first line that is incomplete or that `judge`
 * does not keep is cut off. A missing file is created; a device or pipe is only written to. On
 * failure, also of `judge`, the file is unchanged and *lines is NULL. */
enum c4_status c4_json_lines_continue(struct c4_json_lines **lines, const char *path,
                                      c4_json_line_judge *judge, void *context);

/* Appends the object (which stays the caller's) and a newline, and hands them to the system at once
 * so that a killed program leaves whole lines. On failure (disk full, ...) a partial line is cut
 * off again where the file allows it. NULL is C4_ERR_MEMORY, another type C4_ERR_USAGE. */
enum c4_status c4_json_lines_append(struct c4_json_lines *lines, const json_t *object);

/* Closes the file and releases *lines, also on failure, and sets it to NULL; NULL is fine. */
enum c4_status c4_json_lines_close(struct c4_json_lines **lines);

#endif
