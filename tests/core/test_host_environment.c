/* The disclosure block, the control group's quota and the reading of /proc and /sys, on this
 * machine and on mock systems in a folder. */
#include <fenv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/file/file.h"
#include "core/host/cgroup.h"
#include "core/host/environment.h"
#include "core/host/fpenv.h"
#include "core/host/sysfile.h"
#include "core/host/topology.h"
#include "tests/core/made_up_system.h"
#include "tests/harness/unit.h"

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

/* `length` times a letter; to be freed. */
static char *repeated(char letter, size_t length) {
    char *text = malloc(length + 1);
    assert_non_null(text);
    memset(text, letter, length);
    text[length] = '\0';
    return text;
}

static void long_names_of_groups(void **state) {
    (void)state;
    char *long_name = repeated('g', 200);
    struct c4_text group = {0}, path = {0};
    for (int i = 0; i < 3; i++) assert_int_equal(c4_text_add(&group, "/%s", long_name), C4_OK);
    assert_int_equal(c4_text_add(&path, "/sys/fs/cgroup%s/cpu.max", group.bytes), C4_OK);
    put(path.bytes, "150000 100000\n");
    assert_int_equal(c4_text_set(&path, "0::"), C4_OK);
    assert_int_equal(c4_text_add(&path, "%s\n", group.bytes), C4_OK);
    put("/proc/self/cgroup", path.bytes);
    double quota = -1;
    assert_true(c4_cgroup_cpu_quota(root, &quota) && quota == 1.5);
    c4_text_free(&group);
    c4_text_free(&path);
    free(long_name);
}

static void system_files_are_trimmed(void **state) {
    (void)state;
    struct c4_text text = {0};
    put("/proc/one", "  two words \nsecond\n");
    assert_true(c4_sysfile_line(root, "/proc/one", &text));
    assert_string_equal(text.bytes, "two words");
    put("/proc/none", "");
    assert_false(c4_sysfile_line(root, "/proc/none", &text));
    assert_string_equal(text.bytes, "");
    put("/proc/keys", "model name\t: A CPU\nmodel\t\t: 7\nno colon\n");
    assert_true(c4_sysfile_value(root, "/proc/keys", "model", &text));
    assert_string_equal(text.bytes, "7");
    assert_false(c4_sysfile_value(root, "/proc/keys", "mod", &text));
    assert_false(c4_sysfile_value(root, "/proc/absent", "model", &text));
    c4_text_free(&text);
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
    setenv("C4_TEST_\xff\n\"%s", "odd", 1);
    json_t *e = describe(root);
    unsetenv("OMP_NUM_THREADS");
    unsetenv("ONEDNN_MAX_CPU_ISA");
    unsetenv("C4_TEST_BYTES");
    unsetenv("C4_TEST_\xff\n\"%s");
    check_form(e);
    assert_string_equal(json_string_value(get(e, "cpu", "model_name")), "Some CPU");
    assert_int_equal(json_integer_value(get(e, "cpu", "model")), 143);
    assert_string_equal(json_string_value(get(e, "cpu", "microcode")), "0x2b0004d0");
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
    assert_string_equal(json_string_value(get(e, "variables", "C4_TEST_?\n\"%s")), "odd");
    assert_true(warns_of(e, "governor"));
    assert_true(warns_of(e, "load average"));
    assert_true(warns_of(e, "control group"));
    assert_true(warns_of(e, "ONEDNN_MAX_CPU_ISA"));
    assert_false(warns_of(e, "virtual machine"));

    struct c4_text text = {0};
    assert_int_equal(c4_environment_add(e, &text), C4_OK);
    assert_non_null(strstr(text.bytes, "CPU         Some CPU (GenuineIntel, family 6, model 143"));
    assert_non_null(strstr(text.bytes, "Memory      1 MiB, huge pages madvise\n"));
    assert_non_null(strstr(text.bytes, "Backends    ref, portable\n"));
    assert_non_null(strstr(text.bytes, "Variable    OMP_NUM_THREADS=3\n"));
    assert_null(strchr(text.bytes, '{'));
    c4_text_free(&text);
    json_decref(e);
}

/* As long as no machine of today has them. */
static void long_texts_stay_whole(void **state) {
    (void)state;
    char *model = repeated('m', 9000), *value = repeated('v', 20000), *name = repeated('N', 300);
    struct c4_text file = {0}, text = {0};
    for (int i = 0; i < 4; i++) name[i] = "OMP_"[i];
    assert_int_equal(c4_text_add(&file, "model name : %s\n", model), C4_OK);
    put("/proc/cpuinfo", file.bytes);
    put("/sys/devices/system/cpu/smt/active", "1                    \n");
    for (int cpu = 0; cpu < 4; cpu++) {
        char path[80], *governor = repeated((char)('a' + cpu), 100);
        snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu%d/cpufreq/scaling_governor", cpu);
        put(path, governor);
        free(governor);
    }
    c4_text_clear(&file);
    for (int i = 0; i < 8; i++)
        assert_int_equal(c4_text_add(&file, "0-1 r-xp 0 0 0 /usr/lib/libgomp.%040d\n", i), C4_OK);
    put("/proc/self/maps", file.bytes);
    setenv(name, value, 1);
    setenv("ONEDNN_MAX_CPU_ISA", value, 1);
    json_t *e = describe(root);
    check_form(e);
    unsetenv("ONEDNN_MAX_CPU_ISA");
    setenv(name, "", 1);
    json_t *empty = describe(root);
    unsetenv(name);
    assert_string_equal(json_string_value(get(e, "cpu", "model_name")), model);
    assert_true(json_is_true(get(e, "cpu", "smt_active")));
    assert_int_equal(strlen(json_string_value(get(e, "frequency", "governor"))), 7 + 4 * 100 + 6);
    assert_int_equal(strlen(json_string_value(get(e, "libraries", "openmp_runtime"))),
                     8 * (8 + 40) + 7 * 2);
    assert_string_equal(json_string_value(get(e, "variables", name)), value);
    assert_true(warns_of(e, value));
    assert_int_equal(c4_text_set(&file, "variables."), C4_OK);
    assert_int_equal(c4_text_add(&file, "%s", name), C4_OK);
    assert_non_null(json_object_get(json_object_get(empty, "reasons"), file.bytes));
    assert_int_equal(c4_environment_add(e, &text), C4_OK);
    assert_non_null(strstr(text.bytes, model));
    assert_non_null(strstr(text.bytes, value));
    assert_non_null(strstr(text.bytes, "\nDate "));
    c4_text_free(&file);
    c4_text_free(&text);
    json_decref(e);
    json_decref(empty);
    free(model);
    free(value);
    free(name);
}

static void arm_machine_is_described(void **state) {
    (void)state;
    put("/proc/cpuinfo", "processor\t: 0\nFeatures\t: fp asimd\nCPU implementer\t: 0x41\n"
                         "CPU architecture: 8\nCPU variant\t: 0x3\nCPU part\t: 0xd0c\n"
                         "CPU revision\t: 1\n");
    json_t *e = describe(root);
    check_form(e);
    assert_string_equal(json_string_value(get(e, "cpu", "vendor")), "0x41");
    assert_string_equal(json_string_value(get(e, "cpu", "model")), "0xd0c");
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
    struct c4_text text = {0};
    assert_int_equal(c4_environment_add(e, &text), C4_OK);
    assert_non_null(strstr(text.bytes, "governor unknown"));
    c4_text_free(&text);
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
        cmocka_unit_test_setup_teardown(quota_of_both_versions, make_root, remove_root),
        cmocka_unit_test_setup_teardown(system_files_are_trimmed, make_root, remove_root),
        cmocka_unit_test_setup_teardown(long_names_of_groups, make_root, remove_root),
        cmocka_unit_test_setup_teardown(long_texts_stay_whole, make_root, remove_root),
        cmocka_unit_test(this_machine_is_described),
        cmocka_unit_test_setup_teardown(recorded_machine_is_described, make_root, remove_root),
        cmocka_unit_test_setup_teardown(arm_machine_is_described, make_root, remove_root),
        cmocka_unit_test_setup_teardown(empty_system_is_all_reasons, make_root, remove_root),
        cmocka_unit_test(flushing_is_a_warning),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
