#include "repro/session/engine.h"

#include <stdio.h>
#include <string.h>

#include "core/base/utf8.h"
#include "core/file/json.h"
#include "core/host/allowance.h"
#include "core/host/topology.h"

void c4_say_notes(struct c4_text *notes) {
    if (notes->length > 0) c4_utf8_show_lines(stderr, c4_text_string(notes));
    c4_text_free(notes);
}

enum c4_status c4_threads_option(const struct c4_args *args, int *threads) {
    struct c4_text notes = {0};
    enum c4_status status = c4_topology_add_ignored(&notes);
    if (status == C4_OK && notes.length > 0) status = c4_text_add(&notes, "\n");
    if (status == C4_OK)
        status = c4_team_threads((int)c4_arg_integer(args, "threads"), threads, &notes);
    c4_say_notes(&notes);
    return status;
}

enum c4_status c4_engine_open(const struct c4_args *args, const enum c4_op_slot *slots,
                              int slot_count, struct c4_engine *engine) {
    memset(engine, 0, sizeof *engine);
    C4_TRY(c4_dispatch(c4_arg_text(args, "backend"), &engine->dispatch));
    if (c4_arg_flag(args, "strict-backend"))
        C4_TRY(c4_dispatch_strict(&engine->dispatch, true, slots, slot_count));
    engine->order = (enum c4_order)c4_arg_choice(args, "order");
    engine->conv = (enum c4_conv_algorithm)c4_arg_choice(args, "conv");
    engine->kernels = c4_arg_text(args, "onednn-conv");
    engine->statistics = (enum c4_bn_statistics)c4_arg_choice(args, "statistics");
    int threads;
    C4_TRY(c4_threads_option(args, &threads));
    return c4_team_start_on_cores(threads, C4_PIN_WHOLE, &engine->team, &engine->caches);
}

void c4_engine_close(struct c4_engine *engine) {
    c4_team_free(&engine->team);
}

struct c4_plan_config c4_engine_plan_config(const struct c4_engine *engine, int max_batch) {
    return (struct c4_plan_config){.order = engine->order,
                                   .conv = engine->conv,
                                   .max_batch = max_batch,
                                   .threads = engine->team.threads,
                                   .caches = engine->caches,
                                   .kernels = engine->kernels};
}

enum c4_status c4_engine_plan(const struct c4_engine *engine, int max_batch,
                              struct c4_plan **plan) {
    const struct c4_plan_config config = c4_engine_plan_config(engine, max_batch);
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
             c4_conv_names[engine->conv], c4_order_names[engine->order], engine->team.threads,
             engine->team.threads == 1 ? "" : "s", engine->team.bound ? "bound" : "not bound");
}
