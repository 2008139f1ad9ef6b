#include "repro/study/field.h"

#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEED_HIGH (UINT64_C(1) << 53)

const struct c4_field *c4_field_find(const struct c4_field *fields, const char *key) {
    for (; fields->key; fields++)
        if (strcmp(fields->key, key) == 0) return fields;
    return NULL;
}

static const char *choice_of(const struct c4_field *field, int index) {
    return field->choice ? field->choice(index) : field->choices[index];
}

static int compare_seeds(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* strtoull() without signs and leading blanks. False if there is no number at *text or it is too
 * large. */
static int take_seed(const char **text, uint64_t *seed) {
    if (!isdigit((unsigned char)**text)) return 0;
    char *end;
    *seed = strtoull(*text, &end, 10);
    *text = end;
    return *seed <= SEED_HIGH;
}

enum c4_status c4_seeds_read(const char *text, struct c4_seeds *seeds) {
    struct c4_seeds found = {0};
    const char *rest = text;
    for (;;) {
        uint64_t first, last;
        if (!take_seed(&rest, &first)) break;
        last = first;
        if (*rest == '-' && (rest++, !take_seed(&rest, &last))) break;
        if (last < first) break;
        if (last - first >= (uint64_t)(C4_SEEDS_MAX - found.count))
            return c4_fail(C4_ERR_USAGE, "'%s' names more than %d seeds", text, C4_SEEDS_MAX);
        for (uint64_t seed = first; seed <= last; seed++) found.seed[found.count++] = seed;
        if (*rest == '\0') {
            qsort(found.seed, (size_t)found.count, sizeof *found.seed, compare_seeds);
            for (int i = 1; i < found.count; i++)
                if (found.seed[i] == found.seed[i - 1])
                    return c4_fail(C4_ERR_USAGE, "'%s' names seed %" PRIu64 " twice", text,
                                   found.seed[i]);
            *seeds = found;
            return C4_OK;
        }
        if (*rest++ != ',') break;
    }
    return c4_fail(C4_ERR_USAGE, "'%s' is not a list of seeds such as 1-3 or 1,2,7", text);
}

static enum c4_status read_number(const struct c4_field *field, const char *text, void *member) {
    char *end;
    double value = strtod(text, &end);
    int whole = field->type == C4_FIELD_INTEGER;
    if (end == text || *end || !(value >= field->low && value <= field->high) ||
        (whole && value != floor(value)))
        return c4_fail(C4_ERR_USAGE, "'%s' is not %s from %.10g to %.10g", text,
                       whole ? "an integer" : "a number", field->low, field->high);
    if (whole) {
        uint32_t integer = (uint32_t)value;
        memcpy(member, &integer, sizeof integer);
    } else {
        memcpy(member, &value, sizeof value);
    }
    return C4_OK;
}

static int compare_integers(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static enum c4_status read_list(const struct c4_field *field, const char *text,
                                struct c4_list *list) {
    struct c4_list found = {0};
    bool good = true;
    const char *rest = strcmp(text, "none") == 0 ? "" : text;
    good = *rest != '\0' || *text != '\0';
    while (good && *rest) {
        char *end;
        good = isdigit((unsigned char)*rest) && found.count < C4_LIST_MAX;
        double value = strtod(rest, &end);
        good = good && value >= field->low && value <= field->high && value == floor(value) &&
               (*end == '\0' || (*end == ',' && end[1] != '\0'));
        if (good) found.value[found.count++] = (uint32_t)value;
        rest = *end ? end + 1 : end;
    }
    qsort(found.value, (size_t)found.count, sizeof *found.value, compare_integers);
    for (int i = 1; i < found.count; i++) good = good && found.value[i] != found.value[i - 1];
    if (!good)
        return c4_fail(C4_ERR_USAGE,
                       "'%s' is not a list of up to %d different integers from %.10g to %.10g, "
                       "such as 1,4, or none",
                       text, C4_LIST_MAX, field->low, field->high);
    *list = found;
    return C4_OK;
}

static int index_of(const char *const *choices, const char *word) {
    for (int i = 0; choices[i]; i++)
        if (strcmp(choices[i], word) == 0) return i;
    return -1;
}

static enum c4_status read_names(const struct c4_field *field, const char *text,
                                 struct c4_names *names) {
    struct c4_names found = {0};
    for (const char *rest = text; rest;) {
        size_t length = strcspn(rest, ","), skip = strspn(rest, " ");
        if (skip > length) skip = length;
        const char *next = rest[length] ? rest + length + 1 : NULL;
        while (length > skip && rest[length - 1] == ' ') length--;
        if (length == skip || length - skip >= C4_NAME_SIZE || found.count == C4_NAMES_MAX)
            return c4_fail(C4_ERR_USAGE, "'%s' is not a list of up to %d words of 1 to %d bytes",
                           text, C4_NAMES_MAX, C4_NAME_SIZE - 1);
        char *name = found.name[found.count++];
        memcpy(name, rest + skip, length - skip);
        if (field->choices && index_of(field->choices, name) < 0)
            return c4_fail(C4_ERR_USAGE, "'%s' is unknown; the first known word is %s", name,
                           field->choices[0]);
        rest = next;
    }
    *names = found;
    return C4_OK;
}

static enum c4_status refuse_choice(const struct c4_field *field, const char *word) {
    struct c4_text allowed = {0};
    const char *choice;
    for (int i = 0; (choice = choice_of(field, i)); i++) c4_text_add_word(&allowed, ", ", choice);
    enum c4_status status = allowed.lost ? C4_ERR_MEMORY
                                         : c4_fail(C4_ERR_USAGE, "'%s' is not one of %s", word,
                                                   c4_text_string(&allowed));
    c4_text_free(&allowed);
    return status;
}

static enum c4_status read_choice(const struct c4_field *field, const char *text, void *member) {
    const char *choice;
    for (int i = 0; (choice = choice_of(field, i)); i++) {
        if (strcmp(choice, text) != 0) continue;
        memcpy(member, &i, sizeof i);
        return C4_OK;
    }
    return refuse_choice(field, text);
}

static enum c4_status read_set(const struct c4_field *field, const char *text, void *member) {
    const struct c4_field words = {.type = C4_FIELD_NAMES};
    struct c4_names names = {0};
    unsigned set = 0;
    C4_TRY(read_names(&words, text, &names));
    for (int i = 0; i < names.count; i++) {
        int choice = index_of(field->choices, names.name[i]);
        if (choice < 0) return refuse_choice(field, names.name[i]);
        if (set >> choice & 1)
            return c4_fail(C4_ERR_USAGE, "'%s' names %s twice", text, names.name[i]);
        set |= 1u << choice;
    }
    memcpy(member, &set, sizeof set);
    return C4_OK;
}

enum c4_status c4_field_read(const struct c4_field *field, const char *text, void *object) {
    void *member = (char *)object + field->offset;
    switch (field->type) {
    case C4_FIELD_TEXT:
        if (*text == '\0' || strlen(text) >= field->size)
            return c4_fail(C4_ERR_USAGE, "'%s' is empty or longer than %zu bytes", text,
                           field->size - 1);
        memcpy(member, text, strlen(text) + 1);
        return C4_OK;
    case C4_FIELD_INTEGER:
    case C4_FIELD_REAL:
        return read_number(field, text, member);
    case C4_FIELD_SEEDS:
        return c4_seeds_read(text, member);
    case C4_FIELD_LIST:
        return read_list(field, text, member);
    case C4_FIELD_NAMES:
        return read_names(field, text, member);
    case C4_FIELD_SET:
        return read_set(field, text, member);
    case C4_FIELD_CHOICE:
        break;
    }
    return read_choice(field, text, member);
}

static enum c4_status write_seeds(const struct c4_seeds *seeds, struct c4_text *text) {
    for (int i = 0; i < seeds->count; i++) {
        int last = i;
        while (last + 1 < seeds->count && seeds->seed[last + 1] == seeds->seed[last] + 1) last++;
        C4_TRY(c4_text_add(text, "%s%" PRIu64, i ? "," : "", seeds->seed[i]));
        if (last > i) C4_TRY(c4_text_add(text, "-%" PRIu64, seeds->seed[last]));
        i = last;
    }
    return C4_OK;
}

enum { SHOWN_BYTES = 100 }; /* of a list of seeds, at most */

enum c4_status c4_seeds_show(const struct c4_seeds *seeds, struct c4_text *text) {
    struct c4_text list = {0};
    enum c4_status status = write_seeds(seeds, &list);
    if (status == C4_OK && list.length <= SHOWN_BYTES)
        status = c4_text_add(text, "%s", c4_text_string(&list));
    else if (status == C4_OK)
        status = c4_text_add(text, "%d seeds from %" PRIu64 " to %" PRIu64, seeds->count,
                             seeds->seed[0], seeds->seed[seeds->count - 1]);
    c4_text_free(&list);
    return status;
}

static enum c4_status write_list(const struct c4_list *list, struct c4_text *text) {
    if (list->count == 0) return c4_text_add(text, "none");
    for (int i = 0; i < list->count; i++)
        C4_TRY(c4_text_add(text, "%s%" PRIu32, i ? "," : "", list->value[i]));
    return C4_OK;
}

static enum c4_status write_names(const struct c4_names *names, struct c4_text *text) {
    for (int i = 0; i < names->count; i++) C4_TRY(c4_text_add_word(text, ",", names->name[i]));
    return C4_OK;
}

static enum c4_status write_set(const char *const *choices, unsigned set, struct c4_text *text) {
    for (int i = 0; choices[i]; i++)
        if (set >> i & 1) C4_TRY(c4_text_add_word(text, ",", choices[i]));
    return C4_OK;
}

/* The shortest decimal number that is read back as the same double. */
static enum c4_status write_real(double real, struct c4_text *text) {
    for (int digits = 1; digits < 17; digits++) {
        c4_text_clear(text);
        C4_TRY(c4_text_add(text, "%.*g", digits, real));
        if (strtod(c4_text_string(text), NULL) == real) return C4_OK;
    }
    c4_text_clear(text);
    return c4_text_add(text, "%.17g", real);
}

enum c4_status c4_field_write(const struct c4_field *field, const void *object,
                              struct c4_text *text) {
    const void *member = (const char *)object + field->offset;
    double real;
    uint32_t integer;
    int choice;
    unsigned set;
    c4_text_clear(text);
    switch (field->type) {
    case C4_FIELD_TEXT:
        return c4_text_add(text, "%s", (const char *)member);
    case C4_FIELD_INTEGER:
        memcpy(&integer, member, sizeof integer);
        return c4_text_add(text, "%" PRIu32, integer);
    case C4_FIELD_REAL:
        memcpy(&real, member, sizeof real);
        return write_real(real, text);
    case C4_FIELD_SEEDS:
        return write_seeds(member, text);
    case C4_FIELD_LIST:
        return write_list(member, text);
    case C4_FIELD_NAMES:
        return write_names(member, text);
    case C4_FIELD_SET:
        memcpy(&set, member, sizeof set);
        return write_set(field->choices, set, text);
    case C4_FIELD_CHOICE:
        break;
    }
    memcpy(&choice, member, sizeof choice);
    return c4_text_add(text, "%s", choice_of(field, choice));
}

static enum c4_status join_seeds(const struct c4_seeds *from, struct c4_seeds *to) {
    struct c4_seeds joined = *to;
    for (int i = 0; i < from->count; i++) {
        bool there = false;
        for (int k = 0; k < to->count; k++) there = there || to->seed[k] == from->seed[i];
        if (there) continue;
        if (joined.count == C4_SEEDS_MAX)
            return c4_fail(C4_ERR_USAGE,
                           "a study has at most %d seeds; use another --out for further ones",
                           C4_SEEDS_MAX);
        joined.seed[joined.count++] = from->seed[i];
    }
    qsort(joined.seed, (size_t)joined.count, sizeof *joined.seed, compare_seeds);
    *to = joined;
    return C4_OK;
}

static enum c4_status join_lists(const char *key, const struct c4_list *from, struct c4_list *to) {
    struct c4_list joined = *to;
    for (int i = 0; i < from->count; i++) {
        bool there = false;
        for (int k = 0; k < to->count; k++) there = there || to->value[k] == from->value[i];
        if (there) continue;
        if (joined.count == C4_LIST_MAX)
            return c4_fail(C4_ERR_USAGE,
                           "a study has at most %d %s; use another --out for further ones",
                           C4_LIST_MAX, key);
        joined.value[joined.count++] = from->value[i];
    }
    qsort(joined.value, (size_t)joined.count, sizeof *joined.value, compare_integers);
    *to = joined;
    return C4_OK;
}

enum c4_status c4_field_join(const struct c4_field *field, const void *from, void *to) {
    const void *source = (const char *)from + field->offset;
    void *member = (char *)to + field->offset;
    if (field->type == C4_FIELD_SEEDS) return join_seeds(source, member);
    if (field->type == C4_FIELD_LIST) return join_lists(field->key, source, member);
    return c4_fail(C4_ERR_USAGE, "%s is no list", field->key);
}
