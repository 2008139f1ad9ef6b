#include "repro/commands/cka_report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/text.h"
#include "core/file/json.h"
#include "core/file/tensor.h"
#include "core/op/conv4.h"

static const char two_rows[] = "with n = 2 biased CKA is always 1";

enum c4_status c4_cka_report_open(bool json, struct c4_cka_report *report) {
    *report = (struct c4_cka_report){0};
    if (!json) return C4_OK;
    c4_json_begin();
    report->comparisons = json_array();
    report->unmatched = json_array();
    report->files = json_array();
    if (report->comparisons && report->unmatched && report->files) return C4_OK;
    return c4_fail(C4_ERR_MEMORY, "out of memory for the comparisons");
}

void c4_cka_report_free(struct c4_cka_report *report) {
    json_decref(report->comparisons);
    json_decref(report->unmatched);
    json_decref(report->files);
    free(report->sentence);
    *report = (struct c4_cka_report){0};
}

static enum c4_status append(json_t *array, json_t *entry) {
    if (json_array_append_new(array, entry) == 0) return C4_OK;
    return c4_fail(C4_ERR_MEMORY, "out of memory for the comparisons");
}

/* Room for "a ~ c", two shown names. */
enum { LAYER_SIZE = 2 * C4_NAME_SHOWN_SIZE + 4 };

static const char *show_layer(const struct c4_cka_pair *pair, char text[LAYER_SIZE]) {
    char a[C4_NAME_SHOWN_SIZE], b[C4_NAME_SHOWN_SIZE];
    snprintf(text, LAYER_SIZE, "%s%s%s", c4_name_show(pair->layer, a), pair->layer_b ? " ~ " : "",
             pair->layer_b ? c4_name_show(pair->layer_b, b) : "");
    return text;
}

static void print_pair(const struct c4_cka_pair *pair) {
    char layer[LAYER_SIZE];
    printf("%-10s %s ~ %s\n", show_layer(pair, layer), pair->a, pair->b);
}

/* "A ~ B", whole. */
static json_t *json_of_layers(const struct c4_cka_pair *pair) {
    struct c4_text text = {0};
    json_t *value = NULL;
    if (c4_text_add(&text, "%s ~ %s", pair->layer, pair->layer_b) == C4_OK)
        value = c4_json_text(c4_text_string(&text));
    c4_text_free(&text);
    return value;
}

/* The keys that every entry of comparisons begins with; NULL if out of memory. */
static json_t *json_of_pair(const struct c4_cka_pair *pair) {
    json_t *row = json_object();
    c4_json_set(&row, "layer", pair->layer_b ? json_of_layers(pair) : c4_json_text(pair->layer));
    if (pair->layer_b) {
        c4_json_set(&row, "layer_a", c4_json_text(pair->layer));
        c4_json_set(&row, "layer_b", c4_json_text(pair->layer_b));
    }
    c4_json_set(&row, "a", c4_json_text(pair->a));
    c4_json_set(&row, "b", c4_json_text(pair->b));
    return row;
}

/* Writes the sentence to `text` and returns its length, like snprintf(). `layer` may be "". */
static int say_reason(enum c4_cka_reason why, const char *layer, const char *path, bool both,
                      char *text, size_t size) {
    bool named = layer[0] != '\0';
    switch (why) {
    case C4_CKA_CONSTANT:
        if (named)
            return snprintf(text, size, "layer %s is constant in %s", layer,
                            both ? "both files" : path);
        return both ? snprintf(text, size, "both files are constant")
                    : snprintf(text, size, "%s is constant", path);
    case C4_CKA_NOTHING_LEFT:
        if (named)
            return snprintf(text, size, "nothing is left of layer %s in %s after U-centring", layer,
                            both ? "either file" : path);
        return snprintf(text, size, "nothing is left of %s after U-centring",
                        both ? "either file" : path);
    case C4_CKA_FEW_EXAMPLES:
    case C4_CKA_DEFINED:
        break;
    }
    return snprintf(text, size, "%s", c4_cka_reason_words(why));
}

char *c4_cka_reason_sentence(const struct c4_cka_pair *pair, const enum c4_cka_reason of[2]) {
    bool first = of[0] != C4_CKA_DEFINED, both = of[0] == of[1];
    char layer[LAYER_SIZE];
    const struct c4_cka_pair one = {.layer = first || !pair->layer_b ? pair->layer : pair->layer_b};
    show_layer(both ? pair : &one, layer);
    if (strcmp(pair->layer, "-") == 0) layer[0] = '\0';
    const char *path = first ? pair->a : pair->b;
    enum c4_cka_reason why = first ? of[0] : of[1];
    int length = say_reason(why, layer, path, both, NULL, 0);
    char *text = length < 0 ? NULL : malloc((size_t)length + 1);
    if (text) say_reason(why, layer, path, both, text, (size_t)length + 1);
    return text;
}

/* "0.123456", or "undefined (why)". */
static enum c4_status print_value(const char *name, double value, const struct c4_cka_pair *pair,
                                  const enum c4_cka_reason of[2]) {
    if (of[0] == C4_CKA_DEFINED && of[1] == C4_CKA_DEFINED) {
        printf("%s %.6f  ", name, value);
        return C4_OK;
    }
    char *why = c4_cka_reason_sentence(pair, of);
    if (!why) return c4_fail(C4_ERR_MEMORY, "out of memory for the comparisons");
    printf("%s undefined (%s)  ", name, why);
    free(why);
    return C4_OK;
}

static enum c4_status print_result(const struct c4_cka_pair *pair, const struct c4_cka_result *r,
                                   const struct c4_similarity_result *others) {
    const enum c4_cka_reason biased[2] = {r->undefined[0].biased, r->undefined[1].biased};
    const enum c4_cka_reason debiased[2] = {r->undefined[0].debiased, r->undefined[1].debiased};
    print_pair(pair);
    printf("           ");
    C4_TRY(print_value("biased", r->biased, pair, biased));
    C4_TRY(print_value("debiased", r->debiased, pair, debiased));
    for (int i = C4_SIMILARITY_cka + 1; i < C4_SIMILARITIES; i++)
        for (int v = 0; c4_similarities[i]->quantity[v]; v++)
            printf("%s %.6f  ", c4_similarities[i]->key[v], others[i].value[v]);
    printf("n %zu  p %zu  q %zu  %s%s  %.3f s  %.3g GFLOP\n", r->n, r->p, r->q,
           c4_cka_method_name(r->method), r->careful ? ", careful form" : "", r->seconds,
           r->flops * 1e-9);
    if (r->n == 2) printf("           %s\n", two_rows);
    return C4_OK;
}

static void add_reason(json_t **object, const char *key, const struct c4_cka_pair *pair,
                       enum c4_cka_reason of_a, enum c4_cka_reason of_b) {
    const enum c4_cka_reason of[2] = {of_a, of_b};
    if (of_a == C4_CKA_DEFINED && of_b == C4_CKA_DEFINED) return;
    char *why = c4_cka_reason_sentence(pair, of);
    c4_json_set(object, key, why ? c4_json_text(why) : NULL);
    free(why);
}

static json_t *json_of(const struct c4_cka_pair *pair, const struct c4_cka_result *r,
                       const struct c4_similarity_result *others) {
    const struct c4_cka_reasons *why = r->undefined;
    json_t *row = json_of_pair(pair);
    c4_json_set(&row, "biased", c4_json_real(r->biased));
    c4_json_set(&row, "debiased", c4_json_real(r->debiased));
    for (int i = C4_SIMILARITY_cka + 1; i < C4_SIMILARITIES; i++)
        for (int v = 0; c4_similarities[i]->quantity[v]; v++)
            c4_json_set(&row, c4_similarities[i]->key[v], c4_json_real(others[i].value[v]));
    json_t *undefined = json_object();
    add_reason(&undefined, "biased", pair, why[0].biased, why[1].biased);
    add_reason(&undefined, "debiased", pair, why[0].debiased, why[1].debiased);
    if (!undefined || json_object_size(undefined) > 0)
        c4_json_set(&row, "undefined", json_incref(undefined));
    json_decref(undefined);
    if (r->n == 2) c4_json_set(&row, "note", json_string(two_rows));
    json_t *rest =
        json_pack("{s:I, s:I, s:I, s:s, s:b, s:o, s:o, s:o}", "n", (json_int_t)r->n, "p",
                  (json_int_t)r->p, "q", (json_int_t)r->q, "method", c4_cka_method_name(r->method),
                  "careful", (int)r->careful, "seconds", c4_json_real(r->seconds), "flops",
                  c4_json_real(r->flops), "bytes", c4_json_real(r->bytes));
    bool whole = row && rest && json_object_update(row, rest) == 0;
    json_decref(rest);
    if (whole) return row;
    json_decref(row);
    return NULL;
}

enum c4_status c4_cka_report_result(struct c4_cka_report *report, const struct c4_cka_pair *pair,
                                    const struct c4_cka_result *result,
                                    const struct c4_similarity_result others[C4_SIMILARITIES]) {
    report->compared++;
    if (!report->comparisons) return print_result(pair, result, others);
    return append(report->comparisons, json_of(pair, result, others));
}

static void remember(struct c4_cka_report *report, enum c4_status status, const char *sentence) {
    if (report->troubles + report->unread > 0) return;
    report->sentence = strdup(sentence);
    report->status = report->sentence ? status : C4_ERR_MEMORY;
}

enum c4_status c4_cka_report_trouble(struct c4_cka_report *report, const struct c4_cka_pair *pair,
                                     enum c4_status status) {
    remember(report, status, c4_error());
    report->troubles++;
    if (report->comparisons) {
        json_t *row = json_of_pair(pair);
        c4_json_set(&row, "biased", json_null());
        c4_json_set(&row, "debiased", json_null());
        c4_json_set(&row, "error", c4_json_text(c4_error()));
        return append(report->comparisons, row);
    }
    print_pair(pair);
    printf("           not compared: %s\n", c4_error());
    return C4_OK;
}

enum c4_status c4_cka_report_file(struct c4_cka_report *report, const char *path,
                                  enum c4_status status, const char *sentence) {
    remember(report, status, sentence);
    report->unread++;
    if (report->files)
        return append(report->files, json_pack("{s:o, s:o}", "file", c4_json_text(path), "error",
                                               c4_json_text(sentence)));
    printf("%-10s %s\n           not read: %s\n", "-", path, sentence);
    return C4_OK;
}

enum c4_status c4_cka_report_unmatched(struct c4_cka_report *report, const char *tensor,
                                       const char *path, const char *other) {
    char shown[C4_NAME_SHOWN_SIZE];
    if (report->unmatched)
        return append(report->unmatched,
                      json_pack("{s:o, s:o, s:o}", "file", c4_json_text(path), "name",
                                c4_json_text(tensor), "missing_in", c4_json_text(other)));
    printf("%-10s not compared: in %s, but not in %s\n", c4_name_show(tensor, shown), path, other);
    return C4_OK;
}

static enum c4_status print_json(const struct c4_cka_report *report, const char *gram) {
    json_t *object = json_pack("{s:s, s:i, s:s, s:O, s:O, s:O}", "conv4", C4_VERSION, "arithmetic",
                               C4_ARITHMETIC, "gram", gram, "comparisons", report->comparisons,
                               "unmatched", report->unmatched, "unread", report->files);
    return c4_json_print(stdout, object, "the comparisons");
}

enum c4_status c4_cka_report_close(struct c4_cka_report *report, const char *gram) {
    if (report->comparisons) C4_TRY(print_json(report, gram));
    if (report->troubles + report->unread == 0) return C4_OK;
    const char *sentence =
        report->sentence ? report->sentence : "out of memory for the error message";
    if (report->troubles + report->unread == 1) return c4_fail(report->status, "%s", sentence);
    if (report->troubles == 0)
        return c4_fail(report->status, "%d files could not be read; the first: %s", report->unread,
                       sentence);
    if (report->unread > 0)
        return c4_fail(report->status,
                       "%d of %d comparisons could not be made, %d %s not be read; the first: %s",
                       report->troubles, report->troubles + report->compared, report->unread,
                       report->unread == 1 ? "file could" : "files could", sentence);
    return c4_fail(report->status, "%d of %d comparisons could not be made; the first: %s",
                   report->troubles, report->troubles + report->compared, sentence);
}
