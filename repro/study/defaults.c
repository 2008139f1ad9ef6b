#include "repro/study/defaults.h"

#include <string.h>

static bool is_cost(const struct c4_study_figure *figure) {
    return figure->kind >= C4_FIGURE_COST_THROUGHPUT;
}
_Static_assert(C4_FIGURE_COST_RUNS - C4_FIGURE_COST_THROUGHPUT == 3 &&
                   C4_FIGURE_SIZES_AT_ACCURACY < C4_FIGURE_COST_THROUGHPUT,
               "the kinds of cost are the last four");

/* For files written before the key existed: the paper's CKA figures. */
static bool is_debiased_by_id(const struct c4_study_figure *figure) {
    return strchr("1345", figure->id[0]) && figure->quantity == C4_QUANTITY_CKA_BIASED;
}

static enum c4_status fill_debiased(const char *name, struct c4_study *study) {
    bool said = false;
    for (int f = 0; f < study->figures; f++) {
        const struct c4_study_figure *figure = &study->figure[f];
        said = said || figure->debiased != C4_NOT_SAID;
        if (figure->debiased == 1 &&
            (figure->quantity != C4_QUANTITY_CKA_BIASED || is_cost(figure)))
            return c4_fail(C4_ERR_USAGE,
                           "%s: figure %s has debiased = yes, which needs quantity = cka_biased",
                           name, figure->id);
    }
    for (int f = 0; f < study->figures; f++) {
        struct c4_study_figure *figure = &study->figure[f];
        if (figure->debiased == C4_NOT_SAID) figure->debiased = !said && is_debiased_by_id(figure);
    }
    return C4_OK;
}

static enum c4_status fill_summary(const char *name, struct c4_study *study) {
    bool said = false;
    for (int f = 0; f < study->figures; f++) said = said || study->figure[f].summary != C4_NOT_SAID;
    for (int f = 0; f < study->figures; f++) {
        struct c4_study_figure *figure = &study->figure[f];
        bool suits = figure->kind == C4_FIGURE_LAYERS_OVER_EPOCHS && figure->debiased == 1;
        if (figure->summary == 1 && !suits)
            return c4_fail(C4_ERR_USAGE,
                           "%s: figure %s has summary = yes, which needs kind = "
                           "layers-over-epochs and debiased = yes",
                           name, figure->id);
        if (figure->summary == C4_NOT_SAID) figure->summary = !said && suits;
    }
    return C4_OK;
}

enum c4_status c4_study_figure_defaults(const char *name, struct c4_study *study) {
    C4_TRY(fill_debiased(name, study));
    return fill_summary(name, study);
}

static const struct c4_study_figure *figure_of(const struct c4_study *study, const char *id) {
    for (int f = 0; f < study->figures; f++)
        if (strcmp(study->figure[f].id, id) == 0) return &study->figure[f];
    return NULL;
}

static void take_authors(const struct c4_study *built_in, struct c4_study *study) {
    bool said = false;
    for (int i = 0; i < built_in->protocols; i++)
        if (strcmp(built_in->variant[i].name, "authors") == 0)
            study->authors = built_in->variant[i];
    for (int f = 0; f < study->figures; f++)
        said = said || study->figure[f].authors_table != C4_NOT_SAID ||
               study->figure[f].authors_note[0];
    for (int f = 0; f < study->figures; f++) {
        struct c4_study_figure *figure = &study->figure[f];
        const struct c4_study_figure *like = said ? NULL : figure_of(built_in, figure->id);
        if (like && like != figure) {
            figure->authors_table = like->authors_table;
            memcpy(figure->authors_note, like->authors_note, sizeof figure->authors_note);
        }
        if (figure->authors_table == C4_NOT_SAID) figure->authors_table = 0;
    }
}

void c4_study_from_built_in(const struct c4_study *built_in, struct c4_study *study) {
    take_authors(built_in, study);
    study->published_families = built_in->families;
    memcpy(study->published, built_in->family, sizeof study->published);
    if (study->claims > 0 || study == built_in) return;
    study->claims = built_in->claims;
    memcpy(study->claim, built_in->claim, sizeof study->claim);
}
