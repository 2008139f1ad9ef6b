/* What conv4 plan predicts. */
#include <stdio.h>

#include "bench/scale/command.h"
#include "bench/scale/scale.h"

enum { NUMBER_SIZE = 16 };

enum c4_status c4_scale_plan(const struct c4_scale_bench *bench, int workers, double *per_s) {
    char number[NUMBER_SIZE], seeds[NUMBER_SIZE], values[2 * NUMBER_SIZE];
    struct c4_text out = {0}, log = {0};
    json_t *told = NULL;
    /* No more workers than runs are planned for; smoke has several of each seed. */
    snprintf(number, sizeof number, "%d", workers);
    snprintf(seeds, sizeof seeds, "1-%d", workers / 4 + 1);
    snprintf(values, sizeof values, "batch=%d", bench->batch);
    /* A folder that is not there, or a study in the working directory would be continued. */
    enum c4_status status = c4_text_add(&out, "%s/none", bench->folder.bytes);
    if (status == C4_OK) status = c4_text_add(&log, "%s/plan.log", bench->folder.bytes);
    if (status == C4_OK) {
        const char *argv[] = {bench->program, "plan",         "--json", "--scale",   "smoke",
                              "--seeds",      seeds,          "--set",  values,      "--out",
                              out.bytes,      "--workers",    number,   "--threads", "1",
                              "--backend",    bench->backend, NULL};
        status = c4_command_json((char *const *)argv, NULL, 0, log.bytes, "conv4 plan", &told);
    }
    const json_t *rate = json_object_get(told, "images_per_s");
    if (status == C4_OK &&
        (!json_is_number(rate) || json_integer_value(json_object_get(told, "places")) != workers))
        status = c4_fail(C4_ERR_FAILED, "conv4 plan did not plan for %d workers", workers);
    if (status == C4_OK) *per_s = workers * json_number_value(rate);
    json_decref(told);
    c4_text_free(&log);
    c4_text_free(&out);
    return status;
}
