#include "repro/study/parse_claim.h"

#include <math.h>
#include <string.h>

#include "core/op/conv4.h"
#include "repro/study/field_rows.h"

enum { LOGITS = C4_LAYERS - 1, TERM_SIZE = 200 };

static const char blanks[] = " \t";
static const char *const kinds[] = {"sum", "pairs", "loss", "accuracy", "ratio", "sizes", NULL};
static const char *const sizes_at[] = {"end", "steps", "accuracy", NULL};
static const char *const no_yes[] = {"no", "yes", NULL};

#define COUNT(names) (sizeof(names) / sizeof *(names))
_Static_assert(COUNT(kinds) == C4_CLAIM_SIZES + 2 && COUNT(sizes_at) == C4_SIZES_AT_ACCURACY + 2,
               "a name for each value, and NULL");
_Static_assert(sizeof(enum c4_claim_kind) == sizeof(int),
               "c4_field_read() copies an int into members with CHOICE");

#define LABEL(key, c)                                                                              \
    {                                                                                              \
        key, offsetof(struct c4_claim_definition, contrast[c].label), C4_CLAIM_LABEL_SIZE, 0, 0,   \
            NULL, NULL, C4_FIELD_TEXT, true                                                        \
    }

const struct c4_field c4_claim_fields[] = {
    TEXT(struct c4_claim_definition, figure),
    TEXT(struct c4_claim_definition, says),
    TEXT(struct c4_claim_definition, statistic),
    CHOICE(struct c4_claim_definition, kind, kinds),
    OPTIONAL_SET(struct c4_claim_definition, layers, c4_layer_name),
    LABEL("label", 0),
    LABEL("label2", 1),
    OPTIONAL_REAL(struct c4_claim_definition, low, -1e6, 1e6),
    OPTIONAL_REAL(struct c4_claim_definition, high, -1e6, 1e6),
    OPTIONAL_CHOICE(struct c4_claim_definition, sizes_at, sizes_at),
    OPTIONAL_TEXT(struct c4_claim_definition, memorised),
    OPTIONAL_CHOICE(struct c4_claim_definition, paper_only, no_yes),
    OPTIONAL_CHOICE(struct c4_claim_definition, pool1_is_fine, no_yes),
    OPTIONAL_CHOICE(struct c4_claim_definition, reported_only, no_yes),
    END,
};

_Static_assert(COUNT(c4_claim_fields) <= 32, "a bit of parser.given for each key");

void c4_claim_begin(struct c4_claim_definition *claim) {
    claim->low = -INFINITY;
    claim->high = INFINITY;
    claim->sizes_at = -1;
}

struct c4_claim_contrast *c4_claim_terms(struct c4_claim_definition *claim, const char *key) {
    if (strcmp(key, "terms") == 0) return &claim->contrast[0];
    return strcmp(key, "terms2") == 0 ? &claim->contrast[1] : NULL;
}

static bool is_run(const struct c4_study *study, const char *name) {
    uint32_t size;
    const struct c4_family *family = c4_study_family(study, name, &size);
    return family && (family->kind != C4_KIND_SIZE || size > 0);
}

static enum c4_status refuse_run(const char *name) {
    return c4_fail(C4_ERR_USAGE, "there is no [run NAME] for '%s'", name);
}

/* Takes the next word of *text, a part of a term; "" at the end. */
static void next_word(const char **text, char word[TERM_SIZE]) {
    *text += strspn(*text, blanks);
    size_t length = strcspn(*text, blanks);
    memcpy(word, *text, length);
    word[length] = '\0';
    *text += length;
}

/* Skips `words`, which are separated by single blanks, if *text continues with them. */
static bool skip_words(const char **text, const char *words) {
    const char *at = *text + strspn(*text, blanks);
    size_t length = strlen(words);
    if (strncmp(at, words, length) != 0 || !strchr(" \t", at[length])) return false;
    *text = at + length;
    return true;
}

/* Finds the index of a choice; errors begin with `what`. */
static enum c4_status find_choice(const char *what, const struct c4_field *field, const char *word,
                                  int *index) {
    enum c4_status status = c4_field_read(field, word, index);
    return status == C4_ERR_USAGE ? c4_fail(status, "%s: %s", what, c4_error()) : status;
}

static enum c4_status find_word(const char *what, const char *const *known, const char *word,
                                int *index) {
    const struct c4_field field = {.choices = known, .type = C4_FIELD_CHOICE};
    return find_choice(what, &field, word, index);
}

static const char *image_set_name(int index) {
    struct c4_image_set images;
    return c4_image_set_at(index, &images) ? c4_image_set_name(images) : NULL;
}

static enum c4_status find_images(const char *word, struct c4_image_set *images) {
    const struct c4_field field = {.choice = image_set_name, .type = C4_FIELD_CHOICE};
    int index;
    C4_TRY(find_choice("images", &field, word, &index));
    c4_image_set_at(index, images);
    return C4_OK;
}

/* Reads what follows "to": REFERENCE on IMAGES and optional words. */
static enum c4_status read_similarity(const char *text, const char *rest,
                                      struct c4_claim_term *term) {
    char word[TERM_SIZE];
    int index = 0;
    next_word(&rest, word);
    C4_TRY(find_word("reference", c4_reference_names, word, &index));
    term->reference = (enum c4_reference)index;
    if (!skip_words(&rest, "on"))
        return c4_fail(C4_ERR_USAGE, "'%s' lacks 'on IMAGES' after its reference", text);
    next_word(&rest, word);
    C4_TRY(find_images(word, &term->images));
    term->quantity = C4_QUANTITY_CKA_BIASED;
    for (;;) {
        if (!term->next_layer && skip_words(&rest, "in the next layer"))
            term->next_layer = true;
        else if (!term->at_start && skip_words(&rest, "at the start"))
            term->at_start = true;
        else
            break;
    }
    if (rest[strspn(rest, blanks)] == '\0') return C4_OK;
    return c4_fail(C4_ERR_USAGE,
                   "'%s' continues after its images, where only 'in the next layer' and 'at the "
                   "start' are allowed",
                   text);
}

static enum c4_status read_term(const struct c4_study *study, const char *text,
                                struct c4_claim_term *term) {
    char first[TERM_SIZE], run[TERM_SIZE];
    int index = 0;
    if (*text != '+' && *text != '-')
        return c4_fail(C4_ERR_USAGE, "'%s' has no sign; a term begins with + or -", text);
    *term = (struct c4_claim_term){.sign = *text == '+' ? 1 : -1, .quantity = C4_QUANTITY_LOSS};
    const char *rest = text + 1;
    next_word(&rest, first);
    memcpy(run, first, sizeof run);
    if (skip_words(&rest, "of")) {
        C4_TRY(find_word("accuracy", c4_quantity_names + C4_QUANTITY_TRAIN_ACCURACY_RUNNING, first,
                         &index));
        term->quantity = (enum c4_quantity)(C4_QUANTITY_TRAIN_ACCURACY_RUNNING + index);
        next_word(&rest, run);
    }
    if (!is_run(study, run)) return refuse_run(run);
    memcpy(term->run, run, strlen(run) + 1); /* fits, as it is a run's name */
    if (term->quantity == C4_QUANTITY_LOSS && skip_words(&rest, "to"))
        return read_similarity(text, rest, term);
    if (rest[strspn(rest, blanks)] == '\0') return C4_OK;
    return c4_fail(C4_ERR_USAGE,
                   "'%s' is not SIGN RUN to REFERENCE on IMAGES, SIGN ACCURACY of RUN or SIGN RUN",
                   text);
}

enum c4_status c4_claim_add_terms(const struct c4_study *study, const char *text,
                                  struct c4_claim_contrast *contrast) {
    int count = 0;
    while (count < C4_CLAIM_TERMS && contrast->term[count].sign) count++;
    do {
        char one[TERM_SIZE];
        text += strspn(text, blanks);
        size_t length = strcspn(text, ",");
        const char *next = text[length] ? text + length + 1 : text + length;
        while (length > 0 && strchr(blanks, text[length - 1])) length--;
        if (length >= sizeof one)
            return c4_fail(C4_ERR_USAGE, "'%.*s' is longer than %zu bytes, a term's most",
                           (int)length, text, sizeof one - 1);
        memcpy(one, text, length);
        one[length] = '\0';
        if (count == C4_CLAIM_TERMS)
            return c4_fail(C4_ERR_USAGE, "'%s' is one term too many; a contrast has at most %d",
                           one, C4_CLAIM_TERMS);
        /* Only valid terms are added. */
        struct c4_claim_term term;
        C4_TRY(read_term(study, one, &term));
        contrast->term[count++] = term;
        text = next;
    } while (*text);
    return C4_OK;
}

static bool has_figure(const struct c4_study *study, const char *id) {
    for (int i = 0; i < study->figures; i++)
        if (strcmp(study->figure[i].id, id) == 0) return true;
    return false;
}

enum c4_status c4_claim_check_key(const struct c4_study *study,
                                  const struct c4_claim_definition *claim, const char *key) {
    static const struct c4_field words = {.type = C4_FIELD_NAMES};
    if (strcmp(key, "figure") == 0) {
        struct c4_names names;
        C4_TRY(c4_field_read(&words, claim->figure, &names));
        for (int i = 0; i < names.count; i++)
            if (!has_figure(study, names.name[i]))
                return c4_fail(C4_ERR_USAGE, "there is no [figure %s]", names.name[i]);
    }
    if (strcmp(key, "memorised") == 0 && !is_run(study, claim->memorised))
        return refuse_run(claim->memorised);
    if ((strcmp(key, "low") == 0 || strcmp(key, "high") == 0) && !(claim->low < claim->high))
        return c4_fail(C4_ERR_USAGE, "low = %g is not below high = %g", claim->low, claim->high);
    return C4_OK;
}

static int count_layers(unsigned layers) {
    int count = 0;
    for (; layers; layers >>= 1) count += (int)(layers & 1);
    return count;
}

static bool fits(enum c4_claim_kind kind, const struct c4_claim_term *term) {
    if (kind == C4_CLAIM_LOSS) return term->quantity == C4_QUANTITY_LOSS;
    if (kind == C4_CLAIM_ACCURACY) return term->quantity >= C4_QUANTITY_TRAIN_ACCURACY_RUNNING;
    return term->quantity == C4_QUANTITY_CKA_BIASED;
}

static enum c4_status check_terms(const struct c4_claim_definition *claim,
                                  const struct c4_claim_contrast *contrast) {
    const char *kind = kinds[claim->kind];
    for (int t = 0; t < C4_CLAIM_TERMS && contrast->term[t].sign; t++) {
        const struct c4_claim_term *term = &contrast->term[t];
        if (!fits(claim->kind, term))
            return c4_fail(C4_ERR_USAGE, "kind = %s takes terms such as %s", kind,
                           claim->kind == C4_CLAIM_LOSS       ? "+ RUN"
                           : claim->kind == C4_CLAIM_ACCURACY ? "+ ACCURACY of RUN"
                                                              : "+ RUN to REFERENCE on IMAGES");
        if (term->next_layer && (claim->layers >> LOGITS & 1 || claim->kind == C4_CLAIM_RATIO))
            return c4_fail(C4_ERR_USAGE,
                           "'in the next layer' is not allowed for the logits or kind = ratio");
    }
    return C4_OK;
}

static enum c4_status check_ratio(const struct c4_claim_definition *claim) {
    const struct c4_claim_term *term = claim->contrast[0].term;
    if (claim->kind == C4_CLAIM_RATIO && (term[0].sign != 1 || !term[1].sign || term[2].sign))
        return c4_fail(C4_ERR_USAGE, "kind = ratio takes two terms, the first with +");
    return C4_OK;
}

enum c4_status c4_claim_check(const struct c4_claim_definition *claim) {
    const struct c4_claim_contrast *first = &claim->contrast[0], *second = &claim->contrast[1];
    const char *kind = kinds[claim->kind];
    bool sizes = claim->kind == C4_CLAIM_SIZES;
    bool layered = sizes || claim->kind == C4_CLAIM_SUM || claim->kind == C4_CLAIM_PAIRS;
    bool single = sizes || claim->kind == C4_CLAIM_PAIRS || claim->kind == C4_CLAIM_RATIO;
    bool twice = second->term[0].sign != 0;
    if (layered != (claim->layers != 0))
        return c4_fail(C4_ERR_USAGE, "kind = %s takes %s", kind, layered ? "layers" : "no layers");
    if (sizes == (first->term[0].sign != 0))
        return c4_fail(C4_ERR_USAGE, "kind = %s takes %s", kind, sizes ? "no terms" : "terms");
    if (sizes != (claim->sizes_at >= 0))
        return c4_fail(C4_ERR_USAGE, "kind = %s takes %s", kind,
                       sizes ? "sizes_at" : "no sizes_at");
    if (single && twice) return c4_fail(C4_ERR_USAGE, "kind = %s takes no terms2", kind);
    if (layered && single && first->label[0])
        return c4_fail(C4_ERR_USAGE, "kind = %s takes no label", kind);
    if ((!layered || twice) && !first->label[0])
        return c4_fail(C4_ERR_USAGE, "kind = %s with %s needs a label", kind,
                       layered ? "terms2" : "terms");
    if (twice != (second->label[0] != '\0'))
        return c4_fail(C4_ERR_USAGE, "label2 and terms2 must be given together");
    if (claim->kind == C4_CLAIM_PAIRS && claim->layers >> LOGITS & 1)
        return c4_fail(C4_ERR_USAGE, "kind = pairs takes no logits, as no layer follows them");
    if (layered && (1 + twice) * count_layers(claim->layers) > C4_CLAIM_PARTS)
        return c4_fail(C4_ERR_USAGE, "a claim has more than %d parts (layers times contrasts)",
                       C4_CLAIM_PARTS);
    C4_TRY(check_terms(claim, first));
    C4_TRY(check_terms(claim, second));
    return check_ratio(claim);
}
