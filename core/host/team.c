#include "core/host/team.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hwloc.h>
#include <omp.h>

#include "core/host/allowance.h"
#include "core/host/fpenv.h"
#include "core/host/hwloc_open.h"
#include "core/host/topology.h"

/* What one thread found out about itself. The calling thread reports it afterwards, since the
 * sentence of c4_fail() belongs to one thread. */
struct member {
    hwloc_bitmap_t original; /* mask before binding */
    hwloc_bitmap_t mask;     /* mask read back */
    int pu;
    int error; /* errno of a failed bind, 0 = none */
    bool known, fpenv_was_wrong, fpenv_is_wrong;
    char sentence[192]; /* of c4_fpenv_check() */
};

struct survey {
    hwloc_topology_t h;
    const int *wanted; /* NULL: look, do not bind */
    struct member *member;
    int threads;
    int started;
};

static void read_back(hwloc_topology_t h, struct member *m) {
    hwloc_bitmap_t seen = hwloc_bitmap_alloc();
    m->pu = -1;
    m->known = m->mask && hwloc_get_cpubind(h, m->mask, HWLOC_CPUBIND_THREAD) == 0;
    if (seen && hwloc_get_last_cpu_location(h, seen, HWLOC_CPUBIND_THREAD) == 0)
        m->pu = hwloc_bitmap_first(seen);
    hwloc_bitmap_free(seen);
}

static void bind_member(hwloc_topology_t h, int pu, struct member *m) {
    hwloc_bitmap_t set = hwloc_bitmap_alloc();
    if (!set || hwloc_bitmap_only(set, (unsigned)pu) != 0) {
        m->error = ENOMEM;
    } else {
        hwloc_bitmap_singlify(set);
        errno = 0;
        if (hwloc_set_cpubind(h, set, HWLOC_CPUBIND_THREAD | HWLOC_CPUBIND_STRICT) != 0)
            m->error = errno ? errno : EINVAL;
    }
    hwloc_bitmap_free(set);
}

static void check_fpenv(bool repair, struct member *m) {
    m->fpenv_was_wrong = c4_fpenv_check() != C4_OK;
    if (m->fpenv_was_wrong && repair) c4_fpenv_set_ieee();
    m->fpenv_is_wrong = c4_fpenv_check() != C4_OK;
    if (m->fpenv_is_wrong) snprintf(m->sentence, sizeof m->sentence, "%s", c4_error());
}

/* Runs in every thread of a region of the team's width. */
static void survey_region(struct survey *s, bool first_time) {
#pragma omp parallel num_threads(s->threads)
    {
        int i = omp_get_thread_num();
#pragma omp single
        s->started = omp_get_num_threads();
        if (i < s->threads) {
            struct member *m = &s->member[i];
            check_fpenv(first_time, m);
            if (first_time && m->original)
                hwloc_get_cpubind(s->h, m->original, HWLOC_CPUBIND_THREAD);
            if (s->wanted) bind_member(s->h, s->wanted[i], m);
            read_back(s->h, m);
        }
    }
}

static void put_masks_back(struct survey *s) {
#pragma omp parallel num_threads(s->threads)
    {
        struct member *m = &s->member[omp_get_thread_num()];
        if (m->original && !hwloc_bitmap_iszero(m->original))
            hwloc_set_cpubind(s->h, m->original, HWLOC_CPUBIND_THREAD);
        read_back(s->h, m);
    }
}

static bool is_within_core(hwloc_topology_t h, hwloc_const_bitmap_t mask) {
    if (hwloc_bitmap_weight(mask) == 1) return true;
    hwloc_obj_t object = hwloc_get_obj_covering_cpuset(h, mask);
    return object && (object->type == HWLOC_OBJ_CORE ||
                      hwloc_get_ancestor_obj_by_type(h, HWLOC_OBJ_CORE, object));
}

/* Why the masks that were read back do not amount to a binding; false if they do. */
static bool find_flaw(const struct survey *s, const int *wanted, char *reason, size_t size) {
    for (int i = 0; i < s->threads; i++) {
        const struct member *m = &s->member[i];
        if (wanted && m->error) {
            snprintf(reason, size, "Thread %d cannot be bound to PU %d: %s.", i, wanted[i],
                     strerror(m->error));
        } else if (!m->known) {
            snprintf(reason, size, "The mask of thread %d cannot be read back.", i);
        } else if (wanted && !(hwloc_bitmap_weight(m->mask) == 1 &&
                               hwloc_bitmap_isset(m->mask, (unsigned)wanted[i]))) {
            snprintf(reason, size, "Thread %d was bound to PU %d, but its mask says otherwise.", i,
                     wanted[i]);
        } else if (m->pu >= 0 && !hwloc_bitmap_isset(m->mask, (unsigned)m->pu)) {
            snprintf(reason, size, "Thread %d runs on PU %d, outside its mask.", i, m->pu);
        } else if (!is_within_core(s->h, m->mask)) {
            snprintf(reason, size, "Thread %d may migrate between %d PUs.", i,
                     hwloc_bitmap_weight(m->mask));
        } else {
            int k = 0;
            while (k < i && !hwloc_bitmap_intersects(s->member[k].mask, m->mask)) k++;
            if (k == i) continue;
            snprintf(reason, size, "Threads %d and %d share a PU.", k, i);
        }
        return true;
    }
    return false;
}

/* Why hwloc cannot bind threads at all; NULL if it can. */
static const char *cannot_bind(hwloc_topology_t h) {
    if (!hwloc_topology_is_thissystem(h)) return "hwloc does not describe this machine.";
    const struct hwloc_topology_support *support = hwloc_topology_get_support(h);
    if (!support || !support->cpubind || !support->cpubind->set_thisthread_cpubind)
        return "This system cannot bind threads.";
    return NULL;
}

static enum c4_status fail_memory(int threads) {
    return c4_fail(C4_ERR_MEMORY, "Out of memory for a team of %d threads.", threads);
}

static enum c4_status conclude(const struct survey *s, struct c4_team *team) {
    for (int i = 0; i < s->threads; i++) {
        const struct member *m = &s->member[i];
        team->pu[i] = m->pu;
        if (m->error == ENOMEM) return fail_memory(s->threads);
        if (m->fpenv_is_wrong)
            return c4_fail(C4_ERR_ENVIRONMENT, "Thread %d of the team: %s", i, m->sentence);
    }
    return C4_OK;
}

static void survey_close(struct survey *s) {
    for (int i = 0; i < s->threads && s->member; i++) {
        hwloc_bitmap_free(s->member[i].original);
        hwloc_bitmap_free(s->member[i].mask);
    }
    free(s->member);
    hwloc_topology_destroy(s->h);
}

static enum c4_status survey_open(struct survey *s, int threads) {
    *s = (struct survey){.threads = threads};
    C4_TRY(c4_hwloc_load(&s->h));
    s->member = calloc((size_t)threads, sizeof *s->member);
    bool complete = s->member != NULL;
    for (int i = 0; i < threads && complete; i++) {
        s->member[i].original = hwloc_bitmap_alloc();
        s->member[i].mask = hwloc_bitmap_alloc();
        complete = s->member[i].original && s->member[i].mask;
    }
    if (complete) return C4_OK;
    survey_close(s);
    return fail_memory(threads);
}

static enum c4_status start(struct survey *s, const int *pu, struct c4_team *team) {
    const char *variable = c4_openmp_binding_variable();
    const char *obstacle = cannot_bind(s->h);
    s->wanted = pu && !variable && !obstacle ? pu : NULL;
    /* Before the region: some runtimes restore the caller's old state at the end of one. */
    if (c4_fpenv_check() != C4_OK) {
        c4_fpenv_set_ieee();
        team->fpenv_reset++;
    }
    survey_region(s, true);
    if (s->started != team->threads)
        return c4_fail(
            C4_ERR_ENVIRONMENT,
            "The OpenMP runtime provided %d threads instead of %d (OMP_THREAD_LIMIT, or a "
            "parallel region around this one?).",
            s->started, team->threads);
    for (int i = 0; i < team->threads; i++) team->fpenv_reset += s->member[i].fpenv_was_wrong;
    char flaw[160] = "";
    bool flawed = find_flaw(s, s->wanted, flaw, sizeof flaw);
    if (variable) {
        team->from_environment = true;
        team->bound = !flawed;
        snprintf(team->reason, sizeof team->reason, "%s is set, so its binding was kept.%s%s",
                 variable, flawed ? " " : "", flaw);
    } else if (!pu) {
        team->bound = false; /* as nobody asked for it, there is no reason to give */
    } else if (obstacle) {
        snprintf(team->reason, sizeof team->reason, "%s", obstacle);
    } else if (flawed) {
        put_masks_back(s);
        snprintf(team->reason, sizeof team->reason, "%s", flaw);
    } else {
        team->bound = true;
        team->before = hwloc_bitmap_dup(s->member[0].original);
        if (!team->before) return fail_memory(team->threads);
    }
    return conclude(s, team);
}

enum c4_status c4_team_start(const int *pu, int threads, struct c4_team *team) {
    *team = (struct c4_team){0};
    if (threads < 1)
        return c4_fail(C4_ERR_USAGE, "A team needs at least one thread, not %d.", threads);
    for (int i = 0; pu && i < threads; i++)
        for (int k = 0; k < i; k++)
            if (pu[i] == pu[k])
                return c4_fail(C4_ERR_USAGE, "PU %d is given to both threads %d and %d of a team.",
                               pu[i], k, i);
    if (threads > 1) C4_TRY(c4_team_check_stacks());
    struct survey s;
    C4_TRY(survey_open(&s, threads));
    team->threads = threads;
    team->pu = calloc((size_t)threads, sizeof *team->pu);
    enum c4_status status;
    if (!team->pu) {
        status = fail_memory(threads);
    } else {
        omp_set_dynamic(0);
        omp_set_max_active_levels(1);
        omp_set_num_threads(threads);
        status = start(&s, pu, team);
    }
    survey_close(&s);
    if (status != C4_OK) c4_team_free(team);
    return status;
}

enum c4_status c4_team_verify(struct c4_team *team) {
    struct survey s;
    C4_TRY(survey_open(&s, team->threads));
    survey_region(&s, false);
    char flaw[160];
    if (team->bound && find_flaw(&s, NULL, flaw, sizeof flaw)) {
        team->bound = false;
        snprintf(team->reason, sizeof team->reason, "The binding was lost. %s", flaw);
    }
    enum c4_status status = conclude(&s, team);
    survey_close(&s);
    return status;
}

void c4_team_free(struct c4_team *team) {
    hwloc_bitmap_free(team->before);
    free(team->pu);
    *team = (struct c4_team){0};
}

void c4_team_release(struct c4_team *team) {
    struct survey s;
    bool whole = team->bound && !team->from_environment && team->before;
    if (whole && survey_open(&s, team->threads) == C4_OK) {
        for (int i = 0; i < s.threads; i++) hwloc_bitmap_copy(s.member[i].original, team->before);
        put_masks_back(&s);
        survey_close(&s);
    }
    c4_team_free(team);
}

int c4_team_threads_default(void) {
    struct c4_allowance allowance;
    if (c4_allowance_read(&allowance, NULL) == C4_OK) return allowance.threads;
    int threads = omp_get_num_procs();
    return threads > 1 ? threads : 1;
}

enum c4_status c4_bind_thread(const int *pu, int count) {
    struct survey s;
    C4_TRY(survey_open(&s, 1));
    const char *obstacle = cannot_bind(s.h);
    enum c4_status status = C4_OK;
    hwloc_bitmap_t set = hwloc_bitmap_alloc();
    bool complete = set != NULL;
    for (int i = 0; i < count && complete; i++)
        complete = hwloc_bitmap_set(set, (unsigned)pu[i]) == 0;
    if (!complete) {
        status = c4_fail(C4_ERR_MEMORY, "Out of memory for a CPU mask.");
    } else if (obstacle) {
        status = c4_fail(C4_ERR_ENVIRONMENT, "%s", obstacle);
    } else if (hwloc_set_cpubind(s.h, set, HWLOC_CPUBIND_THREAD | HWLOC_CPUBIND_STRICT) != 0) {
        status = c4_fail(C4_ERR_ENVIRONMENT, "The thread cannot be bound to PU %d (%d PUs): %s.",
                         count ? pu[0] : -1, count, strerror(errno));
    } else {
        read_back(s.h, &s.member[0]);
        if (!s.member[0].known || !hwloc_bitmap_isequal(set, s.member[0].mask))
            status = c4_fail(C4_ERR_ENVIRONMENT,
                             "The thread was bound to PU %d (%d PUs), but its mask says otherwise.",
                             pu[0], count);
    }
    hwloc_bitmap_free(set);
    survey_close(&s);
    return status;
}
