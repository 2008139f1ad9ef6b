#include "repro/commands/engine.h"

#include <stdio.h>
#include <string.h>

#include "core/file/json.h"

const char *const c4_engine_orders[] = {"bn-relu", "relu-bn", NULL};
const char *const c4_engine_algorithms[] = {"winograd", "direct", NULL};
const char *const c4_engine_kernels[] = {"auto", "direct", "winograd", NULL};
const char *const c4_engine_statistics[] = {"batch", "running", NULL};

enum c4_status c4_engine_open(const struct c4_args *args, const enum c4_op_slot *slots,
                              int slot_count, struct c4_engine *engine) {
    memset(engine, 0, sizeof *engine);
    C4_TRY(c4_dispatch(c4_arg_text(args, "backend"), &engine->dispatch));
    if (c4_arg_flag(args, "strict-backend"))
        C4_TRY(c4_dispatch_strict(&engine->dispatch, true, slots, slot_count));
    engine->order = c4_arg_includes(args, "order", "relu-bn") ? C4_RELU_BN : C4_BN_RELU;
    engine->conv = c4_arg_includes(args, "conv", "direct") ? C4_DIRECT : C4_WINOGRAD;
    engine->kernels = c4_arg_text(args, "onednn-conv");
    engine->statistics =
        c4_arg_includes(args, "statistics", "running") ? C4_BN_RUNNING : C4_BN_BATCH;
    int threads = (int)c4_arg_integer(args, "threads");
    return c4_team_start_on_cores(threads ? threads : c4_team_threads_default(), &engine->team,
                                  &engine->l2_bytes);
}

void c4_engine_close(struct c4_engine *engine) {
    c4_team_free(&engine->team);
}

bool c4_engine_is_double(const struct c4_engine *engine) {
    return strcmp(engine->dispatch.backend.name, "ref64") == 0;
}

enum c4_status c4_engine_plan(const struct c4_engine *engine, int max_batch,
                              struct c4_plan **plan) {
    const struct c4_plan_config config = {.order = engine->order,
                                          .conv = engine->conv,
                                          .max_batch = max_batch,
                                          .threads = engine->team.threads,
                                          .l2_bytes = engine->l2_bytes,
                                          .kernels = engine->kernels};
    return engine->dispatch.backend.step->create(&config, plan);
}

enum c4_status c4_engine_kernel_lines(const struct c4_engine *engine, struct c4_plan *plan,
                                      json_t **lines) {
    const struct c4_step_api *step = engine->dispatch.backend.step;
    const char *text;
    *lines = NULL;
    if (!step->describe) return C4_OK;
    C4_TRY(step->describe(plan, &text));
    *lines = c4_json_text_lines(text);
    return *lines ? C4_OK : c4_fail(C4_ERR_MEMORY, "out of memory for the names of kernels");
}

void c4_engine_describe(const struct c4_engine *engine, char *text, size_t size) {
    const struct c4_backend *origin = engine->dispatch.step_origin;
    snprintf(text, size, "%s (%s), %s, %s, %d thread%s %s", origin->name, origin->variant,
             c4_engine_algorithms[engine->conv], c4_engine_orders[engine->order],
             engine->team.threads, engine->team.threads == 1 ? "" : "s",
             engine->team.bound ? "bound" : "not bound");
}
