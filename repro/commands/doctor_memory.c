#include "repro/commands/doctor_memory.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/file/json.h"
#include "repro/planning/forecast_memory.h"
#include "repro/session/session_memory.h"

static json_t *scales_of(const struct c4_dispatch *dispatch, const struct c4_study *study,
                         const struct c4_memory_limit *limit) {
    json_t *scales = json_object();
    for (int i = 0; i < study->scales; i++) {
        const struct c4_runner runner = {.protocol = &study->protocol,
                                         .scale = &study->scale[i],
                                         .backend = dispatch->backend.name,
                                         .wide = dispatch->backend.is_double,
                                         .threads = 1};
        struct c4_memory_forecast forecast;
        c4_forecast_memory(&runner, 1, 1, 0, limit->bytes, &forecast);
        c4_json_set(&scales, study->scale[i].name, json_integer((json_int_t)forecast.worker_bytes));
    }
    return scales;
}

enum c4_status c4_doctor_memory(const struct c4_dispatch *dispatch, json_t **memory) {
    struct c4_memory_limit limit;
    struct c4_study *study = malloc(sizeof *study);
    *memory = NULL;
    if (!study) return c4_fail(C4_ERR_MEMORY, "out of memory for the study's description");
    enum c4_status status = c4_study_load(NULL, study);
    c4_memory_limit("", &limit);
    if (status == C4_OK) {
        *memory = c4_memory_limit_json(&limit);
        c4_json_set(memory, "worker_bytes", scales_of(dispatch, study, &limit));
        if (!*memory) status = c4_fail(C4_ERR_MEMORY, "out of memory for the memory's limit");
    }
    free(study);
    return status;
}

static void print(const char *name, const json_t *bytes, const char *why) {
    if (json_is_integer(bytes))
        printf("  %-32s %.0f MB%s%s\n", name, (double)json_integer_value(bytes) / 1e6,
               why[0] ? ", " : "", why);
}

void c4_doctor_print_memory(const json_t *memory) {
    const char *scale;
    json_t *bytes;
    printf("\nmemory\n");
    print("may be used", json_object_get(memory, "bytes"),
          json_string_value(json_object_get(memory, "by")));
    print("limit of the control group", json_object_get(memory, "control_group_bytes"), "");
    print("address space of a process", json_object_get(memory, "process_bytes"), "ulimit -v");
    json_object_foreach(json_object_get(memory, "worker_bytes"), scale, bytes) {
        char name[64];
        snprintf(name, sizeof name, "a worker at scale %s", scale);
        print(name, bytes, "images and references shared");
    }
}
