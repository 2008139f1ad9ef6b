/* What `conv4 repro` and `conv4 plan` have in common: from options to a study, its images, the
 * places of this machine and a forecast. */
#ifndef C4_REPRO_SESSION_SESSION_H
#define C4_REPRO_SESSION_SESSION_H

#include <stdio.h>

#include "core/cli/option.h"
#include "core/host/memory_limit.h"
#include "repro/coordinator/coordinator.h"
#include "repro/ranks/rank_messages.h"
#include "repro/session/selection.h"
#include "repro/session/settings.h"
#include "simd/dispatch.h"

/* Rows of an option table that c4_session_read() reads, besides C4_SELECTION_OPTIONS and
 * C4_BACKEND_OPTIONS and C4_CHOICE_OPTIONS (repro/session/engine.h). */
#define C4_SESSION_OPTIONS                                                                         \
    {.name = "data",                                                                               \
     .type = C4_OPTION_PATH,                                                                       \
     .value = "DIR",                                                                               \
     .help = "folder with CIFAR-10 and SVHN files (default: built-in synthetic images, marked as " \
             "such)"},                                                                             \
        {.name = "out",                                                                            \
         .type = C4_OPTION_PATH,                                                                   \
         .value = "DIR",                                                                           \
         .initial = "./conv4-study",                                                               \
         .help = "folder of the study; an existing study is continued"},                           \
        {.name = "scale",                                                                          \
         .type = C4_OPTION_STRING,                                                                 \
         .value = "NAME",                                                                          \
         .initial = "quick",                                                                       \
         .help = "size of the study: smoke (a minute), quick (minutes) or paper (the paper's own " \
                 "numbers); an existing study keeps its scale"},                                   \
        {.name = "protocol",                                                                       \
         .type = C4_OPTION_STRING,                                                                 \
         .value = "NAME",                                                                          \
         .initial = "paper",                                                                       \
         .help = "what to follow where they differ: paper, or authors for their code"},            \
        {.name = "figures",                                                                        \
         .type = C4_OPTION_STRING,                                                                 \
         .value = "LIST",                                                                          \
         .help = "which figures, such as 2,3a (default: all)"},                                    \
        {.name = "seeds",                                                                          \
         .type = C4_OPTION_STRING,                                                                 \
         .value = "LIST",                                                                          \
         .help = "seeds instead of the scale's, such as 1-3 or 1,4"},                              \
        {.name = "degrees",                                                                        \
         .type = C4_OPTION_STRING,                                                                 \
         .value = "LIST",                                                                          \
         .help = "degrees of randomness instead of the scale's, such as 0,9"},                     \
        {.name = "set",                                                                            \
         .type = C4_OPTION_STRING,                                                                 \
         .value = "KEY=VALUE,...",                                                                 \
         .help = "override values of the study, such as pretrain_epochs=10,sizes=64,256"},         \
        {.name = "study",                                                                          \
         .type = C4_OPTION_PATH,                                                                   \
         .value = "FILE",                                                                          \
         .help = "the study's description instead of the built-in paper.ini"},                     \
        {.name = "workers",                                                                        \
         .type = C4_OPTION_INTEGER,                                                                \
         .value = "N",                                                                             \
         .min = 1,                                                                                 \
         .max = 1024,                                                                              \
         .help = "processes that train at the same time (default: enough to use every core)"},     \
        {.name = "team-speeds",                                                                    \
         .type = C4_OPTION_STRING,                                                                 \
         .value = "A,B,C",                                                                         \
         .help =                                                                                   \
             "speeds of teams of 2, 4 and 8 workers, as parts of 2, 4 and 8 times one worker's, "  \
             "such as 0.95,0.88,0.75 (default: measured)"},                                        \
        {.name = "threads",                                                                        \
         .type = C4_OPTION_INTEGER,                                                                \
         .value = "N",                                                                             \
         .min = 1,                                                                                 \
         .max = 256,                                                                               \
         .help = "OpenMP threads per worker (default: 1; workers without a run lend their "        \
                 "threads to others)"},                                                            \
    {                                                                                              \
        .name = "places", .type = C4_OPTION_STRING, .value = "POLICY",                             \
        .help = "bind each worker to a place of its own, or fail: core, l2, l3, numa or machine, " \
                "with a thread for each core of it unless --threads is given; ,compact for "       \
                "neighbours and ,smt for both threads of each core may follow; or explicit CPUs "  \
                "such as explicit=0,2/1,3, a place for each worker"                                \
    }

/* What this process is among several ranks of a launcher. */
struct c4_rank_share {
    int rank;
    int on_machine;  /* ranks on this machine, with this one: they share its memory */
    int overlapping; /* of these, the ones that may run on CPUs of this one */
    const struct c4_rank_study *study; /* of another rank than 0: rank 0's */
};

struct c4_session {
    const struct c4_args *args;
    const struct c4_rank_share *share; /* NULL: alone */
    struct c4_study study;
    struct c4_scale scale;
    struct c4_text taken; /* values taken from the study in the folder: "scale = smoke, ..." */
    bool figures_given;
    bool selected[C4_STUDY_FIGURES];
    struct c4_schedule schedule; /* only what is selected */
    struct c4_selection selection;
    struct c4_dispatch dispatch;
    struct c4_topology topology;
    int workers;
    int wanted_workers; /* before memory was looked at; workers, or more */
    int threads; /* of each worker, or the most of one if --places makes places of several sizes */
    int widest;  /* places that a run may have; 1: bits depend on it, or a place has its threads */
    struct c4_memory_limit memory;     /* before anything was loaded */
    struct c4_team_speeds speeds;      /* as given; all 0: they are measured */
    struct c4_placement_policy policy; /* by --places, or the default's scope */
    bool must_bind;                    /* --places is given */
    struct c4_placement placement;     /* of this machine; no places: workers are not bound */
    int bound; /* workers whose threads are bound, as read back; -1: they have not started */
    struct c4_images images;
    struct c4_shared_images shared;
    struct c4_node_images node_images;      /* copies of them, where there are several nodes */
    int descriptor;                         /* of the shared images; -1: none */
    struct c4_shared_references references; /* descriptor -1: none */
    struct c4_node_references node_references;
    char arithmetic[256];          /* "canonical, version 1", or the backend and its threads */
    char kernels[C4_KERNELS_SIZE]; /* storage of runner.kernels; "" without a choice */
    struct c4_runner runner;
};

/* Whether no bit of a result depends on the machine or on the number of threads. */
bool c4_session_is_canonical(const struct c4_session *session);

/* Only protocol, scale, figures and runs; nothing is asked of this machine. As c4_session_read().
 */
enum c4_status c4_session_read_runs(const struct c4_args *args, const char *folder,
                                    struct c4_session *session);

/* All runs of the study that the options describe, of which session->schedule may be a part. */
const struct c4_schedule *c4_session_study_runs(const struct c4_session *session);

/* Determines protocol, scale, figures, runs, backend and places from options and study file.
 * Options that are not given are taken from the study in `folder` (repro/session/settings.h; NULL:
 * none). Of a rank with share->study they are taken from that, and what differs from it is refused.
 * `places`: the text of --places for this machine, NULL: none. What was ignored or is beyond what
 * this process is granted is said on stderr (core/host/allowance.h), but not by another rank than
 * 0; otherwise prints nothing. If the selection has no runs, backend and places are left unread.
 * `share` (NULL: alone) is borrowed: ranks that share CPUs divide them and are not bound, and those
 * of a machine divide its memory. Release with c4_session_free(), also on failure. */
enum c4_status c4_session_read(const struct c4_args *args, const char *folder, const char *places,
                               const struct c4_rank_share *share, struct c4_session *session);

/* For a backend that has a choice, fixes the workers' kernels: --onednn-conv if it is given, or
 * else `stored` (NULL or "": none), or else the fastest by measurement. */
enum c4_status c4_session_choose_kernels(struct c4_session *session, const char *stored);

/* Loads the images and shares them with future workers; takes fewer of these, if their number is
 * not given, where memory would not suffice (repro/session/session_memory.h). */
enum c4_status c4_session_load(struct c4_session *session);

void c4_session_free(struct c4_session *session);

/* Describes the work to a coordinator; `store` may be NULL. */
struct c4_work c4_session_work(const struct c4_session *session, struct c4_store *store);

/* The settings that the study's folder stores. */
struct c4_settings c4_session_settings(const struct c4_session *session);

/* Takes over from a coordinator whose workers are ready how many of them are bound. */
void c4_session_see_places(struct c4_session *session, const struct c4_coordinator *coordinator);

/* Prints "ref (plain C, FMA instructions), winograd, bn-relu; 2 workers of 1 thread, bound", or "to
 * be bound" before the workers have started, or "1 of 2 bound". */
void c4_session_describe(const struct c4_session *session, FILE *out);

/* Figures to be drawn, each version counted; none for a part of a study. */
int c4_session_figures(const struct c4_session *session);

/* Appends "5.2 MB", "43 MB" or "1.5 GB". */
enum c4_status c4_session_add_bytes(struct c4_text *text, uint64_t bytes);

#endif
