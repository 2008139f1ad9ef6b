#include "repro/study/study.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/file/file.h"
#include "repro/study/defaults.h"

extern const char c4_embed_repro_study_paper_ini[];

static enum c4_status load_built_in(struct c4_study *study) {
    return c4_study_parse(c4_embed_repro_study_paper_ini, "paper.ini", study);
}

enum c4_status c4_study_load(const char *path, struct c4_study *study) {
    unsigned char *bytes;
    size_t size_bytes;
    if (!path) {
        C4_TRY(load_built_in(study));
        c4_study_from_built_in(study, study);
        return C4_OK;
    }
    C4_TRY(c4_file_read(path, &bytes, &size_bytes));
    enum c4_status status = c4_study_parse((const char *)bytes, path, study);
    free(bytes);
    C4_TRY(status);
    struct c4_study *built_in = malloc(sizeof *built_in);
    if (!built_in) return c4_fail(C4_ERR_MEMORY, "out of memory for the study's description");
    status = load_built_in(built_in);
    if (status == C4_OK) c4_study_from_built_in(built_in, study);
    free(built_in);
    return status;
}

static bool all_digits(const char *text) {
    return text[0] && text[strspn(text, "0123456789")] == '\0';
}

const struct c4_family *c4_study_family(const struct c4_study *study, const char *name) {
    for (int i = 0; i < study->families; i++) {
        const struct c4_family *family = &study->family[i];
        size_t length = strlen(family->name);
        if (family->kind != C4_KIND_SIZE && strcmp(family->name, name) == 0) return family;
        if (family->kind == C4_KIND_SIZE && strncmp(family->name, name, length) == 0 &&
            name[length] == '-' &&
            (strcmp(name + length, "-*") == 0 || all_digits(name + length + 1)))
            return family;
    }
    return NULL;
}

int c4_study_pretraining(const struct c4_study *study) {
    int set = 0;
    for (int i = 0; i < study->families; i++)
        if (study->family[i].kind == C4_KIND_PRETRAIN || study->family[i].kind == C4_KIND_SIZE)
            return study->family[i].data;
    while (!c4_sets[set].pretrains) set++;
    return set;
}

bool c4_study_uses(const struct c4_study *study, int set) {
    int pretraining = c4_study_pretraining(study);
    bool uses = set == pretraining || set == c4_sets[pretraining].tuning.other;
    for (int i = 0; i < study->families; i++) {
        int data = study->family[i].data;
        uses = uses || set == data || set == c4_sets[data].tuning.other;
    }
    return uses;
}

enum c4_status c4_study_use_protocol(struct c4_study *study, const char *name) {
    char names[C4_STUDY_PROTOCOLS * 18] = "";
    _Static_assert(sizeof study->protocol.name + 1 <= 18, "room for each name and \", \"");
    for (int i = 0; i < study->protocols; i++) {
        if (strcmp(study->variant[i].name, name) == 0) {
            study->protocol = study->variant[i];
            return C4_OK;
        }
        size_t used = strlen(names);
        snprintf(names + used, sizeof names - used, "%s%s", i ? ", " : "", study->variant[i].name);
    }
    return c4_fail(C4_ERR_USAGE, "--protocol: there is no protocol '%s'; these exist: %s", name,
                   names);
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
        char keys[768] = "";
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
        /* A part ends at the last comma before the next '='. */
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
    _Static_assert(sizeof study->scale->name + 1 <= 18, "room for each name and \", \"");
    for (int i = 0; i < study->scales; i++) {
        if (strcmp(study->scale[i].name, name) == 0) return &study->scale[i];
        size_t used = strlen(names);
        snprintf(names + used, sizeof names - used, "%s%s", i ? ", " : "", study->scale[i].name);
    }
    c4_fail(C4_ERR_USAGE, "--scale: there is no scale '%s'; these exist: %s", name, names);
    return NULL;
}

enum c4_status c4_study_degrees(const struct c4_study *study, struct c4_scale *scale,
                                const char *text) {
    const struct c4_field *field = c4_field_find(c4_scale_fields, "degrees");
    struct c4_scale read = *scale;
    char known[64] = "";
    bool exists[10] = {false};
    for (int i = 0; i < study->families; i++)
        if (study->family[i].kind == C4_KIND_PRETRAIN && study->family[i].labels < 10)
            exists[study->family[i].labels] = true;
    for (int d = 0; d < 10; d++)
        if (exists[d])
            snprintf(known + strlen(known), sizeof known - strlen(known), "%s%d",
                     known[0] ? ", " : "", d);
    if (c4_field_read(field, text, &read) != C4_OK)
        return c4_fail(C4_ERR_USAGE, "--degrees: %s", c4_error());
    for (int i = 0; i < read.degrees.count; i++)
        if (!exists[read.degrees.value[i]])
            return c4_fail(C4_ERR_USAGE, "--degrees: no run has degree %u; these exist: %s",
                           read.degrees.value[i], known);
    scale->degrees = scale->finetune_degrees = scale->svhn_degrees = read.degrees;
    return C4_OK;
}

/* "2" names figure 2 and its panels 2a, 2b, ...; anything else names one figure. */
static bool names_figure(const char *text, size_t length, const char *id) {
    if (strncmp(id, text, length) != 0 || length == 0) return false;
    bool digit = text[length - 1] >= '0' && text[length - 1] <= '9';
    return id[length] == '\0' ||
           (digit && id[length] >= 'a' && id[length] <= 'z' && id[length + 1] == '\0');
}

enum c4_status c4_study_select(const struct c4_study *study, const char *text,
                               bool selected[C4_STUDY_FIGURES]) {
    char ids[C4_STUDY_FIGURES * 26] = "";
    _Static_assert(sizeof study->figure->id + 1 <= 26, "room for each id and \", \"");
    for (int i = 0; i < study->figures; i++) {
        selected[i] = text == NULL;
        size_t used = strlen(ids);
        snprintf(ids + used, sizeof ids - used, "%s%s", i ? ", " : "", study->figure[i].id);
    }
    for (const char *rest = text; rest;) {
        size_t length = strcspn(rest, ",");
        bool found = false;
        for (int i = 0; i < study->figures; i++)
            if (names_figure(rest, length, study->figure[i].id)) selected[i] = found = true;
        if (!found)
            return c4_fail(C4_ERR_USAGE, "--figures: there is no figure '%.*s'; these exist: %s",
                           (int)length, rest, ids);
        rest = rest[length] ? rest + length + 1 : NULL;
    }
    return C4_OK;
}
