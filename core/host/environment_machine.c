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

/* A file's first line, "" if it cannot be read. Valid until the next line or value. */
static const char *line_of(struct c4_block *b, const char *path) {
    c4_sysfile_line(b->root, path, &b->read);
    if (b->read.lost) b->incomplete = true;
    return c4_text_string(&b->read);
}

/* A value of /proc/cpuinfo or /proc/meminfo, "" if there is none. Valid likewise. */
static const char *value_of(struct c4_block *b, const char *path, const char *key) {
    c4_sysfile_value(b->root, path, key, &b->read);
    if (b->read.lost) b->incomplete = true;
    return c4_text_string(&b->read);
}

/* A value of /proc/cpuinfo, whose keys depend on the architecture; decimal numbers become integers,
 * hexadecimal ones stay text. */
static void add_cpuinfo(struct c4_block *b, const char *member, const char *key) {
    const char *value = value_of(b, "/proc/cpuinfo", key);
    char *end;
    long number = strtol(value, &end, 10);
    if (*value && *end == '\0')
        c4_block_integer(b, "cpu", member, number);
    else if (*value)
        c4_block_text(b, "cpu", member, value, "");
    else {
        struct c4_text reason = {0};
        c4_text_add(&reason, "/proc/cpuinfo has no line \"%s\".", key);
        c4_block_null(b, "cpu", member, c4_text_string(&reason));
        if (reason.lost) b->incomplete = true;
        c4_text_free(&reason);
    }
}

static bool has_word(const char *words, const char *word) {
    size_t length = strlen(word);
    for (const char *p = words; (p = strstr(p, word)) != NULL; p += length)
        if ((p == words || p[-1] == ' ') && (p[length] == ' ' || p[length] == '\0')) return true;
    return false;
}

static void add_hypervisor(struct c4_block *b, bool is_arm) {
    const char *flags = is_arm ? "" : value_of(b, "/proc/cpuinfo", "flags");
    if (!*flags) {
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
    const char *line = line_of(b, "/sys/devices/system/cpu/smt/active");
    if (!*line) {
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
    bool is_arm = *value_of(b, "/proc/cpuinfo", "CPU implementer");
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
    struct c4_text ignored = {0};
    if (c4_topology_add_ignored(&ignored) != C4_OK) b->incomplete = true;
    if (ignored.length > 0) c4_block_warn(b, "%s", c4_text_string(&ignored));
    c4_text_free(&ignored);
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
    char path[80]; /* the text below and ten digits */
    struct c4_text all = {0}, value = {0};
    bool mixed = false;
    const struct c4_topology *t = b->input->topology;
    for (int i = 0; i < t->pus; i++) {
        snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu%d/cpufreq/scaling_governor",
                 t->pu[i].os_index);
        const char *governor = line_of(b, path);
        if (!*governor || strstr(c4_text_string(&all), governor)) continue;
        if (all.length > 0) mixed = true;
        c4_text_add_word(&all, ", ", governor);
    }
    c4_text_add(&value, "%s%s", mixed ? "mixed: " : "", c4_text_string(&all));
    if (all.lost) b->incomplete = true;
    c4_block_built(
        b, "frequency", "governor", &value,
        "/sys/devices/system/cpu/cpu*/cpufreq/scaling_governor cannot be read; in a virtual "
        "machine the host sets it.");
    if (all.length > 0 && strcmp(c4_text_string(&all), "performance") != 0)
        c4_block_warn(b,
                      "The frequency governor is \"%s\", so timings may vary (cpupower "
                      "frequency-set -g performance changes it).",
                      c4_text_string(&value));
    c4_text_free(&all);
    c4_text_free(&value);
}

/* Intel's driver says "no turbo", the others say "boost". */
static void add_boost(struct c4_block *b) {
    const char *line = line_of(b, "/sys/devices/system/cpu/intel_pstate/no_turbo"), *on = "0";
    if (!*line) line = line_of(b, "/sys/devices/system/cpu/cpufreq/boost"), on = "1";
    if (*line)
        c4_block_value(b, "frequency", "boost", json_boolean(strcmp(line, on) == 0));
    else
        c4_block_null(b, "frequency", "boost",
                      "Neither intel_pstate/no_turbo nor cpufreq/boost below "
                      "/sys/devices/system/cpu can be read.");
}

static void add_memory(struct c4_block *b) {
    const char *value = value_of(b, "/proc/meminfo", "MemTotal");
    c4_block_bytes(b, "memory", "total_bytes", strtoll(value, NULL, 10) * 1024,
                   "/proc/meminfo cannot be read.");
    /* "always [madvise] never": the word in brackets is in force. */
    const char *line = line_of(b, "/sys/kernel/mm/transparent_hugepage/enabled");
    const char *begin = strchr(line, '['), *end = begin ? strchr(begin, ']') : NULL;
    struct c4_text word = {0};
    if (end) c4_text_add(&word, "%.*s", (int)(end - begin - 1), begin + 1);
    c4_block_built(b, "memory", "transparent_huge_pages", &word,
                   "/sys/kernel/mm/transparent_hugepage/enabled cannot be read.");
    c4_text_free(&word);
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
    double average[3];
    const char *line = line_of(b, "/proc/loadavg");
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
    c4_block_text(b, "frequency", "driver",
                  line_of(b, "/sys/devices/system/cpu/cpu0/cpufreq/scaling_driver"),
                  "/sys/devices/system/cpu/cpu0/cpufreq/scaling_driver cannot be read or is "
                  "empty.");
    add_boost(b);
    add_memory(b);
    add_system(b);
    add_load(b);
    add_cgroup(b);
}
