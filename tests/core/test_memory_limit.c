/* Limits of memory and their kills, on made-up systems and on this one. */
#include <sys/resource.h>
#include <unistd.h>

#include "core/host/memory_limit.h"
#include "tests/core/made_up_system.h"

#define MB UINT64_C(1000000)

static void the_smallest_limit_counts(void **state) {
    (void)state;
    struct c4_memory_limit limit;
    c4_memory_limit(root, &limit);
    assert_true(limit.by == C4_MEMORY_UNKNOWN && limit.bytes == 0 && limit.set_bytes == 0);
    put("/proc/meminfo", "MemTotal: 9000 kB\nMemAvailable:    8000 kB\n");
    c4_memory_limit(root, &limit);
    assert_true(limit.by == C4_MEMORY_MACHINE && limit.bytes == 8000 * 1024);

    put("/proc/meminfo", "MemAvailable: 8000000 kB\n");
    put("/proc/self/cgroup", "0::/batch/job\n");
    put("/sys/fs/cgroup/batch/job/memory.max", "max\n");
    c4_memory_limit(root, &limit);
    assert_true(limit.by == C4_MEMORY_MACHINE && limit.set_bytes == 0);
    /* An ancestor's, less what is used and no page of a file. */
    put("/sys/fs/cgroup/batch/memory.max", "300000000\n");
    put("/sys/fs/cgroup/batch/memory.current", "120000000\n");
    put("/sys/fs/cgroup/batch/memory.stat",
        "anon 50000000\nfile 70000000\ninactive_file 30000000\nactive_file 20000000\n");
    c4_memory_limit(root, &limit);
    assert_true(limit.by == C4_MEMORY_CGROUP && limit.set_bytes == 300 * MB);
    assert_true(limit.bytes == 230 * MB);
    /* More pages of files than are in use; a tighter group; one that is full. */
    put("/sys/fs/cgroup/batch/job/memory.max", "100000000\n");
    put("/sys/fs/cgroup/batch/job/memory.current", "10\n");
    put("/sys/fs/cgroup/batch/job/memory.stat", "inactive_file 4096\n");
    c4_memory_limit(root, &limit);
    assert_true(limit.bytes == 100 * MB && limit.set_bytes == 100 * MB);
    put("/sys/fs/cgroup/batch/job/memory.current", "200000000\n");
    c4_memory_limit(root, &limit);
    assert_true(limit.by == C4_MEMORY_CGROUP && limit.bytes == 0);
    /* The machine has less than the group allows. */
    put("/proc/meminfo", "MemAvailable: 1000 kB\n");
    put("/sys/fs/cgroup/batch/job/memory.current", "0\n");
    c4_memory_limit(root, &limit);
    assert_true(limit.by == C4_MEMORY_MACHINE && limit.bytes == 1000 * 1024);
    assert_true(limit.set_bytes == 100 * MB);
}

static void version_1(void **state) {
    (void)state;
    struct c4_memory_limit limit;
    put("/proc/meminfo", "MemAvailable: 8000000 kB\n");
    put("/proc/self/cgroup", "4:memory:/a/b\n1:cpu:/c\n");
    put("/sys/fs/cgroup/memory/a/b/memory.limit_in_bytes", "9223372036854771712\n");
    put("/sys/fs/cgroup/memory/memory.limit_in_bytes", "gibberish\n");
    c4_memory_limit(root, &limit);
    assert_true(limit.by == C4_MEMORY_MACHINE && limit.set_bytes == 0);
    put("/sys/fs/cgroup/memory/a/memory.limit_in_bytes", "500000000\n");
    put("/sys/fs/cgroup/memory/a/memory.usage_in_bytes", "100000000\n");
    put("/sys/fs/cgroup/memory/a/memory.stat",
        "inactive_file 1\ntotal_inactive_file 25000000\ntotal_active_file 0\n");
    c4_memory_limit(root, &limit);
    assert_true(limit.by == C4_MEMORY_CGROUP && limit.bytes == 425 * MB);
}

static void kills_are_explained(void **state) {
    (void)state;
    struct c4_memory_kills before;
    char how[256] = "was killed";
    c4_memory_kills(root, &before);
    assert_true(before.group == -1 && before.machine == -1);
    c4_memory_explain_kill(root, &before, how, sizeof how);
    assert_string_equal(how, "");

    put("/proc/meminfo", "MemAvailable: 1000000 kB\n");
    put("/proc/vmstat", "nr_free_pages 1\noom_kill 3\n");
    put("/proc/self/cgroup", "0::/job\n");
    put("/sys/fs/cgroup/job/memory.max", "300000000\n");
    put("/sys/fs/cgroup/job/memory.events", "max 5\noom 2\noom_kill 2\noom_group_kill 0\n");
    c4_memory_kills(root, &before);
    assert_true(before.group == 2 && before.machine == 3);
    c4_memory_explain_kill(root, &before, how, sizeof how);
    assert_non_null(strstr(how, "perhaps it was out of memory: 300 MB are left (memory limit of"));
    put("/proc/vmstat", "oom_kill 4\n");
    c4_memory_explain_kill(root, &before, how, sizeof how);
    assert_non_null(strstr(how, "the machine ran out of memory"));
    put("/sys/fs/cgroup/job/memory.events", "oom_kill 3\n");
    c4_memory_explain_kill(root, &before, how, sizeof how);
    assert_non_null(strstr(how, "the control group ran out of memory, its limit is 300 MB"));
    char cut[16];
    c4_memory_explain_kill(root, &before, cut, sizeof cut);
    assert_int_equal(strlen(cut), 15);

    put("/proc/self/cgroup", "4:memory:/a\n");
    put("/sys/fs/cgroup/memory/a/memory.oom_control", "under_oom 0\noom_kill 7\n");
    c4_memory_kills(root, &before);
    assert_int_equal(before.group, 7);
}

/* What c4_memory_go_first() makes of oom_score_adj. */
static void check_raised(const char *before, const char *after) {
    char path[128], got[16] = "";
    put("/proc/self/oom_score_adj", before);
    c4_memory_go_first(root);
    snprintf(path, sizeof path, "%s/proc/self/oom_score_adj", root);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_non_null(fgets(got, sizeof got, file));
    fclose(file);
    assert_string_equal(got, after);
}

static void one_goes_first(void **state) {
    (void)state;
    c4_memory_go_first(root); /* no such file */
    check_raised("0\n", "500\n");
    check_raised("-999\n", "-499\n");
    check_raised("499\n", "999\n");
    check_raised("900\n", "1000\n");
    check_raised("1000\n", "1000\n");
    check_raised("-1000\n", "-1000\n");
}

static void the_real_address_space(void **state) {
    (void)state;
    struct c4_memory_limit limit;
    struct rlimit old, narrow, now;
    assert_int_equal(getrlimit(RLIMIT_AS, &old), 0);
    narrow = old;
    narrow.rlim_cur = UINT64_C(1) << 40;
    if (old.rlim_max != RLIM_INFINITY && old.rlim_max < narrow.rlim_cur) skip();
    assert_int_equal(setrlimit(RLIMIT_AS, &narrow), 0);
    assert_int_equal(getrlimit(RLIMIT_AS, &now), 0);
    if (now.rlim_cur != narrow.rlim_cur) skip(); /* QEMU's user mode ignores this limit */
    c4_memory_limit("", &limit);
    assert_int_equal(setrlimit(RLIMIT_AS, &old), 0);
    assert_true(limit.process_bytes == UINT64_C(1) << 40);
    assert_true(limit.by != C4_MEMORY_UNKNOWN && limit.bytes > 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_smallest_limit_counts, make_root, remove_root),
        cmocka_unit_test_setup_teardown(version_1, make_root, remove_root),
        cmocka_unit_test_setup_teardown(kills_are_explained, make_root, remove_root),
        cmocka_unit_test_setup_teardown(one_goes_first, make_root, remove_root),
        cmocka_unit_test(the_real_address_space),
    };
    return cmocka_run_group_tests_name("memory_limit", tests, NULL, NULL);
}
