#include "bench/compare/run_pairs.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/measure/disclose.h"
#include "core/base/rng.h"
#include "core/host/clock.h"
#include "core/host/topology.h"

const char *const c4_compare_modes[] = {"auto", "duet", "turns", NULL};

enum { IDLE_MS = 200 };

/* --- the mode --- */

/* Clock ticks that a CPU was idle since the machine started; -1: unknown. */
static long long idle_ticks(int pu) {
    char line[256], name[24];
    long long user, nice, system, idle, found = -1;
    FILE *file = fopen("/proc/stat", "r");
    snprintf(name, sizeof name, "cpu%d ", pu);
    while (file && fgets(line, sizeof line, file))
        if (strncmp(line, name, strlen(name)) == 0 &&
            sscanf(line + strlen(name), "%lld %lld %lld %lld", &user, &nice, &system, &idle) == 4)
            found = idle;
    if (file) fclose(file);
    return found;
}

/* A tick is a hundredth of a second. */
static bool both_are_idle(const int pu[2]) {
    long long before[2] = {idle_ticks(pu[0]), idle_ticks(pu[1])};
    nanosleep(&(struct timespec){.tv_nsec = IDLE_MS * 1000000L}, NULL);
    for (int i = 0; i < 2; i++)
        if (before[i] < 0 || idle_ticks(pu[i]) - before[i] < IDLE_MS / 10 * 8 / 10) return false;
    return true;
}

enum c4_status c4_compare_settle(struct c4_compare *compare) {
    struct c4_topology topology;
    int cores = 0;
    C4_TRY(c4_topology_load(NULL, &topology));
    for (int i = 0; i < topology.pus && cores < 2; i++)
        if (i == 0 || topology.pu[i].core != topology.pu[i - 1].core)
            compare->pu[cores++] = topology.pu[i].os_index;
    c4_topology_free(&topology);
    bool possible = cores == 2 && compare->setting.threads == 1;
    if (compare->mode == C4_COMPARE_DUET && !possible)
        return c4_fail(C4_ERR_ENVIRONMENT,
                       "a duet needs two cores and --threads 1; use --mode turns");
    if (compare->mode == C4_COMPARE_AUTO)
        compare->mode = possible && both_are_idle(compare->pu) ? C4_COMPARE_DUET : C4_COMPARE_TURNS;
    return C4_OK;
}

/* --- pairs --- */

struct pass {
    struct c4_compare *compare;
    struct c4_comparison *comparison;
    struct c4_program_setting setting; /* with the pass's filter */
    uint64_t seed;
    int64_t start_ns;
    int pairs; /* of all passes */
};

static double seconds_since(int64_t start_ns) {
    return (double)(c4_clock_ns() - start_ns) * 1e-9;
}

/* Runs `first` and the other program; child[C4_OLD] keeps the output of the old one. */
static enum c4_status run_both(struct pass *pass, int first, struct c4_child child[C4_SIDES]) {
    struct c4_compare *compare = pass->compare;
    bool duet = compare->mode == C4_COMPARE_DUET;
    for (int i = 0; i < C4_SIDES; i++) {
        int side = i == 0 ? first : 1 - first;
        C4_TRY(c4_program_start(&pass->setting, compare->program[side], duet ? compare->pu[i] : -1,
                                &child[side]));
        compare->processes++;
        if (!duet) C4_TRY(c4_children_wait(&child[side], 1, C4_PROGRAM_PATIENCE_SECONDS));
    }
    return duet ? c4_children_wait(child, C4_SIDES, C4_PROGRAM_PATIENCE_SECONDS) : C4_OK;
}

static enum c4_status add_pair(struct pass *pass) {
    struct c4_child child[C4_SIDES] = {{.out = -1}, {.out = -1}};
    struct c4_timings timings[C4_SIDES] = {{0}, {0}};
    uint32_t drawn =
        c4_rng_draw(pass->seed, C4_RNG_BOOTSTRAP, 0, (uint64_t)pass->pairs / 2).word[0];
    enum c4_status status = run_both(pass, (int)(drawn + (uint32_t)pass->pairs) & 1, child);
    for (int i = 0; i < C4_SIDES && status == C4_OK; i++)
        status =
            c4_program_timings(&pass->setting, pass->compare->program[i], &child[i], &timings[i]);
    if (status == C4_OK)
        status = c4_comparison_add(pass->comparison, &timings[C4_OLD], &timings[C4_NEW]);
    for (int i = 0; i < C4_SIDES; i++) {
        c4_timings_free(&timings[i]);
        c4_child_free(&child[i]);
    }
    pass->pairs += status == C4_OK;
    return status;
}

/* At most `most` pairs, as long as another one is likely to end in time. Before the first pass
 * nobody knows how many rows there are, and so how many pairs they need: `most` is 0 then. */
static enum c4_status run_pass(struct pass *pass, int most) {
    struct c4_compare *compare = pass->compare;
    int64_t pass_ns = c4_clock_ns();
    int wanted = most > 0 ? most : C4_LEAST_PAIRS;
    if (compare->tick) compare->tick(compare->context, 0, wanted);
    for (int i = 0; i < wanted; i++) {
        double elapsed = seconds_since(pass->start_ns);
        double each = i > 0 ? seconds_since(pass_ns) / i : 0;
        if (i > 0 && elapsed + each > compare->max_seconds) return C4_OK;
        C4_TRY(add_pair(pass));
        if (most == 0) wanted = c4_pairs_needed(c4_comparison_rows(pass->comparison));
        if (compare->tick) compare->tick(compare->context, i + 1, wanted);
    }
    return C4_OK;
}

/* Writes a name so that a regular expression takes each character for itself. */
static void write_literally(const char *name, FILE *out) {
    for (; *name; name++) {
        if (strchr("\\^$.|?*+()[]{}", *name)) fputc('\\', out);
        fputc(*name, out);
    }
}

/* *filter is a new "^(a|b|c)$" of the rows that are open; NULL if none is. */
static enum c4_status filter_of_open(const struct c4_comparison *comparison, char **filter) {
    size_t size;
    int open = 0;
    *filter = NULL;
    FILE *out = open_memstream(filter, &size);
    if (!out) return c4_fail(C4_ERR_MEMORY, "out of memory for a --filter of the open rows");
    for (int i = 0; i < comparison->count; i++) {
        if (!c4_row_is_open(&comparison->row[i])) continue;
        fputs(open++ ? "|" : "^(", out);
        write_literally(comparison->row[i].name, out);
    }
    fputs(")$", out);
    bool whole = fclose(out) == 0;
    if (whole && open > 0) return C4_OK;
    free(*filter);
    *filter = NULL;
    return whole ? C4_OK : c4_fail(C4_ERR_MEMORY, "out of memory for a --filter of the open rows");
}

static enum c4_status run_passes(struct pass *pass) {
    struct c4_comparison *comparison = pass->comparison;
    C4_TRY(run_pass(pass, 0));
    C4_TRY(c4_comparison_judge(comparison));
    char *filter;
    C4_TRY(filter_of_open(comparison, &filter));
    if (!filter) return C4_OK;
    if (c4_program_filters(&pass->setting)) pass->setting.filter = filter;
    enum c4_status status = run_pass(pass, 2 * c4_pairs_needed(c4_comparison_rows(comparison)));
    free(filter);
    return status;
}

static struct pass start_pass(struct c4_compare *compare, struct c4_comparison *comparison) {
    return (struct pass){.compare = compare,
                         .comparison = comparison,
                         .setting = compare->setting,
                         .seed = (uint64_t)c4_clock_ns(),
                         .start_ns = c4_clock_ns()};
}

enum c4_status c4_compare_pairs(struct c4_compare *compare, struct c4_comparison *comparison,
                                int pairs) {
    struct pass pass = start_pass(compare, comparison);
    compare->max_seconds = (double)INFINITY;
    enum c4_status status = run_pass(&pass, pairs);
    compare->seconds = seconds_since(pass.start_ns);
    return status;
}

enum c4_status c4_compare_run(struct c4_compare *compare, struct c4_comparison *comparison) {
    struct pass pass = start_pass(compare, comparison);
    enum c4_status status = run_passes(&pass);
    compare->seconds = seconds_since(pass.start_ns);
    C4_TRY(c4_comparison_judge(comparison));
    return c4_is_partial(status)
               ? c4_fail(status, "interrupted: the rows above are of the pairs so far")
               : status;
}
