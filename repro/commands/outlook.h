/* How a study will go: on which places, in teams of what speed, until when. The one model behind
 * `conv4 plan`, `repro --dry-run` and the predicted time. */
#ifndef C4_REPRO_COMMANDS_OUTLOOK_H
#define C4_REPRO_COMMANDS_OUTLOOK_H

#include "repro/planning/places.h"
#include "repro/planning/simulation.h"
#include "repro/session/session.h"

/* Where a team's speeds are from. */
enum c4_team_source { C4_TEAM_ASSUMED, C4_TEAM_GIVEN, C4_TEAM_MEASURED };

/* A NUMA node to which workers are bound. */
struct c4_outlook_node {
    int os_index;
    int places;
    int64_t memory_bytes; /* 0: unknown */
};

struct c4_outlook {
    struct c4_sched_place *place; /* `places` of them */
    int places, machines;
    /* Of the first machine: `nodes` with places, on a machine that has `machine_nodes`; none if
     * workers are not bound, as their memory then lies anywhere. */
    struct c4_outlook_node *node;
    int nodes, machine_nodes;
    int64_t machine_bytes; /* of memory, on all of its nodes; 0: unknown */
    int widest;            /* 1: each run has one place */
    int threads;           /* of a place, or the fewest of one */
    struct c4_team_speeds speeds;
    enum c4_team_source source;
    bool elsewhere; /* not this machine's places */
};

/* The places of this machine as a study has them; teams up to session->widest, of the session's or
 * assumed speed. Release with c4_outlook_free(), also on failure. C4_ERR_MEMORY. */
enum c4_status c4_outlook_make(const struct c4_session *session, struct c4_outlook *outlook);

/* Takes the speeds of teams that were measured on this machine, unless they are given or the places
 * are another machine's. */
void c4_outlook_measured(struct c4_outlook *outlook, const struct c4_team_speeds *speeds);

/* Takes instead the places of `machines` equal machines of this topology, at most session->workers
 * on each if --workers is given. C4_ERR_USAGE, C4_ERR_MEMORY. */
enum c4_status c4_outlook_elsewhere(const struct c4_session *session,
                                    const struct c4_topology *topology, int machines,
                                    struct c4_outlook *outlook);

void c4_outlook_free(struct c4_outlook *outlook);

/* The same teams, which lose `factor` times as much: 1 - factor (1 - speed), at least 1/width. */
struct c4_team_speeds c4_team_speeds_with_losses(const struct c4_team_speeds *speeds,
                                                 double factor);

/* Simulates what is left behind the epochs done[i] (NULL: everything), of which run i takes one
 * place of session->threads seconds[i]; places of more threads have their team's speed. On the
 * first `places` places. Release with c4_simulation_free(). */
enum c4_status c4_outlook_simulate(const struct c4_outlook *outlook,
                                   const struct c4_session *session, const int64_t *done,
                                   const double *seconds, int places,
                                   struct c4_simulation *simulation);

/* Prints "Teams of 2, 4, 8 places have 95, 88, 75 % of ideal speed (assumed); ...", or nothing if
 * each run has one place. */
void c4_outlook_write_teams(const struct c4_outlook *outlook, FILE *out);

/* What the time is up to 5 % longer than: "chain", that of the longest chain of runs in the fastest
 * team, which more places do not change; "work", that of all runs divided by the places, which are
 * all busy then; or else "runs": those that are left are fewer than places, which form teams that
 * lose, or idle. */
const char *c4_outlook_limit(const struct c4_simulation *simulation);

/* Says what limits the study on so many places, unless it is the work, and how many seeds are as
 * much work for each place as the longest chain of runs has on one: with them places are busy. */
void c4_outlook_write_limit(const struct c4_outlook *outlook, const struct c4_session *session,
                            const struct c4_simulation *simulation, int places, FILE *out);

/* Memory traffic when all places train at once: of a place, and of the NUMA node that has most of
 * them, in bytes per second. By the backend's count of what leaves a core's L2 cache; an L3 cache
 * may take a part of it. False if the backend does not count. */
struct c4_traffic {
    double place_bytes_per_s, node_bytes_per_s;
    int node_places;
};
bool c4_outlook_traffic(const struct c4_outlook *outlook, const struct c4_session *session,
                        const struct c4_speed *speed, struct c4_traffic *traffic);

/* The simulation as a table: every run with its first places, begin and length; then the total
 * time, the utilisation of the places, disk usage, and what limits the time. */
enum c4_status c4_outlook_write(const struct c4_outlook *outlook, const struct c4_session *session,
                                const int64_t *done, const double *seconds, FILE *out);

#endif
