#include "repro/session/session.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/op/names.h"
#include "repro/planning/scheduler.h"
#include "repro/run/reference_cache.h"
#include "repro/session/session_memory.h"
#include "repro/session/session_places.h"

/* Options override the values of protocol and scale. */
static enum c4_status apply_options(const struct c4_args *args, struct c4_study *study,
                                    struct c4_scale *scale) {
    struct c4_protocol *protocol = &study->protocol;
    if (c4_arg_given(args, "order")) protocol->order = (enum c4_order)c4_arg_choice(args, "order");
    if (c4_arg_given(args, "conv"))
        protocol->conv = (enum c4_conv_algorithm)c4_arg_choice(args, "conv");
    if (c4_arg_given(args, "statistics"))
        protocol->statistics = (enum c4_bn_statistics)c4_arg_choice(args, "statistics");
    if (c4_arg_given(args, "set")) C4_TRY(c4_study_set(study, scale, c4_arg_text(args, "set")));
    if (c4_arg_given(args, "degrees"))
        C4_TRY(c4_study_degrees(study, scale, c4_arg_text(args, "degrees")));
    if (c4_arg_given(args, "seeds") &&
        c4_seeds_read(c4_arg_text(args, "seeds"), &scale->seeds) != C4_OK)
        return c4_fail(C4_ERR_USAGE, "--seeds: %s", c4_error());
    return C4_OK;
}

/* Lists the values taken from the folder: those that the same options would not give without it. */
static enum c4_status say_taken(struct c4_session *session, struct c4_study *plain) {
    const struct c4_args *args = session->args;
    struct c4_scale scale = *c4_study_scale(plain, session->scale.name);
    if (c4_arg_given(args, "protocol"))
        C4_TRY(c4_study_use_protocol(plain, c4_arg_text(args, "protocol")));
    C4_TRY(apply_options(args, plain, &scale));
    if (strcmp(scale.name, c4_arg_text(args, "scale")) != 0)
        C4_TRY(c4_text_add(&session->taken, "scale = %s", scale.name));
    return c4_settings_list(&plain->protocol, &scale, &session->study, &session->scale,
                            &session->taken);
}

/* Takes the values of rank 0, which may be of the study in its folder. */
static enum c4_status take_given(struct c4_session *session, const struct c4_rank_study *given) {
    const struct c4_args *args = session->args;
    const char *scale = c4_arg_text(args, "scale");
    if (c4_arg_given(args, "scale") && strcmp(scale, given->scale.name) != 0)
        return c4_fail(C4_ERR_FAILED, "--scale %s, and rank 0 has %s; give all the same options",
                       scale, given->scale.name);
    session->study.protocol = given->protocol;
    session->scale = given->scale;
    if (!c4_arg_given(args, "protocol")) return C4_OK;
    return c4_study_use_protocol(&session->study, c4_arg_text(args, "protocol"));
}

/* Refuses options by which this rank would do another study than rank 0. */
static enum c4_status check_given(const struct c4_session *session,
                                  const struct c4_rank_study *given) {
    char runs[C4_SHA256_HEX_SIZE];
    struct c4_text differs = {0};
    C4_TRY(c4_rank_runs_hash(&session->schedule, runs));
    enum c4_status status = c4_settings_list(&given->protocol, &given->scale, &session->study,
                                             &session->scale, &differs);
    if (status == C4_OK && differs.length > 0)
        status = c4_fail(C4_ERR_FAILED, "other settings than rank 0: %s; give all the same options",
                         c4_text_string(&differs));
    else if (status == C4_OK && strcmp(runs, given->runs_sha256) != 0)
        status = c4_fail(
            C4_ERR_FAILED,
            "other runs than rank 0; give all the same --figures, --study, --shard and --group");
    c4_text_free(&differs);
    return status;
}

static enum c4_status read_study(struct c4_session *session, const char *folder) {
    const struct c4_args *args = session->args;
    struct c4_study *study = &session->study, *plain = malloc(sizeof *plain);
    if (!plain) return c4_fail(C4_ERR_MEMORY, "out of memory for the study's description");
    enum c4_status status = c4_study_load(c4_arg_text(args, "study"), study);
    *plain = *study;
    const struct c4_rank_study *given = session->share ? session->share->study : NULL;
    if (status == C4_OK)
        status = given ? take_given(session, given)
                       : c4_settings_take(args, folder, study, &session->scale);
    if (status == C4_OK) status = apply_options(args, study, &session->scale);
    if (status == C4_OK && !given) status = say_taken(session, plain);
    free(plain);
    C4_TRY(status);
    session->figures_given = c4_arg_given(args, "figures");
    C4_TRY(c4_study_select(study, c4_arg_text(args, "figures"), session->selected));
    C4_TRY(c4_schedule_make(study, &session->scale,
                            session->figures_given ? session->selected : NULL, &session->schedule));
    C4_TRY(c4_selection_apply(args, &study->protocol, &session->scale, &session->schedule,
                              &session->selection));
    return given ? check_given(session, given) : C4_OK;
}

static enum c4_status choose_backend(struct c4_session *session) {
    static const enum c4_op_slot slots[] = {C4_SLOT_gram_pack, C4_SLOT_gram_block};
    C4_TRY(c4_dispatch(c4_arg_text(session->args, "backend"), &session->dispatch));
    if (c4_arg_flag(session->args, "strict-backend"))
        C4_TRY(c4_dispatch_strict(&session->dispatch, true, slots, sizeof slots / sizeof *slots));
    return C4_OK;
}

/* Reads --team-speeds. */
static enum c4_status read_team_speeds(const char *text, struct c4_team_speeds *speeds) {
    const char *next = text;
    speeds->of_ideal[0] = 1;
    for (int k = 1; k < C4_TEAM_SIZES; k++) {
        char *end;
        double value = strtod(next, &end);
        char expected = k + 1 < C4_TEAM_SIZES ? ',' : '\0';
        if (end == next || *end != expected || !(value > 0 && value <= 1))
            return c4_fail(C4_ERR_USAGE,
                           "--team-speeds takes the speeds of teams of 2, 4 and 8 workers as parts "
                           "of ideal, at most 1, such as 0.95,0.88,0.75, not '%s'",
                           text);
        speeds->of_ideal[k] = value;
        next = end + 1;
    }
    return C4_OK;
}

bool c4_session_is_canonical(const struct c4_session *session) {
    const struct c4_dispatch *dispatch = &session->dispatch;
    return dispatch->backend.bit_exact && dispatch->step_origin->bit_exact &&
           dispatch->slot_origin[C4_SLOT_gram_block]->bit_exact;
}

static void name_arithmetic(struct c4_session *session) {
    const struct c4_dispatch *dispatch = &session->dispatch;
    if (c4_session_is_canonical(session))
        snprintf(session->arithmetic, sizeof session->arithmetic, "canonical, version %d",
                 C4_ARITHMETIC);
    else
        snprintf(session->arithmetic, sizeof session->arithmetic, "%s (%s), team of %d",
                 dispatch->backend.name, dispatch->backend.variant, session->threads);
}

static enum c4_status read_runs(const struct c4_args *args, const char *folder,
                                const struct c4_rank_share *share, struct c4_session *session) {
    memset(session, 0, sizeof *session);
    session->args = args;
    session->share = share;
    session->descriptor = session->references.descriptor = session->bound = -1;
    for (int i = 0; i < C4_IMAGE_NODES_MAX; i++) session->node_images.descriptor[i] = -1;
    c4_node_references_none(&session->node_references);
    return read_study(session, folder);
}

enum c4_status c4_session_read_runs(const struct c4_args *args, const char *folder,
                                    struct c4_session *session) {
    return read_runs(args, folder, NULL, session);
}

const struct c4_schedule *c4_session_study_runs(const struct c4_session *session) {
    return c4_selection_given(&session->selection) ? &session->selection.study : &session->schedule;
}

enum c4_status c4_session_read(const struct c4_args *args, const char *folder, const char *places,
                               const struct c4_rank_share *share, struct c4_session *session) {
    C4_TRY(read_runs(args, folder, share, session));
    if (session->schedule.count == 0) return C4_OK;
    c4_memory_limit("", &session->memory);
    if (share) session->memory.bytes /= (uint64_t)share->on_machine;
    C4_TRY(choose_backend(session));
    const char *speeds = c4_arg_text(args, "team-speeds");
    if (speeds) C4_TRY(read_team_speeds(speeds, &session->speeds));
    C4_TRY(c4_session_choose_places(session, places));
    if (speeds && session->widest == 1)
        return c4_fail(C4_ERR_USAGE,
                       "--team-speeds: no teams are formed with --threads, with places of several "
                       "threads, or on a backend whose results depend on the team");
    name_arithmetic(session);
    const char *name = session->dispatch.backend.name;
    session->runner = (struct c4_runner){.folder = c4_arg_text(args, "out"),
                                         .protocol = &session->study.protocol,
                                         .scale = &session->scale,
                                         .images = &session->images,
                                         .backend = name,
                                         .wide = session->dispatch.backend.is_double,
                                         .threads = session->threads};
    return C4_OK;
}

enum c4_status c4_session_choose_kernels(struct c4_session *session, const char *stored) {
    const struct c4_step_api *step = session->dispatch.backend.step;
    if (!step->choose) return C4_OK;
    bool given = c4_arg_given(session->args, "onednn-conv");
    session->runner.kernels =
        stored && stored[0] && !given ? stored : c4_arg_text(session->args, "onednn-conv");
    const struct c4_plan_config config =
        c4_runner_plan_config(&session->runner, session->study.protocol.order);
    C4_TRY(step->choose(&config, session->kernels));
    session->runner.kernels = session->kernels;
    return C4_OK;
}

enum c4_status c4_session_load(struct c4_session *session) {
    const char *folder = c4_arg_text(session->args, "data");
    C4_TRY(c4_images_load(folder, &session->study.protocol, &session->scale, &session->schedule,
                          &session->images));
    const struct c4_backend *backend = &session->dispatch.backend;
    bool wanted = false;
    for (int i = 0; i < session->schedule.count; i++)
        wanted = wanted || session->schedule.run[i].order == C4_BN_RELU;
    if (wanted && backend->step->reads_patch_sums)
        C4_TRY(c4_images_add_patch_sums(&session->images, backend->stem_moments));
    C4_TRY(
        c4_images_share(&session->images, &session->scale, &session->descriptor, &session->shared));
    C4_TRY(c4_session_fit_workers(session));
    C4_TRY(c4_node_images_make(&session->placement, session->topology.nodes, session->descriptor,
                               session->shared.bytes, &session->node_images));
    C4_TRY(c4_node_references_make(&session->placement, session->topology.nodes,
                                   &session->study.protocol, &session->scale, session->memory.bytes,
                                   &session->node_references));
    return c4_reference_cache_share(&session->study.protocol, &session->scale, session->workers,
                                    session->memory.bytes, &session->references);
}

void c4_session_free(struct c4_session *session) {
    if (session->descriptor >= 0) close(session->descriptor);
    c4_node_images_close(&session->node_images);
    if (session->references.descriptor >= 0) close(session->references.descriptor);
    c4_node_references_close(&session->node_references);
    c4_images_free(&session->images);
    c4_placement_free(&session->placement);
    c4_topology_free(&session->topology);
    c4_schedule_free(&session->schedule);
    c4_selection_free(&session->selection);
    c4_text_free(&session->taken);
}

struct c4_work c4_session_work(const struct c4_session *session, struct c4_store *store) {
    return (struct c4_work){.runner = &session->runner,
                            .schedule = &session->schedule,
                            .store = store,
                            .images = session->shared,
                            .images_descriptor = session->descriptor,
                            .node_images = &session->node_images,
                            .references = session->references,
                            .node_references = &session->node_references,
                            .workers = session->workers,
                            .threads = session->threads,
                            .widest = session->widest,
                            .speeds = session->speeds.of_ideal[0] > 0 ? &session->speeds : NULL,
                            .topology = &session->topology,
                            .must_bind = session->must_bind,
                            .placement =
                                session->placement.places > 0 ? &session->placement : NULL};
}

struct c4_settings c4_session_settings(const struct c4_session *session) {
    return (struct c4_settings){.protocol = &session->study.protocol,
                                .scale = &session->scale,
                                .images = &session->images,
                                .arithmetic = session->arithmetic};
}

void c4_session_see_places(struct c4_session *session, const struct c4_coordinator *coordinator) {
    session->bound = c4_coordinator_bound(coordinator);
}

void c4_session_describe(const struct c4_session *session, FILE *out) {
    const struct c4_backend *origin = session->dispatch.step_origin;
    const struct c4_backend *gram = session->dispatch.slot_origin[C4_SLOT_gram_block];
    const struct c4_protocol *protocol = &session->study.protocol;
    fprintf(out, "%s (%s), %s", origin->name, origin->variant, c4_conv_names[protocol->conv]);
    if (session->kernels[0]) fprintf(out, " (%s)", session->kernels);
    fprintf(out, ", %s", c4_order_names[protocol->order]);
    if (gram != origin) fprintf(out, "; Gram blocks by %s (%s)", gram->name, gram->variant);
    int fewest = session->threads;
    for (int i = 0; i < session->placement.places; i++)
        if (session->placement.place[i].threads < fewest)
            fewest = session->placement.place[i].threads;
    fprintf(out, "; %d worker%s of ", session->workers, session->workers == 1 ? "" : "s");
    if (fewest < session->threads) fprintf(out, "%d to ", fewest);
    fprintf(out, "%d thread%s, ", session->threads, session->threads == 1 ? "" : "s");
    if (session->placement.places == 0 || session->bound == 0)
        fprintf(out, "not bound");
    else if (session->bound < 0)
        fprintf(out, "to be bound");
    else if (session->bound == session->workers)
        fprintf(out, "bound");
    else
        fprintf(out, "%d of %d bound", session->bound, session->workers);
    if (session->widest > 1 && session->workers > 1)
        fprintf(out, ", in teams of up to %d when fewer runs are left", session->widest);
}

int c4_session_figures(const struct c4_session *session) {
    int figures = 0;
    if (c4_selection_given(&session->selection)) return 0;
    for (int f = 0; f < session->study.figures; f++)
        if (session->selected[f]) figures += 1 + session->study.figure[f].debiased;
    return figures;
}

enum c4_status c4_session_add_bytes(struct c4_text *text, uint64_t bytes) {
    if (bytes >= 1000000000) return c4_text_add(text, "%.1f GB", (double)bytes / 1e9);
    return c4_text_add(text, bytes < 10000000 ? "%.1f MB" : "%.0f MB", (double)bytes / 1e6);
}
