#include "bench/compare/run_pairs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "bench/measure/child.h"
#include "bench/measure/disclose.h"
#include "core/base/rng.h"
#include "core/host/clock.h"
#include "core/host/topology.h"

const char *const c4_compare_modes[] = {"auto", "duet", "turns", NULL};
const char *const c4_compare_benchmarks[] = {"step", "ops", "cka", NULL};

/* PATIENCE_SECONDS: bench ops by ref alone takes minutes. */
enum { ARGUMENTS = 24, NUMBER_SIZE = 16, PATIENCE_SECONDS = 3600, IDLE_MS = 200 };

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
    bool possible = cores == 2 && compare->threads == 1;
    if (compare->mode == C4_COMPARE_DUET && !possible)
        return c4_fail(C4_ERR_ENVIRONMENT,
                       "a duet needs two cores and --threads 1; use --mode turns");
    if (compare->mode == C4_COMPARE_AUTO)
        compare->mode = possible && both_are_idle(compare->pu) ? C4_COMPARE_DUET : C4_COMPARE_TURNS;
    return C4_OK;
}

/* --- one process --- */

struct command {
    char *argv[ARGUMENTS];
    char batch[NUMBER_SIZE], threads[NUMBER_SIZE];
    int count;
};

static void add(struct command *command, const char *name, const char *value) {
    command->argv[command->count++] = (char *)name;
    if (value) command->argv[command->count++] = (char *)value;
    command->argv[command->count] = NULL;
}

/* Only options that version 0.1.0 has. */
static void make_command(const struct c4_compare *compare, int which, const char *filter,
                         struct command *command) {
    bool ops = strcmp(compare->benchmark, "ops") == 0, cka = strcmp(compare->benchmark, "cka") == 0;
    *command = (struct command){0};
    snprintf(command->batch, sizeof command->batch, "%d", compare->batch);
    snprintf(command->threads, sizeof command->threads, "%d", compare->threads);
    add(command, compare->program[which], NULL);
    add(command, "bench", NULL);
    add(command, compare->benchmark, NULL);
    add(command, "--json", NULL);
    add(command, "--quick", NULL);
    if (!ops) add(command, "--samples", "3");
    add(command, "--backend", compare->backend);
    if (!cka) add(command, "--batch", command->batch);
    add(command, "--threads", command->threads);
    if (ops && filter) add(command, "--filter", filter);
}

static enum c4_status check_end(const char *program, const struct c4_child *child) {
    if (WIFEXITED(child->status) && WEXITSTATUS(child->status) == 0) return C4_OK;
    if (WIFEXITED(child->status) && WEXITSTATUS(child->status) == 127)
        return c4_fail(C4_ERR_DATA, "%s: cannot be run; give the path of a conv4 program", program);
    if (WIFEXITED(child->status))
        return c4_fail(C4_ERR_DATA,
                       "%s: its benchmark ended with status %d; run it by hand to see why", program,
                       WEXITSTATUS(child->status));
    return c4_fail(C4_ERR_DATA, "%s: its benchmark was killed by signal %d", program,
                   WTERMSIG(child->status));
}

/* --- pairs --- */

struct pass {
    struct c4_compare *compare;
    struct c4_comparison *comparison;
    const char *filter;
    uint64_t seed;
    int64_t start_ns;
    int pairs; /* of all passes */
};

static double seconds_since(int64_t start_ns) {
    return (double)(c4_clock_ns() - start_ns) * 1e-9;
}

/* Runs `first` and the other program; child[0] keeps the output of the old one. */
static enum c4_status run_both(struct pass *pass, int first, struct c4_child child[2]) {
    struct c4_compare *compare = pass->compare;
    struct command command;
    enum c4_status status = C4_OK;
    bool duet = compare->mode == C4_COMPARE_DUET;
    for (int i = 0; i < 2 && status == C4_OK; i++) {
        int which = i == 0 ? first : 1 - first;
        make_command(compare, which, pass->filter, &command);
        status = c4_child_start(&child[which], command.argv, duet ? compare->pu[i] : -1);
        if (status == C4_OK && !duet) status = c4_children_wait(&child[which], 1, PATIENCE_SECONDS);
    }
    if (status == C4_OK && duet) status = c4_children_wait(child, 2, PATIENCE_SECONDS);
    for (int i = 0; i < 2 && status == C4_OK; i++)
        status = check_end(compare->program[i], &child[i]);
    compare->processes += 2;
    return status;
}

static enum c4_status add_pair(struct pass *pass) {
    struct c4_child child[2] = {{.out = -1}, {.out = -1}};
    struct c4_timings timings[2] = {{0}, {0}};
    uint32_t drawn =
        c4_rng_draw(pass->seed, C4_RNG_BOOTSTRAP, 0, (uint64_t)pass->pairs / 2).word[0];
    enum c4_status status = run_both(pass, (int)(drawn + (uint32_t)pass->pairs) & 1, child);
    for (int i = 0; i < 2 && status == C4_OK; i++)
        status =
            c4_timings_read(child[i].text, child[i].used, pass->compare->program[i], &timings[i]);
    if (status == C4_OK) status = c4_comparison_add(pass->comparison, &timings[0], &timings[1]);
    for (int i = 0; i < 2; i++) {
        c4_timings_free(&timings[i]);
        c4_child_free(&child[i]);
    }
    pass->pairs += status == C4_OK;
    return status;
}

/* At most `most` pairs, as long as another one is likely to end in time. */
static enum c4_status run_pass(struct pass *pass, int most, int needed) {
    struct c4_compare *compare = pass->compare;
    int64_t pass_ns = c4_clock_ns();
    if (compare->tick) compare->tick(compare->context, 0, needed ? most : C4_LEAST_PAIRS);
    for (int i = 0; i < most; i++) {
        double elapsed = seconds_since(pass->start_ns);
        double each = i > 0 ? seconds_since(pass_ns) / i : 0;
        if (i > 0 && elapsed + each > compare->max_seconds) return C4_OK;
        C4_TRY(add_pair(pass));
        if (i == 0 && needed == 0)
            most = needed = c4_pairs_needed(c4_comparison_rows(pass->comparison));
        if (compare->tick) compare->tick(compare->context, i + 1, most);
    }
    return C4_OK;
}

/* *filter is a new "^(a|b|c)$" of the rows that are open; NULL if none is. Names of ops have no
 * character that is special in a regular expression. */
static enum c4_status filter_of_open(const struct c4_comparison *comparison, char **filter_out) {
    size_t size = 8;
    *filter_out = NULL;
    for (int i = 0; i < comparison->count; i++) size += strlen(comparison->row[i].name) + 1;
    char *filter = malloc(size);
    if (!filter) return c4_fail(C4_ERR_MEMORY, "out of memory for a --filter of the open rows");
    size_t used = (size_t)snprintf(filter, size, "^(");
    bool any = false;
    for (int i = 0; i < comparison->count; i++) {
        if (!c4_row_is_open(&comparison->row[i])) continue;
        used += (size_t)snprintf(filter + used, size - used, "%s%s", any ? "|" : "",
                                 comparison->row[i].name);
        any = true;
    }
    snprintf(filter + used, size - used, ")$");
    if (any)
        *filter_out = filter;
    else
        free(filter);
    return C4_OK;
}

static enum c4_status run_passes(struct pass *pass) {
    struct c4_comparison *comparison = pass->comparison;
    C4_TRY(run_pass(pass, C4_PAIRS_MOST, 0));
    C4_TRY(c4_comparison_judge(comparison));
    int needed = c4_pairs_needed(c4_comparison_rows(comparison));
    char *filter;
    C4_TRY(filter_of_open(comparison, &filter));
    if (!filter) return C4_OK;
    pass->filter = filter;
    enum c4_status status = run_pass(pass, 2 * needed, needed);
    pass->filter = NULL;
    free(filter);
    return status;
}

enum c4_status c4_compare_run(struct c4_compare *compare, struct c4_comparison *comparison) {
    struct pass pass = {.compare = compare,
                        .comparison = comparison,
                        .filter = compare->filter,
                        .seed = (uint64_t)c4_clock_ns(),
                        .start_ns = c4_clock_ns()};
    enum c4_status status = run_passes(&pass);
    compare->seconds = seconds_since(pass.start_ns);
    if (status != C4_OK && !c4_is_partial(status)) return status;
    C4_TRY(c4_comparison_judge(comparison));
    return c4_is_partial(status)
               ? c4_fail(status, "interrupted: the rows above are of the pairs so far")
               : C4_OK;
}
