/* What a process may use, by the variables of batch systems and of OpenMP. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/host/allowance.h"
#include "core/host/topology.h"
#include "tests/harness/unit.h"

static const char *const variables[] = {"SLURM_CPUS_PER_TASK", "HQ_CPUS", "OMP_NUM_THREADS"};
static struct c4_allowance plain; /* without variables */

static int without_variables(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) unsetenv(variables[i]);
    return c4_allowance_read(&plain, NULL) == C4_OK ? 0 : -1;
}

/* The allowance with a variable, and how many lines were said. */
static struct c4_allowance with(const char *name, const char *value, int *lines) {
    struct c4_allowance allowance;
    struct c4_text notes = {0};
    setenv(name, value, 1);
    assert_int_equal(c4_allowance_read(&allowance, &notes), C4_OK);
    unsetenv(name);
    *lines = 0;
    for (const char *p = c4_text_string(&notes); *p; p++) *lines += *p == '\n';
    if (*lines) assert_non_null(strstr(c4_text_string(&notes), name));
    c4_text_free(&notes);
    return allowance;
}

static void machine_grants_its_cores(void **state) {
    (void)state;
    struct c4_topology t;
    assert_int_equal(c4_topology_load(NULL, &t), C4_OK);
    assert_in_range(plain.threads, 1, t.cores);
    assert_non_null(plain.source);
    c4_topology_free(&t);
}

static void batch_systems_limit(void **state) {
    (void)state;
    static const struct {
        const char *name, *value;
        int threads; /* 0: malformed */
    } cases[] = {{"SLURM_CPUS_PER_TASK", "1", 1},
                 {"SLURM_CPUS_PER_TASK", " 1 ", 1},
                 {"SLURM_CPUS_PER_TASK", "", 999},
                 {"SLURM_CPUS_PER_TASK", "60000", 999},
                 {"SLURM_CPUS_PER_TASK", "0", 0},
                 {"SLURM_CPUS_PER_TASK", "-1", 0},
                 {"SLURM_CPUS_PER_TASK", "1x", 0},
                 {"SLURM_CPUS_PER_TASK", "1,2", 0},
                 {"SLURM_CPUS_PER_TASK", "1.5", 0},
                 {"SLURM_CPUS_PER_TASK", "99999999999999999999", 0},
                 {"HQ_CPUS", "7", 1},
                 {"HQ_CPUS", "0-999", 999},
                 {"HQ_CPUS", "0,2,4-700", 999},
                 {"HQ_CPUS", "", 999},
                 {"HQ_CPUS", "all", 0},
                 {"HQ_CPUS", "1/2", 0},
                 {"HQ_CPUS", "2-1", 0},
                 {"HQ_CPUS", "0 1", 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int lines, most = cases[i].threads ? cases[i].threads : 999;
        struct c4_allowance a = with(cases[i].name, cases[i].value, &lines);
        assert_int_equal(a.threads, most < plain.threads ? most : plain.threads);
        assert_string_equal(a.source, most < plain.threads ? cases[i].name : plain.source);
        assert_int_equal(lines, cases[i].threads == 0);
    }
}

static void openmp_says_how_many(void **state) {
    (void)state;
    static const struct {
        const char *value;
        int threads, lines;
    } cases[] = {{"4", 4, 0},   {" 4", 4, 0},  {"4,2", 4, 0}, {"4, 2,1", 4, 0}, {"", 0, 0},
                 {"0", 0, 1},   {"-4", 0, 1},  {"4,", 0, 1},  {"4,x", 0, 1},    {"four", 0, 1},
                 {"4 2", 0, 1}, {"1e3", 0, 1}, {",4", 0, 1}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct c4_text notes = {0};
        setenv("OMP_NUM_THREADS", cases[i].value, 1);
        assert_int_equal(c4_openmp_threads(&notes), cases[i].threads);
        assert_int_equal(strchr(c4_text_string(&notes), '\n') != NULL, cases[i].lines);
        c4_text_free(&notes);
    }
    unsetenv("OMP_NUM_THREADS");
    assert_int_equal(c4_openmp_threads(NULL), 0);
}

static void the_option_goes_first(void **state) {
    (void)state;
    int threads;
    struct c4_text notes = {0};
    assert_int_equal(c4_team_threads(0, &threads, &notes), C4_OK);
    assert_int_equal(threads, plain.threads);
    setenv("OMP_NUM_THREADS", "1", 1);
    assert_int_equal(c4_team_threads(0, &threads, &notes), C4_OK);
    assert_int_equal(threads, 1);
    assert_int_equal(notes.length, 0);
    assert_int_equal(c4_team_threads(1023, &threads, &notes), C4_OK);
    assert_int_equal(threads, 1023);
    assert_non_null(strstr(c4_text_string(&notes), "--threads: 1023 threads are more than the "));
    c4_text_clear(&notes);
    setenv("OMP_NUM_THREADS", "1022", 1);
    assert_int_equal(c4_team_threads(0, &threads, &notes), C4_OK);
    assert_int_equal(threads, 1022);
    assert_non_null(strstr(c4_text_string(&notes), "OMP_NUM_THREADS: 1022 threads"));
    c4_text_free(&notes);
    unsetenv("OMP_NUM_THREADS");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(machine_grants_its_cores),
        cmocka_unit_test(batch_systems_limit),
        cmocka_unit_test(openmp_says_how_many),
        cmocka_unit_test(the_option_goes_first),
    };
    return cmocka_run_group_tests(tests, without_variables, NULL);
}
