#include <stdarg.h>
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

/* A buffer for text, which is cut when it is full. */
struct page {
    char *text;
    size_t size, used;
};

__attribute__((format(printf, 2, 3))) static void print(struct page *page, const char *format,
                                                        ...) {
    if (page->used + 1 >= page->size) return;
    va_list args;
    va_start(args, format);
    int n = vsnprintf(page->text + page->used, page->size - page->used, format, args);
    va_end(args);
    if (n > 0) page->used += (size_t)n;
    if (page->used >= page->size) page->used = page->size - 1;
}

static void print_bytes(struct page *page, double bytes) {
    static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
    int unit = 0;
    for (; bytes >= 1024 && unit < 4; unit++) bytes /= 1024;
    print(page, "%.4g %s", bytes, units[unit]);
}

static void print_value(struct page *page, const json_t *value, bool is_size) {
    if (json_is_string(value))
        print(page, "%s", json_string_value(value));
    else if (json_is_boolean(value))
        print(page, "%s", json_is_true(value) ? "yes" : "no");
    else if (is_size && json_is_integer(value))
        print_bytes(page, json_number_value(value));
    else if (json_is_integer(value))
        print(page, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    else if (json_is_real(value))
        print(page, "%.2f", json_real_value(value));
    else
        print(page, "unknown");
}

static void fill_form(struct page *page, const json_t *environment) {
    for (const char *p = page_form; *p;) {
        char group[32], member[48];
        size_t plain = strcspn(p, "{");
        print(page, "%.*s", (int)plain, p);
        p += plain;
        if (*p == '\0' || sscanf(p, "{%31[^.].%47[^ }]", group, member) != 2) return;
        const json_t *value = json_object_get(json_object_get(environment, group), member);
        size_t length = strcspn(p, "}");
        print_value(page, value, memchr(p, ' ', length) != NULL);
        p += length + 1;
    }
}

void c4_environment_text(const json_t *environment, char *text, size_t size) {
    struct page page = {text, size, 0};
    if (size == 0) return;
    text[0] = '\0';
    fill_form(&page, environment);
    size_t i;
    const json_t *item;
    const json_t *backends = json_object_get(environment, "backends");
    print(&page, "Backends    ");
    json_array_foreach(backends, i, item)
        print(&page, "%s%s", i ? ", " : "", json_string_value(item));
    print(&page, "%s\n", json_array_size(backends) ? "" : "none");
    json_t *variables = json_object_get(environment, "variables"); /* the iterator takes no const */
    for (void *at = json_object_iter(variables); at; at = json_object_iter_next(variables, at)) {
        print(&page, "Variable    %s=", json_object_iter_key(at));
        if (json_is_string(json_object_iter_value(at)))
            print_value(&page, json_object_iter_value(at), false);
        print(&page, "\n");
    }
    print(&page, "Date        %s\n", json_string_value(json_object_get(environment, "date_utc")));
    json_array_foreach(json_object_get(environment, "warnings"), i, item)
        print(&page, "Warning     %s\n", json_string_value(item));
}
