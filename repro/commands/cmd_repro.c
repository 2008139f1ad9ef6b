/* conv4 repro: the study, or only the chosen figures, in one command. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/utf8.h"
#include "core/cli/cli.h"
#include "core/cli/interrupt.h"
#include "core/cli/progress.h"
#include "core/file/file.h"
#include "core/host/clock.h"
#include "repro/commands/announce.h"
#include "repro/commands/max_time.h"
#include "repro/commands/outlook.h"
#include "repro/commands/part.h"
#include "repro/commands/redo.h"
#include "repro/commands/repro_ranks.h"
#include "repro/commands/summary.h"
#include "repro/results/study_reader.h"
#include "repro/run/measure.h"
#include "repro/run/resume.h"
#include "repro/session/engine.h"
#include "repro/session/session_memory.h"

static const struct c4_option options[] = {
    C4_SESSION_OPTIONS,
    C4_SELECTION_OPTIONS,
    {.name = "strict-claims",
     .type = C4_OPTION_FLAG,
     .help = "exit with status 4 if a claim of the paper fails"},
    {.name = "dry-run",
     .type = C4_OPTION_FLAG,
     .help = "only print what would be done, and how long it would take"},
    {.name = "fresh",
     .type = C4_OPTION_FLAG,
     .help = "start over; the old study is kept in previous-DATE"},
    {.name = "redo",
     .type = C4_OPTION_FLAG,
     .help = "retrain runs whose rows may be wrong because of a fault in an earlier version, and "
             "those whose CKA is of another version of the similarity; everything else is kept"},
    {.name = "take-over",
     .type = C4_OPTION_FLAG,
     .help = "go on even if a process on another host seems to be working on the study, which then "
             "writes nothing more"},
    {.name = "ignore-disk",
     .type = C4_OPTION_FLAG,
     .help = "start even if the disk has less room than what is left of the study needs"},
    {.name = "ignore-memory",
     .type = C4_OPTION_FLAG,
     .help = "start even if the workers need more memory than they may use"},
    C4_MAX_TIME_OPTION,
    C4_BACKEND_OPTIONS,
    C4_CHOICE_OPTIONS,
    {.name = "json", .type = C4_OPTION_FLAG, .help = "print a summary as one JSON object"},
    {.name = "quiet",
     .letter = 'q',
     .type = C4_OPTION_FLAG,
     .help = "show no progress, only the results"},
    {.name = NULL},
};

static const char *const examples[] = {
    "conv4 repro --figures 1,3a",
    "conv4 repro --scale smoke --out trial",
    "conv4 repro --scale quick --places l3",
    "conv4 repro --scale paper --shard 2/4 --out part2",
    "conv4 repro --data ~/images --scale paper --protocol authors --out authors",
    NULL};

/* One invocation, from options to figures. */
struct reproduction {
    const struct c4_args *args;
    struct c4_repro_ranks ranks; /* that this process is rank 0 of */
    struct c4_session session;
    struct c4_store *store;
    struct c4_coordinator *coordinator;
    /* [runs of the schedule]: --redo trains it again; it starts over, as it would mix versions */
    bool *again, *over;
    struct c4_work_state state;
    struct c4_progress progress;
    bool progressing;
    struct c4_time_limit limit;
    FILE *messages; /* for sentences to the user */
};

static enum c4_status watch(void *context) {
    struct reproduction *r = context;
    if (r->progressing) {
        r->progress.view.left_ns = (uint64_t)(r->state.left_seconds * 1e9);
        c4_progress_update(&r->progress, r->state.images, (uint64_t)c4_clock_ns());
    }
    C4_TRY(c4_interrupted());
    if (c4_arg_flag(r->args, "dry-run")) return C4_OK; /* it only says what would fit */
    c4_max_time_look(&r->limit);
    return r->state.started > 0 ? C4_OK
                                : c4_max_time_check(&r->limit); /* the coordinator heeds it */
}

static void report(void *context, const char *sentence) {
    struct reproduction *r = context;
    if (r->progressing) c4_progress_hide(&r->progress);
    c4_utf8_show(stderr, sentence);
    fputc('\n', stderr);
}

/* Checks that the results can be written, before days are spent on training. */
static enum c4_status probe_folder(const char *folder) {
    static const char *const folders[] = {"checkpoints", "figures"};
    static const char *const files[] = {"report.html", "report.json"};
    char path[C4_STORE_PATH_SIZE];
    for (int i = 0; i < 2; i++) {
        C4_TRY(c4_path_join(path, sizeof path, folder, folders[i]));
        C4_TRY(c4_dir_probe(path));
        C4_TRY(c4_path_join(path, sizeof path, folder, files[i]));
        C4_TRY(c4_file_probe(path, 0));
    }
    return C4_OK;
}

/* Kernels are chosen by measurement once per study; the choice is stored. */
static enum c4_status fix_kernels(struct reproduction *r) {
    struct c4_text stored = {0};
    enum c4_status status = r->store ? c4_store_setting_read(r->store, "kernels", &stored) : C4_OK;
    if (status == C4_OK) status = c4_session_choose_kernels(&r->session, c4_text_string(&stored));
    c4_text_free(&stored);
    C4_TRY(status);
    if (!r->store || !r->session.kernels[0] || c4_arg_flag(r->args, "dry-run")) return C4_OK;
    return c4_store_setting(r->store, "kernels", r->session.kernels);
}

static struct c4_redo redo_of(const struct reproduction *r) {
    return (struct c4_redo){.folder = r->session.runner.folder,
                            .schedule = &r->session.schedule,
                            .redo = c4_arg_flag(r->args, "redo"),
                            .dry_run = c4_arg_flag(r->args, "dry-run"),
                            .messages = r->messages};
}

/* Stores settings and runs, within a transaction: if a killed start left only some of them, the
 * next one would take these for the whole study. */
static enum c4_status keep_plan(struct reproduction *r) {
    const struct c4_schedule *study = c4_session_study_runs(&r->session);
    bool dry = c4_arg_flag(r->args, "dry-run");
    const struct c4_settings settings = c4_session_settings(&r->session);
    C4_TRY(c4_settings_keep(&settings, r->store, !dry, r->messages));
    C4_TRY(fix_kernels(r));
    if (!dry) C4_TRY(probe_folder(r->session.runner.folder));
    for (int i = 0; i < study->count; i++)
        C4_TRY(c4_store_run_add(r->store, &study->run[i], &r->session.study.protocol));
    /* Nothing can be refused any more. */
    const struct c4_redo redo = redo_of(r);
    return c4_redo_restart(&redo, r->again, r->store);
}

static enum c4_status say_note(struct reproduction *r) {
    struct c4_text note = {0};
    enum c4_status status = c4_store_note(r->store, &note);
    if (note.length > 0) fprintf(stderr, "%s\n", c4_text_string(&note));
    c4_text_free(&note);
    return status;
}

static enum c4_status open_store(struct reproduction *r) {
    const char *folder = r->session.runner.folder;
    bool take_over = c4_arg_flag(r->args, "take-over");
    const struct c4_schedule *schedule = &r->session.schedule;
    r->again = calloc((size_t)schedule->count + 1, sizeof *r->again);
    r->over = calloc((size_t)schedule->count + 1, sizeof *r->over);
    if (!r->again || !r->over) return c4_fail(C4_ERR_MEMORY, "out of memory for the list of runs");
    if (c4_arg_flag(r->args, "redo") && c4_arg_flag(r->args, "fresh"))
        return c4_fail(C4_ERR_USAGE,
                       "--fresh starts everything over; it cannot be combined with --redo");
    if (c4_arg_flag(r->args, "dry-run") && c4_arg_flag(r->args, "fresh"))
        return c4_fail(C4_ERR_USAGE,
                       "--dry-run changes nothing; it cannot be combined with --fresh");
    if (c4_arg_flag(r->args, "dry-run") && c4_arg_flag(r->args, "redo"))
        return c4_fail(C4_ERR_USAGE,
                       "--dry-run changes nothing; it cannot be combined with --redo");
    if (c4_arg_flag(r->args, "fresh")) {
        char moved[C4_STORE_PATH_SIZE];
        C4_TRY(c4_store_set_aside(folder, take_over, moved));
        if (moved[0]) fprintf(r->messages, "The old study is kept in %s.\n", moved);
    }
    if (c4_arg_flag(r->args, "dry-run")) {
        C4_TRY(c4_store_open_copy(folder, &r->store));
        if (!r->store) {
            r->session.runner.folder = NULL; /* there is no study, and none is created */
            return fix_kernels(r);
        }
    } else {
        C4_TRY(c4_store_open(folder, take_over, &r->store));
        C4_TRY(say_note(r));
    }
    const struct c4_redo redo = redo_of(r);
    C4_TRY(c4_redo_find(&redo, r->again));
    C4_TRY(c4_store_begin(r->store));
    return c4_store_end(r->store, keep_plan(r));
}

/* Finds where each run continues. *left: runs to do; *begun: runs with a checkpoint. */
static enum c4_status look_at_runs(struct reproduction *r, int *left, int *begun) {
    const struct c4_session *session = &r->session;
    const struct c4_schedule *schedule = &session->schedule;
    struct c4_work_state *state = &r->state;
    size_t runs = (size_t)schedule->count + 1;
    *left = *begun = 0;
    state->done = calloc(runs, sizeof *state->done);
    state->last = calloc(runs, sizeof *state->last);
    state->state = calloc(runs, sizeof *state->state);
    state->seconds = calloc(runs, sizeof *state->seconds);
    if (!state->done || !state->last || !state->state || !state->seconds)
        return c4_fail(C4_ERR_MEMORY, "out of memory for the list of runs");
    for (int i = 0; i < schedule->count; i++) {
        const struct c4_run *run = &schedule->run[i];
        struct c4_run_images images;
        state->done[i] = -1;
        if (r->store) {
            C4_TRY(c4_resume_find(r->store, session->runner.folder, run, report, r, &state->done[i],
                                  &state->last[i]));
            C4_TRY(c4_resume_check_version(r->store, run, report, r, &state->done[i],
                                           &state->last[i], &r->over[i]));
            if (!c4_arg_flag(r->args, "dry-run"))
                C4_TRY(c4_resume_sweep(r->store, session->runner.folder, run));
        }
        if (state->done[i] >= 0) ++*begun;
        if (state->done[i] >= run->epochs) {
            state->state[i] = C4_RUN_DONE;
            continue;
        }
        ++*left;
        c4_run_images(&session->runner, run, &images);
        const bool starts = state->done[i] < 0;
        const uint64_t epochs = run->epochs - (starts ? 0 : (uint64_t)state->done[i]);
        state->total_images += (starts ? images.start : 0) +
                               epochs * ((uint64_t)images.trained + images.measured) +
                               images.control;
    }
    return C4_OK;
}

/* Removes rows and checkpoints of runs that start over, when nothing keeps them from it. */
static enum c4_status start_over(struct reproduction *r) {
    const struct c4_session *session = &r->session;
    for (int i = 0; i < session->schedule.count; i++) {
        const struct c4_run *run = &session->schedule.run[i];
        if (!r->over[i]) continue;
        C4_TRY(c4_store_restart(r->store, run->key));
        C4_TRY(c4_resume_sweep(r->store, session->runner.folder, run));
    }
    return C4_OK;
}

/* Predicts the time that is left; with --dry-run it prints the plan. */
static enum c4_status look_ahead(struct reproduction *r, const struct c4_team_speeds *teams) {
    const struct c4_session *session = &r->session;
    struct c4_outlook outlook;
    struct c4_simulation simulation = {0};
    enum c4_status status = c4_outlook_make(session, &outlook);
    c4_outlook_measured(&outlook, teams);
    if (status == C4_OK) status = c4_repro_ranks_look_ahead(&r->ranks, &outlook);
    if (status == C4_OK)
        status = c4_outlook_simulate(&outlook, session, r->state.done, r->state.seconds,
                                     outlook.places, &simulation);
    if (status == C4_OK) r->state.left_seconds = simulation.makespan;
    if (status == C4_OK && c4_arg_flag(r->args, "dry-run"))
        status = c4_outlook_write(&outlook, session, r->state.done, r->state.seconds, r->messages);
    c4_simulation_free(&simulation);
    c4_outlook_free(&outlook);
    return status;
}

/* Starts the workers, measures their speed, and predicts how long the runs will take. */
static enum c4_status predict(struct reproduction *r, int left, int begun) {
    struct c4_session *session = &r->session;
    const struct c4_schedule *schedule = &session->schedule;
    struct c4_speed speed;
    struct c4_team_speeds teams;
    struct c4_work work = c4_session_work(session, r->store);
    struct c4_text time = {0};
    work.ranks = r->ranks.ranks;
    work.watch = watch;
    work.report = report;
    work.context = r;
    work.limit = &r->limit;
    C4_TRY(c4_coordinator_open(&work, &r->coordinator));
    c4_session_see_places(session, r->coordinator);
    C4_TRY(c4_coordinator_measure(r->coordinator, &speed, &teams));
    c4_forecast_runs(&session->runner, schedule, r->state.done, &speed, r->state.seconds);
    enum c4_status status = look_ahead(r, &teams);
    if (status == C4_OK) status = c4_max_time_add(&r->limit, r->state.left_seconds, &time);
    if (status == C4_OK && c4_arg_flag(r->args, "dry-run") && c4_arg_given(r->args, "max-time"))
        fprintf(r->messages, "Predicted time %s.\n", c4_text_string(&time));
    else if (status == C4_OK && !c4_arg_flag(r->args, "dry-run"))
        fprintf(r->messages,
                "%s%d of %d runs to do; predicted time %s, at %.0f training images/s per worker.\n",
                begun ? "Continuing in the same folder: " : "", left, schedule->count,
                c4_text_string(&time), 1 / speed.train_seconds);
    fflush(r->messages);
    c4_text_free(&time);
    return status;
}

static enum c4_status do_runs(struct reproduction *r) {
    bool quiet = c4_arg_flag(r->args, "quiet");
    c4_progress_start(&r->progress, stderr, c4_progress_style_of(stderr, quiet), "study", "images",
                      0, r->state.total_images, (uint64_t)c4_clock_ns());
    r->progressing = true;
    enum c4_status status = c4_coordinator_run(r->coordinator, &r->state);
    r->progressing = false;
    if (status == C4_OK && r->state.failed == 0)
        c4_progress_finish(&r->progress, r->state.total_images, (uint64_t)c4_clock_ns());
    else
        c4_progress_hide(&r->progress);
    return status;
}

static double images_per_s(const struct c4_work_state *state) {
    return state->trained_seconds > 0 ? (double)state->trained_images / state->trained_seconds : 0;
}

static enum c4_status say_result(struct reproduction *r, double seconds,
                                 const struct c4_publication *publication) {
    const struct c4_session *session = &r->session;
    const struct c4_repro_summary summary = {.publication = publication,
                                             .training = c4_images_training(&session->images),
                                             .evaluation = c4_images_test(&session->images),
                                             .backend = session->runner.backend,
                                             .threads = session->threads,
                                             .places = c4_repro_ranks_workers(&r->ranks, session),
                                             .runs = session->schedule.count,
                                             .finished = r->state.failed == 0,
                                             .seconds = seconds,
                                             .images_per_s = images_per_s(&r->state)};
    C4_TRY(c4_arg_flag(r->args, "json") ? c4_repro_summary_json(&summary, stdout)
                                        : c4_repro_summary_text(&summary, stdout));
    if (r->state.failed == 0) C4_TRY(c4_publication_status(publication));
    return c4_arg_flag(r->args, "strict-claims") && r->state.failed == 0
               ? c4_claims_strict(&publication->claims)
               : C4_OK;
}

/* Figures, claims and report; of a part of a study, what comes next. */
static enum c4_status publish(struct reproduction *r, double seconds) {
    struct c4_publication publication;
    const struct c4_part_end end = {.session = &r->session,
                                    .store = r->store,
                                    .finished = r->state.failed == 0,
                                    .places = c4_repro_ranks_workers(&r->ranks, &r->session),
                                    .seconds = seconds,
                                    .images_per_s = images_per_s(&r->state)};
    C4_TRY(c4_store_check_folder(r->store));
    if (c4_selection_given(&r->session.selection))
        return c4_part_end(&end, c4_arg_flag(r->args, "json"), stdout);
    enum c4_status status = c4_study_publish(
        r->session.runner.folder, &r->session.study, &r->session.scale,
        r->session.figures_given ? r->session.selected : NULL, false, &publication);
    if (status == C4_OK)
        status = say_result(r, seconds, &publication);
    else if (c4_store_check_folder(r->store) != C4_OK)
        status = C4_ERR_ENVIRONMENT;
    c4_publication_free(&publication);
    return status;
}

/* Refuses to start what the disk has no room for, unless the user insists. */
static enum c4_status check_disk(struct reproduction *r) {
    const struct c4_session *session = &r->session;
    uint64_t needed = c4_forecast_disk_bytes(&session->runner, &session->schedule, r->state.done,
                                             c4_session_figures(session),
                                             c4_repro_ranks_workers(&r->ranks, session));
    uint64_t there;
    const char *folder = c4_arg_text(r->args, "out");
    if (!c4_disk_free(folder, &there) || there >= needed) return C4_OK;
    struct c4_text sentence = {0};
    c4_text_add(&sentence, "%s: what is left of this study needs about ", folder);
    c4_session_add_bytes(&sentence, needed);
    c4_text_add(&sentence, " on a disk with ");
    c4_session_add_bytes(&sentence, there);
    enum c4_status status = c4_text_add(&sentence, " free");
    if (status == C4_OK && c4_arg_flag(r->args, "ignore-disk"))
        fprintf(r->messages, "%s; it is started all the same.\n", c4_text_string(&sentence));
    else if (status == C4_OK && c4_arg_flag(r->args, "dry-run"))
        fprintf(r->messages, "Without --ignore-disk nothing would be done: %s.\n",
                c4_text_string(&sentence));
    else if (status == C4_OK)
        status = c4_fail(C4_ERR_FAILED,
                         "%s; free some space, choose another --out, or start it all the same "
                         "with --ignore-disk",
                         c4_text_string(&sentence));
    c4_text_free(&sentence);
    return status;
}

/* Does all runs that are not done yet; with --dry-run it only prints the plan. */
static enum c4_status work(struct reproduction *r) {
    int left, begun;
    C4_TRY(look_at_runs(r, &left, &begun));
    const struct c4_rank_caller caller = {watch, report, r};
    c4_announce(&r->session, r->messages);
    if (left == 0) {
        fprintf(r->messages, "All runs are in %s already.\n", r->session.runner.folder);
        return C4_OK;
    }
    C4_TRY(c4_repro_ranks_gather(&r->ranks, &r->session, &caller, r->messages));
    C4_TRY(check_disk(r));
    C4_TRY(c4_session_check_memory(&r->session, c4_arg_flag(r->args, "ignore-memory"),
                                   c4_arg_flag(r->args, "dry-run"), r->messages));
    C4_TRY(predict(r, left, begun));
    if (c4_arg_flag(r->args, "dry-run")) return C4_OK;
    C4_TRY(start_over(r));
    return do_runs(r);
}

static enum c4_status reproduce(struct reproduction *r) {
    C4_TRY(c4_interrupt_catch());
    C4_TRY(c4_max_time_read(r->args, &r->limit));
    const char *folder = c4_arg_flag(r->args, "fresh") ? NULL : c4_arg_text(r->args, "out");
    C4_TRY(c4_session_read(r->args, folder, c4_arg_text(r->args, "places"),
                           c4_repro_ranks_share(&r->ranks), &r->session));
    C4_TRY(c4_part_check(&r->session));
    if (r->session.schedule.count == 0)
        return c4_part_say_empty(&r->session, c4_arg_flag(r->args, "json"), stdout);
    C4_TRY(c4_repro_ranks_begin(&r->ranks, &r->session));
    C4_TRY(c4_session_load(&r->session));
    C4_TRY(open_store(r));
    enum c4_status status = work(r);
    c4_coordinator_close(r->coordinator);
    r->coordinator = NULL;
    const bool stopped = status == C4_ERR_INTERRUPTED || status == C4_ERR_TERMINATED;
    if (stopped && c4_arg_flag(r->args, "dry-run")) return c4_fail(status, "stopped");
    if (stopped)
        return c4_fail(status,
                       "stopped; every finished segment of epochs is in %s, and the same command "
                       "goes on from there",
                       r->session.runner.folder);
    if (status == C4_ERR_UNFINISHED) return c4_unfinished_end(&r->session, &r->state, &r->limit);
    if (status != C4_OK || c4_arg_flag(r->args, "dry-run")) return status;
    c4_interrupt_ignore_early();
    status = publish(r, (double)(c4_clock_ns() - r->limit.start_ns) * 1e-9);
    if (r->state.failed == 0) return status;
    return c4_fail(C4_ERR_FAILED, "%d of %d runs failed; %s", r->state.failed,
                   r->session.schedule.count, c4_text_string(&r->state.failure));
}

static int run(const struct c4_args *args) {
    struct reproduction *r = calloc(1, sizeof *r);
    if (!r) return c4_cli_exit(args, c4_fail(C4_ERR_MEMORY, "out of memory"));
    int code;
    /* Joining other ranks may take seconds. */
    enum c4_status status = c4_max_time_begin(&r->limit);
    if (status == C4_OK &&
        c4_repro_ranks_join(args, c4_arg_flag(args, "dry-run"), &r->ranks, &code)) {
        free(r);
        return code;
    }
    r->args = args;
    r->messages = c4_arg_flag(args, "json") ? stderr : stdout;
    code = c4_cli_exit(args, status == C4_OK ? reproduce(r) : status);
    c4_coordinator_close(r->coordinator);
    c4_repro_ranks_end(&r->ranks, code); /* before another process may have the folder */
    c4_store_close(r->store);
    if (r->session.args) c4_session_free(&r->session); /* else its descriptors are no -1 */
    free(r->again);
    free(r->over);
    free(r->state.done);
    free(r->state.last);
    free(r->state.state);
    free(r->state.seconds);
    c4_text_free(&r->state.failure);
    free(r);
    return code;
}

const struct c4_command c4_cmd_repro = {
    .name = "repro",
    .summary = "reproduce the paper's figures",
    .description =
        "Trains the networks that the figures need, for each seed, measures after every epoch how "
        "similar each layer still is to where it started (CKA), and draws the figures with mean "
        "and standard error over seeds. Everything is kept in one folder: study.db (SQLite), "
        "checkpoints/, figures/ and report.html. Several worker processes train at the same time; "
        "the results do not depend on how many. The study may be stopped or killed at any moment: "
        "the same command goes on after the last finished segment of epochs and ends with the same "
        "results. The last line of output is the path of the first figure. A part of a study "
        "(--shard, --group) has no figures and ends with the commands that come next.",
    .options = options,
    .examples = examples,
    .run = run,
};
