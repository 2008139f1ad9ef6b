#include "repro/study/study.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/file/ini.h"
#include "repro/study/defaults.h"

extern const char c4_embed_repro_study_paper_ini[];

static enum c4_status load_built_in(struct c4_study *study) {
    return c4_study_parse(c4_embed_repro_study_paper_ini, "paper.ini", study);
}

enum c4_status c4_study_load(const char *path, struct c4_study *study) {
    char *text;
    if (!path) {
        C4_TRY(load_built_in(study));
        c4_study_from_built_in(study, study);
        return C4_OK;
    }
    C4_TRY(c4_ini_load(path, &text));
    enum c4_status status = c4_study_parse(text, path, study);
    free(text);
    C4_TRY(status);
    struct c4_study *built_in = malloc(sizeof *built_in);
    if (!built_in) return c4_fail(C4_ERR_MEMORY, "out of memory for the study's description");
    status = load_built_in(built_in);
    if (status == C4_OK) c4_study_from_built_in(built_in, study);
    free(built_in);
    return status;
}

bool c4_study_names_size(const struct c4_family *family, const char *name, uint32_t *size) {
    size_t length = strlen(family->name);
    if (family->kind != C4_KIND_SIZE || strncmp(family->name, name, length) != 0 ||
        name[length] != '-')
        return false;
    const char *number = name + length + 1;
    *size = 0;
    if (strcmp(number, "*") == 0) return true;
    if (number[0] < '1' || number[0] > '9') return false;
    char *end;
    unsigned long value = strtoul(number, &end, 10);
    *size = value <= C4_SIZE_LARGEST ? (uint32_t)value : 0;
    return *end == '\0' && *size > 0;
}

static const struct c4_family *find_family(const struct c4_family *families, int count,
                                           const char *name, uint32_t *size) {
    uint32_t of_name = 0;
    const struct c4_family *found = NULL;
    for (int i = 0; i < count && !found; i++) {
        const struct c4_family *family = &families[i];
        bool same = family->kind != C4_KIND_SIZE && strcmp(family->name, name) == 0;
        if (same || c4_study_names_size(family, name, &of_name)) found = family;
    }
    if (size) *size = found && found->kind == C4_KIND_SIZE ? of_name : 0;
    return found;
}

const struct c4_family *c4_study_family(const struct c4_study *study, const char *name,
                                        uint32_t *size) {
    return find_family(study->family, study->families, name, size);
}

bool c4_study_is_published_as(const struct c4_study *study, const char *name,
                              const char *published) {
    uint32_t size, other_size;
    const struct c4_family *own = c4_study_family(study, name, &size);
    const struct c4_family *other =
        find_family(study->published, study->published_families, published, &other_size);
    return own && other && own->kind == other->kind && own->data == other->data &&
           own->labels == other->labels && size == other_size;
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

/* C4_ERR_USAGE with the names that exist, or C4_ERR_MEMORY. Releases them. */
static enum c4_status refuse(const char *option, const char *what, const char *name,
                             struct c4_text *names) {
    enum c4_status status = C4_ERR_MEMORY; /* said when the names were collected */
    if (!names->lost)
        status = c4_fail(C4_ERR_USAGE, "%s: there is no %s '%s'; these exist: %s", option, what,
                         name, c4_text_string(names));
    c4_text_free(names);
    return status;
}

enum c4_status c4_study_use_protocol(struct c4_study *study, const char *name) {
    struct c4_text names = {0};
    for (int i = 0; i < study->protocols; i++) {
        if (strcmp(study->variant[i].name, name) != 0) continue;
        study->protocol = study->variant[i];
        return C4_OK;
    }
    for (int i = 0; i < study->protocols; i++)
        c4_text_add_word(&names, ", ", study->variant[i].name);
    return refuse("--protocol", "protocol", name, &names);
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
        struct c4_text keys = {0};
        for (int table = 0; table < 2; table++)
            for (field = table ? c4_scale_fields : c4_protocol_fields; field->key; field++)
                c4_text_add_word(&keys, ", ", field->key);
        return refuse("--set", "key", key, &keys);
    }
    enum c4_status status = c4_field_read(field, value, object);
    return status == C4_ERR_USAGE ? c4_fail(status, "--set %s: %s", key, c4_error()) : status;
}

/* `text` is cut into its parts. */
static enum c4_status set_all(struct c4_study *study, struct c4_scale *scale, char *text) {
    for (char *part = text; part;) {
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

enum c4_status c4_study_set(struct c4_study *study, struct c4_scale *scale, const char *text) {
    char *copy = strdup(text);
    if (!copy) return c4_fail(C4_ERR_MEMORY, "out of memory for --set");
    enum c4_status status = set_all(study, scale, copy);
    free(copy);
    return status;
}

enum c4_status c4_study_find_scale(const struct c4_study *study, const char *name,
                                   const struct c4_scale **scale) {
    struct c4_text names = {0};
    *scale = NULL;
    for (int i = 0; i < study->scales && !*scale; i++)
        if (strcmp(study->scale[i].name, name) == 0) *scale = &study->scale[i];
    if (*scale) return C4_OK;
    for (int i = 0; i < study->scales; i++) c4_text_add_word(&names, ", ", study->scale[i].name);
    return refuse("--scale", "scale", name, &names);
}

const struct c4_scale *c4_study_scale(const struct c4_study *study, const char *name) {
    const struct c4_scale *scale;
    c4_study_find_scale(study, name, &scale);
    return scale;
}

static enum c4_status refuse_degree(uint32_t degree, const bool exists[10]) {
    struct c4_text known = {0};
    for (int d = 0; d < 10; d++)
        if (exists[d]) c4_text_add(&known, "%s%d", known.length ? ", " : "", d);
    enum c4_status status = C4_ERR_MEMORY;
    if (!known.lost)
        status = c4_fail(C4_ERR_USAGE, "--degrees: no run has degree %" PRIu32 "; these exist: %s",
                         degree, c4_text_string(&known));
    c4_text_free(&known);
    return status;
}

enum c4_status c4_study_degrees(const struct c4_study *study, struct c4_scale *scale,
                                const char *text) {
    const struct c4_field *field = c4_field_find(c4_scale_fields, "degrees");
    struct c4_scale read = *scale;
    bool exists[10] = {false};
    for (int i = 0; i < study->families; i++)
        if (study->family[i].kind == C4_KIND_PRETRAIN && study->family[i].labels < 10)
            exists[study->family[i].labels] = true;
    enum c4_status status = c4_field_read(field, text, &read);
    if (status == C4_ERR_USAGE) return c4_fail(status, "--degrees: %s", c4_error());
    C4_TRY(status);
    for (int i = 0; i < read.degrees.count; i++)
        if (!exists[read.degrees.value[i]]) return refuse_degree(read.degrees.value[i], exists);
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

static enum c4_status refuse_figure(const struct c4_study *study, const char *text, size_t length) {
    struct c4_text name = {0}, ids = {0};
    C4_TRY(c4_text_add_bytes(&name, text, length));
    for (int i = 0; i < study->figures; i++) c4_text_add_word(&ids, ", ", study->figure[i].id);
    enum c4_status status = refuse("--figures", "figure", c4_text_string(&name), &ids);
    c4_text_free(&name);
    return status;
}

enum c4_status c4_study_select(const struct c4_study *study, const char *text,
                               bool selected[C4_STUDY_FIGURES]) {
    for (int i = 0; i < study->figures; i++) selected[i] = text == NULL;
    for (const char *rest = text; rest;) {
        size_t length = strcspn(rest, ",");
        bool found = false;
        for (int i = 0; i < study->figures; i++)
            if (names_figure(rest, length, study->figure[i].id)) selected[i] = found = true;
        if (!found) return refuse_figure(study, rest, length);
        rest = rest[length] ? rest + length + 1 : NULL;
    }
    return C4_OK;
}
