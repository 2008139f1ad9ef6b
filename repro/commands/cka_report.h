/* What 'conv4 cka' says of its comparisons: text as they come, or one JSON object at the end. What
 * goes wrong with one comparison is told in its place and does not end the others. */
#ifndef C4_REPRO_COMMANDS_CKA_REPORT_H
#define C4_REPRO_COMMANDS_CKA_REPORT_H

#include <jansson.h>
#include <stdbool.h>

#include "core/similarity/similarity.h"

struct c4_cka_report {
    json_t *comparisons, *unmatched, *files; /* NULL: text */
    int compared, troubles, unread;
    enum c4_status status; /* of the first trouble */
    char *sentence;        /* its own; NULL without memory */
};

/* Two tensors; `layer` is "-" if they have no name, or if all tensors of two files are meant. */
struct c4_cka_pair {
    const char *layer, *a, *b; /* a, b: paths */
    const char *layer_b;       /* the name in `b` where it is another one; else NULL */
};

/* C4_ERR_MEMORY. Free also after a failure. */
enum c4_status c4_cka_report_open(bool json, struct c4_cka_report *report);
void c4_cka_report_free(struct c4_cka_report *report);

/* `others`: what the table's other measures give, by enum c4_similarity_id; CKA's entry is not
 * read. JSON gets paths and names as c4_json_text() makes them, text as c4_name_show() does.
 * C4_ERR_MEMORY. */
enum c4_status c4_cka_report_result(struct c4_cka_report *report, const struct c4_cka_pair *pair,
                                    const struct c4_cka_result *result,
                                    const struct c4_similarity_result others[C4_SIMILARITIES]);
/* The comparison failed with this status and the sentence of c4_error(). */
enum c4_status c4_cka_report_trouble(struct c4_cka_report *report, const struct c4_cka_pair *pair,
                                     enum c4_status status);
/* A tensor that `path` has and `other` has not. */
enum c4_status c4_cka_report_unmatched(struct c4_cka_report *report, const char *tensor,
                                       const char *path, const char *other);

/* A file could not be read, so that nothing was compared with it. */
enum c4_status c4_cka_report_file(struct c4_cka_report *report, const char *path,
                                  enum c4_status status, const char *sentence);

/* Prints the JSON object; `gram` names the backend of the Gram blocks. C4_OK, or the status of the
 * first trouble with a sentence. */
enum c4_status c4_cka_report_close(struct c4_cka_report *report, const char *gram);

/* Why a value of the pair is undefined, such as "layer b is constant in x.safetensors"; a new
 * string or NULL without memory. `of` holds the reasons of the two sides, one of them at least. */
char *c4_cka_reason_sentence(const struct c4_cka_pair *pair, const enum c4_cka_reason of[2]);

#endif
