#include "bench/compare/program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

const char *const c4_program_benchmarks[] = {"step", "ops", "cka", "google-benchmark", NULL};

enum { ARGUMENTS = 24, NUMBER_SIZE = 16 };

struct command {
    const char *argv[ARGUMENTS];
    char batch[NUMBER_SIZE], threads[NUMBER_SIZE];
    char *filter; /* of google-benchmark */
    int count;
};

static bool is(const struct c4_program_setting *setting, const char *benchmark) {
    return strcmp(setting->benchmark, benchmark) == 0;
}

bool c4_program_filters(const struct c4_program_setting *setting) {
    return is(setting, "ops") || is(setting, "google-benchmark");
}

static void add(struct command *command, const char *name, const char *value) {
    command->argv[command->count++] = name;
    if (value) command->argv[command->count++] = value;
}

static void add_conv4(const struct c4_program_setting *setting, struct command *command) {
    snprintf(command->batch, sizeof command->batch, "%d", setting->batch);
    snprintf(command->threads, sizeof command->threads, "%d", setting->threads);
    add(command, "bench", setting->benchmark);
    add(command, "--json", NULL);
    add(command, "--quick", NULL);
    if (!is(setting, "ops")) add(command, "--samples", "3");
    add(command, "--backend", setting->backend);
    if (!is(setting, "cka")) add(command, "--batch", command->batch);
    add(command, "--threads", command->threads);
    if (is(setting, "step") && setting->order) add(command, "--order", setting->order);
    if (is(setting, "ops") && setting->filter) add(command, "--filter", setting->filter);
}

/* The library takes values of its options only behind "=". */
static enum c4_status add_google(const struct c4_program_setting *setting,
                                 struct command *command) {
    static const char name[] = "--benchmark_filter=";
    add(command, "--benchmark_format=json", NULL);
    if (!setting->filter) return C4_OK;
    size_t size = sizeof name + strlen(setting->filter);
    command->filter = malloc(size);
    if (!command->filter) return c4_fail(C4_ERR_MEMORY, "out of memory for a program's arguments");
    snprintf(command->filter, size, "%s%s", name, setting->filter);
    add(command, command->filter, NULL);
    return C4_OK;
}

enum c4_status c4_program_start(const struct c4_program_setting *setting, const char *program,
                                int pu, struct c4_child *child) {
    struct command command = {.argv = {program}, .count = 1};
    if (is(setting, "google-benchmark"))
        C4_TRY(add_google(setting, &command));
    else
        add_conv4(setting, &command);
    enum c4_status status = c4_child_start(child, (char *const *)command.argv, pu);
    free(command.filter);
    return status;
}

static enum c4_status check_end(const char *program, const struct c4_child *child) {
    if (WIFEXITED(child->status) && WEXITSTATUS(child->status) == 0) return C4_OK;
    if (WIFEXITED(child->status) && WEXITSTATUS(child->status) == 127)
        return c4_fail(C4_ERR_DATA, "%s: cannot be run; give the path of a conv4 program", program);
    if (WIFEXITED(child->status))
        return c4_fail(C4_ERR_DATA,
                       "%s: its benchmark ended with status %d; run it by hand to see why", program,
                       WEXITSTATUS(child->status));
    return c4_fail(C4_ERR_DATA, "%s: its benchmark was killed by signal %d", program,
                   WTERMSIG(child->status));
}

enum c4_status c4_program_timings(const struct c4_program_setting *setting, const char *program,
                                  const struct c4_child *child, struct c4_timings *timings) {
    *timings = (struct c4_timings){0};
    C4_TRY(check_end(program, child));
    C4_TRY(c4_timings_read(child->text, child->used, program, timings));
    if (strcmp(timings->benchmark, setting->benchmark) == 0) return C4_OK;
    return c4_fail(C4_ERR_DATA, "%s: printed results of %s, not of %s", program, timings->benchmark,
                   setting->benchmark);
}
