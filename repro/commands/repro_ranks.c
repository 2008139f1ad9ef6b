#include "repro/commands/repro_ranks.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/utf8.h"
#include "core/cli/cli.h"
#include "core/cli/interrupt.h"
#include "repro/ranks/agent.h"
#include "repro/session/session_memory.h"
#include "repro/store/lock.h"

static enum c4_status watch(void *context) {
    (void)context;
    return c4_interrupted();
}

/* What rank 0 has to be told about this rank's memory. */
static enum c4_status check_memory(struct c4_agent *agent, const struct c4_args *args,
                                   const struct c4_session *session) {
    char *text = NULL;
    size_t size = 0;
    FILE *messages = open_memstream(&text, &size);
    if (!messages) return c4_fail(C4_ERR_MEMORY, "out of memory for a sentence");
    enum c4_status status =
        c4_session_check_memory(session, c4_arg_flag(args, "ignore-memory"), false, messages);
    if (fclose(messages) != 0 && status == C4_OK)
        status = c4_fail(C4_ERR_MEMORY, "out of memory for a sentence");
    if (status == C4_OK && size > 0) {
        text[strcspn(text, "\n")] = '\0';
        status = c4_agent_note(agent, text);
    }
    free(text);
    return status;
}

static enum c4_status check_canonical(const struct c4_session *session) {
    if (c4_session_is_canonical(session)) return C4_OK;
    return c4_fail(C4_ERR_USAGE,
                   "backend %s: its results depend on the machine and on the team, so one rank "
                   "does the whole study; choose another --backend for several",
                   session->dispatch.backend.name);
}

/* Reads and loads the study as rank 0 does, on this machine's places. */
static enum c4_status prepare(struct c4_agent *agent, const struct c4_args *args,
                              struct c4_rank_share *share, struct c4_rank_study *study,
                              struct c4_session *session, struct c4_work *work) {
    C4_TRY(c4_agent_study(agent, study));
    share->study = study;
    C4_TRY(c4_session_read(args, NULL, c4_arg_text(args, "places"), share, session));
    C4_TRY(check_canonical(session));
    if (strcmp(session->arithmetic, study->arithmetic) != 0)
        return c4_fail(C4_ERR_FAILED, "arithmetic '%s', and rank 0 has '%s'", session->arithmetic,
                       study->arithmetic);
    C4_TRY(c4_session_load(session));
    C4_TRY(check_memory(agent, args, session));
    C4_TRY(c4_agent_folder(agent, session->runner.folder, &session->images));
    *work = c4_session_work(session, NULL);
    return c4_agent_hello(agent, work);
}

/* What another rank than 0 does. Returns the exit status. */
static int serve(const struct c4_args *args, struct c4_repro_ranks *ranks) {
    struct c4_session *session = calloc(1, sizeof *session);
    struct c4_rank_study *study = calloc(1, sizeof *study);
    struct c4_agent *agent = NULL;
    struct c4_work work;
    enum c4_status status = session && study ? c4_agent_open(&ranks->transport, watch, NULL, &agent)
                                             : c4_fail(C4_ERR_MEMORY, "out of memory");
    if (!agent) {
        free(session);
        free(study);
        ranks->transport.abort(&ranks->transport, c4_cli_exit(args, status));
        return c4_status_exit_code(status);
    }
    session->descriptor = -1;
    if (status == C4_OK) status = prepare(agent, args, &ranks->share, study, session, &work);
    while (status == C4_OK && !c4_agent_ended(agent)) status = c4_agent_step(agent, 200);
    if (status != C4_OK) c4_agent_fail(agent, status);
    int exit_status = c4_agent_close(agent);
    if (session->args) c4_session_free(session);
    free(session);
    free(study);
    return exit_status;
}

static enum c4_status join(const struct c4_launch *launch, struct c4_repro_ranks *ranks) {
    struct c4_transport *transport = &ranks->transport;
    C4_TRY(c4_launch_join(launch, transport));
    C4_TRY(c4_launch_neighbours(transport, &ranks->share.on_machine, &ranks->share.overlapping));
    ranks->share.rank = transport->rank;
    /* Launchers pass SIGUSR1 on to every rank; rank 0 decides. */
    if (transport->rank > 0) c4_interrupt_ignore_early();
    return c4_interrupt_catch();
}

/* A failure of a rank that rank 0 cannot be told of. */
static int refuse(const struct c4_args *args, const struct c4_launch *launch,
                  enum c4_status status) {
    char host[C4_HOST_NAME_SIZE];
    c4_lock_host(host, sizeof host);
    if (launch->rank > 0) c4_fail(status, "rank %d on host %s: %s", launch->rank, host, c4_error());
    return c4_cli_exit(args, status);
}

bool c4_repro_ranks_join(const struct c4_args *args, bool alone, struct c4_repro_ranks *ranks,
                         int *exit_status) {
    struct c4_launch launch;
    *exit_status = 0;
    c4_launch_read(&launch);
    if (launch.ranks == 1) return false;
    if (alone && launch.rank == 0)
        fprintf(stderr, "This looks at one of %d ranks; conv4 plan --nodes N plans for several.\n",
                launch.ranks);
    if (alone) return launch.rank > 0;
    enum c4_status status = join(&launch, ranks);
    if (status == C4_OK && ranks->transport.rank == 0)
        status = c4_ranks_open(&ranks->transport, &ranks->ranks);
    if (status != C4_OK) {
        *exit_status = refuse(args, &launch, status);
        if (ranks->transport.abort) ranks->transport.abort(&ranks->transport, *exit_status);
        return true;
    }
    if (ranks->transport.rank == 0) return false;
    *exit_status = serve(args, ranks);
    return true;
}

const struct c4_rank_share *c4_repro_ranks_share(const struct c4_repro_ranks *ranks) {
    return ranks->ranks ? &ranks->share : NULL;
}

enum c4_status c4_repro_ranks_begin(struct c4_repro_ranks *ranks,
                                    const struct c4_session *session) {
    if (!ranks->ranks) return C4_OK;
    C4_TRY(check_canonical(session));
    struct c4_rank_study *study = calloc(1, sizeof *study);
    if (!study) return c4_fail(C4_ERR_MEMORY, "out of memory for other ranks");
    study->protocol = session->study.protocol;
    study->scale = session->scale;
    snprintf(study->arithmetic, sizeof study->arithmetic, "%s", session->arithmetic);
    enum c4_status status = c4_rank_runs_hash(&session->schedule, study->runs_sha256);
    if (status == C4_OK) status = c4_ranks_begin(ranks->ranks, study);
    free(study);
    return status;
}

int c4_repro_ranks_workers(const struct c4_repro_ranks *ranks, const struct c4_session *session) {
    return session->workers + ranks->workers;
}

/* Open MPI's mpirun binds each of few ranks to one core, unless it is told not to. */
static void note_binding(const struct c4_repro_ranks *ranks, const struct c4_session *session,
                         FILE *out) {
    long there = sysconf(_SC_NPROCESSORS_ONLN);
    int pus = session->topology.pus;
    if (getenv("OMPI_MCA_orte_bound_at_launch") && pus * ranks->share.on_machine < there)
        fprintf(out,
                "mpirun has bound this rank to %d of %ld CPUs; --bind-to none lets it use all.\n",
                pus, there);
}

enum c4_status c4_repro_ranks_gather(struct c4_repro_ranks *ranks, struct c4_session *session,
                                     const struct c4_rank_caller *caller, FILE *out) {
    struct c4_text text = {0};
    if (!ranks->ranks) return C4_OK;
    note_binding(ranks, session, out);
    C4_TRY(c4_ranks_gather(ranks->ranks, session->runner.folder, &session->images, caller,
                           &session->widest));
    ranks->workers = c4_ranks_places(ranks->ranks);
    enum c4_status status = c4_ranks_describe(ranks->ranks, session->workers, &text);
    if (status == C4_OK) {
        c4_utf8_show(out, c4_text_string(&text));
        fputs(".\n", out);
    }
    c4_text_free(&text);
    return status;
}

enum c4_status c4_repro_ranks_look_ahead(const struct c4_repro_ranks *ranks,
                                         struct c4_outlook *outlook) {
    if (!ranks->ranks) return C4_OK;
    int own = outlook->places, more = c4_ranks_places(ranks->ranks);
    struct c4_sched_place *place =
        realloc(outlook->place, (size_t)(own + more) * sizeof *outlook->place);
    if (!place) return c4_fail(C4_ERR_MEMORY, "out of memory for %d places", own + more);
    outlook->place = place;
    for (int i = 0; i < more; i++) {
        struct c4_ranks_place found;
        c4_ranks_place(ranks->ranks, i, place, own, &found);
        place[own + i] = found.where;
    }
    outlook->places += more;
    return C4_OK;
}

void c4_repro_ranks_end(struct c4_repro_ranks *ranks, int exit_status) {
    c4_ranks_close(ranks->ranks, exit_status);
    ranks->ranks = NULL;
}
