#include "repro/commands/announce.h"

#include <stdlib.h>

#include "repro/commands/data_sources.h"
#include "repro/commands/part.h"

/* Lists the images for fine-tuning besides those of pre-training: " and A", ", A and B". */
static void announce_tuning(const struct c4_images *images, FILE *out) {
    const char *name[C4_SETS_MAX * C4_SPLITS];
    int count = 0;
    for (int i = 0; i < C4_SETS_MAX; i++)
        for (int k = 0; k < C4_SPLITS; k++)
            if (images->set[i].split[k].count > 0 && (i != images->pretraining || k == C4_TUNING))
                name[count++] = images->set[i].split[k].name;
    for (int i = 0; i < count; i++) fprintf(out, "%s%s", i < count - 1 ? ", " : " and ", name[i]);
}

/* Says how to fetch the real images of the sets that the study uses. */
static void announce_fetch(const struct c4_study *study, FILE *out) {
    struct c4_sources *sources;
    bool known = c4_data_sources_load(NULL, &sources) == C4_OK;
    fprintf(out, "These images stand in for the paper's; to get the real ones: conv4 data fetch ");
    for (int i = 0; known && i < c4_set_count; i++)
        if (c4_study_uses(study, i) && c4_data_sources_have(sources, c4_sets[i].word))
            fprintf(out, "%s ", c4_sets[i].word);
    fprintf(out, "--data DIR, then conv4 repro --data DIR.\n");
    free(sources);
}

void c4_announce(const struct c4_session *session, FILE *out) {
    fprintf(out, "Scale %s: %d run%s on %s", session->scale.name, session->schedule.count,
            session->schedule.count == 1 ? "" : "s", c4_images_training(&session->images)->name);
    announce_tuning(&session->images, out);
    fprintf(out, ".\n");
    c4_part_say(session, out);
    fprintf(out, "Backend ");
    c4_session_describe(session, out);
    fprintf(out, ".\n");
    for (int i = 0; i < C4_SETS_MAX * C4_SPLITS; i++) {
        const struct c4_dataset *set = &session->images.set[i / C4_SPLITS].split[i % C4_SPLITS];
        if (set->unofficial[0])
            fprintf(out, "%s: NOT THE OFFICIAL FILE: %s.\n", set->name, set->unofficial);
    }
    const char *cost = c4_dispatch_cost(&session->dispatch);
    if (cost) fprintf(out, "%s\n", cost);
    if (session->taken.length)
        fprintf(out, "Taken from the study in %s: %s.\n", c4_arg_text(session->args, "out"),
                c4_text_string(&session->taken));
    if (!c4_arg_text(session->args, "data")) announce_fetch(&session->study, out);
}
