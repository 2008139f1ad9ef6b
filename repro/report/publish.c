#include "repro/report/publish.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/file/file.h"
#include "core/file/json.h"
#include "core/file/leftovers.h"
#include "core/host/environment.h"
#include "core/host/team.h"
#include "repro/report/shown_sets.h"
#include "simd/dispatch.h"

enum { BACKENDS = 16 };

/* Returns space for the next warning; excess warnings overwrite the last one. */
static char *next_warning(struct c4_publication *p) {
    if (p->warnings < C4_WARNINGS_MAX) p->warnings++;
    return p->warning[p->warnings - 1];
}

#define warn(p, ...) snprintf(next_warning(p), C4_WARNING_BYTES, __VA_ARGS__)

static enum c4_status read_environment(struct c4_publication *p) {
    const struct c4_backend *table;
    const char *runnable[BACKENDS];
    char features[64];
    int count = 0;
    for (int i = 0; c4_backend_name(i, NULL, NULL); i++) {
        const char *name = c4_backend_name(i, &table, NULL);
        if (table && count < BACKENDS) runnable[count++] = name;
    }
    c4_dispatch_cpu(features, sizeof features);
    struct c4_topology topology;
    C4_TRY(c4_topology_load(NULL, &topology));
    const struct c4_environment_input input = {
        .topology = &topology, .cpu_features = features, .backend = runnable, .backends = count};
    enum c4_status status = c4_environment(&input, &p->environment);
    c4_topology_free(&topology);
    return status;
}

/* Names the images that the rows were made with. */
static void name_data(struct c4_publication *p) {
    for (int i = 0; i < p->origins; i++) {
        p->synthetic = p->synthetic || p->origin[i].synthetic;
        p->substitute = p->substitute || p->origin[i].substitute;
    }
    c4_shown_sets(p->origin, p->origins, p->set);
    c4_shown_list(p->study, p->set, p->images, sizeof p->images);
}

static enum c4_status count_suspects(struct c4_publication *p, struct c4_study_reader *store) {
    C4_TRY(c4_study_reader_suspects(store, NULL, NULL, &p->suspects));
    if (p->suspects.rows)
        warn(p,
             "%" PRId64 " rows of %d run%s are suspect: %s. 'conv4 repro --redo' with the study's "
             "--out and --data trains these runs again.",
             p->suspects.rows, p->suspects.runs, p->suspects.runs == 1 ? "" : "s",
             c4_suspects_reason);
    return C4_OK;
}

static enum c4_status count_runs(struct c4_publication *p, struct c4_study_reader *store) {
    char failed[200] = "";
    for (int i = 0; i < p->rows.runs; i++) {
        const struct c4_rows_run *run = &p->rows.run[i];
        enum c4_run_state state;
        bool known;
        if (run->order != p->study->protocol.order) continue;
        C4_TRY(c4_study_reader_run_state(store, run->key, &known, &state));
        p->runs.all++;
        p->runs.done += state == C4_RUN_DONE;
        p->runs.begun += state == C4_RUN_RUNNING;
        p->runs.planned += known && state == C4_RUN_PLANNED;
        p->runs.unknown += !known;
        if (state != C4_RUN_FAILED) continue;
        p->runs.failed++;
        size_t used = strlen(failed);
        snprintf(failed + used, sizeof failed - used, "%s%s", used ? ", " : "", run->key);
    }
    if (p->runs.failed)
        warn(p, "%d run%s failed and %s missing here: %s", p->runs.failed,
             p->runs.failed == 1 ? "" : "s", p->runs.failed == 1 ? "is" : "are", failed);
    if (p->runs.begun + p->runs.planned)
        warn(p,
             "The study is not finished: %d of %d runs are. Values come from those; 'conv4 repro' "
             "with the same options continues it.",
             p->runs.done, p->runs.all);
    if (p->runs.unknown)
        warn(p, "%d of the scale's %d runs were not selected; results that need them are missing.",
             p->runs.unknown, p->runs.all);
    return C4_OK;
}

/* Views of a set differ only in name, so each unofficial set is reported once. */
static void warn_of_unofficial(struct c4_publication *p) {
    for (int i = 0; i < 2 * p->origins; i++) {
        const struct c4_origin *origin = &p->origin[i / 2];
        const char *name = i % 2 ? origin->evaluation : origin->data;
        const char *from = strstr(name, C4_DATASET_UNOFFICIAL);
        bool told = from == NULL;
        for (int k = 0; k < i && !told; k++) {
            const struct c4_origin *other = &p->origin[k / 2];
            const char *text =
                strstr(k % 2 ? other->evaluation : other->data, C4_DATASET_UNOFFICIAL);
            told = text && strcmp(text, from) == 0;
        }
        if (told) continue;
        p->unofficial = true;
        warn(p, "Not the official images: %s.", name);
    }
}

static void warn_of_data(struct c4_publication *p) {
    warn_of_unofficial(p);
    if (p->synthetic)
        warn(p,
             "Synthetic data: the program generated the images. The results show that everything "
             "runs, but say nothing about the paper.");
    for (int i = 0; i < c4_set_count; i++)
        if (p->set[i].substitute)
            warn(p,
                 "%s: 10,000 of %s's %s, some of them from its test set, stand in for the first "
                 "10,000 of its training set.",
                 c4_sets[i].tuning.substitute, c4_sets[i].title, c4_sets[i].tuning.images);
    if (p->judging == C4_JUDGE_NOTHING)
        warn(p, "Scale %s trains too little to judge claims; their numbers are only reported.",
             p->scale->name);
    if (p->judging == C4_JUDGE_SHAPES)
        warn(p,
             "Scale %s trains less than the paper; claims that need the paper's training are not "
             "judged.",
             p->scale->name);
    if (p->scale->seeds.count < 3)
        warn(p, "%d seed%s: with fewer than three, claims remain undecided.", p->scale->seeds.count,
             p->scale->seeds.count == 1 ? "" : "s");
}

static enum c4_status draw_figures(struct c4_publication *p, const bool *selected) {
    const struct c4_figures_input input = {.source = {&p->rows, p->study, p->scale},
                                           .folder = p->folder,
                                           .synthetic = p->synthetic,
                                           .set = p->set,
                                           .costs = p->costs,
                                           .cost_count = p->cost_count,
                                           .plain = p->plain};
    const char *note = NULL;
    for (int f = 0; f < p->study->figures; f++) {
        const struct c4_study_figure *figure = &p->study->figure[f];
        if (selected && !selected[f]) continue;
        for (int debiased = 0; debiased <= figure->debiased; debiased++) {
            C4_TRY(c4_figures_make(&input, figure, debiased, &p->figure[p->figures++]));
        }
    }
    /* All workers have ended by now, so every core is free. */
    C4_TRY(c4_figures_draw(p->folder, p->figure, p->figures, c4_team_threads_default()));
    for (int i = 0; i < p->figures; i++)
        if (p->figure[i].files.note[0]) note = p->figure[i].files.note;
    if (note) warn(p, "%s", note);
    return C4_OK;
}

static enum c4_status gather(struct c4_publication *p, struct c4_study_reader *store) {
    C4_TRY(c4_study_reader_rows(store, p->study, p->scale, &p->rows));
    C4_TRY(c4_study_reader_origins(store, p->origin, &p->origins));
    C4_TRY(c4_study_reader_places(store, p->place, &p->places));
    C4_TRY(c4_study_reader_costs(store, &p->costs, &p->cost_count));
    name_data(p);
    p->judging = c4_claims_judging(p->scale->pretrain_images, p->scale->pretrain_epochs,
                                   p->study->protocol.batch);
    warn_of_data(p);
    C4_TRY(count_suspects(p, store));
    return count_runs(p, store);
}

static enum c4_status make_all(struct c4_publication *p, struct c4_study_reader *store,
                               const bool *selected) {
    const struct c4_claim_setting usual = {.order = p->study->protocol.order};
    C4_TRY(gather(p, store));
    C4_TRY(c4_claims_judge(p->study, &p->rows, p->scale->seeds.seed, p->scale->seeds.count,
                           p->judging, &usual, &p->claims));
    C4_TRY(c4_claim_settings(p));
    C4_TRY(draw_figures(p, selected));
    C4_TRY(read_environment(p));
    C4_TRY(c4_path_join(p->report, sizeof p->report, p->folder, "report.html"));
    C4_TRY(c4_path_join(p->json, sizeof p->json, p->folder, "report.json"));
    C4_TRY(c4_publication_html(p, p->report));
    json_t *object = c4_publication_json(p);
    if (!object) return C4_ERR_MEMORY;
    enum c4_status status = c4_json_save(p->json, object);
    json_decref(object);
    return status;
}

enum c4_status c4_study_publish(const char *folder, const struct c4_study *study,
                                const struct c4_scale *scale, const bool *selected, bool plain,
                                struct c4_publication *p) {
    struct c4_study_reader *store = NULL;
    *p = (struct c4_publication){.folder = folder, .plain = plain, .study = study, .scale = scale};
    p->figure = calloc(2 * (size_t)study->figures + 1, sizeof *p->figure);
    p->origin = calloc(C4_ORIGINS_MAX, sizeof *p->origin);
    p->place = calloc(C4_PLACES_MAX, sizeof *p->place);
    p->settings = calloc(C4_SETTINGS_MAX, sizeof *p->settings);
    if (!p->figure || !p->origin || !p->place || !p->settings)
        return c4_fail(C4_ERR_MEMORY, "out of memory for the report");
    char figures[C4_STORE_PATH_SIZE];
    C4_TRY(c4_path_join(figures, sizeof figures, folder, "figures"));
    C4_TRY(c4_leftovers_remove(folder));
    C4_TRY(c4_leftovers_remove(figures));
    enum c4_status status = c4_study_reader_open(folder, &store);
    if (status == C4_OK) status = make_all(p, store, selected);
    c4_study_reader_close(store);
    return status;
}

void c4_publication_free(struct c4_publication *p) {
    for (int i = 0; p->figure && i < p->figures; i++) c4_figure_result_free(&p->figure[i]);
    free(p->figure);
    free(p->origin);
    free(p->place);
    free(p->settings);
    free(p->costs);
    free((void *)p->rows.run);
    json_decref(p->environment);
    *p = (struct c4_publication){0};
}

void c4_publication_text(const struct c4_publication *p, FILE *out) {
    const struct c4_figure_result *first = NULL;
    int drawn = 0;
    fprintf(out, "\n");
    for (int i = 0; i < p->claims.count; i++) {
        const struct c4_claim *claim = &p->claims.claim[i];
        if (claim->verdict == C4_NOT_JUDGED) continue;
        fprintf(out, "claim %-11s %-10s %s%s\n", claim->id, c4_verdict_names[claim->verdict],
                claim->says,
                claim->estimator_dependent ? " (depends on the estimator)"
                : claim->suspect           ? " (on suspect rows)"
                                           : "");
    }
    fprintf(out, "Claims: %d hold, %d fail, %d undecided, %d not judged.\n",
            c4_claims_with(&p->claims, C4_HOLDS), c4_claims_with(&p->claims, C4_FAILS),
            c4_claims_with(&p->claims, C4_UNDECIDED), c4_claims_with(&p->claims, C4_NOT_JUDGED));
    for (int i = 0; i < p->warnings; i++) fprintf(out, "Note: %s\n", p->warning[i]);
    for (int i = 0; i < p->figures; i++) {
        if (p->figure[i].empty) continue;
        drawn++;
        if (!first) first = &p->figure[i];
    }
    fprintf(out, "%d figures in %s/figures.\n%s\n", drawn, p->folder, p->report);
    if (first) fprintf(out, "%s%s\n", first->stem, first->shown);
}
