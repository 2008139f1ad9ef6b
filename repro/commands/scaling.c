#include "repro/commands/scaling.h"

#include <stdlib.h>

#include "core/cli/progress.h"
#include "core/file/json.h"

/* What the rows are made of. Borrowed. */
struct model {
    const struct c4_outlook *outlook;
    const struct c4_session *session;
    const double *seconds;
};

/* A row of --scaling: the study on some of the places, as predicted and with other losses. */
struct scaling {
    int places;
    struct c4_simulation simulation; /* its totals; the stays are released */
    double less_seconds, more_seconds;
};

/* How much less and more teams lose in the two last columns. */
static const double less = 0.8, more = 1.2;

static enum c4_status totals(const struct model *model, int places, double losses,
                             struct c4_simulation *simulation) {
    struct c4_outlook changed = *model->outlook;
    changed.speeds = c4_team_speeds_with_losses(&model->outlook->speeds, losses);
    C4_TRY(c4_outlook_simulate(&changed, model->session, NULL, model->seconds, places, simulation));
    free(simulation->stay);
    simulation->stay = NULL;
    return C4_OK;
}

static enum c4_status scale(const struct model *model, int places, struct scaling *row) {
    struct c4_simulation changed;
    row->places = places;
    C4_TRY(totals(model, places, 1, &row->simulation));
    C4_TRY(totals(model, places, less, &changed));
    row->less_seconds = changed.makespan;
    C4_TRY(totals(model, places, more, &changed));
    row->more_seconds = changed.makespan;
    return C4_OK;
}

/* 1, 2, 4, ... and all places; 0 behind the last. */
static int next_places(const struct model *model, int places) {
    int all = model->outlook->places;
    if (places >= all) return 0;
    return 2 * places < all ? 2 * places : all;
}

enum c4_status c4_scaling_write(const struct c4_outlook *outlook, const struct c4_session *session,
                                const double *seconds, FILE *out) {
    const struct model one = {outlook, session, seconds}, *model = &one;
    bool teams = model->outlook->widest > 1;
    c4_outlook_write_teams(model->outlook, out);
    fprintf(out, "%7s %12s %6s %12s %6s", "places", "time", "busy", "at least", "limit");
    fprintf(out, teams ? " %12s %12s\n" : "\n", "losses -20 %", "losses +20 %");
    for (int places = 1; places > 0; places = next_places(model, places)) {
        struct scaling row;
        C4_TRY(scale(model, places, &row));
        const double column[] = {row.simulation.makespan, row.simulation.bound, row.less_seconds,
                                 row.more_seconds};
        char text[4][32];
        for (int i = 0; i < 4; i++)
            c4_progress_duration(text[i], sizeof text[i], (uint64_t)(column[i] * 1e9));
        fprintf(out, "%7d %12s %4.0f %% %12s %6s", places, text[0], 100 * row.simulation.busy,
                text[1], c4_outlook_limit(&row.simulation));
        if (teams) fprintf(out, " %12s %12s", text[2], text[3]);
        fputc('\n', out);
        if (places == model->outlook->places)
            c4_outlook_write_limit(outlook, session, &row.simulation, places, out);
    }
    return C4_OK;
}

enum c4_status c4_scaling_json(const struct c4_outlook *outlook, const struct c4_session *session,
                               const double *seconds, json_t *list) {
    const struct model one = {outlook, session, seconds}, *model = &one;
    for (int places = 1; places > 0; places = next_places(model, places)) {
        struct scaling row;
        C4_TRY(scale(model, places, &row));
        json_array_append_new(list,
                              json_pack("{s:i, s:o, s:o, s:o, s:s, s:o, s:o, s:o}", "places",
                                        places, "seconds", c4_json_real(row.simulation.makespan),
                                        "busy", c4_json_real(row.simulation.busy), "bound_seconds",
                                        c4_json_real(row.simulation.bound), "limit",
                                        c4_outlook_limit(&row.simulation), "chain_seconds",
                                        c4_json_real(row.simulation.chain), "seconds_losses_less",
                                        c4_json_real(row.less_seconds), "seconds_losses_more",
                                        c4_json_real(row.more_seconds)));
    }
    return C4_OK;
}
