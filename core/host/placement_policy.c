/* The user's text for a placement, and lists of PUs. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "core/host/placement.h"

enum { NUMBER_MOST = 65535, LIST_MOST = 65536 };

static const char explicit_word[] = "explicit=";

/* A decimal number without sign; false if there is none, or it is too large. */
static bool read_number(const char **text, int *number) {
    const char *p = *text;
    if (!isdigit((unsigned char)*p)) return false;
    *number = 0;
    for (; isdigit((unsigned char)*p); p++) {
        *number = 10 * *number + (*p - '0');
        if (*number > NUMBER_MOST) return false;
    }
    *text = p;
    return true;
}

static enum c4_status fail_list(const char *text) {
    return c4_fail(C4_ERR_USAGE,
                   "'%.*s' is not a list of CPU numbers such as 0-3,8 (each at most %d).",
                   (int)strcspn(text, "/"), text, NUMBER_MOST);
}

/* Reads the list; writes the numbers if `pu` is not NULL. */
static enum c4_status walk_list(const char *text, int *pu, int *count, const char **end) {
    const char *p = text;
    *count = 0;
    for (bool more = true; more;) {
        int first, last;
        if (!read_number(&p, &first)) return fail_list(text);
        last = first;
        if (*p == '-') {
            p++;
            if (!read_number(&p, &last) || last < first) return fail_list(text);
        }
        if (last - first >= LIST_MOST - *count) return fail_list(text);
        for (int k = first; k <= last; k++, ++*count)
            if (pu) pu[*count] = k;
        more = *p == ',';
        p += more;
    }
    if (*p && *p != '/') return fail_list(text);
    *end = p;
    return C4_OK;
}

enum c4_status c4_pu_list_read(const char *text, int **pu, int *count, const char **end) {
    const char *stop;
    *pu = NULL;
    C4_TRY(walk_list(text, NULL, count, &stop));
    *pu = calloc((size_t)*count, sizeof **pu);
    if (!*pu) return c4_fail(C4_ERR_MEMORY, "Out of memory for a list of %d CPUs.", *count);
    enum c4_status status = walk_list(text, *pu, count, end);
    if (status == C4_OK) return C4_OK;
    free(*pu);
    *pu = NULL;
    return status;
}

enum c4_status c4_pu_list_add(struct c4_text *text, const int *pu, int count) {
    for (int i = 0; i < count; i++) {
        int last = i;
        while (last + 1 < count && pu[last + 1] == pu[last] + 1) last++;
        C4_TRY(c4_text_add(text, "%s%d", i ? "," : "", pu[i]));
        if (last > i) C4_TRY(c4_text_add(text, "-%d", pu[last]));
        i = last;
    }
    return C4_OK;
}

static enum c4_status parse_explicit(const char *text, struct c4_placement_policy *policy) {
    policy->places = text;
    for (bool more = true; more;) {
        int *pu, count;
        if (*text == '/' || *text == '\0')
            return c4_fail(C4_ERR_USAGE,
                           "explicit=%s: a place is empty; write places as explicit=0,2/1,3.",
                           policy->places);
        C4_TRY(c4_pu_list_read(text, &pu, &count, &text));
        free(pu);
        more = *text++ == '/';
    }
    return C4_OK;
}

static bool is_word(const char *text, size_t length, const char *word) {
    return strlen(word) == length && strncmp(text, word, length) == 0;
}

enum c4_status c4_placement_policy_parse(const char *text, struct c4_placement_policy *policy) {
    static const char *const scopes[] = {"core", "l2", "l3", "numa", "machine"};
    _Static_assert(sizeof scopes / sizeof *scopes == C4_PLACE_MACHINE + 1, "a word for each scope");
    *policy = (struct c4_placement_policy){0};
    if (strncmp(text, explicit_word, sizeof explicit_word - 1) == 0)
        return parse_explicit(text + sizeof explicit_word - 1, policy);
    size_t length = strcspn(text, ",");
    int scope = 0;
    while (scope <= C4_PLACE_MACHINE && !is_word(text, length, scopes[scope])) scope++;
    if (scope > C4_PLACE_MACHINE)
        return c4_fail(C4_ERR_USAGE,
                       "'%.*s' is no kind of place; write core, l2, l3, numa, machine or explicit "
                       "places such as explicit=0,2/1,3.",
                       (int)length, text);
    policy->scope = (enum c4_place_scope)scope;
    bool ordered = false;
    for (const char *word = text + length; *word == ',';) {
        word++;
        length = strcspn(word, ",");
        bool compact = is_word(word, length, "compact"), spread = is_word(word, length, "spread");
        bool smt = is_word(word, length, "smt");
        if (!compact && !spread && !smt)
            return c4_fail(C4_ERR_USAGE,
                           "'%.*s' says nothing about places; behind '%s' may follow compact or "
                           "spread, and smt.",
                           (int)length, word, scopes[scope]);
        if ((smt && policy->siblings) || (!smt && ordered))
            return c4_fail(C4_ERR_USAGE,
                           "'%s' has '%.*s' where the same was said before; give compact or "
                           "spread once, and smt once.",
                           text, (int)length, word);
        policy->siblings = policy->siblings || smt;
        policy->compact = policy->compact || compact;
        ordered = ordered || !smt;
        word += length;
    }
    return C4_OK;
}
