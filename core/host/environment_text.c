#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "core/host/environment.h"

/* {group.member} stands for a value, {group.member bytes} for a size in a suitable unit. */
static const char page_form[] =
    "CPU         {cpu.model_name} ({cpu.vendor}, family {cpu.family}, model {cpu.model}, stepping "
    "{cpu.stepping}, microcode {cpu.microcode})\n"
    "            features {cpu.features}; SMT {cpu.smt_active}; virtual machine {cpu.hypervisor}\n"
    "Topology    {topology.cores} cores, {topology.pus} of {topology.logical_cpus} PUs, "
    "{topology.l3_domains} L3 domains, {topology.numa_nodes} NUMA nodes\n"
    "Caches      L1d {topology.l1d_bytes bytes}, L2 {topology.l2_bytes bytes}, "
    "L3 {topology.l3_bytes bytes}\n"
    "Memory      {memory.total_bytes bytes}, huge pages {memory.transparent_huge_pages}\n"
    "Frequency   governor {frequency.governor}, boost {frequency.boost}\n"
    "Load        {load.average_1min}, CPU quota {cgroup.cpu_quota}\n"
    "System      {system.name} {system.release}, {libraries.libc}\n"
    "Build       conv4 {program.version} by {build.compiler}, {build.type}\n"
    "Libraries   {libraries.openmp_runtime}, hwloc {libraries.hwloc}, SQLite {libraries.sqlite}, "
    "jansson {libraries.jansson}\n"
    "Arithmetic  rounding {floating_point.rounding}; subnormals flushed: results "
    "{floating_point.subnormal_results_flushed}, inputs "
    "{floating_point.subnormal_inputs_flushed}\n";

static void add_bytes(struct c4_text *text, double bytes) {
    static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
    int unit = 0;
    for (; bytes >= 1024 && unit < 4; unit++) bytes /= 1024;
    c4_text_add(text, "%.4g %s", bytes, units[unit]);
}

static void add_value(struct c4_text *text, const json_t *value, bool is_size) {
    if (json_is_string(value))
        c4_text_add(text, "%s", json_string_value(value));
    else if (json_is_boolean(value))
        c4_text_add(text, "%s", json_is_true(value) ? "yes" : "no");
    else if (is_size && json_is_integer(value))
        add_bytes(text, json_number_value(value));
    else if (json_is_integer(value))
        c4_text_add(text, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    else if (json_is_real(value))
        c4_text_add(text, "%.2f", json_real_value(value));
    else
        c4_text_add(text, "unknown");
}

static void fill_form(struct c4_text *text, const json_t *environment) {
    for (const char *p = page_form; *p;) {
        char group[32], member[48];
        size_t plain = strcspn(p, "{");
        c4_text_add(text, "%.*s", (int)plain, p);
        p += plain;
        if (*p == '\0' || sscanf(p, "{%31[^.].%47[^ }]", group, member) != 2) return;
        const json_t *value = json_object_get(json_object_get(environment, group), member);
        size_t length = strcspn(p, "}");
        add_value(text, value, memchr(p, ' ', length) != NULL);
        p += length + 1;
    }
}

enum c4_status c4_environment_add(const json_t *environment, struct c4_text *text) {
    fill_form(text, environment);
    size_t i;
    const json_t *item;
    const json_t *backends = json_object_get(environment, "backends");
    c4_text_add(text, "Backends    ");
    json_array_foreach(backends, i, item)
        c4_text_add(text, "%s%s", i ? ", " : "", json_string_value(item));
    c4_text_add(text, "%s\n", json_array_size(backends) ? "" : "none");
    json_t *variables = json_object_get(environment, "variables"); /* the iterator takes no const */
    for (void *at = json_object_iter(variables); at; at = json_object_iter_next(variables, at)) {
        c4_text_add(text, "Variable    %s=", json_object_iter_key(at));
        if (json_is_string(json_object_iter_value(at)))
            add_value(text, json_object_iter_value(at), false);
        c4_text_add(text, "\n");
    }
    c4_text_add(text, "Date        %s\n",
                json_string_value(json_object_get(environment, "date_utc")));
    json_array_foreach(json_object_get(environment, "warnings"), i, item)
        c4_text_add(text, "Warning     %s\n", json_string_value(item));
    return c4_text_add_bytes(text, "", 0); /* fails if anything was lost */
}
