#include "repro/report/publish.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/array.h"
#include "core/file/file.h"
#include "core/file/json.h"
#include "core/file/leftovers.h"
#include "core/host/environment.h"
#include "core/host/team.h"
#include "core/similarity/similarity.h"
#include "repro/report/shown_sets.h"
#include "simd/dispatch.h"

enum { BACKENDS = 16 };

__attribute__((format(printf, 2, 3))) static enum c4_status warn(struct c4_publication *p,
                                                                 const char *format, ...) {
    va_list arguments;
    struct c4_text *grown =
        c4_array_reserve(p->warning, sizeof *grown, (size_t)p->warnings + 1, &p->warning_capacity);
    if (!grown) return c4_fail(C4_ERR_MEMORY, "out of memory for the report");
    p->warning = grown;
    grown[p->warnings] = (struct c4_text){0};
    va_start(arguments, format);
    enum c4_status status = c4_text_add_list(&grown[p->warnings++], format, arguments);
    va_end(arguments);
    return status;
}

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
static enum c4_status name_data(struct c4_publication *p) {
    for (int i = 0; i < p->origins.count; i++) {
        p->synthetic = p->synthetic || p->origins.origin[i].synthetic;
        p->substitute = p->substitute || p->origins.origin[i].substitute;
    }
    c4_shown_sets(&p->origins, p->set);
    return c4_shown_list(p->study, p->set, &p->images);
}

static enum c4_status count_suspects(struct c4_publication *p, struct c4_study_reader *store) {
    C4_TRY(c4_study_reader_suspects(store, NULL, NULL, &p->suspects));
    if (!p->suspects.rows) return C4_OK;
    return warn(p,
                "%" PRId64 " rows of %d run%s are suspect: %s. 'conv4 repro --redo' with the "
                "study's --out and --data trains these runs again.",
                p->suspects.rows, p->suspects.runs, p->suspects.runs == 1 ? "" : "s",
                c4_suspects_reason);
}

/* Nothing is said of rows that are all of one version. */
static enum c4_status warn_of_versions(struct c4_publication *p, struct c4_study_reader *store) {
    struct c4_text runs = {0};
    enum c4_status status = c4_study_reader_versions(store, &p->version, &p->versions);
    for (int i = 0; i < p->versions && status == C4_OK; i++)
        status =
            c4_text_add(&runs, "%s%d run%s %s version %" PRId64 "%s", i ? ", of " : "",
                        p->version[i].runs, p->version[i].runs == 1 ? "" : "s", i ? "of" : "is of",
                        p->version[i].version, i ? "" : " of the similarity");
    if (status == C4_OK && p->versions > 1)
        status = warn(p,
                      "CKA of %s; values of versions differ by less than 1e-6. 'conv4 repro "
                      "--redo' with the study's --out and --data trains the runs again that are "
                      "not of version %d.",
                      c4_text_string(&runs), (int)C4_SIMILARITY_VERSION);
    c4_text_free(&runs);
    return status;
}

static enum c4_status warn_of_runs(struct c4_publication *p, const struct c4_text *failed) {
    if (p->runs.failed)
        C4_TRY(warn(p, "%d run%s failed and %s missing here: %s", p->runs.failed,
                    p->runs.failed == 1 ? "" : "s", p->runs.failed == 1 ? "is" : "are",
                    c4_text_string(failed)));
    if (p->runs.begun + p->runs.planned)
        C4_TRY(warn(p,
                    "The study is not finished: %d of %d runs are. Values come from those; 'conv4 "
                    "repro' with the same options continues it.",
                    p->runs.done, p->runs.all));
    if (p->runs.unknown)
        C4_TRY(warn(
            p, "%d of the scale's %d runs were not selected; results that need them are missing.",
            p->runs.unknown, p->runs.all));
    return C4_OK;
}

static enum c4_status look_at_runs(struct c4_publication *p, struct c4_study_reader *store,
                                   struct c4_text *failed) {
    for (int i = 0; i < p->rows.runs; i++) {
        const struct c4_rows_run *run = &p->rows.run[i];
        enum c4_run_state state;
        bool known;
        if (run->order != p->study->protocol.order) continue;
        C4_TRY(c4_study_reader_run_state(store, run->key, &known, &state));
        p->known[i] = known;
        p->done[i] = state == C4_RUN_DONE;
        p->runs.all++;
        p->runs.done += state == C4_RUN_DONE;
        p->runs.begun += state == C4_RUN_RUNNING;
        p->runs.planned += known && state == C4_RUN_PLANNED;
        p->runs.unknown += !known;
        if (state != C4_RUN_FAILED) continue;
        p->runs.failed++;
        C4_TRY(c4_text_add_word(failed, ", ", run->key));
    }
    return C4_OK;
}

static enum c4_status count_runs(struct c4_publication *p, struct c4_study_reader *store) {
    struct c4_text failed = {0};
    p->done = calloc((size_t)p->rows.runs + 1, sizeof *p->done);
    p->known = calloc((size_t)p->rows.runs + 1, sizeof *p->known);
    if (!p->done || !p->known) return c4_fail(C4_ERR_MEMORY, "out of memory for the report");
    enum c4_status status = look_at_runs(p, store, &failed);
    if (status == C4_OK) status = warn_of_runs(p, &failed);
    c4_text_free(&failed);
    return status;
}

/* Views of a set differ only in name, so each unofficial set is reported once. */
static enum c4_status warn_of_unofficial(struct c4_publication *p) {
    for (int i = 0; i < 2 * p->origins.count; i++) {
        const struct c4_origin *origin = &p->origins.origin[i / 2];
        const char *name = i % 2 ? origin->evaluation : origin->data;
        const char *from = strstr(name, C4_DATASET_UNOFFICIAL);
        bool told = from == NULL;
        for (int k = 0; k < i && !told; k++) {
            const struct c4_origin *other = &p->origins.origin[k / 2];
            const char *text =
                strstr(k % 2 ? other->evaluation : other->data, C4_DATASET_UNOFFICIAL);
            told = text && strcmp(text, from) == 0;
        }
        if (told) continue;
        p->unofficial = true;
        C4_TRY(warn(p, "Not the official images: %s.", name));
    }
    return C4_OK;
}

static enum c4_status warn_of_data(struct c4_publication *p) {
    C4_TRY(warn_of_unofficial(p));
    if (p->synthetic)
        C4_TRY(warn(p, "Synthetic data: the program generated the images. The results show that "
                       "everything runs, but say nothing about the paper."));
    for (int i = 0; i < c4_set_count; i++)
        if (p->set[i].substitute)
            C4_TRY(warn(p,
                        "%s: 10,000 of %s's %s, some of them from its test set, stand in for the "
                        "first 10,000 of its training set.",
                        c4_sets[i].tuning.substitute, c4_sets[i].title, c4_sets[i].tuning.images));
    if (p->judging == C4_JUDGE_NOTHING)
        C4_TRY(warn(p,
                    "Scale %s trains too little to judge claims; their numbers are only reported.",
                    p->scale->name));
    if (p->judging == C4_JUDGE_SHAPES)
        C4_TRY(warn(p,
                    "Scale %s trains less than the paper; claims that need the paper's training "
                    "are not judged.",
                    p->scale->name));
    if (p->scale->seeds.count >= 3) return C4_OK;
    return warn(p, "%d seed%s: with fewer than three, claims remain undecided.",
                p->scale->seeds.count, p->scale->seeds.count == 1 ? "" : "s");
}

/* A figure without values is an error if a run that it draws is done, or if it was asked for and
 * none of its runs is to come. */
static enum c4_status check_found(const struct c4_publication *p, bool asked,
                                  const struct c4_figure_result *result) {
    bool of_rows = result->figure->kind < C4_FIGURE_COST_THROUGHPUT, comes = false;
    if (!result->empty) return C4_OK;
    for (int i = 0; i < p->rows.runs; i++) {
        if (!c4_figure_draws(p->study, result->figure, &p->rows.run[i])) continue;
        comes = comes || p->known[i];
        if (p->done[i] && of_rows)
            return c4_fail(C4_ERR_FAILED,
                           "it finds no values although run %s is done; check its quantity, "
                           "references and images, and --set",
                           p->rows.run[i].key);
    }
    if (!asked || comes) return C4_OK;
    return c4_fail(C4_ERR_FAILED,
                   "the study has no runs for it; 'conv4 repro --figures %s' makes them",
                   result->figure->id);
}

/* The first failure of each figure becomes a warning. */
static enum c4_status warn_of_figures(struct c4_publication *p) {
    const struct c4_figure_result *incomplete = NULL;
    for (int i = 0; i < p->figures; i++) {
        const struct c4_figure_result *result = &p->figure[i];
        if (result->status == C4_ERR_MEMORY)
            return c4_fail(C4_ERR_MEMORY, "%s", c4_text_string(&result->failure));
        if (result->status != C4_OK)
            C4_TRY(warn(p, "Figure %s failed: %s.", result->id, c4_text_string(&result->failure)));
        if (result->files.note[0]) incomplete = result;
    }
    return incomplete ? warn(p, "%s", incomplete->files.note) : C4_OK;
}

static enum c4_status draw_figures(struct c4_publication *p, const bool *selected) {
    const struct c4_figures_input input = {.source = {&p->rows, p->study, p->scale},
                                           .folder = p->folder,
                                           .synthetic = p->synthetic,
                                           .set = p->set,
                                           .costs = p->costs,
                                           .cost_count = p->cost_count,
                                           .plain = p->plain};
    for (int f = 0; f < p->study->figures; f++) {
        const struct c4_study_figure *figure = &p->study->figure[f];
        if (selected && !selected[f]) continue;
        for (int debiased = 0; debiased <= figure->debiased; debiased++) {
            struct c4_figure_result *result = &p->figure[p->figures++];
            enum c4_status status = c4_figures_make(&input, figure, debiased, result);
            C4_TRY(p->rows.status); /* the rows cannot be read: no figure's fault */
            if (status == C4_OK) status = check_found(p, selected != NULL, result);
            c4_figure_result_status(result, status);
        }
    }
    /* All workers have ended by now, so every core is free. */
    c4_figures_draw(p->folder, p->figure, p->figures, c4_team_threads_default());
    return warn_of_figures(p);
}

enum c4_status c4_publication_status(const struct c4_publication *p) {
    for (int i = 0; i < p->figures; i++)
        if (p->figure[i].status != C4_OK)
            return c4_fail(p->figure[i].status, "figure %s: %s; the report has everything else",
                           p->figure[i].id, c4_text_string(&p->figure[i].failure));
    return C4_OK;
}

static enum c4_status gather(struct c4_publication *p, struct c4_study_reader *store) {
    C4_TRY(c4_study_reader_rows(store, p->study, p->scale, &p->rows));
    C4_TRY(c4_study_reader_origins(store, &p->origins));
    C4_TRY(c4_study_reader_places(store, &p->places));
    C4_TRY(c4_study_reader_costs(store, &p->costs, &p->cost_count));
    C4_TRY(name_data(p));
    p->judging = c4_claims_judging(p->scale->pretrain_images, p->scale->pretrain_epochs,
                                   p->study->protocol.batch);
    C4_TRY(warn_of_data(p));
    C4_TRY(count_suspects(p, store));
    C4_TRY(warn_of_versions(p, store));
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
    p->settings = calloc(C4_SETTINGS_MAX, sizeof *p->settings);
    if (!p->figure || !p->settings) return c4_fail(C4_ERR_MEMORY, "out of memory for the report");
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
    c4_origins_free(&p->origins);
    c4_places_free(&p->places);
    for (int i = 0; i < p->warnings; i++) c4_text_free(&p->warning[i]);
    free(p->warning);
    c4_text_free(&p->images);
    free(p->done);
    free(p->known);
    free(p->settings);
    free(p->costs);
    free(p->version);
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
    for (int i = 0; i < p->warnings; i++)
        fprintf(out, "Note: %s\n", c4_text_string(&p->warning[i]));
    for (int i = 0; i < p->figures; i++) {
        if (p->figure[i].empty || p->figure[i].status != C4_OK) continue;
        drawn++;
        if (!first) first = &p->figure[i];
    }
    fprintf(out, "%d figures in %s/figures.\n%s\n", drawn, p->folder, p->report);
    if (first) fprintf(out, "%s%s\n", first->stem, first->shown);
}
