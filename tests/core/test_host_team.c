/* Clock, floating-point control state, team, control-group quota and the disclosure block. A
 * machine may or may not allow binding: the tests check that what is reported is true. */
#include <fenv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <hwloc.h>
#include <omp.h>
#if defined(__SSE2__)
#include <xmmintrin.h>
#endif

#include "core/host/clock.h"
#include "core/host/fpenv.h"
#include "core/host/team.h"
#include "core/host/topology.h"
#include "tests/harness/unit.h"

static void clocks_advance(void **state) {
    (void)state;
    int64_t wall = c4_clock_ns(), cpu = c4_clock_cpu_ns();
    volatile double x = 1;
    while (c4_clock_cpu_ns() - cpu < 2000000) x = x * 1.0000001;
    assert_true(c4_clock_ns() > wall);
    char date[C4_CLOCK_UTC_BYTES];
    c4_clock_utc(date);
    int year, month, day, hour, minute, second, length = 0;
    assert_int_equal(sscanf(date, "%4d-%2d-%2dT%2d:%2d:%2dZ%n", &year, &month, &day, &hour, &minute,
                            &second, &length),
                     6);
    assert_int_equal(length, 20);
    assert_true(year >= 2024 && month >= 1 && month <= 12);
}

static void rounding_mode_is_noticed(void **state) {
    (void)state;
    c4_fpenv_set_ieee();
    assert_int_equal(c4_fpenv_check(), C4_OK);
    static const int modes[] = {FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO};
    static const char *const names[] = {"upward", "downward", "toward zero"};
    for (int i = 0; i < 3; i++) {
        assert_int_equal(fesetround(modes[i]), 0);
        enum c4_status status = c4_fpenv_check();
        struct c4_fpenv seen = c4_fpenv_read();
        c4_fpenv_set_ieee();
        assert_int_equal(status, C4_ERR_ENVIRONMENT);
        assert_int_equal(seen.rounding, modes[i]);
        assert_non_null(strstr(c4_error(), names[i]));
        assert_int_equal(c4_fpenv_check(), C4_OK);
    }
}

static void flushing_is_noticed(void **state) {
    (void)state;
#if defined(__SSE2__)
    const unsigned daz = 1u << 6, ftz = 1u << 15, down = 1u << 13;
    const unsigned bits[] = {daz, ftz, daz | ftz, down};
    for (int i = 0; i < 4; i++) {
        _mm_setcsr(_mm_getcsr() | bits[i]);
        struct c4_fpenv seen = c4_fpenv_read();
        enum c4_status status = c4_fpenv_check();
        c4_fpenv_set_ieee();
        assert_int_equal(status, C4_ERR_ENVIRONMENT);
        assert_int_equal(seen.flush_inputs, (bits[i] & daz) != 0);
        assert_int_equal(seen.flush_results, (bits[i] & ftz) != 0);
        assert_int_equal(seen.rounding, bits[i] == down ? FE_DOWNWARD : FE_TONEAREST);
        assert_int_equal(c4_fpenv_check(), C4_OK);
    }
    volatile float smallest = 1.17549435e-38f, half = 0.5f;
    assert_true(smallest * half > 0);
#elif defined(__aarch64__)
    uint64_t fpcr;
    __asm__ volatile("mrs %0, fpcr" : "=r"(fpcr));
    fpcr |= (uint64_t)1 << 24;
    __asm__ volatile("msr fpcr, %0" : : "r"(fpcr));
    struct c4_fpenv seen = c4_fpenv_read();
    c4_fpenv_set_ieee();
    assert_true(seen.flush_results && seen.flush_inputs);
    assert_int_equal(c4_fpenv_check(), C4_OK);
#else
    skip();
#endif
}

static const char *program; /* the command that starts this program */

/* The exit status of body() in a child process, -1 if it has none. The child's masks and variables
 * do not affect this process. */
static int status_of_child(void (*body)(void)) {
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        body();
        _exit(0);
    }
    int result = 0;
    if (child < 0 || waitpid(child, &result, 0) != child) return -1;
    return WIFEXITED(result) ? WEXITSTATUS(result) : -1;
}

static void in_child(void (*body)(void)) {
    assert_int_equal(status_of_child(body), 0);
}

/* In a child a failed assertion becomes an exit status, its line number, which the parent's message
 * shows. */
#define EXPECT(condition)                                                                          \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: %s (%s)\n", __FILE__, __LINE__, #condition, c4_error());       \
            _exit(1);                                                                              \
        }                                                                                          \
    } while (0)

static void team_says_what_is_true(void) {
    struct c4_topology t;
    EXPECT(c4_topology_load(NULL, &t) == C4_OK);
    int threads = t.pus < 2 ? t.pus : 2;
    int pu[2] = {t.pu[0].os_index, t.pu[threads - 1].os_index};
    struct c4_team team;
    EXPECT(c4_team_start(pu, threads, &team) == C4_OK);
    EXPECT(team.threads == threads && team.fpenv_reset == 0 && !team.from_environment);
    EXPECT(omp_get_max_threads() == threads);
    EXPECT(team.bound == (team.reason[0] == '\0'));
    EXPECT(c4_team_verify(&team) == C4_OK);
    if (team.bound) {
        for (int i = 0; i < threads; i++) EXPECT(team.pu[i] == pu[i]);
        /* A thread that escapes its binding is detected. */
        hwloc_topology_t h;
        EXPECT(hwloc_topology_init(&h) == 0 && hwloc_topology_load(h) == 0);
        EXPECT(hwloc_set_cpubind(h, hwloc_topology_get_topology_cpuset(h), HWLOC_CPUBIND_THREAD) ==
               0);
        hwloc_topology_destroy(h);
        EXPECT(c4_team_verify(&team) == C4_OK);
        EXPECT(threads == 1 || !team.bound);
        EXPECT(threads == 1 || strstr(team.reason, "lost"));
    }
    c4_team_free(&team);
    EXPECT(team.pu == NULL);
    c4_topology_free(&t);
}

static void team_on_impossible_pus(void) {
    struct c4_topology t;
    EXPECT(c4_topology_load(NULL, &t) == C4_OK);
    const int pu[2] = {t.pu[0].os_index, 4000};
    struct c4_team team;
    EXPECT(c4_team_start(pu, 2, &team) == C4_OK);
    EXPECT(!team.bound && strlen(team.reason) > 10);
    c4_team_free(&team);
    /* The thread that could be bound was released again. */
    struct c4_topology after;
    EXPECT(c4_topology_load(NULL, &after) == C4_OK);
    EXPECT(after.pus == t.pus);
    EXPECT(c4_bind_thread(&pu[1], 1) == C4_ERR_ENVIRONMENT);
    c4_topology_free(&after);
    c4_topology_free(&t);
}

/* Set before the program starts, the variable makes the OpenMP runtime bind; see main(). */
static void team_leaves_the_environment_in_charge(void) {
    struct c4_topology t;
    char pus[16];
    EXPECT(c4_topology_load(NULL, &t) == C4_OK);
    snprintf(pus, sizeof pus, "%d", t.pus);
    c4_topology_free(&t);
    setenv("OMP_PROC_BIND", "close", 1);
    execl(program, program, "--bound-by-openmp", pus, (char *)NULL);
    _exit(127);
}

static void bound_by_openmp(int pus) {
    struct c4_topology t;
    EXPECT(c4_topology_load(NULL, &t) == C4_OK);
    EXPECT(t.pus == pus); /* although the calling thread is bound by now */
    EXPECT(c4_team_threads_default() <= t.cores);
    const int backwards[2] = {t.pu[t.pus - 1].os_index, t.pu[0].os_index};
    int threads = t.cores < 2 ? t.cores : 2;
    struct c4_team team;
    EXPECT(c4_team_start(backwards, threads, &team) == C4_OK);
    EXPECT(team.from_environment);
    EXPECT(strstr(team.reason, "OMP_PROC_BIND"));
    if (team.bound && threads == 2) EXPECT(team.pu[0] != backwards[0]); /* its order, not ours */
    c4_team_free(&team);
    c4_topology_free(&t);
}

static void team_repairs_floating_point(void) {
    fesetround(FE_UPWARD); /* threads inherit it */
    struct c4_team team;
    EXPECT(c4_team_start(NULL, 2, &team) == C4_OK);
    EXPECT(team.fpenv_reset >= 1 && !team.bound && !team.reason[0]);
    EXPECT(c4_fpenv_check() == C4_OK);
    EXPECT(c4_team_verify(&team) == C4_OK);
    fesetround(FE_DOWNWARD);
    EXPECT(c4_team_verify(&team) == C4_ERR_ENVIRONMENT);
    EXPECT(strstr(c4_error(), "Thread 0"));
    c4_fpenv_set_ieee();
    c4_team_free(&team);
}

static int last_pu;

static void worker_sees_one_core(void) {
    struct c4_topology t;
    EXPECT(c4_bind_thread(&last_pu, 1) == C4_OK); /* LLVM's OpenMP frees every forked child */
    EXPECT(c4_topology_load(NULL, &t) == C4_OK);
    EXPECT(t.pus == 1 && t.cores == 1 && t.l3_domains == 1);
    EXPECT(t.pu[0].os_index == last_pu);
    EXPECT(c4_team_threads_default() == 1);
    c4_topology_free(&t);
}

/* The way a coordinator starts a worker. A process with threads of its own, such as an emulator's,
 * keeps their masks. */
static void mask_is_inherited_by_the_topology(void) {
    struct c4_topology t;
    EXPECT(c4_topology_load(NULL, &t) == C4_OK);
    EXPECT(t.this_machine && t.pus >= 1 && t.cores <= t.pus);
    last_pu = t.pu[t.pus - 1].os_index;
    if (c4_bind_thread(&last_pu, 1) == C4_OK) EXPECT(status_of_child(worker_sees_one_core) == 0);
    c4_topology_free(&t);
}

/* Another tool's variables describe a machine of 4 x 8 cores, as if it were this one. */
static void real_machine_is_seen(void) {
    struct c4_topology before, t;
    EXPECT(c4_topology_load(NULL, &before) == C4_OK);
    setenv("HWLOC_SYNTHETIC", "pack:4 [numa] core:8 pu:1(indexes=8*4:1*8)", 1);
    setenv("HWLOC_COMPONENTS", "synthetic,stop", 1);
    setenv("HWLOC_THISSYSTEM", "1", 1);
    struct c4_team team;
    struct c4_caches caches;
    EXPECT(c4_team_start_on_cores(1, C4_PIN_ALWAYS, &team, &caches) == C4_OK);
    if (team.bound) EXPECT(team.pu[0] == before.pu[0].os_index || before.pu[0].kind == 0);
    c4_team_release(&team);
    EXPECT(c4_topology_load(NULL, &t) == C4_OK);
    EXPECT(t.this_machine && t.pus == before.pus && t.cores == before.cores);
    for (int i = 0; i < t.pus; i++) EXPECT(t.pu[i].os_index == before.pu[i].os_index);
    EXPECT(!getenv("HWLOC_SYNTHETIC") && !getenv("HWLOC_THISSYSTEM")); /* nor do children see it */
    struct c4_text text = {0};
    EXPECT(c4_topology_add_ignored(&text) == C4_OK);
    EXPECT(strstr(c4_text_string(&text), "HWLOC_SYNTHETIC and HWLOC_COMPONENTS and HWLOC_THISSYSTEM"
                                         " were ignored"));
    c4_text_free(&text);
    c4_topology_free(&t);
    /* What is asked for by its description is another machine, whatever a variable claims. */
    setenv("HWLOC_THISSYSTEM", "1", 1);
    EXPECT(c4_topology_load("pack:4 core:8 pu:1", &t) == C4_OK);
    EXPECT(!t.this_machine && t.cores == 32);
    c4_topology_free(&t);
    c4_topology_free(&before);
}

/* Teams of several widths, one after another, each on cores of its own choice. */
static void teams_follow_each_other(void) {
    struct c4_topology t;
    EXPECT(c4_topology_load(NULL, &t) == C4_OK);
    for (int round = 0; round < 2; round++)
        for (int threads = 1; threads <= t.pus + 1 && threads <= 3; threads++) {
            struct c4_team team;
            struct c4_caches caches;
            EXPECT(c4_team_start_on_cores(threads, C4_PIN_NEVER, &team, &caches) == C4_OK);
            EXPECT(!team.bound && !team.reason[0]);
            c4_team_release(&team);
            EXPECT(c4_team_start_on_cores(threads, C4_PIN_WHOLE, &team, &caches) == C4_OK);
            EXPECT(threads == t.cores || (!team.bound && !team.reason[0]));
            c4_team_release(&team);
            EXPECT(c4_team_start_on_cores(threads, C4_PIN_ALWAYS, &team, &caches) == C4_OK);
            EXPECT(team.threads == threads && team.bound == !team.reason[0]);
            EXPECT(threads <= t.pus || strstr(team.reason, "more than the"));
            c4_team_release(&team);
            struct c4_topology after;
            EXPECT(c4_topology_load(NULL, &after) == C4_OK);
            EXPECT(after.pus == t.pus);
            c4_topology_free(&after);
        }
    c4_topology_free(&t);
}

static void other_machines_are_ignored(void **state) {
    (void)state;
    in_child(real_machine_is_seen);
}
static void teams_can_be_released(void **state) {
    (void)state;
    in_child(teams_follow_each_other);
}
static void team_tells_the_truth(void **state) {
    (void)state;
    in_child(team_says_what_is_true);
}
static void impossible_pus_leave_it_unbound(void **state) {
    (void)state;
    in_child(team_on_impossible_pus);
}
static void environment_rules_binding(void **state) {
    (void)state;
    in_child(team_leaves_the_environment_in_charge);
}
static void floating_point_is_repaired(void **state) {
    (void)state;
    in_child(team_repairs_floating_point);
}
static void mask_narrows_the_topology(void **state) {
    (void)state;
    in_child(mask_is_inherited_by_the_topology);
}

static void bad_teams_are_refused(void **state) {
    (void)state;
    struct c4_team team;
    const int twice[2] = {0, 0};
    assert_int_equal(c4_team_start(NULL, 0, &team), C4_ERR_USAGE);
    assert_int_equal(c4_team_start(NULL, -3, &team), C4_ERR_USAGE);
    assert_int_equal(c4_team_start(twice, 2, &team), C4_ERR_USAGE);
    assert_null(team.pu);
    assert_true(c4_team_threads_default() >= 1);
}

/* OpenMP variables in the caller's environment must not affect these tests, and the runtime reads
 * them before main(). So the program starts itself again without them, under an emulator by the
 * script C4_TEST_PROGRAM. */
int main(int argc, char **argv) {
    static const char *const variables[] = {"OMP_PROC_BIND", "OMP_PLACES", "GOMP_CPU_AFFINITY",
                                            "OMP_THREAD_LIMIT"};
    const char *script = getenv("C4_TEST_PROGRAM");
    program = script ? script : argv[0];
    if (argc == 3 && strcmp(argv[1], "--bound-by-openmp") == 0) {
        bound_by_openmp((int)strtol(argv[2], NULL, 10));
        return 0;
    }
    bool set = false;
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
        set = set || getenv(variables[i]);
        unsetenv(variables[i]);
    }
    if (set) {
        execv(program, argv);
        return 127;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(team_tells_the_truth),
        cmocka_unit_test(impossible_pus_leave_it_unbound),
        cmocka_unit_test(environment_rules_binding),
        cmocka_unit_test(floating_point_is_repaired),
        cmocka_unit_test(mask_narrows_the_topology),
        cmocka_unit_test(other_machines_are_ignored),
        cmocka_unit_test(teams_can_be_released),
        cmocka_unit_test(clocks_advance),
        cmocka_unit_test(rounding_mode_is_noticed),
        cmocka_unit_test(flushing_is_noticed),
        cmocka_unit_test(bad_teams_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
