#include "bench/commands/programs.h"

#include <stdio.h>
#include <string.h>

#include "core/file/file.h"
#include "core/host/clock.h"
#include "core/host/program.h"

enum c4_status c4_own_program(char program[C4_PROGRAM_PATH_SIZE]) {
    struct c4_text path = {0};
    enum c4_status status = c4_program_path(&path);
    if (status == C4_OK)
        status = c4_path_join(program, C4_PROGRAM_PATH_SIZE, "", c4_text_string(&path));
    c4_text_free(&path);
    return status;
}

void c4_tick(void *ticker, int done, int of) {
    struct c4_ticker *t = ticker;
    uint64_t now_ns = (uint64_t)c4_clock_ns();
    if (done == 0)
        c4_progress_start(&t->progress, stderr, c4_progress_style_of(stderr, false), t->label,
                          t->unit, 0, (uint64_t)of, now_ns);
    t->progress.view.total = (uint64_t)of;
    c4_progress_update(&t->progress, (uint64_t)done, now_ns);
}

enum c4_status c4_find_exact(const struct c4_program_setting *setting, const char *program,
                             const char *label, struct c4_exact *exact) {
    struct c4_ticker ticker = {.label = label, .unit = "parts"};
    const struct c4_exact_request request = {.program = program,
                                             .backend = setting->backend,
                                             .ops = strcmp(setting->benchmark, "ops") == 0,
                                             .filter = setting->filter,
                                             .tick = c4_tick,
                                             .context = &ticker};
    c4_tick(&ticker, 0, 1);
    enum c4_status status = c4_exact_measure(&request, exact);
    c4_progress_hide(&ticker.progress);
    return status;
}

enum c4_status c4_check_filter(const struct c4_program_setting *setting) {
    if (!setting->filter || c4_program_filters(setting)) return C4_OK;
    return c4_fail(C4_ERR_USAGE,
                   "--filter: only --benchmark ops and google-benchmark have names to choose from");
}

void c4_say_build(const char *line) {
    fprintf(stderr, "%s\n", line);
}
