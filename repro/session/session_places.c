#include "repro/session/session_places.h"

#include <stdio.h>
#include <string.h>

#include "core/base/utf8.h"
#include "core/host/allowance.h"
#include "repro/session/engine.h"

_Static_assert(C4_PLACE_PUS_MAX == 256, "a worker's PUs must fit the largest --threads");

/* Ranks whose CPUs this one shares, with itself. */
static int sharers(const struct c4_session *session) {
    return session->share ? session->share->overlapping : 1;
}

/* Places of the default: cores, or L3 domains for several threads, or else wherever they fit. */
static enum c4_status place_by_default(struct c4_session *session) {
    const struct c4_topology *topology = &session->topology;
    struct c4_placement_policy *policy = &session->policy;
    *policy =
        (struct c4_placement_policy){.scope = session->threads > 1 ? C4_PLACE_L3 : C4_PLACE_CORE,
                                     .threads = session->threads,
                                     .max_places = session->workers};
    if (sharers(session) > 1 || session->workers * session->threads != topology->cores)
        return C4_OK;
    enum c4_status status = c4_placement_make(topology, policy, &session->placement);
    if (status == C4_ERR_USAGE ||
        (status == C4_OK && session->placement.places < session->workers)) {
        c4_placement_free(&session->placement);
        policy->scope = C4_PLACE_MACHINE;
        status = c4_placement_make(topology, policy, &session->placement);
    }
    if (status == C4_OK && session->placement.places < session->workers)
        c4_placement_free(&session->placement);
    return status;
}

/* How many places a run may have together. No bit may depend on it; and a place whose number of
 * threads the user has chosen keeps it. */
static int widest_team(const struct c4_session *session) {
    return c4_session_is_canonical(session) && session->threads == 0 ? C4_TEAM_WIDEST : 1;
}

/* Where teams may grow, places have one thread, and there are so many that the runs' teams can use
 * them. */
static enum c4_status choose_default(struct c4_session *session, int cores) {
    int runs = session->schedule.count;
    bool exact = session->dispatch.backend.bit_exact && session->dispatch.step_origin->bit_exact;
    session->widest = widest_team(session);
    if (session->threads == 0)
        session->threads = session->widest == 1 && exact && runs < cores ? cores / runs : 1;
    if (session->workers == 0) session->workers = cores / session->threads;
    if (session->workers > runs * session->widest) session->workers = runs * session->widest;
    if (session->workers < 1) session->workers = 1;
    return place_by_default(session);
}

/* The fewest and the most threads of a place, and of all together. */
static int count_threads(const struct c4_placement *placement, int *fewest, int *most) {
    int sum = 0;
    *fewest = *most = placement->place[0].threads;
    for (int i = 0; i < placement->places; i++) {
        int threads = placement->place[i].threads;
        if (threads < *fewest) *fewest = threads;
        if (threads > *most) *most = threads;
        sum += threads;
    }
    return sum;
}

static enum c4_status place_again(struct c4_session *session) {
    c4_placement_free(&session->placement);
    return c4_placement_make(&session->topology, &session->policy, &session->placement);
}

/* Fewer threads in a place, and fewer places, until all are no more than `granted`. */
static enum c4_status shrink(struct c4_session *session, int granted) {
    int fewest, most;
    count_threads(&session->placement, &fewest, &most);
    if (session->policy.threads == 0 && most > granted) {
        session->policy.threads = granted;
        C4_TRY(place_again(session));
    }
    while (session->placement.places > 1 &&
           count_threads(&session->placement, &fewest, &most) > granted) {
        session->policy.max_places = session->placement.places - 1;
        C4_TRY(place_again(session));
    }
    return C4_OK;
}

static enum c4_status check_places(struct c4_session *session, int asked_workers) {
    int fewest, most;
    count_threads(&session->placement, &fewest, &most);
    if (session->placement.places < asked_workers)
        return c4_fail(C4_ERR_USAGE,
                       "--places: there %s only %d such place%s, fewer than --workers %d; ask for "
                       "fewer workers, fewer threads or smaller places",
                       session->placement.places == 1 ? "is" : "are", session->placement.places,
                       session->placement.places == 1 ? "" : "s", asked_workers);
    if (most > C4_PLACE_PUS_MAX)
        return c4_fail(C4_ERR_USAGE,
                       "--places: a place has %d threads, more than %d; give --threads", most,
                       C4_PLACE_PUS_MAX);
    bool exact = session->dispatch.backend.bit_exact && session->dispatch.step_origin->bit_exact;
    if (fewest < most && !exact)
        return c4_fail(C4_ERR_USAGE,
                       "--places: places have from %d to %d threads, on which the results of "
                       "backend %s depend; give --threads",
                       fewest, most, session->dispatch.backend.name);
    session->workers = session->placement.places;
    session->threads = most;
    return C4_OK;
}

static enum c4_status name_option(enum c4_status status) {
    return status == C4_ERR_USAGE ? c4_fail(status, "--places: %s", c4_error()) : status;
}

static enum c4_status choose_asked(struct c4_session *session, const char *places, int granted) {
    struct c4_placement_policy *policy = &session->policy;
    if (sharers(session) > 1)
        return c4_fail(C4_ERR_USAGE,
                       "--places: %d ranks share the CPUs of rank %d, and would take the same "
                       "places; give each rank CPUs of its own (mpirun --map-by, srun --cpu-bind)",
                       sharers(session), session->share->rank);
    C4_TRY(name_option(c4_placement_policy_parse(places, policy)));
    bool cores = policy->scope == C4_PLACE_CORE && !policy->siblings && !policy->places;
    session->widest = cores ? widest_team(session) : 1;
    int asked = session->workers, runs = session->schedule.count * session->widest;
    session->must_bind = true;
    policy->threads = session->threads;
    policy->max_places = asked && asked < runs ? asked : runs;
    C4_TRY(name_option(c4_placement_make(&session->topology, policy, &session->placement)));
    /* What was asked for by number is only warned about. */
    if (!asked && !policy->places) C4_TRY(shrink(session, granted));
    return check_places(session, asked < runs ? asked : runs);
}

/* Says once what limits are ignored and passed. */
static enum c4_status note(const struct c4_session *session, const struct c4_allowance *allowance,
                           struct c4_text *notes) {
    const struct c4_args *args = session->args;
    int threads = session->workers * session->threads, fewest, most;
    if (session->placement.places > 0) threads = count_threads(&session->placement, &fewest, &most);
    char asked[64];
    snprintf(asked, sizeof asked, "%d worker%s of %d thread%s", session->workers,
             session->workers == 1 ? "" : "s", session->threads, session->threads == 1 ? "" : "s");
    C4_TRY(c4_allowance_check(allowance, asked, threads, notes));
    int openmp = c4_openmp_threads(NULL);
    if (openmp && !c4_arg_given(args, "threads") && openmp != session->threads)
        return c4_text_add(notes,
                           "OMP_NUM_THREADS=%d is not used here: each worker has %d thread%s "
                           "(--threads changes that).\n",
                           openmp, session->threads, session->threads == 1 ? "" : "s");
    return C4_OK;
}

/* What is granted to this rank. What a batch system grants is each task's own; the rest is of all
 * that share it. */
static int granted_to(const struct c4_session *session, const struct c4_allowance *allowance) {
    int ranks = sharers(session), cores = session->topology.cores / ranks;
    bool own = strcmp(allowance->source, "SLURM_CPUS_PER_TASK") == 0 ||
               strcmp(allowance->source, "HQ_CPUS") == 0;
    int granted = !own                         ? allowance->threads / ranks
                  : allowance->threads < cores ? allowance->threads
                                               : cores;
    return granted > 1 ? granted : 1;
}

static enum c4_status choose(struct c4_session *session, const char *places,
                             struct c4_text *notes) {
    struct c4_allowance allowance;
    C4_TRY(c4_topology_add_ignored(notes));
    if (notes->length > 0) C4_TRY(c4_text_add(notes, "\n"));
    C4_TRY(c4_allowance_read(&allowance, notes));
    C4_TRY(c4_topology_load(NULL, &session->topology));
    session->threads = (int)c4_arg_integer(session->args, "threads");
    session->workers = (int)c4_arg_integer(session->args, "workers");
    int granted = granted_to(session, &allowance);
    C4_TRY(places ? choose_asked(session, places, granted) : choose_default(session, granted));
    return note(session, &allowance, notes);
}

enum c4_status c4_session_choose_places(struct c4_session *session, const char *places) {
    struct c4_text notes = {0};
    enum c4_status status = choose(session, places, &notes);
    if (session->share && session->share->rank > 0)
        c4_text_free(&notes); /* rank 0 says the same */
    else
        c4_say_notes(&notes);
    return status;
}
