#include "bench/measure/disclose.h"

#include <stdio.h>

#include "core/host/environment.h"
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
    *object = json_pack("{s:s, s:i, s:s, s:o}", "conv4", C4_VERSION, "arithmetic", C4_ARITHMETIC,
                        "benchmark", name, "environment", environment);
    return *object ? C4_OK : c4_fail(C4_ERR_MEMORY, "out of memory");
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
