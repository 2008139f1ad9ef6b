#include "bench/measure/disclose.h"

#include <stdio.h>

#include "core/host/conditions.h"
#include "core/host/environment.h"
#include "core/host/team.h"
#include "simd/dispatch.h"

enum c4_status c4_disclose(const char *name, json_t **object) {
    const char *runnable[C4_BACKENDS_KNOWN];
    const struct c4_backend *table;
    int count = 0;
    for (int i = 0; c4_backend_name(i, NULL, NULL); i++) {
        const char *backend = c4_backend_name(i, &table, NULL);
        if (table) runnable[count++] = backend;
    }
    char features[64];
    c4_dispatch_cpu(features, sizeof features);
    struct c4_topology topology;
    C4_TRY(c4_topology_load(NULL, &topology));
    const struct c4_environment_input input = {
        .topology = &topology, .cpu_features = features, .backend = runnable, .backends = count};
    json_t *environment = NULL;
    enum c4_status status = c4_environment(&input, &environment);
    c4_topology_free(&topology);
    C4_TRY(status);
    *object = json_pack("{s:s, s:i, s:s, s:o, s:o}", "conv4", C4_VERSION, "arithmetic",
                        C4_ARITHMETIC, "benchmark", name, "environment", environment, "conditions",
                        c4_conditions_read(""));
    return *object ? C4_OK : c4_fail(C4_ERR_MEMORY, "out of memory");
}

void c4_disclose_end(json_t *object, const struct c4_team *team) {
    const json_t *topology = json_object_get(json_object_get(object, "environment"), "topology");
    json_t *end = c4_conditions_read("");
    json_t *both =
        c4_conditions_of(json_object_get(object, "conditions"), end,
                         (int)json_integer_value(json_object_get(topology, "logical_cpus")));
    if (both) json_object_set_new(object, "conditions", both);
    json_decref(end);
    if (!team) return;
    json_object_set_new(object, "bound", json_boolean(team->bound));
    json_object_set_new(object, "bound_reason",
                        team->reason[0] ? json_string(team->reason) : json_null());
}

static void write_list(const json_t *list, FILE *out) {
    for (size_t i = 0; i < json_array_size(list); i++)
        fprintf(out, "Note: %s\n", json_string_value(json_array_get(list, i)));
}

void c4_disclose_notes(const json_t *object, FILE *out) {
    const char *reason = json_string_value(json_object_get(object, "bound_reason"));
    if (reason) fprintf(out, "Note: %s\n", reason);
    write_list(json_object_get(json_object_get(object, "environment"), "warnings"), out);
    write_list(json_object_get(json_object_get(object, "conditions"), "notes"), out);
}

bool c4_is_partial(enum c4_status status) {
    return status == C4_ERR_INTERRUPTED || status == C4_ERR_TERMINATED;
}

void c4_disclose_partial(json_t *object, enum c4_status status) {
    if (c4_is_partial(status)) json_object_set_new(object, "partial", json_true());
}

void c4_disclose_print(json_t *object) {
    json_dumpf(object, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(object);
}
