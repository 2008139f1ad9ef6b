#include "repro/study.h"

#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/file/file.h"
#include "repro/engine.h"

extern const char c4_embed_repro_paper_ini[];

static const char *const phases[] = {"pretrain", NULL};
static const char *const data_sets[] = {"cifar10", NULL};
static const char *const label_rules[] = {"true", "random", "shifted", NULL};
static const char *const figure_kinds[] = {"layers-over-epochs", NULL};
const char *const c4_quantity_names[] = {"cka_biased", "cka_debiased", NULL};
const char *const c4_reference_names[] = {"initialisation", NULL};

#define TEXT(s, m)                                                                                 \
    { #m, C4_FIELD_TEXT, offsetof(s, m), sizeof((s *)0)->m, 0, 0, NULL }
#define INTEGER(s, m, low, high)                                                                   \
    { #m, C4_FIELD_INTEGER, offsetof(s, m), sizeof(uint32_t), low, high, NULL }
#define REAL(s, m, low, high)                                                                      \
    { #m, C4_FIELD_REAL, offsetof(s, m), sizeof(double), low, high, NULL }
#define CHOICE(s, m, choices)                                                                      \
    { #m, C4_FIELD_CHOICE, offsetof(s, m), sizeof(int), 0, 0, choices }
#define SEEDS(s, m)                                                                                \
    { #m, C4_FIELD_SEEDS, offsetof(s, m), sizeof(struct c4_seeds), 0, 0, NULL }
#define END                                                                                        \
    { NULL, C4_FIELD_TEXT, 0, 0, 0, 0, NULL }

const struct c4_field c4_protocol_fields[] = {
    INTEGER(struct c4_protocol, batch, 2, 4096),
    REAL(struct c4_protocol, lr, 0, 1000),
    REAL(struct c4_protocol, momentum, 0, 1),
    CHOICE(struct c4_protocol, order, c4_engine_orders),
    CHOICE(struct c4_protocol, conv, c4_engine_algorithms),
    CHOICE(struct c4_protocol, statistics, c4_engine_statistics),
    INTEGER(struct c4_protocol, cka_images, 4, 10000),
    INTEGER(struct c4_protocol, synthetic_seed, 0, 4294967295.0),
    END,
};

const struct c4_field c4_scale_fields[] = {
    TEXT(struct c4_scale, summary),
    SEEDS(struct c4_scale, seeds),
    INTEGER(struct c4_scale, pretrain_images, 2, 50000),
    INTEGER(struct c4_scale, pretrain_epochs, 1, 100000),
    INTEGER(struct c4_scale, train_accuracy_images, 2, 50000),
    INTEGER(struct c4_scale, accuracy_images, 2, 10000),
    END,
};

static const struct c4_field family_fields[] = {
    CHOICE(struct c4_family, phase, phases),
    CHOICE(struct c4_family, data, data_sets),
    CHOICE(struct c4_family, labels, label_rules),
    INTEGER(struct c4_family, degree, 0, 9),
    CHOICE(struct c4_family, reference, c4_reference_names),
    END,
};

static const struct c4_field figure_fields[] = {
    CHOICE(struct c4_study_figure, kind, figure_kinds),
    TEXT(struct c4_study_figure, title),
    TEXT(struct c4_study_figure, x_label),
    TEXT(struct c4_study_figure, y_label),
    TEXT(struct c4_study_figure, run),
    CHOICE(struct c4_study_figure, quantity, c4_quantity_names),
    CHOICE(struct c4_study_figure, reference, c4_reference_names),
    REAL(struct c4_study_figure, y_low, -10, 10),
    REAL(struct c4_study_figure, y_high, -10, 10),
    REAL(struct c4_study_figure, width, 1, 40),
    REAL(struct c4_study_figure, height, 1, 40),
    END,
};

/* The section that lines belong to at present. */
struct parser {
    struct c4_study *study;
    const struct c4_field *fields; /* NULL before the first section */
    void *object;
    char section[64];
    uint32_t given; /* bit i: fields[i] was given */
    bool protocol_seen;
    char problem[512]; /* of the first bad line */
};

static int problem(struct parser *parser, const char *format, const char *a, const char *b) {
    if (parser->problem[0] == '\0') snprintf(parser->problem, sizeof parser->problem, format, a, b);
    return 0;
}

/* True unless a key of the section that ends here is missing. */
static int end_section(struct parser *parser) {
    for (int i = 0; parser->fields && parser->fields[i].key; i++)
        if (!(parser->given & 1u << i))
            return problem(parser, "section [%s] has no key '%s'", parser->section,
                           parser->fields[i].key);
    return 1;
}

/* Room for a new named section of an array, or NULL if it is full or has that name already. */
static void *new_item(void *items, size_t item_size, int *count, int capacity, size_t name_size,
                      const char *name) {
    char *item = items;
    for (int i = 0; i < *count; i++, item += item_size)
        if (strcmp(item, name) == 0) return NULL;
    if (*count == capacity || *name == '\0' || strlen(name) >= name_size) return NULL;
    ++*count;
    memcpy(item, name, strlen(name) + 1);
    return item;
}

static int begin_section(struct parser *parser, const char *section) {
    struct c4_study *study = parser->study;
    snprintf(parser->section, sizeof parser->section, "%s", section);
    parser->given = 0;
    parser->fields = NULL;
    parser->object = NULL;
    if (strcmp(section, "protocol") == 0) {
        parser->fields = c4_protocol_fields;
        if (!parser->protocol_seen) parser->object = &study->protocol;
        parser->protocol_seen = true;
    } else if (strncmp(section, "scale ", 6) == 0) {
        parser->fields = c4_scale_fields;
        parser->object = new_item(study->scale, sizeof *study->scale, &study->scales,
                                  C4_STUDY_SCALES, sizeof study->scale->name, section + 6);
    } else if (strncmp(section, "run ", 4) == 0) {
        parser->fields = family_fields;
        parser->object = new_item(study->family, sizeof *study->family, &study->families,
                                  C4_STUDY_FAMILIES, sizeof study->family->name, section + 4);
    } else if (strncmp(section, "figure ", 7) == 0) {
        parser->fields = figure_fields;
        parser->object = new_item(study->figure, sizeof *study->figure, &study->figures,
                                  C4_STUDY_FIGURES, sizeof study->figure->id, section + 7);
    } else {
        return problem(parser,
                       "there is no section [%s]%s; [protocol], [scale NAME], [run NAME] and "
                       "[figure ID] exist",
                       section, "");
    }
    if (parser->object) return 1;
    parser->fields = NULL;
    return problem(parser, "section [%s] is there twice, is one too many or has no good name%s",
                   section, "");
}

static int take_line(void *context, const char *section, const char *key, const char *value) {
    struct parser *parser = context;
    if (parser->problem[0]) return 0;
    if (strcmp(section, parser->section) != 0 || !parser->object)
        if (!end_section(parser) || !begin_section(parser, section)) return 0;
    const struct c4_field *field = c4_field_find(parser->fields, key);
    if (!field)
        return problem(parser, "section [%s] has no key '%s'; check its spelling", section, key);
    uint32_t bit = 1u << (field - parser->fields);
    if (parser->given & bit) return problem(parser, "section [%s] gives '%s' twice", section, key);
    parser->given |= bit;
    if (c4_field_read(field, value, parser->object) != C4_OK)
        return problem(parser, "%s: %s", key, c4_error());
    return 1;
}

/* What a single line cannot show. */
static enum c4_status check_whole(const char *name, struct c4_study *study, bool protocol_seen) {
    if (!protocol_seen || !study->scales || !study->figures)
        return c4_fail(C4_ERR_USAGE,
                       "%s: a study needs [protocol], a [scale NAME] and a [figure ID]", name);
    for (int f = 0; f < study->figures; f++) {
        struct c4_study_figure *figure = &study->figure[f];
        for (figure->family = 0; figure->family < study->families; figure->family++)
            if (strcmp(study->family[figure->family].name, figure->run) == 0) break;
        if (figure->family == study->families)
            return c4_fail(C4_ERR_USAGE, "%s: figure %s draws run '%s', but there is no [run %s]",
                           name, figure->id, figure->run, figure->run);
    }
    return C4_OK;
}

enum c4_status c4_study_parse(const char *text, const char *name, struct c4_study *study) {
    *study = (struct c4_study){0};
    struct parser parser = {.study = study};
    int line = ini_parse_string(text, take_line, &parser);
    if (line < 0) return c4_fail(C4_ERR_FAILED, "%s: cannot be parsed", name);
    if (line > 0)
        return c4_fail(C4_ERR_USAGE, "%s, line %d: %s", name, line,
                       parser.problem[0] ? parser.problem
                                         : "is neither a comment, a [section] nor key = value");
    if (!end_section(&parser)) return c4_fail(C4_ERR_USAGE, "%s: %s", name, parser.problem);
    return check_whole(name, study, parser.protocol_seen);
}

enum c4_status c4_study_load(const char *path, struct c4_study *study) {
    if (!path) return c4_study_parse(c4_embed_repro_paper_ini, "paper.ini", study);
    unsigned char *bytes;
    size_t size_bytes;
    C4_TRY(c4_file_read(path, &bytes, &size_bytes));
    enum c4_status status = c4_study_parse((const char *)bytes, path, study);
    free(bytes);
    return status;
}

static enum c4_status set_one(struct c4_study *study, struct c4_scale *scale, const char *key,
                              const char *value) {
    const struct c4_field *field = c4_field_find(c4_protocol_fields, key);
    void *object = &study->protocol;
    if (!field) {
        field = c4_field_find(c4_scale_fields, key);
        object = scale;
    }
    if (!field) {
        char keys[512] = "";
        for (int table = 0; table < 2; table++)
            for (field = table ? c4_scale_fields : c4_protocol_fields; field->key; field++) {
                size_t used = strlen(keys);
                snprintf(keys + used, sizeof keys - used, "%s%s", used ? ", " : "", field->key);
            }
        return c4_fail(C4_ERR_USAGE, "--set: there is no key '%s'; these exist: %s", key, keys);
    }
    if (c4_field_read(field, value, object) == C4_OK) return C4_OK;
    return c4_fail(C4_ERR_USAGE, "--set %s: %s", key, c4_error());
}

enum c4_status c4_study_set(struct c4_study *study, struct c4_scale *scale, const char *text) {
    char copy[1024];
    if (strlen(text) >= sizeof copy)
        return c4_fail(C4_ERR_USAGE, "--set: the text is longer than %zu bytes", sizeof copy - 1);
    memcpy(copy, text, strlen(text) + 1);
    for (char *part = copy; part;) {
        /* The part ends at the last comma before the next '='. */
        char *equals = strchr(part, '='), *next = equals ? strchr(equals + 1, '=') : NULL;
        if (!equals) return c4_fail(C4_ERR_USAGE, "--set: '%s' is not KEY=VALUE", part);
        char *comma = NULL;
        for (char *at = equals; next && at < next; at++)
            if (*at == ',') comma = at;
        if (next && !comma) return c4_fail(C4_ERR_USAGE, "--set: '%s' is not KEY=VALUE", part);
        if (comma) *comma = '\0';
        *equals = '\0';
        C4_TRY(set_one(study, scale, part, equals + 1));
        part = comma ? comma + 1 : NULL;
    }
    return C4_OK;
}

const struct c4_scale *c4_study_scale(const struct c4_study *study, const char *name) {
    char names[C4_STUDY_SCALES * 18] = "";
    for (int i = 0; i < study->scales; i++) {
        if (strcmp(study->scale[i].name, name) == 0) return &study->scale[i];
        size_t used = strlen(names);
        snprintf(names + used, sizeof names - used, "%s%s", i ? ", " : "", study->scale[i].name);
    }
    c4_fail(C4_ERR_USAGE, "--scale: there is no scale '%s'; these exist: %s", name, names);
    return NULL;
}

enum c4_status c4_study_select(const struct c4_study *study, const char *text,
                               bool selected[C4_STUDY_FIGURES]) {
    char ids[C4_STUDY_FIGURES * 10] = "";
    for (int i = 0; i < study->figures; i++) {
        selected[i] = text == NULL;
        size_t used = strlen(ids);
        snprintf(ids + used, sizeof ids - used, "%s%s", i ? ", " : "", study->figure[i].id);
    }
    for (const char *rest = text; rest;) {
        size_t length = strcspn(rest, ",");
        int found = -1;
        for (int i = 0; i < study->figures; i++)
            if (strlen(study->figure[i].id) == length &&
                strncmp(study->figure[i].id, rest, length) == 0)
                found = i;
        if (found < 0)
            return c4_fail(C4_ERR_USAGE, "--figures: there is no figure '%.*s'; these exist: %s",
                           (int)length, rest, ids);
        selected[found] = true;
        rest = rest[length] ? rest + length + 1 : NULL;
    }
    return C4_OK;
}
