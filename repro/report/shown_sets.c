#include "repro/report/shown_sets.h"

#include <stdio.h>
#include <string.h>

#include "core/data/synthetic.h"

static bool begins_with(const char *text, const char *beginning) {
    return strncmp(text, beginning, strlen(beginning)) == 0;
}

/* Whether a name is that of a stand-in's split or of a part of it. */
static bool is_stand_in(const char *name, const struct c4_stand_in *stand_in) {
    char split[64];
    for (int k = 0; k < 2; k++) {
        c4_synthetic_name(stand_in, (enum c4_split)k, split);
        if (begins_with(name, split)) return true;
    }
    return false;
}

static void show(struct c4_shown_set *shown, const struct c4_set *set, const char *name) {
    const char *substitute = set->tuning.substitute;
    if (is_stand_in(name, set->stand_in))
        snprintf(shown->title, sizeof shown->title, "synthetic %s", set->stand_in->name);
    if (!substitute || !begins_with(name, substitute)) return;
    snprintf(shown->title, sizeof shown->title, "%s", substitute);
    shown->substitute = true;
}

void c4_shown_sets(const struct c4_origins *origins, struct c4_shown_set set[C4_SETS_MAX]) {
    for (int i = 0; i < c4_set_count; i++) {
        set[i] = (struct c4_shown_set){.substitute = false};
        snprintf(set[i].title, sizeof set[i].title, "%s", c4_sets[i].title);
        for (int k = 0; k < origins->count; k++) {
            show(&set[i], &c4_sets[i], origins->origin[k].data);
            show(&set[i], &c4_sets[i], origins->origin[k].evaluation);
        }
    }
}

enum c4_status c4_shown_list(const struct c4_study *study,
                             const struct c4_shown_set set[C4_SETS_MAX], struct c4_text *text) {
    int first = c4_study_pretraining(study), left = 0;
    for (int i = 0; i < c4_set_count; i++) left += i != first && c4_study_uses(study, i);
    C4_TRY(c4_text_set(text, set[first].title));
    for (int i = 0; i < c4_set_count; i++)
        if (i != first && c4_study_uses(study, i))
            C4_TRY(c4_text_add(text, "%s%s", --left ? ", " : " and ", set[i].title));
    return C4_OK;
}
