/* conv4 repro: the study, or the chosen figures of it, in one command. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cli/cli.h"
#include "core/cli/interrupt.h"
#include "core/cli/progress.h"
#include "core/host/clock.h"
#include "repro/engine.h"
#include "repro/figures.h"
#include "repro/repro_summary.h"
#include "repro/run.h"

static const struct c4_option options[] = {
    {.name = "data",
     .type = C4_OPTION_PATH,
     .value = "DIR",
     .help = "folder with CIFAR-10 files (default: built-in synthetic images, marked as such)"},
    {.name = "out",
     .type = C4_OPTION_PATH,
     .value = "DIR",
     .initial = "./conv4-study",
     .help = "folder of the study; one that exists goes on where it stopped"},
    {.name = "scale",
     .type = C4_OPTION_STRING,
     .value = "NAME",
     .initial = "quick",
     .help = "how much: smoke (a minute), quick (minutes) or paper (the paper's own numbers)"},
    {.name = "figures",
     .type = C4_OPTION_STRING,
     .value = "LIST",
     .help = "which figures, as 1 (default: all there are)"},
    {.name = "seeds",
     .type = C4_OPTION_STRING,
     .value = "LIST",
     .help = "seeds instead of the scale's, as 1-3 or 1,4"},
    {.name = "set",
     .type = C4_OPTION_STRING,
     .value = "KEY=VALUE,...",
     .help = "other values of the study, as pretrain_epochs=10,lr=0.01"},
    {.name = "study",
     .type = C4_OPTION_PATH,
     .value = "FILE",
     .help = "the study's description instead of the built-in paper.ini"},
    {.name = "fresh",
     .type = C4_OPTION_FLAG,
     .help = "start over; what is in the folder is kept aside in previous-DATE"},
    {.name = "take-over",
     .type = C4_OPTION_FLAG,
     .help = "go on although a process of another host seems to work on the study"},
    C4_ENGINE_OPTIONS,
    {.name = "json", .type = C4_OPTION_FLAG, .help = "a summary for machines on standard output"},
    {.name = "quiet", .letter = 'q', .type = C4_OPTION_FLAG, .help = "no progress, only the end"},
    {.name = NULL},
};

static const char *const examples[] = {
    "conv4 repro --figures 1", "conv4 repro --figures 1 --scale smoke --out trial",
    "conv4 repro --data ~/cifar --scale paper --seeds 1-5", NULL};

enum { TEST_IMAGES = 10000 }; /* of CIFAR-10 and of what stands for it */

/* One invocation, from options to figures. */
struct session {
    const struct c4_args *args;
    struct c4_study study;
    struct c4_scale scale;
    bool selected[C4_STUDY_FIGURES];
    struct c4_engine engine;
    struct c4_dataset training, evaluation;
    struct c4_store *store;
    struct c4_schedule schedule;
    struct c4_runner runner;
    int64_t *done; /* of each run: the last epoch in the store */
    struct c4_run_work work;
    struct c4_progress progress;
    bool progressing;
    uint64_t images; /* worked on in this process */
    FILE *talk;      /* where sentences for people go */
};

static enum c4_status advance(void *context, uint32_t images) {
    struct session *session = context;
    session->images += images;
    if (session->progressing)
        c4_progress_update(&session->progress, session->images, (uint64_t)c4_clock_ns());
    return c4_interrupted();
}

static void say(void *context, const char *sentence) {
    struct session *session = context;
    if (session->progressing) c4_progress_hide(&session->progress);
    fprintf(stderr, "%s\n", sentence);
}

/* Options and study file -> protocol, scale and figures. */
static enum c4_status read_study(struct session *session) {
    const struct c4_args *args = session->args;
    struct c4_study *study = &session->study;
    C4_TRY(c4_study_load(c4_arg_text(args, "study"), study));
    const struct c4_scale *scale = c4_study_scale(study, c4_arg_text(args, "scale"));
    if (!scale) return C4_ERR_USAGE;
    session->scale = *scale;
    C4_TRY(c4_study_select(study, c4_arg_text(args, "figures"), session->selected));
    if (c4_arg_given(args, "set"))
        C4_TRY(c4_study_set(study, &session->scale, c4_arg_text(args, "set")));
    if (c4_arg_given(args, "seeds"))
        C4_TRY(c4_seeds_read(c4_arg_text(args, "seeds"), &session->scale.seeds));
    return c4_schedule_make(study, &session->scale, session->selected, &session->schedule);
}

/* Starts the backend's team; options win over the study's values. */
static enum c4_status start_engine(struct session *session) {
    static const enum c4_op_slot slots[] = {C4_SLOT_gram_block};
    struct c4_protocol *protocol = &session->study.protocol;
    C4_TRY(c4_engine_open(session->args, slots, 1, &session->engine));
    if (c4_arg_given(session->args, "order")) protocol->order = session->engine.order;
    if (c4_arg_given(session->args, "conv")) protocol->conv = session->engine.conv;
    if (c4_arg_given(session->args, "statistics"))
        protocol->statistics = session->engine.statistics;
    session->engine.order = protocol->order;
    session->engine.conv = protocol->conv;
    session->engine.statistics = protocol->statistics;
    return C4_OK;
}

static enum c4_status load_data(struct session *session) {
    const struct c4_protocol *protocol = &session->study.protocol;
    const struct c4_scale *scale = &session->scale;
    const char *folder = c4_arg_text(session->args, "data");
    uint32_t forwarded = c4_run_forwarded(protocol, TEST_IMAGES);
    uint32_t tests = scale->accuracy_images > forwarded ? scale->accuracy_images : forwarded;
    C4_TRY(c4_dataset_load(folder, C4_CIFAR10, C4_TRAIN, protocol->synthetic_seed,
                           scale->pretrain_images, &session->training));
    return c4_dataset_load(folder, C4_CIFAR10, C4_TEST, protocol->synthetic_seed, tests,
                           &session->evaluation);
}

/* What rows of this session have in common with all others of the folder, or it is refused. */
static enum c4_status check_settings(struct session *session) {
    const struct c4_dispatch *dispatch = &session->engine.dispatch;
    const struct c4_backend *gram = dispatch->slot_origin[C4_SLOT_gram_block];
    char text[256];
    if (dispatch->backend.bit_exact && dispatch->step_origin->bit_exact && gram->bit_exact)
        snprintf(text, sizeof text, "canonical, version %d", C4_ARITHMETIC);
    else
        snprintf(text, sizeof text, "%s (%s), team of %d", dispatch->backend.name,
                 dispatch->backend.variant, session->engine.team.threads);
    C4_TRY(c4_store_setting(session->store, "arithmetic", text));
    C4_TRY(c4_store_setting(session->store, "scale", session->scale.name));
    for (int table = 0; table < 2; table++) {
        const void *object = table ? (void *)&session->scale : (void *)&session->study.protocol;
        const struct c4_field *field = table ? c4_scale_fields : c4_protocol_fields;
        for (; field->key; field++) {
            /* More seeds and figures may join a study at any time. */
            if (field->type == C4_FIELD_SEEDS || field->type == C4_FIELD_TEXT) continue;
            c4_field_write(field, object, text, sizeof text);
            C4_TRY(c4_store_setting(session->store, field->key, text));
        }
    }
    C4_TRY(c4_store_setting(session->store, "training images", session->training.name));
    C4_TRY(c4_store_setting(session->store, "training images' SHA-256", session->training.sha256));
    C4_TRY(c4_store_setting(session->store, "test images", session->evaluation.name));
    return c4_store_setting(session->store, "test images' SHA-256", session->evaluation.sha256);
}

static enum c4_status open_store(struct session *session) {
    const char *folder = c4_arg_text(session->args, "out");
    if (c4_arg_flag(session->args, "fresh")) {
        char moved[C4_STORE_PATH_SIZE];
        C4_TRY(c4_store_set_aside(folder, moved));
        if (moved[0]) fprintf(session->talk, "The old study is kept in %s.\n", moved);
    }
    C4_TRY(c4_store_open(folder, c4_arg_flag(session->args, "take-over"), &session->store));
    C4_TRY(check_settings(session));
    for (int i = 0; i < session->schedule.count; i++) {
        char spec[C4_RUN_SPEC_SIZE];
        c4_run_spec(&session->schedule.run[i], spec);
        C4_TRY(c4_store_run_add(session->store, session->schedule.run[i].key, spec));
    }
    return C4_OK;
}

static void make_runner(struct session *session) {
    const struct c4_dispatch *dispatch = &session->engine.dispatch;
    session->runner = (struct c4_runner){.folder = c4_arg_text(session->args, "out"),
                                         .protocol = &session->study.protocol,
                                         .scale = &session->scale,
                                         .step = dispatch->backend.step,
                                         .gram = dispatch->backend.gram_block,
                                         .backend = dispatch->backend.name,
                                         .wide = strcmp(dispatch->backend.name, "ref64") == 0,
                                         .threads = session->engine.team.threads,
                                         .l2_bytes = session->engine.l2_bytes,
                                         .training = &session->training,
                                         .evaluation = &session->evaluation,
                                         .store = session->store,
                                         .advance = advance,
                                         .say = say,
                                         .context = session};
}

/* Says what will be done and how long it will take; *images = the work that is left. */
static enum c4_status announce(struct session *session, uint64_t *images) {
    const struct c4_schedule *schedule = &session->schedule;
    struct c4_run_speed speed = {0};
    double seconds = 0;
    int left = 0, begun = 0;
    *images = 0;
    session->done = calloc((size_t)schedule->count + 1, sizeof *session->done);
    if (!session->done) return c4_fail(C4_ERR_MEMORY, "out of memory for the list of runs");
    for (int i = 0; i < schedule->count; i++) {
        const struct c4_run *run = &schedule->run[i];
        C4_TRY(c4_run_resume_epoch(&session->runner, run, &session->done[i]));
        *images += c4_run_images(&session->runner, run, session->done[i]);
        left += session->done[i] < run->epochs;
        begun += session->done[i] >= 0;
    }
    const struct c4_dispatch *dispatch = &session->engine.dispatch;
    const struct c4_backend *gram = dispatch->slot_origin[C4_SLOT_gram_block];
    char engine[160];
    c4_engine_describe(&session->engine, engine, sizeof engine);
    fprintf(session->talk, "Scale %s: %d run%s of %" PRIu32 " images x %" PRIu32 " epochs on %s.\n",
            session->scale.name, schedule->count, schedule->count == 1 ? "" : "s",
            session->scale.pretrain_images, session->scale.pretrain_epochs, session->training.name);
    if (!c4_arg_text(session->args, "data"))
        fprintf(session->talk, "These images stand in for the paper's; to get those: conv4 data "
                               "fetch cifar10 --data DIR, then conv4 repro --data DIR.\n");
    fprintf(session->talk, "Backend %s", engine);
    if (gram != dispatch->step_origin)
        fprintf(session->talk, "; CKA's products by %s (%s)", gram->name, gram->variant);
    fprintf(session->talk, ".\n");
    if (left == 0) {
        fprintf(session->talk, "All runs are in %s already.\n", session->runner.folder);
        return C4_OK;
    }
    C4_TRY(c4_run_calibrate(&session->runner, &speed));
    for (int i = 0; i < schedule->count; i++)
        seconds += c4_run_predict(&session->runner, &schedule->run[i], session->done[i], &speed);
    char duration[32];
    c4_progress_duration(duration, sizeof duration, (uint64_t)(seconds * 1e9));
    fprintf(session->talk, "%s%d of %d runs to do; predicted time %s, at %.0f training images/s.\n",
            begun ? "Going on in the same folder: " : "", left, schedule->count, duration,
            1 / speed.train_seconds);
    fflush(session->talk);
    return C4_OK;
}

static enum c4_status do_runs(struct session *session, uint64_t images) {
    if (images == 0) return C4_OK;
    bool quiet = c4_arg_flag(session->args, "quiet");
    c4_progress_start(&session->progress, stderr, c4_progress_style_of(stderr, quiet), "runs",
                      "images", 0, images, (uint64_t)c4_clock_ns());
    session->images = 0;
    session->progressing = true;
    enum c4_status status = C4_OK;
    for (int i = 0; status == C4_OK && i < session->schedule.count; i++)
        if (session->done[i] < session->schedule.run[i].epochs)
            status = c4_run_execute(&session->runner, &session->schedule.run[i], &session->work);
    session->progressing = false;
    if (status == C4_OK)
        c4_progress_finish(&session->progress, session->images, (uint64_t)c4_clock_ns());
    else
        c4_progress_hide(&session->progress);
    return status;
}

static enum c4_status draw(struct session *session, double seconds) {
    struct c4_repro_summary summary = {
        .study = &session->study,
        .scale = &session->scale,
        .folder = session->runner.folder,
        .training = &session->training,
        .evaluation = &session->evaluation,
        .backend = session->runner.backend,
        .threads = session->runner.threads,
        .runs = session->schedule.count,
        .seconds = seconds,
        .images_per_s =
            session->work.seconds > 0 ? session->work.images / session->work.seconds : 0};
    summary.result = calloc((size_t)session->study.figures, sizeof *summary.result);
    if (!summary.result) return c4_fail(C4_ERR_MEMORY, "out of memory for the figures");
    enum c4_status status = C4_OK;
    for (int f = 0; status == C4_OK && f < session->study.figures; f++)
        if (session->selected[f])
            status = c4_figures_draw(session->store, session->runner.folder, &session->study,
                                     &session->scale, &session->study.figure[f],
                                     session->training.name, &summary.result[summary.figures++]);
    if (status == C4_OK)
        status = c4_arg_flag(session->args, "json") ? c4_repro_summary_json(&summary, stdout)
                                                    : c4_repro_summary_text(&summary, stdout);
    free(summary.result);
    return status;
}

static enum c4_status reproduce(struct session *session) {
    uint64_t images;
    int64_t start_ns = c4_clock_ns();
    C4_TRY(c4_interrupt_catch());
    C4_TRY(read_study(session));
    C4_TRY(start_engine(session));
    C4_TRY(load_data(session));
    C4_TRY(open_store(session));
    make_runner(session);
    enum c4_status status = announce(session, &images);
    if (status == C4_OK) status = do_runs(session, images);
    if (status == C4_ERR_INTERRUPTED || status == C4_ERR_TERMINATED)
        return c4_fail(status,
                       "stopped; every finished epoch is in %s, and the same command goes on from "
                       "there",
                       session->runner.folder);
    if (status != C4_OK) return status;
    return draw(session, (double)(c4_clock_ns() - start_ns) * 1e-9);
}

static int run(const struct c4_args *args) {
    struct session *session = calloc(1, sizeof *session);
    if (!session) return c4_cli_exit(args, c4_fail(C4_ERR_MEMORY, "out of memory"));
    session->args = args;
    session->talk = c4_arg_flag(args, "json") ? stderr : stdout;
    enum c4_status status = reproduce(session);
    int code = c4_cli_exit(args, status);
    c4_store_close(session->store);
    c4_schedule_free(&session->schedule);
    c4_dataset_free(&session->training);
    c4_dataset_free(&session->evaluation);
    c4_engine_close(&session->engine);
    free(session->done);
    free(session);
    return code;
}

const struct c4_command c4_cmd_repro = {
    .name = "repro",
    .summary = "reproduce the paper's figures",
    .description =
        "Trains the networks that the figures need, one for each seed, measures after every epoch "
        "how similar each layer still is to its initialisation (CKA), and draws the figures with "
        "mean and standard error over seeds. Everything is kept in one folder: study.db (SQLite), "
        "checkpoints/ and figures/. It may be stopped or killed at any moment: the same command "
        "goes on after the last finished epoch and ends with the same numbers. The last line of "
        "output is the path of the figure.",
    .options = options,
    .examples = examples,
    .run = run,
};
