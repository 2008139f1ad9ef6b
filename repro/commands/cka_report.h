/* The output of 'conv4 cka': text as comparisons are made, or one JSON object at the end. A
 * comparison that fails is reported in its place and does not stop the others. */
#ifndef C4_REPRO_COMMANDS_CKA_REPORT_H
#define C4_REPRO_COMMANDS_CKA_REPORT_H

#include <jansson.h>
#include <stdbool.h>

#include "core/similarity/similarity.h"

struct c4_cka_report {
    json_t *comparisons, *unmatched, *files; /* NULL: text */
    int compared, troubles, unread;
    enum c4_status status; /* of the first failure */
    char *sentence;        /* of the first failure; NULL if out of memory */
};

/* Two tensors; `layer` is "-" if they have no name, or if the pair stands for all tensors of two
 * files. */
struct c4_cka_pair {
    const char *layer, *a, *b; /* a, b: paths */
    const char *layer_b;       /* the name in `b` if it differs; else NULL */
};

/* C4_ERR_MEMORY. Free also after a failure. */
enum c4_status c4_cka_report_open(bool json, struct c4_cka_report *report);
void c4_cka_report_free(struct c4_cka_report *report);

/* `others`: the results of the other measures, indexed by enum c4_similarity_id; CKA's entry is not
 * read. c4_json_text() escapes paths and names for JSON, c4_name_show() names for text.
 * C4_ERR_MEMORY. */
enum c4_status c4_cka_report_result(struct c4_cka_report *report, const struct c4_cka_pair *pair,
                                    const struct c4_cka_result *result,
                                    const struct c4_similarity_result others[C4_SIMILARITIES]);
/* Reports a comparison that failed with this status and the sentence of c4_error(). */
enum c4_status c4_cka_report_trouble(struct c4_cka_report *report, const struct c4_cka_pair *pair,
                                     enum c4_status status);
/* Reports a tensor that is in `path` but not in `other`. */
enum c4_status c4_cka_report_unmatched(struct c4_cka_report *report, const char *tensor,
                                       const char *path, const char *other);

/* Reports a file that could not be read and was therefore not compared. */
enum c4_status c4_cka_report_file(struct c4_cka_report *report, const char *path,
                                  enum c4_status status, const char *sentence);

/* Prints the JSON object, if any; `gram` names the backend of the Gram blocks. Returns C4_OK or the
 * status of the first failure, with a sentence. */
enum c4_status c4_cka_report_close(struct c4_cka_report *report, const char *gram);

/* Why a value of the pair is undefined, such as "layer b is constant in x.safetensors"; a new
 * string, or NULL if out of memory. `of` holds the reasons of the two sides, at least one of which
 * is not C4_CKA_DEFINED. */
char *c4_cka_reason_sentence(const struct c4_cka_pair *pair, const enum c4_cka_reason of[2]);

#endif
