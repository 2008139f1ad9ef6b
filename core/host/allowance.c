#include "core/host/allowance.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <omp.h>

#include "core/host/cgroup.h"
#include "core/host/placement.h"
#include "core/host/topology.h"

enum { MOST = 65536 };

/* A number from 1 to MOST, perhaps with blanks around it, up to `stop` or the end; 0 if it is not
 * one. */
static int read_count(const char *text, char stop) {
    while (isspace((unsigned char)*text)) text++;
    if (!isdigit((unsigned char)*text)) return 0;
    char *end;
    long number = strtol(text, &end, 10);
    while (isspace((unsigned char)*end)) end++;
    if (*end && *end != stop) return 0;
    return number >= 1 && number <= MOST ? (int)number : 0;
}

static const char *set_value(const char *name) {
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

static enum c4_status note_malformed(const char *name, const char *value, const char *what,
                                     struct c4_text *notes) {
    if (!notes) return C4_OK;
    char shown[64];
    c4_text_fit(shown, sizeof shown, value);
    return c4_text_add(notes, "%s is ignored: '%s' is not %s.\n", name, shown, what);
}

static void limit(struct c4_allowance *allowance, int threads, const char *source) {
    if (threads >= allowance->threads) return;
    *allowance = (struct c4_allowance){threads > 1 ? threads : 1, source};
}

static enum c4_status obey_slurm(struct c4_allowance *allowance, struct c4_text *notes) {
    static const char name[] = "SLURM_CPUS_PER_TASK";
    const char *value = set_value(name);
    if (!value) return C4_OK;
    int threads = read_count(value, '\0');
    if (threads == 0) return note_malformed(name, value, "a number of CPUs", notes);
    limit(allowance, threads, name);
    return C4_OK;
}

static enum c4_status obey_hyperqueue(struct c4_allowance *allowance, struct c4_text *notes) {
    static const char name[] = "HQ_CPUS";
    const char *value = set_value(name), *end = "";
    int *pu = NULL, count = 0;
    if (!value) return C4_OK;
    enum c4_status status = c4_pu_list_read(value, &pu, &count, &end);
    free(pu);
    if (status == C4_ERR_MEMORY) return status;
    if (status != C4_OK || *end)
        return note_malformed(name, value, "a list of CPUs such as 0,2,4-7", notes);
    limit(allowance, count, name);
    return C4_OK;
}

enum c4_status c4_allowance_read(struct c4_allowance *allowance, struct c4_text *notes) {
    struct c4_topology topology;
    double quota;
    enum c4_status status = c4_topology_load(NULL, &topology);
    if (status == C4_ERR_MEMORY) return status;
    if (status != C4_OK) topology.cores = topology.pus = omp_get_num_procs();
    bool narrowed = topology.pus < sysconf(_SC_NPROCESSORS_ONLN);
    *allowance = (struct c4_allowance){topology.cores > 1 ? topology.cores : 1,
                                       narrowed ? "the process's CPU mask" : "this machine"};
    c4_topology_free(&topology);
    if (c4_cgroup_cpu_quota("", &quota) && quota < allowance->threads)
        limit(allowance, (int)ceil(quota), "the control group's CPU quota");
    C4_TRY(obey_slurm(allowance, notes));
    return obey_hyperqueue(allowance, notes);
}

enum c4_status c4_allowance_check(const struct c4_allowance *allowance, const char *asked,
                                  int threads, struct c4_text *notes) {
    if (!notes || threads <= allowance->threads) return C4_OK;
    return c4_text_add(notes,
                       "%s: %d thread%s more than the %d that %s grants; they will wait for one "
                       "another.\n",
                       asked, threads, threads == 1 ? " is" : "s are", allowance->threads,
                       allowance->source);
}

int c4_openmp_threads(struct c4_text *notes) {
    static const char name[] = "OMP_NUM_THREADS";
    const char *value = set_value(name), *item = value;
    if (!value) return 0;
    int threads = read_count(value, ',');
    for (bool right = threads > 0; right && (item = strchr(item, ',')) != NULL;) {
        right = read_count(++item, ',') > 0;
        if (!right) threads = 0;
    }
    if (threads == 0) note_malformed(name, value, "a number of threads, or a list of them", notes);
    return threads;
}

enum c4_status c4_team_threads(int asked, int *threads, struct c4_text *notes) {
    struct c4_allowance allowance;
    *threads = asked;
    if (asked == 1) return C4_OK; /* which is always granted */
    C4_TRY(c4_allowance_read(&allowance, notes));
    int openmp = asked ? 0 : c4_openmp_threads(notes);
    *threads = asked ? asked : openmp ? openmp : allowance.threads;
    if (asked || openmp)
        C4_TRY(c4_allowance_check(&allowance, asked ? "--threads" : "OMP_NUM_THREADS", *threads,
                                  notes));
    return notes && notes->lost ? c4_fail(C4_ERR_MEMORY, "Out of memory for a note.") : C4_OK;
}
