/* The part of the disclosure block that describes the machine. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "core/file/json.h"
#include "core/host/cgroup.h"
#include "core/host/environment_block.h"
#include "core/host/sysfile.h"

enum { LINE_BYTES = 8192 };

/* A text file's first line as a member, or the reason why there is none. */
static void add_line(struct c4_block *b, const char *group, const char *member, const char *path) {
    char line[LINE_BYTES], reason[256];
    c4_sysfile_line(b->root, path, line, sizeof line);
    snprintf(reason, sizeof reason, "%s cannot be read or is empty.", path);
    c4_block_text(b, group, member, line, reason);
}

/* A value of /proc/cpuinfo, whose keys depend on the architecture; decimal numbers become integers,
 * hexadecimal ones stay text. */
static void add_cpuinfo(struct c4_block *b, const char *member, const char *key) {
    char value[LINE_BYTES], reason[128];
    c4_sysfile_value(b->root, "/proc/cpuinfo", key, value, sizeof value);
    snprintf(reason, sizeof reason, "/proc/cpuinfo has no line \"%s\".", key);
    char *end;
    long number = strtol(value, &end, 10);
    if (*value && *end == '\0')
        c4_block_integer(b, "cpu", member, number);
    else
        c4_block_text(b, "cpu", member, value, reason);
}

static bool has_word(const char *words, const char *word) {
    size_t length = strlen(word);
    for (const char *p = words; (p = strstr(p, word)) != NULL; p += length)
        if ((p == words || p[-1] == ' ') && (p[length] == ' ' || p[length] == '\0')) return true;
    return false;
}

static void add_hypervisor(struct c4_block *b, bool is_arm) {
    char flags[LINE_BYTES];
    if (is_arm || !c4_sysfile_value(b->root, "/proc/cpuinfo", "flags", flags, sizeof flags)) {
        c4_block_null(b, "cpu", "hypervisor",
                      "Only x86 tells a program whether it runs in a virtual machine.");
        return;
    }
    bool hypervisor = has_word(flags, "hypervisor");
    c4_block_value(b, "cpu", "hypervisor", json_boolean(hypervisor));
    if (hypervisor)
        c4_block_warn(b, "This is a virtual machine; other guests may take CPU time and cache.");
}

static void add_smt(struct c4_block *b) {
    static const char path[] = "/sys/devices/system/cpu/smt/active";
    char line[16];
    if (!c4_sysfile_line(b->root, path, line, sizeof line)) {
        c4_block_null(b, "cpu", "smt_active", "/sys/devices/system/cpu/smt/active cannot be read.");
        return;
    }
    bool active = strcmp(line, "1") == 0;
    c4_block_value(b, "cpu", "smt_active", json_boolean(active));
    if (active)
        c4_block_warn(b,
                      "Cores are shared by SMT neighbours; whatever runs on one slows the other.");
}

static void add_cpu(struct c4_block *b) {
    struct utsname names;
    bool known = uname(&names) >= 0;
    char value[LINE_BYTES];
    bool is_arm =
        c4_sysfile_value(b->root, "/proc/cpuinfo", "CPU implementer", value, sizeof value);
    c4_block_text(b, "cpu", "architecture", known ? names.machine : "", "uname() failed.");
    add_cpuinfo(b, "model_name", "model name");
    add_cpuinfo(b, "vendor", is_arm ? "CPU implementer" : "vendor_id");
    add_cpuinfo(b, "family", is_arm ? "CPU architecture" : "cpu family");
    add_cpuinfo(b, "model", is_arm ? "CPU part" : "model");
    add_cpuinfo(b, "stepping", is_arm ? "CPU revision" : "stepping");
    add_cpuinfo(b, "microcode", "microcode");
    c4_block_text(b, "cpu", "features", b->input->cpu_features, "The caller passed none.");
    add_hypervisor(b, is_arm);
    add_smt(b);
}

static void add_topology(struct c4_block *b) {
    static const char unknown_cache[] = "hwloc found no such cache.";
    const struct c4_topology *t = b->input->topology;
    c4_block_integer(b, "topology", "packages", t->packages);
    c4_block_integer(b, "topology", "numa_nodes", t->nodes);
    c4_block_integer(b, "topology", "l3_domains", t->l3_domains);
    c4_block_integer(b, "topology", "cores", t->cores);
    c4_block_integer(b, "topology", "pus", t->pus);
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    if (online > 0)
        c4_block_integer(b, "topology", "logical_cpus", online);
    else
        c4_block_null(b, "topology", "logical_cpus", "sysconf() failed.");
    c4_block_bytes(b, "topology", "l1d_bytes", t->l1d_bytes, unknown_cache);
    c4_block_bytes(b, "topology", "l2_bytes", t->l2_bytes, unknown_cache);
    c4_block_bytes(b, "topology", "l3_bytes", t->l3_bytes, unknown_cache);
}

/* One governor for all PUs, or the different ones: "mixed: powersave, performance". */
static void add_governor(struct c4_block *b) {
    char all[256] = "", path[128], governor[64], first[64] = "";
    bool mixed = false;
    const struct c4_topology *t = b->input->topology;
    for (int i = 0; i < t->pus; i++) {
        snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu%d/cpufreq/scaling_governor",
                 t->pu[i].os_index);
        if (!c4_sysfile_line(b->root, path, governor, sizeof governor)) continue;
        if (!*all) {
            snprintf(all, sizeof all, "%s", governor);
            snprintf(first, sizeof first, "%s", governor);
        } else if (!strstr(all, governor)) {
            size_t used = strlen(all);
            snprintf(all + used, sizeof all - used, ", %s", governor);
            mixed = true;
        }
    }
    char value[272];
    snprintf(value, sizeof value, "%s%s", mixed ? "mixed: " : "", all);
    c4_block_text(
        b, "frequency", "governor", value,
        "/sys/devices/system/cpu/cpu*/cpufreq/scaling_governor cannot be read; in a virtual "
        "machine the host sets it.");
    if (*all && (mixed || strcmp(first, "performance") != 0))
        c4_block_warn(b,
                      "The frequency governor is \"%s\", so timings may vary (cpupower "
                      "frequency-set -g performance changes it).",
                      value);
}

/* Intel's driver says "no turbo", the others say "boost". */
static void add_boost(struct c4_block *b) {
    char line[16];
    if (c4_sysfile_line(b->root, "/sys/devices/system/cpu/intel_pstate/no_turbo", line,
                        sizeof line))
        c4_block_value(b, "frequency", "boost", json_boolean(strcmp(line, "0") == 0));
    else if (c4_sysfile_line(b->root, "/sys/devices/system/cpu/cpufreq/boost", line, sizeof line))
        c4_block_value(b, "frequency", "boost", json_boolean(strcmp(line, "1") == 0));
    else
        c4_block_null(b, "frequency", "boost",
                      "Neither intel_pstate/no_turbo nor cpufreq/boost below "
                      "/sys/devices/system/cpu can be read.");
}

static void add_memory(struct c4_block *b) {
    char value[64];
    c4_sysfile_value(b->root, "/proc/meminfo", "MemTotal", value, sizeof value);
    c4_block_bytes(b, "memory", "total_bytes", strtoll(value, NULL, 10) * 1024,
                   "/proc/meminfo cannot be read.");
    /* "always [madvise] never": the word in brackets is in force. */
    static const char path[] = "/sys/kernel/mm/transparent_hugepage/enabled";
    char line[128];
    c4_sysfile_line(b->root, path, line, sizeof line);
    char *begin = strchr(line, '['), *end = begin ? strchr(begin, ']') : NULL;
    if (end) *end = '\0';
    c4_block_text(b, "memory", "transparent_huge_pages", end ? begin + 1 : "",
                  "/sys/kernel/mm/transparent_hugepage/enabled cannot be read.");
}

static void add_system(struct c4_block *b) {
    static const char failed[] = "uname() failed.";
    struct utsname names;
    bool known = uname(&names) >= 0;
    c4_block_text(b, "system", "name", known ? names.sysname : "", failed);
    c4_block_text(b, "system", "release", known ? names.release : "", failed);
    c4_block_text(b, "system", "version", known ? names.version : "", failed);
    c4_block_text(b, "system", "machine", known ? names.machine : "", failed);
}

static void add_load(struct c4_block *b) {
    static const char *const members[] = {"average_1min", "average_5min", "average_15min"};
    char line[128];
    double average[3];
    c4_sysfile_line(b->root, "/proc/loadavg", line, sizeof line);
    bool known = sscanf(line, "%lf %lf %lf", &average[0], &average[1], &average[2]) == 3;
    for (int i = 0; i < 3; i++)
        if (known)
            c4_block_value(b, "load", members[i], c4_json_real(average[i]));
        else
            c4_block_null(b, "load", members[i], "/proc/loadavg cannot be read.");
    if (known && average[0] > 0.25 * b->input->topology->cores)
        c4_block_warn(b,
                      "The load average of the last minute is %.2f on %d core%s; other programs "
                      "may disturb timings.",
                      average[0], b->input->topology->cores,
                      b->input->topology->cores == 1 ? "" : "s");
}

static void add_cgroup(struct c4_block *b) {
    double quota;
    if (!c4_cgroup_cpu_quota(b->root, &quota)) {
        c4_block_null(b, "cgroup", "cpu_quota", "No control group sets a CPU quota.");
        return;
    }
    c4_block_value(b, "cgroup", "cpu_quota", c4_json_real(quota));
    if (quota < b->input->topology->pus)
        c4_block_warn(b,
                      "A control group grants %.2f CPUs, fewer than the %d usable PUs; threads "
                      "will be throttled.",
                      quota, b->input->topology->pus);
}

void c4_block_add_machine(struct c4_block *b) {
    add_cpu(b);
    add_topology(b);
    add_governor(b);
    add_line(b, "frequency", "driver", "/sys/devices/system/cpu/cpu0/cpufreq/scaling_driver");
    add_boost(b);
    add_memory(b);
    add_system(b);
    add_load(b);
    add_cgroup(b);
}
