/* Parses the text of an .ini file into a study. */
#include "repro/study/study.h"

#include <string.h>

#include "core/base/text.h"
#include "core/file/ini.h"
#include "core/op/names.h"
#include "repro/study/defaults.h"
#include "repro/study/field_rows.h"
#include "repro/study/parse_claim.h"

static const char *const labels[] = {"d0", "d1", "d2", "d3", "d4",      "d5",
                                     "d6", "d7", "d8", "d9", "shifted", NULL};
static const char *const figure_kinds[] = {
    "layers-over-epochs", "runs-over-epochs", "runs-over-layers",  "references-over-layers",
    "gap-over-epochs",    "sizes-at-steps",   "sizes-at-accuracy", "cost-throughput",
    "cost-phases",        "cost-cka",         "cost-runs",         NULL};
static const char *const size_labels[] = {"random", "true", NULL};
const char *const c4_shift_rule_names[] = {"seed", "one", NULL};
static const char *const no_yes[] = {"no", "yes", NULL};
const char *const c4_run_kind_names[] = {"pretrain", "size", "finetune", "scratch", NULL};

static const char *figure_images(int index) {
    struct c4_image_set images;
    if (index == 0) return "own";
    return c4_image_set_at(index - 1, &images) ? c4_image_set_name(images) : NULL;
}

#define COUNT(names) (sizeof(names) / sizeof *(names))
_Static_assert(COUNT(labels) == C4_LABELS_SHIFTED_CHOICE + 2 &&
                   COUNT(figure_kinds) == C4_FIGURE_COST_RUNS + 2 &&
                   COUNT(size_labels) == C4_SIZE_LABELS_TRUE + 2 &&
                   COUNT(c4_shift_rule_names) == C4_SHIFT_ONE + 2 &&
                   COUNT(c4_run_kind_names) == C4_KIND_SCRATCH + 2,
               "a name for each value, and NULL");
_Static_assert(sizeof(enum c4_order) == sizeof(int) &&
                   sizeof(enum c4_conv_algorithm) == sizeof(int) &&
                   sizeof(enum c4_bn_statistics) == sizeof(int) &&
                   sizeof(enum c4_size_labels) == sizeof(int) &&
                   sizeof(enum c4_shift_rule) == sizeof(int) &&
                   sizeof(enum c4_run_kind) == sizeof(int) &&
                   sizeof(enum c4_figure_kind) == sizeof(int) &&
                   sizeof(enum c4_quantity) == sizeof(int),
               "c4_field_read() copies an int into members with CHOICE");

const struct c4_field c4_protocol_fields[] = {
    INTEGER(struct c4_protocol, batch, 2, 4096),
    REAL(struct c4_protocol, lr, 0, 1000),
    REAL(struct c4_protocol, momentum, 0, 1),
    CHOICE(struct c4_protocol, order, c4_order_names),
    CHOICE(struct c4_protocol, conv, c4_conv_names),
    CHOICE(struct c4_protocol, statistics, c4_statistics_names),
    INTEGER(struct c4_protocol, cka_images, 4, 5000),
    INTEGER(struct c4_protocol, curve_images, 4, 5000),
    CHOICE(struct c4_protocol, size_labels, size_labels),
    CHOICE(struct c4_protocol, shift, c4_shift_rule_names),
    INTEGER(struct c4_protocol, synthetic_seed, 0, 4294967295.0),
    END,
};

const struct c4_field c4_scale_fields[] = {
    TEXT(struct c4_scale, summary),
    SEEDS(struct c4_scale, seeds),
    LIST(struct c4_scale, degrees, 0, 9),
    LIST(struct c4_scale, finetune_degrees, 0, 9),
    LIST(struct c4_scale, svhn_degrees, 0, 9),
    INTEGER(struct c4_scale, pretrain_images, 2, 50000),
    INTEGER(struct c4_scale, pretrain_epochs, 1, 100000),
    LIST(struct c4_scale, sizes, 2, C4_SIZE_LARGEST),
    INTEGER(struct c4_scale, size_epochs, 1, 100000),
    INTEGER(struct c4_scale, finetune_images, 2, 5000),
    INTEGER(struct c4_scale, finetune_epochs, 1, 100000),
    CHOICE(struct c4_scale, matched_scratch, no_yes),
    INTEGER(struct c4_scale, train_accuracy_images, 2, 50000),
    INTEGER(struct c4_scale, accuracy_images, 2, 10000),
    LIST(struct c4_scale, control_images, 4, 5000),
    INTEGER(struct c4_scale, segment_work, 1, 1e9),
    END,
};

static const struct c4_field family_fields[] = {
    {"phase", offsetof(struct c4_family, kind), sizeof(int), 0, 0, c4_run_kind_names, NULL,
     C4_FIELD_CHOICE, false},
    CHOICE_OF(struct c4_family, data, c4_set_word, false),
    CHOICE(struct c4_family, labels, labels),
    END,
};

static const struct c4_field figure_fields[] = {
    CHOICE(struct c4_study_figure, kind, figure_kinds),
    TEXT(struct c4_study_figure, title),
    TEXT(struct c4_study_figure, x_label),
    TEXT(struct c4_study_figure, y_label),
    NAMES(struct c4_study_figure, runs, NULL),
    OPTIONAL_NAMES(struct c4_study_figure, labels, NULL),
    OPTIONAL_CHOICE(struct c4_study_figure, quantity, c4_quantity_names),
    OPTIONAL_NAMES(struct c4_study_figure, references, c4_reference_names),
    CHOICE_OF(struct c4_study_figure, images, figure_images, true),
    OPTIONAL_CHOICE(struct c4_study_figure, curve_images, no_yes),
    OPTIONAL_CHOICE(struct c4_study_figure, null_line, no_yes),
    OPTIONAL_CHOICE(struct c4_study_figure, debiased, no_yes),
    OPTIONAL_CHOICE(struct c4_study_figure, summary, no_yes),
    OPTIONAL_CHOICE(struct c4_study_figure, authors, no_yes),
    OPTIONAL_CHOICE(struct c4_study_figure, authors_table, no_yes),
    OPTIONAL_TEXT(struct c4_study_figure, authors_note),
    OPTIONAL_REAL(struct c4_study_figure, y_low, -10, 10),
    OPTIONAL_REAL(struct c4_study_figure, y_high, -10, 10),
    REAL(struct c4_study_figure, width, 1, 40),
    REAL(struct c4_study_figure, height, 1, 40),
    END,
};

_Static_assert(COUNT(c4_protocol_fields) <= 32 && COUNT(c4_scale_fields) <= 32 &&
                   COUNT(family_fields) <= 32 && COUNT(figure_fields) <= 32,
               "a bit of parser.given for each key");

/* State of a pass: its study and the current section. */
struct parser {
    struct c4_study *study;
    bool claims;                   /* true: this pass reads claims only; false: everything else */
    const struct c4_field *fields; /* NULL outside the sections of this pass */
    void *object;
    struct c4_claim_definition *claim; /* the object if it is a claim */
    char section[C4_INI_SECTION_SIZE];
    uint32_t given; /* bit i: fields[i] was given */
    bool inherits;  /* the section starts with the first protocol's values */
};

/* Puts what it is about in front of a sentence about a bad value. */
static enum c4_status about(enum c4_status status, const char *what) {
    return status == C4_ERR_USAGE ? c4_fail(status, "%s: %s", what, c4_error()) : status;
}

/* Checks the section that ends here. C4_ERR_USAGE: a key is missing or the claim is not valid. */
static enum c4_status end_section(const struct parser *parser) {
    for (int i = 0; parser->fields && parser->fields[i].key; i++)
        if (!(parser->given & 1u << i) && !parser->inherits && !parser->fields[i].optional)
            return c4_fail(C4_ERR_USAGE, "section [%s] lacks key '%s'", parser->section,
                           parser->fields[i].key);
    enum c4_status status = parser->claim ? c4_claim_check(parser->claim) : C4_OK;
    if (status != C4_ERR_USAGE) return status;
    return c4_fail(status, "section [%s]: %s", parser->section, c4_error());
}

/* Makes the object a new item of an array, named by the rest of a section's name. */
static enum c4_status new_item(struct parser *parser, const char *name, void *items,
                               size_t item_size, size_t name_size, int *count, int capacity) {
    char *item = items;
    for (int i = 0; i < *count; i++, item += item_size)
        if (strcmp(item, name) == 0)
            return c4_fail(C4_ERR_USAGE, "section [%s] appears twice", parser->section);
    if (*count == capacity)
        return c4_fail(C4_ERR_USAGE, "section [%s] is one too many; a study has at most %d of them",
                       parser->section, capacity);
    if (*name == '\0' || strlen(name) >= name_size)
        return c4_fail(C4_ERR_USAGE, "section [%s] has an invalid name; a name has 1 to %zu bytes",
                       parser->section, name_size - 1);
    ++*count;
    memcpy(item, name, strlen(name) + 1);
    parser->object = item;
    return C4_OK;
}

/* Ids name files: letters, digits, - and _. "1" and "fig1" would name the same. */
static bool is_figure_id(const char *id) {
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    static const char prefix[] = "fig";
    if (id[strspn(id, allowed)] != '\0') return false;
    const char *number = strncmp(id, prefix, sizeof prefix - 1) == 0 ? id + sizeof prefix - 1 : "";
    return number[0] < '0' || number[0] > '9';
}

/* new_item() of an array of the study. */
#define NEW_ITEM(array, name, count, capacity)                                                     \
    new_item(parser, section + strcspn(section, " ") + 1, study->array, sizeof *study->array,      \
             sizeof study->array->name, &study->count, capacity)

static enum c4_status begin_section(struct parser *parser, const char *section) {
    struct c4_study *study = parser->study;
    bool of_claim = strncmp(section, "claim ", 6) == 0;
    *parser = (struct parser){.study = study, .claims = parser->claims};
    memcpy(parser->section, section, strlen(section) + 1);
    if (of_claim != parser->claims) return C4_OK;
    if (of_claim) {
        C4_TRY(NEW_ITEM(claim, id, claims, C4_STUDY_CLAIMS));
        parser->fields = c4_claim_fields;
        parser->claim = parser->object;
        c4_claim_begin(parser->claim);
    } else if (strncmp(section, "protocol ", 9) == 0) {
        C4_TRY(NEW_ITEM(variant, name, protocols, C4_STUDY_PROTOCOLS));
        parser->fields = c4_protocol_fields;
        parser->inherits = study->protocols > 1;
        struct c4_protocol *protocol = parser->object, own = *protocol;
        if (!parser->inherits) return C4_OK;
        *protocol = study->variant[0];
        memcpy(protocol->name, own.name, sizeof own.name);
    } else if (strncmp(section, "scale ", 6) == 0) {
        C4_TRY(NEW_ITEM(scale, name, scales, C4_STUDY_SCALES));
        parser->fields = c4_scale_fields;
    } else if (strncmp(section, "run ", 4) == 0) {
        C4_TRY(NEW_ITEM(family, name, families, C4_STUDY_FAMILIES));
        parser->fields = family_fields;
    } else if (strncmp(section, "figure ", 7) == 0) {
        if (!is_figure_id(section + 7))
            return c4_fail(C4_ERR_USAGE,
                           "section [%s]: the id names files; it is of letters, digits, - and _, "
                           "and not 'fig' and a number",
                           section);
        C4_TRY(NEW_ITEM(figure, id, figures, C4_STUDY_FIGURES));
        parser->fields = figure_fields;
        struct c4_study_figure *figure = parser->object;
        figure->debiased = figure->summary = figure->authors_table = C4_NOT_SAID;
    } else {
        return c4_fail(C4_ERR_USAGE,
                       "there is no section [%s]; [protocol NAME], [scale NAME], [run NAME], "
                       "[figure ID] and [claim ID] exist",
                       section);
    }
    return C4_OK;
}

static enum c4_status take_line(void *context, const char *section, const char *key,
                                const char *value) {
    struct parser *parser = context;
    if (strcmp(section, parser->section) != 0 || !parser->object) {
        C4_TRY(end_section(parser));
        C4_TRY(begin_section(parser, section));
    }
    if (!parser->object) return C4_OK;
    struct c4_claim_contrast *contrast = parser->claim ? c4_claim_terms(parser->claim, key) : NULL;
    if (contrast) return about(c4_claim_add_terms(parser->study, value, contrast), key);
    const struct c4_field *field = c4_field_find(parser->fields, key);
    if (!field)
        return c4_fail(C4_ERR_USAGE, "section [%s] has no key '%s'; check its spelling", section,
                       key);
    uint32_t bit = 1u << (field - parser->fields);
    if (parser->given & bit)
        return c4_fail(C4_ERR_USAGE, "section [%s] gives '%s' twice", section, key);
    parser->given |= bit;
    enum c4_status status = c4_field_read(field, value, parser->object);
    if (status == C4_OK && parser->claim)
        status = c4_claim_check_key(parser->study, parser->claim, key);
    return about(status, key);
}

static enum c4_status refuse_pretraining(const char *name, const struct c4_family *family) {
    struct c4_text words = {0};
    for (int i = 0; i < c4_set_count; i++)
        if (c4_sets[i].pretrains) c4_text_add_word(&words, ", ", c4_sets[i].word);
    enum c4_status status =
        words.lost ? C4_ERR_MEMORY
                   : c4_fail(C4_ERR_USAGE, "%s: run %s: pre-training supports only data = %s", name,
                             family->name, c4_text_string(&words));
    c4_text_free(&words);
    return status;
}

/* All pre-training uses the same data set, because all fine-tuning starts from it. */
static enum c4_status check_pretraining(const char *name, const struct c4_study *study,
                                        const struct c4_family *family) {
    int set = c4_study_pretraining(study);
    if (family->kind != C4_KIND_PRETRAIN && family->kind != C4_KIND_SIZE) return C4_OK;
    if (!c4_sets[family->data].pretrains) return refuse_pretraining(name, family);
    if (family->data != set)
        return c4_fail(C4_ERR_USAGE,
                       "%s: run %s: a study pre-trains on one data set, this one on %s", name,
                       family->name, c4_sets[set].word);
    return C4_OK;
}

/* "small-64" must not be a section as well as a size of [run small]. */
static enum c4_status check_names(const char *name, const struct c4_study *study) {
    uint32_t size;
    for (int i = 0; i < study->families; i++)
        for (int k = 0; k < study->families; k++)
            if (study->family[i].kind != C4_KIND_SIZE &&
                c4_study_names_size(&study->family[k], study->family[i].name, &size))
                return c4_fail(C4_ERR_USAGE,
                               "%s: [run %s] has the name of a training size of [run %s]; choose "
                               "another",
                               name, study->family[i].name, study->family[k].name);
    return C4_OK;
}

/* Checks that need the whole file. */
static enum c4_status check_whole(const char *name, const struct c4_study *study) {
    bool source = false, tuned = false;
    if (!study->protocols || !study->scales || !study->figures)
        return c4_fail(C4_ERR_USAGE,
                       "%s: a study needs a [protocol NAME], a [scale NAME] and a [figure ID]",
                       name);
    C4_TRY(check_names(name, study));
    for (int f = 0; f < study->figures; f++) {
        const struct c4_study_figure *figure = &study->figure[f];
        for (int i = 0; i < figure->runs.count; i++)
            if (!c4_study_family(study, figure->runs.name[i], NULL))
                return c4_fail(C4_ERR_USAGE,
                               "%s: figure %s draws run '%s', but there is no such "
                               "[run NAME]",
                               name, figure->id, figure->runs.name[i]);
    }
    for (int i = 0; i < study->families; i++) {
        const struct c4_family *family = &study->family[i];
        source = source || (family->kind == C4_KIND_PRETRAIN && family->labels == 0);
        tuned = tuned || family->kind == C4_KIND_FINETUNE;
        C4_TRY(check_pretraining(name, study, family));
    }
    if (tuned && !source)
        return c4_fail(C4_ERR_USAGE,
                       "%s: fine-tuning starts from a run with phase = pretrain and "
                       "labels = d0, but there is none",
                       name);
    return C4_OK;
}

/* Only similarity measures that a figure draws are computed, and CKA, which claims need. */
static uint32_t drawn_similarities(const struct c4_study *study) {
    uint32_t drawn = 1u << C4_SIMILARITY_cka;
    enum c4_similarity_id id;
    for (int f = 0; f < study->figures; f++)
        if (c4_is_similarity(c4_quantity_names[study->figure[f].quantity], &id)) drawn |= 1u << id;
    return drawn;
}

/* One pass over the text: reads everything except claims, or claims only. */
static enum c4_status read_pass(const char *text, const char *name, bool claims,
                                struct c4_study *study) {
    struct parser parser = {.study = study, .claims = claims};
    C4_TRY(c4_ini_read(text, name, take_line, &parser));
    return about(end_section(&parser), name);
}

enum c4_status c4_study_parse(const char *text, const char *name, struct c4_study *study) {
    *study = (struct c4_study){0};
    C4_TRY(read_pass(text, name, false, study));
    C4_TRY(check_whole(name, study));
    C4_TRY(c4_study_figure_defaults(name, study));
    C4_TRY(read_pass(text, name, true, study));
    for (int i = 0; i < study->protocols; i++)
        study->variant[i].similarities = drawn_similarities(study);
    study->protocol = study->variant[0];
    return C4_OK;
}
