/* Clock, floating-point control state, team, control-group quota and the disclosure block. Whether
 * a machine binds is its own affair: the tests ask that what is said is true. */
#include <fenv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <hwloc.h>
#include <omp.h>
#if defined(__SSE2__)
#include <xmmintrin.h>
#endif

#include "core/file/file.h"
#include "core/host/cgroup.h"
#include "core/host/clock.h"
#include "core/host/environment.h"
#include "core/host/fpenv.h"
#include "core/host/sysfile.h"
#include "core/host/team.h"
#include "tests/unit.h"

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

/* The child's masks and variables leave this process as it was. */
static void in_child(void (*body)(void)) {
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        body();
        _exit(0);
    }
    int result = 0;
    assert_int_equal(waitpid(child, &result, 0), child);
    assert_true(WIFEXITED(result));
    assert_int_equal(WEXITSTATUS(result), 0);
}

/* In a child a failed assertion is an exit code: the line, which the parent's message shows. */
#define EXPECT(condition)                                                                          \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: %s (%s)\n", __FILE__, __LINE__, #condition, c4_error());       \
            _exit(1);                                                                              \
        }                                                                                          \
    } while (0)

static void forget_binding_variables(void) {
    unsetenv("OMP_PROC_BIND");
    unsetenv("OMP_PLACES");
    unsetenv("GOMP_CPU_AFFINITY");
}

static void team_says_what_is_true(void) {
    forget_binding_variables();
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
        /* A thread that escapes is found out. */
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
    forget_binding_variables();
    struct c4_topology t;
    EXPECT(c4_topology_load(NULL, &t) == C4_OK);
    const int pu[2] = {t.pu[0].os_index, 4000};
    struct c4_team team;
    EXPECT(c4_team_start(pu, 2, &team) == C4_OK);
    EXPECT(!team.bound && strlen(team.reason) > 10);
    c4_team_free(&team);
    /* The thread that could be bound was let go again. */
    struct c4_topology after;
    EXPECT(c4_topology_load(NULL, &after) == C4_OK);
    EXPECT(after.pus == t.pus);
    EXPECT(c4_bind_thread(&pu[1], 1) == C4_ERR_ENVIRONMENT);
    c4_topology_free(&after);
    c4_topology_free(&t);
}

static void team_leaves_the_environment_in_charge(void) {
    setenv("OMP_PROC_BIND", "false", 1);
    const int pu[1] = {0};
    struct c4_team team;
    EXPECT(c4_team_start(pu, 1, &team) == C4_OK);
    EXPECT(team.from_environment);
    EXPECT(strstr(team.reason, "OMP_PROC_BIND"));
    struct c4_topology t;
    EXPECT(c4_topology_load(NULL, &t) == C4_OK);
    EXPECT(team.bound == (t.cores == 1)); /* the mask was not touched */
    c4_topology_free(&t);
    c4_team_free(&team);
}

static void team_repairs_floating_point(void) {
    forget_binding_variables();
    fesetround(FE_UPWARD); /* threads inherit it */
    struct c4_team team;
    EXPECT(c4_team_start(NULL, 2, &team) == C4_OK);
    EXPECT(team.fpenv_reset >= 1 && !team.bound && team.reason[0]);
    EXPECT(c4_fpenv_check() == C4_OK);
    EXPECT(c4_team_verify(&team) == C4_OK);
    fesetround(FE_DOWNWARD);
    EXPECT(c4_team_verify(&team) == C4_ERR_ENVIRONMENT);
    EXPECT(strstr(c4_error(), "Thread 0"));
    c4_fpenv_set_ieee();
    c4_team_free(&team);
}

static void mask_is_inherited_by_the_topology(void) {
    struct c4_topology before, after;
    EXPECT(c4_topology_load(NULL, &before) == C4_OK);
    EXPECT(before.this_machine && before.pus >= 1 && before.cores <= before.pus);
    int last = before.pu[before.pus - 1].os_index;
    if (c4_bind_thread(&last, 1) == C4_OK) {
        EXPECT(c4_topology_load(NULL, &after) == C4_OK);
        EXPECT(after.pus == 1 && after.cores == 1 && after.l3_domains == 1);
        EXPECT(after.pu[0].os_index == last);
        EXPECT(c4_team_threads_default() == 1);
        c4_topology_free(&after);
    }
    c4_topology_free(&before);
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

/* A recorded system below a folder of its own. */
static char root[64];

static void put(const char *path, const char *text) {
    char name[512], folder[512];
    snprintf(name, sizeof name, "%s%s", root, path);
    snprintf(folder, sizeof folder, "%s", name);
    *strrchr(folder, '/') = '\0';
    assert_int_equal(c4_dir_make(folder), C4_OK);
    assert_int_equal(c4_file_write_atomic(name, text, strlen(text)), C4_OK);
}

static int make_root(void **state) {
    (void)state;
    strcpy(root, "host-XXXXXX");
    return mkdtemp(root) ? 0 : -1;
}

static int remove_root(void **state) {
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf ./%s", root);
    return system(command); /* NOLINT: the folder that mkdtemp() named */
}

static void quota_of_both_versions(void **state) {
    (void)state;
    double quota = -1;
    assert_false(c4_cgroup_cpu_quota(root, &quota));
    put("/proc/self/cgroup", "0::/batch/job\n");
    assert_false(c4_cgroup_cpu_quota(root, &quota));
    put("/sys/fs/cgroup/batch/job/cpu.max", "max 100000\n");
    assert_false(c4_cgroup_cpu_quota(root, &quota));
    put("/sys/fs/cgroup/batch/cpu.max", "250000 100000\n");
    assert_true(c4_cgroup_cpu_quota(root, &quota));
    assert_true(quota == 2.5);
    put("/sys/fs/cgroup/batch/job/cpu.max", "150000 100000\n");
    assert_true(c4_cgroup_cpu_quota(root, &quota) && quota == 1.5);
    put("/sys/fs/cgroup/batch/job/cpu.max", "gibberish\n");
    assert_true(c4_cgroup_cpu_quota(root, &quota) && quota == 2.5);

    put("/proc/self/cgroup", "5:memory:/a\n4:cpu,cpuacct:/a\n3:cpuset:/b\nno colons\n");
    put("/sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_quota_us", "50000\n");
    put("/sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_period_us", "100000\n");
    assert_true(c4_cgroup_cpu_quota(root, &quota) && quota == 0.5);
    put("/sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_quota_us", "-1\n");
    assert_false(c4_cgroup_cpu_quota(root, &quota));
    put("/proc/self/cgroup", "3:cpuset:/b\n");
    assert_false(c4_cgroup_cpu_quota(root, &quota));
}

static void system_files_are_trimmed_and_cut(void **state) {
    (void)state;
    char text[8];
    put("/proc/one", "  two words \nsecond\n");
    assert_true(c4_sysfile_line(root, "/proc/one", text, sizeof text));
    assert_string_equal(text, "two wor");
    put("/proc/none", "");
    assert_false(c4_sysfile_line(root, "/proc/none", text, sizeof text));
    assert_string_equal(text, "");
    put("/proc/keys", "model name\t: A CPU\nmodel\t\t: 7\nno colon\n");
    assert_true(c4_sysfile_value(root, "/proc/keys", "model", text, sizeof text));
    assert_string_equal(text, "7");
    assert_false(c4_sysfile_value(root, "/proc/keys", "mod", text, sizeof text));
    assert_false(c4_sysfile_value(root, "/proc/absent", "model", text, sizeof text));
}

static json_t *describe(const char *below) {
    struct c4_topology t;
    assert_int_equal(c4_topology_load("pack:1 l3:1 core:2 pu:2", &t), C4_OK);
    const char *const backends[] = {"ref", "portable"};
    struct c4_environment_input input = {.topology = &t,
                                         .cpu_features = "avx2+fma",
                                         .backend = backends,
                                         .backends = 2,
                                         .root = below};
    json_t *environment = NULL;
    assert_int_equal(c4_environment(&input, &environment), C4_OK);
    c4_topology_free(&t);
    return environment;
}

/* Every member is there, every null has a reason, every reason a null, and the text parses again.
 */
static void check_form(const json_t *environment) {
    static const char *const members[] = {"program.version",
                                          "cpu.architecture",
                                          "cpu.model_name",
                                          "cpu.vendor",
                                          "cpu.family",
                                          "cpu.model",
                                          "cpu.stepping",
                                          "cpu.microcode",
                                          "cpu.features",
                                          "cpu.hypervisor",
                                          "cpu.smt_active",
                                          "topology.packages",
                                          "topology.numa_nodes",
                                          "topology.l3_domains",
                                          "topology.cores",
                                          "topology.pus",
                                          "topology.logical_cpus",
                                          "topology.l1d_bytes",
                                          "topology.l2_bytes",
                                          "topology.l3_bytes",
                                          "frequency.governor",
                                          "frequency.driver",
                                          "frequency.boost",
                                          "memory.total_bytes",
                                          "memory.transparent_huge_pages",
                                          "system.name",
                                          "system.release",
                                          "system.version",
                                          "system.machine",
                                          "load.average_1min",
                                          "load.average_5min",
                                          "load.average_15min",
                                          "cgroup.cpu_quota",
                                          "build.compiler",
                                          "build.flags",
                                          "build.type",
                                          "build.optimised",
                                          "build.assertions",
                                          "build.sanitizer",
                                          "libraries.hwloc",
                                          "libraries.sqlite",
                                          "libraries.jansson",
                                          "libraries.openmp",
                                          "libraries.openmp_runtime",
                                          "libraries.libc",
                                          "floating_point.subnormal_results_flushed",
                                          "floating_point.subnormal_inputs_flushed",
                                          "floating_point.rounding"};
    const json_t *reasons = json_object_get(environment, "reasons");
    size_t nulls = 0;
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        char group[32], name[48];
        assert_int_equal(sscanf(members[i], "%31[^.].%47s", group, name), 2);
        const json_t *value = json_object_get(json_object_get(environment, group), name);
        if (!value) fail_msg("%s is missing", members[i]);
        nulls += json_is_null(value);
        if (json_is_null(value) != json_is_string(json_object_get(reasons, members[i])))
            fail_msg("%s: a null needs a reason, and only a null", members[i]);
    }
    assert_int_equal(json_object_size(reasons), nulls);
    assert_int_equal(json_integer_value(json_object_get(environment, "schema")), 1);
    assert_int_equal(strlen(json_string_value(json_object_get(environment, "date_utc"))), 20);
    assert_int_equal(json_array_size(json_object_get(environment, "backends")), 2);
    assert_true(json_is_object(json_object_get(environment, "variables")));
    assert_true(json_is_array(json_object_get(environment, "warnings")));
    char *text = json_dumps(environment, JSON_INDENT(2));
    assert_non_null(text);
    json_t *again = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    assert_true(json_equal(again, environment));
    json_decref(again);
    free(text);
}

static const json_t *get(const json_t *environment, const char *group, const char *name) {
    return json_object_get(json_object_get(environment, group), name);
}

static void this_machine_is_described(void **state) {
    (void)state;
    json_t *environment = describe(NULL);
    check_form(environment);
    assert_string_equal(json_string_value(get(environment, "floating_point", "rounding")),
                        "to nearest");
    json_decref(environment);
}

static int warns_of(const json_t *environment, const char *word) {
    size_t i;
    const json_t *warning;
    json_array_foreach(json_object_get(environment, "warnings"), i,
                       warning) if (strstr(json_string_value(warning), word)) return 1;
    return 0;
}

static void recorded_machine_is_described(void **state) {
    (void)state;
    put("/proc/cpuinfo", "processor : 0\nvendor_id : GenuineIntel\ncpu family : 6\nmodel : 143\n"
                         "model name : Some CPU\nstepping : 8\nmicrocode : 0x2b0004d0\n"
                         "flags : fpu hypervisor_like avx2\n");
    put("/proc/meminfo", "MemTotal:       1024 kB\n");
    put("/proc/loadavg", "7.50 0.20 0.10 1/100 99\n");
    put("/sys/devices/system/cpu/smt/active", "1\n");
    put("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "powersave\n");
    put("/sys/devices/system/cpu/cpu1/cpufreq/scaling_governor", "performance\n");
    put("/sys/devices/system/cpu/cpu0/cpufreq/scaling_driver", "intel_pstate\n");
    put("/sys/devices/system/cpu/intel_pstate/no_turbo", "1\n");
    put("/sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never\n");
    put("/proc/self/cgroup", "0::/\n");
    put("/sys/fs/cgroup/cpu.max", "100000 100000\n");
    setenv("OMP_NUM_THREADS", "3", 1);
    setenv("ONEDNN_MAX_CPU_ISA", "AVX2", 1);
    setenv("C4_TEST_BYTES", "\xff\xfe", 1);
    json_t *e = describe(root);
    unsetenv("OMP_NUM_THREADS");
    unsetenv("ONEDNN_MAX_CPU_ISA");
    unsetenv("C4_TEST_BYTES");
    check_form(e);
    assert_string_equal(json_string_value(get(e, "cpu", "model_name")), "Some CPU");
    assert_int_equal(json_integer_value(get(e, "cpu", "model")), 143);
    assert_int_equal(json_integer_value(get(e, "cpu", "microcode")), 0x2b0004d0);
    assert_true(json_is_false(get(e, "cpu", "hypervisor")));
    assert_true(json_is_true(get(e, "cpu", "smt_active")));
    assert_true(json_is_false(get(e, "frequency", "boost")));
    assert_string_equal(json_string_value(get(e, "frequency", "governor")),
                        "mixed: powersave, performance");
    assert_int_equal(json_integer_value(get(e, "memory", "total_bytes")), 1048576);
    assert_string_equal(json_string_value(get(e, "memory", "transparent_huge_pages")), "madvise");
    assert_true(json_real_value(get(e, "load", "average_1min")) == 7.5);
    assert_true(json_real_value(get(e, "cgroup", "cpu_quota")) == 1.0);
    assert_string_equal(json_string_value(get(e, "variables", "OMP_NUM_THREADS")), "3");
    assert_string_equal(json_string_value(get(e, "variables", "C4_TEST_BYTES")), "??");
    assert_true(warns_of(e, "governor"));
    assert_true(warns_of(e, "load average"));
    assert_true(warns_of(e, "control group"));
    assert_true(warns_of(e, "ONEDNN_MAX_CPU_ISA"));
    assert_false(warns_of(e, "virtual machine"));

    char text[4096], cut[32];
    c4_environment_text(e, text, sizeof text);
    assert_non_null(strstr(text, "CPU         Some CPU (GenuineIntel, family 6, model 143"));
    assert_non_null(strstr(text, "Memory      1 MiB, huge pages madvise\n"));
    assert_non_null(strstr(text, "Backends    ref, portable\n"));
    assert_non_null(strstr(text, "Variable    OMP_NUM_THREADS=3\n"));
    assert_null(strchr(text, '{'));
    c4_environment_text(e, cut, sizeof cut);
    assert_int_equal(strlen(cut), sizeof cut - 1);
    assert_memory_equal(cut, text, sizeof cut - 1);
    json_decref(e);
}

static void arm_machine_is_described(void **state) {
    (void)state;
    put("/proc/cpuinfo", "processor\t: 0\nFeatures\t: fp asimd\nCPU implementer\t: 0x41\n"
                         "CPU architecture: 8\nCPU variant\t: 0x3\nCPU part\t: 0xd0c\n"
                         "CPU revision\t: 1\n");
    json_t *e = describe(root);
    check_form(e);
    assert_int_equal(json_integer_value(get(e, "cpu", "vendor")), 0x41);
    assert_int_equal(json_integer_value(get(e, "cpu", "model")), 0xd0c);
    assert_true(json_is_null(get(e, "cpu", "model_name")));
    assert_true(json_is_null(get(e, "cpu", "hypervisor")));
    json_decref(e);
}

static void empty_system_is_all_reasons(void **state) {
    (void)state;
    json_t *e = describe(root);
    check_form(e);
    assert_true(json_is_null(get(e, "memory", "total_bytes")));
    assert_true(json_is_null(get(e, "load", "average_1min")));
    char text[4096];
    c4_environment_text(e, text, sizeof text);
    assert_non_null(strstr(text, "governor unknown"));
    json_decref(e);
}

static void flushing_is_a_warning(void **state) {
    (void)state;
    fesetround(FE_UPWARD);
    json_t *e = describe(NULL);
    c4_fpenv_set_ieee();
    assert_true(warns_of(e, "rounds upward"));
    json_decref(e);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(team_tells_the_truth),
        cmocka_unit_test(impossible_pus_leave_it_unbound),
        cmocka_unit_test(environment_rules_binding),
        cmocka_unit_test(floating_point_is_repaired),
        cmocka_unit_test(mask_narrows_the_topology),
        cmocka_unit_test(clocks_advance),
        cmocka_unit_test(rounding_mode_is_noticed),
        cmocka_unit_test(flushing_is_noticed),
        cmocka_unit_test(bad_teams_are_refused),
        cmocka_unit_test_setup_teardown(quota_of_both_versions, make_root, remove_root),
        cmocka_unit_test_setup_teardown(system_files_are_trimmed_and_cut, make_root, remove_root),
        cmocka_unit_test(this_machine_is_described),
        cmocka_unit_test_setup_teardown(recorded_machine_is_described, make_root, remove_root),
        cmocka_unit_test_setup_teardown(arm_machine_is_described, make_root, remove_root),
        cmocka_unit_test_setup_teardown(empty_system_is_all_reasons, make_root, remove_root),
        cmocka_unit_test(flushing_is_a_warning),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
